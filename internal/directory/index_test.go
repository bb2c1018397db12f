package directory

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

func invited(id, email string) auth0.Invitation {
	grant := ownership.Grant{Key: "k", Person: ownership.PersonRef(email), Attempt: "a"}
	return auth0.Invitation{ID: id, Email: email, ExpiresAt: t0.Add(time.Hour), AppMetadata: map[string]string{ownership.GrantKey("org_1"): grant.String()}}
}

func idsOf(invitations []auth0.Invitation) (ids []string) {
	for _, invitation := range invitations {
		ids = append(ids, invitation.ID)
	}
	return ids
}

// TestSeatsIndexShowsAll: whom the lists show is found, in whatever order they came and
// however the address is spelled, and so is who was invited since.
func TestSeatsIndexShowsAll(t *testing.T) {
	g := NewWithT(t)
	ann, bob := ownership.PersonRef("ann@acme.com"), ownership.PersonRef("bob@acme.com")
	api := &lists{
		now:         t0,
		members:     []auth0.OrganizationMember{{UserID: "u2", Email: "Bob@acme.com"}, {UserID: "u1", Email: "ann@acme.com"}, {UserID: "u3", Email: "bob@acme.com"}, {UserID: "nobody"}},
		holders:     []auth0.User{holder("u2", bob), holder("u1", ann), holder("u3", bob), {ID: "none", AppMetadata: map[string]string{ownership.GrantKey("org_1"): "?"}}},
		invitations: []auth0.Invitation{invited("i3", "bob@acme.com"), {ID: "foreign", Email: "Bob@acme.com"}, invited("i1", "ann@acme.com")},
	}
	org := organization(api)
	look, err := org.Observe(t.Context(), t0)
	g.Expect(err).NotTo(HaveOccurred())

	g.Expect(look.Listed("u3")).To(BeTrue())
	g.Expect(look.Listed("u4")).To(BeFalse())
	g.Expect(look.MembersAt("BOB@acme.com")).To(ConsistOf(api.members[0], api.members[2]))
	g.Expect(look.MembersAt("eve@acme.com")).To(BeEmpty())
	g.Expect(look.HoldersOf(bob)).To(HaveLen(2))
	_, ok := look.Holder("u4")
	g.Expect(ok).To(BeFalse())
	found, ok := look.Holder("u1")
	g.Expect(ok).To(BeTrue())
	whole := found.Whole("org_1")
	g.Expect(whole).To(Equal(holder("u1", ann)), "a grant is where Auth0 has it")
	_, ok = org.Granted(found)
	g.Expect(ok).To(BeTrue())
	none, _ := look.Holder("none")
	_, ok = org.Granted(none)
	g.Expect(ok).To(BeFalse())
	g.Expect(idsOf(look.InvitationsTo("bob@acme.com"))).To(Equal([]string{"i3", "foreign"}))
	g.Expect(idsOf(look.InvitationsFor(bob))).To(Equal([]string{"i3"}))

	org.Sent(invited("i5", "bob@acme.com"))
	g.Expect(idsOf(org.Latest().InvitationsTo("Bob@acme.com"))).To(Equal([]string{"i5", "i3", "foreign"}), "the newest first")
	g.Expect(idsOf(org.Latest().InvitationsFor(bob))).To(Equal([]string{"i5", "i3"}))
	g.Expect(idsOf(org.Latest().InvitationsFor(ann))).To(Equal([]string{"i1"}))

	org.Forget(bob, nil)
	g.Expect(org.Latest().InvitationsTo("bob@acme.com")).To(BeEmpty())
	g.Expect(org.Latest().HoldersOf(bob)).To(BeEmpty())
	g.Expect(org.Latest().Listed("u2")).To(BeFalse())
	g.Expect(org.Latest().Listed("u1")).To(BeTrue())
	g.Expect(idsOf(org.Latest().InvitationsFor(ann))).To(Equal([]string{"i1"}))
}
