package standin_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/internal/standin/control"
)

func TestTheExampleStateIsValid(t *testing.T) {
	g := NewWithT(t)
	seed, err := standin.ReadSeed(filepath.Join("..", "..", "hack", "standin", "example-state.yaml"))
	g.Expect(err).NotTo(HaveOccurred())
	s := standin.New(t, standin.WithSeed(*seed))
	g.Expect(s.Settings().Profile).To(Equal(standin.ProfileProfessional))
	g.Expect(s.Settings().ExpiredInvitationsLinger).To(Equal(standin.Duration(time.Hour)))
	state := s.Snapshot()
	g.Expect(state.Clients).To(HaveLen(2))
	g.Expect(state.Clients[0].Scopes).To(ContainElements("read:organizations", "delete:users"))
	g.Expect(state.Clients[1].InitiateLoginURI).To(Equal(s.URL() + "/app/portal/login"))
	g.Expect(state.Connections[0].Directory).To(HaveLen(2))
	g.Expect(state.Bindings["post-login"]).To(HaveLen(1))
}

func TestSeedsAreChecked(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ name, yaml, want string }{
		{"unknown field", "clientz: []", "clientz"},
		{"unknown setting", "settings: {lag: 1s}", "lag"},
		{"no such profile", "settings: {profile: gold}", `setting profile is "gold"`},
		{"no such lag", "settings: {members_lag: soon}", "duration"},
		{"user of no connection", "users: [{connection: x, email: a@b.example}]", `no connection "x"`},
		{"connection without strategy", "connections: [{name: x}]", "needs a name and a strategy"},
		{"client twice", "clients: [{client_id: a}, {client_id: a}]", `client "a" exists`},
		{"missing code", "actions: [{name: a, code_file: none.js}]", "read the code"},
		{"member of nobody", "organizations: [{name: a, members: [x]}]", "a member is no user"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := NewWithT(t)
			file := filepath.Join(dir, "state.yaml")
			g.Expect(os.WriteFile(file, []byte(c.yaml), 0o600)).To(Succeed())
			seed, err := standin.ReadSeed(file)
			if err == nil {
				var s *standin.Server
				if s, err = standin.Start(standin.Options{Seed: seed}); err == nil {
					g.Expect(s.Close()).To(Succeed())
				}
			}
			g.Expect(err).To(MatchError(ContainSubstring(c.want)))
		})
	}
}

func TestTenantsAreToldApartByHost(t *testing.T) {
	g := NewWithT(t)
	s := standin.New(t, standin.WithSeed(standin.Seed{Tenants: []standin.NamedTenantSeed{{
		Domain: "Other.example:443", TenantSeed: standin.TenantSeed{Clients: []standin.Client{{ClientID: "x", Secret: "s", Scopes: []string{"*"}}}},
	}}}))
	a := newAPI(t, s)
	request := a.request("GET", "/organizations", "")
	request.Host = "other.example:443"
	g.Expect(send(t, request).status).To(Equal(401), "a token of one tenant is none of another")
}

func TestTheControlClientDoesWhatTheMethodsDo(t *testing.T) {
	g := NewWithT(t)
	ctx := context.Background()
	s := standin.New(t)
	c := control.New(s.ControlURL())

	info, err := c.Info(ctx)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(info).To(Equal(standin.Info{URL: s.URL(), Domain: s.Domain()}))

	seeded, err := c.Seed(ctx, standin.Seed{TenantSeed: standin.TenantSeed{
		Clients:       []standin.Client{{Name: "app", OrganizationUsage: "require"}},
		Connections:   []standin.Connection{{Name: "acme-okta", Strategy: "okta"}},
		Organizations: []standin.OrganizationSeed{{Name: "acme", Connections: []string{"acme-okta"}}},
	}})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(c.AddPerson(ctx, "acme-okta", standin.IdPPerson{Sub: "1", Email: "a@acme.com"})).To(Succeed())
	g.Expect(c.AddPerson(ctx, "acme-okta", standin.IdPPerson{Sub: "1", Email: "b@acme.com"})).To(Succeed())
	g.Expect(c.AddPerson(ctx, "none", standin.IdPPerson{Email: "b@acme.com"})).To(MatchError(ContainSubstring(`no connection`)))
	state, err := c.State(ctx)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(state.Connections[0].Directory).To(Equal([]standin.IdPPerson{{Sub: "1", Email: "b@acme.com"}}))
	g.Expect(c.RemovePerson(ctx, "acme-okta", "B@acme.com")).To(Succeed())
	org, found := state.Organization("acme")
	g.Expect(found).To(BeTrue())
	g.Expect(org.ID).To(Equal(seeded.Organizations[0].ID))

	exported, err := c.Export(ctx)
	g.Expect(err).NotTo(HaveOccurred())
	_, err = c.Seed(ctx, standin.Seed{TenantSeed: standin.TenantSeed{Clients: []standin.Client{{Name: "late"}}}})
	g.Expect(err).NotTo(HaveOccurred())
	_, err = c.Restore(ctx, exported)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(s.Snapshot().Clients).To(HaveLen(1))
	_, err = c.Restore(ctx, exported[:len(exported)-1])
	g.Expect(err).To(HaveOccurred())

	before, err := c.Now(ctx)
	g.Expect(err).NotTo(HaveOccurred())
	after, err := c.Forward(ctx, 24*time.Hour)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(after.Sub(before)).To(BeNumerically("~", 24*time.Hour, time.Minute))

	settings, err := c.Configure(ctx, map[string]any{"profile": "free", "invitation_metadata": map[string]any{"existing": "Replaced"}})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(settings.InvitationMetadata).To(Equal(standin.InvitationMetadata{New: "Applied", Existing: "Replaced", Visible: "SameSignIn"}))
	_, err = c.Configure(ctx, map[string]any{"profile": "gold"})
	g.Expect(err).To(MatchError(ContainSubstring("answered 400")))
	_, err = c.Configure(ctx, map[string]any{"profile": "unlimited"})
	g.Expect(err).NotTo(HaveOccurred())

	id, err := c.AddFault(ctx, standin.Fault{Kind: standin.FaultStatus, Status: 500})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(c.Faults(ctx)).To(ConsistOf(HaveField("ID", id)))
	g.Expect(c.RemoveFault(ctx, id)).To(Succeed())
	g.Expect(c.RemoveFault(ctx, id)).To(MatchError(ContainSubstring("404")))
	g.Expect(c.ClearFaults(ctx)).To(Succeed())

	a := newAPI(t, s)
	a.must(201, "POST", "/organizations/"+org.ID+"/invitations", `{"inviter":{"name":"I"},"invitee":{"email":"a@acme.com"},"client_id":"`+seeded.Clients[0].ClientID+`"}`)
	mails, err := c.MailsTo(ctx, "A@acme.com")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(mails).To(HaveLen(1))
	g.Expect(c.MailsTo(ctx, "nobody@acme.com")).To(BeEmpty())
	secrets, err := c.Secrets(ctx)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(secrets).To(ContainElement(HaveField("Value", mails[0].Link)))
	g.Expect(c.Calls(ctx, "POST", "/api/v2/organizations/{id}/invitations")).To(ConsistOf(HaveField("Status", 201)))
	g.Expect(c.ResetAudit(ctx)).To(Succeed())
	g.Expect(c.Audit(ctx)).To(BeEmpty())
}
