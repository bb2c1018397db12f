package view

import (
	"fmt"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

// exported are the documents that an export has, without comments.
func exported(g Gomega, organizations ...Organization) string {
	text, err := Export("default", "sales", organizations)
	g.Expect(err).NotTo(HaveOccurred())
	return text
}

func TestExportLeavesOutWhatCannotBeAdopted(t *testing.T) {
	g := NewWithT(t)
	text := exported(g,
		Organization{Name: "owned", Owner: "5f0c/sales/owned\n- evil: true", Members: []OrganizationMember{{"u1", "a@owned.com"}}},
		Organization{Name: "empty"},
		Organization{Name: "phones", Members: []OrganizationMember{{"sms|1", ""}}})
	g.Expect(text).NotTo(ContainSubstring("kind:"))
	g.Expect(text).NotTo(MatchRegexp(`(?m)^[^#\n]`), "all is comment")
	g.Expect(text).To(ContainSubstring("nothing to adopt"))
}

func TestExportDeclaresEachPersonOnce(t *testing.T) {
	g := NewWithT(t)
	text := exported(g, Organization{Name: "acme", DisplayName: "Acme", Members: []OrganizationMember{
		{"u1", "jane@acme.com"}, {"u2", "JANE@acme.com"}, {"u3", ""}, {"u4", "jane@acme.io"}}})
	g.Expect(strings.Count(text, "kind: Member")).To(Equal(2))
	g.Expect(text).To(ContainSubstring("1 of 4 members are left out"))
	g.Expect(text).To(ContainSubstring("seats: 2"))
	g.Expect(text).To(ContainSubstring("- acme.com\n  - acme.io"))
	g.Expect(text).To(MatchRegexp(`name: acme-jane-[0-9a-f]{8}\n`))
}

func TestExportLeavesOutWhatDeclaringWouldChange(t *testing.T) {
	g := NewWithT(t)
	text := exported(g, Organization{Name: "my_org", DisplayName: "My <Org>", Members: []OrganizationMember{{"u1", "a@acme.com"}},
		Connections: []OrganizationConnection{{Name: "keeps"}, {Name: "joins", MembershipOnLogin: true}}})
	g.Expect(text).To(ContainSubstring("  name: my-org\n"))
	g.Expect(text).To(ContainSubstring("    name: my_org\n"))
	g.Expect(text).To(ContainSubstring("- name: keeps"))
	g.Expect(text).NotTo(ContainSubstring("- name: joins"))
	g.Expect(text).NotTo(ContainSubstring("displayName"))
}

func TestExportKeepsToWhatACustomerTakes(t *testing.T) {
	g := NewWithT(t)
	organization := Organization{Name: "wide"}
	for i := range 60 {
		organization.Members = append(organization.Members, OrganizationMember{UserID: fmt.Sprint(i), Email: fmt.Sprintf("p@d%02d.com", i)})
	}
	text := exported(g, organization, Organization{Name: "wide_", Members: []OrganizationMember{{"u", "a@b.com"}}})
	g.Expect(strings.Count(text, "kind: Member")).To(Equal(51))
	g.Expect(text).To(ContainSubstring("10 people are left out: they are of more than 50 domains"))
	g.Expect(text).To(ContainSubstring("  name: wide-2\n"), "two names that Kubernetes cannot tell apart")
}
