package management

// Families of the Management API of which the stand-in's tenants have nothing:
// they are answered as by a tenant that never used them, so that clients which
// read a whole tenant get through. Whatever would change them is 404.

func withoutRoutes(rt *router) {
	const attackProtection = "read:attack_protection"
	for path, fixed := range map[string]struct {
		scope  string
		answer any
	}{
		"/attack-protection/bot-detection": {attackProtection, map[string]any{
			"bot_detection_level": "low", "challenge_password_policy": "never", "challenge_passwordless_policy": "never",
			"challenge_password_reset_policy": "never", "allowlist": []any{}, "monitoring_mode_enabled": false,
		}},
		"/attack-protection/captcha": {attackProtection, map[string]any{}},
		"/attack-protection/breached-password-detection": {attackProtection, map[string]any{
			"enabled": false, "shields": []any{}, "admin_notification_frequency": []any{}, "method": "standard",
		}},
		// The stand-in counts no failed logins.
		"/attack-protection/brute-force-protection": {attackProtection, map[string]any{
			"enabled": false, "shields": []any{}, "allowlist": []any{}, "mode": "count_per_identifier_and_ip", "max_attempts": 10,
		}},
		"/attack-protection/suspicious-ip-throttling": {attackProtection, map[string]any{
			"enabled": false, "shields": []any{}, "allowlist": []any{},
		}},
		"/supplemental-signals":                    {attackProtection, map[string]any{"akamai_enabled": false}},
		"/branding":                                {"read:branding", map[string]any{}},
		"/branding/phone/providers":                {"read:phone_providers", map[string]any{"providers": []any{}}},
		"/branding/phone/templates":                {"read:phone_templates", map[string]any{"templates": []any{}}},
		"/guardian/policies":                       {"read:mfa_policies", []any{}},
		"/log-streams":                             {"read:log_streams", []any{}},
		"/rules-configs":                           {"read:rules_configs", []any{}},
		"/prompts/{prompt}/custom-text/{language}": {"read:prompts", map[string]any{}},
		"/prompts/{prompt}/partials":               {"read:prompts", map[string]any{}},
		"/prompts": {"read:prompts", map[string]any{
			"universal_login_experience": "new", "identifier_first": true, "webauthn_platform_first_factor": false,
		}},
	} {
		rt.add("GET", path, 200, "", func(*call) (any, error) { return fixed.answer, nil }, fixed.scope)
	}
	for _, empty := range []struct {
		path, scope, key string
		checkpointOnly   bool
		parameters       []string
	}{
		{path: "/custom-domains", scope: "read:custom_domains", key: "custom_domains", parameters: []string{"q"}},
		{path: "/event-streams", scope: "read:event_streams", key: "eventStreams", checkpointOnly: true},
		{path: "/flows", scope: "read:flows", key: "flows", parameters: []string{"hydrate", "synchronous"}},
		{path: "/flows/vault/connections", scope: "read:flows_vault_connections", key: "connections"},
		{path: "/forms", scope: "read:forms", key: "forms", parameters: []string{"hydrate"}},
		{path: "/prompts/rendering", scope: "read:prompts", key: "configs", parameters: []string{"prompt", "screen", "rendering_mode"}},
		{path: "/rules", scope: "read:rules", key: "rules", parameters: []string{"enabled"}},
		{path: "/token-exchange-profiles", scope: "read:token_exchange_profiles", key: "token_exchange_profiles", checkpointOnly: true},
	} {
		rt.add("GET", empty.path, 200, "", func(c *call) (any, error) {
			if err := c.query.allow(empty.parameters...); err != nil {
				return nil, err
			}
			return list(c, listing[struct{}]{key: empty.key, checkpointOnly: empty.checkpointOnly}, nil)
		}, empty.scope)
	}
}
