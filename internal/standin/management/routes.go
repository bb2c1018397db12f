package management

import (
	"maps"
	"slices"
)

// routes are the endpoints of the Management API. Of two that match a path the
// first is taken.
func routes() *router {
	rt := &router{}
	organizationRoutes(rt)
	organizationConnectionRoutes(rt)
	invitationRoutes(rt)
	memberRoutes(rt)
	userRoutes(rt)
	userAccessRoutes(rt)
	identityRoutes(rt)
	sessionRoutes(rt)
	roleRoutes(rt)
	clientRoutes(rt)
	clientGrantRoutes(rt)
	resourceServerRoutes(rt)
	connectionRoutes(rt)
	actionRoutes(rt)
	discoveryDomainRoutes(rt)
	selfServiceRoutes(rt)
	tenantRoutes(rt)
	logRoutes(rt)
	eventRoutes(rt)
	userBlockRoutes(rt)
	withoutRoutes(rt)
	return rt
}

// Scopes returns every scope that a route of the stand-in asks for
// and those that a handler asks for beside.
func Scopes() []string {
	seen := map[string]bool{
		"read:connections_options": true, "update:connections_options": true, "create:organization_connections": true,
		"update:users": true, "read:tenant_settings": true,
	}
	for _, ro := range routes().routes {
		for _, scope := range ro.scopes {
			seen[scope] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}
