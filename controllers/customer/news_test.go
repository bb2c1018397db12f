package customer

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
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
