package management

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/traffic"
	"github.com/seatwarden/seatwarden/internal/standin/wire"
)

// maxConnectionClients bounds a PATCH of a connection's applications.
const maxConnectionClients = 50

const connectionNameText = `^[a-zA-Z0-9](-[a-zA-Z0-9]|[a-zA-Z0-9])*$`

var connectionName = regexp.MustCompile(connectionNameText)

func connectionRoutes(rt *router) {
	const one = "/connections/{id}"
	rt.add("GET", "/connections", 200, traffic.LimitConnectionsRead, listConnections, "read:connections", "read:connections_summary")
	rt.add("POST", "/connections", 201, "", createConnection, "create:connections")
	rt.add("GET", one, 200, traffic.LimitConnectionsRead, getConnection, "read:connections")
	rt.add("PATCH", one, 200, "", updateConnection, "update:connections")
	rt.add("DELETE", one, 202, "", deleteConnection, "delete:connections")
	rt.add("GET", one+"/status", 200, "", getConnectionStatus, "read:connections")
	rt.add("GET", one+"/clients", 200, "", listConnectionClients, "read:connections")
	rt.add("PATCH", one+"/clients", 204, "", updateConnectionClients, "update:connections")
}

func connectionProperties() map[string]schema {
	object := schema{kind: typeObject, any: true}
	return map[string]schema{
		"display_name":         {kind: typeString, max: 128},
		"options":              {kind: typeObject, any: true, nullable: true},
		"enabled_clients":      {kind: typeArray, items: &schema{kind: typeString}},
		"is_domain_connection": {kind: typeBoolean},
		"show_as_button":       {kind: typeBoolean},
		"realms":               {kind: typeArray, items: &schema{kind: typeString}},
		"metadata":             {kind: typeObject, max: 10, values: &schema{kind: typeString, max: 255, nullable: true}},
		"authentication":       object,
		"connected_accounts":   object,
	}
}

func createConnectionSchema() schema {
	properties := connectionProperties()
	properties["name"] = schema{kind: typeString, required: true, min: 1, max: 128, pattern: connectionName, patternText: connectionNameText, description: "The name of the connection. Must start and end with an alphanumeric character and can only contain alphanumeric characters and '-'. Max length 128"}
	properties["strategy"] = schema{kind: typeString, required: true, min: 1}
	return schema{kind: typeObject, properties: properties}
}

type connectionBody struct {
	Name               string             `json:"name"`
	Strategy           string             `json:"strategy"`
	DisplayName        *string            `json:"display_name"`
	Options            map[string]any     `json:"options"`
	EnabledClients     *[]string          `json:"enabled_clients"`
	IsDomainConnection *bool              `json:"is_domain_connection"`
	ShowAsButton       *bool              `json:"show_as_button"`
	Realms             *[]string          `json:"realms"`
	Metadata           map[string]*string `json:"metadata"`
	Authentication     map[string]any     `json:"authentication"`
	ConnectedAccounts  map[string]any     `json:"connected_accounts"`
}

// connectionItem shows options to holders of read:connections_options only.
func (c *call) connectionItem(connection *state.Connection) map[string]any {
	realms := connection.Realms
	if len(realms) == 0 {
		realms = []string{connection.Name}
	}
	item := map[string]any{
		"id": connection.ID, "name": connection.Name, "strategy": connection.Strategy,
		"realms": realms, "is_domain_connection": connection.IsDomainConnection,
		"authentication":     orDefault(connection.Authentication, map[string]any{"active": true}),
		"connected_accounts": orDefault(connection.ConnectedAccounts, map[string]any{"active": false}),
	}
	state.Put(item, "display_name", connection.DisplayName)
	state.Put(item, "metadata", connection.Metadata)
	state.Put(item, "provisioning_ticket_url", c.provisioningTicketURL(connection))
	if isEnterprise(connection.Strategy) {
		item["show_as_button"] = connection.ShowAsButton
	}
	if c.world.InForce.ConnectionEnabledClients == state.ClientsShown {
		item["enabled_clients"] = append([]string{}, connection.EnabledClients...)
	}
	if c.hasScope("read:connections_options") {
		item["options"] = orDefault(connection.Options, map[string]any{})
	}
	return item
}

func orDefault(value, fallback map[string]any) map[string]any {
	if value == nil {
		return fallback
	}
	return value
}

// provisioningTicketURL is where somebody at the customer's completes the
// connection; a few strategies have one.
func (c *call) provisioningTicketURL(connection *state.Connection) string {
	ticket := connection.ProvisioningTicket
	switch {
	case ticket == "":
		return ""
	case connection.Strategy == strategyGoogle:
		return "https://login.us.auth0.com/" + c.t.Domain + "/p/google-apps/" + ticket
	case connection.Strategy == strategyAzure:
		return "https://" + c.t.Domain + ".us.auth0.com/" + c.t.Domain + "/p/waad/" + ticket
	default:
		return "https://" + c.t.Domain + ".us.auth0.com/p/" + connection.Strategy + "/" + ticket
	}
}

func listConnections(c *call) (any, error) {
	if err := c.query.allow("strategy", "name", "domain_alias"); err != nil {
		return nil, err
	}
	strategies := c.query["strategy"]
	rows := slices.DeleteFunc(c.t.Connections.All(), func(connection *state.Connection) bool {
		return len(strategies) > 0 && !slices.Contains(strategies, connection.Strategy) ||
			c.query.has("name") && connection.Name != c.query.get("name") ||
			c.query.has("domain_alias") && !slices.Contains(domainAliases(connection), c.query.get("domain_alias"))
	})
	return list(c, listing[*state.Connection]{
		key: "connections", item: c.connectionItem, always: []string{"is_domain_connection"},
		cursor: func(connection *state.Connection) (time.Time, string) { return connection.CreatedAt, connection.ID },
	}, rows)
}

// domainAliases are the e-mail domains that lead to the connection.
func domainAliases(connection *state.Connection) []string {
	var out []string
	switch aliases := connection.Options["domain_aliases"].(type) {
	case []string:
		return aliases
	case []any:
		for _, alias := range aliases {
			if text, ok := alias.(string); ok {
				out = append(out, text)
			}
		}
	}
	return out
}

func (c *call) connection() (*state.Connection, error) {
	connection := c.t.Connections.Get(c.param("id"))
	if connection == nil {
		return nil, wire.NotFound("inexistent_connection", "The connection does not exist")
	}
	return connection, nil
}

func getConnection(c *call) (any, error) {
	connection, err := c.connection()
	if err != nil {
		return nil, err
	}
	return selectFields(c.query, c.connectionItem(connection)), nil
}

func createConnection(c *call) (any, error) {
	var body connectionBody
	if err := c.decode(createConnectionSchema(), &body); err != nil {
		return nil, err
	}
	if err := c.checkConnectionName(body.Name); err != nil {
		return nil, err
	}
	connection := &state.Connection{ID: state.NewID("con_"), Name: body.Name, Strategy: body.Strategy, CreatedAt: c.now}
	if body.Options == nil {
		body.Options = map[string]any{}
	}
	if err := c.changeConnection(connection, body, true); err != nil {
		return nil, err
	}
	switch connection.Strategy {
	case "ad":
		connection.ProvisioningTicket = state.RandomString(32)
	case "adfs", strategyGoogle, "pingfederate", "samlp", strategyAzure:
		connection.ProvisioningTicket = state.RandomString(8)
	}
	switch connection.Strategy {
	case strategyAzure, strategyOkta, "oidc":
		if connection.DisplayName == "" {
			connection.DisplayName = connection.Name
		}
	}
	c.t.Connections.Put(connection.ID, connection)
	return c.connectionItem(connection), nil
}

func updateConnection(c *call) (any, error) {
	connection, err := c.connection()
	if err != nil {
		return nil, err
	}
	var body connectionBody
	if err := c.decode(schema{kind: typeObject, properties: connectionProperties()}, &body); err != nil {
		return nil, err
	}
	if body.Options != nil && !c.hasScope("update:connections_options") {
		return nil, wire.NewError(403, "insufficient_scope", "Insufficient scope, expected any of: update:connections_options")
	}
	// A PATCH without display_name resets it.
	connection.DisplayName = ""
	if err := c.changeConnection(connection, body, false); err != nil {
		return nil, err
	}
	return c.connectionItem(connection), nil
}

// changeConnection applies a body; options are replaced as a whole. That a PATCH
// turns api_enable_users on was recorded.
func (c *call) changeConnection(connection *state.Connection, body connectionBody, created bool) error {
	if body.Options != nil {
		if connection.Strategy == state.StrategyDatabase {
			if err := checkDatabaseOptions(body.Options); err != nil {
				return err
			}
		}
		if !created && connection.Strategy == strategyGoogle {
			setDefault(body.Options, "api_enable_users", true)
		}
		connection.Options = c.completeOptions(connection.Strategy, body.Options, created)
		if secret, ok := connection.Options["client_secret"].(string); ok {
			c.world.Secrets.Add(state.SecretConnection, secret)
		}
	}
	for _, f := range []struct{ given, field *bool }{
		{body.IsDomainConnection, &connection.IsDomainConnection}, {body.ShowAsButton, &connection.ShowAsButton},
	} {
		if f.given != nil {
			*f.field = *f.given
		}
	}
	if body.DisplayName != nil {
		connection.DisplayName = *body.DisplayName
	}
	if body.Realms != nil {
		connection.Realms = *body.Realms
	}
	if body.EnabledClients != nil {
		connection.EnabledClients = slices.Clone(*body.EnabledClients)
		slices.Sort(connection.EnabledClients)
	}
	if body.Authentication != nil {
		connection.Authentication = body.Authentication
	}
	if body.ConnectedAccounts != nil {
		connection.ConnectedAccounts = body.ConnectedAccounts
	}
	connection.Metadata = mergeTexts(connection.Metadata, body.Metadata)
	return nil
}

// mergeTexts merges metadata key by key; null deletes one.
func mergeTexts(base map[string]string, patch map[string]*string) map[string]string {
	for k, v := range patch {
		if base == nil {
			base = map[string]string{}
		}
		if v == nil {
			delete(base, k)
		} else {
			base[k] = *v
		}
	}
	return base
}

// deleteConnection ends the connection and the users who came by it alone. A
// repeated call answers as the first while the deletion is under way, and 204
// from then on.
func deleteConnection(c *call) (any, error) {
	id := c.param("id")
	connection := c.t.Connections.Get(id)
	if connection == nil {
		gone := c.t.DeletedConnections.Get(id)
		if gone == nil || !c.now.Before(gone.Until) {
			return noContent{}, nil
		}
		return map[string]any{"deleted_at": state.Timestamp(gone.DeletedAt)}, nil
	}
	c.t.Connections.Remove(id)
	if takes := time.Duration(c.world.InForce.ConnectionDeletionTime); takes > 0 {
		c.t.DeletedConnections.Put(id, &state.DeletedConnection{Name: connection.Name, DeletedAt: c.now, Until: c.now.Add(takes)})
	}
	for _, o := range c.t.Organizations.All() {
		o.Connections = slices.DeleteFunc(o.Connections, func(e *state.EnabledConnection) bool { return e.ConnectionID == id })
	}
	for _, u := range c.t.Users.All() {
		if len(u.Identities) == 1 && u.In(connection.Name) {
			c.t.DeleteUser(u.UserID, c.now)
		}
	}
	return map[string]any{"deleted_at": state.Timestamp(c.now)}, nil
}

// checkConnectionName refuses a name that is taken, and forgets deletions that are over.
func (c *call) checkConnectionName(name string) error {
	if c.t.ConnectionByName(name) != nil {
		return wire.NewError(409, "", "A connection with the same name already exists")
	}
	for _, id := range slices.Clone(c.t.DeletedConnections.IDs) {
		gone := c.t.DeletedConnections.Get(id)
		switch {
		case !c.now.Before(gone.Until):
			c.t.DeletedConnections.Remove(id)
		case gone.Name == name:
			return wire.NewError(409, "", "A connection with the same name is being deleted, try again later")
		}
	}
	return nil
}

// getConnectionStatus answers 200 for a connection that works and 404 otherwise.
func getConnectionStatus(c *call) (any, error) {
	if _, err := c.connection(); err != nil {
		return nil, err
	}
	return map[string]any{}, nil
}

func listConnectionClients(c *call) (any, error) {
	connection, err := c.connection()
	if err != nil {
		return nil, err
	}
	if err := c.query.allow(); err != nil {
		return nil, err
	}
	return list(c, listing[string]{
		key: "clients", checkpointOnly: true, maxTake: maxWindow,
		item:   func(id string) map[string]any { return map[string]any{"client_id": id} },
		cursor: func(id string) (time.Time, string) { return connection.CreatedAt, id },
	}, connection.EnabledClients)
}

var connectionClientsSchema = schema{kind: typeArray, min: 1, max: maxConnectionClients, items: &schema{
	kind: typeObject, properties: map[string]schema{
		"client_id": {kind: typeString, required: true, min: 1}, "status": {kind: typeBoolean, required: true},
	},
}}

func updateConnectionClients(c *call) (any, error) {
	connection, err := c.connection()
	if err != nil {
		return nil, err
	}
	var body []struct {
		ClientID string `json:"client_id"`
		Status   bool   `json:"status"`
	}
	if err := c.decode(connectionClientsSchema, &body); err != nil {
		return nil, err
	}
	for _, given := range body {
		if c.t.Clients.Get(given.ClientID) == nil {
			return nil, wire.InvalidBody("The client %s does not exist", strings.TrimSpace(given.ClientID))
		}
	}
	for _, given := range body {
		connection.EnabledClients = slices.DeleteFunc(connection.EnabledClients, func(id string) bool { return id == given.ClientID })
		if given.Status {
			connection.EnabledClients = append(connection.EnabledClients, given.ClientID)
		}
	}
	return nil, nil
}
