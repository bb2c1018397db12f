package standin

import (
	"time"
)

// Tenant is one Auth0 tenant. Its content is guarded by Server.mu.
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

func newTenant(domain string) *Tenant {
	return &Tenant{
		Domain: domain,
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
