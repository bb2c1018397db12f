package removals

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/test/world"
)

// TestRemovalOfADuplicateTakesNothing: the second Member of an address goes, at
// whatever point, and the person keeps everything.
func TestRemovalOfADuplicateTakesNothing(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	w.CreateCustomer("acme", 3)
	jane := w.CreateMember("acme", "jane@acme.com")
	session := w.Join(jane)

	again := w.CreateMember("acme", "jane@acme.com", func(m *v1alpha1.Member) { m.Name, m.Spec.Email = "jane-again", "Jane@acme.com" })
	w.Expect(w.Client.Delete(t.Context(), again)).To(Succeed())
	w.UntilGone(again)
	w.Throughout("Jane signs in", func(g Gomega) {
		_, err := w.SignIn(w.OrganizationID("acme"), "jane@acme.com")
		g.Expect(err).NotTo(HaveOccurred())
	})
	_, err := session.Refresh(t.Context())
	w.Expect(err).NotTo(HaveOccurred())
	w.UntilReason(jane, v1alpha1.ConditionActive, "True/Joined")
}

// TestRemovalHandsOverToAnotherMember: a Member renamed, created first. Nothing
// is sent, nobody is shut out, and the contract's one seat is enough.
func TestRemovalHandsOverToAnotherMember(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	w.CreateCustomer("acme", 2)
	w.UntilMail("boss@acme.com", 1)
	jane := w.CreateMember("acme", "jane@acme.com")
	w.Join(jane)
	bob := w.CreateMember("acme", "bob@acme.com")
	w.UntilReason(bob, v1alpha1.ConditionSeatAssigned, "False/SeatLimitReached")

	renamed := w.CreateMember("acme", "jane@acme.com", func(m *v1alpha1.Member) { m.Name = "jane-doe" })
	w.UntilReason(renamed, v1alpha1.ConditionSeatAssigned, "False/DuplicateEmail")
	w.Expect(w.Client.Delete(t.Context(), jane)).To(Succeed())
	w.UntilGone(jane)
	w.UntilReason(renamed, v1alpha1.ConditionActive, "True/Joined")
	_, err := w.SignIn(w.OrganizationID("acme"), "jane@acme.com")
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(w.Mails("jane@acme.com")).To(HaveLen(1), "nothing is sent")
	w.UntilReason(bob, v1alpha1.ConditionSeatAssigned, "False/SeatLimitReached")
	w.Expect(w.Mails("bob@acme.com")).To(BeEmpty(), "the seat was never free")
}

// TestOneMailHandOverOfAnInvitation: the one who was only invited keeps the link.
func TestOneMailHandOverOfAnInvitation(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	w.CreateCustomer("acme", 2)
	jane := w.CreateMember("acme", "jane@acme.com")
	mail := w.UntilMail("jane@acme.com", 1)
	w.UntilReason(jane, v1alpha1.ConditionActive, "False/Invited")
	renamed := w.CreateMember("acme", "jane@acme.com", func(m *v1alpha1.Member) { m.Name = "jane-doe" })
	w.Expect(w.Client.Delete(t.Context(), jane)).To(Succeed())
	w.UntilGone(jane)
	w.UntilReason(renamed, v1alpha1.ConditionActive, "False/Invited")
	_, err := w.Accept(mail)
	w.Expect(err).NotTo(HaveOccurred(), "the link works")
	w.UntilReason(renamed, v1alpha1.ConditionActive, "True/Joined")
	w.Expect(w.Mails("jane@acme.com")).To(HaveLen(1))
}

// TestAccessOfAnAdminWhoseMemberIsDeleted: while the contract names the admin,
// deleting the Member removes nothing; it comes back by itself.
func TestAccessOfAnAdminWhoseMemberIsDeleted(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	w.CreateCustomer("acme", 1)
	w.UntilMail("boss@acme.com", 1)
	generated := &w.Members()[0]
	session := w.Join(generated)
	uid := generated.UID

	w.Expect(w.Client.Delete(t.Context(), generated)).To(Succeed())
	w.Until("the Member comes back and finds the person", func(g Gomega) {
		g.Expect(w.Get(generated)).To(Succeed())
		g.Expect(generated.UID).NotTo(Equal(uid))
		g.Expect(w.Reason(g, generated, v1alpha1.ConditionActive)).To(Equal("True/Joined"))
	})
	_, err := session.Refresh(t.Context())
	w.Expect(err).NotTo(HaveOccurred(), "no session was ended")
	w.Auth0.Forward(time.Minute)
	w.Throughout("no second mail", func(g Gomega) { g.Expect(w.Mails("boss@acme.com")).To(HaveLen(1)) })
}

// TestSeatsOfACustomerMadeAnew: a new contract decides anew, whatever the
// Members' status still says of the organization that is gone.
func TestSeatsOfACustomerMadeAnew(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	customer := w.CreateCustomer("acme", 3, func(c *v1alpha1.Customer) { c.Spec.DeletionPolicy = v1alpha1.DeletionDelete })
	jane, bob := w.CreateMember("acme", "jane@acme.com"), w.CreateMember("acme", "bob@acme.com")
	w.Join(jane)
	w.Join(bob)
	w.Expect(w.Client.Delete(t.Context(), customer)).To(Succeed())
	w.UntilGone(customer)

	w.CreateCustomer("acme", 2)
	w.UntilMail("boss@acme.com", 2)
	w.Until("one of the two gets the one seat that is left, and a mail of its own", func(g Gomega) {
		g.Expect(len(w.Mails("jane@acme.com")) + len(w.Mails("bob@acme.com"))).To(Equal(3))
	})
	w.Expect(w.Holders("acme")).To(HaveLen(2))
}

// TestRemovalOfWhoseSeatLapsed: a Member that holds no seat has none to hand over.
// Another of the address that waits for one keeps it from going no longer.
func TestRemovalOfWhoseSeatLapsed(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	customer := w.CreateCustomer("acme", 2)
	w.Join(w.AdminMember(customer))
	jane := w.CreateMember("acme", "jane@acme.com")
	w.UntilReason(jane, v1alpha1.ConditionActive, "False/Invited")
	w.Auth0.Forward(24 * time.Hour)
	w.UntilReason(jane, v1alpha1.ConditionActive, "False/Expired")
	bob := w.CreateMember("acme", "bob@acme.com")
	w.UntilForwarding("the seat goes to who waits", func(g Gomega) {
		g.Expect(w.Reason(g, jane, v1alpha1.ConditionSeatAssigned)).To(Equal("False/SeatLapsed"))
		g.Expect(w.Reason(g, bob, v1alpha1.ConditionActive)).To(Equal("False/Invited"))
	})
	again := w.CreateMember("acme", "jane@acme.com", func(m *v1alpha1.Member) { m.Name = "jane-again" })
	w.UntilReason(again, v1alpha1.ConditionSeatAssigned, "False/DuplicateEmail")
	w.Remove(jane)
	w.UntilReason(again, v1alpha1.ConditionSeatAssigned, "False/SeatLimitReached")
	w.Update(customer, func() { customer.Spec.Seats = 3 })
	w.UntilReason(again, v1alpha1.ConditionActive, "False/Invited")
	w.Expect(w.Mails("jane@acme.com")).To(HaveLen(2), "one for each that was declared")
}
