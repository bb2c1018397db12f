package management

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/traffic"
)

// logDescriptions are Auth0's words for calls, as recorded, and for the others
// as the official description titles them.
var logDescriptions = map[string]string{
	"POST /organizations":                                          "Create an Organization",
	"PATCH /organizations/{id}":                                    "Modify an Organization",
	"DELETE /organizations/{id}":                                   "Delete organization",
	"POST /organizations/{id}/members":                             "Add members to an organization",
	"DELETE /organizations/{id}/members":                           "Delete members from an organization",
	"POST /organizations/{id}/invitations":                         "Create invitations to organization",
	"DELETE /organizations/{id}/invitations/{invitation_id}":       "Delete an invitation to organization",
	"POST /organizations/{id}/members/{user_id}/roles":             "Assign user roles to an Organization member",
	"DELETE /organizations/{id}/members/{user_id}/roles":           "Delete user roles from an Organization member",
	"POST /organizations/{id}/enabled_connections":                 "Add connections to an organization",
	"PATCH /organizations/{id}/enabled_connections/{connectionId}": "Update the Connection of an Organization",
	"POST /users":        "Create a User",
	"PATCH /users/{id}":  "Update a User",
	"DELETE /users/{id}": "Delete a User",
	"POST /roles":        "Create a role",
}

// loggedBody is the largest body of which an entry keeps a copy.
const loggedBody = 2048

// logCall notes a successful call that may have changed something. As recorded,
// such an entry names neither user nor organization: they are in the path and
// the bodies. Bodies of other resources than organizations and users are left
// out, since Auth0 blackens secrets in them in ways that are not known.
func (c *call) logCall(ro *route, answer json.RawMessage) {
	path := strings.TrimPrefix(ro.Template, traffic.ManagementPrefix)
	shown := strings.HasPrefix(path, "/organizations") || strings.HasPrefix(path, "/users")
	body := func(raw json.RawMessage) any {
		if !shown || len(raw) == 0 || len(raw) > loggedBody {
			return map[string]any{}
		}
		return withoutSecrets(raw)
	}
	query := map[string]any{}
	for name := range c.query {
		query[name] = c.query.get(name)
	}
	description := logDescriptions[ro.Method+" "+path]
	if description == "" {
		description = ro.Method + " " + path
	}
	c.t.Log(state.LogEntry{
		Type: state.LogWrite, Description: description, ClientID: c.clientID,
		Details: map[string]any{
			"request": map[string]any{
				"method": strings.ToLower(ro.Method), "path": c.r.URL.EscapedPath(), "query": query, "body": body(c.body),
				"channel": "api", "ip": "127.0.0.1", "userAgent": c.r.UserAgent(),
				"auth": map[string]any{"strategy": "jwt", "user": map[string]any{}, "credentials": map[string]any{}},
			},
			"response": map[string]any{"statusCode": ro.status, "body": body(answer)},
		},
	}, c.now)
}

// withoutSecrets blackens passwords and leaves the links of invitations out, as
// recorded.
func withoutSecrets(raw json.RawMessage) any {
	var body any
	if json.Unmarshal(raw, &body) != nil {
		return map[string]any{}
	}
	object, isObject := body.(map[string]any)
	if !isObject {
		return body
	}
	if _, has := object["password"]; has {
		object["password"] = "*****"
	}
	delete(object, "invitation_url")
	delete(object, "ticket_id")
	return object
}

// visibleLogs are the entries that the log shows now: not yet those of the lag,
// and no more those from before the retention.
func (c *call) visibleLogs() []state.LogEntry {
	retention := time.Duration(c.world.InForce.LogsRetention)
	if retention == 0 {
		retention = state.LogRetention(c.world.InForce.Profile)
	}
	oldest, newest := c.now.Add(-retention), c.now.Add(-time.Duration(c.world.InForce.LogsLag))
	return slices.DeleteFunc(slices.Clone(c.t.Logs), func(e state.LogEntry) bool {
		return e.Date.Before(oldest) || e.Date.After(newest)
	})
}
