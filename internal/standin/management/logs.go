package management

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/traffic"
	"github.com/seatwarden/seatwarden/internal/standin/wire"
)

func logRoutes(rt *router) {
	rt.add("GET", "/logs", 200, traffic.LimitLogsRead, listLogs, "read:logs")
	rt.add("GET", "/logs/{id}", 200, traffic.LimitLogsRead, getLog, "read:logs")
}

// logItem has every property that entries were recorded with; what an entry
// does not know is null.
func logItem(e state.LogEntry) map[string]any {
	item := map[string]any{
		"_id": e.LogID, "log_id": e.LogID, "date": state.Timestamp(e.Date), "type": e.Type, "description": e.Description,
		"ip": "127.0.0.1", "isMobile": false, "user_agent": "Other 0.0.0 / Other 0.0.0", "client_name": "", "details": nil,
	}
	for _, name := range []string{"audience", "hostname", "location_info", "strategy", "strategy_type", "connection_id"} {
		item[name] = nil
	}
	for name, value := range map[string]string{
		"client_id": e.ClientID, "connection": e.Connection, "user_id": e.UserID,
		"user_name": e.UserName, "organization_id": e.OrganizationID, "organization_name": e.OrganizationName,
	} {
		item[name] = nil
		state.Put(item, name, value)
	}
	if len(e.Details) > 0 {
		item["details"] = e.Details
	}
	return item
}

// listLogs pages from the newest, or onwards from a log id with from and take.
func listLogs(c *call) (any, error) {
	if c.query.has("from") {
		return logsFrom(c)
	}
	if err := c.query.allow("q", "search"); err != nil {
		return nil, err
	}
	rows := c.visibleLogs()
	if kind, found := strings.CutPrefix(c.query.get("q"), "type:"); found {
		rows = slices.DeleteFunc(rows, func(e state.LogEntry) bool { return e.Type != strings.Trim(kind, `"`) })
	}
	if _, descending, err := c.sortOrder("date"); err != nil {
		return nil, err
	} else if descending || !c.query.has("sort") {
		slices.Reverse(rows)
	}
	return list(c, listing[state.LogEntry]{key: "logs", item: logItem, length: true}, rows)
}

// logsFrom answers what is newer than a log id. The header Link names the next
// page, which is the same one if there was nothing.
func logsFrom(c *call) (any, error) {
	from := c.query.get("from")
	take, err := c.query.integer("take", "", defaultPageSize, 1, maxPageSize)
	if err != nil {
		return nil, err
	}
	rows := c.visibleLogs()
	known := slices.IndexFunc(rows, func(e state.LogEntry) bool { return e.LogID == from })
	switch {
	case known >= 0:
		rows = rows[known+1:]
	case c.world.InForce.UnknownLogID == state.LogRefused:
		return nil, wire.NewError(http.StatusBadRequest, "invalid_query_string", "Query validation error: 'Invalid log id: %s' on property from.", from)
	case c.world.InForce.UnknownLogID == state.LogEmpty:
		rows = nil
	default:
		rows = slices.DeleteFunc(rows, func(e state.LogEntry) bool { return e.LogID <= from })
	}
	items := []any{}
	for _, e := range rows[:min(take, len(rows))] {
		items = append(items, logItem(e))
		from = e.LogID
	}
	c.header.Set("Link", fmt.Sprintf(`<%sapi/v2/logs?from=%s&take=%d>; rel="next"`, c.world.Issuer(c.t), from, take))
	return items, nil
}

func getLog(c *call) (any, error) {
	for _, e := range c.visibleLogs() {
		if e.LogID == c.param("id") {
			return logItem(e), nil
		}
	}
	return nil, wire.NotFound("inexistent_log", "The log does not exist.")
}
