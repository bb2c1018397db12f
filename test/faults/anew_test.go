package faults

import (
	"net/http"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/test/world"
)

// TestFaultsRoleMadeAnew: a role that was deleted and made anew under its name is
// given at once, to who has joined and with an invitation.
func TestFaultsRoleMadeAnew(t *testing.T) {
	w := world.New(t)
	old, err := w.Auth0.AddRole(standin.Role{Name: "editor"})
	w.Expect(err).NotTo(HaveOccurred())
	w.StartOperator()
	editor := []v1alpha1.RoleName{"editor"}
	w.CreateCustomer("acme", 3, func(c *v1alpha1.Customer) { c.Spec.Roles = &v1alpha1.CustomerRoles{Allowed: editor} })
	first := w.CreateMember("acme", "first@acme.com", func(m *v1alpha1.Member) { m.Spec.Roles = editor })
	w.UntilMail("first@acme.com", 1) // the role's id is remembered
	w.Join(first)

	w.InDashboard(http.MethodDelete, "/roles/"+old.ID, "")
	anew, err := w.Auth0.AddRole(standin.Role{Name: "editor"})
	w.Expect(err).NotTo(HaveOccurred())
	w.Reread(first)
	jane := w.CreateMember("acme", "jane@acme.com", func(m *v1alpha1.Member) { m.Spec.Roles = editor })
	w.UntilMail("jane@acme.com", 1)
	w.UntilReason(jane, v1alpha1.ConditionActive, "False/Invited")
	organization, _ := w.Organization("acme")
	for _, user := range w.Auth0.Snapshot().Users {
		if user.Email == "first@acme.com" {
			w.Expect(organization.MemberRoles[user.UserID]).To(ContainElement(anew.ID))
		}
	}
	w.Expect(w.StalledSeen()).To(BeEmpty(), "and nobody is told to act")
}

// TestFaultsConnectionMadeAnew: so is a connection that invitations name.
func TestFaultsConnectionMadeAnew(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	customer := w.CreateCustomer("acme", 3)
	w.UntilMail("boss@acme.com", 1)
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Reconciled")
	w.Expect(w.Get(customer)).To(Succeed())
	w.InDashboard(http.MethodDelete, "/connections/"+customer.Status.Connections[0].ID, "")
	w.Until("it is made anew", func(g Gomega) {
		_, err := w.Auth0.AddConnection(standin.Connection{Name: world.ConnectionName, Strategy: "google-apps", ShowAsButton: true})
		g.Expect(err).NotTo(HaveOccurred())
	})
	jane := w.CreateMember("acme", "jane@acme.com")
	w.UntilMail("jane@acme.com", 1)
	w.UntilReason(jane, v1alpha1.ConditionActive, "False/Invited")
	w.Expect(w.StalledSeen()).To(BeEmpty(), "and nobody is told to act")
}

// TestLimitsConnectionMadeAnew: as long as the Customer may not enable it, the invitation
// that names the one before is not tried again and again.
func TestLimitsConnectionMadeAnew(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	customer := w.CreateCustomer("acme", 3)
	w.UntilMail("boss@acme.com", 1)
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Reconciled")
	w.InDashboard(http.MethodDelete, "/connections/"+customer.Status.Connections[0].ID, "")
	w.Until("it is made anew", func(g Gomega) {
		_, err := w.Auth0.AddConnection(standin.Connection{Name: world.ConnectionName, Strategy: "google-apps", ShowAsButton: true})
		g.Expect(err).NotTo(HaveOccurred())
	})
	_, end := w.Fault(standin.Fault{Kind: standin.FaultStatus, Status: http.StatusTooManyRequests, WithoutHeaders: true, Bucket: "write-organization-connections"})
	jane := w.CreateMember("acme", "jane@acme.com")
	w.UntilReason(jane, v1alpha1.ConditionReconciling, "True/Inviting")
	tries := func() int { return len(w.Auth0.Calls(http.MethodPost, world.InvitationsRoute)) }
	before := tries()
	w.ConsistentlyWithOffset(0, func(g Gomega) { g.Expect(tries() - before).To(BeNumerically("<=", 3)) }, "8s", "200ms").Should(Succeed())
	end()
	w.UntilMail("jane@acme.com", 1)
	w.UntilReason(jane, v1alpha1.ConditionActive, "False/Invited")
}
