package management

import (
	"strings"

	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/wire"
)

func selfServiceProperties(created bool) map[string]schema {
	return map[string]schema{
		"name":        {kind: typeString, required: created, min: 1, max: 100},
		"description": {kind: typeString, nullable: true, min: 1, max: 140},
		"allowed_strategies": {kind: typeArray, items: &schema{kind: typeString, enum: []string{
			"oidc", "samlp", strategyAzure, strategyGoogle, "adfs", strategyOkta, "auth0-samlp", "okta-samlp", "keycloak-samlp", "pingfederate",
		}}},
		"user_attributes": {kind: typeArray, nullable: true, max: 20, items: &schema{kind: typeObject, properties: map[string]schema{
			"name": {kind: typeString, required: true, min: 1, max: 250}, "description": {kind: typeString, required: true, min: 1, max: 250},
			"is_optional": {kind: typeBoolean, required: true},
		}}},
		"branding":                  {kind: typeObject, any: true, nullable: true},
		"user_attribute_profile_id": {kind: typeString, nullable: true},
	}
}

func selfServiceRoutes(rt *router) {
	const collection, one = "/self-service-profiles", "/self-service-profiles/{id}"
	rt.add("GET", collection, 200, "", listSelfServiceProfiles, "read:self_service_profiles")
	rt.add("POST", collection, 201, "", createSelfServiceProfile, "create:self_service_profiles")
	rt.add("GET", one, 200, "", getSelfServiceProfile, "read:self_service_profiles")
	rt.add("PATCH", one, 200, "", updateSelfServiceProfile, "update:self_service_profiles")
	rt.add("DELETE", one, 204, "", deleteSelfServiceProfile, "delete:self_service_profiles")
	rt.add("GET", one+"/custom-text/{language}/{page}", 200, "", getSelfServiceText, "read:self_service_profile_custom_texts")
	rt.add("PUT", one+"/custom-text/{language}/{page}", 200, "", setSelfServiceText, "update:self_service_profile_custom_texts")
	rt.add("POST", one+"/sso-ticket", 201, "", createSSOTicket, "create:sso_access_tickets")
	rt.add("POST", one+"/sso-ticket/{ticket_id}/revoke", 202, "", revokeSSOTicket, "delete:sso_access_tickets")
}

func selfServiceItem(p *state.SelfServiceProfile) map[string]any {
	item := map[string]any{"user_attributes": []any{}}
	for name, value := range p.Properties {
		item[name] = value
	}
	item["id"], item["created_at"], item["updated_at"] = p.ID, state.Timestamp(p.CreatedAt), state.Timestamp(p.UpdatedAt)
	return item
}

func listSelfServiceProfiles(c *call) (any, error) {
	if err := c.query.allow(); err != nil {
		return nil, err
	}
	return list(c, listing[*state.SelfServiceProfile]{key: "self_service_profiles", item: selfServiceItem}, c.t.SelfServiceProfiles.All())
}

func (c *call) selfServiceProfile() (*state.SelfServiceProfile, error) {
	p := c.t.SelfServiceProfiles.Get(c.param("id"))
	if p == nil {
		return nil, wire.NotFound("", "Profile with ID: "+c.param("id")+" not found")
	}
	return p, nil
}

func getSelfServiceProfile(c *call) (any, error) {
	p, err := c.selfServiceProfile()
	if err != nil {
		return nil, err
	}
	return selfServiceItem(p), nil
}

func createSelfServiceProfile(c *call) (any, error) {
	given, err := c.properties(schema{kind: typeObject, properties: selfServiceProperties(true)})
	if err != nil {
		return nil, err
	}
	p := &state.SelfServiceProfile{ID: "ssp_" + state.RandomString(22), CreatedAt: c.now, UpdatedAt: c.now, Properties: mergeGiven(nil, given)}
	c.t.SelfServiceProfiles.Put(p.ID, p)
	return selfServiceItem(p), nil
}

func updateSelfServiceProfile(c *call) (any, error) {
	p, err := c.selfServiceProfile()
	if err != nil {
		return nil, err
	}
	given, err := c.properties(schema{kind: typeObject, properties: selfServiceProperties(false)})
	if err != nil {
		return nil, err
	}
	p.Properties, p.UpdatedAt = mergeGiven(p.Properties, given), c.now
	return selfServiceItem(p), nil
}

// deleteSelfServiceProfile answers 204 also for one that does not exist.
func deleteSelfServiceProfile(c *call) (any, error) {
	c.t.SelfServiceProfiles.Remove(c.param("id"))
	return nil, nil
}

func (c *call) selfServiceTextKey() string { return c.param("language") + "/" + c.param("page") }

func getSelfServiceText(c *call) (any, error) {
	p, err := c.selfServiceProfile()
	if err != nil {
		return nil, err
	}
	return orDefault(p.Texts[c.selfServiceTextKey()], map[string]any{}), nil
}

func setSelfServiceText(c *call) (any, error) {
	p, err := c.selfServiceProfile()
	if err != nil {
		return nil, err
	}
	given, err := c.properties(schema{kind: typeObject, values: &schema{kind: typeString, max: 2000}})
	if err != nil {
		return nil, err
	}
	if p.Texts == nil {
		p.Texts = map[string]map[string]any{}
	}
	p.Texts[c.selfServiceTextKey()] = given
	return given, nil
}

func ssoTicketSchema() schema {
	object := schema{kind: typeObject, any: true}
	return schema{kind: typeObject, properties: map[string]schema{
		"connection_id": {kind: typeString, min: 1}, "connection_config": object,
		"enabled_clients": {kind: typeArray, items: &schema{kind: typeString}},
		"enabled_organizations": {kind: typeArray, items: &schema{kind: typeObject, properties: map[string]schema{
			"organization_id":            {kind: typeString, required: true, min: 1},
			"assign_membership_on_login": {kind: typeBoolean}, "show_as_button": {kind: typeBoolean},
		}}},
		"ttl_sec":               {kind: typeInteger, max: 432000},
		"domain_aliases_config": object, "provisioning_config": object,
		"use_for_organization_discovery": {kind: typeBoolean},
	}}
}

// createSSOTicket makes the address at which a customer would set up their
// connection. There is no such page at the stand-in.
func createSSOTicket(c *call) (any, error) {
	p, err := c.selfServiceProfile()
	if err != nil {
		return nil, err
	}
	if _, err := c.properties(ssoTicketSchema()); err != nil {
		return nil, err
	}
	ticket := state.RandomString(32)
	if p.Tickets == nil {
		p.Tickets = map[string]bool{}
	}
	p.Tickets[ticket] = true
	c.world.Secrets.Add(state.SecretTicket, ticket)
	return map[string]any{"ticket": strings.TrimSuffix(c.world.Issuer(c.t), "/") + "/self-service/connections-flow?ticket=" + ticket}, nil
}

func revokeSSOTicket(c *call) (any, error) {
	p, err := c.selfServiceProfile()
	if err != nil {
		return nil, err
	}
	delete(p.Tickets, c.param("ticket_id"))
	return accepted, nil
}
