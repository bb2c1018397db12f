package api_test

import (
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/internal/controlplane/envtesting"
)

var kinds = []string{"Auth0Tenant", "Customer", "Member"}

// edits are a change of each kind's spec that is allowed.
var edits = map[string]struct {
	field string
	value any
}{
	"Auth0Tenant": {"spec.inviterName", "Another"},
	"Customer":    {"spec.seats", int64(99)},
	"Member":      {"spec.roles", []any{"Reader"}},
}

func TestStatusOfAnObjectNobodyHasSeen(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			g := NewWithT(t)
			c := newClient(g)
			object := minimal(kind, envtesting.Namespace(t))
			set(object.Object, "status.observedGeneration", int64(7))
			create(t, c, object)
			g.Expect(c.Get(t.Context(), client.ObjectKeyFromObject(object), object)).To(Succeed())
			g.Expect(object.Object["status"]).To(Equal(map[string]any{"observedGeneration": int64(-1)}), "an author writes no status")
			g.Expect(kstatus(g, object)).To(Equal(status.InProgressStatus))
		})
	}
}

func TestStatusAndSpecAreWrittenApart(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			g := NewWithT(t)
			c := newClient(g)
			object := minimal(kind, envtesting.Namespace(t))
			create(t, c, object)
			spec := object.DeepCopy().Object["spec"]

			set(object.Object, "status.observedGeneration", int64(1))
			g.Expect(c.Update(t.Context(), object)).To(Succeed())
			g.Expect(object.Object["status"]).To(HaveKeyWithValue("observedGeneration", int64(-1)), "an update of the object")

			set(object.Object, "status.observedGeneration", int64(1))
			set(object.Object, edits[kind].field, edits[kind].value)
			g.Expect(c.Status().Update(t.Context(), object)).To(Succeed())
			g.Expect(object.Object["status"]).To(HaveKeyWithValue("observedGeneration", int64(1)), "an update of the status")
			g.Expect(object.Object["spec"]).To(Equal(spec))
			g.Expect(object.GetGeneration()).To(Equal(int64(1)))
		})
	}
}

func TestStatusIsReadByTools(t *testing.T) {
	ready := map[string]any{"type": "Ready", "status": "True"}
	notReady := map[string]any{"type": "Ready", "status": "False"}
	for name, test := range map[string]struct {
		observed   int64
		conditions []any
		want       status.Status
	}{
		"seen and ready":   {1, []any{ready}, status.CurrentStatus},
		"ready of another": {0, []any{ready}, status.InProgressStatus},
		"under way":        {1, []any{notReady, map[string]any{"type": "Reconciling", "status": "True"}}, status.InProgressStatus},
		"stalled":          {1, []any{notReady, map[string]any{"type": "Stalled", "status": "True"}}, status.FailedStatus},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			c := newClient(g)
			object := minimal("Customer", envtesting.Namespace(t))
			create(t, c, object)
			for _, condition := range test.conditions {
				set(condition.(map[string]any), "reason", "Test")
				set(condition.(map[string]any), "message", "")
				set(condition.(map[string]any), "lastTransitionTime", "2026-11-22T09:12:00Z")
				set(condition.(map[string]any), "observedGeneration", test.observed)
			}
			set(object.Object, "status.observedGeneration", test.observed)
			set(object.Object, "status.conditions", test.conditions)
			g.Expect(c.Status().Update(t.Context(), object)).To(Succeed())
			g.Expect(kstatus(g, object)).To(Equal(test.want))
		})
	}
}

func TestWaitForReadyPassesNoStaleCondition(t *testing.T) {
	g := NewWithT(t)
	kubectl := makeWorld(t)
	kubectl("wait", "--for=condition=Ready", "customer/acme", "--timeout=5s")
	kubectl("patch", "customer", "acme", "--type=merge", "-p", `{"spec":{"seats":51}}`)
	namespace := kubectl("get", "customer", "acme", "-o", "jsonpath={.metadata.namespace}")
	_, err := envtesting.ControlPlane().Kubectl(t.Context(), "wait", "--for=condition=Ready", "customer/acme", "--timeout=500ms", "-n", namespace)
	g.Expect(err).To(MatchError(ContainSubstring("timed out")))
}

func kstatus(g Gomega, object *unstructured.Unstructured) status.Status {
	result, err := status.Compute(object)
	g.Expect(err).NotTo(HaveOccurred())
	return result.Status
}
