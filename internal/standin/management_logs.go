package standin

import (
	"slices"
)

func (s *Server) logRoutes(rt *router) {
	rt.add("GET", "/logs", 200, limitLogsRead, listLogs, "read:logs")
	rt.add("GET", "/logs/{id}", 200, limitLogsRead, getLog, "read:logs")
}

func logItem(e LogEntry) map[string]any {
	item := map[string]any{"_id": e.LogID, "log_id": e.LogID, "date": timestamp(e.Date), "type": e.Type}
	for name, value := range map[string]any{
		"description": e.Description, "client_id": e.ClientID, "connection": e.Connection, "user_id": e.UserID,
		"user_name": e.UserName, "organization_id": e.OrganizationID, "organization_name": e.OrganizationName,
		"details": e.Details,
	} {
		put(item, name, value)
	}
	return item
}

// listLogs pages from the newest, or onwards from a log id with from and take.
func listLogs(c *call) (any, error) {
	if err := c.query.allow("q", "search"); err != nil {
		return nil, err
	}
	if from := c.query.get("from"); from != "" {
		take, err := c.query.integer("take", "", defaultPageSize, 1, maxPageSize)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(c.t.logs, func(e LogEntry) bool { return e.LogID == from })
		items := []any{}
		for _, e := range c.t.logs[i+1:] {
			if len(items) < take {
				items = append(items, logItem(e))
			}
		}
		return items, nil
	}
	rows := slices.Clone(c.t.logs)
	if _, descending, err := c.sortOrder("date"); err != nil {
		return nil, err
	} else if descending || !c.query.has("sort") {
		slices.Reverse(rows)
	}
	return list(c, listing[LogEntry]{key: "logs", item: logItem, length: true}, rows)
}

func getLog(c *call) (any, error) {
	for _, e := range c.t.logs {
		if e.LogID == c.param("id") {
			return logItem(e), nil
		}
	}
	return nil, notFound("inexistent_log", "The log does not exist.")
}
