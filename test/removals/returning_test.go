package removals

import (
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/test/world"
)

// TestOneMailDestructionLooksForMembers: without a grace the user is deleted as
// soon as the removal is confirmed. A Member that is applied while the last look
// is taken keeps its person: the Members are listed once more before that.
func TestOneMailDestructionLooksForMembers(t *testing.T) {
	for name, approved := range map[string]bool{"a removal": false, "an approved removal": true} {
		t.Run(name, func(t *testing.T) {
			w := world.New(t)
			var between interposer
			w.StartOperator(func(o *world.OperatorOptions) { o.AfterAnswer = between.after })
			customer := w.CreateCustomer("acme", 5, func(c *v1alpha1.Customer) {
				c.Spec.Removal.User, c.Spec.Removal.Grace = v1alpha1.RemovalUserDelete, &metav1.Duration{}
				if approved {
					holdAll(c)
				}
			})
			jane := w.CreateMember("acme", "jane@acme.com")
			w.Join(jane)
			w.Expect(w.Client.Delete(t.Context(), jane)).To(Succeed())
			if approved {
				w.UntilGone(jane)
				approve(w, customer, 1)
			}
			taken := w.UntilTaken("acme", "jane@acme.com").Status.Withdrawal
			again := w.MemberObject("acme", "jane@acme.com")
			again.Name = "jane-again"
			confirming := func(r *http.Request) bool {
				return call("GET", "/roles")(r) && w.Auth0.Clock().Now().After(taken.ChangedAt.Add(20*time.Second))
			}
			applied := between.once(confirming, func() { w.Expect(w.Client.Create(t.Context(), again)).To(Succeed()) })
			w.Auth0.Forward(30 * time.Second)
			w.Eventually(applied, world.Patience).Should(BeTrue(), "the moment comes")
			w.UntilForwarding("the person is back", func(g Gomega) {
				g.Expect(w.Reason(g, again, v1alpha1.ConditionActive)).To(Equal("True/Joined"))
			})
			_, err := w.SignIn(w.OrganizationID("acme"), "jane@acme.com")
			w.Expect(err).NotTo(HaveOccurred())
			w.Expect(w.Mails("jane@acme.com")).To(HaveLen(1))
		})
	}
}

// TestAccessNotGivenWhileTaken: between the look at the person's Removal and the
// call that gives, another pass begins to take from the person.
func TestAccessNotGivenWhileTaken(t *testing.T) {
	w := world.New(t)
	var between interposer
	w.StartOperator(func(o *world.OperatorOptions) { o.AfterAnswer = between.after })
	w.CreateCustomer("acme", 5, longGrace)
	jane := w.CreateMember("acme", "jane@acme.com")
	w.Join(jane)
	w.Remove(jane)
	begun := between.once(call("GET", "@acme.com"), func() {
		removal := w.Removal("acme", "jane@acme.com")
		before := removal.DeepCopy()
		removal.Status.State, removal.Status.Withdrawal = v1alpha1.RemovalRemoving, nil
		w.Expect(w.Client.Status().Patch(t.Context(), removal, client.MergeFrom(before))).To(Succeed())
	})
	again := w.CreateMember("acme", "jane@acme.com")
	w.Eventually(begun, world.Patience).Should(BeTrue(), "the moment comes")
	w.UntilForwarding("the person is back when that is done", func(g Gomega) {
		g.Expect(w.Reason(g, again, v1alpha1.ConditionActive)).To(Equal("True/Joined"))
		g.Expect(w.Removal("acme", "jane@acme.com")).To(BeNil())
	})
	w.Throughout("and stays", func(g Gomega) {
		_, err := w.SignIn(w.OrganizationID("acme"), "jane@acme.com")
		g.Expect(err).NotTo(HaveOccurred())
	})
	w.Expect(w.Mails("jane@acme.com")).To(HaveLen(1))
}

// TestAccessDestructionIsAnnounced: a Member is applied when everything about the
// user was read and nothing deleted yet. It sees that the user goes, and waits.
func TestAccessDestructionIsAnnounced(t *testing.T) {
	w := world.New(t)
	var between interposer
	w.StartOperator(func(o *world.OperatorOptions) { o.AfterAnswer = between.after })
	w.CreateCustomer("acme", 5, longGrace, deleteUsers)
	jane := w.CreateMember("acme", "jane@acme.com")
	w.Join(jane)
	w.Remove(jane)
	again := w.MemberObject("acme", "jane@acme.com")
	deleting := func(r *http.Request) bool {
		return call("GET", "/organizations")(r) && strings.Contains(r.URL.Path, "jane@acme.com")
	}
	waited := between.once(deleting, func() {
		w.Expect(w.Client.Create(t.Context(), again)).To(Succeed())
		w.Until("the Member waits", func(g Gomega) {
			g.Expect(w.Reason(g, again, v1alpha1.ConditionReady)).To(Equal("False/Leaving"))
		})
	})
	w.Auth0.Forward(beyondGrace)
	w.Eventually(waited, 2*world.Patience).Should(BeTrue(), "the moment comes")
	w.UntilForwarding("the person is invited as a stranger", func(g Gomega) {
		g.Expect(w.Reason(g, again, v1alpha1.ConditionActive)).To(Equal("False/Invited"))
	})
	w.Expect(w.Mails("jane@acme.com")).To(HaveLen(2))
}

// TestOneMailUserGoneWhileBroughtBack: the answer of the call that brings somebody
// back is lost, and the user is deleted in Auth0 before the next. The person is
// invited as a stranger, and nobody waits for that call when it cannot land any more.
func TestOneMailUserGoneWhileBroughtBack(t *testing.T) {
	w := world.New(t)
	w.StartOperator(func(o *world.OperatorOptions) {
		o.NoAnswer = func(r *http.Request) {
			if call("POST", "/members")(r) {
				users, err := w.Engineer().UsersByEmail(t.Context(), "jane@acme.com")
				w.Expect(err).NotTo(HaveOccurred())
				w.Expect(w.Engineer().DeleteUser(t.Context(), users[0].ID)).To(Succeed())
			}
		}
	})
	w.CreateCustomer("acme", 5, longGrace)
	jane := w.CreateMember("acme", "jane@acme.com")
	w.Join(jane)
	w.Remove(jane)

	w.Fault(standin.Fault{Method: http.MethodPost, Route: "/api/v2/organizations/{id}/members", Kind: standin.FaultDropAfter, Count: 1})
	again := w.CreateMember("acme", "jane@acme.com")
	w.UntilMail("jane@acme.com", 2)
	w.UntilReason(again, v1alpha1.ConditionActive, "False/Invited")
	w.UntilForwarding("nothing is on its way any more", func(g Gomega) {
		g.Expect(w.Reason(g, again, v1alpha1.ConditionReady)).To(Equal("True/Reconciled"))
		g.Expect(again.Status.Attempt).To(BeNil())
	})
	w.Expect(w.Mails("jane@acme.com")).To(HaveLen(2))
}
