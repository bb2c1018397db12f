package main

import (
	"path"
	"strings"
)

// resources are the parts of the Management API that the stand-in plays, by
// path pattern; the first that matches names a call's resource.
var resources = []struct{ pattern, name string }{
	{"/organizations/*/enabled_connections", "organization connections"},
	{"/organizations/*/enabled_connections/*", "organization connections"},
	{"/organizations/*/invitations", "invitations"},
	{"/organizations/*/invitations/*", "invitations"},
	{"/organizations/*/members", "members"},
	{"/organizations/*/members/*/roles", "members"},
	{"/organizations/*/discovery-domains", "discovery domains"},
	{"/organizations/*/discovery-domains/*", "discovery domains"},
	{"/organizations/*/discovery-domains/name/*", "discovery domains"},
	{"/organizations/*/client-grants", "client grants"},
	{"/organizations/*/client-grants/*", "client grants"},
	{"/organizations", "organizations"},
	{"/organizations/*", "organizations"},
	{"/organizations/name/*", "organizations"},
	{"/users/*/sessions", "sessions and refresh tokens"},
	{"/users/*/refresh-tokens", "sessions and refresh tokens"},
	{"/users", "users"},
	{"/users-by-email", "users"},
	{"/users/*", "users"},
	{"/users/*/identities", "users"},
	{"/users/*/identities/*/*", "users"},
	{"/users/*/logs", "users"},
	{"/users/*/organizations", "users"},
	{"/users/*/permissions", "users"},
	{"/users/*/roles", "users"},
	{"/sessions/*", "sessions and refresh tokens"},
	{"/sessions/*/revoke", "sessions and refresh tokens"},
	{"/refresh-tokens/*", "sessions and refresh tokens"},
	{"/roles", "roles"},
	{"/roles/*", "roles"},
	{"/roles/*/permissions", "roles"},
	{"/roles/*/users", "roles"},
	{"/clients", "clients"},
	{"/clients/*", "clients"},
	{"/clients/*/connections", "clients"},
	{"/clients/*/credentials", "clients"},
	{"/clients/*/credentials/*", "clients"},
	{"/clients/*/rotate-secret", "clients"},
	{"/client-grants", "client grants"},
	{"/client-grants/*", "client grants"},
	{"/client-grants/*/organizations", "client grants"},
	{"/resource-servers", "resource servers"},
	{"/resource-servers/*", "resource servers"},
	{"/connections", "connections"},
	{"/connections/*", "connections"},
	{"/connections/*/clients", "connections"},
	{"/connections/*/status", "connections"},
	{"/actions/actions", "actions"},
	{"/actions/actions/*", "actions"},
	{"/actions/actions/*/*", "actions"},
	{"/actions/actions/*/versions/*", "actions"},
	{"/actions/actions/*/versions/*/deploy", "actions"},
	{"/actions/executions/*", "actions"},
	{"/actions/triggers", "actions"},
	{"/actions/triggers/*/bindings", "actions"},
	{"/self-service-profiles", "self-service profiles"},
	{"/self-service-profiles/*", "self-service profiles"},
	{"/self-service-profiles/*/sso-ticket", "self-service profiles"},
	{"/self-service-profiles/*/custom-text/*/*", "self-service profiles"},
	{"/logs", "logs"},
	{"/logs/*", "logs"},
	{"/tenants/settings", "tenant settings"},
}

// resourceOf names the resource of a call, or the family of endpoints that is
// out of scope.
func resourceOf(c call) (name string, inScope bool) {
	escaped := strings.TrimSuffix(c.path(), "/")
	for _, r := range resources {
		if matched, err := path.Match(r.pattern, escaped); err == nil && matched {
			return r.name, true
		}
	}
	segments := strings.Split(strings.TrimPrefix(escaped, "/"), "/")
	switch segments[0] {
	case "users", "clients", "connections", "organizations", "actions":
		if len(segments) > 2 {
			return segments[0] + "/…/" + segments[2], false
		}
		return segments[0] + "/" + segments[len(segments)-1], false
	}
	return segments[0], false
}
