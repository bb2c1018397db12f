package state

import (
	"time"
)

// Tenant is one Auth0 tenant. Its content is guarded by World.Lock.
type Tenant struct {
	// Domain is host:port, as clients address it. It does not change.
	Domain string
	content
}

// content is what a tenant holds.
type content struct {
	// DefaultRedirectionURI is the tenant's default login route: invitations
	// use it when the application has no initiate_login_uri. May be empty.
	DefaultRedirectionURI string

	Clients     Table[Client]
	Connections Table[Connection]
	// DeletedConnections are those whose deletion is still under way.
	DeletedConnections Table[DeletedConnection]
	Organizations      Table[Organization]
	Users              Table[User]
	UserVersions       map[string][]UserVersion
	// WithMetadata are, by app_metadata key, the users who have it in a version.
	WithMetadata map[string]map[string]bool
	Roles        Table[Role]
	// UserRoles and UserPermissions hold, by user id, what is given outside organizations.
	UserRoles       map[string][]RoleAssignment
	UserPermissions map[string][]Permission
	Sessions        Table[Session]
	RefreshTokens   Table[RefreshToken]
	Actions         Table[Action]

	ResourceServers Table[ResourceServer]
	ClientGrants    Table[ClientGrant]

	SelfServiceProfiles Table[SelfServiceProfile]
	// Settings are the tenant settings but for DefaultRedirectionURI.
	Settings map[string]any
	// Bindings holds, by trigger id, the bound Actions in their order.
	Bindings map[string][]Binding
	Logs     []LogEntry
	// logged counts the entries that the log ever had.
	logged int
	// Events are the latest; moreEvents is closed and replaced at each one.
	Events     []Event
	moreEvents chan struct{}
	// Emitted counts the events that there ever were; stream is their stream's id.
	Emitted int
	stream  string
	// kept is how long former versions of users are kept.
	kept time.Duration
	// deletedUsers are those whose versions are still kept, in the order of
	// their deletion.
	deletedUsers []deletedUser
}

// NewTenant returns an empty tenant.
func NewTenant(domain string) *Tenant {
	return &Tenant{
		Domain: domain,
		content: content{
			UserVersions: map[string][]UserVersion{},
			WithMetadata: map[string]map[string]bool{},
			Bindings:     map[string][]Binding{},
			Settings:     tenantDefaults(),
			kept:         versionsKept,
			moreEvents:   make(chan struct{}),
			stream:       NewID("est_"),
		},
	}
}

// tenantDefaults are the settings of a new tenant, as recorded.
func tenantDefaults() map[string]any {
	return map[string]any{
		"allowed_logout_urls": []any{}, "enabled_locales": []any{"en"},
		"flags": map[string]any{
			"allow_changing_enable_sso": false, "disable_impersonation": true, "enable_sso": true, "universal_login": true,
			"revoke_refresh_token_grant": false, "disable_clickjack_protection_headers": false,
		},
		"session_lifetime": 168, "idle_session_lifetime": 72, "ephemeral_session_lifetime": 1, "idle_ephemeral_session_lifetime": 1,
		"sandbox_version": "22", "oidc_logout": map[string]any{"rp_logout_end_session_endpoint_discovery": true},
		"resource_parameter_profile": "audience",
	}
}
