package management

import (
	"slices"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/wire"
)

func clientGrantProperties() map[string]schema {
	texts := schema{kind: typeArray, items: &schema{kind: typeString}}
	return map[string]schema{
		"scope":                       texts,
		"organization_usage":          {kind: typeString, nullable: true, enum: []string{"deny", "allow", "require"}},
		"allow_any_organization":      {kind: typeBoolean, nullable: true},
		"authorization_details_types": texts,
		"allow_all_scopes":            {kind: typeBoolean, nullable: true},
	}
}

type clientGrantBody struct {
	ClientID                  string    `json:"client_id"`
	Audience                  string    `json:"audience"`
	Scope                     *[]string `json:"scope"`
	OrganizationUsage         *string   `json:"organization_usage"`
	AllowAnyOrganization      *bool     `json:"allow_any_organization"`
	SubjectType               string    `json:"subject_type"`
	AuthorizationDetailsTypes *[]string `json:"authorization_details_types"`
}

func clientGrantRoutes(rt *router) {
	rt.add("GET", "/client-grants", 200, "", listClientGrants, "read:client_grants")
	rt.add("POST", "/client-grants", 201, "", createClientGrant, "create:client_grants")
	rt.add("GET", "/client-grants/{id}", 200, "", getClientGrant, "read:client_grants")
	rt.add("PATCH", "/client-grants/{id}", 200, "", updateClientGrant, "update:client_grants")
	rt.add("DELETE", "/client-grants/{id}", 204, "", deleteClientGrant, "delete:client_grants")
	rt.add("GET", "/client-grants/{id}/organizations", 200, "", listGrantOrganizations, "read:organization_client_grants")
	const collection = "/organizations/{id}/client-grants"
	rt.add("GET", collection, 200, "", listOrganizationGrants, "read:organization_client_grants")
	rt.add("POST", collection, 201, "", addOrganizationGrant, "create:organization_client_grants")
	rt.add("DELETE", collection+"/{grant_id}", 204, "", deleteOrganizationGrant, "delete:organization_client_grants")
}

func clientGrantItem(g *state.ClientGrant) map[string]any {
	item := map[string]any{
		"id": g.ID, "client_id": g.ClientID, "audience": g.Audience, "scope": append([]string{}, g.Scope...),
	}
	state.Put(item, "organization_usage", g.OrganizationUsage)
	state.Put(item, "subject_type", g.SubjectType)
	if g.AllowAnyOrganization != nil {
		item["allow_any_organization"] = *g.AllowAnyOrganization
	}
	if g.AuthorizationDetailsTypes != nil {
		item["authorization_details_types"] = *g.AuthorizationDetailsTypes
	}
	return item
}

func listClientGrants(c *call) (any, error) {
	if err := c.query.allow("audience", "client_id", "allow_any_organization", "subject_type", "default_for"); err != nil {
		return nil, err
	}
	rows := slices.DeleteFunc(c.t.ClientGrants.All(), func(g *state.ClientGrant) bool {
		return c.query.has("client_id") && g.ClientID != c.query.get("client_id") ||
			c.query.has("audience") && g.Audience != c.query.get("audience") ||
			c.query.has("subject_type") && g.SubjectType != c.query.get("subject_type")
	})
	return list(c, listing[*state.ClientGrant]{
		key: "client_grants", item: clientGrantItem,
		cursor: func(g *state.ClientGrant) (time.Time, string) { return g.CreatedAt, g.ID },
	}, rows)
}

func (c *call) clientGrant(param string) (*state.ClientGrant, error) {
	g := c.t.ClientGrants.Get(c.param(param))
	if g == nil {
		return nil, wire.NotFound("inexistent_client_grant", "The grant does not exist.")
	}
	return g, nil
}

func getClientGrant(c *call) (any, error) {
	g, err := c.clientGrant("id")
	if err != nil {
		return nil, err
	}
	return clientGrantItem(g), nil
}

func createClientGrant(c *call) (any, error) {
	properties := clientGrantProperties()
	properties["client_id"] = schema{kind: typeString, required: true, min: 1}
	properties["audience"] = schema{kind: typeString, required: true, min: 1}
	properties["subject_type"] = schema{kind: typeString, enum: []string{"client", "user"}}
	var body clientGrantBody
	if err := c.decode(schema{kind: typeObject, properties: properties}, &body); err != nil {
		return nil, err
	}
	client := c.t.Clients.Get(body.ClientID)
	switch {
	case client == nil:
		return nil, wire.NotFound("inexistent_client", "The client does not exist")
	case body.Audience != c.managementAudience() && c.t.ResourceServerByIdentifier(body.Audience) == nil:
		return nil, wire.NotFound("inexistent_resource_server", "The resource server does not exist")
	case c.t.ClientGrants.Find(func(g *state.ClientGrant) bool { return g.ClientID == body.ClientID && g.Audience == body.Audience }) != nil:
		return nil, wire.NewError(409, "resource_conflict", "A client grant with the same client_id and audience already exists.")
	}
	g := &state.ClientGrant{
		ID: state.NewID("cgr_"), ClientID: body.ClientID, Audience: body.Audience, SubjectType: body.SubjectType, CreatedAt: c.now,
	}
	if g.SubjectType == "" {
		g.SubjectType = "client"
	}
	c.changeGrant(g, body)
	c.t.ClientGrants.Put(g.ID, g)
	return clientGrantItem(g), nil
}

func (c *call) managementAudience() string { return c.world.Issuer(c.t) + "api/v2/" }

// changeGrant applies a body; a grant for the Management API is what the
// client's tokens for it hold.
func (c *call) changeGrant(g *state.ClientGrant, body clientGrantBody) {
	if body.Scope != nil {
		g.Scope = *body.Scope
		if g.Audience == c.managementAudience() {
			c.t.Clients.Get(g.ClientID).Scopes = slices.Clone(g.Scope)
		}
	}
	if body.OrganizationUsage != nil {
		g.OrganizationUsage = *body.OrganizationUsage
	}
	if body.AllowAnyOrganization != nil {
		g.AllowAnyOrganization = body.AllowAnyOrganization
	}
	if body.AuthorizationDetailsTypes != nil {
		g.AuthorizationDetailsTypes = body.AuthorizationDetailsTypes
	}
}

func updateClientGrant(c *call) (any, error) {
	g, err := c.clientGrant("id")
	if err != nil {
		return nil, err
	}
	var body clientGrantBody
	if err := c.decode(schema{kind: typeObject, properties: clientGrantProperties()}, &body); err != nil {
		return nil, err
	}
	c.changeGrant(g, body)
	return clientGrantItem(g), nil
}

// deleteClientGrant answers 204 also for one that does not exist.
func deleteClientGrant(c *call) (any, error) {
	if g := c.t.ClientGrants.Get(c.param("id")); g != nil {
		if g.Audience == c.managementAudience() {
			c.t.Clients.Get(g.ClientID).Scopes = nil
		}
		c.t.DeleteGrant(g)
	}
	return nil, nil
}

func listGrantOrganizations(c *call) (any, error) {
	g, err := c.clientGrant("id")
	if err != nil {
		return nil, err
	}
	if err := c.query.allow(); err != nil {
		return nil, err
	}
	rows := slices.DeleteFunc(c.t.Organizations.All(), func(o *state.Organization) bool { return !slices.Contains(g.Organizations, o.ID) })
	return list(c, listing[*state.Organization]{
		key: "organizations", item: organizationItem,
		cursor: func(o *state.Organization) (time.Time, string) { return o.CreatedAt, o.ID },
	}, rows)
}

func listOrganizationGrants(c *call) (any, error) {
	o, err := c.organization()
	if err != nil {
		return nil, err
	}
	if err := c.query.allow("audience", "client_id", "grant_ids"); err != nil {
		return nil, err
	}
	ids := c.query["grant_ids"]
	rows := slices.DeleteFunc(c.t.ClientGrants.All(), func(g *state.ClientGrant) bool {
		return !slices.Contains(g.Organizations, o.ID) || len(ids) > 0 && !slices.Contains(ids, g.ID) ||
			c.query.has("client_id") && g.ClientID != c.query.get("client_id") ||
			c.query.has("audience") && g.Audience != c.query.get("audience")
	})
	return list(c, listing[*state.ClientGrant]{key: "client_grants", item: clientGrantItem}, rows)
}

var organizationGrantSchema = schema{kind: typeObject, properties: map[string]schema{
	"grant_id": {kind: typeString, required: true, min: 1},
}}

// addOrganizationGrant answers with the grant's id under another name.
func addOrganizationGrant(c *call) (any, error) {
	o, err := c.organization()
	if err != nil {
		return nil, err
	}
	var body struct {
		GrantID string `json:"grant_id"`
	}
	if err := c.decode(organizationGrantSchema, &body); err != nil {
		return nil, err
	}
	g := c.t.ClientGrants.Get(body.GrantID)
	if g == nil {
		return nil, wire.NotFound("inexistent_client_grant", "The grant does not exist.")
	}
	if !slices.Contains(g.Organizations, o.ID) {
		g.Organizations = append(g.Organizations, o.ID)
	}
	item := clientGrantItem(g)
	delete(item, "id")
	delete(item, "subject_type")
	item["grant_id"] = g.ID
	return item, nil
}

// deleteOrganizationGrant is taken to answer 204 also where there is none.
func deleteOrganizationGrant(c *call) (any, error) {
	o, err := c.organization()
	if err != nil {
		return nil, err
	}
	if g := c.t.ClientGrants.Get(c.param("grant_id")); g != nil {
		g.Organizations = slices.DeleteFunc(g.Organizations, func(id string) bool { return id == o.ID })
	}
	return nil, nil
}
