package management

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/traffic"
	"github.com/seatwarden/seatwarden/internal/standin/wire"
)

const (
	maxConnectionsPerOrganization = 10

	messageNoOrganization       = "No organization found by that id"
	messageNoOrganizationOrName = "No organization found by that id or name"
)

// organizationNameText is Auth0's rule as Auth0 writes it. Go's expressions have
// no look-ahead: that a name must not begin with org_ is checked beside
// organizationName.
const organizationNameText = `^(?:(?!org_))[a-z0-9]([a-z0-9-_]*[a-z0-9])?$`

var organizationName = regexp.MustCompile(`^[a-z0-9]([a-z0-9\-_]*[a-z0-9])?$`)

var metadataSchema = schema{
	kind: typeObject, max: 25, description: "Metadata associated with the organization, in the form of an object with string values (max 255 chars). Maximum of 25 metadata properties allowed.",
	values: &schema{kind: typeString, max: 255, nullable: true},
}

var brandingSchema = schema{kind: typeObject, properties: map[string]schema{
	"logo_url": {kind: typeString, nullable: true},
	"colors": {kind: typeObject, properties: map[string]schema{
		"primary":         {kind: typeString, required: true},
		"page_background": {kind: typeString, required: true},
	}},
}}

func organizationProperties() map[string]schema {
	return map[string]schema{
		"name":         {kind: typeString, min: 1, max: 50, pattern: organizationName, patternText: organizationNameText, description: "The name of this organization."},
		"display_name": {kind: typeString, min: 1, max: 255, description: "Friendly name of this organization."},
		"branding":     brandingSchema,
		"metadata":     metadataSchema,
		"token_quota":  {kind: typeObject, any: true, nullable: true},
	}
}

func createOrganizationSchema() schema {
	properties := organizationProperties()
	name := properties["name"]
	name.required = true
	properties["name"] = name
	connection := enabledConnectionSchema(true)
	properties["enabled_connections"] = schema{kind: typeArray, max: maxConnectionsPerOrganization, items: &connection}
	return schema{kind: typeObject, properties: properties}
}

// organizationBody is the body of POST and PATCH.
type organizationBody struct {
	Name               *string                 `json:"name"`
	DisplayName        *string                 `json:"display_name"`
	Branding           map[string]any          `json:"branding"`
	Metadata           *map[string]*string     `json:"metadata"`
	TokenQuota         json.RawMessage         `json:"token_quota"`
	EnabledConnections []enabledConnectionBody `json:"enabled_connections"`
}

func organizationRoutes(rt *router) {
	rt.add("GET", "/organizations", 200, traffic.LimitOrganizationsList, listOrganizations, "read:organizations", "read:organizations_summary")
	rt.add("POST", "/organizations", 201, traffic.LimitOrganizationWrite, createOrganization, "create:organizations")
	rt.add("GET", "/organizations/name/{name}", 200, traffic.LimitOrganizationByName, getOrganizationByName, "read:organizations")
	rt.add("GET", "/organizations/{id}", 200, traffic.LimitOrganizationRead, getOrganization, "read:organizations")
	rt.add("PATCH", "/organizations/{id}", 200, traffic.LimitOrganizationWrite, updateOrganization, "update:organizations")
	rt.add("DELETE", "/organizations/{id}", 204, traffic.LimitOrganizationWrite, deleteOrganization, "delete:organizations")
}

func organizationItem(o *state.Organization) map[string]any {
	item := map[string]any{"id": o.ID, "name": o.Name}
	state.Put(item, "display_name", o.DisplayName)
	state.Put(item, "branding", o.Branding)
	state.Put(item, "metadata", o.Metadata)
	state.Put(item, "token_quota", o.TokenQuota)
	return item
}

func listOrganizations(c *call) (any, error) {
	if err := c.query.allow(); err != nil {
		return nil, err
	}
	rows := c.t.Organizations.All()
	field, descending, err := c.sortOrder("created_at", "name", "display_name")
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(rows, func(a, b *state.Organization) int {
		switch field {
		case "name":
			return strings.Compare(a.Name, b.Name)
		case "display_name":
			return strings.Compare(a.DisplayName, b.DisplayName)
		}
		return a.CreatedAt.Compare(b.CreatedAt)
	})
	if descending {
		slices.Reverse(rows)
	}
	return list(c, listing[*state.Organization]{
		key: "organizations", item: organizationItem,
		cursor: func(o *state.Organization) (time.Time, string) { return o.CreatedAt, o.ID },
	}, rows)
}

// sortOrder reads the parameter sort, e.g. created_at:-1.
func (c *call) sortOrder(fields ...string) (field string, descending bool, err error) {
	value := c.query.get("sort")
	if value == "" {
		return "", false, nil
	}
	field, order, _ := strings.Cut(value, ":")
	if !slices.Contains(fields, field) || order != "1" && order != "-1" {
		return "", false, wire.InvalidQuery("sort", "", "String does not match pattern ^(%s):(1|-1)$: %s", strings.Join(fields, "|"), value)
	}
	return field, order == "-1", nil
}

func createOrganization(c *call) (any, error) {
	var body organizationBody
	if err := c.decode(createOrganizationSchema(), &body); err != nil {
		return nil, err
	}
	if len(body.EnabledConnections) > 0 && !c.hasScope("create:organization_connections") {
		return nil, wire.NewError(403, "insufficient_scope", "Insufficient scope, expected any of: create:organization_connections")
	}
	if err := c.checkOrganizationName(*body.Name, nil); err != nil {
		return nil, err
	}
	o := &state.Organization{ID: state.NewID("org_"), CreatedAt: c.now, Tenant: c.t}
	body.applyTo(o)
	for _, given := range body.EnabledConnections {
		if _, err := c.enable(o, given); err != nil {
			return nil, err
		}
	}
	c.t.Organizations.Put(o.ID, o)
	item := organizationItem(o)
	c.t.Emit(state.EventOrganizationCreated, organizationItem(o), c.now)
	if len(o.Connections) > 0 {
		connections := []any{}
		for _, e := range o.Connections {
			connections = append(connections, c.enabledConnectionItem(e))
		}
		item["enabled_connections"] = connections
	}
	return item, nil
}

// applyTo changes what the body names. Metadata is replaced as a whole; a null
// value leaves its key out.
func (b organizationBody) applyTo(o *state.Organization) {
	if b.Name != nil {
		o.Name = *b.Name
	}
	if b.DisplayName != nil {
		o.DisplayName = *b.DisplayName
	}
	if b.Branding != nil {
		o.Branding = b.Branding
	}
	if len(b.TokenQuota) > 0 {
		o.TokenQuota = nil
		_ = json.Unmarshal(b.TokenQuota, &o.TokenQuota) // the schema let an object or null pass
	}
	if b.Metadata != nil {
		o.Metadata = map[string]string{}
		for k, v := range *b.Metadata {
			if v != nil {
				o.Metadata[k] = *v
			}
		}
	}
}

func (c *call) checkOrganizationName(name string, except *state.Organization) error {
	if strings.HasPrefix(name, "org_") {
		return wire.InvalidProperty("name", "The name of this organization.", "String does not match pattern %s: %s", organizationNameText, name)
	}
	if other := c.t.OrganizationByName(name); other != nil && other != except {
		return wire.NewError(409, "organization_conflict", "An organization with the same name already exists.")
	}
	return nil
}

// organization returns the organization that the path names.
func (c *call) organization() (*state.Organization, error) {
	o := c.t.Organizations.Get(c.param("id"))
	if o == nil {
		return nil, wire.NotFound("", messageNoOrganization)
	}
	return o, nil
}

func getOrganization(c *call) (any, error) {
	o := c.t.Organizations.Get(c.param("id"))
	if o == nil {
		return nil, wire.NotFound("", messageNoOrganizationOrName)
	}
	return organizationItem(o), nil
}

func getOrganizationByName(c *call) (any, error) {
	o := c.t.OrganizationByName(c.param("name"))
	if o == nil {
		return nil, wire.NotFound("", messageNoOrganizationOrName)
	}
	return organizationItem(o), nil
}

func updateOrganization(c *call) (any, error) {
	o := c.t.Organizations.Get(c.param("id"))
	if o == nil {
		return nil, wire.NotFound("", messageNoOrganizationOrName)
	}
	var body organizationBody
	if err := c.decode(schema{kind: typeObject, properties: organizationProperties()}, &body); err != nil {
		return nil, err
	}
	if body.Name != nil {
		if err := c.checkOrganizationName(*body.Name, o); err != nil {
			return nil, err
		}
	}
	body.applyTo(o)
	c.t.Emit(state.EventOrganizationUpdated, organizationItem(o), c.now)
	return organizationItem(o), nil
}

// deleteOrganization also ends what hangs on it: memberships, roles,
// invitations and the refresh tokens that were issued for it. Users stay.
func deleteOrganization(c *call) (any, error) {
	o := c.t.Organizations.Get(c.param("id"))
	if o == nil {
		return nil, wire.NotFound("", messageNoOrganizationOrName)
	}
	c.t.Organizations.Remove(o.ID)
	c.t.Emit(state.EventOrganizationDeleted, organizationItem(o), c.now)
	for _, r := range c.t.Roles.All() {
		if r.OwnerID == o.ID {
			c.t.Roles.Remove(r.ID)
		}
	}
	for _, g := range c.t.ClientGrants.All() {
		g.Organizations = slices.DeleteFunc(g.Organizations, func(id string) bool { return id == o.ID })
	}
	for _, r := range c.t.RefreshTokens.All() {
		if r.OrganizationID == o.ID {
			c.t.RefreshTokens.Remove(r.ID)
		}
	}
	return nil, nil
}
