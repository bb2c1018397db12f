package handsoff

import (
	"net/http"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/test/world"
)

// TestHandsOffOrganizationRenamed: an organization that was renamed by hand is not
// said to be as declared, and is not renamed back. The contract goes on in it.
func TestHandsOffOrganizationRenamed(t *testing.T) {
	w := world.New(t)
	w.StartOperator(world.Sweeping)
	customer := w.CreateCustomer("acme", 3)
	jane := w.CreateMember("acme", "jane@acme.com")
	w.Join(jane)
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Reconciled")
	id := w.OrganizationID("acme")

	w.InDashboard(http.MethodPatch, "/organizations/"+id, `{"name": "acme-corp"}`)
	w.UntilReason(customer, v1alpha1.ConditionOrganizationSynced, "False/OrganizationRenamed")
	w.UntilReason(customer, v1alpha1.ConditionStalled, "True/OrganizationRenamed")
	w.Expect(messageOf(w, customer, v1alpha1.ConditionStalled)).To(And(ContainSubstring("acme-corp"), ContainSubstring("spec.organization.name")))
	w.Reread(customer)
	_, back := w.Organization("acme")
	w.Expect(back).To(BeFalse(), "the name is not set back")
	late := w.CreateMember("acme", "late@acme.com")
	w.Join(late)
	w.Remove(jane)
	_, err := w.SignIn(id, "jane@acme.com")
	w.Expect(err).To(HaveOccurred())
	w.UntilReason(customer, v1alpha1.ConditionStalled, "True/OrganizationRenamed")

	w.InDashboard(http.MethodPatch, "/organizations/"+id, `{"name": "acme"}`)
	w.UntilReason(customer, v1alpha1.ConditionOrganizationSynced, "True/OrganizationSynced")
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Reconciled")
}
