package world

import (
	"testing"

	. "github.com/onsi/gomega"
)

// TestHandsOffWhatGitHolds: what every end-to-end test is held to. A GitOps tool compares
// neither a status nor finalizers; whatever else the operator wrote would be drift.
func TestHandsOffWhatGitHolds(t *testing.T) {
	const member = "/apis/seatwarden.dev/v1alpha1/namespaces/sales/members/jane"
	for _, tc := range []struct {
		name, method, path, body string
		want                     []string
	}{
		{"our finalizer", "PATCH", member, `{"metadata":{"finalizers":["seatwarden.dev/x"],"resourceVersion":"1","uid":"u"}}`, nil},
		{"a status", "PATCH", member + "/status", `{"metadata":{"resourceVersion":"1"},"status":{"summary":"s"}}`, nil},
		{"a Member that is made", "POST", "/apis/seatwarden.dev/v1alpha1/namespaces/sales/members", `{"metadata":{"labels":{}},"spec":{"email":"a@b.c"}}`, nil},
		{"an Event", "PATCH", "/apis/events.k8s.io/v1/namespaces/sales/events/e", `{"metadata":{"labels":{}}}`, nil},
		{"annotations and labels", "PATCH", member, `{"metadata":{"annotations":{"a":"b"},"labels":null}}`, []string{"metadata.annotations", "metadata.labels"}},
		{"the spec", "PUT", member, `{"spec":{"roles":null}}`, []string{"spec.roles"}},
		{"what is not understood", "PATCH", member, `[]`, []string{"not a JSON object"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			NewWithT(t).Expect(drift(tc.method, tc.path, []byte(tc.body))).To(Equal(tc.want))
		})
	}
}
