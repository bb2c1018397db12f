package standin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// The types of log entries that the stand-in writes, in Auth0's codes. Removed
// members have none: their removal shows as the call that did it.
const (
	logSuccess            = "s"
	logFailure            = "f"
	logInvitationAccepted = "si"
	logInvitationFailed   = "fi"
	logRefreshed          = "sertft"
	logRefreshFailed      = "fertft"
	logRefreshReused      = "ferrt"
	logMemberAdded        = "organization_member_added"
	logUserDeleted        = "sdu"
	logSignedUp           = "ss"
	logWrite              = "sapi"
	logLimit              = "api_limit"
	logLimitWarning       = "api_limit_warning"
)

// Reasons of an entry organization_member_added. One who is added by the
// Management API shows as that call.
const (
	addedByInvitation = "invitation"
	addedByLogin      = "auto_membership"
)

// log appends an entry to the tenant log and gives it an id and a date. The id
// has the shape of Auth0's; its order is the order of the log. It needs Server.mu.
func (t *Tenant) log(e LogEntry, now time.Time) {
	e.Date = now
	t.logged++
	e.LogID = fmt.Sprintf("900%s%03d%036d", now.Format("20060102150405"), now.Nanosecond()/int(time.Millisecond), t.logged)
	t.logs, _ = keepLast(append(t.logs, e), logsKept)
}

// logMember notes who became a member by signing in.
func (si *signIn) logMember(tx *transaction, user *User, reason string, now time.Time) {
	entry := si.logEntry(tx, user, logMemberAdded, "")
	entry.Details = map[string]any{"reason": reason}
	tx.tenant.log(entry, now)
}

// detailsOfInvitation are the details of entries si and fi.
func detailsOfInvitation(o *Organization, i *Invitation) map[string]any {
	return map[string]any{"invitation": map[string]any{
		"id": i.ID, "client_id": i.ClientID, "ticket_id": i.TicketID, "roles": append([]string{}, i.Roles...),
		"created_at": timestamp(i.CreatedAt), "expires_at": timestamp(i.ExpiresAt),
		"invitee": map[string]any{"email": i.InviteeEmail},
		"inviter": map[string]any{"name": i.InviterName, "organization_id": o.ID},
	}}
}

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
	path := strings.TrimPrefix(ro.template, managementPrefix)
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
	description := logDescriptions[ro.method+" "+path]
	if description == "" {
		description = ro.method + " " + path
	}
	c.t.log(LogEntry{
		Type: logWrite, Description: description, ClientID: c.clientID,
		Details: map[string]any{
			"request": map[string]any{
				"method": strings.ToLower(ro.method), "path": c.r.URL.EscapedPath(), "query": query, "body": body(c.body),
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

// logLimited notes that a bucket of the limits is empty, or nearly.
func (s *Server) logLimited(t *Tenant, kind, bucket string, size int, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.log(LogEntry{
		Type: kind, Description: limitMessage(bucket),
		Details: map[string]any{
			"limit":   map[string]any{"bucket": bucket, "global": bucket == limitGlobal, "size": size},
			"request": map[string]any{"method": r.Method, "path": r.URL.EscapedPath()},
		},
	}, s.clock.Now())
}

// visibleLogs are the entries that the log shows now: not yet those of the lag,
// and no more those from before the retention.
func (c *call) visibleLogs() []LogEntry {
	retention := time.Duration(c.s.settings.LogsRetention)
	if retention == 0 {
		retention = logRetention(c.s.settings.Profile)
	}
	oldest, newest := c.now.Add(-retention), c.now.Add(-time.Duration(c.s.settings.LogsLag))
	return slices.DeleteFunc(slices.Clone(c.t.logs), func(e LogEntry) bool {
		return e.Date.Before(oldest) || e.Date.After(newest)
	})
}

// logRetention is how long a subscription keeps its log.
func logRetention(profile string) time.Duration {
	const day = 24 * time.Hour
	switch profile {
	case ProfileFree:
		return day
	case ProfileEssentials:
		return 5 * day
	case ProfileProfessional:
		return 10 * day
	}
	return 30 * day
}
