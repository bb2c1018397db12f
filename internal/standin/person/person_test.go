package person_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/internal/standin/person"
)

var jane = person.As{Connection: "acme-okta", Email: "jane@acme.com"}

// tenant is a stand-in over https with one organization and one member.
func tenant(t *testing.T) (server *standin.Server, organizationID string) {
	t.Helper()
	var seed standin.Seed
	seed.Clients = []standin.Client{{ClientID: "portal", OrganizationUsage: "allow"}}
	seed.Connections = []standin.Connection{{Name: "acme-okta", Strategy: "okta",
		Directory: []standin.IdPPerson{{Email: "jane@acme.com", Name: "Jane"}}}}
	seed.Users = []standin.UserSeed{{Connection: "acme-okta", Email: "jane@acme.com"}}
	server = standin.New(t, standin.WithTLS, standin.WithSeed(seed))
	organization, err := server.AddOrganization(standin.OrganizationSeed{
		Name: "acme", Connections: []string{"acme-okta"}, Members: []string{"jane@acme.com"}})
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return server, organization.ID
}

func TestOverTLS(t *testing.T) {
	g := NewWithT(t)
	server, organizationID := tenant(t)
	p, err := person.New(person.Options{CAPEM: server.CAPEM()})
	g.Expect(err).NotTo(HaveOccurred())
	session, err := p.SignIn(t.Context(), server.URL(), "portal", organizationID, jane)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(session.Claims).To(And(HaveKeyWithValue("email", "jane@acme.com"), HaveKeyWithValue("org_name", "acme")))
	_, err = session.Refresh(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	_, err = p.UseSession(t.Context(), server.URL(), "portal", organizationID)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(p.SignOut(t.Context(), server.URL())).To(Succeed())
	_, err = p.UseSession(t.Context(), server.URL(), "portal", organizationID)
	var refusal *person.Refusal
	g.Expect(errors.As(err, &refusal)).To(BeTrue())
	g.Expect(refusal.Code).To(Equal("login_required"))
}

func TestSecretsLinkStaysOutOfErrors(t *testing.T) {
	g := NewWithT(t)
	server, _ := tenant(t)
	stranger, err := person.New(person.Options{})
	g.Expect(err).NotTo(HaveOccurred())
	_, err = stranger.OpenLink(t.Context(), server.URL()+"/app/portal/login?invitation=t1cket", jane)
	g.Expect(err).To(MatchError(And(ContainSubstring("certificate"), Not(ContainSubstring("t1cket")))))
	_, err = stranger.OpenLink(t.Context(), "http://[::1]:x/?invitation=t1cket", jane)
	g.Expect(err).To(MatchError(Not(ContainSubstring("t1cket"))))
}

func TestWhatIsNoSignIn(t *testing.T) {
	body := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	for name, row := range map[string]struct{ body, want string }{
		"another site": {"<p>hello</p>", "no page of a sign-in (status 200)"},
		"another page": {`<body data-page="settings">`, `does not know the page "settings"`},
		"no form":      {`<body data-page="identity-provider">`, "has no form"},
		"circles":      {`<body data-page="login"><form data-connection="acme-okta"></form>`, "goes in circles"},
		"no tokens":    {`<body data-page="result">`, "not signed"},
	} {
		t.Run(name, func(t *testing.T) {
			body = row.body
			p, err := person.New(person.Options{})
			NewWithT(t).Expect(err).NotTo(HaveOccurred())
			_, err = p.OpenLink(t.Context(), server.URL, jane)
			NewWithT(t).Expect(err).To(MatchError(ContainSubstring(row.want)))
		})
	}
}
