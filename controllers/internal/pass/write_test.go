package pass

import (
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

func condition(kind string, is metav1.ConditionStatus, reason string) metav1.Condition {
	return metav1.Condition{Type: kind, Status: is, Reason: reason, Message: "m"}
}

// TestAnnounce: one Event a transition, and a Warning where a person must act.
func TestAnnounce(t *testing.T) {
	ready := func(is metav1.ConditionStatus, reason string) metav1.Condition {
		return condition(v1alpha1.ConditionReady, is, reason)
	}
	for name, tc := range map[string]struct {
		before, after []metav1.Condition
		want          []string
	}{
		"nothing changed": {
			[]metav1.Condition{ready("True", "Reconciled")}, []metav1.Condition{ready("True", "Reconciled")}, nil},
		"the first look": {
			nil, []metav1.Condition{ready("True", "Reconciled")}, []string{"Normal Reconciled m"}},
		"a stall, told by its Warning alone": {
			[]metav1.Condition{ready("True", "Reconciled")},
			[]metav1.Condition{ready("False", "Bad"), condition(v1alpha1.ConditionStalled, "True", "Bad"), condition(v1alpha1.ConditionActive, "False", "Bad")},
			[]string{"Warning Bad m"}},
		"what was missing for too long: the reason stays, and a person must act now": {
			[]metav1.Condition{ready("False", "Absent"), condition(v1alpha1.ConditionReconciling, "True", "Absent")},
			[]metav1.Condition{ready("False", "Absent"), condition(v1alpha1.ConditionStalled, "True", "Absent")},
			[]string{"Warning Absent m"}},
		"still stalled": {
			[]metav1.Condition{ready("False", "Bad"), condition(v1alpha1.ConditionStalled, "True", "Bad")},
			[]metav1.Condition{ready("False", "Bad"), condition(v1alpha1.ConditionStalled, "True", "Bad")}, nil},
		"two conditions that turn to one reason": {
			nil, []metav1.Condition{ready("False", "Waiting"), condition(v1alpha1.ConditionActive, "False", "Waiting")}, []string{"Normal Waiting m"}},
		"two that turn to different ones": {
			nil, []metav1.Condition{ready("True", "Reconciled"), condition(v1alpha1.ConditionActive, "True", "Joined")},
			[]string{"Normal Reconciled m", "Normal Joined m"}},
	} {
		t.Run(name, func(t *testing.T) {
			recorder := events.NewFakeRecorder(10)
			Announce(recorder, &v1alpha1.Member{}, tc.before, tc.after, v1alpha1.ConditionReady, v1alpha1.ConditionActive)
			close(recorder.Events)
			var told []string
			for event := range recorder.Events {
				told = append(told, event)
			}
			NewWithT(t).Expect(told).To(Equal(tc.want))
		})
	}
}
