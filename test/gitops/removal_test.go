package gitops_test

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/status"
)

func newRemoval() *v1alpha1.Removal {
	const email = "bob@acme.com"
	removal := &v1alpha1.Removal{ObjectMeta: meta("acme-" + ownership.PersonRef(email))}
	removal.Spec = v1alpha1.RemovalSpec{
		CustomerRef: v1alpha1.RemovalCustomer{Name: "acme", UID: "0b7c4f3e-2222-4c1f-9d0a-2f6f2d7b7a10"}, Email: email,
		Member:         v1alpha1.RemovalMember{Name: "bob", UID: "0b7c4f3e-3333-4c1f-9d0a-2f6f2d7b7a10"},
		OrganizationID: "org_AbCdEfGhIjKlMnOp", RequestedAt: metav1.NewMicroTime(now.Add(-time.Hour)),
	}
	removal.Spec.TenantRef.Name = "default"
	removal.Status.ObservedGeneration = -1
	return removal
}

func removalState(name, health, file string, at v1alpha1.RemovalState, change func(*v1alpha1.Removal, *status.RemovalFacts)) state {
	removal, facts := newRemoval(), status.RemovalFacts{Now: now}
	removal.Status.State = at
	change(removal, &facts)
	removal.Status = status.Removal(removal, facts)
	return state{name, health, removal, file}
}

func removalStates() []state {
	type (
		object = *v1alpha1.Removal
		facts  = *status.RemovalFacts
	)
	as := func(object, facts) {}
	held := func(reason string) func(object, facts) {
		return func(r object, _ facts) {
			r.Status.Decision = &v1alpha1.RemovalDecision{Outcome: v1alpha1.DecisionHeld, Reason: reason, At: metav1.NewMicroTime(now), Round: 7}
		}
	}
	out := []state{
		removalState("nothing is decided", progressing, "", "", as),
		removalState("held by the brake", degraded, "held", v1alpha1.RemovalHeld, held(v1alpha1.ReasonAwaitingApproval)),
		removalState("its decision is lost", degraded, "", v1alpha1.RemovalHeld, held(v1alpha1.ReasonDecisionLost)),
		removalState("the contract names an admin", progressing, "", v1alpha1.RemovalHeld, held(v1alpha1.ReasonNamedAsAdmin)),
		removalState("being taken", progressing, "removing", v1alpha1.RemovalRemoving, as),
		removalState("waiting for the last look", progressing, "", v1alpha1.RemovalRemoving, func(r object, _ facts) {
			r.Status.Withdrawal = &v1alpha1.Withdrawal{TakenAt: &metav1.MicroTime{Time: now}}
		}),
		removalState("out", healthy, "removed", v1alpha1.RemovalRemoved, func(r object, _ facts) {
			r.Status.RestorableUntil = &metav1.MicroTime{Time: now.Add(720 * time.Hour)}
		}),
		removalState("the user is being deleted", progressing, "", v1alpha1.RemovalDeleting, as),
		removalState("being deleted, and held", progressing, "deleted", v1alpha1.RemovalHeld, func(r object, f facts) {
			r.ObjectMeta = deleted(r.ObjectMeta)
			held(v1alpha1.ReasonAwaitingApproval)(r, f)
		}),
		removalState("out, and Auth0 is out of reach", healthy, "", v1alpha1.RemovalRemoved, func(_ object, f facts) {
			f.Problem = &status.Problem{Class: status.Retry, Reason: v1alpha1.ReasonAuth0Unavailable, Message: "Auth0 does not answer"}
		}),
	}
	for _, outcome := range []v1alpha1.RemovalOutcome{
		v1alpha1.OutcomeTakenOver, v1alpha1.OutcomeRemoved, v1alpha1.OutcomeUserDeleted, v1alpha1.OutcomeUserKept, v1alpha1.OutcomeLeftAsIs,
	} {
		out = append(out, removalState("done: "+string(outcome), healthy, "", v1alpha1.RemovalDone, func(r object, _ facts) { r.Status.Outcome = outcome }))
	}
	return out
}

func removalProblems() []state {
	return problems(func(name, health, file string, old bool, problem *status.Problem) state {
		return removalState(name, health, file, v1alpha1.RemovalRemoving, func(r *v1alpha1.Removal, f *status.RemovalFacts) {
			f.Problem = problem
			if !old {
				r.CreationTimestamp = metav1.NewTime(now)
			}
		})
	}, map[status.Class][]string{
		status.Person: {
			v1alpha1.ReasonStillOwned, v1alpha1.ReasonTooManyInvitations, v1alpha1.ReasonScopeMissing, v1alpha1.ReasonRejectedByAuth0, v1alpha1.ReasonUnreadable,
		},
		status.Missing: {v1alpha1.ReasonTenantNotFound},
		status.Retry:   {v1alpha1.ReasonTenantNotReady, v1alpha1.ReasonAuth0Unavailable, v1alpha1.ReasonRateLimited, v1alpha1.ReasonProgressing},
	})
}
