package management

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/wire"
)

// clientExtras are properties of a client that are stored and returned only.
var clientExtras = []string{
	"logo_uri", "oidc_logout", "oidc_backchannel_logout", "session_transfer", "allowed_origins", "web_origins",
	"client_aliases", "allowed_clients", "is_token_endpoint_ip_header_trusted", "is_first_party", "oidc_conformant",
	"encryption_key", "sso", "cross_origin_authentication", "cross_origin_auth", "cross_origin_loc", "sso_disabled",
	"custom_login_page_on", "custom_login_page", "custom_login_page_preview", "form_template", "addons", "mobile", "native_social_login",
	"default_organization", "organization_discovery_methods", "require_pushed_authorization_requests",
	"require_proof_of_possession", "compliance_level", "token_exchange", "token_quota", "par_request_expiry",
	"skip_non_verifiable_callback_uri_confirmation_prompt", "third_party_security_mode", "redirection_policy",
	"resource_server_identifier", "my_organization_configuration", "async_approval_notification_channels",
}

var (
	connectionProfileID    = regexp.MustCompile(`^cop_[A-Za-z0-9]{22}$`)
	userAttributeProfileID = regexp.MustCompile(`^uap_[A-Za-z0-9]{22}$`)
)

func clientProperties() map[string]schema {
	texts := schema{kind: typeArray, nullable: true, items: &schema{kind: typeString}}
	object := schema{kind: typeObject, any: true, nullable: true}
	properties := map[string]schema{
		"name":                          {kind: typeString, min: 1},
		"description":                   {kind: typeString, max: 140},
		"app_type":                      {kind: typeString, enum: []string{"native", "spa", "regular_web", "non_interactive", "resource_server"}},
		"token_endpoint_auth_method":    {kind: typeString, nullable: true, enum: []string{"none", "client_secret_post", "client_secret_basic"}},
		"callbacks":                     texts,
		"allowed_logout_urls":           texts,
		"grant_types":                   texts,
		"initiate_login_uri":            {kind: typeString},
		"organization_usage":            {kind: typeString, nullable: true, enum: []string{"deny", "allow", "require"}},
		"organization_require_behavior": {kind: typeString, nullable: true, enum: []string{"no_prompt", "pre_login_prompt", "post_login_prompt"}},
		"refresh_token":                 object,
		"jwt_configuration":             object,
		"client_metadata":               {kind: typeObject, max: 10, values: &schema{kind: typeString, max: 255, nullable: true}},
		"client_authentication_methods": object,
		"signed_request_object":         object,
		"client_secret":                 {kind: typeString, min: 1},
	}
	for _, name := range clientExtras {
		properties[name] = schema{any: true}
	}
	properties["my_organization_configuration"] = schema{kind: typeObject, any: true, nullable: true, properties: map[string]schema{
		"connection_profile_id":     {kind: typeString, pattern: connectionProfileID},
		"user_attribute_profile_id": {kind: typeString, pattern: userAttributeProfileID},
	}}
	return properties
}

type clientBody struct {
	Name                    *string            `json:"name"`
	Secret                  *string            `json:"client_secret"`
	Description             *string            `json:"description"`
	AppType                 *string            `json:"app_type"`
	TokenEndpointAuthMethod *string            `json:"token_endpoint_auth_method"`
	Callbacks               *[]string          `json:"callbacks"`
	AllowedLogoutURLs       *[]string          `json:"allowed_logout_urls"`
	GrantTypes              *[]string          `json:"grant_types"`
	InitiateLoginURI        *string            `json:"initiate_login_uri"`
	OrganizationUsage       *string            `json:"organization_usage"`
	OrganizationBehavior    *string            `json:"organization_require_behavior"`
	Metadata                map[string]*string `json:"client_metadata"`
	RefreshToken            map[string]any     `json:"refresh_token"`
	JWTConfiguration        map[string]any     `json:"jwt_configuration"`
	AuthenticationMethods   authMethodsBody    `json:"client_authentication_methods"`
	SignedRequestObject     *signedRequestBody `json:"signed_request_object"`
}

func clientRoutes(rt *router) {
	readers := []string{"read:clients", "read:client_keys", "read:client_summary"}
	rt.add("GET", "/clients", 200, "", listClients, readers...)
	rt.add("POST", "/clients", 201, "", createClient, "create:clients")
	rt.add("GET", "/clients/{id}", 200, "", getClient, readers...)
	rt.add("PATCH", "/clients/{id}", 200, "", updateClient, "update:clients", "update:client_keys")
	rt.add("DELETE", "/clients/{id}", 204, "", deleteClient, "delete:clients")
	rt.add("POST", "/clients/{id}/rotate-secret", 200, "", rotateClientSecret, "update:client_keys")
	rt.add("GET", "/clients/{id}/connections", 200, "", listClientConnections, "read:connections")
	clientCredentialRoutes(rt)
}

// clientItem shows the secret to holders of read:client_keys only, and holders
// of nothing but read:client_summary a few properties.
func (c *call) clientItem(client *state.Client) map[string]any {
	if !c.hasScope("read:clients") && c.hasScope("read:client_summary") {
		return map[string]any{"client_id": client.ClientID, "name": client.Name, "app_type": client.AppType}
	}
	item := c.fullClientItem(client, c.hasScope("read:client_keys"))
	if c.query.has("fields") {
		item["tenant"] = c.t.Domain
	}
	return item
}

func (c *call) fullClientItem(client *state.Client, withSecret bool) map[string]any {
	item := map[string]any{
		"is_first_party": true, "is_token_endpoint_ip_header_trusted": false, "oidc_conformant": false,
		"sso_disabled": false, "cross_origin_authentication": false, "custom_login_page_on": true,
		"signing_keys": []any{map[string]any{"cert": c.world.Keys.Certificate()}},
	}
	for name, value := range client.Extra {
		item[name] = value
	}
	item["client_id"], item["name"] = client.ClientID, client.Name
	item["jwt_configuration"] = jwtConfiguration(client)
	item["refresh_token"] = refreshTokenSettings(client)
	item["grant_types"] = append([]string{}, client.GrantTypes...)
	for name, value := range map[string]any{
		"description": client.Description, "app_type": client.AppType, "callbacks": client.Callbacks,
		"token_endpoint_auth_method": client.TokenEndpointAuthMethod, "allowed_logout_urls": client.AllowedLogoutURLs,
		"initiate_login_uri": client.InitiateLoginURI, "organization_usage": client.OrganizationUsage,
		"organization_require_behavior": client.OrganizationRequireBehavior, "client_metadata": client.Metadata,
	} {
		state.Put(item, name, value)
	}
	addCredentialItems(client, item, false)
	if logout, ok := item["oidc_logout"].(map[string]any); ok && logout["backchannel_logout_urls"] != nil {
		item["oidc_backchannel_logout"] = map[string]any{"backchannel_logout_urls": logout["backchannel_logout_urls"]}
	}
	if withSecret {
		state.Put(item, "client_secret", client.Secret)
	} else {
		delete(item, "signing_keys")
	}
	return item
}

// jwtConfiguration has Auth0's lifetime only if nothing else was asked for.
func jwtConfiguration(client *state.Client) map[string]any {
	out := map[string]any{"secret_encoded": false}
	if client.AppType == "resource_server" {
		out["alg"] = "RS256"
	} else if client.JWT == nil {
		out["lifetime_in_seconds"] = 36000
	}
	for name, value := range client.JWT {
		out[name] = value
	}
	return out
}

func refreshTokenSettings(client *state.Client) map[string]any {
	out := map[string]any{
		"rotation_type": "non-rotating", "expiration_type": "non-expiring", "leeway": 0, "token_lifetime": 2592000,
		"infinite_token_lifetime": true, "infinite_idle_token_lifetime": true, "idle_token_lifetime": 1296000,
	}
	if client.RefreshTokenRotation {
		out["rotation_type"], out["expiration_type"] = "rotating", "expiring"
	}
	if client.Refresh["expiration_type"] == "expiring" || client.RefreshTokenRotation {
		out["infinite_token_lifetime"], out["infinite_idle_token_lifetime"] = false, false
	}
	for name, value := range client.Refresh {
		out[name] = value
	}
	return out
}

// listClients understands of q only client_grant.organization_id:ID.
func listClients(c *call) (any, error) {
	if err := c.query.allow("is_global", "is_first_party", "app_type", "q"); err != nil {
		return nil, err
	}
	organization, asked := strings.CutPrefix(c.query.get("q"), "client_grant.organization_id:")
	if c.query.get("q") != "" && !asked {
		return nil, wire.InvalidQuery("q", "", "Only client_grant.organization_id is supported")
	}
	rows := slices.DeleteFunc(c.t.Clients.All(), func(client *state.Client) bool {
		return c.query.has("app_type") && !slices.Contains(strings.Split(c.query.get("app_type"), ","), client.AppType) ||
			asked && !c.t.HasGrantFor(client.ClientID, organization)
	})
	return list(c, listing[*state.Client]{
		key: "clients", item: c.clientItem, always: []string{"tenant"},
		cursor: func(client *state.Client) (time.Time, string) { return client.CreatedAt, client.ClientID },
	}, rows)
}

func (c *call) client() (*state.Client, error) {
	client := c.t.Clients.Get(c.param("id"))
	if client == nil {
		return nil, wire.NotFound("inexistent_client", "The client does not exist")
	}
	return client, nil
}

func getClient(c *call) (any, error) {
	client, err := c.client()
	if err != nil {
		return nil, err
	}
	return selectFields(c.query, c.clientItem(client)), nil
}

func createClient(c *call) (any, error) {
	properties := clientProperties()
	properties["name"] = schema{kind: typeString, min: 1, required: true}
	delete(properties, "client_secret")
	client := &state.Client{
		ClientID: state.RandomString(32), CreatedAt: c.now,
		GrantTypes: []string{"authorization_code", "implicit", "refresh_token", "client_credentials"},
	}
	if err := c.changeClient(client, properties); err != nil {
		return nil, err
	}
	if client.AppType == "resource_server" {
		client.GrantTypes = []string{}
		client.KeepExtra("oidc_conformant", true)
	}
	if client.TokenEndpointAuthMethod != "none" {
		client.Secret = state.RandomString(64)
		c.world.Secrets.Add(state.SecretClientSecret, client.Secret)
	}
	c.t.Clients.Put(client.ClientID, client)
	item := c.fullClientItem(client, true)
	addCredentialItems(client, item, true)
	return item, nil
}

func updateClient(c *call) (any, error) {
	client, err := c.client()
	if err != nil {
		return nil, err
	}
	if err := c.changeClient(client, clientProperties()); err != nil {
		return nil, err
	}
	return c.clientItem(client), nil
}

func rotateClientSecret(c *call) (any, error) {
	client, err := c.client()
	if err != nil {
		return nil, err
	}
	client.Secret = state.RandomString(64)
	c.world.Secrets.Add(state.SecretClientSecret, client.Secret)
	return c.fullClientItem(client, true), nil
}

// changeClient applies the body to a client, metadata key by key; null takes a
// property away.
func (c *call) changeClient(client *state.Client, properties map[string]schema) error {
	var body clientBody
	if err := c.decode(schema{kind: typeObject, properties: properties}, &body); err != nil {
		return err
	}
	var all map[string]any
	if err := json.Unmarshal(c.body, &all); err != nil {
		return fmt.Errorf("decode a valid body: %w", err)
	}
	if err := c.checkDiscoveryMethods(client, body, all); err != nil {
		return err
	}
	if err := c.changeCredentials(client, body); err != nil {
		return err
	}
	for _, f := range []struct {
		name         string
		given, field *string
	}{
		{"name", body.Name, &client.Name}, {"client_secret", body.Secret, &client.Secret},
		{"description", body.Description, &client.Description}, {"app_type", body.AppType, &client.AppType},
		{"token_endpoint_auth_method", body.TokenEndpointAuthMethod, &client.TokenEndpointAuthMethod},
		{"initiate_login_uri", body.InitiateLoginURI, &client.InitiateLoginURI},
		{"organization_usage", body.OrganizationUsage, &client.OrganizationUsage},
		{"organization_require_behavior", body.OrganizationBehavior, &client.OrganizationRequireBehavior},
	} {
		if f.given != nil {
			*f.field = *f.given
		} else if _, named := all[f.name]; named {
			*f.field = ""
		}
	}
	for _, f := range []struct{ given, field *[]string }{
		{body.Callbacks, &client.Callbacks}, {body.AllowedLogoutURLs, &client.AllowedLogoutURLs}, {body.GrantTypes, &client.GrantTypes},
	} {
		if f.given != nil {
			*f.field = *f.given
		}
	}
	c.world.Secrets.Add(state.SecretClientSecret, client.Secret)
	if _, named := all["refresh_token"]; named {
		client.Refresh = body.RefreshToken
		client.RefreshTokenRotation = body.RefreshToken["rotation_type"] == "rotating"
	}
	if _, named := all["jwt_configuration"]; named {
		client.JWT = body.JWTConfiguration
	}
	client.Metadata = mergeTexts(client.Metadata, body.Metadata)
	for _, name := range clientExtras {
		if value, named := all[name]; named {
			client.KeepExtra(name, value)
		}
	}
	return nil
}

// checkDiscoveryMethods refuses what was recorded to be refused: discovery
// methods go with the prompt before the login.
func (c *call) checkDiscoveryMethods(client *state.Client, body clientBody, all map[string]any) error {
	methods, named := all["organization_discovery_methods"]
	if !named {
		methods = client.Extra["organization_discovery_methods"]
	}
	behaviour := client.OrganizationRequireBehavior
	if body.OrganizationBehavior != nil {
		behaviour = *body.OrganizationBehavior
	}
	if methods != nil && behaviour != "pre_login_prompt" {
		return wire.InvalidBody("organization_discovery_methods can only be set when organization_require_behavior is 'pre_login_prompt'")
	}
	return nil
}

// deleteClient answers 204 also for a client that does not exist.
func deleteClient(c *call) (any, error) {
	id := c.param("id")
	c.t.Clients.Remove(id)
	c.t.DeleteGrantsOf(id)
	for _, connection := range c.t.Connections.All() {
		connection.EnabledClients = slices.DeleteFunc(connection.EnabledClients, func(other string) bool { return other == id })
	}
	return nil, nil
}

// listClientConnections lists the connections that are enabled for a client.
func listClientConnections(c *call) (any, error) {
	client, err := c.client()
	if err != nil {
		return nil, err
	}
	if err := c.query.allow("strategy"); err != nil {
		return nil, err
	}
	rows := slices.DeleteFunc(c.t.Connections.All(), func(connection *state.Connection) bool {
		return !slices.Contains(connection.EnabledClients, client.ClientID) ||
			c.query.has("strategy") && !slices.Contains(c.query["strategy"], connection.Strategy)
	})
	return list(c, listing[*state.Connection]{
		key: "connections", checkpointOnly: true,
		item: func(connection *state.Connection) map[string]any {
			item := c.connectionItem(connection)
			delete(item, "enabled_clients")
			return item
		},
		cursor: func(connection *state.Connection) (time.Time, string) { return connection.CreatedAt, connection.ID },
	}, rows)
}
