package auth0_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/internal/standin/person"
)

// world is a stand-in over https and HTTP/2, and the port to it.
type world struct {
	*standin.Server
	api  *auth0.Client
	app  standin.Client
	opts auth0.Options
}

func newWorld(t *testing.T, change ...func(*standin.Options)) *world {
	t.Helper()
	g := NewWithT(t)
	w := &world{Server: standin.New(t, append(change, standin.WithTLS)...)}
	machine, err := w.AddManagementClient()
	g.Expect(err).NotTo(HaveOccurred())
	roots := x509.NewCertPool()
	g.Expect(roots.AppendCertsFromPEM(w.CAPEM())).To(BeTrue())
	w.opts = auth0.Options{
		Domain: w.Domain(), ClientID: machine.ClientID, ClientSecret: machine.Secret, Version: "test",
		HTTPTransport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true},
	}
	w.api, err = auth0.New(w.opts)
	g.Expect(err).NotTo(HaveOccurred())
	w.app, err = w.AddClient(standin.Client{Name: "app", OrganizationUsage: "require"})
	g.Expect(err).NotTo(HaveOccurred())
	return w
}

// fence is one that stands for a minute.
func (w *world) fence() auth0.Fence {
	return auth0.NewFence(w.api.Now().Add(time.Minute), time.Minute)
}

func TestOrganizationsOfTheStandIn(t *testing.T) {
	g := NewWithT(t)
	ctx := t.Context()
	w := newWorld(t)

	org, err := w.api.CreateOrganization(ctx, auth0.OrganizationCreate{Name: "acme", DisplayName: "Acme", Metadata: map[string]string{"a": "1", "b": "2"}})
	g.Expect(err).NotTo(HaveOccurred())
	_, err = w.api.CreateOrganization(ctx, auth0.OrganizationCreate{Name: "acme"})
	g.Expect(auth0.KindOf(err)).To(Equal(auth0.KindConflict))
	_, err = w.api.CreateOrganization(ctx, auth0.OrganizationCreate{Name: "No Such Name"})
	g.Expect(auth0.KindOf(err)).To(Equal(auth0.KindInvalid))

	for range 120 {
		_, err := w.api.CreateOrganization(ctx, auth0.OrganizationCreate{Name: fmt.Sprintf("o-%d", time.Now().UnixNano())})
		g.Expect(err).NotTo(HaveOccurred())
	}
	all, err := w.api.ListOrganizations(ctx)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(all).To(HaveLen(121))
	g.Expect(all).To(ContainElement(org))

	name := "Acme Inc."
	changed, err := w.api.UpdateOrganization(ctx, org.ID, auth0.OrganizationUpdate{DisplayName: &name})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(changed).To(Equal(auth0.Organization{ID: org.ID, Name: "acme", DisplayName: name, Metadata: org.Metadata}))
	changed, err = w.api.UpdateOrganization(ctx, org.ID, auth0.OrganizationUpdate{Metadata: map[string]string{"a": "3"}})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(changed.Metadata).To(Equal(map[string]string{"a": "3"}))
	read, err := w.api.Organization(ctx, org.ID)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(read).To(Equal(changed))
	read, err = w.api.OrganizationByName(ctx, "acme")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(read).To(Equal(changed))

	g.Expect(w.api.DeleteOrganization(ctx, org.ID)).To(Succeed())
	g.Expect(auth0.IsNotFound(w.api.DeleteOrganization(ctx, org.ID))).To(BeTrue())
	_, err = w.api.Organization(ctx, org.ID)
	g.Expect(auth0.IsNotFound(err)).To(BeTrue())
	_, err = w.api.OrganizationByName(ctx, "acme")
	g.Expect(auth0.IsNotFound(err)).To(BeTrue())
}

func TestConnectionsOfTheStandIn(t *testing.T) {
	g := NewWithT(t)
	ctx := t.Context()
	w := newWorld(t)
	okta, err := w.AddConnection(standin.Connection{Name: "acme-okta", Strategy: "okta"})
	g.Expect(err).NotTo(HaveOccurred())
	org, err := w.api.CreateOrganization(ctx, auth0.OrganizationCreate{Name: "acme"})
	g.Expect(err).NotTo(HaveOccurred())

	connection, err := w.api.ConnectionByName(ctx, "acme-okta")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(connection).To(Equal(auth0.Connection{ID: okta.ID, Name: "acme-okta", Strategy: "okta"}))
	_, err = w.api.ConnectionByName(ctx, "acme")
	g.Expect(auth0.IsNotFound(err)).To(BeTrue())

	want := auth0.EnabledConnection{ConnectionID: okta.ID, AssignMembershipOnLogin: true, ShowAsButton: true}
	g.Expect(w.api.EnableConnection(ctx, org.ID, want)).To(Succeed())
	want.AssignMembershipOnLogin = false
	g.Expect(w.api.UpdateEnabledConnection(ctx, org.ID, want)).To(Succeed())
	want.Name, want.Strategy = "acme-okta", "okta"
	enabled, err := w.api.EnabledConnections(ctx, org.ID)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(enabled).To(Equal([]auth0.EnabledConnection{want}))
	g.Expect(w.api.DisableConnection(ctx, org.ID, okta.ID)).To(Succeed())
	enabled, err = w.api.EnabledConnections(ctx, org.ID)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(enabled).To(BeEmpty())
}

func TestPeopleOfTheStandIn(t *testing.T) {
	g := NewWithT(t)
	ctx := t.Context()
	w := newWorld(t)
	okta, err := w.AddConnection(standin.Connection{Name: "acme-okta", Strategy: "okta"})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(w.AddPerson("acme-okta", standin.IdPPerson{Email: "jane@acme.com"})).To(Succeed())
	role, err := w.AddRole(standin.Role{Name: "editor"})
	g.Expect(err).NotTo(HaveOccurred())
	org, err := w.api.CreateOrganization(ctx, auth0.OrganizationCreate{Name: "acme"})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(w.api.EnableConnection(ctx, org.ID, auth0.EnabledConnection{ConnectionID: okta.ID, ShowAsButton: true})).To(Succeed())
	key := "seatwarden_" + org.ID
	create := auth0.InvitationCreate{
		Email: "jane@acme.com", InviterName: "Acme", ClientID: w.app.ClientID, ConnectionID: okta.ID, TTL: 24 * time.Hour,
		RoleIDs: []string{role.ID}, AppMetadata: map[string]string{key: "key.jane.1"},
	}

	sent, err := w.api.CreateInvitation(auth0.WithFence(ctx, w.fence()), org.ID, create)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(sent.ExpiresAt).To(BeTemporally("~", w.api.Now().Add(24*time.Hour), 5*time.Second))
	read, err := w.api.Invitation(ctx, org.ID, sent.ID)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(read).To(Equal(sent))
	listed, truncated, err := w.api.Invitations(ctx, org.ID)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(truncated).To(BeFalse())
	g.Expect(listed).To(Equal([]auth0.Invitation{sent}))
	g.Expect(sent.AppMetadata).To(Equal(create.AppMetadata))

	create.Email = "other@acme.com"
	other, err := w.api.CreateInvitation(auth0.WithFence(ctx, w.fence()), org.ID, create)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(w.api.DeleteInvitation(ctx, org.ID, other.ID)).To(Succeed())
	g.Expect(w.api.DeleteInvitation(ctx, org.ID, other.ID)).To(Succeed())
	_, err = w.api.Invitation(ctx, org.ID, other.ID)
	g.Expect(auth0.IsNotFound(err)).To(BeTrue())

	browser, err := person.New(person.Options{CAPEM: w.CAPEM()})
	g.Expect(err).NotTo(HaveOccurred())
	_, err = browser.OpenLink(ctx, w.Outbox().MailsTo("jane@acme.com")[0].Link, person.As{Connection: "acme-okta", Email: "jane@acme.com"})
	g.Expect(err).NotTo(HaveOccurred())

	members, err := w.api.Members(ctx, org.ID)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(members).To(HaveLen(1))
	g.Expect(members[0].Email).To(Equal("jane@acme.com"))
	jane := members[0].UserID
	roles, err := w.api.MemberRoles(ctx, org.ID, jane)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(roles).To(Equal([]auth0.Role{{ID: role.ID, Name: "editor"}}))

	user, err := w.api.User(ctx, jane)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(user.CreatedAt).To(BeTemporally("~", time.Now(), time.Minute))
	g.Expect(user.LastLogin).To(BeTemporally("~", time.Now(), time.Minute))
	user.CreatedAt, user.LastLogin = time.Time{}, time.Time{} // only of a user read by id
	g.Expect(user).To(Equal(auth0.User{ID: jane, Email: "jane@acme.com", EmailVerified: true, Connections: []string{"acme-okta"}, AppMetadata: map[string]string{key: "key.jane.1"}}))
	byEmail, err := w.api.UsersByEmail(ctx, "jane@acme.com")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(byEmail).To(Equal([]auth0.User{user}))
	byEmail, err = w.api.UsersByEmail(ctx, "nobody@acme.com")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(byEmail).To(BeEmpty())
	granted, truncated, err := w.api.UsersWithAppMetadata(ctx, key)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(truncated).To(BeFalse())
	g.Expect(granted).To(Equal([]auth0.User{user}))
	organizations, err := w.api.UserOrganizations(ctx, jane)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(organizations).To(Equal([]string{org.ID}))

	g.Expect(w.api.SetAppMetadata(auth0.WithFence(ctx, w.fence()), jane, "other", "x")).To(Succeed())
	g.Expect(w.api.ClearAppMetadata(ctx, jane, key)).To(Succeed())
	user, err = w.api.User(ctx, jane)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(user.AppMetadata).To(Equal(map[string]string{"other": "x"}))
	g.Expect(w.api.ClearAppMetadata(ctx, "okta|acme-okta|nobody", key)).To(Succeed())

	g.Expect(w.api.RemoveMemberRoles(ctx, org.ID, jane, role.ID)).To(Succeed())
	roles, err = w.api.MemberRoles(ctx, org.ID, jane)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(roles).To(BeEmpty())
	g.Expect(w.api.AssignMemberRoles(auth0.WithFence(ctx, w.fence()), org.ID, jane, role.ID)).To(Succeed())
	g.Expect(w.api.RemoveMembers(ctx, org.ID, jane, "okta|acme-okta|nobody")).To(Succeed())
	members, err = w.api.Members(ctx, org.ID)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(members).To(BeEmpty())
}

func TestRemovalEndsSessionsOfTheStandIn(t *testing.T) {
	for _, profile := range []string{standin.ProfileEnterprise, standin.ProfileProfessional} {
		t.Run(profile, func(t *testing.T) {
			g := NewWithT(t)
			ctx := t.Context()
			w := newWorld(t, standin.WithSettings(func(s *standin.Settings) { s.Profile = profile }))
			okta, err := w.AddConnection(standin.Connection{Name: "acme-okta", Strategy: "okta"})
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(w.AddPerson("acme-okta", standin.IdPPerson{Sub: "00u1", Email: "jane@acme.com"})).To(Succeed())
			org, err := w.api.CreateOrganization(ctx, auth0.OrganizationCreate{Name: "acme"})
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(w.api.EnableConnection(ctx, org.ID, auth0.EnabledConnection{ConnectionID: okta.ID, ShowAsButton: true})).To(Succeed())
			_, err = w.api.CreateInvitation(auth0.WithFence(ctx, w.fence()), org.ID, auth0.InvitationCreate{
				Email: "jane@acme.com", InviterName: "Acme", ClientID: w.app.ClientID, TTL: time.Hour,
			})
			g.Expect(err).NotTo(HaveOccurred())
			browser, err := person.New(person.Options{CAPEM: w.CAPEM()})
			g.Expect(err).NotTo(HaveOccurred())
			session, err := browser.OpenLink(ctx, w.Outbox().MailsTo("jane@acme.com")[0].Link, person.As{Connection: "acme-okta", Email: "jane@acme.com"})
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(session.RefreshToken).NotTo(BeEmpty())
			session, err = session.Refresh(ctx)
			g.Expect(err).NotTo(HaveOccurred())

			revoked, err := w.api.RevokeAccess(auth0.WithLane(ctx, auth0.LaneRemoval), "okta|acme-okta|00u1")
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(revoked).To(BeTrue())
			_, err = session.Refresh(ctx)
			g.Expect(err).To(HaveOccurred())
		})
	}
}

func TestTenantOfTheStandIn(t *testing.T) {
	g := NewWithT(t)
	ctx := t.Context()
	w := newWorld(t)
	role, err := w.AddRole(standin.Role{Name: "editor"})
	g.Expect(err).NotTo(HaveOccurred())

	roles, err := w.api.Roles(ctx)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(roles).To(Equal([]auth0.Role{{ID: role.ID, Name: "editor"}}))
	application, err := w.api.Client(ctx, w.app.ClientID)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(application).To(Equal(auth0.Application{
		ClientID: w.app.ClientID, Name: "app", OrganizationUsage: "require", InitiateLoginURI: w.app.InitiateLoginURI,
	}))
	_, err = w.api.Client(ctx, "nobody")
	g.Expect(auth0.IsNotFound(err)).To(BeTrue())
	scopes, err := w.api.Scopes(ctx)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(scopes).To(ContainElements("read:organizations", "create:organization_invitations", "update:users_app_metadata"))

	jumped := make(chan struct{}, 1)
	w.api.Clock().OnJump(func() { jumped <- struct{}{} })
	w.Clock().Forward(25 * time.Hour)
	g.Expect(w.api.Probe(ctx)).To(Succeed())
	g.Expect(w.api.Now()).To(BeTemporally("~", time.Now().Add(25*time.Hour), 2*time.Second))
	g.Expect(jumped).To(Receive())
	_, err = w.api.Roles(ctx)
	g.Expect(err).NotTo(HaveOccurred(), "the token ended and was replaced")
}

func TestOneMailFaultsOfTheStandIn(t *testing.T) {
	for name, c := range map[string]struct {
		fault standin.Fault
		want  auth0.Kind
		mails int
	}{
		"answer lost":     {standin.Fault{Kind: standin.FaultDropAfter}, auth0.KindUnknown, 1},
		"dropped before":  {standin.Fault{Kind: standin.FaultDropBefore}, auth0.KindUnknown, 0},
		"out of order":    {standin.Fault{Kind: standin.FaultStatus, Status: 503}, auth0.KindUnknown, 0},
		"limited":         {standin.Fault{Kind: standin.FaultStatus, Status: 429, Delay: standin.Duration(time.Minute)}, auth0.KindRateLimited, 0},
		"token not known": {standin.Fault{Kind: standin.FaultStatus, Status: 401, Count: 1}, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			ctx := t.Context()
			w := newWorld(t)
			org, err := w.api.CreateOrganization(ctx, auth0.OrganizationCreate{Name: "acme"})
			g.Expect(err).NotTo(HaveOccurred())
			c.fault.Method, c.fault.Route = http.MethodPost, "/api/v2/organizations/{id}/invitations"
			_, err = w.AddFault(c.fault)
			g.Expect(err).NotTo(HaveOccurred())
			_, err = w.api.CreateInvitation(auth0.WithFence(ctx, w.fence()), org.ID, auth0.InvitationCreate{
				Email: "jane@acme.com", InviterName: "Acme", ClientID: w.app.ClientID, TTL: time.Hour,
			})
			if c.want == "" {
				g.Expect(err).NotTo(HaveOccurred())
			} else {
				g.Expect(auth0.KindOf(err)).To(Equal(c.want), "%v", err)
			}
			g.Expect(w.Outbox().MailsTo("jane@acme.com")).To(HaveLen(c.mails))
		})
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// On HTTP/2 the header is sent before the body, which the fence keeps back.
func TestOneMailFrozenGiverOnHTTP2(t *testing.T) {
	g := NewWithT(t)
	ctx := t.Context()
	w := newWorld(t)
	org, err := w.api.CreateOrganization(ctx, auth0.OrganizationCreate{Name: "acme"})
	g.Expect(err).NotTo(HaveOccurred())

	var frozen atomic.Int64
	inner, protocol := w.opts.HTTPTransport, ""
	w.opts.Clock = func() time.Time { return time.Now().Add(time.Duration(frozen.Load())) }
	w.opts.HTTPTransport = roundTripper(func(req *http.Request) (*http.Response, error) {
		if req.Method == http.MethodPost && strings.HasSuffix(req.URL.Path, "/invitations") {
			frozen.Store(int64(2 * time.Minute))
		}
		response, err := inner.RoundTrip(req)
		if err == nil {
			protocol = response.Proto
		}
		return response, err
	})
	giver, err := auth0.New(w.opts)
	g.Expect(err).NotTo(HaveOccurred())
	_, err = giver.CreateInvitation(auth0.WithFence(ctx, w.fence()), org.ID, auth0.InvitationCreate{
		Email: "jane@acme.com", InviterName: "Acme", ClientID: w.app.ClientID, TTL: time.Hour,
	})
	g.Expect(auth0.KindOf(err)).To(Equal(auth0.KindNotSent), "%v", err)
	g.Expect(protocol).To(Equal("HTTP/2.0"), "by the token's request")
	g.Expect(w.Outbox().Mails()).To(BeEmpty())
	invitations, _, err := w.api.Invitations(ctx, org.ID)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(invitations).To(BeEmpty())
}
