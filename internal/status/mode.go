package status

import (
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

// maxPlanned is how many planned calls a status names.
const maxPlanned = 20

const pausedMessage = "mode is Paused: nothing is done"

// Plan is what mode Observe keeps from being done.
type Plan struct {
	// Calls to Auth0 that the pass would have made, in their order.
	Calls []v1alpha1.PlannedCall
	// MembersCalls are those that the Members of a Customer name, MembersCount how
	// many theirs are in all.
	MembersCalls []v1alpha1.PlannedCall
	MembersCount int32
	// Organization and Connections tell that a call would change them. Access tells that
	// the person cannot be called active or invited: the grant, the membership or the
	// invitation is planned and not there.
	Organization, Connections, Access bool
}

// listed is the plan as a status names it. A pass that ended before its time
// says nothing new.
func (p Plan) listed(mode v1alpha1.Mode, problem *Problem, was []v1alpha1.PlannedCall, wasCount int32) ([]v1alpha1.PlannedCall, int32) {
	switch {
	case mode != v1alpha1.ModeObserve:
		return nil, 0
	case problem != nil && problem.Class != Person:
		return was, wasCount
	}
	var all []v1alpha1.PlannedCall
	for _, calls := range [][]v1alpha1.PlannedCall{p.Calls, p.MembersCalls} {
		for _, call := range calls {
			if len(all) < maxPlanned {
				all = append(all, v1alpha1.PlannedCall{Route: clip(call.Route, 128), About: clip(call.About, 512)})
			}
		}
	}
	return all, int32(len(p.Calls)) + p.MembersCount //nolint:gosec // bounded by the number of objects
}

func clip(text string, length int) string {
	if len(text) <= length {
		return text
	}
	return strings.ToValidUTF8(text[:length], "")
}

func planSummary(count int32) string {
	if count == 0 {
		return "mode is Observe: nothing is written to Auth0, and nothing would be"
	}
	return "mode is Observe: nothing is written to Auth0; " + counted(int(count), "call is", "calls are") + " planned, see status.planned"
}

// paused keeps every condition as it is, and says that nothing is done.
func paused(list []metav1.Condition, generation int64, now time.Time) *conditions {
	c := build(list, generation, now)
	for _, was := range list {
		c.carry(was.Type)
	}
	c.summarize(false, false, v1alpha1.ReasonPaused, pausedMessage)
	return c
}

func pausedCustomer(customer *v1alpha1.Customer, f CustomerFacts) v1alpha1.CustomerStatus {
	out := *customer.Status.DeepCopy()
	out.ObservedGeneration, out.Planned, out.PlannedCount = customer.Generation, nil, 0
	c := paused(out.Conditions, customer.Generation, f.Now)
	if guard := meta.FindStatusCondition(c.list, v1alpha1.ConditionGuardInEffect); guard != nil && (guard.Status == metav1.ConditionTrue || guard.Reason == v1alpha1.ReasonGuardReporting) {
		c.set(v1alpha1.ConditionGuardInEffect, metav1.ConditionUnknown, v1alpha1.ReasonPaused,
			"mode is Paused: the organization was marked for the guard, and nobody looks whether it still is")
	}
	out.Conditions = c.list
	return out
}

func pausedMember(member *v1alpha1.Member, f MemberFacts) v1alpha1.MemberStatus {
	out := *member.Status.DeepCopy()
	out.ObservedGeneration, out.Planned, out.PlannedCount = member.Generation, nil, 0
	c := paused(out.Conditions, member.Generation, f.Now)
	c.seatAssigned(out.Seat)
	for _, kind := range []string{v1alpha1.ConditionInvited, v1alpha1.ConditionActive} {
		if meta.FindStatusCondition(c.list, kind) == nil {
			c.set(kind, metav1.ConditionFalse, v1alpha1.ReasonPaused, pausedMessage)
		}
	}
	out.Conditions = c.list
	return out
}
