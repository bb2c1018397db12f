package removals

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/test/world"
)

// TestRemovalDestructionRacesReapplication: a Member is applied again at each
// step of the destruction. The person is back in, or a stranger who is invited;
// never somebody who shows Active and does not exist.
func TestRemovalDestructionRacesReapplication(t *testing.T) {
	w := world.New(t)
	var between interposer
	w.StartOperator(func(o *world.OperatorOptions) { o.AfterAnswer = between.after })
	w.CreateCustomer("acme", 10, longGrace, deleteUsers)
	for name, moment := range map[string]func(*http.Request) bool{
		"after the user was read":             call("GET", "@acme.com"),
		"after the user's organizations were": call("GET", "/organizations"),
		"after the user was deleted":          call("DELETE", "@acme.com"),
		"as the grace ends, before any of it": nil,
	} {
		t.Run(name, func(t *testing.T) {
			// A person of its own: whoever was there before is kept.
			email := v1alpha1.Email(fmt.Sprintf("leaver%d@acme.com", len(w.Members())))
			leaver := w.CreateMember("acme", string(email))
			_, err := w.Accept(w.UntilMail(string(email), 1))
			w.Expect(err).NotTo(HaveOccurred())
			w.UntilForwarding("the person is known", func(g Gomega) {
				g.Expect(w.Reason(g, leaver, v1alpha1.ConditionActive)).To(Equal("True/Joined"))
			})
			w.Remove(leaver)

			again := w.MemberObject("acme", string(email))
			create := func() { w.Expect(w.Client.Create(t.Context(), again)).To(Succeed()) }
			if moment == nil {
				w.Auth0.Forward(beyondGrace)
				create()
			} else {
				done := between.once(func(r *http.Request) bool {
					return moment(r) && strings.Contains(r.URL.Path, "leaver")
				}, create)
				w.Auth0.Forward(beyondGrace)
				w.Eventually(done, world.Patience).Should(BeTrue(), "the moment comes")
			}
			w.UntilForwarding("the Member settles", func(g Gomega) {
				g.Expect(w.Reason(g, again, v1alpha1.ConditionActive)).To(BeElementOf("True/Joined", "False/Invited"))
				g.Expect(w.Removals("acme")).To(BeEmpty())
			})
			w.Throughout("and stays so", func(g Gomega) {
				if w.Reason(g, again, v1alpha1.ConditionActive) == "True/Joined" {
					_, err := w.SignIn(w.OrganizationID("acme"), string(email))
					g.Expect(err).NotTo(HaveOccurred())
					g.Expect(w.Mails(string(email))).To(HaveLen(1))
				} else {
					g.Expect(w.Mails(string(email))).To(HaveLen(2))
				}
			})
		})
	}
}

// TestRemovalProfileRecreatedBySSO: the profile is deleted in Auth0 in the middle
// of the removal, and signing in elsewhere makes it anew.
func TestRemovalProfileRecreatedBySSO(t *testing.T) {
	w := world.New(t)
	operator := w.StartOperator()
	w.CreateCustomer("acme", 5)
	jane := w.CreateMember("acme", "jane@acme.com")
	session := w.Join(jane)
	w.Expect(w.Get(jane)).To(Succeed())

	operator.Stop()
	w.Expect(w.Client.Delete(t.Context(), jane)).To(Succeed())
	w.Expect(w.Engineer().DeleteUser(t.Context(), jane.Status.Users[0].UserID)).To(Succeed())
	_, err := w.SignIn(w.OrganizationID("acme"), "jane@acme.com")
	w.Expect(err).To(HaveOccurred(), "no member, but the attempt makes the profile anew")
	w.Expect(w.Engineer().AddMembers(t.Context(), w.OrganizationID("acme"), jane.Status.Users[0].UserID)).To(Succeed())
	w.StartOperator()
	w.UntilRemoved(jane)
	w.AssertOut("acme", "jane@acme.com", session)
}

// TestRemovalOfTheOneThatTakesOver: the Member that takes over is deleted before
// it has.
func TestRemovalOfTheOneThatTakesOver(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	w.CreateCustomer("acme", 5)
	jane := w.CreateMember("acme", "jane@acme.com")
	session := w.Join(jane)
	heir := w.CreateMember("acme", "jane@acme.com", func(m *v1alpha1.Member) { m.Name = "jane-doe" })
	w.UntilReason(heir, v1alpha1.ConditionSeatAssigned, "False/DuplicateEmail")
	w.Expect(w.Client.Delete(t.Context(), jane)).To(Succeed())
	w.Expect(w.Client.Delete(t.Context(), heir)).To(Succeed())
	w.UntilRemoved(jane)
	w.UntilRemoved(heir)
	w.AssertOut("acme", "jane@acme.com", session)
}

// TestOneMailAdminDeclaredAndGenerated: the contract names an admin for whom
// somebody applies a Member too, in either order. One mail, one Member, one seat.
func TestOneMailAdminDeclaredAndGenerated(t *testing.T) {
	for _, first := range []string{"the Customer first", "the Member first", "the Member much later"} {
		t.Run(first, func(t *testing.T) {
			w := world.New(t)
			w.StartOperator()
			declared := w.MemberObject("acme", "boss@acme.com")
			declared.Name = "the-boss"
			declare := func() { w.Expect(w.Client.Create(t.Context(), declared)).To(Succeed()) }
			if first == "the Member first" {
				declare()
			}
			customer := w.CreateCustomer("acme", 1)
			if first == "the Member much later" {
				w.UntilMail("boss@acme.com", 1)
			}
			if first != "the Member first" {
				declare()
			}
			w.Until("one Member is left, with the seat", func(g Gomega) {
				g.Expect(w.Members()).To(ConsistOf(HaveField("Name", "the-boss")))
				g.Expect(w.Reason(g, declared, v1alpha1.ConditionActive)).To(Equal("False/Invited"))
			})
			_, err := w.Accept(w.UntilMail("boss@acme.com", 1))
			w.Expect(err).NotTo(HaveOccurred(), "the link of the one mail works")
			w.UntilReason(declared, v1alpha1.ConditionActive, "True/Joined")
			w.Expect(w.Mails("boss@acme.com")).To(HaveLen(1))
			w.Expect(w.Get(customer)).To(Succeed())
			w.Expect(customer.Status.Seats.Used).To(BeEquivalentTo(1))
		})
	}
}
