package management

import (
	"maps"
	"slices"
	"strings"

	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/wire"
)

// The strategies whose connections sign people in at the stand-in.
const (
	strategyGoogle = "google-apps"
	strategyOkta   = "okta"
	strategyAzure  = "waad"
)

// enterpriseStrategies have a show_as_button and may have members of
// organizations come through them.
var enterpriseStrategies = []string{"ad", "adfs", strategyGoogle, "oidc", strategyOkta, "pingfederate", "samlp", strategyAzure}

// optionDefaults are the options that Auth0 was recorded to add to those of a
// new connection, and with keptDefaults to those of a PATCH.
func optionDefaults(strategy string) map[string]any {
	switch strategy {
	case state.StrategyDatabase:
		defaults := keptDefaults(strategy)
		defaults["mfa"] = map[string]any{"active": true, "return_enroll_settings": true}
		defaults["strategy_version"] = 2
		return defaults
	case "ad":
		return map[string]any{"ips": nil, "brute_force_protection": true}
	default:
		return keptDefaults(strategy)
	}
}

// keptDefaults are options that a connection cannot be without.
func keptDefaults(strategy string) map[string]any {
	switch strategy {
	case state.StrategyDatabase:
		return map[string]any{
			"authentication_methods": map[string]any{
				"password": map[string]any{"enabled": true, "api_behavior": "required", "signup_behavior": "allow"},
				"passkey":  map[string]any{"enabled": false},
			},
			"passkey_options":        map[string]any{"challenge_ui": "both", "progressive_enrollment_enabled": true, "local_enrollment_enabled": true},
			"brute_force_protection": true,
		}
	case strategyGoogle:
		return map[string]any{
			"map_user_id_to_id": false, "email": true, "profile": true,
			"scope": []any{"email", "profile"}, "handle_login_from_social": true,
		}
	case strategyAzure:
		return map[string]any{
			"thumbprints": []any{}, "identity_api": "microsoft-identity-platform-v2.0", "useCommonEndpoint": false,
			"should_trust_email_verified_connection": "never_set_emails_as_verified",
			"waad_common_endpoint":                   false, "use_wsfed": false, "waad_protocol": "openid-connect",
		}
	case strategyOkta, "oidc":
		mapping := "basic_profile"
		if strategy == "oidc" {
			mapping = "bind_all"
		}
		return map[string]any{
			"schema_version": "oidc-V4", "attribute_map": map[string]any{"mapping_mode": mapping},
			"connection_settings": map[string]any{"pkce": "auto"}, "type": defaultChannel(strategy),
		}
	case "ad":
		return map[string]any{"ips": nil}
	}
	return nil
}

func defaultChannel(strategy string) string {
	if strategy == strategyOkta {
		return "back_channel"
	}
	return "front_channel"
}

// completeOptions adds what Auth0 adds to the options of a connection.
func (c *call) completeOptions(strategy string, options map[string]any, created bool) map[string]any {
	if options == nil {
		options = map[string]any{}
	}
	defaults := keptDefaults(strategy)
	if created {
		defaults = optionDefaults(strategy)
	}
	for name, value := range defaults {
		if _, given := options[name]; !given {
			options[name] = value
		}
	}
	switch strategy {
	case state.StrategyDatabase:
		completeDatabaseOptions(options, created)
	case strategyOkta:
		completeOktaOptions(options)
	case strategyAzure:
		if _, given := options["app_domain"]; !given {
			options["app_domain"] = c.t.Domain + ".us.auth0.com"
		}
	}
	return options
}

func completeDatabaseOptions(options map[string]any, created bool) {
	given, hasPasswordOptions := options["password_options"].(map[string]any)
	if hasPasswordOptions {
		options["password_options"] = completePasswordOptions(given)
	} else if _, set := options["passwordPolicy"]; !set && created {
		options["passwordPolicy"] = "good"
	}
	attributes, _ := options["attributes"].(map[string]any)
	if email, ok := attributes["email"].(map[string]any); ok {
		setDefault(email, "verification_method", "link")
		setDefault(email, "unique", true)
	}
}

func setDefault(m map[string]any, name string, value any) {
	if _, given := m[name]; !given {
		m[name] = value
	}
}

// completePasswordOptions fills the four parts of a database's password rules.
func completePasswordOptions(given map[string]any) map[string]any {
	parts := map[string]map[string]any{
		"complexity": {
			"character_type_rule": "all", "identical_characters": "allow", "sequential_characters": "allow",
			"max_length_exceeded": "error", "min_length": 15, "character_types": []any{},
		},
		"profile_data": {"active": false, "blocked_fields": []any{
			"name", "username", "nickname", "email", "phone_number", "user_metadata.name", "user_metadata.first", "user_metadata.last",
		}},
		"history":    {"active": false, "size": 3},
		"dictionary": {"active": false, "custom": []any{}, "default": "en_100k"},
	}
	out := map[string]any{}
	for name, part := range parts {
		changed, _ := given[name].(map[string]any)
		for key, value := range changed {
			part[key] = value
		}
		out[name] = part
	}
	return out
}

// checkDatabaseOptions refuses combinations that Auth0 was recorded to refuse.
func checkDatabaseOptions(options map[string]any) error {
	attributes, given := options["attributes"].(map[string]any)
	if !given {
		return nil
	}
	for _, name := range []string{"requires_username", "validation"} {
		if _, both := options[name]; both {
			return wire.InvalidBody("Cannot set both options.attributes and options.%s", name)
		}
	}
	active := false
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		attribute, _ := attributes[name].(map[string]any)
		identifier, _ := attribute["identifier"].(map[string]any)
		active = active || identifier["active"] == true
		signup, _ := attribute["signup"].(map[string]any)
		if attribute["profile_required"] == true && signup["status"] == "inactive" {
			return wire.InvalidBody("attribute %s must also be required on signup", name)
		}
	}
	if !active {
		return wire.InvalidBody("attributes must contain one active identifier")
	}
	return nil
}

// completeOktaOptions adds what Auth0 learns from the discovery document of
// the Okta domain. The stand-in does not ask Okta: it knows the document's form.
func completeOktaOptions(options map[string]any) {
	domain, _ := options["domain"].(string)
	if domain == "" {
		return
	}
	base := "https://" + domain
	endpoint := func(name string) string { return base + "/oauth2/v1/" + name }
	for name, value := range map[string]string{
		"issuer": base, "authorization_endpoint": endpoint("authorize"), "token_endpoint": endpoint("token"),
		"userinfo_endpoint": endpoint("userinfo"), "jwks_uri": endpoint("keys"),
	} {
		if options[name] == nil {
			options[name] = value
		}
	}
	setDefault(options, "oidc_metadata", oktaMetadata(base, endpoint))
}

func oktaMetadata(base string, endpoint func(string) string) map[string]any {
	clientMethods := textList("client_secret_basic client_secret_post client_secret_jwt private_key_jwt none")
	signing := textList("HS256 HS384 HS512 RS256 RS384 RS512 ES256 ES384 ES512")
	return map[string]any{
		"issuer": base, "authorization_endpoint": endpoint("authorize"), "token_endpoint": endpoint("token"),
		"userinfo_endpoint": endpoint("userinfo"), "registration_endpoint": endpoint("clients"), "jwks_uri": endpoint("keys"),
		"introspection_endpoint": endpoint("introspect"), "revocation_endpoint": endpoint("revoke"),
		"end_session_endpoint": endpoint("logout"), "device_authorization_endpoint": endpoint("device/authorize"),
		"pushed_authorization_request_endpoint": endpoint("par"),
		"response_types_supported":              []any{"code", "id_token", "code id_token", "code token", "id_token token", "code id_token token"},
		"response_modes_supported":              textList("query fragment form_post okta_post_message"),
		"grant_types_supported": textList("authorization_code implicit refresh_token password urn:ietf:params:oauth:grant-type:device_code " +
			"urn:openid:params:grant-type:ciba urn:okta:params:oauth:grant-type:otp http://auth0.com/oauth/grant-type/mfa-otp " +
			"urn:okta:params:oauth:grant-type:oob http://auth0.com/oauth/grant-type/mfa-oob"),
		"subject_types_supported":                  textList("public"),
		"id_token_signing_alg_values_supported":    textList("RS256"),
		"id_token_encryption_alg_values_supported": textList("RSA-OAEP-256 RSA-OAEP-384 RSA-OAEP-512"),
		"id_token_encryption_enc_values_supported": textList("A256GCM"),
		"scopes_supported":                         textList("openid email profile address phone offline_access groups"),
		"token_endpoint_auth_methods_supported":    clientMethods,
		"claims_supported": textList("iss ver sub aud iat exp jti auth_time amr idp nonce name nickname preferred_username given_name " +
			"middle_name family_name email email_verified profile zoneinfo locale address phone_number picture website gender " +
			"birthdate updated_at at_hash c_hash"),
		"code_challenge_methods_supported":                                textList("S256"),
		"introspection_endpoint_auth_methods_supported":                   clientMethods,
		"revocation_endpoint_auth_methods_supported":                      clientMethods,
		"request_parameter_supported":                                     true,
		"request_object_signing_alg_values_supported":                     signing,
		"backchannel_token_delivery_modes_supported":                      textList("poll"),
		"backchannel_authentication_request_signing_alg_values_supported": signing,
		"dpop_signing_alg_values_supported":                               textList("RS256 RS384 RS512 ES256 ES384 ES512"),
		"claims_parameter_supported":                                      false,
		"request_uri_parameter_supported":                                 false,
		"require_request_uri_registration":                                false,
	}
}

// textList splits a text into a list of JSON strings.
func textList(text string) []any {
	out := []any{}
	for _, word := range strings.Fields(text) {
		out = append(out, word)
	}
	return out
}

func isEnterprise(strategy string) bool { return slices.Contains(enterpriseStrategies, strategy) }
