package standin_test

import (
	"context"
	"net/url"
	"testing"

	"github.com/auth0/go-auth0/v3/management"
	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/standin"
)

func TestRolesOfOrganizationsAreToldFromThoseOfTheTenant(t *testing.T) {
	g := NewWithT(t)
	ctx := context.Background()
	s := standin.New(t)
	m := sdk(t, s)
	acme, err := s.AddOrganization(standin.OrganizationSeed{Name: "acme"})
	g.Expect(err).NotTo(HaveOccurred())
	other, err := s.AddOrganization(standin.OrganizationSeed{Name: "other"})
	g.Expect(err).NotTo(HaveOccurred())
	tenant, organization := management.RoleTypeEnumTenant, management.RoleTypeEnumOrganization

	_, err = m.Roles.Create(ctx, &management.CreateRoleRequestContent{Name: "admin", Type: &tenant})
	g.Expect(err).NotTo(HaveOccurred())
	owned, err := m.Roles.Create(ctx, &management.CreateRoleRequestContent{Name: "admin", Type: &organization, OwnerID: &acme.ID})
	g.Expect(err).NotTo(HaveOccurred(), "an organization has names of its own")
	g.Expect(owned.GetType()).To(Equal(organization))
	g.Expect(owned.GetOwnerID()).To(Equal(acme.ID))
	_, err = m.Roles.Create(ctx, &management.CreateRoleRequestContent{Name: "lost", Type: &organization})
	g.Expect(err).To(HaveOccurred(), "an organization's role has an owner")

	names := func(parameters management.ListRolesRequestParameters) []string {
		parameters.IncludeTotals = management.Bool(true)
		page, err := m.Roles.List(ctx, &parameters)
		g.Expect(err).NotTo(HaveOccurred())
		var out []string
		for _, r := range page.Results {
			out = append(out, r.GetName()+" of "+r.GetOwnerID())
		}
		return out
	}
	g.Expect(names(management.ListRolesRequestParameters{Type: &tenant})).To(ConsistOf("admin of "))
	g.Expect(names(management.ListRolesRequestParameters{Type: &organization, OwnerID: &acme.ID})).To(ConsistOf("admin of " + acme.ID))
	g.Expect(names(management.ListRolesRequestParameters{})).To(HaveLen(2))

	a := newAPI(t, s)
	a.must(400, "GET", "/roles?type=organization", "")
	a.must(400, "GET", "/roles?type=galaxy", "")
	_, err = s.AddConnection(standin.Connection{Name: "acme-okta", Strategy: "okta"})
	g.Expect(err).NotTo(HaveOccurred())
	user, err := s.AddUser(standin.UserSeed{Connection: "acme-okta", Sub: "00u1", Email: "jane@acme.com"})
	g.Expect(err).NotTo(HaveOccurred())
	body := `{"roles":["` + owned.GetID() + `"]}`
	memberRoles := func(org string) string {
		return "/organizations/" + org + "/members/" + url.PathEscape(user.UserID) + "/roles"
	}
	a.must(204, "POST", memberRoles(acme.ID), body)
	a.must(400, "POST", memberRoles(other.ID), body)
	a.must(400, "POST", "/users/"+url.PathEscape(user.UserID)+"/roles", body)

	a.must(204, "DELETE", "/organizations/"+acme.ID, "")
	g.Expect(names(management.ListRolesRequestParameters{})).To(ConsistOf("admin of "), "its roles go with it")
}

func TestActionsTakeTheRuntimesThatClientsSend(t *testing.T) {
	a := newAPI(t, standin.New(t))
	for _, runtime := range []string{"node12", "node16", "node18", "node18-actions", "node22"} {
		created := a.must(201, "POST", "/actions/actions",
			`{"name":"`+runtime+`","runtime":"`+runtime+`","supported_triggers":[{"id":"post-login","version":"v3"}]}`)
		NewWithT(t).Expect(created.object).To(HaveKeyWithValue("runtime", runtime), "what was sent is what is read")
	}
	a.must(400, "POST", "/actions/actions", `{"name":"x","runtime":"node18-beta","supported_triggers":[{"id":"post-login","version":"v3"}]}`)
}

func TestUserBlocksAreReadAndTaken(t *testing.T) {
	g := NewWithT(t)
	ctx := context.Background()
	s := standin.New(t)
	m := sdk(t, s)
	_, err := s.AddConnection(standin.Connection{Name: "staff", Strategy: "auth0"})
	g.Expect(err).NotTo(HaveOccurred())
	user, err := s.AddUser(standin.UserSeed{Connection: "staff", Email: "jane@acme.com", Blocked: true})
	g.Expect(err).NotTo(HaveOccurred())

	byID, err := m.UserBlocks.List(ctx, user.UserID, &management.ListUserBlocksRequestParameters{ConsiderBruteForceEnablement: management.Bool(true)})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(byID.GetBlockedFor()).To(BeEmpty())
	g.Expect(m.UserBlocks.Delete(ctx, user.UserID)).To(Succeed())
	byName, err := m.UserBlocks.ListByIdentifier(ctx, &management.ListUserBlocksByIdentifierRequestParameters{Identifier: "jane@acme.com"})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(byName.GetBlockedFor()).To(BeEmpty())
	g.Expect(m.UserBlocks.DeleteByIdentifier(ctx, &management.DeleteUserBlocksByIdentifierRequestParameters{Identifier: "jane@acme.com"})).To(Succeed())

	read, err := m.Users.Get(ctx, user.UserID, &management.GetUserRequestParameters{})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(read.GetBlocked()).To(BeTrue(), "who was blocked by an administrator stays blocked")
	_, err = m.UserBlocks.List(ctx, "auth0|nobody", &management.ListUserBlocksRequestParameters{})
	g.Expect(err).To(BeAssignableToTypeOf(&management.NotFoundError{}))
	a := newAPI(t, s)
	a.must(400, "GET", "/user-blocks", "")
	a.must(400, "DELETE", "/user-blocks", "")
	newAPI(t, s, "read:roles").must(403, "GET", "/user-blocks?identifier=jane@acme.com", "")
}

// What auth0-deploy-cli 8.44.0 reads in a whole export and cannot do without.
func TestATenantAnswersWhatAWholeExportAsks(t *testing.T) {
	a := newAPI(t, standin.New(t))
	for _, path := range []string{
		"/attack-protection/bot-detection", "/attack-protection/captcha",
		"/attack-protection/breached-password-detection", "/attack-protection/brute-force-protection",
		"/attack-protection/suspicious-ip-throttling", "/branding", "/branding/phone/providers", "/branding/phone/templates", "/custom-domains?take=50",
		"/event-streams?take=50", "/flows?page=0&per_page=100&include_totals=true",
		"/flows/vault/connections?page=0&per_page=100&include_totals=true", "/forms?page=0&per_page=100&include_totals=true",
		"/guardian/policies", "/log-streams", "/prompts", "/prompts/login/custom-text/en", "/prompts/login/partials",
		"/prompts/rendering?page=0&per_page=100&include_totals=true", "/roles?page=0&per_page=100&include_totals=true&type=tenant",
		"/rules?page=0&per_page=100&include_totals=true", "/rules-configs", "/supplemental-signals",
		"/token-exchange-profiles?take=50",
	} {
		a.must(200, "GET", path, "")
	}
	a.must(404, "POST", "/rules", `{"name":"x","script":"y"}`)
}
