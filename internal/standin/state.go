package standin

import (
	"slices"
	"time"
)

// table holds rows by id and remembers the order in which they were created.
// It is guarded by Server.mu like everything in a Tenant.
type table[T any] struct {
	ids  []string
	rows map[string]*T
}

func (t *table[T]) get(id string) *T { return t.rows[id] }

func (t *table[T]) put(id string, row *T) {
	if t.rows == nil {
		t.rows = map[string]*T{}
	}
	if _, known := t.rows[id]; !known {
		t.ids = append(t.ids, id)
	}
	t.rows[id] = row
}

// remove deletes a row and reports whether it was there.
func (t *table[T]) remove(id string) bool {
	if _, known := t.rows[id]; !known {
		return false
	}
	delete(t.rows, id)
	t.ids = slices.DeleteFunc(t.ids, func(other string) bool { return other == id })
	return true
}

// all returns the rows in the order of their creation.
func (t *table[T]) all() []*T {
	out := make([]*T, 0, len(t.ids))
	for _, id := range t.ids {
		out = append(out, t.rows[id])
	}
	return out
}

func (t *table[T]) find(match func(*T) bool) *T {
	for _, id := range t.ids {
		if match(t.rows[id]) {
			return t.rows[id]
		}
	}
	return nil
}

// Tenant is one Auth0 tenant. Its content is guarded by Server.mu.
type Tenant struct {
	// Domain is host:port, as clients address it. It does not change.
	Domain string
	content
	// streams are those of events that are open, and with a time those that ended then.
	streams map[*stream]time.Time
}

// content is what a tenant holds.
type content struct {
	// DefaultRedirectionURI is the tenant's default login route: invitations
	// use it when the application has no initiate_login_uri. May be empty.
	DefaultRedirectionURI string

	clients     table[Client]
	connections table[Connection]
	// deletedConnections are those whose deletion is still under way.
	deletedConnections table[deletedConnection]
	organizations      table[Organization]
	users              table[User]
	userVersions       map[string][]userVersion
	roles              table[Role]
	// userRoles and userPermissions hold, by user id, what is given outside organizations.
	userRoles       map[string][]roleAssignment
	userPermissions map[string][]Permission
	sessions        table[Session]
	refreshTokens   table[RefreshToken]
	actions         table[Action]

	resourceServers table[ResourceServer]
	clientGrants    table[ClientGrant]

	selfServiceProfiles table[SelfServiceProfile]
	// settings are the tenant settings but for DefaultRedirectionURI.
	settings map[string]any
	// bindings holds, by trigger id, the bound Actions in their order.
	bindings map[string][]Binding
	logs     []LogEntry
	// logged counts the entries that the log ever had.
	logged int
	// events are the latest; moreEvents is closed and replaced at each one.
	events     []event
	moreEvents chan struct{}
	// emitted counts the events that there ever were; stream is their stream's id.
	emitted int
	stream  string
	// kept is how long former versions of users are kept.
	kept time.Duration
	// deletedUsers are those whose versions are still kept, in the order of
	// their deletion.
	deletedUsers []deletedUser
}

// deletedUser is a user who is gone since a time.
type deletedUser struct {
	id string
	at time.Time
}

func newTenant(domain string) *Tenant {
	return &Tenant{
		Domain:  domain,
		streams: map[*stream]time.Time{},
		content: content{
			userVersions: map[string][]userVersion{},
			bindings:     map[string][]Binding{},
			settings:     tenantDefaults(),
			kept:         versionsKept,
			moreEvents:   make(chan struct{}),
			stream:       newID("est_"),
		},
	}
}

// Client is an application. A client with the grant type client_credentials
// and Scopes may call the Management API.
type Client struct {
	ClientID    string `json:"client_id"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	// Secret is empty for clients that authenticate by PublicKeys or not at all.
	Secret string `json:"client_secret,omitempty"`
	// AppType is non_interactive, regular_web, spa or native.
	AppType                 string   `json:"app_type,omitempty"`
	TokenEndpointAuthMethod string   `json:"token_endpoint_auth_method,omitempty"`
	Callbacks               []string `json:"callbacks,omitempty"`
	AllowedLogoutURLs       []string `json:"allowed_logout_urls,omitempty"`
	InitiateLoginURI        string   `json:"initiate_login_uri,omitempty"`
	GrantTypes              []string `json:"grant_types,omitempty"`
	// OrganizationUsage is deny (what Auth0 assumes when empty), allow or require.
	OrganizationUsage string `json:"organization_usage,omitempty"`
	// OrganizationRequireBehavior is no_prompt (default), pre_login_prompt or post_login_prompt.
	OrganizationRequireBehavior string `json:"organization_require_behavior,omitempty"`
	// RefreshTokenRotation: an exchange returns a new refresh token and ends the old one.
	RefreshTokenRotation bool              `json:"refresh_token_rotation,omitempty"`
	Metadata             map[string]string `json:"client_metadata,omitempty"`
	// PublicKeys are PEM keys for private_key_jwt.
	PublicKeys []string `json:"public_keys,omitempty"`
	// Scopes of the Management API that are granted to the client.
	Scopes    []string  `json:"scopes,omitempty"`
	CreatedAt time.Time `json:"created_at"`

	// extra keeps properties of the API that the stand-in stores and returns
	// and does nothing with.
	extra map[string]any
	// refresh and jwt are refresh_token and jwt_configuration as they were given.
	refresh, jwt map[string]any
	credentials  []*clientCredential
	// authMethods holds the ids of credentials by method of authentication.
	authMethods    map[string][]string
	signedRequests *signedRequests
}

// signedRequests says which credentials verify a client's signed requests.
type signedRequests struct {
	required bool
	ids      []string
}

// IdPPerson is one person in the directory behind an enterprise connection.
type IdPPerson struct { //nolint:revive,staticcheck // IdP is how the trade writes it
	// Sub is the identity provider's id; empty means the e-mail.
	Sub string `json:"sub,omitempty"`
	// Email may be empty: Entra users need not have one.
	Email         string `json:"email,omitempty"`
	EmailVerified bool   `json:"email_verified,omitempty"`
	Name          string `json:"name,omitempty"`
}

// Connection is an identity provider, or a database of users if its strategy
// is auth0.
type Connection struct {
	ID           string            `json:"id"`
	Name         string            `json:"name"`
	DisplayName  string            `json:"display_name,omitempty"`
	Strategy     string            `json:"strategy"`
	Options      map[string]any    `json:"options,omitempty"`
	Realms       []string          `json:"realms,omitempty"`
	ShowAsButton bool              `json:"show_as_button,omitempty"`
	Metadata     map[string]string `json:"metadata,omitempty"`
	// IsDomainConnection: third-party applications may use it too.
	IsDomainConnection bool `json:"is_domain_connection,omitempty"`
	// Authentication and ConnectedAccounts are what the connection may be used
	// for; nil means Auth0's defaults, signing in only.
	Authentication    map[string]any `json:"authentication,omitempty"`
	ConnectedAccounts map[string]any `json:"connected_accounts,omitempty"`
	// ProvisioningTicket is the last part of the address at which the customer
	// completes the connection; empty for strategies that have none.
	ProvisioningTicket string `json:"provisioning_ticket,omitempty"`
	// EnabledClients are the ids of the applications that may use it outside organizations.
	EnabledClients []string `json:"enabled_clients,omitempty"`
	// Directory lists the people whom the identity provider knows.
	Directory []IdPPerson `json:"directory,omitempty"`
	CreatedAt time.Time   `json:"created_at"`
}

// strategyDatabase is the strategy of a database connection.
const strategyDatabase = "auth0"

// Organization is one Auth0 Organization with what hangs on it.
type Organization struct {
	ID          string            `json:"id"`
	Name        string            `json:"name"`
	DisplayName string            `json:"display_name,omitempty"`
	Branding    map[string]any    `json:"branding,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
	// Connections are the enabled connections in the order of their addition.
	Connections []*EnabledConnection `json:"connections,omitempty"`
	// Memberships holds present and, for the lagging list, former ones.
	Memberships []*Membership `json:"memberships,omitempty"`
	// MemberRoles are role ids by user id. They live apart from membership, as
	// in Auth0: a user can have them before being a member and after.
	MemberRoles map[string][]string `json:"member_roles,omitempty"`
	// TokenQuota is kept and returned only.
	TokenQuota map[string]any `json:"token_quota,omitempty"`
	// DiscoveryDomains are e-mail domains that lead to the organization.
	DiscoveryDomains []*DiscoveryDomain `json:"discovery_domains,omitempty"`
	CreatedAt        time.Time          `json:"created_at"`

	invitations table[Invitation]
	// tenant is told of memberships.
	tenant *Tenant
}

// EnabledConnection is a connection as one organization uses it.
type EnabledConnection struct {
	ConnectionID            string `json:"connection_id"`
	AssignMembershipOnLogin bool   `json:"assign_membership_on_login"`
	ShowAsButton            bool   `json:"show_as_button"`
	IsSignupEnabled         bool   `json:"is_signup_enabled"`
	// Disabled: the organization keeps the connection and its settings, and
	// nobody signs in through it.
	Disabled bool `json:"disabled,omitempty"`
	// Name is what the organization calls the connection; may be empty.
	Name string `json:"organization_connection_name,omitempty"`
	// AccessLevel is what the organization's own people may do to it; empty
	// means none.
	AccessLevel string `json:"organization_access_level,omitempty"`
}

// Membership is one stretch of time in which a user belonged to an organization.
type Membership struct {
	UserID string    `json:"user_id"`
	Since  time.Time `json:"since"`
	// Until is zero while the membership lasts.
	Until time.Time `json:"until,omitzero"`
}

// Invitation is a pending, or expired and not yet purged, invitation. Accepted,
// deleted and consumed ones are gone.
type Invitation struct {
	ID                  string         `json:"id"`
	ClientID            string         `json:"client_id"`
	ConnectionID        string         `json:"connection_id,omitempty"`
	InviterName         string         `json:"inviter_name"`
	InviteeEmail        string         `json:"invitee_email"`
	URL                 string         `json:"invitation_url"`
	TicketID            string         `json:"ticket_id"`
	Roles               []string       `json:"roles,omitempty"`
	AppMetadata         map[string]any `json:"app_metadata,omitempty"`
	UserMetadata        map[string]any `json:"user_metadata,omitempty"`
	SendInvitationEmail bool           `json:"send_invitation_email"`
	CreatedAt           time.Time      `json:"created_at"`
	ExpiresAt           time.Time      `json:"expires_at"`
}

// User is a profile. Change one only while holding Server.mu and call
// Tenant.saveUser afterwards: the search index follows that call.
type User struct {
	UserID        string         `json:"user_id"`
	Email         string         `json:"email,omitempty"`
	EmailVerified bool           `json:"email_verified"`
	Name          string         `json:"name,omitempty"`
	Nickname      string         `json:"nickname,omitempty"`
	GivenName     string         `json:"given_name,omitempty"`
	FamilyName    string         `json:"family_name,omitempty"`
	Username      string         `json:"username,omitempty"`
	Picture       string         `json:"picture,omitempty"`
	Identities    []Identity     `json:"identities"`
	AppMetadata   map[string]any `json:"app_metadata,omitempty"`
	UserMetadata  map[string]any `json:"user_metadata,omitempty"`
	Blocked       bool           `json:"blocked,omitempty"`
	// BlockedSet: somebody has set blocked, if only to false; the API shows it
	// from then on.
	BlockedSet bool `json:"blocked_set,omitempty"`
	// Password is set for database users only.
	Password    string    `json:"password,omitempty"`
	LastLogin   time.Time `json:"last_login,omitzero"`
	LastIP      string    `json:"last_ip,omitempty"`
	LoginsCount int       `json:"logins_count,omitempty"`
	// LastPasswordReset is when the API last changed the password.
	LastPasswordReset time.Time `json:"last_password_reset,omitzero"`
	CreatedAt         time.Time `json:"created_at"`
	UpdatedAt         time.Time `json:"updated_at"`
}

// Identity is one account at a connection that a profile stands for.
type Identity struct {
	// UserID is the id without the prefix of the strategy.
	UserID     string `json:"user_id"`
	Connection string `json:"connection"`
	Provider   string `json:"provider"`
	IsSocial   bool   `json:"isSocial"`
	// ProfileData is what a linked account knows of the person.
	ProfileData map[string]any `json:"profileData,omitempty"`
}

// userVersion is a user as it was from At on; User is nil after a deletion.
type userVersion struct {
	at   time.Time
	user *User
}

// Role is a tenant role.
type Role struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	// OwnerID is the organization that the role belongs to; empty is the tenant.
	OwnerID string `json:"owner_id,omitempty"`
	// Permissions that the role carries.
	Permissions []Permission `json:"permissions,omitempty"`
}

// Session is one single sign-on session at the tenant.
type Session struct {
	// ID is what the Management API shows.
	ID string `json:"id"`
	// Cookie is the bearer value in the browser.
	Cookie          string    `json:"cookie"`
	UserID          string    `json:"user_id"`
	Connection      string    `json:"connection"`
	ClientIDs       []string  `json:"client_ids,omitempty"`
	CreatedAt       time.Time `json:"created_at"`
	UpdatedAt       time.Time `json:"updated_at"`
	AuthenticatedAt time.Time `json:"authenticated_at"`
	IdleExpiresAt   time.Time `json:"idle_expires_at"`
	ExpiresAt       time.Time `json:"expires_at"`
	// Metadata is what Actions noted. Methods are what they recorded as done.
	Metadata map[string]string `json:"session_metadata,omitempty"`
	Methods  []SessionMethod   `json:"methods,omitempty"`
}

// SessionMethod is an Action's own way of authentication, by its address.
type SessionMethod struct {
	URL string    `json:"url"`
	At  time.Time `json:"at"`
}

// RefreshToken is a live refresh token; a revoked one is gone.
type RefreshToken struct {
	// ID is what the Management API shows; Token is the bearer value.
	ID              string            `json:"id"`
	Token           string            `json:"token"`
	UserID          string            `json:"user_id"`
	ClientID        string            `json:"client_id"`
	SessionID       string            `json:"session_id,omitempty"`
	OrganizationID  string            `json:"organization_id,omitempty"`
	Connection      string            `json:"connection"`
	Audience        string            `json:"audience,omitempty"`
	Scope           string            `json:"scope"`
	Rotating        bool              `json:"rotating"`
	Metadata        map[string]string `json:"refresh_token_metadata,omitempty"`
	CreatedAt       time.Time         `json:"created_at"`
	LastExchangedAt time.Time         `json:"last_exchanged_at,omitzero"`
	IdleExpiresAt   time.Time         `json:"idle_expires_at,omitzero"`
	ExpiresAt       time.Time         `json:"expires_at,omitzero"`
	// Used are the values that rotation replaced, oldest first, the last 100.
	Used []string `json:"used,omitempty"`
}

// Action is one Auth0 Action: a draft and, once deployed, what runs.
type Action struct {
	ID      string         `json:"id"`
	Name    string         `json:"name"`
	Trigger ActionTrigger  `json:"trigger"`
	Code    string         `json:"code"`
	Runtime string         `json:"runtime"`
	Secrets []ActionSecret `json:"secrets,omitempty"`
	// Dependencies are kept and returned; the stand-in has no npm packages.
	Dependencies []any     `json:"dependencies,omitempty"`
	CreatedAt    time.Time `json:"created_at"`
	UpdatedAt    time.Time `json:"updated_at"`
	// BuiltAt is when a new draft counts as built; until then its status is pending.
	BuiltAt  time.Time      `json:"built_at"`
	Deployed *ActionVersion `json:"deployed,omitempty"`
	// Versions are what was ever deployed, oldest first; Deployed is one of them.
	Versions []*ActionVersion `json:"versions,omitempty"`
}

// ActionTrigger names what an Action runs on, e.g. post-login v3.
type ActionTrigger struct {
	ID      string `json:"id"`
	Version string `json:"version"`
}

// ActionSecret is handed to an Action and never returned by the API.
type ActionSecret struct {
	Name      string    `json:"name"`
	Value     string    `json:"value"`
	UpdatedAt time.Time `json:"updated_at"`
}

// ActionVersion is a deployed version of an Action.
type ActionVersion struct {
	ID      string         `json:"id"`
	Number  int            `json:"number"`
	Code    string         `json:"code"`
	Runtime string         `json:"runtime"`
	Secrets []ActionSecret `json:"secrets,omitempty"`
	// Dependencies: see Action.
	Dependencies []any     `json:"dependencies,omitempty"`
	CreatedAt    time.Time `json:"created_at"`
}

// Binding is one place of an Action in the order of a trigger.
type Binding struct {
	ID          string    `json:"id"`
	ActionID    string    `json:"action_id"`
	DisplayName string    `json:"display_name"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}

// LogEntry is one line of the tenant log. Type is one of Auth0's codes, e.g. s
// (success login), si (invitation accepted) or sapi (successful write by the
// Management API).
type LogEntry struct {
	LogID            string         `json:"log_id"`
	Date             time.Time      `json:"date"`
	Type             string         `json:"type"`
	Description      string         `json:"description,omitempty"`
	ClientID         string         `json:"client_id,omitempty"`
	Connection       string         `json:"connection,omitempty"`
	UserID           string         `json:"user_id,omitempty"`
	UserName         string         `json:"user_name,omitempty"`
	OrganizationID   string         `json:"organization_id,omitempty"`
	OrganizationName string         `json:"organization_name,omitempty"`
	Details          map[string]any `json:"details,omitempty"`
}
