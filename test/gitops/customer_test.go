package gitops_test

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/status"
)

func customerStates() []state {
	type (
		object = *v1alpha1.Customer
		facts  = *status.CustomerFacts
	)
	return []state{
		customerState("all is well", healthy, "ready", func(object, facts) {}),
		customerState("connections", healthy, "", func(c object, _ facts) { c.Spec.Connections = []v1alpha1.Connection{{Name: "acme"}} }),
		customerState("people wait for a seat", healthy, "", func(_ object, f facts) {
			f.Seats = &v1alpha1.SeatCounts{Used: 3, Waiting: 2}
		}),
		customerState("too many invitations", healthy, "", func(_ object, f facts) {
			f.Seats, f.Unlisted = &v1alpha1.SeatCounts{Used: 1, Waiting: 2}, "Auth0 lists no more than 1,000"
		}),
		customerState("more seats in use than there are", healthy, "", func(_ object, f facts) { f.Seats = &v1alpha1.SeatCounts{Used: 5} }),
		customerState("removals are held", healthy, "removalsHeld", func(_ object, f facts) {
			f.Held = &v1alpha1.HeldRemovals{Hash: "1f0c2d3a4b5c6d7e", People: 9, Of: v1alpha1.HeldPeople}
		}),
		customerState("the contract has not started", healthy, "", func(_ object, f facts) { f.Window = v1alpha1.ReasonContractNotStarted }),
		customerState("the contract has ended", healthy, "", func(_ object, f facts) { f.Window = v1alpha1.ReasonContractEnded }),
		customerState("access is suspended", healthy, "", func(_ object, f facts) { f.Window = v1alpha1.ReasonSuspended }),
		customerState("no guard", healthy, "", func(_ object, f facts) { f.Guard = v1alpha1.GuardOff }),
		customerState("the guard only logs", healthy, "", func(_ object, f facts) { f.Guard = v1alpha1.GuardReport }),
		customerState("a mark is lost", healthy, "", func(_ object, f facts) {
			f.LostMarks = status.LostMarks{Keys: []string{"seatwarden_access"}, Access: true}
		}),
		customerState("an approval is refused", healthy, "", refused(v1alpha1.AnnotationApproveRemovals, v1alpha1.ReasonApprovalOutdated)),
		customerState("a take-over is refused", healthy, "", refused(v1alpha1.AnnotationTakeOver, v1alpha1.ReasonTakeOverMismatch)),
		customerState("paused", suspended, "paused", func(_ object, f facts) { f.Mode = v1alpha1.ModePaused }),
		customerState("observed", suspended, "", func(_ object, f facts) {
			f.Mode, f.Plan = v1alpha1.ModeObserve, status.Plan{Organization: true, Connections: true}
		}),
		customerState("seats are being assigned", progressing, "", func(_ object, f facts) { f.SeatsPending = true }),
		customerState("the guard is being put in effect", progressing, "activating", func(_ object, f facts) { f.Guarded, f.Unconfirmed = false, 2 }),
		customerState("strangers would be shut out", degraded, "", func(_ object, f facts) { f.Guarded, f.Strangers = false, 2 }),
		customerState("renamed in Auth0", degraded, "", func(c object, _ facts) { c.Status.OrganizationName = "beta" }),
		customerState("being deleted", progressing, "deleting", func(c object, f facts) {
			c.ObjectMeta, f.Deleting = deleted(c.ObjectMeta), "waiting until Auth0 shows that the organization is gone"
		}),
		customerState("being deleted, ready before", progressing, "", func(c object, _ facts) { c.ObjectMeta = deleted(c.ObjectMeta) }),
		customerState("changed", progressing, "", func(c object, f facts) {
			c.Status = earlier(c, func() v1alpha1.CustomerStatus { return status.Customer(c, *f) })
			f.Problem = &status.Problem{Class: status.Retry, Reason: v1alpha1.ReasonRateLimited, Message: "its turn is at 09:01 UTC"}
		}),
		customerState("settled, and Auth0 is out of reach", healthy, "", func(c object, f facts) {
			c.Status = status.Customer(c, *f)
			f.Problem = &status.Problem{Class: status.Retry, Reason: v1alpha1.ReasonAuth0Unavailable, Message: "Auth0 does not answer"}
		}),
	}
}

// refused is a state in which a request by annotation was refused.
func refused(annotation, reason string) func(*v1alpha1.Customer, *status.CustomerFacts) {
	return func(c *v1alpha1.Customer, f *status.CustomerFacts) {
		c.Annotations = map[string]string{annotation: "x"}
		c.Status = status.Customer(c, *f)
		c.Status.Conditions = status.Requests(c.Status.Conditions, c, []v1alpha1.RefusedRequest{{Annotation: annotation, Value: "x", Reason: reason}}, now)
	}
}

func customerProblems() []state {
	of := func(name, health, file string, old bool, problem *status.Problem) state {
		return customerState(name, health, file, func(c *v1alpha1.Customer, f *status.CustomerFacts) {
			f.Problem, f.ConnectionsProblem, f.OrganizationSynced, f.ConnectionsSynced = problem, problem, false, false
			if !old {
				c.CreationTimestamp = metav1.NewTime(now)
			}
		})
	}
	return append(problems(of, map[status.Class][]string{
		status.Person: {
			v1alpha1.ReasonNamespaceNotListed, v1alpha1.ReasonOrganizationConflict, v1alpha1.ReasonOrganizationMissing, v1alpha1.ReasonAdoptionNotListed,
			v1alpha1.ReasonConnectionNotFound, v1alpha1.ReasonRoleNotAllowed, v1alpha1.ReasonRoleNotFound, v1alpha1.ReasonRejectedByAuth0, v1alpha1.ReasonUnreadable,
			v1alpha1.ReasonScopeMissing,
		},
		status.Missing: {v1alpha1.ReasonTenantNotFound},
		status.Retry:   {v1alpha1.ReasonTenantNotReady, v1alpha1.ReasonAuth0Unavailable, v1alpha1.ReasonRateLimited, v1alpha1.ReasonProgressing},
	}), of("another's organization", degraded, "organizationConflict", true, &status.Problem{
		Class: status.Person, Reason: v1alpha1.ReasonOrganizationConflict,
		Message: "organization acme exists in Auth0 and is not ours",
	}))
}
