package auth0tenant

import "slices"

// The scopes that feeds need.
const (
	scopeEvents = "read:events"
	scopeLogs   = "read:logs"
)

// requiredScopes is the least that the operator needs.
var requiredScopes = []string{
	"read:organizations", "create:organizations", "update:organizations",
	"read:organization_connections", "create:organization_connections", "update:organization_connections", "delete:organization_connections",
	"read:organization_invitations", "create:organization_invitations", "delete:organization_invitations",
	"read:organization_members", "create:organization_members", "delete:organization_members",
	"read:organization_member_roles", "create:organization_member_roles", "delete:organization_member_roles",
	"read:users", "update:users_app_metadata",
	"read:roles", "read:clients", "read:connections",
}

// optionalScopes are used where they are granted: deleting organizations, and
// users, ending sessions and refresh tokens (Enterprise) or device credentials, and
// feeds of what changes.
var optionalScopes = []string{
	"delete:organizations", "delete:users",
	"read:sessions", "delete:sessions", "read:refresh_tokens", "delete:refresh_tokens",
	"read:device_credentials", "delete:device_credentials",
	scopeEvents, scopeLogs,
}

// compareScopes tells which required scopes are not granted, and which granted
// ones are of no use to the operator; both sorted.
func compareScopes(granted []string) (missing, surplus []string) {
	for _, scope := range requiredScopes {
		if !slices.Contains(granted, scope) {
			missing = append(missing, scope)
		}
	}
	for _, scope := range granted {
		if !slices.Contains(requiredScopes, scope) && !slices.Contains(optionalScopes, scope) {
			surplus = append(surplus, scope)
		}
	}
	slices.Sort(missing)
	slices.Sort(surplus)
	return missing, slices.Compact(surplus)
}
