package standin

import (
	"errors"
	"net/url"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/guard"
	"github.com/seatwarden/seatwarden/internal/standin/person"
	"github.com/seatwarden/seatwarden/internal/standin/state"
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
	acme *state.Organization
	beta *state.Organization
}

func newWorld(t testing.TB) *world {
	t.Helper()
	s := New(t)
	w := &world{WithT: NewWithT(t), t: t, s: s}
	if _, err := s.AddClient(state.Client{ClientID: portal, Name: "Portal", OrganizationUsage: "require"}); err != nil {
		t.Fatal(err)
	}
	s.world.Lock()
	defer s.world.Unlock()
	now := s.world.Clock.Now()
	people := []state.IdPPerson{
		{Email: "it@acme.com", Name: "Ida Tee"}, {Sub: "00u-jane", Email: "Jane@acme.com", Name: "Jane"},
		{Email: "eve@acme.com"}, {Sub: "no-mail", Name: "Nobody's Mail"},
	}
	connections := []*state.Connection{
		{ID: "con_okta", Name: "acme-okta", Strategy: "okta", Directory: people},
		{ID: "con_google", Name: "acme-google", Strategy: "google-apps", DisplayName: "Google", Directory: people},
		{ID: "con_waad", Name: "acme-azure", Strategy: "waad", Directory: people},
		{ID: "con_db", Name: "people", Strategy: state.StrategyDatabase},
		{ID: "con_hidden", Name: "hidden", Strategy: "oidc", Directory: people},
		{ID: "con_other", Name: "other", Strategy: "oidc", Directory: people},
	}
	w.acme = &state.Organization{ID: "org_acme000000000000", Name: "acme", DisplayName: "Acme Inc", CreatedAt: now,
		Metadata: map[string]string{"seatwarden_access": "open,,", "seatwarden_key": "k1"}}
	w.beta = &state.Organization{ID: "org_beta000000000000", Name: "beta", CreatedAt: now}
	for _, c := range connections {
		s.world.Main.Connections.Put(c.ID, c)
		if c.Name == "other" {
			continue
		}
		for _, o := range []*state.Organization{w.acme, w.beta} {
			o.Connections = append(o.Connections, &state.EnabledConnection{ConnectionID: c.ID, ShowAsButton: c.Name != "hidden"})
		}
	}
	s.world.Main.Organizations.Put(w.acme.ID, w.acme)
	s.world.Main.Organizations.Put(w.beta.ID, w.beta)
	s.world.Main.Roles.Put("rol_1", &state.Role{ID: "rol_1", Name: "editor"})
	code, err := guard.Render(guard.Options{Applications: []string{portal}})
	if err != nil {
		t.Fatal(err)
	}
	s.world.Main.Actions.Put("guard", &state.Action{ID: "guard", Name: "seatwarden", Deployed: &state.ActionVersion{Code: code}})
	s.world.Main.Bindings["post-login"] = []state.Binding{{ActionID: "guard"}}
	return w
}

// change alters the tenant.
func (w *world) change(do func(t *state.Tenant)) {
	w.s.world.Lock()
	defer w.s.world.Unlock()
	do(w.s.world.Main)
}

func (w *world) configure(change func(*state.Settings)) {
	w.t.Helper()
	w.Expect(w.s.Configure(change)).To(Succeed())
}

// invite makes an invitation to acme that carries a grant, and returns its link.
func (w *world) invite(email, connectionID string) string {
	ticket := state.RandomString(32)
	w.change(func(*state.Tenant) {
		now := w.s.world.Clock.Now()
		w.acme.Invitations.Put(ticket, &state.Invitation{
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
func (w *world) user(id string) *state.User {
	w.s.world.Lock()
	defer w.s.world.Unlock()
	u := w.s.world.Main.Users.Get(id)
	if u == nil {
		return nil
	}
	copied := state.CloneJSON(*u)
	return &copied
}

func (w *world) isMember(id string) bool {
	w.s.world.Lock()
	defer w.s.world.Unlock()
	return w.acme.IsMember(id)
}

func (w *world) invitations() int {
	w.s.world.Lock()
	defer w.s.world.Unlock()
	return len(w.acme.Invitations.All())
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
