package standin

import (
	"errors"
	"net/url"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/guard"
	"github.com/seatwarden/seatwarden/internal/standin/person"
)

const (
	portal       = "portal"
	password     = "correct horse"
	textNoSeat   = "Your seat is being set up, or you hold none: sign in again in a moment, or ask your administrator."
	notAllowed   = "the specified account is not allowed to accept the current invitation"
	notFoundText = "invitation not found or already used"
)

// world is a tenant with one guarded application, two organizations, and a
// directory behind each kind of connection.
type world struct {
	*WithT
	t    testing.TB
	s    *Server
	acme *Organization
	beta *Organization
}

func newWorld(t testing.TB) *world {
	t.Helper()
	s := New(t)
	w := &world{WithT: NewWithT(t), t: t, s: s}
	if _, err := s.AddClient(Client{ClientID: portal, Name: "Portal", OrganizationUsage: "require"}); err != nil {
		t.Fatal(err)
	}
	s.world.Lock()
	defer s.world.Unlock()
	now := s.world.clock.Now()
	people := []IdPPerson{
		{Email: "it@acme.com", Name: "Ida Tee"}, {Sub: "00u-jane", Email: "Jane@acme.com", Name: "Jane"},
		{Email: "eve@acme.com"}, {Sub: "no-mail", Name: "Nobody's Mail"},
	}
	connections := []*Connection{
		{ID: "con_okta", Name: "acme-okta", Strategy: "okta", Directory: people},
		{ID: "con_google", Name: "acme-google", Strategy: "google-apps", DisplayName: "Google", Directory: people},
		{ID: "con_waad", Name: "acme-azure", Strategy: "waad", Directory: people},
		{ID: "con_db", Name: "people", Strategy: strategyDatabase},
		{ID: "con_hidden", Name: "hidden", Strategy: "oidc", Directory: people},
		{ID: "con_other", Name: "other", Strategy: "oidc", Directory: people},
	}
	w.acme = &Organization{ID: "org_acme000000000000", Name: "acme", DisplayName: "Acme Inc", CreatedAt: now,
		Metadata: map[string]string{"seatwarden_access": "open,,", "seatwarden_key": "k1"}}
	w.beta = &Organization{ID: "org_beta000000000000", Name: "beta", CreatedAt: now}
	for _, c := range connections {
		s.world.main.connections.put(c.ID, c)
		if c.Name == "other" {
			continue
		}
		for _, o := range []*Organization{w.acme, w.beta} {
			o.Connections = append(o.Connections, &EnabledConnection{ConnectionID: c.ID, ShowAsButton: c.Name != "hidden"})
		}
	}
	s.world.main.organizations.put(w.acme.ID, w.acme)
	s.world.main.organizations.put(w.beta.ID, w.beta)
	s.world.main.roles.put("rol_1", &Role{ID: "rol_1", Name: "editor"})
	code, err := guard.Render(guard.Options{Applications: []string{portal}})
	if err != nil {
		t.Fatal(err)
	}
	s.world.main.actions.put("guard", &Action{ID: "guard", Name: "seatwarden", Deployed: &ActionVersion{Code: code}})
	s.world.main.bindings["post-login"] = []Binding{{ActionID: "guard"}}
	return w
}

// change alters the tenant.
func (w *world) change(do func(t *Tenant)) {
	w.s.world.Lock()
	defer w.s.world.Unlock()
	do(w.s.world.main)
}

func (w *world) configure(change func(*Settings)) {
	w.t.Helper()
	w.Expect(w.s.Configure(change)).To(Succeed())
}

// invite makes an invitation to acme that carries a grant, and returns its link.
func (w *world) invite(email, connectionID string) string {
	ticket := randomString(32)
	w.change(func(*Tenant) {
		now := w.s.world.clock.Now()
		w.acme.invitations.put(ticket, &Invitation{
			ID: ticket, ClientID: portal, ConnectionID: connectionID, InviterName: "Acme", InviteeEmail: email, TicketID: ticket,
			Roles: []string{"rol_1"}, AppMetadata: w.grant(), CreatedAt: now, ExpiresAt: now.Add(24 * time.Hour),
		})
	})
	return w.s.URL() + "/app/" + portal + "/login?" + url.Values{
		"invitation": {ticket}, "organization": {w.acme.ID}, "organization_name": {w.acme.Name}}.Encode()
}

func (w *world) grant() map[string]any { return map[string]any{"seatwarden_" + w.acme.ID: "k1.m1.a1"} }

// browser is a new person with no cookies.
func (w *world) browser() *person.Person {
	w.t.Helper()
	p, err := person.New(person.Options{})
	w.Expect(err).NotTo(HaveOccurred())
	return p
}

// joined is a person who accepted an invitation through okta.
func (w *world) joined() (*person.Person, *person.Session) {
	w.t.Helper()
	p := w.browser()
	session, err := p.OpenLink(w.t.Context(), w.invite("it@acme.com", ""), okta)
	w.Expect(err).NotTo(HaveOccurred())
	return p, session
}

func (w *world) signIn(p *person.Person, as person.As) (*person.Session, error) {
	return p.SignIn(w.t.Context(), w.s.URL(), portal, w.acme.ID, as)
}

// user is a copy of a profile, nil if there is none.
func (w *world) user(id string) *User {
	w.s.world.Lock()
	defer w.s.world.Unlock()
	u := w.s.world.main.users.get(id)
	if u == nil {
		return nil
	}
	copied := cloneJSON(*u)
	return &copied
}

func (w *world) isMember(id string) bool {
	w.s.world.Lock()
	defer w.s.world.Unlock()
	return w.acme.isMember(id)
}

func (w *world) invitations() int {
	w.s.world.Lock()
	defer w.s.world.Unlock()
	return len(w.acme.invitations.all())
}

var (
	okta   = person.As{Connection: "acme-okta", Email: "it@acme.com"}
	oktaID = "okta|acme-okta|it@acme.com"
)

// refusedWith matches the error of a person who was not let in.
func refusedWith(code, description string) func(error) bool {
	return func(err error) bool {
		var refusal *person.Refusal
		ok := errors.As(err, &refusal)
		return ok && refusal.Code == code && refusal.Description == description
	}
}
