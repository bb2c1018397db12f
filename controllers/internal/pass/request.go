package pass

import (
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/invitation"
	"github.com/seatwarden/seatwarden/internal/status"
)

// InviteRequest is a Member's pending request to be invited (again), empty when
// there is none that counts.
func InviteRequest(member *v1alpha1.Member, now time.Time) string {
	if judgeInvite(member, now) != invitation.RequestPending {
		return ""
	}
	return remembered(member.Annotations[v1alpha1.AnnotationInviteRequestedAt])
}

func judgeInvite(member *v1alpha1.Member, now time.Time) invitation.RequestAnswer {
	facts := invitation.RequestFacts{
		Now: now, Value: remembered(member.Annotations[v1alpha1.AnnotationInviteRequestedAt]),
		Created: member.CreationTimestamp.Time, Handled: member.Status.LastHandledInviteRequest,
	}
	if at := member.Status.LastInviteRequestHandledAt; at != nil {
		facts.HandledAt = at.Time
	}
	for _, refused := range member.Status.RefusedRequests {
		if refused.Annotation == v1alpha1.AnnotationInviteRequestedAt {
			facts.Refused = refused.Value
		}
	}
	return facts.Judge()
}

// RequestedBefore tells whether a request was made before an instant: an
// invitation that was sent then has answered it.
func RequestedBefore(request string, sentAt time.Time) bool {
	at, ok := invitation.RequestTime(request)
	return ok && !at.After(sentAt)
}

// Refusal is why a request by annotation is not obeyed.
type Refusal struct{ Reason, Message string }

// RefuseInvite puts a Member's request for an invitation that is refused into its
// status. One that was answered before is not answered again.
func RefuseInvite(member *v1alpha1.Member, now time.Time) {
	const example = "$(date -u +%FT%TZ)"
	var refusal Refusal
	switch judgeInvite(member, now) {
	case invitation.RequestUnreadable:
		refusal = Refusal{v1alpha1.ReasonRequestUnreadable, "is no point in time with a zone"}
	case invitation.RequestInTheFuture:
		refusal = Refusal{v1alpha1.ReasonRequestInTheFuture, "lies ahead: it was " + now.UTC().Format(time.RFC3339) + " when it was read"}
	case invitation.RequestExpired:
		refusal = Refusal{v1alpha1.ReasonRequestTooOld, "is older than an hour"}
	case invitation.RequestBeforeObject:
		refusal = Refusal{v1alpha1.ReasonRequestTooOld, "is older than this Member"}
	case invitation.RequestOvertaken:
		refusal = Refusal{v1alpha1.ReasonRequestTooOld, "is older than the request that was taken up last"}
	default:
		return
	}
	refusal.Message += fmt.Sprintf(": nothing is sent; ask with %s=%s", v1alpha1.AnnotationInviteRequestedAt, example)
	member.Status.RefusedRequests = Refuse(member.Status.RefusedRequests, v1alpha1.AnnotationInviteRequestedAt,
		member.Annotations[v1alpha1.AnnotationInviteRequestedAt], &refusal)
}

// Refuse keeps the list of refused requests: a refusal is remembered by its value,
// and stays when the annotation is taken away, so that one that is put back is not
// answered again; what is not refused any more is forgotten.
func Refuse(list []v1alpha1.RefusedRequest, annotation, value string, refusal *Refusal) []v1alpha1.RefusedRequest {
	value = remembered(value)
	of := func(r v1alpha1.RefusedRequest) bool { return r.Annotation == annotation }
	i := slices.IndexFunc(list, of)
	switch {
	case value == "", refusal == nil && (i < 0 || list[i].Value != value):
		return list
	case refusal == nil:
		return slices.DeleteFunc(slices.Clone(list), of)
	}
	entry := v1alpha1.RefusedRequest{Annotation: annotation, Value: value, Reason: refusal.Reason, Message: refusal.Message}
	if i < 0 {
		return append(slices.Clone(list), entry)
	}
	list = slices.Clone(list)
	list[i] = entry
	return list
}

// remembered is a value as a status can hold it.
func remembered(value string) string { return value[:min(len(value), 253)] }

// AnnounceAnswers records an Event for each request that was refused anew, and for
// each that was taken up. handled pairs an annotation with what stood in the
// status of it before and what stands there now.
func AnnounceAnswers(recorder events.EventRecorder, obj client.Object, before, after []v1alpha1.RefusedRequest, handled ...Handled) {
	for _, is := range after {
		told := slices.ContainsFunc(before, func(was v1alpha1.RefusedRequest) bool {
			return was.Annotation == is.Annotation && was.Value == is.Value && was.Reason == is.Reason
		})
		if !told {
			recorder.Eventf(obj, nil, corev1.EventTypeWarning, is.Reason, "Answer", "%s", note(status.Refusal(is)))
		}
	}
	for _, h := range handled {
		if h.After != "" && h.After != h.Before {
			recorder.Eventf(obj, nil, corev1.EventTypeNormal, v1alpha1.ReasonRequestTakenUp, "Answer", "%s", note(h.Annotation+"="+h.After+" is taken up"))
		}
	}
}

// Handled is the value of an annotation that was obeyed last, before and after a pass.
type Handled struct{ Annotation, Before, After string }
