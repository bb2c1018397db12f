package management

import (
	"cmp"
	"slices"

	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/traffic"
	"github.com/seatwarden/seatwarden/internal/standin/wire"
)

func enabledConnectionSchema(create bool) schema {
	properties := map[string]schema{
		"assign_membership_on_login": {kind: typeBoolean},
		"show_as_button":             {kind: typeBoolean},
		"is_signup_enabled":          {kind: typeBoolean},
	}
	if create {
		properties["connection_id"] = schema{kind: typeString, min: 1, max: 50, required: true, description: "Single connection ID to add to the organization."}
	}
	return schema{kind: typeObject, properties: properties}
}

type enabledConnectionBody struct {
	ConnectionID            string `json:"connection_id"`
	AssignMembershipOnLogin *bool  `json:"assign_membership_on_login"`
	ShowAsButton            *bool  `json:"show_as_button"`
	IsSignupEnabled         *bool  `json:"is_signup_enabled"`
	// The others are of the newer endpoints only.
	IsEnabled   *bool   `json:"is_enabled"`
	Name        *string `json:"organization_connection_name"`
	AccessLevel *string `json:"organization_access_level"`
}

func organizationConnectionRoutes(rt *router) {
	const collection, one = "/organizations/{id}/enabled_connections", "/organizations/{id}/enabled_connections/{connectionId}"
	rt.add("GET", collection, 200, traffic.LimitOrgConnectionsRead, listEnabledConnections, "read:organization_connections")
	rt.add("POST", collection, 201, traffic.LimitOrgConnectionsWrite, addEnabledConnection, "create:organization_connections")
	rt.add("GET", one, 200, traffic.LimitOrgConnectionsRead, getEnabledConnection, "read:organization_connections")
	rt.add("PATCH", one, 200, traffic.LimitOrgConnectionsWrite, updateEnabledConnection, "update:organization_connections")
	rt.add("DELETE", one, 204, traffic.LimitOrgConnectionsWrite, deleteEnabledConnection, "delete:organization_connections")

	const all, oneOfAll = "/organizations/{id}/connections", "/organizations/{id}/connections/{connectionId}"
	rt.add("GET", all, 200, traffic.LimitOrgConnectionsRead, listOrganizationConnections, "read:organization_connections")
	rt.add("POST", all, 201, traffic.LimitOrgConnectionsWrite, addOrganizationConnection, "create:organization_connections")
	rt.add("GET", oneOfAll, 200, traffic.LimitOrgConnectionsRead, getOrganizationConnection, "read:organization_connections")
	rt.add("PATCH", oneOfAll, 200, traffic.LimitOrgConnectionsWrite, updateOrganizationConnection, "update:organization_connections")
	rt.add("DELETE", oneOfAll, 204, traffic.LimitOrgConnectionsWrite, deleteEnabledConnection, "delete:organization_connections")
}

func (c *call) enabledConnectionItem(e *state.EnabledConnection) map[string]any {
	item := map[string]any{
		"connection_id":              e.ConnectionID,
		"assign_membership_on_login": e.AssignMembershipOnLogin,
		"show_as_button":             e.ShowAsButton,
	}
	if connection := c.t.Connections.Get(e.ConnectionID); connection != nil {
		item["connection"] = map[string]any{"name": connection.Name, "strategy": connection.Strategy}
		if connection.Strategy == state.StrategyDatabase {
			item["is_signup_enabled"] = e.IsSignupEnabled
		}
	}
	return item
}

// enable adds a connection to an organization. Its defaults are recorded ones:
// no membership at login, no sign-up, shown as a button.
func (c *call) enable(o *state.Organization, body enabledConnectionBody) (*state.EnabledConnection, error) {
	connection := c.t.Connections.Get(body.ConnectionID)
	if connection == nil {
		return nil, wire.NotFound("", "No connection found by that id")
	}
	if o.Connection(connection.ID) != nil {
		return nil, wire.NewError(409, "", "The connection is already enabled for the organization.")
	}
	if len(o.Connections) >= maxConnectionsPerOrganization {
		return nil, wire.NewError(403, "too_many_entities", "You reached the limit of entities of this type for this tenant.")
	}
	e := &state.EnabledConnection{ConnectionID: connection.ID, ShowAsButton: true}
	if err := body.applyTo(e, connection); err != nil {
		return nil, err
	}
	o.Connections = append(o.Connections, e)
	return e, nil
}

func (b enabledConnectionBody) applyTo(e *state.EnabledConnection, connection *state.Connection) error {
	changed := *e
	if b.AssignMembershipOnLogin != nil {
		changed.AssignMembershipOnLogin = *b.AssignMembershipOnLogin
	}
	if b.ShowAsButton != nil {
		changed.ShowAsButton = *b.ShowAsButton
	}
	if b.IsSignupEnabled != nil {
		changed.IsSignupEnabled = *b.IsSignupEnabled
	}
	if b.IsEnabled != nil {
		changed.Disabled = !*b.IsEnabled
	}
	if b.Name != nil {
		changed.Name = *b.Name
	}
	if b.AccessLevel != nil {
		changed.AccessLevel = *b.AccessLevel
	}
	if changed.IsSignupEnabled && (connection.Strategy != state.StrategyDatabase || !changed.AssignMembershipOnLogin) {
		return wire.InvalidBody("Only database connections with assign_membership_on_login = true support is_signup_enabled = true.")
	}
	*e = changed
	return nil
}

func listEnabledConnections(c *call) (any, error) {
	o, err := c.organization()
	if err != nil {
		return nil, err
	}
	if err := c.query.allow(); err != nil {
		return nil, err
	}
	return list(c, listing[*state.EnabledConnection]{
		key: "enabled_connections", item: c.enabledConnectionItem, limitIsCount: true,
	}, o.Connections)
}

// organizationConnectionSchema is the body of the newer endpoints.
func organizationConnectionSchema(created bool) schema {
	s := enabledConnectionSchema(created)
	s.properties["is_enabled"] = schema{kind: typeBoolean, nullable: !created}
	s.properties["organization_connection_name"] = schema{kind: typeString, min: 1, max: 50, nullable: !created}
	s.properties["organization_access_level"] = schema{kind: typeString, nullable: !created, enum: []string{"none", "readonly", "limited", "full"}}
	return s
}

// organizationConnectionItem is a connection as the newer endpoints show it.
func (c *call) organizationConnectionItem(e *state.EnabledConnection) map[string]any {
	item := c.enabledConnectionItem(e)
	item["is_signup_enabled"] = e.IsSignupEnabled
	item["is_enabled"] = !e.Disabled
	item["organization_access_level"] = cmp.Or(e.AccessLevel, "none")
	state.Put(item, "organization_connection_name", e.Name)
	return item
}

func listOrganizationConnections(c *call) (any, error) {
	o, err := c.organization()
	if err != nil {
		return nil, err
	}
	if err := c.query.allow("is_enabled"); err != nil {
		return nil, err
	}
	rows := slices.DeleteFunc(slices.Clone(o.Connections), func(e *state.EnabledConnection) bool {
		return c.query.has("is_enabled") && (c.query.get("is_enabled") == "true") == e.Disabled
	})
	return list(c, listing[*state.EnabledConnection]{key: "connections", item: c.organizationConnectionItem}, rows)
}

func addOrganizationConnection(c *call) (any, error) {
	o, err := c.organization()
	if err != nil {
		return nil, err
	}
	var body enabledConnectionBody
	if err := c.decode(organizationConnectionSchema(true), &body); err != nil {
		return nil, err
	}
	if o.Connection(body.ConnectionID) != nil {
		return nil, wire.NewError(409, "", "The organization connection already exists.")
	}
	e, err := c.enable(o, body)
	if err != nil {
		return nil, err
	}
	c.emitConnection(state.EventConnectionAdded, o, e)
	return c.organizationConnectionItem(e), nil
}

func getOrganizationConnection(c *call) (any, error) {
	_, e, err := c.enabledConnection()
	if err != nil {
		return nil, err
	}
	return c.organizationConnectionItem(e), nil
}

func updateOrganizationConnection(c *call) (any, error) {
	o, e, err := c.enabledConnection()
	if err != nil {
		return nil, err
	}
	var body enabledConnectionBody
	if err := c.decode(organizationConnectionSchema(false), &body); err != nil {
		return nil, err
	}
	if err := body.applyTo(e, c.t.Connections.Get(e.ConnectionID)); err != nil {
		return nil, err
	}
	c.emitConnection(state.EventConnectionUpdated, o, e)
	return c.organizationConnectionItem(e), nil
}

func addEnabledConnection(c *call) (any, error) {
	o, err := c.organization()
	if err != nil {
		return nil, err
	}
	var body enabledConnectionBody
	if err := c.decode(enabledConnectionSchema(true), &body); err != nil {
		return nil, err
	}
	e, err := c.enable(o, body)
	if err != nil {
		return nil, err
	}
	c.emitConnection(state.EventConnectionAdded, o, e)
	return c.enabledConnectionItem(e), nil
}

func (c *call) enabledConnection() (*state.Organization, *state.EnabledConnection, error) {
	o, err := c.organization()
	if err != nil {
		return nil, nil, err
	}
	e := o.Connection(c.param("connectionId"))
	if e == nil {
		return nil, nil, wire.NotFound("", "No connection found by that id")
	}
	return o, e, nil
}

func getEnabledConnection(c *call) (any, error) {
	_, e, err := c.enabledConnection()
	if err != nil {
		return nil, err
	}
	return c.enabledConnectionItem(e), nil
}

func updateEnabledConnection(c *call) (any, error) {
	o, e, err := c.enabledConnection()
	if err != nil {
		return nil, err
	}
	var body enabledConnectionBody
	if err := c.decode(enabledConnectionSchema(false), &body); err != nil {
		return nil, err
	}
	if err := body.applyTo(e, c.t.Connections.Get(e.ConnectionID)); err != nil {
		return nil, err
	}
	c.emitConnection(state.EventConnectionUpdated, o, e)
	return c.enabledConnectionItem(e), nil
}

// deleteEnabledConnection takes a connection from an organization. That it
// answers 204 for one that is not enabled is an assumption.
func deleteEnabledConnection(c *call) (any, error) {
	o, err := c.organization()
	if err != nil {
		return nil, err
	}
	if e := o.Connection(c.param("connectionId")); e != nil {
		c.emitConnection(state.EventConnectionRemoved, o, e)
		o.Connections = slices.DeleteFunc(o.Connections, func(other *state.EnabledConnection) bool { return other == e })
	}
	return nil, nil
}
