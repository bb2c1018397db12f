package auth0_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/standin"
)

// furnished is a stand-in with one of everything.
type furnished struct {
	*world
	org, orgName, user, invitation, role, connection, otherConnection string
}

func furnish(t *testing.T) furnished {
	t.Helper()
	g := NewWithT(t)
	ctx := t.Context()
	f := furnished{world: newWorld(t), orgName: "acme"}
	connection, err := f.AddConnection(standin.Connection{Name: "acme-okta", Strategy: "okta"})
	g.Expect(err).NotTo(HaveOccurred())
	other, err := f.AddConnection(standin.Connection{Name: "acme-google", Strategy: "google-apps"})
	g.Expect(err).NotTo(HaveOccurred())
	role, err := f.AddRole(standin.Role{Name: "Reader"})
	g.Expect(err).NotTo(HaveOccurred())
	user, err := f.AddUser(standin.UserSeed{Connection: "acme-okta", Email: "jane@acme.com", AppMetadata: map[string]any{"crm": "7"}})
	g.Expect(err).NotTo(HaveOccurred())
	org, err := f.api.CreateOrganization(ctx, auth0.OrganizationCreate{Name: f.orgName, Metadata: map[string]string{"team": "sales"}})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(f.api.EnableConnection(ctx, org.ID, auth0.EnabledConnection{ConnectionID: connection.ID, ShowAsButton: true})).To(Succeed())
	g.Expect(f.AddMember(org.ID, user.UserID)).To(Succeed())
	invitation, err := f.api.CreateInvitation(auth0.WithFence(ctx, f.fence()), org.ID, f.invite())
	g.Expect(err).NotTo(HaveOccurred())
	f.org, f.user, f.invitation, f.role = org.ID, user.UserID, invitation.ID, role.ID
	f.connection, f.otherConnection = connection.ID, other.ID
	f.ResetAudit()
	return f
}

func (f furnished) invite() auth0.InvitationCreate {
	return auth0.InvitationCreate{Email: "bob@acme.com", InviterName: "Acme", ClientID: f.app.ClientID, TTL: time.Hour}
}

// arguments are what each method is called with, by its name; all of them valid.
func (f furnished) arguments() map[string][]any {
	name := "Acme AG"
	return map[string][]any{
		"ListOrganizations": {}, "Organization": {f.org}, "OrganizationByName": {f.orgName},
		"CreateOrganization": {auth0.OrganizationCreate{Name: "beta"}},
		"UpdateOrganization": {f.org, auth0.OrganizationUpdate{DisplayName: &name, Metadata: map[string]string{"team": "support"}}},
		"DeleteOrganization": {f.org},
		"EnabledConnections": {f.org}, "EnableConnection": {f.org, auth0.EnabledConnection{ConnectionID: f.otherConnection}},
		"UpdateEnabledConnection": {f.org, auth0.EnabledConnection{ConnectionID: f.connection}},
		"DisableConnection":       {f.org, f.connection}, "ConnectionByName": {"acme-okta"},
		"Invitations": {f.org}, "Invitation": {f.org, f.invitation}, "UsedUpBy": {f.invitation},
		"CreateInvitation": {f.org, f.invite()}, "DeleteInvitation": {f.org, f.invitation},
		"Members": {f.org}, "AddMembers": {f.org, f.user}, "RemoveMembers": {f.org, f.user},
		"MemberRoles": {f.org, f.user}, "AssignMemberRoles": {f.org, f.user, f.role}, "RemoveMemberRoles": {f.org, f.user, f.role},
		"User": {f.user}, "UsersByEmail": {"jane@acme.com"}, "UsersWithAppMetadata": {"crm"}, "UserOrganizations": {f.user},
		"SetAppMetadata": {f.user, "crm", "8"}, "ClearAppMetadata": {f.user, "crm"},
		"DeleteUser": {f.user}, "RevokeAccess": {f.user},
		"Roles": {}, "Client": {f.app.ClientID}, "Scopes": {}, "DropToken": nil, "Probe": {}, "Now": nil,
	}
}

// call makes one call of the port.
func (f furnished) call(t *testing.T, api auth0.API, method string) {
	t.Helper()
	arguments, known := f.arguments()[method]
	NewWithT(t).Expect(known).To(BeTrue(), "the port has a method %s that this test does not know", method)
	var in []reflect.Value
	if arguments != nil {
		in = append(in, reflect.ValueOf(auth0.WithFence(t.Context(), f.fence())))
	}
	for _, argument := range arguments {
		in = append(in, reflect.ValueOf(argument))
	}
	for _, out := range reflect.ValueOf(api).MethodByName(method).Call(in) {
		if err, ok := out.Interface().(error); ok && auth0.KindOf(err) != auth0.KindPlanned {
			NewWithT(t).Expect(err).NotTo(HaveOccurred(), method)
		}
	}
}

// writes counts what Auth0 was asked that is no read.
func (f furnished) writes() (count int) {
	for _, entry := range f.Audit() {
		if entry.Method != http.MethodGet && entry.Route != "/oauth/token" {
			count++
		}
	}
	return count
}

func (f furnished) state(g Gomega) string {
	text, err := json.Marshal(f.Snapshot())
	g.Expect(err).NotTo(HaveOccurred())
	return string(text)
}

// TestHandsOffRecorderNeverWrites: of each method of the port, whatever it is
// called with, the Recorder writes nothing; and it plans exactly those that the
// real port writes with.
func TestHandsOffRecorderNeverWrites(t *testing.T) {
	port := reflect.TypeFor[auth0.API]()
	for i := range port.NumMethod() {
		method := port.Method(i).Name
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			f := furnish(t)
			before := f.state(g)
			recorder := auth0.NewRecorder(f.api)
			f.call(t, recorder, method)
			g.Expect(f.writes()).To(BeZero())
			g.Expect(f.state(g)).To(Equal(before), "Auth0 is as it was")

			planned := len(recorder.Planned())
			f.call(t, f.api, method)
			g.Expect(planned).To(Equal(min(1, f.writes())), "planned are those calls that write")
		})
	}
}

func TestHandsOffRecorderHoldsItsAPIBack(t *testing.T) {
	recorder := reflect.TypeFor[auth0.Recorder]()
	for i := range recorder.NumField() {
		NewWithT(t).Expect(recorder.Field(i).Anonymous).To(BeFalse(), "an embedded port passes every new method on")
	}
}

func TestRecorderShowsWhatIsPlanned(t *testing.T) {
	g := NewWithT(t)
	ctx := t.Context()
	f := furnish(t)
	r := auth0.NewRecorder(f.api)

	name := "Acme AG"
	updated, err := r.UpdateOrganization(ctx, f.org, auth0.OrganizationUpdate{DisplayName: &name})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(updated.Metadata).To(Equal(map[string]string{"team": "sales"}))
	_, err = r.UpdateOrganization(ctx, f.org, auth0.OrganizationUpdate{Metadata: map[string]string{"team": "sales", "a": "1"}})
	g.Expect(err).NotTo(HaveOccurred())
	for _, read := range []func() (auth0.Organization, error){
		func() (auth0.Organization, error) { return r.Organization(ctx, f.org) },
		func() (auth0.Organization, error) { return r.OrganizationByName(ctx, f.orgName) },
	} {
		organization, err := read()
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(organization).To(Equal(auth0.Organization{ID: f.org, Name: f.orgName, DisplayName: name, Metadata: map[string]string{"team": "sales", "a": "1"}}))
	}

	g.Expect(r.SetAppMetadata(ctx, f.user, "grant", "key.person.attempt")).To(Succeed())
	g.Expect(r.ClearAppMetadata(ctx, f.user, "crm")).To(Succeed())
	user, err := r.User(ctx, f.user)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(user.AppMetadata).To(Equal(map[string]string{"grant": "key.person.attempt"}))

	sent, err := r.CreateInvitation(ctx, f.org, f.invite())
	g.Expect(err).NotTo(HaveOccurred())
	read, err := r.Invitation(ctx, f.org, sent.ID)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(read).To(Equal(sent))
	g.Expect(sent.ExpiresAt.Sub(sent.CreatedAt)).To(BeNumerically("~", time.Hour, time.Second))
	g.Expect(r.DeleteInvitation(ctx, f.org, f.invitation)).To(Succeed())
	_, err = r.Invitation(ctx, f.org, f.invitation)
	g.Expect(auth0.IsNotFound(err)).To(BeTrue())
	g.Expect(r.DeleteUser(ctx, f.user)).To(Succeed())
	_, err = r.User(ctx, f.user)
	g.Expect(auth0.IsNotFound(err)).To(BeTrue())

	_, err = r.CreateOrganization(ctx, auth0.OrganizationCreate{Name: "beta"})
	g.Expect(auth0.KindOf(err)).To(Equal(auth0.KindPlanned))
	g.Expect(auth0.DidNothing(err)).To(BeTrue())
}

// TestSecretsPlannedCallsAreForPeople: names and addresses, no grant and no link.
func TestSecretsPlannedCallsAreForPeople(t *testing.T) {
	g := NewWithT(t)
	f := furnish(t)
	r := auth0.NewRecorder(f.api)
	ctx := t.Context()
	_, err := r.User(ctx, f.user)
	g.Expect(err).NotTo(HaveOccurred())
	_, err = r.Roles(ctx)
	g.Expect(err).NotTo(HaveOccurred())
	_, err = r.EnabledConnections(ctx, f.org)
	g.Expect(err).NotTo(HaveOccurred())
	_, err = r.UpdateOrganization(ctx, f.org, auth0.OrganizationUpdate{Metadata: map[string]string{"seatwarden_key": "secret-key"}})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(r.DisableConnection(ctx, f.org, f.connection)).To(Succeed())
	g.Expect(r.SetAppMetadata(ctx, f.user, "seatwarden_org", "secret-key.person.attempt")).To(Succeed())
	g.Expect(r.AssignMemberRoles(ctx, f.org, f.user, f.role)).To(Succeed())
	_, err = r.CreateInvitation(ctx, f.org, f.invite())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(r.Planned()).To(Equal([]auth0.Planned{
		{Route: "PATCH /api/v2/organizations/{id}", Effect: auth0.EffectOrganization, About: "acme: seatwarden_key, team"},
		{Route: "DELETE /api/v2/organizations/{id}/enabled_connections/{connection_id}", Effect: auth0.EffectConnections, About: "acme-okta"},
		{Route: "PATCH /api/v2/users/{id}", Effect: auth0.EffectAccess, About: "jane@acme.com"},
		{Route: "POST /api/v2/organizations/{id}/members/{user_id}/roles", Effect: auth0.EffectOther, About: "jane@acme.com: Reader"},
		{Route: "POST /api/v2/organizations/{id}/invitations", Effect: auth0.EffectAccess, About: "bob@acme.com"},
	}))
}
