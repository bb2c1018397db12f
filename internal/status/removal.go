package status

import (
	"cmp"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

// RemovalFacts are what a pass over a Removal found. State, decision and withdrawal are
// read from its own status.
type RemovalFacts struct {
	Now     time.Time
	Problem *Problem
}

// Removal derives the status of a Removal.
func Removal(r *v1alpha1.Removal, f RemovalFacts) v1alpha1.RemovalStatus {
	out := *r.Status.DeepCopy()
	out.State = cmp.Or(out.State, v1alpha1.RemovalPending)
	out.ObservedGeneration = r.Generation
	c := build(out.Conditions, r.Generation, f.Now)
	stand := removalStand(&out)
	accessRemoved := metav1.ConditionFalse
	if stand.out {
		accessRemoved = metav1.ConditionTrue
	}
	c.set(v1alpha1.ConditionAccessRemoved, accessRemoved, stand.access, stand.message)
	if f.Problem != nil && (stand.works || f.Problem.Class == Person) {
		stalled := f.Problem.stalls(notReadySince(r.Status.Conditions, r.CreationTimestamp.Time, f.Now), f.Now)
		c.summarize(!stalled, stalled, f.Problem.Reason, f.Problem.Message)
	} else {
		c.summarize(stand.works, stand.waits, stand.reason, stand.message)
	}
	out.Conditions = c.list
	whole := *r
	whole.Status = out
	out.Summary = RemovalSummary(&whole)
	return out
}

// stand is where a removal is, in conditions.
type stand struct {
	// reason and message of Ready; access is the reason of AccessRemoved.
	reason, message, access string
	// out: nothing lets the person in. works: the operator is at work. waits: for a person.
	out, works, waits bool
}

func removalStand(s *v1alpha1.RemovalStatus) stand {
	switch s.State {
	case v1alpha1.RemovalHeld:
		return heldStand(s.Decision)
	case v1alpha1.RemovalRemoving:
		return stand{reason: v1alpha1.ReasonRemoving, access: v1alpha1.ReasonRemoving, works: true, message: removingMessage(s.Withdrawal)}
	case v1alpha1.RemovalRemoved:
		message := "the person can no longer sign in"
		if s.RestorableUntil != nil {
			message += "; until " + s.RestorableUntil.UTC().Format(time.RFC3339) + " a Member of the address brings them back without a mail"
		}
		return stand{reason: v1alpha1.ReasonReconciled, access: v1alpha1.ReasonConfirmed, out: true, message: message}
	case v1alpha1.RemovalDeleting:
		return stand{reason: v1alpha1.ReasonDeleting, access: v1alpha1.ReasonConfirmed, out: true, works: true,
			message: "the person can no longer sign in; their user is being deleted in Auth0"}
	case v1alpha1.RemovalDone:
		return doneStand(s.Outcome)
	}
	return stand{reason: v1alpha1.ReasonPending, access: v1alpha1.ReasonPending, works: true,
		message: "nothing is taken yet: the Customer decides within seconds, or a Member of the address takes over"}
}

// removingMessage says how far the taking is, and how long it takes.
func removingMessage(w *v1alpha1.Withdrawal) string {
	if w == nil || w.TakenAt == nil || w.TakenAt.Before(&w.ChangedAt) {
		return "taking grant, invitations, membership and sessions; a removal takes about 20 seconds"
	}
	return "everything known was taken; waiting until Auth0 must show what is left, then looking once more, about 15 seconds later"
}

func heldStand(decision *v1alpha1.RemovalDecision) stand {
	reason := v1alpha1.ReasonAwaitingApproval
	if decision != nil && decision.Reason != "" {
		reason = decision.Reason
	}
	out := stand{reason: reason, access: reason}
	switch reason {
	case v1alpha1.ReasonNamedAsAdmin:
		out.works = true
		out.message = "nothing is taken: the contract names this person as an admin, and their Member comes back by itself"
	case v1alpha1.ReasonDecisionLost:
		out.waits = true
		out.message = "nothing is taken: whether this removal was approved is not known any more; approve it with the hash in the Customer's status.heldRemovals, or apply the Member again"
	default:
		out.waits = true
		out.message = "nothing is taken: more people were removed at once than the brake lets through; approve it with the hash in the Customer's status.heldRemovals, or apply the Member again"
	}
	return out
}

func doneStand(outcome v1alpha1.RemovalOutcome) stand {
	done := func(access, message string) stand {
		return stand{reason: v1alpha1.ReasonReconciled, access: access, out: access == v1alpha1.ReasonConfirmed, message: message}
	}
	switch outcome {
	case v1alpha1.OutcomeTakenOver:
		return done(v1alpha1.ReasonTakenOver, "a Member of the address has this person")
	case v1alpha1.OutcomeLeftAsIs:
		return done(v1alpha1.ReasonLeftAsIs, "nothing more is taken: the Customer went, or its organization is not its own any more")
	case v1alpha1.OutcomeUserDeleted:
		return done(v1alpha1.ReasonConfirmed, "the person can no longer sign in, and their user is deleted in Auth0")
	case v1alpha1.OutcomeUserKept:
		return done(v1alpha1.ReasonConfirmed, "the person can no longer sign in; a user of theirs stays in Auth0")
	}
	return done(v1alpha1.ReasonConfirmed, "the person can no longer sign in")
}

// RemovalSummary says in a few words where a removal is.
func RemovalSummary(r *v1alpha1.Removal) string {
	s := &r.Status
	if reason := notReadyFor(s.Conditions); reason != "" {
		return fit([]string{inWords(reason)})
	}
	if access := meta.FindStatusCondition(s.Conditions, v1alpha1.ConditionAccessRemoved); access != nil {
		return fit([]string{inWords(access.Reason)})
	}
	return ""
}
