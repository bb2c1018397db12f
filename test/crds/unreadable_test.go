package crds

import (
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/controlplane"
	"github.com/seatwarden/seatwarden/test/world"
)

// endTime is set past what a typed object can hold.
func endTime(w *world.World, customer *v1alpha1.Customer, value string) error {
	return w.Client.Patch(w.Context(), customer.DeepCopy(),
		client.RawPatch(types.MergePatchType, []byte(`{"spec":{"contract":{"endTime":"`+value+`"}}}`)))
}

// TestHandsOffObjectThatCannotBeRead: a contract's end that the schema of today
// refuses was stored by another. The operator starts, serves everybody else, says
// so where people look, and takes nothing, until the field is corrected.
func TestHandsOffObjectThatCannotBeRead(t *testing.T) {
	const unread = "2027-12-01t00:00:00z"
	w := world.New(t)
	operator := w.StartOperator()
	acme := w.CreateCustomer("acme", 5)
	jane, bob := w.CreateMember("acme", "jane@acme.com"), w.CreateMember("acme", "bob@acme.com")
	w.Join(jane)
	w.Join(bob)
	w.Expect(endTime(w, acme, unread)).To(MatchError(ContainSubstring("such as 2026-12-31T23:00:00Z")))

	contract := "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/contract"
	kubectl(w, "patch", customersCRD, "--type=json", "-p",
		`[{"op":"replace","path":"`+contract+`","value":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}]`)
	w.Until("it is stored", func(g Gomega) { g.Expect(endTime(w, acme, unread)).To(Succeed()) })
	root, err := controlplane.Root()
	w.Expect(err).NotTo(HaveOccurred())
	kubectl(w, "apply", "--server-side", "--force-conflicts", "-k", filepath.Join(root, "config", "crd"))
	w.Until("the schema refuses it again", func(g Gomega) { g.Expect(endTime(w, acme, "2027-12-02t00:00:00z")).NotTo(Succeed()) })

	for _, when := range []string{"running", "restarted"} {
		if when == "restarted" {
			operator.Stop()
			w.StartOperator()
		}
		w.UntilReason(acme, v1alpha1.ConditionStalled, "True/Unreadable")
		other := w.CreateCustomer("beta-"+when, 2)
		w.UntilReason(other, v1alpha1.ConditionReady, "True/Reconciled")
	}
	w.Expect(w.Get(acme)).To(Succeed())
	w.Expect(acme.Unreadable).To(ContainSubstring("spec.contract.endTime"), "the field is as it was stored")
	w.Expect(world.Conditions(acme)).To(ContainElement(And(HaveField("Type", "Ready"), HaveField("Message", ContainSubstring("spec.contract.endTime")))))

	w.Expect(w.Client.Delete(w.Context(), bob)).To(Succeed())
	w.UntilReason(bob, v1alpha1.ConditionStalled, "True/Unreadable")
	for _, email := range []string{"jane@acme.com", "bob@acme.com"} {
		_, err := w.SignIn(w.OrganizationID("acme"), email)
		w.Expect(err).NotTo(HaveOccurred(), "nothing is taken from %s", email)
	}

	w.Expect(endTime(w, acme, "2099-12-01T00:00:00Z")).To(Succeed())
	w.UntilReason(acme, v1alpha1.ConditionReady, "True/Reconciled")
	w.UntilForwarding("bob is removed", func(g Gomega) {
		g.Expect(client.IgnoreNotFound(w.Get(bob))).To(Succeed())
		g.Expect(w.Get(bob)).NotTo(Succeed())
	})
	w.UntilReason(jane, v1alpha1.ConditionActive, "True/Joined")
}
