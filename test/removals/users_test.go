package removals

import (
	"net/http"
	"path"
	"sync/atomic"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/utils/ptr"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/test/world"
)

// usersGo has a Customer take its organization and its people's users along.
func usersGo(c *v1alpha1.Customer) {
	c.Spec.DeletionPolicy, c.Spec.Removal.User = v1alpha1.DeletionDelete, v1alpha1.RemovalUserDelete
	c.Spec.Removal.Brake.Percent = ptr.To[int32](100)
}

func users(w *world.World) (emails []string) {
	for _, user := range w.Auth0.Snapshot().Users {
		emails = append(emails, user.Email)
	}
	return emails
}

// TestRemovalUsersWithTheirOrganization: a contract ends. The users go of everybody
// whom we invited, whether their Member is deleted too, stays, or went within its
// grace; nobody else's do.
func TestRemovalUsersWithTheirOrganization(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	customer := w.CreateCustomer("acme", 10, usersGo)
	beta := w.CreateCustomer("beta", 10, func(c *v1alpha1.Customer) { c.Spec.Connections = nil })
	w.UntilReason(beta, v1alpha1.ConditionReady, "True/Reconciled")
	w.Employ("early@acme.com")
	_, err := w.SignIn(w.OrganizationID("acme"), "early@acme.com")
	w.Expect(err).To(HaveOccurred(), "no member yet, but the attempt makes a user")
	join := func(email string) *v1alpha1.Member {
		w.Employ(email)
		member := w.CreateMember("acme", email)
		w.Join(member)
		w.Expect(w.Get(member)).To(Succeed())
		return member
	}
	deleted, left, withdrawn := join("deleted@acme.com"), join("left@acme.com"), join("withdrawn@acme.com")
	join("early@acme.com")
	w.Expect(w.Engineer().AddMembers(t.Context(), w.OrganizationID("beta"), join("both@acme.com").Status.Users[0].UserID)).To(Succeed())
	w.Expect(w.Engineer().SetAppMetadata(t.Context(), join("seated@acme.com").Status.Users[0].UserID, ownership.GrantKey(w.OrganizationID("beta")), "key.x.y")).To(Succeed())
	w.Remove(withdrawn)

	w.Expect(w.Client.Delete(t.Context(), deleted)).To(Succeed())
	w.Expect(w.Client.Delete(t.Context(), customer)).To(Succeed())
	w.UntilGone(customer)
	w.UntilGone(deleted)
	_, there := w.Organization("acme")
	w.Expect(there).To(BeFalse())
	w.Expect(users(w)).To(ContainElements("early@acme.com", "both@acme.com", "seated@acme.com"))
	for _, email := range []string{"deleted@acme.com", "left@acme.com", "withdrawn@acme.com"} {
		w.Expect(users(w)).NotTo(ContainElement(email))
	}
	w.UntilTold(customer, v1alpha1.ReasonUserDeleted, "organization: 3")

	w.CreateCustomer("acme", 10)
	_, err = w.Accept(w.UntilMail("left@acme.com", 2))
	w.Expect(err).NotTo(HaveOccurred())
	w.UntilReason(left, v1alpha1.ConditionActive, "True/Joined")
}

// TestRemovalUsersAfterACrash: the operator dies when Auth0 has deleted the
// organization. The next one deletes the users, and only then lets the Customer go.
func TestRemovalUsersAfterACrash(t *testing.T) {
	w := world.New(t)
	var operator atomic.Pointer[world.Operator]
	killed := make(chan struct{})
	operator.Store(w.StartOperator(func(o *world.OperatorOptions) {
		o.AfterAnswer = func(r *http.Request, _ *http.Response) {
			if r.Method == http.MethodDelete && path.Dir(r.URL.Path) == "/api/v2/organizations" {
				operator.Load().Kill()
				close(killed)
			}
		}
	}))
	customer := w.CreateCustomer("acme", 5, usersGo)
	jane := w.CreateMember("acme", "jane@acme.com")
	w.Join(jane)
	w.Expect(w.Client.Delete(t.Context(), jane)).To(Succeed())
	w.Expect(w.Client.Delete(t.Context(), customer)).To(Succeed())
	w.Eventually(killed, world.Patience).Should(BeClosed())
	w.Expect(users(w)).To(ContainElement("jane@acme.com"))
	w.Expect(w.Get(customer)).To(Succeed())
	w.StartOperator()
	w.UntilGone(customer)
	w.UntilGone(jane)
	w.Expect(users(w)).NotTo(ContainElement("jane@acme.com"))
}

// TestRemovalUsersHeld: somebody deleted the organization in Auth0, where no brake
// is. Its people's users wait for the approval, or are kept.
func TestRemovalUsersHeld(t *testing.T) {
	for name, approved := range map[string]bool{"approved": true, "kept": false} {
		t.Run(name, func(t *testing.T) {
			w := world.New(t)
			operator := w.StartOperator()
			customer := w.CreateCustomer("acme", 5, usersGo, holdAll)
			w.Join(w.CreateMember("acme", "jane@acme.com"))
			operator.Stop()
			w.Expect(w.Engineer().DeleteOrganization(t.Context(), w.OrganizationID("acme"))).To(Succeed())
			w.Expect(w.Client.Delete(t.Context(), customer)).To(Succeed())
			w.StartOperator()
			w.UntilReason(customer, v1alpha1.ConditionRemovalsHeld, "True/AwaitingApproval")
			w.Expect(users(w)).To(ContainElement("jane@acme.com"))
			for _, condition := range []string{v1alpha1.ConditionRemovalsHeld, v1alpha1.ConditionReady} {
				said := meta.FindStatusCondition(customer.Status.Conditions, condition).Message
				w.Expect(said).To(And(HavePrefix("the organization is gone"), ContainSubstring("set spec.removal.user to Keep")))
			}
			if approved {
				approve(w, customer, 2)
				w.UntilGone(customer)
				w.Expect(users(w)).NotTo(ContainElement("jane@acme.com"))
				return
			}
			w.Update(customer, func() { customer.Spec.Removal.User = v1alpha1.RemovalUserKeep })
			w.UntilGone(customer)
			w.Expect(users(w)).To(ContainElement("jane@acme.com"))
		})
	}
}
