package status

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

// TestStatusRemoval: what each state of a Removal reads as. AccessRemoved is true when nothing lets the person in,
// and Stalled when a person must act.
func TestStatusRemoval(t *testing.T) {
	held := func(reason string) func(*v1alpha1.RemovalStatus) {
		return func(s *v1alpha1.RemovalStatus) {
			s.State, s.Decision = v1alpha1.RemovalHeld, &v1alpha1.RemovalDecision{Outcome: v1alpha1.DecisionHeld, Reason: reason}
		}
	}
	in := func(state v1alpha1.RemovalState) func(*v1alpha1.RemovalStatus) {
		return func(s *v1alpha1.RemovalStatus) { s.State = state }
	}
	done := func(outcome v1alpha1.RemovalOutcome) func(*v1alpha1.RemovalStatus) {
		return func(s *v1alpha1.RemovalStatus) { s.State, s.Outcome = v1alpha1.RemovalDone, outcome }
	}
	const ready, works, stalled = v1alpha1.ConditionReady, v1alpha1.ConditionReconciling, v1alpha1.ConditionStalled
	for name, tc := range map[string]struct {
		change  func(*v1alpha1.RemovalStatus)
		is      string // the condition of the three that is true
		removed bool
		access  string
	}{
		"just made":              {func(*v1alpha1.RemovalStatus) {}, works, false, v1alpha1.ReasonPending},
		"not decided":            {in(v1alpha1.RemovalPending), works, false, v1alpha1.ReasonPending},
		"held by the brake":      {held(v1alpha1.ReasonAwaitingApproval), stalled, false, v1alpha1.ReasonAwaitingApproval},
		"held, nobody knows why": {in(v1alpha1.RemovalHeld), stalled, false, v1alpha1.ReasonAwaitingApproval},
		"held, decision lost":    {held(v1alpha1.ReasonDecisionLost), stalled, false, v1alpha1.ReasonDecisionLost},
		"held, an admin":         {held(v1alpha1.ReasonNamedAsAdmin), works, false, v1alpha1.ReasonNamedAsAdmin},
		"being removed":          {in(v1alpha1.RemovalRemoving), works, false, v1alpha1.ReasonRemoving},
		"removed":                {in(v1alpha1.RemovalRemoved), ready, true, v1alpha1.ReasonConfirmed},
		"the user goes":          {in(v1alpha1.RemovalDeleting), works, true, v1alpha1.ReasonConfirmed},
		"taken over":             {done(v1alpha1.OutcomeTakenOver), ready, false, v1alpha1.ReasonTakenOver},
		"left as is":             {done(v1alpha1.OutcomeLeftAsIs), ready, false, v1alpha1.ReasonLeftAsIs},
		"done":                   {done(v1alpha1.OutcomeRemoved), ready, true, v1alpha1.ReasonConfirmed},
		"the user is deleted":    {done(v1alpha1.OutcomeUserDeleted), ready, true, v1alpha1.ReasonConfirmed},
		"the user is kept":       {done(v1alpha1.OutcomeUserKept), ready, true, v1alpha1.ReasonConfirmed},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			r := &v1alpha1.Removal{ObjectMeta: metav1.ObjectMeta{Generation: 3}}
			r.Status.ObservedGeneration = -1
			tc.change(&r.Status)
			before := r.DeepCopy()
			out := Removal(r, RemovalFacts{Now: now})
			g.Expect(r).To(Equal(before), "it is derived, not written")
			g.Expect(out.ObservedGeneration).To(Equal(int64(3)))
			g.Expect(out.State).NotTo(BeEmpty())
			for _, kind := range []string{ready, works, stalled} {
				g.Expect(meta.IsStatusConditionTrue(out.Conditions, kind)).To(Equal(kind == tc.is), kind)
			}
			access := meta.FindStatusCondition(out.Conditions, v1alpha1.ConditionAccessRemoved)
			g.Expect(access.Status == metav1.ConditionTrue).To(Equal(tc.removed))
			g.Expect(access.Reason).To(Equal(tc.access))
			g.Expect(access.Message).NotTo(BeEmpty())
			g.Expect(out.Summary).NotTo(BeEmpty())
			g.Expect(len(out.Summary)).To(BeNumerically("<=", 60))
		})
	}
}

// TestStatusRemovalMessages: a message says how long something takes, and until when somebody can be brought back.
func TestStatusRemovalMessages(t *testing.T) {
	g := NewWithT(t)
	r := &v1alpha1.Removal{}
	r.Status.State = v1alpha1.RemovalRemoving
	message := func() string {
		return meta.FindStatusCondition(Removal(r, RemovalFacts{Now: now}).Conditions, v1alpha1.ConditionReady).Message
	}
	g.Expect(message()).To(HavePrefix("taking "))
	earlier, later := metav1.NewMicroTime(now), metav1.NewMicroTime(now.Add(time.Second))
	r.Status.Withdrawal = &v1alpha1.Withdrawal{StartedAt: earlier, ChangedAt: later, TakenAt: &earlier}
	g.Expect(message()).To(HavePrefix("taking "), "begun anew since")
	r.Status.Withdrawal.TakenAt = &later
	g.Expect(message()).To(ContainSubstring("everything known was taken"))
	r.Status.State, r.Status.RestorableUntil = v1alpha1.RemovalRemoved, &later
	g.Expect(message()).To(ContainSubstring(later.UTC().Format(time.RFC3339)))
}

// TestRemovalTellsWhatAPersonMustMend: what a person must mend is told in whatever state. What goes on by itself hides nothing that waits
// for a person.
func TestRemovalTellsWhatAPersonMustMend(t *testing.T) {
	g := NewWithT(t)
	of := func(state v1alpha1.RemovalState, class Class) []metav1.Condition {
		r := &v1alpha1.Removal{}
		r.Status.State = state
		return Removal(r, RemovalFacts{Now: now, Problem: &Problem{Class: class, Reason: v1alpha1.ReasonStillOwned, Message: "why"}}).Conditions
	}
	for _, state := range []v1alpha1.RemovalState{v1alpha1.RemovalPending, v1alpha1.RemovalHeld, v1alpha1.RemovalRemoving, v1alpha1.RemovalDeleting} {
		told := meta.FindStatusCondition(of(state, Person), v1alpha1.ConditionStalled)
		g.Expect(told).NotTo(BeNil(), string(state))
		g.Expect(told.Reason).To(Equal(v1alpha1.ReasonStillOwned), string(state))
		access := meta.FindStatusCondition(of(state, Person), v1alpha1.ConditionAccessRemoved)
		g.Expect(access.Reason).NotTo(Equal(v1alpha1.ReasonStillOwned), "access is as the state says")
	}
	held := meta.FindStatusCondition(of(v1alpha1.RemovalHeld, Retry), v1alpha1.ConditionStalled)
	g.Expect(held).NotTo(BeNil())
	g.Expect(held.Reason).To(Equal(v1alpha1.ReasonAwaitingApproval))
}
