package standin

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// clientExtras are properties of a client that are stored and returned only.
var clientExtras = []string{
	"logo_uri", "oidc_logout", "oidc_backchannel_logout", "session_transfer", "allowed_origins", "web_origins",
	"client_aliases", "allowed_clients", "is_token_endpoint_ip_header_trusted", "is_first_party", "oidc_conformant",
	"jwt_configuration", "encryption_key", "sso", "cross_origin_authentication", "cross_origin_loc", "sso_disabled",
	"custom_login_page_on", "custom_login_page", "form_template", "addons", "mobile", "native_social_login",
	"default_organization", "organization_discovery_methods", "require_pushed_authorization_requests",
	"require_proof_of_possession", "compliance_level", "token_exchange", "token_quota", "par_request_expiry",
	"skip_non_verifiable_callback_uri_confirmation_prompt", "third_party_security_mode", "redirection_policy",
}

func clientProperties() map[string]schema {
	texts := schema{kind: typeArray, items: &schema{kind: typeString}}
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
		"refresh_token":                 {kind: typeObject, any: true, nullable: true},
		"client_metadata":               {kind: typeObject, max: 10, values: &schema{kind: typeString, max: 255, nullable: true}},
		"client_authentication_methods": {kind: typeObject, any: true, nullable: true},
		"client_secret":                 {kind: typeString, min: 1},
	}
	for _, name := range clientExtras {
		properties[name] = schema{any: true}
	}
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
	RefreshToken            *struct {
		RotationType string `json:"rotation_type"`
	} `json:"refresh_token"`
	AuthenticationMethods *struct {
		PrivateKeyJWT struct {
			Credentials []struct {
				PEM string `json:"pem"`
			} `json:"credentials"`
		} `json:"private_key_jwt"`
	} `json:"client_authentication_methods"`
}

func (s *Server) clientRoutes(rt *router) {
	rt.add("GET", "/clients", 200, "", listClients, "read:clients", "read:client_keys", "read:client_summary")
	rt.add("POST", "/clients", 201, "", createClient, "create:clients")
	rt.add("GET", "/clients/{id}", 200, "", getClient, "read:clients", "read:client_keys", "read:client_summary")
	rt.add("PATCH", "/clients/{id}", 200, "", updateClient, "update:clients", "update:client_keys")
	rt.add("DELETE", "/clients/{id}", 204, "", deleteClient, "delete:clients")
}

// clientItem shows the secret to holders of read:client_keys only, and holders
// of nothing but read:client_summary a few properties.
func (c *call) clientItem(client *Client) map[string]any {
	if !c.hasScope("read:clients") && c.hasScope("read:client_summary") {
		return map[string]any{"client_id": client.ClientID, "name": client.Name, "app_type": client.AppType}
	}
	return clientItem(client, c.hasScope("read:client_keys"))
}

func clientItem(client *Client, withSecret bool) map[string]any {
	item := map[string]any{
		"is_first_party": true, "oidc_conformant": true, "global": false,
		"jwt_configuration": map[string]any{"secret_encoded": false, "alg": "RS256", "lifetime_in_seconds": 36000},
	}
	for name, value := range client.extra {
		item[name] = value
	}
	rotation := "non-rotating"
	if client.RefreshTokenRotation {
		rotation = "rotating"
	}
	item["client_id"], item["name"] = client.ClientID, client.Name
	item["refresh_token"] = map[string]any{"rotation_type": rotation, "expiration_type": "non-expiring", "leeway": 0}
	for name, value := range map[string]any{
		"description": client.Description, "app_type": client.AppType, "callbacks": client.Callbacks,
		"token_endpoint_auth_method": client.TokenEndpointAuthMethod, "allowed_logout_urls": client.AllowedLogoutURLs,
		"initiate_login_uri": client.InitiateLoginURI, "grant_types": client.GrantTypes,
		"organization_usage":            client.OrganizationUsage,
		"organization_require_behavior": client.OrganizationRequireBehavior, "client_metadata": client.Metadata,
	} {
		put(item, name, value)
	}
	if withSecret {
		put(item, "client_secret", client.Secret)
	}
	return item
}

func listClients(c *call) (any, error) {
	if err := c.query.allow("is_global", "is_first_party", "app_type", "q"); err != nil {
		return nil, err
	}
	rows := slices.DeleteFunc(c.t.clients.all(), func(client *Client) bool {
		return c.query.has("app_type") && !slices.Contains(strings.Split(c.query.get("app_type"), ","), client.AppType)
	})
	return list(c, listing[*Client]{
		key: "clients", item: c.clientItem,
		cursor: func(client *Client) (time.Time, string) { return client.CreatedAt, client.ClientID },
	}, rows)
}

func (c *call) client() (*Client, error) {
	client := c.t.clients.get(c.param("id"))
	if client == nil {
		return nil, notFound("inexistent_client", "The client does not exist")
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
	client := &Client{
		ClientID: randomString(32), CreatedAt: c.now,
		GrantTypes: []string{"authorization_code", "implicit", "refresh_token", "client_credentials"},
	}
	if err := c.changeClient(client, properties); err != nil {
		return nil, err
	}
	if client.Secret == "" && len(client.PublicKeys) == 0 && client.TokenEndpointAuthMethod != "none" {
		client.Secret = randomString(64)
		c.s.secrets.Add(SecretClientSecret, client.Secret)
	}
	c.t.clients.put(client.ClientID, client)
	return clientItem(client, true), nil
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

// changeClient applies the body to a client, metadata key by key.
func (c *call) changeClient(client *Client, properties map[string]schema) error {
	var body clientBody
	if err := c.decode(schema{kind: typeObject, properties: properties}, &body); err != nil {
		return err
	}
	for _, f := range []struct{ given, field *string }{
		{body.Name, &client.Name}, {body.Secret, &client.Secret}, {body.Description, &client.Description}, {body.AppType, &client.AppType},
		{body.TokenEndpointAuthMethod, &client.TokenEndpointAuthMethod}, {body.InitiateLoginURI, &client.InitiateLoginURI},
		{body.OrganizationUsage, &client.OrganizationUsage}, {body.OrganizationBehavior, &client.OrganizationRequireBehavior},
	} {
		if f.given != nil {
			*f.field = *f.given
		}
	}
	for _, f := range []struct{ given, field *[]string }{
		{body.Callbacks, &client.Callbacks}, {body.AllowedLogoutURLs, &client.AllowedLogoutURLs}, {body.GrantTypes, &client.GrantTypes},
	} {
		if f.given != nil {
			*f.field = *f.given
		}
	}
	c.s.secrets.Add(SecretClientSecret, client.Secret)
	if body.RefreshToken != nil {
		client.RefreshTokenRotation = body.RefreshToken.RotationType == "rotating"
	}
	if body.AuthenticationMethods != nil {
		for _, credential := range body.AuthenticationMethods.PrivateKeyJWT.Credentials {
			client.PublicKeys = append(client.PublicKeys, credential.PEM)
		}
	}
	for k, v := range body.Metadata {
		if client.Metadata == nil {
			client.Metadata = map[string]string{}
		}
		if v == nil {
			delete(client.Metadata, k)
		} else {
			client.Metadata[k] = *v
		}
	}
	return c.keepExtras(client)
}

func (c *call) keepExtras(client *Client) error {
	var all map[string]any
	if err := json.Unmarshal(c.body, &all); err != nil {
		return fmt.Errorf("decode a valid body: %w", err)
	}
	for _, name := range clientExtras {
		value, given := all[name]
		if !given {
			continue
		}
		if client.extra == nil {
			client.extra = map[string]any{}
		}
		client.extra[name] = value
	}
	return nil
}

// deleteClient answers 204 also for a client that does not exist.
func deleteClient(c *call) (any, error) {
	c.t.clients.remove(c.param("id"))
	return nil, nil
}
