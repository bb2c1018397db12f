package losses

import (
	"net/http"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/standin/person"
	"github.com/seatwarden/seatwarden/test/world"
)

// TestOneMailRenamedOrganization: the organization is renamed by hand and every
// status is lost. It is found by its marker: no second one is made, nobody is
// mailed again or shut out, and who is removed is out.
func TestOneMailRenamedOrganization(t *testing.T) {
	w := world.New(t)
	operator := w.StartOperator()
	customer := w.CreateCustomer("acme", 4)
	jane, bob := w.CreateMember("acme", "jane@acme.com"), w.CreateMember("acme", "bob@acme.com")
	sessions := map[string]*person.Session{"jane@acme.com": w.Join(jane), "bob@acme.com": w.Join(bob)}
	w.UntilMail("boss@acme.com", 1)
	w.UntilReason(customer, v1alpha1.ConditionGuardInEffect, "True/GuardInEffect")
	id := w.OrganizationID("acme")
	end := w.WatchSessions(sessions)

	operator.Stop()
	w.InDashboard(http.MethodPatch, "/organizations/"+id, `{"name": "acme-corp"}`)
	recreateEverything(w)
	w.StartOperator()
	w.UntilReason(customer, v1alpha1.ConditionOrganizationSynced, "False/OrganizationRenamed")
	w.UntilForwarding("everybody stands where they stood", func(g Gomega) {
		g.Expect(w.Reason(g, jane, v1alpha1.ConditionActive)).To(Equal("True/Joined"))
		g.Expect(w.Reason(g, bob, v1alpha1.ConditionActive)).To(Equal("True/Joined"))
		g.Expect(w.Reason(g, w.AdminMember(customer), v1alpha1.ConditionActive)).To(Equal("False/Invited"))
	})
	_, another := w.Organization("acme")
	w.Expect(another).To(BeFalse(), "no second organization")
	onceEach(w)
	end()
	w.Remove(bob)
	_, err := w.SignIn(id, "bob@acme.com")
	w.Expect(err).To(HaveOccurred())
	_, err = sessions["bob@acme.com"].Refresh(t.Context())
	w.Expect(err).To(HaveOccurred())
}

// TestRemovalRenamedOrganization: with its status lost and nobody at work a Member
// is deleted, and then the Customer. What they hold is found by the marker.
func TestRemovalRenamedOrganization(t *testing.T) {
	w := world.New(t)
	operator := w.StartOperator()
	customer := w.CreateCustomer("acme", 4, func(c *v1alpha1.Customer) { c.Spec.DeletionPolicy = v1alpha1.DeletionDelete })
	jane := w.CreateMember("acme", "jane@acme.com")
	session := w.Join(jane)
	w.UntilMail("boss@acme.com", 1)
	w.UntilReason(customer, v1alpha1.ConditionGuardInEffect, "True/GuardInEffect")
	id := w.OrganizationID("acme")

	operator.Stop()
	w.InDashboard(http.MethodPatch, "/organizations/"+id, `{"name": "acme-corp"}`)
	wipeEverything(w)
	w.Expect(w.Client.Delete(t.Context(), jane)).To(Succeed())
	operator = w.StartOperator()
	w.UntilRemoved(jane)
	_, err := w.SignIn(id, "jane@acme.com")
	w.Expect(err).To(HaveOccurred())
	_, err = session.Refresh(t.Context())
	w.Expect(err).To(HaveOccurred())

	operator.Stop()
	wipeEverything(w)
	w.Expect(w.Client.Delete(t.Context(), customer)).To(Succeed())
	w.StartOperator()
	w.UntilGone(customer)
	_, there := w.Organization("acme-corp")
	w.Expect(there).To(BeFalse(), "the organization is deleted, as it was declared")
}
