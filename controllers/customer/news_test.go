package customer

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// TestAccessOfWhoAcceptedAnother: between two looks somebody is taken out, invited
// anew and accepts. They look as before, and it is news all the same: nobody else
// would tell the Member.
func TestAccessOfWhoAcceptedAnother(t *testing.T) {
	g := NewWithT(t)
	org := directory.New().Put("default", v1alpha1.Auth0TenantSpec{Domain: "acme.eu.auth0.com"}, nobody{}).Organization("org_1")
	look := &directory.Observation{Members: []auth0.OrganizationMember{{UserID: "okta|jane", Email: "jane@acme.com"}}}
	jane := &v1alpha1.Member{Spec: v1alpha1.MemberSpec{Email: "jane@acme.com"}}
	jane.Status.Users = []v1alpha1.MemberUser{{UserID: "okta|jane"}}
	news := func(invitation string) string {
		jane.Status.Invitation = &v1alpha1.MemberInvitation{ID: invitation}
		return newsOf(org, look)(jane)
	}
	first := news("uinv_1")
	g.Expect(news("uinv_1")).To(Equal(first), "nothing new")
	g.Expect(news("uinv_2")).NotTo(Equal(first))
}

// TestAccessNewsBeyondTheRecord: the invitation that a Member's status records is no
// news to it; that it is gone, or that the person is in, is.
func TestAccessNewsBeyondTheRecord(t *testing.T) {
	g := NewWithT(t)
	org := directory.New().Put("default", v1alpha1.Auth0TenantSpec{Domain: "acme.eu.auth0.com"}, nobody{}).Organization("org_1")
	org.SetKey("key")
	jane := &v1alpha1.Member{Spec: v1alpha1.MemberSpec{Email: "jane@acme.com"}}
	ours := map[string]string{ownership.GrantKey("org_1"): ownership.Grant{Key: "key", Person: ownership.PersonRef("jane@acme.com"), Attempt: "a"}.String()}
	listed := &directory.Observation{Invitations: []auth0.Invitation{{ID: "uinv_1", AppMetadata: ours}}}
	accepted := &directory.Observation{Members: []auth0.OrganizationMember{{UserID: "okta|jane", Email: "jane@acme.com"}}}
	news := func(look *directory.Observation) string { return newsOf(org, look)(jane) }

	before := news(&directory.Observation{})
	g.Expect(before).To(BeEmpty())
	g.Expect(undecided(jane, before)).To(BeTrue(), "the round decides first")
	g.Expect(news(listed)).NotTo(Equal(before), "an invitation that the status does not record")
	g.Expect(undecided(jane, news(listed))).To(BeFalse())

	jane.Status.Invitation = &v1alpha1.MemberInvitation{ID: "uinv_1", State: v1alpha1.InvitationSent}
	g.Expect(news(listed)).To(Equal(before))
	g.Expect(news(&directory.Observation{})).NotTo(Equal(before), "it is gone")
	g.Expect(news(accepted)).NotTo(Equal(before))
	jane.Status.Invitation.State = v1alpha1.InvitationExpired
	g.Expect(news(listed)).NotTo(Equal(before), "the status calls it dead")
}
