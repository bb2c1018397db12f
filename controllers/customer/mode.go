package customer

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/status"
)

// findMode finds what the operator may do; paused ends the pass.
func (p *customerPass) findMode(ctx context.Context) (paused bool, err error) {
	if p.facts.Mode, err = pass.Mode(ctx, p.Client, p.customer); err != nil || p.facts.Mode != v1alpha1.ModePaused {
		return false, err
	}
	p.again = 0
	// Whoever goes on later begins with a look of their own, as after a restart.
	if tenant, ok := p.Directory.Tenant(p.customer.Spec.TenantRef.Name); ok {
		tenant.Forget(p.customer.Status.OrganizationID)
	}
	return true, nil
}

func (p *customerPass) observing() bool { return p.facts.Mode == v1alpha1.ModeObserve }

// api is how Auth0 is reached: in Observe, by what plans and does not write.
func (p *customerPass) api() auth0.API {
	if !p.observing() {
		return p.tenant.API()
	}
	if p.recorder == nil {
		p.recorder = auth0.NewRecorder(p.tenant.API())
		for _, connection := range p.customer.Status.Connections {
			p.recorder.Name(connection.ID, connection.Name)
		}
	}
	return p.recorder
}

// writeLedger is all that a pass under Observe writes before its end: seats are
// given in Kubernetes as always.
func (p *customerPass) writeLedger(ctx context.Context) error {
	ledger := p.before.DeepCopy()
	ledger.Status.Assigning = slices.Clone(p.customer.Status.Assigning)
	if err := pass.WriteStatus(ctx, p.Client, p.before, ledger); err != nil {
		return err
	}
	p.before = ledger
	p.customer.ResourceVersion = ledger.ResourceVersion
	return nil
}

// keepWhatIs drops from the status in hand what would be true only if the
// planned calls had been made. A pass that planned nothing has seen it all in
// Auth0, but for the way under the guard, which has not begun.
func (p *customerPass) keepWhatIs() {
	kept := p.before.Status.DeepCopy()
	if len(pass.PlannedCalls(p.recorder)) > 0 {
		seen := p.customer.Status
		p.customer.Status = *kept
		p.customer.Status.OrganizationID, p.customer.Status.OrganizationName = seen.OrganizationID, seen.OrganizationName
		p.customer.Status.Assigning = seen.Assigning
	}
	p.customer.Status.Activation = kept.Activation
}

// wouldDo is the plan: the pass's own calls, and those that the Members name.
func (p *customerPass) wouldDo(ctx context.Context) (status.Plan, error) {
	plan := pass.PlanOf(p.recorder)
	list := &v1alpha1.MemberList{}
	if err := p.Client.List(ctx, list, client.InNamespace(p.customer.Namespace), client.MatchingFields{v1alpha1.FieldCustomerRef: p.customer.Name}); err != nil {
		return plan, fmt.Errorf("list Members: %w", err)
	}
	slices.SortFunc(list.Items, func(a, b v1alpha1.Member) int { return cmp.Compare(a.Name, b.Name) })
	for i := range list.Items {
		if member := &list.Items[i]; member.DeletionTimestamp.IsZero() {
			plan.MembersCalls = append(plan.MembersCalls, member.Status.Planned...)
			plan.MembersCount += member.Status.PlannedCount
		}
	}
	return plan, nil
}

// announcePlan records one Event for a plan that is not what it was. The first
// is told by Ready.
func (p *customerPass) announcePlan() {
	was, is := p.original.Status, p.customer.Status
	ready := meta.FindStatusCondition(is.Conditions, v1alpha1.ConditionReady)
	before := meta.FindStatusCondition(was.Conditions, v1alpha1.ConditionReady)
	if ready == nil || before == nil || ready.Reason != v1alpha1.ReasonObserving || before.Reason != v1alpha1.ReasonObserving {
		return
	}
	if is.PlannedCount != was.PlannedCount || !equality.Semantic.DeepEqual(is.Planned, was.Planned) {
		p.Recorder.Eventf(p.customer, nil, corev1.EventTypeNormal, v1alpha1.ReasonObserving, "Reconcile", "%s", ready.Message)
	}
}

// leave lets a Customer go under Observe or Paused: Auth0 stays as it is, our
// marker included.
func (p *customerPass) leave(ctx context.Context, mode v1alpha1.Mode) (ctrl.Result, error) {
	reason := v1alpha1.ReasonPaused
	if mode == v1alpha1.ModeObserve {
		reason = v1alpha1.ReasonObserving
	}
	return p.depart(ctx, reason, fmt.Sprintf("Customer %s was deleted under mode %s: nothing was taken", p.customer.Name, mode))
}

// depart ends a Customer for which nothing is left to do in Auth0.
func (p *customerPass) depart(ctx context.Context, reason, message string) (ctrl.Result, error) {
	if err := p.tellMembers(ctx, reason, message); err != nil {
		return pass.Rewrite(err)
	}
	if err := p.endRemovals(ctx); err != nil {
		return pass.Rewrite(err)
	}
	if err := p.deleteGenerated(ctx); err != nil {
		return ctrl.Result{}, err
	}
	p.forgetSweep()
	if err := pass.RemoveFinalizer(ctx, p.Client, p.customer); err != nil {
		return pass.Rewrite(err)
	}
	p.tellKept()
	return ctrl.Result{}, nil
}

// tellMembers writes into each Member's seat how the Customer went: whenever such
// a Member is deleted, nothing is taken, and nobody needs to be asked. A Customer
// that is made anew decides anew.
func (p *customerPass) tellMembers(ctx context.Context, reason, message string) error {
	people, err := p.listLive(ctx)
	if err != nil {
		return err
	}
	for i := range people {
		member := &people[i]
		if seat := member.Status.Seat; seat != nil && seat.Reason == reason {
			continue
		}
		before := member.DeepCopy()
		member.Status.Seat = &v1alpha1.MemberSeat{
			State: v1alpha1.SeatRefused, Reason: reason, Since: metav1.NewTime(p.Now().Truncate(time.Second)),
			Message: message + ", and nothing is when this Member is deleted",
		}
		if err := pass.WriteStatus(ctx, p.Client, before, member); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("tell Member %s: %w", member.Name, err)
		}
	}
	return nil
}
