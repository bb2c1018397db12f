package promises

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/test/world"
)

func TestStory(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	customer := w.CreateCustomer("acme", 2)

	mail := w.UntilMail("boss@acme.com", 1)
	session, err := w.Accept(mail)
	w.Expect(err).NotTo(HaveOccurred(), "the admin's link works")
	w.Expect(session.Claims).To(HaveKeyWithValue("org_id", w.OrganizationID("acme")))
	_, err = w.SignIn(w.OrganizationID("acme"), "boss@acme.com")
	w.Expect(err).NotTo(HaveOccurred(), "and the admin can sign in from then on")

	jane := w.CreateMember("acme", "jane@acme.com")
	mail = w.UntilMail("jane@acme.com", 1)
	w.UntilReason(jane, v1alpha1.ConditionActive, "False/Invited")
	w.Auth0.Forward(24 * time.Hour)
	w.UntilReason(jane, v1alpha1.ConditionActive, "False/Expired")
	_, err = w.Accept(mail)
	w.Expect(err).To(HaveOccurred(), "a link dies after 24 hours")

	w.Update(jane, func() {
		jane.Annotations = map[string]string{v1alpha1.AnnotationInviteRequestedAt: time.Now().UTC().Format(time.RFC3339)}
	})
	_, err = w.Accept(w.UntilMail("jane@acme.com", 2))
	w.Expect(err).NotTo(HaveOccurred(), "and can be sent again")
	w.UntilReason(jane, v1alpha1.ConditionActive, "True/Joined")

	bob := w.CreateMember("acme", "bob@acme.com")
	w.UntilReason(bob, v1alpha1.ConditionSeatAssigned, "False/SeatLimitReached")
	w.Expect(w.Mails("bob@acme.com")).To(BeEmpty())

	live, err := w.SignIn(w.OrganizationID("acme"), "jane@acme.com")
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(w.Client.Delete(t.Context(), jane)).To(Succeed())
	w.Until("the leaver is refused", func(g Gomega) {
		_, err := w.SignIn(w.OrganizationID("acme"), "jane@acme.com")
		g.Expect(err).To(HaveOccurred())
		_, err = live.Refresh(t.Context())
		g.Expect(err).To(HaveOccurred())
	})
	w.UntilRemoved(jane)
	w.UntilMail("bob@acme.com", 1)
	w.Until("the Customer counts", func(g Gomega) {
		g.Expect(w.Get(customer)).To(Succeed())
		g.Expect(*customer.Status.Seats).To(Equal(v1alpha1.SeatCounts{Used: 2, Active: 1, Invited: 1}))
	})
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Reconciled")
}
