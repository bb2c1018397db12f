package removals

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/internal/standin/person"
	"github.com/seatwarden/seatwarden/test/world"
)

// company is a Customer whose identity provider knows people by an id of its own.
type company struct{ *world.World }

const oktaName = "acme-okta"

func newCompany(t *testing.T, seats int32, change ...func(*v1alpha1.Customer)) (*company, *v1alpha1.Customer) {
	c := &company{world.New(t)}
	_, err := c.Auth0.AddConnection(standin.Connection{Name: oktaName, Strategy: "okta", Options: map[string]any{"domain": "acme.okta.com"}})
	c.Expect(err).NotTo(HaveOccurred())
	c.StartOperator()
	only := func(customer *v1alpha1.Customer) {
		customer.Spec.Connections = []v1alpha1.Connection{{Name: oktaName, Type: v1alpha1.ConnectionExisting}}
	}
	customer := c.CreateCustomer("acme", seats, append(change, only)...)
	c.UntilMail("boss@acme.com", 1)
	return c, customer
}

// calls has the identity provider know somebody by an address.
func (c *company) calls(sub, email string) {
	c.Helper()
	c.Expect(c.Auth0.AddPerson(oktaName, standin.IdPPerson{Sub: sub, Email: email, EmailVerified: true})).To(Succeed())
}

func (c *company) signIn(email string) (*person.Session, error) {
	return c.Browser().SignIn(c.Context(), c.Auth0.URL(), c.Login.ClientID, c.OrganizationID("acme"), person.As{Connection: oktaName, Email: email})
}

func (c *company) accept(mail standin.Mail) *person.Session {
	c.Helper()
	session, err := c.Browser().OpenLink(c.Context(), mail.Link, person.As{Connection: oktaName, Email: mail.To})
	c.Expect(err).NotTo(HaveOccurred())
	return session
}

// hasMoved waits until the later Member has the person, and the earlier one says so.
func (c *company) hasMoved(earlier, later *v1alpha1.Member) {
	c.Helper()
	c.UntilForwarding("the later address has the person", func(g Gomega) {
		g.Expect(c.Reason(g, later, v1alpha1.ConditionActive)).To(Equal("True/Joined"))
		g.Expect(c.Reason(g, earlier, v1alpha1.ConditionSeatAssigned)).To(Equal("False/PersonMovedOn"))
		g.Expect(c.Reason(g, earlier, v1alpha1.ConditionActive)).To(Equal("False/PersonMovedOn"))
		g.Expect(c.Reason(g, earlier, v1alpha1.ConditionStalled)).To(Equal("True/PersonMovedOn"))
		g.Expect(c.Holders("acme")).To(HaveKey(ownership.PersonRef(string(later.Spec.Email))))
		g.Expect(c.Holders("acme")).NotTo(HaveKey(ownership.PersonRef(string(earlier.Spec.Email))))
	})
}

// TestAccessAddressChanged: the address of somebody who has joined changes at the
// identity provider, and a Member with the new one is applied. One user is one
// person: the later address takes it over with its seat, without a mail, and
// deleting the earlier Member takes nothing.
func TestAccessAddressChanged(t *testing.T) {
	c, _ := newCompany(t, 2) // the admin's seat and hers
	c.calls("s-7", "jane@acme.com")
	jane := c.CreateMember("acme", "jane@acme.com")
	session := c.accept(c.UntilMail("jane@acme.com", 1))
	c.UntilReason(jane, v1alpha1.ConditionActive, "True/Joined")

	c.calls("s-7", "jones@acme.com")
	_, err := c.signIn("jones@acme.com")
	c.Expect(err).NotTo(HaveOccurred())
	c.Reread(jane)
	c.Expect(c.Reason(c, jane, v1alpha1.ConditionActive)).To(Equal("True/Joined"), "nobody declares the new address")

	jones := c.CreateMember("acme", "jones@acme.com")
	c.hasMoved(jane, jones)
	c.Expect(c.Mails("jones@acme.com")).To(BeEmpty(), "nothing is sent")
	for _, member := range []*v1alpha1.Member{jane, jones, jane} {
		c.Reread(member) // in whatever order
	}
	c.hasMoved(jane, jones)

	c.Remove(jane)
	c.Expect(c.Removals("acme")).To(BeEmpty(), "the brake counts nobody from whom nothing is taken")
	c.Reread(jones)
	c.Expect(c.Reason(c, jones, v1alpha1.ConditionActive)).To(Equal("True/Joined"))
	_, err = c.signIn("jones@acme.com")
	c.Expect(err).NotTo(HaveOccurred())
	_, err = session.Refresh(t.Context())
	c.Expect(err).NotTo(HaveOccurred(), "no session was ended")

	c.Remove(jones)
	_, err = c.signIn("jones@acme.com")
	c.Expect(err).To(HaveOccurred(), "the removal of the later address is the person's")
	_, err = session.Refresh(t.Context())
	c.Expect(err).To(HaveOccurred())
}

// TestAccessAddressChangedBack: the person goes back to the Member of the address
// that is theirs again.
func TestAccessAddressChangedBack(t *testing.T) {
	c, _ := newCompany(t, 2)
	c.calls("s-7", "jane@acme.com")
	jane := c.CreateMember("acme", "jane@acme.com")
	c.accept(c.UntilMail("jane@acme.com", 1))
	c.UntilReason(jane, v1alpha1.ConditionActive, "True/Joined")
	c.calls("s-7", "jones@acme.com")
	_, err := c.signIn("jones@acme.com")
	c.Expect(err).NotTo(HaveOccurred())
	jones := c.CreateMember("acme", "jones@acme.com")
	c.hasMoved(jane, jones)

	c.calls("s-7", "jane@acme.com")
	_, err = c.signIn("jane@acme.com")
	c.Expect(err).NotTo(HaveOccurred())
	c.Reread(jones)
	c.hasMoved(jones, jane)
	c.Remove(jones)
	_, err = c.signIn("jane@acme.com")
	c.Expect(err).NotTo(HaveOccurred())
	c.Expect(c.Mails("jones@acme.com")).To(BeEmpty())
}

// TestRemovalEarlierAddressDeletedAtOnce: the earlier Member is deleted in the
// moment in which the later is applied, and its removal looks first.
func TestRemovalEarlierAddressDeletedAtOnce(t *testing.T) {
	c, _ := newCompany(t, 3)
	c.calls("s-7", "jane@acme.com")
	jane := c.CreateMember("acme", "jane@acme.com")
	c.accept(c.UntilMail("jane@acme.com", 1))
	c.UntilReason(jane, v1alpha1.ConditionActive, "True/Joined")
	c.calls("s-7", "jones@acme.com")
	_, err := c.signIn("jones@acme.com")
	c.Expect(err).NotTo(HaveOccurred())

	jones := c.CreateMember("acme", "jones@acme.com")
	c.Remove(jane)
	c.UntilForwarding("the later Member has the person", func(g Gomega) {
		g.Expect(c.Reason(g, jones, v1alpha1.ConditionActive)).To(Equal("True/Joined"))
	})
	for range 3 {
		c.Auth0.Forward(time.Minute)
		_, err = c.signIn("jones@acme.com")
		c.Expect(err).NotTo(HaveOccurred())
	}
	c.Expect(c.Mails("jones@acme.com")).To(BeEmpty())
}

// TestAccessAccountMadeAnew: the account of somebody who has joined is deleted at
// the identity provider and made anew under the same address. A request lets the
// new one in, without a mail, and a removal takes from both.
func TestAccessAccountMadeAnew(t *testing.T) {
	for name, removed := range map[string]bool{"on request": false, "removed and applied again": true} {
		t.Run(name, func(t *testing.T) {
			c, _ := newCompany(t, 2)
			c.calls("s-7", "jane@acme.com")
			jane := c.CreateMember("acme", "jane@acme.com")
			session := c.accept(c.UntilMail("jane@acme.com", 1))
			c.UntilReason(jane, v1alpha1.ConditionActive, "True/Joined")
			c.Expect(c.Auth0.RemovePerson(oktaName, "jane@acme.com")).To(Succeed())
			c.calls("s-8", "jane@acme.com")
			_, err := c.signIn("jane@acme.com")
			c.Expect(err).To(HaveOccurred(), "another account")
			if removed {
				c.Remove(jane)
				jane = c.CreateMember("acme", "jane@acme.com")
			} else {
				c.RequestInvitation(jane)
			}
			c.UntilForwarding("both accounts are the person", func(g Gomega) {
				g.Expect(c.Reason(g, jane, v1alpha1.ConditionActive)).To(Equal("True/Joined"))
				g.Expect(jane.Status.Users).To(HaveLen(2))
			})
			fresh, err := c.signIn("jane@acme.com")
			c.Expect(err).NotTo(HaveOccurred())
			c.Expect(c.Mails("jane@acme.com")).To(HaveLen(1), "nothing is sent")

			c.Remove(jane)
			_, err = c.signIn("jane@acme.com")
			c.Expect(err).To(HaveOccurred())
			for _, held := range []*person.Session{session, fresh} {
				_, err = held.Refresh(t.Context())
				c.Expect(err).To(HaveOccurred())
			}
		})
	}
}

// TestOneMailEarlierAddressStatusWiped: the earlier Member's status is lost after its
// person has moved on. It does not look like somebody new: nothing is sent. Whoever
// has the address later, under a Member of their own, is invited.
func TestOneMailEarlierAddressStatusWiped(t *testing.T) {
	c, customer := newCompany(t, 4)
	c.calls("s-7", "jane@acme.com")
	jane := c.CreateMember("acme", "jane@acme.com")
	c.accept(c.UntilMail("jane@acme.com", 1))
	c.UntilReason(jane, v1alpha1.ConditionActive, "True/Joined")
	c.calls("s-7", "jones@acme.com")
	_, err := c.signIn("jones@acme.com")
	c.Expect(err).NotTo(HaveOccurred())
	jones := c.CreateMember("acme", "jones@acme.com")
	c.hasMoved(jane, jones)

	c.Reread(customer) // a look from before shows the earlier grant
	patch := client.RawPatch(types.MergePatchType, []byte(`{"status":null}`))
	c.Expect(c.Client.Status().Patch(c.Context(), jane, patch)).To(Succeed())
	c.Until("it is decided anew", func(g Gomega) {
		g.Expect(c.Get(jane)).To(Succeed())
		g.Expect(jane.Status.Seat).NotTo(BeNil())
	})
	c.Throughout("nothing is sent", func(g Gomega) { g.Expect(c.Mails("jane@acme.com")).To(HaveLen(1)) })
	c.hasMoved(jane, jones)
	c.Auth0.Forward(time.Minute)
	c.Reread(jane)
	c.hasMoved(jane, jones)
	c.Expect(c.Mails("jane@acme.com")).To(HaveLen(1))

	c.Remove(jane)
	c.calls("s-9", "jane@acme.com")
	jane = c.CreateMember("acme", "jane@acme.com")
	c.accept(c.UntilMail("jane@acme.com", 2))
	c.UntilReason(jane, v1alpha1.ConditionActive, "True/Joined")
	c.UntilReason(jones, v1alpha1.ConditionActive, "True/Joined")
}

// TestAccessUserDeletedInAuth0: the only user of somebody who has joined is deleted
// in Auth0, and the account made anew. The Member tells within a look, a request is
// answered by a mail, and a Member applied again does not bring the dead user back.
func TestAccessUserDeletedInAuth0(t *testing.T) {
	for name, again := range map[string]bool{"on request": false, "removed and applied again": true} {
		t.Run(name, func(t *testing.T) {
			c, _ := newCompany(t, 2)
			c.calls("s-7", "jane@acme.com")
			jane := c.CreateMember("acme", "jane@acme.com")
			c.accept(c.UntilMail("jane@acme.com", 1))
			c.UntilReason(jane, v1alpha1.ConditionActive, "True/Joined")
			c.Expect(c.Get(jane)).To(Succeed())
			dead := jane.Status.Users[0].UserID
			c.Expect(c.Engineer().DeleteUser(c.Context(), dead)).To(Succeed())
			c.Expect(c.Auth0.RemovePerson(oktaName, "jane@acme.com")).To(Succeed())
			c.UntilForwarding("it tells", func(g Gomega) {
				g.Expect(c.Reason(g, jane, v1alpha1.ConditionActive)).To(Equal("False/RemovedInAuth0"))
			})
			c.calls("s-8", "jane@acme.com")
			if again {
				c.Remove(jane)
				jane = c.CreateMember("acme", "jane@acme.com")
			} else {
				c.RequestInvitation(jane)
			}
			c.accept(c.UntilMail("jane@acme.com", 2))
			c.UntilForwarding("the new account is in", func(g Gomega) {
				g.Expect(c.Reason(g, jane, v1alpha1.ConditionActive)).To(Equal("True/Joined"))
				g.Expect(jane.Status.Users).To(ContainElement(HaveField("UserID", Not(Equal(dead)))))
			})
			_, err := c.signIn("jane@acme.com")
			c.Expect(err).NotTo(HaveOccurred())
			c.Remove(jane)
			_, err = c.signIn("jane@acme.com")
			c.Expect(err).To(HaveOccurred())
		})
	}
}
