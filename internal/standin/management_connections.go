package standin

import (
	"slices"
	"time"
)

func (s *Server) connectionRoutes(rt *router) {
	rt.add("GET", "/connections", 200, limitConnectionsRead, listConnections, "read:connections", "read:connections_summary")
	rt.add("GET", "/connections/{id}", 200, limitConnectionsRead, getConnection, "read:connections")
}

// connectionItem shows options to holders of read:connections_options only.
func (c *call) connectionItem(connection *Connection) map[string]any {
	realms := connection.Realms
	if len(realms) == 0 {
		realms = []string{connection.Name}
	}
	item := map[string]any{
		"id": connection.ID, "name": connection.Name, "strategy": connection.Strategy,
		"realms": realms, "is_domain_connection": false,
	}
	put(item, "display_name", connection.DisplayName)
	put(item, "metadata", connection.Metadata)
	if connection.Strategy != strategyDatabase {
		item["show_as_button"] = connection.ShowAsButton
	}
	if c.hasScope("read:connections_options") {
		options := connection.Options
		if options == nil {
			options = map[string]any{}
		}
		item["options"] = options
	}
	return item
}

func listConnections(c *call) (any, error) {
	if err := c.query.allow("strategy", "name", "domain_alias"); err != nil {
		return nil, err
	}
	strategies := c.query["strategy"]
	rows := slices.DeleteFunc(c.t.connections.all(), func(connection *Connection) bool {
		return len(strategies) > 0 && !slices.Contains(strategies, connection.Strategy) ||
			c.query.has("name") && connection.Name != c.query.get("name") ||
			c.query.has("domain_alias") && !slices.Contains(connection.domainAliases(), c.query.get("domain_alias"))
	})
	return list(c, listing[*Connection]{
		key: "connections", item: c.connectionItem,
		cursor: func(connection *Connection) (time.Time, string) { return connection.CreatedAt, connection.ID },
	}, rows)
}

// domainAliases are the e-mail domains that lead to the connection.
func (connection *Connection) domainAliases() []string {
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

func getConnection(c *call) (any, error) {
	connection := c.t.connections.get(c.param("id"))
	if connection == nil {
		return nil, notFound("inexistent_connection", "The connection does not exist")
	}
	return selectFields(c.query, c.connectionItem(connection)), nil
}
