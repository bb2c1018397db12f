package view

import (
	"slices"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

// NoResend says why asking for an invitation would send none, empty where it may.
func NoResend(member *v1alpha1.Member) string {
	switch {
	case !member.DeletionTimestamp.IsZero():
		return "is being removed: nothing is sent"
	case StateOf(member) == v1alpha1.ReasonJoined:
		return "has joined: nothing is sent"
	}
	return ""
}

// AnswerTo is what the operator said to a request for an invitation; empty before it
// has said anything.
func AnswerTo(member *v1alpha1.Member, value string) (said string, refused bool) {
	at := slices.IndexFunc(member.Status.RefusedRequests, func(r v1alpha1.RefusedRequest) bool {
		return r.Annotation == v1alpha1.AnnotationInviteRequestedAt && r.Value == value
	})
	switch {
	case at >= 0:
		return "refused: " + member.Status.RefusedRequests[at].Message, true
	case member.Status.LastHandledInviteRequest != value:
		return "", false
	case StateOf(member) == v1alpha1.ReasonInvited:
		return "the invitation was sent", false
	}
	return "taken up: " + member.Status.Summary, false
}

// ApprovalRefused is why an approval approves nothing, empty where that is not so.
func ApprovalRefused(customer *v1alpha1.Customer, hash string) string {
	for _, refused := range customer.Status.RefusedRequests {
		if refused.Annotation == v1alpha1.AnnotationApproveRemovals && refused.Value == hash {
			return refused.Message
		}
	}
	return ""
}
