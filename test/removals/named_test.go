package removals

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/standin/person"
)

// TestAccessNamedUser: the identity provider gives another address than the Member's,
// so that every link is used up. The Member names the user, who is let in without
// another mail, is one Member's person alone, and is removed with that Member.
func TestAccessNamedUser(t *testing.T) {
	c, _ := newCompany(t, 4)
	c.calls("s-7", "j.doe@corp.example")
	jane := c.CreateMember("acme", "jane@acme.com")
	mail := c.UntilMail("jane@acme.com", 1)
	_, err := c.Browser().OpenLink(c.Context(), mail.Link, person.As{Connection: oktaName, Email: "j.doe@corp.example"})
	c.Expect(err).To(HaveOccurred(), "an account of another address")
	c.UntilForwarding("it shows", func(g Gomega) {
		g.Expect(c.Reason(g, jane, v1alpha1.ConditionActive)).To(Equal("False/AcceptedByWrongAccount"))
	})

	named := "okta|" + oktaName + "|s-7"
	c.Update(jane, func() { jane.Spec.UserID = named })
	c.UntilForwarding("the named user is in", func(g Gomega) {
		g.Expect(c.Reason(g, jane, v1alpha1.ConditionActive)).To(Equal("True/Joined"))
		g.Expect(jane.Status.Users).To(ConsistOf(HaveField("UserID", named)))
	})
	session, err := c.signIn("j.doe@corp.example")
	c.Expect(err).NotTo(HaveOccurred())

	other := c.CreateMember("acme", "other@acme.com", func(m *v1alpha1.Member) { m.Spec.UserID = named })
	c.UntilReason(other, v1alpha1.ConditionActive, "False/PersonMovedOn")
	c.Remove(other)
	c.Reread(jane)
	c.Expect(c.Reason(c, jane, v1alpha1.ConditionActive)).To(Equal("True/Joined"))
	_, err = c.signIn("j.doe@corp.example")
	c.Expect(err).NotTo(HaveOccurred())

	c.Remove(jane)
	_, err = c.signIn("j.doe@corp.example")
	c.Expect(err).To(HaveOccurred())
	_, err = session.Refresh(t.Context())
	c.Expect(err).To(HaveOccurred())
	c.Expect(c.Mails("jane@acme.com")).To(HaveLen(1))
	c.Expect(c.Mails("other@acme.com")).To(BeEmpty())
}
