package main

import (
	"encoding/json"
	"path"
	"slices"
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

// strategies of connections that the stand-in plays in full.
var strategies = []string{"auth0", "google-apps", "okta", "waad"}

const (
	reasonStrategy  = "connections of other strategies"
	reasonHandmade  = "hand-written recordings"
	reasonExpress   = "express configuration of Okta's catalogue"
	reasonSystemAPI = "APIs of Auth0's own"
)

// outsideScope names the reason for which a call to a resource in scope is
// not compared, or "".
func (p *player) outsideScope(c call) string {
	segments := strings.Split(strings.Trim(c.path(), "/"), "/")
	if len(segments) > 1 {
		if reason := p.outside[segments[1]]; reason != "" && segments[0] != "organizations" {
			return reason
		}
		if slices.Contains([]string{"UserID", "SessionID", "RefreshTokenID"}, segments[1]) {
			return reasonHandmade
		}
	}
	if segments[0] == "connections" && p.outside[c.url.Query().Get("name")] != "" {
		return reasonStrategy
	}
	if segments[0] == "client-grants" && p.outside[c.url.Query().Get("client_id")] != "" {
		return reasonExpress
	}
	var body struct {
		Strategy   string `json:"strategy"`
		AppType    string `json:"app_type"`
		Identifier string `json:"identifier"`
		ClientID   string `json:"client_id"`
	}
	if strings.Contains(c.body, `"express_configuration":`) {
		return reasonExpress
	}
	if c.method != "POST" || json.Unmarshal([]byte(c.body), &body) != nil {
		return ""
	}
	switch {
	case segments[0] == "connections" && len(segments) == 1 && !slices.Contains(strategies, body.Strategy):
		return reasonStrategy
	case body.AppType == "express_configuration", body.Identifier == "urn:auth0:express-configure",
		segments[0] == "client-grants" && p.outside[body.ClientID] != "":
		return reasonExpress
	case strings.HasSuffix(body.Identifier, ".auth0.com/me/"):
		return reasonSystemAPI
	}
	return ""
}
