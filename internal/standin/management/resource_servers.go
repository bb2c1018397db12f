package management

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/wire"
)

func resourceServerProperties() map[string]schema {
	object := schema{kind: typeObject, any: true, nullable: true}
	return map[string]schema{
		"name":       {kind: typeString, max: 200},
		"identifier": {kind: typeString, min: 1, max: 600},
		"scopes": {kind: typeArray, items: &schema{kind: typeObject, properties: map[string]schema{
			"value": {kind: typeString, required: true, min: 1, max: 280}, "description": {kind: typeString, max: 500},
		}}},
		"signing_alg":            {kind: typeString, enum: []string{"HS256", "RS256", "RS512", "PS256"}},
		"signing_secret":         {kind: typeString, min: 16},
		"allow_offline_access":   {kind: typeBoolean},
		"token_lifetime":         {kind: typeInteger, max: 2592000},
		"token_lifetime_for_web": {kind: typeInteger, max: 2592000},
		"token_dialect":          {kind: typeString, enum: []string{"access_token", "access_token_authz", "rfc9068_profile", "rfc9068_profile_authz"}},
		"skip_consent_for_verifiable_first_party_clients": {kind: typeBoolean},
		"enforce_policies":                            {kind: typeBoolean},
		"token_encryption":                            object,
		"consent_policy":                              {kind: typeString, nullable: true},
		"authorization_details":                       {kind: typeArray, nullable: true},
		"proof_of_possession":                         object,
		"subject_type_authorization":                  object,
		"authorization_policy":                        object,
		"allow_online_access":                         {kind: typeBoolean},
		"allow_online_access_with_ephemeral_sessions": {kind: typeBoolean},
	}
}

func resourceServerRoutes(rt *router) {
	rt.add("GET", "/resource-servers", 200, "", listResourceServers, "read:resource_servers")
	rt.add("POST", "/resource-servers", 201, "", createResourceServer, "create:resource_servers")
	rt.add("GET", "/resource-servers/{id}", 200, "", getResourceServer, "read:resource_servers")
	rt.add("PATCH", "/resource-servers/{id}", 200, "", updateResourceServer, "update:resource_servers")
	rt.add("DELETE", "/resource-servers/{id}", 204, "", deleteResourceServer, "delete:resource_servers")
}

func (c *call) resourceServerItem(r *state.ResourceServer) map[string]any {
	item := map[string]any{
		"id": r.ID, "identifier": r.Identifier, "signing_alg": "RS256", "allow_offline_access": false,
		"token_lifetime": 86400, "token_lifetime_for_web": 7200, "skip_consent_for_verifiable_first_party_clients": false,
	}
	for name, value := range r.Properties {
		item[name] = value
	}
	if encryption, ok := item["token_encryption"].(map[string]any); ok {
		item["token_encryption"] = withoutPEM(encryption)
	}
	linked := c.t.Clients.Find(func(client *state.Client) bool { return client.Extra["resource_server_identifier"] == r.Identifier })
	if linked != nil {
		item["client_id"] = linked.ClientID
	}
	return item
}

// withoutPEM shows an encryption key without the key itself.
func withoutPEM(encryption map[string]any) map[string]any {
	out := state.CloneJSON(encryption)
	if key, ok := out["encryption_key"].(map[string]any); ok {
		delete(key, "pem")
	}
	return out
}

func listResourceServers(c *call) (any, error) {
	if err := c.query.allow("identifiers"); err != nil {
		return nil, err
	}
	identifiers := c.query["identifiers"]
	rows := slices.DeleteFunc(c.t.ResourceServers.All(), func(r *state.ResourceServer) bool {
		return len(identifiers) > 0 && !slices.Contains(identifiers, r.Identifier)
	})
	return list(c, listing[*state.ResourceServer]{
		key: "resource_servers", item: c.resourceServerItem,
		cursor: func(r *state.ResourceServer) (time.Time, string) { return r.CreatedAt, r.ID },
	}, rows)
}

// resourceServer returns the one that the path names by id or identifier.
func (c *call) resourceServer() (*state.ResourceServer, error) {
	r := c.t.ResourceServers.Get(c.param("id"))
	if r == nil {
		r = c.t.ResourceServerByIdentifier(c.param("id"))
	}
	if r == nil {
		return nil, wire.NotFound("inexistent_resource_server", "The resource server does not exist")
	}
	return r, nil
}

func getResourceServer(c *call) (any, error) {
	r, err := c.resourceServer()
	if err != nil {
		return nil, err
	}
	return selectFields(c.query, c.resourceServerItem(r)), nil
}

func createResourceServer(c *call) (any, error) {
	properties := resourceServerProperties()
	identifier := properties["identifier"]
	identifier.required = true
	properties["identifier"] = identifier
	given, err := c.properties(schema{kind: typeObject, properties: properties})
	if err != nil {
		return nil, err
	}
	name, _ := given["identifier"].(string)
	if c.t.ResourceServerByIdentifier(name) != nil {
		return nil, wire.NewError(409, "resource_server_conflict", "A resource server with the same identifier already exists.")
	}
	delete(given, "identifier")
	r := &state.ResourceServer{ID: state.RandomHex(12), Identifier: name, CreatedAt: c.now}
	r.Properties = mergeGiven(nil, given)
	c.t.ResourceServers.Put(r.ID, r)
	return c.resourceServerItem(r), nil
}

func updateResourceServer(c *call) (any, error) {
	r, err := c.resourceServer()
	if err != nil {
		return nil, err
	}
	properties := resourceServerProperties()
	delete(properties, "identifier")
	given, err := c.properties(schema{kind: typeObject, properties: properties})
	if err != nil {
		return nil, err
	}
	r.Properties = mergeGiven(r.Properties, given)
	return c.resourceServerItem(r), nil
}

// properties validates an object and returns it as it was given.
func (c *call) properties(s schema) (map[string]any, error) {
	var ignored any
	if err := c.decode(s, &ignored); err != nil {
		return nil, err
	}
	given := map[string]any{}
	if err := json.Unmarshal(c.body, &given); err != nil {
		return nil, fmt.Errorf("decode a valid body: %w", err)
	}
	return given, nil
}

// mergeGiven replaces the properties that a body names; null takes one away.
func mergeGiven(base, given map[string]any) map[string]any {
	if base == nil {
		base = map[string]any{}
	}
	for name, value := range given {
		if value == nil {
			delete(base, name)
		} else {
			base[name] = value
		}
	}
	return base
}

// deleteResourceServer answers 204 also for one that does not exist.
func deleteResourceServer(c *call) (any, error) {
	r, err := c.resourceServer()
	if err != nil {
		return nil, nil //nolint:nilerr // Auth0 answers so
	}
	c.t.ResourceServers.Remove(r.ID)
	for _, grant := range c.t.ClientGrants.All() {
		if grant.Audience == r.Identifier {
			c.t.DeleteGrant(grant)
		}
	}
	return nil, nil
}
