package crds

import (
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/controlplane"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/test/world"
)

// TestOneMailAdminWithARoleThatIsNotAllowed: a Customer that an earlier schema took
// gives its admin a role which roles.allowed does not list. The admin is mailed all
// the same, without it, and so is everybody else; both objects say what to do, and
// the role comes with the correction.
func TestOneMailAdminWithARoleThatIsNotAllowed(t *testing.T) {
	w := world.New(t)
	for _, role := range []string{"owner", "reader"} {
		_, err := w.Auth0.AddRole(standin.Role{Name: role})
		w.Expect(err).NotTo(HaveOccurred())
	}
	w.StartOperator()
	customer := w.CustomerObject("acme", 3)
	customer.Spec.Admins[0].Roles = []v1alpha1.RoleName{"owner", "reader"}
	customer.Spec.Roles = &v1alpha1.CustomerRoles{Allowed: []v1alpha1.RoleName{"reader"}}
	w.Expect(w.Client.Create(w.Context(), customer)).To(MatchError(ContainSubstring("every role in admins[].roles must be in roles.allowed")))

	rules := "/spec/versions/0/schema/openAPIV3Schema/properties/spec/x-kubernetes-validations"
	kubectl(w, "patch", customersCRD, "--type=json", "-p", `[{"op":"remove","path":"`+rules+`"}]`)
	w.Until("it is stored", func(g Gomega) { g.Expect(w.Client.Create(w.Context(), customer)).To(Succeed()) })
	root, err := controlplane.Root()
	w.Expect(err).NotTo(HaveOccurred())
	kubectl(w, "apply", "--server-side", "--force-conflicts", "-k", filepath.Join(root, "config", "crd"))

	w.UntilReason(customer, v1alpha1.ConditionStalled, "True/RoleNotAllowed")
	w.Expect(customer.Status.Summary).To(Equal("a role is not in roles.allowed"))
	boss := w.AdminMember(customer)
	w.UntilReason(boss, v1alpha1.ConditionStalled, "True/RoleNotAllowed")
	w.UntilReason(boss, v1alpha1.ConditionActive, "False/Invited")
	w.Join(w.CreateMember("acme", "jane@acme.com"))
	w.Join(boss)
	organization := w.OrganizationID("acme")
	roles := func(g Gomega) (names []string) {
		g.Expect(w.Get(boss)).To(Succeed())
		g.Expect(boss.Status.Users).NotTo(BeEmpty())
		held, err := w.Engineer().MemberRoles(w.Context(), organization, boss.Status.Users[0].UserID)
		g.Expect(err).NotTo(HaveOccurred())
		for _, role := range held {
			names = append(names, role.Name)
		}
		return names
	}
	w.Until("the admin has the role that is allowed", func(g Gomega) { g.Expect(roles(g)).To(ConsistOf("reader")) })
	w.UntilReason(boss, v1alpha1.ConditionStalled, "True/RoleNotAllowed")
	w.UntilReason(customer, v1alpha1.ConditionStalled, "True/RoleNotAllowed")

	w.Update(customer, func() { customer.Spec.Roles.Allowed = append(customer.Spec.Roles.Allowed, "owner") })
	w.Until("the admin has both roles", func(g Gomega) { g.Expect(roles(g)).To(ConsistOf("owner", "reader")) })
	w.UntilReason(boss, v1alpha1.ConditionReady, "True/Reconciled")
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Reconciled")
	w.Expect(w.Mails("boss@acme.com")).To(HaveLen(1))
}
