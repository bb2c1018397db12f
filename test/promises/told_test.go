package promises

import (
	"net/http"
	"net/url"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/standin/person"
	"github.com/seatwarden/seatwarden/test/world"
)

// TestAccessBlockedInAuth0: whom Auth0 itself refuses is not called active, keeps
// the seat, and keeps nobody else from being put under the guard.
func TestAccessBlockedInAuth0(t *testing.T) {
	w := world.Bare(t)
	tenant := w.CreateTenant(func(tenant *v1alpha1.Auth0Tenant) { tenant.Spec.Guard.Mode = v1alpha1.GuardOff })
	operator := w.StartOperator(world.Sweeping)
	customer := w.CreateCustomer("acme", 3)
	jane := w.CreateMember("acme", "jane@acme.com")
	w.Join(jane)
	bob := w.CreateMember("acme", "bob@acme.com")
	session := w.Join(bob)
	w.Expect(w.Get(jane)).To(Succeed())
	user := "/users/" + url.PathEscape(jane.Status.Users[0].UserID)

	w.InDashboard(http.MethodPatch, user, `{"blocked": true}`)
	w.UntilReason(jane, v1alpha1.ConditionActive, "False/BlockedInAuth0")
	w.UntilReason(jane, v1alpha1.ConditionStalled, "True/BlockedInAuth0")
	w.UntilReason(jane, v1alpha1.ConditionSeatAssigned, "True/SeatAssigned")
	_, err := w.SignIn(w.OrganizationID("acme"), "jane@acme.com")
	w.Expect(err).To(HaveOccurred())
	operator.Stop()
	w.StartOperator(world.Sweeping)
	w.Reread(jane)
	w.Expect(w.Reason(w, jane, v1alpha1.ConditionActive)).To(Equal("False/BlockedInAuth0"), "after a restart too")

	end := w.WatchSessions(map[string]*person.Session{"bob@acme.com": session})
	w.Update(tenant, func() { tenant.Spec.Guard.Mode = v1alpha1.GuardEnforce })
	w.UntilForwarding("the guard takes effect", func(g Gomega) {
		g.Expect(w.Reason(g, customer, v1alpha1.ConditionGuardInEffect)).To(Equal("True/GuardInEffect"))
	})
	end()

	w.InDashboard(http.MethodPatch, user, `{"blocked": false}`)
	w.UntilReason(jane, v1alpha1.ConditionActive, "True/Joined")
	_, err = w.SignIn(w.OrganizationID("acme"), "jane@acme.com")
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(w.Mails("jane@acme.com")).To(HaveLen(1), "nobody is mailed again")
}

// TestAccessPersonGoneIsToldAsItIs: of somebody who had joined and is in no more the
// Member says what was looked at, and blames nobody.
func TestAccessPersonGoneIsToldAsItIs(t *testing.T) {
	w := world.New(t)
	w.StartOperator(world.Sweeping)
	w.CreateCustomer("acme", 3)
	jane, bob := w.CreateMember("acme", "jane@acme.com"), w.CreateMember("acme", "bob@acme.com")
	w.Join(jane)
	w.Join(bob)
	w.Expect(w.Get(jane)).To(Succeed())
	w.Expect(w.Get(bob)).To(Succeed())
	w.InDashboard(http.MethodDelete, "/users/"+url.PathEscape(jane.Status.Users[0].UserID), "")
	w.Expect(w.Engineer().RemoveMembers(t.Context(), w.OrganizationID("acme"), bob.Status.Users[0].UserID)).To(Succeed())
	for member, says := range map[*v1alpha1.Member]string{jane: "deleted there, or linked into another", bob: "is no member of the organization any more"} {
		w.UntilForwarding("it shows when Auth0's lag is over", func(g Gomega) {
			g.Expect(w.Reason(g, member, v1alpha1.ConditionActive)).To(Equal("False/RemovedInAuth0"))
			g.Expect(meta.FindStatusCondition(member.Status.Conditions, v1alpha1.ConditionActive).Message).To(ContainSubstring(says))
		})
	}
}
