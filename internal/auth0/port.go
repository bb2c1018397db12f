// Package auth0 is the one door to Auth0: a narrow port over the Management
// API, typed errors that carry the decision, Auth0's time, and metrics. Nothing
// outside of it imports an Auth0 SDK or speaks HTTP to Auth0.
package auth0

import (
	"context"
	"time"
)

// API is what the operator needs of one tenant's Management API. Every list is
// complete or an error: a list that failed half-way returns no items at all.
// Every error is an *Error.
type API interface {
	// ListOrganizations returns all organizations of the tenant.
	ListOrganizations(ctx context.Context) ([]Organization, error)
	// Organization reads one organization by its id; NotFound when it is gone.
	Organization(ctx context.Context, id string) (Organization, error)
	// OrganizationByName reads one organization by its exact name; NotFound when there is none.
	OrganizationByName(ctx context.Context, name string) (Organization, error)
	// CreateOrganization makes an organization; Conflict when the name is taken.
	CreateOrganization(ctx context.Context, create OrganizationCreate) (Organization, error)
	// UpdateOrganization changes the fields that are set. Metadata is replaced as
	// a whole by Auth0, so pass every key that must stay. An empty map, which
	// would erase all of it, is refused with Invalid and not sent.
	UpdateOrganization(ctx context.Context, id string, update OrganizationUpdate) (Organization, error)
	// DeleteOrganization deletes an organization; NotFound when it is gone already.
	DeleteOrganization(ctx context.Context, id string) error

	// EnabledConnections lists the connections of an organization (at most 10).
	EnabledConnections(ctx context.Context, orgID string) ([]EnabledConnection, error)
	// EnableConnection enables a connection for an organization.
	EnableConnection(ctx context.Context, orgID string, connection EnabledConnection) error
	// UpdateEnabledConnection sets the switches of an enabled connection.
	UpdateEnabledConnection(ctx context.Context, orgID string, connection EnabledConnection) error
	// DisableConnection takes a connection away from an organization.
	DisableConnection(ctx context.Context, orgID, connectionID string) error
	// ConnectionByName reads one connection of the tenant; NotFound when there is none.
	ConnectionByName(ctx context.Context, name string) (Connection, error)

	// Invitations lists the invitations of an organization, newest first; expired
	// ones may linger. Beyond 2,000 it is the newest and the oldest 1,000: truncated
	// says that one between those may be alive, so that absence proves nothing.
	Invitations(ctx context.Context, orgID string) (invitations []Invitation, truncated bool, err error)
	// Invitation reads one invitation; NotFound when it was deleted, accepted or used up.
	Invitation(ctx context.Context, orgID, id string) (Invitation, error)
	// UsedUpBy looks in the newest entries of the tenant log for the user that used up
	// an invitation without being let in; empty where they do not tell. Scope read:logs.
	UsedUpBy(ctx context.Context, invitationID string) (userID string, err error)
	// CreateInvitation sends an invitation mail. It gives: never call it without a fence.
	CreateInvitation(ctx context.Context, orgID string, create InvitationCreate) (Invitation, error)
	// DeleteInvitation deletes an invitation. One that is not there is no error.
	DeleteInvitation(ctx context.Context, orgID, id string) error

	// Members lists the members of an organization. Eventually consistent: a hint.
	Members(ctx context.Context, orgID string) ([]OrganizationMember, error)
	// AddMembers makes users members without an invitation and without a mail. It
	// gives. Users who are members already are no error.
	AddMembers(ctx context.Context, orgID string, userIDs ...string) error
	// RemoveMembers ends memberships; users who are no members are no error.
	RemoveMembers(ctx context.Context, orgID string, userIDs ...string) error
	// MemberRoles lists the roles of a user in an organization. Roles live apart
	// from membership, so this says nothing about membership.
	MemberRoles(ctx context.Context, orgID, userID string) ([]Role, error)
	// AssignMemberRoles adds roles to a user in an organization. It gives.
	AssignMemberRoles(ctx context.Context, orgID, userID string, roleIDs ...string) error
	// RemoveMemberRoles takes roles from a user in an organization.
	RemoveMemberRoles(ctx context.Context, orgID, userID string, roleIDs ...string) error

	// User reads one user by id, consistently; NotFound when it was deleted.
	User(ctx context.Context, id string) (User, error)
	// UsersByEmail lists the users whose e-mail is spelled exactly so, consistently.
	UsersByEmail(ctx context.Context, email string) ([]User, error)
	// UsersWithAppMetadata searches for users that have the first-level key in
	// app_metadata. Eventually consistent: a hint. Beyond 2,000 it goes on by slices of
	// creation time; truncated says that these led no further and there may be more.
	UsersWithAppMetadata(ctx context.Context, key string) (users []User, truncated bool, err error)
	// UserOrganizations lists the ids of the organizations that a user is a member of.
	UserOrganizations(ctx context.Context, userID string) ([]string, error)
	// SetAppMetadata writes one first-level key of a user's app_metadata and
	// leaves the others alone. value must not be empty.
	SetAppMetadata(ctx context.Context, userID, key, value string) error
	// ClearAppMetadata deletes one first-level key of a user's app_metadata. A
	// user that is gone is no error.
	ClearAppMetadata(ctx context.Context, userID, key string) error
	// DeleteUser deletes a user for good. One that is gone is no error.
	DeleteUser(ctx context.Context, userID string) error
	// RevokeAccess ends a user's sessions and refresh tokens. Where the plan has
	// no such endpoints it falls back to device credentials; revoked is false
	// when neither is to be had, which is no error.
	RevokeAccess(ctx context.Context, userID string) (revoked bool, err error)

	// Roles lists all roles of the tenant (at most 1,000).
	Roles(ctx context.Context) ([]Role, error)
	// Client reads an application; NotFound when there is none.
	Client(ctx context.Context, clientID string) (Application, error)

	// Scopes are those that Auth0 granted with the current token; it fetches a
	// token when there is none. A token lives for a day and does not learn of later
	// grants: when scopes are missing, DropToken before looking again.
	Scopes(ctx context.Context) ([]string, error)
	// DropToken forgets the current token, so that the next call fetches one.
	// Auth0 bills tokens: use it on request and on slow looks only.
	DropToken()
	// Probe makes one light call that costs no rate limit, to learn Auth0's time
	// and that it answers.
	Probe(ctx context.Context) error
	// Now is Auth0's time, by the Date headers of its answers.
	Now() time.Time
}

// Organization is an Auth0 Organization.
type Organization struct {
	ID          string
	Name        string
	DisplayName string
	// Metadata has at most 25 keys with values of at most 255 characters.
	Metadata map[string]string
}

// OrganizationCreate is a new organization.
type OrganizationCreate struct {
	Name        string
	DisplayName string
	Metadata    map[string]string
}

// OrganizationUpdate changes what is not nil.
type OrganizationUpdate struct {
	DisplayName *string
	Metadata    map[string]string
}

// EnabledConnection is a connection of an organization.
type EnabledConnection struct {
	ConnectionID string
	// Name and Strategy are read only.
	Name                    string
	Strategy                string
	AssignMembershipOnLogin bool
	ShowAsButton            bool
	SignupEnabled           bool
}

// Connection is a connection of the tenant.
type Connection struct {
	ID       string
	Name     string
	Strategy string
}

// EnterpriseStrategy tells whether a connection strategy is an enterprise one:
// its people are vouched for by the company's own identity provider.
func EnterpriseStrategy(strategy string) bool {
	switch strategy {
	case "google-apps", "okta", "waad", "samlp", "oidc", "adfs", "ad", "pingfederate", "auth0-adldap":
		return true
	}
	return false
}

// Invitation is an invitation to an organization. It has no link: whoever holds
// the link is let in, so it never leaves the adapter.
type Invitation struct {
	ID           string
	Email        string
	ConnectionID string
	CreatedAt    time.Time
	ExpiresAt    time.Time
	// AppMetadata holds the string values that the acceptance carries.
	AppMetadata map[string]string
}

// InvitationCreate is a new invitation.
type InvitationCreate struct {
	Email        string
	InviterName  string
	ClientID     string
	ConnectionID string
	TTL          time.Duration
	RoleIDs      []string
	AppMetadata  map[string]string
}

// OrganizationMember is a row of the member list.
type OrganizationMember struct {
	UserID string
	// Email as the identity provider spells it; may be empty.
	Email string
}

// User is an Auth0 user.
type User struct {
	ID            string
	Email         string
	EmailVerified bool
	// Blocked: an administrator blocked the user, whom Auth0 refuses everywhere.
	Blocked bool
	// Connections are those of the user's identities, the primary one first.
	Connections []string
	// CreatedAt is when the profile came to be; known only of a user read by id.
	CreatedAt time.Time
	// LastLogin is when the user last signed in, zero for never; known only of a user
	// read by id.
	LastLogin time.Time
	// AppMetadata holds the first-level string values; others are left out.
	AppMetadata map[string]string
}

// Role is an Auth0 role.
type Role struct {
	ID   string
	Name string
}

// Application is an Auth0 client.
type Application struct {
	ClientID string
	Name     string
	// OrganizationUsage is deny (Auth0's default), allow or require.
	OrganizationUsage string
	// InitiateLoginURI is where invitation links lead.
	InitiateLoginURI string
}
