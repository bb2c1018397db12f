package status

import (
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

// Requests adds to an object's conditions that a request which stands in its
// annotations is refused. It holds whatever else became of the pass.
func Requests(list []metav1.Condition, obj metav1.Object, refused []v1alpha1.RefusedRequest, now time.Time) []metav1.Condition {
	c := build(list, obj.GetGeneration(), now)
	var reason string
	var messages []string
	for _, request := range refused {
		// The value is cut to what the status holds.
		if value := obj.GetAnnotations()[request.Annotation]; value != "" && value[:min(len(value), 253)] == request.Value {
			reason = request.Reason
			messages = append(messages, Refusal(request))
		}
	}
	slices.Sort(messages)
	c.present(v1alpha1.ConditionRequestRefused, len(messages) > 0, reason, strings.Join(messages, "; "))
	return c.list
}

// Refusal says of a refused request what it was and why.
func Refusal(request v1alpha1.RefusedRequest) string {
	return request.Annotation + "=" + clip(request.Value, 100) + " " + request.Message
}
