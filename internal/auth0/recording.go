package auth0

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Effect is what a planned call would change, as far as a status depends on it.
type Effect string

const (
	// EffectOrganization: the organization itself.
	EffectOrganization Effect = "Organization"
	// EffectConnections: how people sign in to it.
	EffectConnections Effect = "Connections"
	// EffectAccess: what lets a person in.
	EffectAccess Effect = "Access"
	// EffectOther: anything else.
	EffectOther Effect = "Other"
)

// Planned is a call that a Recorder was asked for and did not make.
type Planned struct {
	// Route is the call's method and route template.
	Route  string
	Effect Effect
	// About is whom or what the call is about, for people: an e-mail address, the
	// name of a role, a connection or an organization; an id where the name is not
	// known. Never a link, a secret or a grant.
	About string
}

// Recorder is the port of mode Observe: it reads through another port, and
// writes nothing. What would be written is planned, answered like a success, and
// shown by later reads of the same Recorder, so that whoever reads back goes on.
// It is of one pass and for one goroutine.
//
// Each method stands here by itself: nothing is passed on because somebody
// forgot to hold it back.
type Recorder struct {
	api     API
	planned []Planned
	// names are what people call ids.
	names map[string]string

	organizations map[string]Organization
	metadata      map[string]map[string]string
	invitations   map[string]Invitation
	gone          map[string]bool
}

var _ API = (*Recorder)(nil)

// NewRecorder reads through api.
func NewRecorder(api API) *Recorder {
	return &Recorder{
		api: api, names: map[string]string{}, organizations: map[string]Organization{},
		metadata: map[string]map[string]string{}, invitations: map[string]Invitation{}, gone: map[string]bool{},
	}
}

// Planned are the calls that were asked for, in their order.
func (r *Recorder) Planned() []Planned { return slices.Clone(r.planned) }

// Name says what people call an id, where a later call may be about it.
func (r *Recorder) Name(id, name string) {
	if id != "" && name != "" {
		r.names[id] = name
	}
}

func (r *Recorder) plan(effect Effect, route string, about ...string) {
	r.planned = append(r.planned, Planned{Route: route, Effect: effect, About: strings.Join(about, ": ")})
}

// called is what people call ids, in a stable order.
func (r *Recorder) called(ids ...string) string {
	names := make([]string, 0, len(ids))
	for _, id := range ids {
		if name, ok := r.names[id]; ok {
			id = name
		}
		names = append(names, id)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func notThere(route string) error {
	return &Error{Kind: KindNotFound, Route: route, Detail: "its deletion is planned"}
}

// ListOrganizations reads.
func (r *Recorder) ListOrganizations(ctx context.Context) ([]Organization, error) {
	all, err := r.api.ListOrganizations(ctx)
	return slices.DeleteFunc(all, func(o Organization) bool { return r.gone[o.ID] }), err
}

// Organization reads, and shows what is planned.
func (r *Recorder) Organization(ctx context.Context, id string) (Organization, error) {
	organization, err := r.api.Organization(ctx, id)
	return r.organization(organization, err)
}

// OrganizationByName reads, and shows what is planned.
func (r *Recorder) OrganizationByName(ctx context.Context, name string) (Organization, error) {
	organization, err := r.api.OrganizationByName(ctx, name)
	return r.organization(organization, err)
}

func (r *Recorder) organization(read Organization, err error) (Organization, error) {
	switch {
	case err != nil:
		return read, err
	case r.gone[read.ID]:
		return Organization{}, notThere("GET /api/v2/organizations/{id}")
	}
	r.Name(read.ID, read.Name)
	if planned, ok := r.organizations[read.ID]; ok {
		planned.Metadata = maps.Clone(planned.Metadata)
		return planned, nil
	}
	return read, nil
}

// CreateOrganization plans, and fails with KindPlanned: what would happen in an
// organization that does not exist cannot be known.
func (r *Recorder) CreateOrganization(_ context.Context, create OrganizationCreate) (Organization, error) {
	const route = "POST /api/v2/organizations"
	r.plan(EffectOrganization, route, create.Name)
	return Organization{}, &Error{Kind: KindPlanned, Route: route, Detail: "the organization is not made"}
}

// UpdateOrganization plans, and answers with the organization as it would be.
func (r *Recorder) UpdateOrganization(ctx context.Context, id string, update OrganizationUpdate) (Organization, error) {
	const route = "PATCH /api/v2/organizations/{id}"
	if update.Metadata != nil && len(update.Metadata) == 0 {
		return Organization{}, invalid(route, "an empty metadata would erase all of it")
	}
	organization, err := r.Organization(ctx, id)
	if err != nil {
		return organization, err
	}
	var changes []string
	if update.DisplayName != nil {
		changes = append(changes, "display_name")
		organization.DisplayName = *update.DisplayName
	}
	if update.Metadata != nil {
		changes = append(changes, changedKeys(organization.Metadata, update.Metadata)...)
		organization.Metadata = maps.Clone(update.Metadata)
	}
	r.plan(EffectOrganization, route, r.called(id), strings.Join(changes, ", "))
	r.organizations[id] = organization
	return r.organization(organization, nil)
}

// changedKeys are the names of the keys that differ.
func changedKeys(before, after map[string]string) []string {
	var changed []string
	for key, value := range after {
		if was, ok := before[key]; !ok || was != value {
			changed = append(changed, key)
		}
	}
	for key := range before {
		if _, ok := after[key]; !ok {
			changed = append(changed, key)
		}
	}
	slices.Sort(changed)
	return changed
}

// DeleteOrganization plans.
func (r *Recorder) DeleteOrganization(_ context.Context, id string) error {
	r.plan(EffectOrganization, "DELETE /api/v2/organizations/{id}", r.called(id))
	r.gone[id] = true
	return nil
}

// EnabledConnections reads.
func (r *Recorder) EnabledConnections(ctx context.Context, orgID string) ([]EnabledConnection, error) {
	all, err := r.api.EnabledConnections(ctx, orgID)
	for _, connection := range all {
		r.Name(connection.ConnectionID, connection.Name)
	}
	return all, err
}

// EnableConnection plans.
func (r *Recorder) EnableConnection(_ context.Context, _ string, connection EnabledConnection) error {
	r.plan(EffectConnections, "POST /api/v2/organizations/{id}/enabled_connections", r.called(connection.ConnectionID))
	return nil
}

// UpdateEnabledConnection plans.
func (r *Recorder) UpdateEnabledConnection(_ context.Context, _ string, connection EnabledConnection) error {
	r.plan(EffectConnections, "PATCH /api/v2/organizations/{id}/enabled_connections/{connection_id}", r.called(connection.ConnectionID))
	return nil
}

// DisableConnection plans.
func (r *Recorder) DisableConnection(_ context.Context, _, connectionID string) error {
	r.plan(EffectConnections, "DELETE /api/v2/organizations/{id}/enabled_connections/{connection_id}", r.called(connectionID))
	return nil
}

// ConnectionByName reads.
func (r *Recorder) ConnectionByName(ctx context.Context, name string) (Connection, error) {
	connection, err := r.api.ConnectionByName(ctx, name)
	r.Name(connection.ID, connection.Name)
	return connection, err
}

// Invitations reads, without those whose deletion is planned.
func (r *Recorder) Invitations(ctx context.Context, orgID string) (all []Invitation, truncated bool, err error) {
	all, truncated, err = r.api.Invitations(ctx, orgID)
	for _, invitation := range all {
		r.Name(invitation.ID, invitation.Email)
	}
	return slices.DeleteFunc(all, func(i Invitation) bool { return r.gone[i.ID] }), truncated, err
}

// Invitation reads, and shows what is planned.
func (r *Recorder) Invitation(ctx context.Context, orgID, id string) (Invitation, error) {
	if planned, ok := r.invitations[id]; ok {
		return planned, nil
	}
	invitation, err := r.api.Invitation(ctx, orgID, id)
	if err == nil && r.gone[id] {
		return Invitation{}, notThere("GET /api/v2/organizations/{id}/invitations/{invitation_id}")
	}
	r.Name(invitation.ID, invitation.Email)
	return invitation, err
}

// UsedUpBy reads.
func (r *Recorder) UsedUpBy(ctx context.Context, invitationID string) (userID string, err error) {
	return r.api.UsedUpBy(ctx, invitationID)
}

// CreateInvitation plans, and answers with an invitation that nobody was sent.
func (r *Recorder) CreateInvitation(_ context.Context, _ string, create InvitationCreate) (Invitation, error) {
	r.plan(EffectAccess, "POST /api/v2/organizations/{id}/invitations", create.Email)
	invitation := Invitation{
		ID: fmt.Sprintf("planned_%d", len(r.planned)), Email: create.Email, ConnectionID: create.ConnectionID,
		CreatedAt: r.Now(), ExpiresAt: r.Now().Add(create.TTL), AppMetadata: maps.Clone(create.AppMetadata),
	}
	r.invitations[invitation.ID] = invitation
	return invitation, nil
}

// DeleteInvitation plans.
func (r *Recorder) DeleteInvitation(_ context.Context, _, id string) error {
	r.plan(EffectOther, "DELETE /api/v2/organizations/{id}/invitations/{invitation_id}", r.called(id))
	r.gone[id] = true
	delete(r.invitations, id)
	return nil
}

// Members reads.
func (r *Recorder) Members(ctx context.Context, orgID string) ([]OrganizationMember, error) {
	all, err := r.api.Members(ctx, orgID)
	for _, member := range all {
		r.Name(member.UserID, member.Email)
	}
	return all, err
}

// AddMembers plans.
func (r *Recorder) AddMembers(_ context.Context, _ string, userIDs ...string) error {
	r.plan(EffectAccess, "POST /api/v2/organizations/{id}/members", r.called(userIDs...))
	return nil
}

// RemoveMembers plans.
func (r *Recorder) RemoveMembers(_ context.Context, _ string, userIDs ...string) error {
	r.plan(EffectOther, "DELETE /api/v2/organizations/{id}/members", r.called(userIDs...))
	return nil
}

// MemberRoles reads.
func (r *Recorder) MemberRoles(ctx context.Context, orgID, userID string) ([]Role, error) {
	all, err := r.api.MemberRoles(ctx, orgID, userID)
	for _, role := range all {
		r.Name(role.ID, role.Name)
	}
	return all, err
}

// AssignMemberRoles plans.
func (r *Recorder) AssignMemberRoles(_ context.Context, _, userID string, roleIDs ...string) error {
	r.plan(EffectOther, "POST /api/v2/organizations/{id}/members/{user_id}/roles", r.called(userID), r.called(roleIDs...))
	return nil
}

// RemoveMemberRoles plans.
func (r *Recorder) RemoveMemberRoles(_ context.Context, _, userID string, roleIDs ...string) error {
	r.plan(EffectOther, "DELETE /api/v2/organizations/{id}/members/{user_id}/roles", r.called(userID), r.called(roleIDs...))
	return nil
}

// User reads, and shows what is planned.
func (r *Recorder) User(ctx context.Context, id string) (User, error) {
	user, err := r.api.User(ctx, id)
	if err != nil {
		return user, err
	}
	if r.gone[id] {
		return User{}, notThere("GET /api/v2/users/{id}")
	}
	return r.user(user), nil
}

func (r *Recorder) user(read User) User {
	r.Name(read.ID, read.Email)
	read.AppMetadata = maps.Clone(read.AppMetadata)
	for key, value := range r.metadata[read.ID] {
		if read.AppMetadata == nil {
			read.AppMetadata = map[string]string{}
		}
		read.AppMetadata[key] = value
		if value == "" {
			delete(read.AppMetadata, key)
		}
	}
	return read
}

func (r *Recorder) users(all []User) []User {
	var shown []User
	for _, user := range all {
		if !r.gone[user.ID] {
			shown = append(shown, r.user(user))
		}
	}
	return shown
}

// UsersByEmail reads, and shows what is planned.
func (r *Recorder) UsersByEmail(ctx context.Context, email string) ([]User, error) {
	all, err := r.api.UsersByEmail(ctx, email)
	return r.users(all), err
}

// UsersWithAppMetadata reads, and shows of the users found what is planned.
func (r *Recorder) UsersWithAppMetadata(ctx context.Context, key string) (users []User, truncated bool, err error) {
	all, truncated, err := r.api.UsersWithAppMetadata(ctx, key)
	return r.users(all), truncated, err
}

// UserOrganizations reads.
func (r *Recorder) UserOrganizations(ctx context.Context, userID string) ([]string, error) {
	return r.api.UserOrganizations(ctx, userID)
}

// SetAppMetadata plans.
func (r *Recorder) SetAppMetadata(_ context.Context, userID, key, value string) error {
	r.setMetadata(userID, key, value)
	return nil
}

// ClearAppMetadata plans.
func (r *Recorder) ClearAppMetadata(_ context.Context, userID, key string) error {
	r.setMetadata(userID, key, "")
	return nil
}

// setMetadata plans a key of a user; an empty value is one that is cleared.
func (r *Recorder) setMetadata(userID, key, value string) {
	r.plan(EffectAccess, appMetadataRoute, r.called(userID))
	if r.metadata[userID] == nil {
		r.metadata[userID] = map[string]string{}
	}
	r.metadata[userID][key] = value
}

// DeleteUser plans.
func (r *Recorder) DeleteUser(_ context.Context, userID string) error {
	r.plan(EffectOther, "DELETE /api/v2/users/{id}", r.called(userID))
	r.gone[userID] = true
	return nil
}

// RevokeAccess plans.
func (r *Recorder) RevokeAccess(_ context.Context, userID string) (revoked bool, err error) {
	r.plan(EffectOther, "POST /api/v2/users/{id}/revoke-access", r.called(userID))
	return true, nil
}

// Roles reads.
func (r *Recorder) Roles(ctx context.Context) ([]Role, error) {
	all, err := r.api.Roles(ctx)
	for _, role := range all {
		r.Name(role.ID, role.Name)
	}
	return all, err
}

// Client reads.
func (r *Recorder) Client(ctx context.Context, clientID string) (Application, error) {
	return r.api.Client(ctx, clientID)
}

// Scopes reads.
func (r *Recorder) Scopes(ctx context.Context) ([]string, error) { return r.api.Scopes(ctx) }

// DropToken passes it on: it is no write to Auth0.
func (r *Recorder) DropToken() { r.api.DropToken() }

// Probe reads.
func (r *Recorder) Probe(ctx context.Context) error { return r.api.Probe(ctx) }

// Now passes it on.
func (r *Recorder) Now() time.Time { return r.api.Now() }
