package management

import "github.com/seatwarden/seatwarden/internal/standin/state"

// tenantSettings are the settings that may be changed; Auth0 checks more of
// them than their type.
func tenantProperties() map[string]schema {
	object, text := schema{kind: typeObject, any: true, nullable: true}, schema{kind: typeString, nullable: true}
	texts, boolean := schema{kind: typeArray, nullable: true, items: &schema{kind: typeString}}, schema{kind: typeBoolean, nullable: true}
	// Lifetimes are numbers, whole or not.
	properties := map[string]schema{
		"session_lifetime": {}, "idle_session_lifetime": {}, "ephemeral_session_lifetime": {}, "idle_ephemeral_session_lifetime": {},
		"session_lifetime_in_minutes":                {kind: typeInteger, nullable: true},
		"idle_session_lifetime_in_minutes":           {kind: typeInteger, nullable: true},
		"ephemeral_session_lifetime_in_minutes":      {kind: typeInteger, nullable: true},
		"idle_ephemeral_session_lifetime_in_minutes": {kind: typeInteger, nullable: true},
	}
	for _, name := range []string{
		"change_password", "guardian_mfa_page", "error_page", "device_flow", "default_token_quota", "flags", "session_cookie", "sessions",
		"oidc_logout", "mtls", "universal_login", "country_codes",
	} {
		properties[name] = object
	}
	for _, name := range []string{
		"default_audience", "default_directory", "friendly_name", "picture_url", "support_email", "support_url", "sandbox_version",
		"legacy_sandbox_version", "default_redirection_uri", "resource_parameter_profile",
	} {
		properties[name] = text
	}
	for _, name := range []string{"allowed_logout_urls", "enabled_locales", "acr_values_supported"} {
		properties[name] = texts
	}
	for _, name := range []string{
		"customize_mfa_in_postlogin_action", "allow_organization_name_in_authentication_api", "pushed_authorization_requests_supported",
		"authorization_response_iss_parameter_supported", "skip_non_verifiable_callback_uri_confirmation_prompt",
		"phone_consolidated_experience", "enable_ai_guide", "client_id_metadata_document_supported",
		"dynamic_client_registration_security_mode",
	} {
		properties[name] = boolean
	}
	properties["dynamic_client_registration_security_mode"] = text
	return properties
}

func tenantRoutes(rt *router) {
	rt.add("GET", "/tenants/settings", 200, "", getTenantSettings, "read:tenant_settings")
	rt.add("PATCH", "/tenants/settings", 200, "", updateTenantSettings, "update:tenant_settings")
}

func settingsItem(t *state.Tenant) map[string]any {
	item := map[string]any{}
	for name, value := range t.Settings {
		item[name] = value
	}
	state.Put(item, "default_redirection_uri", t.DefaultRedirectionURI)
	return item
}

func getTenantSettings(c *call) (any, error) {
	item := settingsItem(c.t)
	item["sandbox_versions_available"] = []any{"22", "18"}
	return selectFields(c.query, item), nil
}

// updateTenantSettings merges flags and replaces the others; null takes a
// setting away. Its answer was recorded to have two flags that GET does not show.
func updateTenantSettings(c *call) (any, error) {
	given, err := c.properties(schema{kind: typeObject, properties: tenantProperties()})
	if err != nil {
		return nil, err
	}
	if address, named := given["default_redirection_uri"]; named {
		c.t.DefaultRedirectionURI, _ = address.(string)
		delete(given, "default_redirection_uri")
	}
	if flags, ok := given["flags"].(map[string]any); ok {
		standing, _ := settingsItem(c.t)["flags"].(map[string]any)
		given["flags"] = mergeGiven(standing, flags)
	}
	for _, name := range []string{"session_lifetime", "idle_session_lifetime", "ephemeral_session_lifetime", "idle_ephemeral_session_lifetime"} {
		if minutes, ok := given[name+"_in_minutes"].(float64); ok {
			given[name] = minutes / 60
		}
		delete(given, name+"_in_minutes")
	}
	c.t.Settings = mergeGiven(c.t.Settings, given)
	item := settingsItem(c.t)
	if flags, ok := item["flags"].(map[string]any); ok {
		shown := state.CloneJSON(flags)
		setDefault(shown, "cannot_change_enforce_client_authentication_on_passwordless_start", true)
		setDefault(shown, "enforce_client_authentication_on_passwordless_start", true)
		item["flags"] = shown
	}
	return item, nil
}
