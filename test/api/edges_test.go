package api_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/controlplane/envtesting"
	"github.com/seatwarden/seatwarden/test/internal/paths"
)

// edges are values at the edge of a format, which a schema takes more readily than
// a Go type.
var edges = []any{
	"2027-12-01t00:00:00z", "2027-12-01T00:00:00+99:99", "2027-12-01T00:00:00Z", "2027-12-01T00:00:00,5Z", "2027-12-01 00:00:00Z", "2027-12-01",
	"2027-12-01T23:59:60Z", "2027-02-30T00:00:00Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "2027-12-01T00:00:00.1234567890Z",
	"24h", "1.5h", "1d", "-5m", "5 m", "99999999h", "9999999s",
	int64(-1), int64(0), int64(3), int64(2147483648), int64(9223372036854775807), 3.0, 3.5, 1e30,
}

// TestEverythingThatIsTakenIsRead: what the API server takes of a field, the
// operator's client lists; of spec it reads all, and of a status it never fails.
func TestEverythingThatIsTakenIsRead(t *testing.T) {
	c := newClient(NewWithT(t))
	for kind, test := range map[string]struct {
		spec, status any
		list         func(*testing.T, string) []string
	}{
		"Auth0Tenant": {v1alpha1.Auth0TenantSpec{}, v1alpha1.Auth0TenantStatus{}, func(t *testing.T, _ string) []string {
			list := &v1alpha1.Auth0TenantList{}
			NewWithT(t).Expect(c.List(t.Context(), list)).To(Succeed())
			return each(list.Items, func(o v1alpha1.Auth0Tenant) string { return o.Unreadable })
		}},
		"Customer": {v1alpha1.CustomerSpec{}, v1alpha1.CustomerStatus{}, func(t *testing.T, namespace string) []string {
			list := &v1alpha1.CustomerList{}
			NewWithT(t).Expect(c.List(t.Context(), list, client.InNamespace(namespace))).To(Succeed())
			return each(list.Items, func(o v1alpha1.Customer) string { return o.Unreadable })
		}},
		"Member": {v1alpha1.MemberSpec{}, v1alpha1.MemberStatus{}, func(t *testing.T, namespace string) []string {
			list := &v1alpha1.MemberList{}
			NewWithT(t).Expect(c.List(t.Context(), list, client.InNamespace(namespace))).To(Succeed())
			return each(list.Items, func(o v1alpha1.Member) string { return o.Unreadable })
		}},
	} {
		t.Run(kind, func(t *testing.T) {
			g, namespace := NewWithT(t), envtesting.Namespace(t)
			for _, field := range paths.Of("spec", reflect.TypeOf(test.spec)) {
				for _, value := range edges {
					object := minimal(kind, namespace)
					set(object.Object, field, value)
					if c.Create(t.Context(), object) != nil {
						continue
					}
					g.Expect(test.list(t, namespace)).To(HaveEach(BeEmpty()), "%s: %v", field, value)
					g.Expect(c.Delete(t.Context(), object)).To(Succeed())
				}
			}
			object := minimal(kind, namespace)
			create(t, c, object)
			taken := 0
			for _, field := range statusPaths(reflect.TypeOf(test.status)) {
				for _, value := range edges {
					changed := map[string]any{}
					set(changed, field, value)
					patch, err := json.Marshal([]any{map[string]any{"op": "replace", "path": "/status", "value": changed["status"]}})
					g.Expect(err).NotTo(HaveOccurred())
					if c.Status().Patch(t.Context(), object.DeepCopy(), client.RawPatch(types.JSONPatchType, patch)) == nil {
						taken++
						g.Expect(test.list(t, namespace)).NotTo(BeEmpty())
					}
				}
			}
			g.Expect(taken).To(BeNumerically(">", 0))
		})
	}
}

// statusPaths are the fields of a status; a MicroTime has none below it.
func statusPaths(of reflect.Type) []string {
	fields := paths.Of("status", of)
	for i := range fields {
		fields[i] = strings.TrimRight(fields[i], ".")
	}
	return slices.Compact(fields)
}

func each[T any](items []T, of func(T) string) (out []string) {
	for _, item := range items {
		out = append(out, of(item))
	}
	return out
}
