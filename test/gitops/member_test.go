package gitops_test

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/status"
)

// seat is a state in which the ledger has said something else than that the seat is assigned.
func seat(state v1alpha1.SeatState, reason string, since time.Duration) func(*v1alpha1.Member, *status.MemberFacts) {
	return func(m *v1alpha1.Member, f *status.MemberFacts) {
		m.Status.Seat = &v1alpha1.MemberSeat{State: state, Reason: reason, Message: "why", Since: metav1.NewTime(now.Add(-since))}
		f.Joined, f.Confirmed = false, false
	}
}

// invitation is a state of somebody who has not joined.
func invitation(state v1alpha1.InvitationState) func(*v1alpha1.Member, *status.MemberFacts) {
	return func(m *v1alpha1.Member, f *status.MemberFacts) {
		f.Joined, f.Confirmed = false, false
		if state != "" {
			m.Status.Invitation = &v1alpha1.MemberInvitation{
				ID: "uinv_AbCdEfGhIjKlMnOp", State: state,
				SentAt: metav1.NewTime(now.Add(-time.Hour)), ExpiresAt: metav1.NewTime(now.Add(time.Hour)),
			}
		}
	}
}

func memberStates() []state {
	type (
		object = *v1alpha1.Member
		facts  = *status.MemberFacts
	)
	pending := func(change func(f facts)) func(object, facts) {
		return func(m object, f facts) {
			invitation("")(m, f)
			change(f)
		}
	}
	out := []state{
		memberState("joined", healthy, "joined", func(object, facts) {}),
		memberState("invited: it waits for a click", healthy, "invited", invitation(v1alpha1.InvitationSent)),
		memberState("expired: it waits for a request", healthy, "expired", invitation(v1alpha1.InvitationExpired)),
		memberState("used up by a wrong account", degraded, "", invitation(v1alpha1.InvitationConsumed)),
		memberState("being invited", progressing, "inviting", invitation("")),
		memberState("the mail cannot be sent now", progressing, "", pending(func(f facts) {
			f.Problem = &status.Problem{Class: status.Retry, Reason: v1alpha1.ReasonRateLimited, Message: "its turn is at 09:01 UTC"}
		})),
		memberState("on hold: the Customer is suspended", healthy, "", pending(func(f facts) { f.Window = v1alpha1.ReasonSuspended })),
		memberState("on hold: the guard is being put in effect", progressing, "", pending(func(f facts) { f.Activating = true })),
		memberState("no seat decided", progressing, "", func(m object, f facts) { m.Status.Seat, f.Joined = nil, false }),
		memberState("waits for a seat, at first", progressing, "", seat(v1alpha1.SeatWaiting, v1alpha1.ReasonSeatLimitReached, time.Second)),
		memberState("waits for a seat", degraded, "seatLimitReached", seat(v1alpha1.SeatWaiting, v1alpha1.ReasonSeatLimitReached, time.Hour)),
		memberState("waits for a seat that comes", progressing, "", func(m object, f facts) {
			seat(v1alpha1.SeatWaiting, v1alpha1.ReasonSeatLimitReached, time.Hour)(m, f)
			f.SeatsFreeing = true
		}),
		memberState("its seat lapsed", degraded, "", seat(v1alpha1.SeatWaiting, v1alpha1.ReasonSeatLapsed, time.Hour)),
		memberState("too many invitations", degraded, "", seat(v1alpha1.SeatWaiting, v1alpha1.ReasonTooManyInvitations, time.Hour)),
		memberState("its seat is being taken back", progressing, "", seat(v1alpha1.SeatWithdrawing, v1alpha1.ReasonSeatWithdrawing, time.Second)),
		memberState("its Customer was deleted", degraded, "", seat(v1alpha1.SeatRefused, v1alpha1.ReasonCustomerDeleted, time.Second)),
		memberState("the same address twice", degraded, "", seat(v1alpha1.SeatRefused, v1alpha1.ReasonDuplicateEmail, time.Second)),
		memberState("a foreign domain", degraded, "domainNotAllowed", seat(v1alpha1.SeatRefused, v1alpha1.ReasonDomainNotAllowed, time.Second)),
		memberState("another Member's person", degraded, "", seat(v1alpha1.SeatRefused, v1alpha1.ReasonPersonMovedOn, time.Second)),
		memberState("taken out in Auth0", degraded, "", func(_ object, f facts) { f.Joined, f.Missing = false, true }),
		memberState("blocked in Auth0", degraded, "", func(_ object, f facts) { f.Blocked = true }),
		memberState("the grant is being written", progressing, "", func(_ object, f facts) { f.Confirmed = false }),
		memberState("joined, and the contract has ended", healthy, "", func(_ object, f facts) { f.Window = v1alpha1.ReasonContractEnded }),
		memberState("paused", suspended, "paused", func(_ object, f facts) { f.Mode = v1alpha1.ModePaused }),
		memberState("observed", suspended, "", func(_ object, f facts) {
			f.Mode, f.Plan = v1alpha1.ModeObserve, status.Plan{Access: true}
		}),
		memberState("being removed", progressing, "withdrawing", func(m object, f facts) {
			m.ObjectMeta, f.Removing = deleted(m.ObjectMeta), "taking the grant"
		}),
		memberState("changed", progressing, "", func(m object, f facts) {
			m.Status = earlier(m, func() v1alpha1.MemberStatus { return status.Member(m, *f) })
			f.Problem = &status.Problem{Class: status.Retry, Reason: v1alpha1.ReasonAuth0Unavailable, Message: "Auth0 does not answer"}
		}),
	}
	for _, reason := range []string{v1alpha1.ReasonRequestUnreadable, v1alpha1.ReasonRequestInTheFuture, v1alpha1.ReasonRequestTooOld, v1alpha1.ReasonAlreadyJoined} {
		out = append(out, memberState("a request is refused: "+reason, healthy, "", func(m object, f facts) {
			m.Annotations = map[string]string{v1alpha1.AnnotationInviteRequestedAt: "x"}
			m.Status = status.Member(m, *f)
			m.Status.Conditions = status.Requests(m.Status.Conditions, m,
				[]v1alpha1.RefusedRequest{{Annotation: v1alpha1.AnnotationInviteRequestedAt, Value: "x", Reason: reason}}, now)
		}))
	}
	return out
}

func memberProblems() []state {
	return problems(func(name, health, file string, old bool, problem *status.Problem) state {
		return memberState(name, health, file, func(m *v1alpha1.Member, f *status.MemberFacts) {
			f.Problem, f.Looked, f.Joined, f.Confirmed = problem, false, false, false
			if !old {
				m.CreationTimestamp = metav1.NewTime(now)
			}
		})
	}, map[status.Class][]string{
		status.Person: {
			v1alpha1.ReasonNamespaceNotListed, v1alpha1.ReasonOrganizationMissing, v1alpha1.ReasonOrganizationConflict, v1alpha1.ReasonRoleNotAllowed,
			v1alpha1.ReasonRoleNotFound, v1alpha1.ReasonTooManyInvitations, v1alpha1.ReasonPersonMovedOn, v1alpha1.ReasonDomainNotAllowed,
			v1alpha1.ReasonStillOwned, v1alpha1.ReasonRemovalRefused, v1alpha1.ReasonRejectedByAuth0, v1alpha1.ReasonUnreadable, v1alpha1.ReasonScopeMissing,
		},
		status.Missing: {v1alpha1.ReasonTenantNotFound, v1alpha1.ReasonCustomerNotFound, v1alpha1.ReasonCustomerNotReady},
		status.Retry: {
			v1alpha1.ReasonTenantNotReady, v1alpha1.ReasonAuth0Unavailable, v1alpha1.ReasonRateLimited, v1alpha1.ReasonCustomerDeleting, v1alpha1.ReasonLeaving,
			v1alpha1.ReasonOnHold, v1alpha1.ReasonInviting, v1alpha1.ReasonWithdrawing,
		},
	})
}
