package v1alpha1_test

import (
	"encoding/json"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

func TestObjectThatCannotBeReadFailsNoList(t *testing.T) {
	scheme := runtime.NewScheme()
	NewWithT(t).Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	decoder := serializer.NewCodecFactory(scheme).UniversalDeserializer()
	for name, test := range map[string]struct{ kind, object, field string }{
		"a time":            {"Customer", `{"metadata":{"name":"a"},"spec":{"seats":3,"contract":{"endTime":"2027-12-01t00:00:00z"}}}`, "spec.contract.endTime"},
		"a duration":        {"Customer", `{"metadata":{"name":"a"},"spec":{"seats":3,"removal":{"grace":"a while"}}}`, "spec.removal.grace"},
		"a number":          {"Customer", `{"metadata":{"name":"a"},"spec":{"seats":1e30}}`, "spec.seats"},
		"another type":      {"Customer", `{"metadata":{"name":"a"},"spec":{"contract":"for ever"}}`, "spec.contract"},
		"an item":           {"Customer", `{"metadata":{"name":"a"},"spec":{"domains":["acme.com",{}]}}`, "spec.domains[1]"},
		"a micro time":      {"Member", `{"metadata":{"name":"a"},"status":{"attempt":{"notAfter":"2027-12-01T00:00:00Z"}}}`, "status.attempt.notAfter"},
		"a condition":       {"Member", `{"metadata":{"name":"a"},"status":{"conditions":[{"type":"Ready","lastTransitionTime":"now"}]}}`, "status.conditions[0].lastTransitionTime"},
		"a tenant's brake":  {"Auth0Tenant", `{"metadata":{"name":"a"},"spec":{"brake":{"people":3000000000}}}`, "spec.brake.people"},
		"the whole of spec": {"Auth0Tenant", `{"metadata":{"name":"a"},"spec":[]}`, "spec ("},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			list := `{"apiVersion":"seatwarden.dev/v1alpha1","kind":"` + test.kind + `List","items":[` + test.object + `,{"metadata":{"name":"b"}}]}`
			into, _, err := decoder.Decode([]byte(list), nil, nil)
			g.Expect(err).NotTo(HaveOccurred())
			unreadable := map[string]string{}
			switch l := into.(type) {
			case *v1alpha1.CustomerList:
				for _, o := range l.Items {
					unreadable[o.Name] = o.Unreadable
				}
			case *v1alpha1.MemberList:
				for _, o := range l.Items {
					unreadable[o.Name] = o.Unreadable
				}
			case *v1alpha1.Auth0TenantList:
				for _, o := range l.Items {
					unreadable[o.Name] = o.Unreadable
				}
			}
			g.Expect(unreadable).To(And(HaveKeyWithValue("a", HavePrefix(test.field)), HaveKeyWithValue("b", "")))
		})
	}
}

func TestObjectThatCannotBeReadKeepsTheRest(t *testing.T) {
	g := NewWithT(t)
	customer := &v1alpha1.Customer{}
	g.Expect(json.Unmarshal([]byte(`{"metadata":{"name":"a","uid":"u"},"spec":{"Seats":9,"seats":3,"contract":{"startTime":"2026-01-01T00:00:00Z","endTime":"+99:99"}},
		"status":{"organizationID":"org_1"}}`), customer)).To(Succeed())
	g.Expect(customer.UID).To(BeEquivalentTo("u"))
	g.Expect(customer.Spec.Seats).To(BeEquivalentTo(3), "names are told apart by case")
	g.Expect(customer.Spec.Contract.StartTime).NotTo(BeNil())
	g.Expect(customer.Spec.Contract.EndTime).To(BeNil())
	g.Expect(customer.Status.OrganizationID).To(Equal("org_1"))
	g.Expect(customer.DeepCopy().Unreadable).To(ContainSubstring("spec.contract.endTime"))

	// A write of something else leaves the field as it is stored.
	before := customer.DeepCopy()
	customer.Finalizers = []string{v1alpha1.Finalizer}
	patch, err := client.MergeFrom(before).Data(customer)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(patch).To(MatchJSON(`{"metadata":{"finalizers":["` + v1alpha1.Finalizer + `"]}}`))

	// What is read anew into the same object is whole again.
	g.Expect(json.Unmarshal([]byte(`{"metadata":{"name":"a"},"spec":{"seats":3}}`), customer)).To(Succeed())
	g.Expect(customer.Unreadable).To(BeEmpty())
}
