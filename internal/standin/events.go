package standin

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The types of events that the stand-in sends.
const (
	eventOrganizationCreated = "organization.created"
	eventOrganizationUpdated = "organization.updated"
	eventOrganizationDeleted = "organization.deleted"
	eventMemberAdded         = "organization.member.added"
	eventMemberDeleted       = "organization.member.deleted"
	eventMemberRoleAssigned  = "organization.member.role.assigned"
	eventMemberRoleDeleted   = "organization.member.role.deleted"
	eventConnectionAdded     = "organization.connection.added"
	eventConnectionUpdated   = "organization.connection.updated"
	eventConnectionRemoved   = "organization.connection.removed"
	eventUserCreated         = "user.created"
	eventUserUpdated         = "user.updated"
	eventUserDeleted         = "user.deleted"
)

var eventTypes = []string{
	eventOrganizationCreated, eventOrganizationUpdated, eventOrganizationDeleted, eventMemberAdded, eventMemberDeleted,
	eventMemberRoleAssigned, eventMemberRoleDeleted,
	eventConnectionAdded, eventConnectionUpdated, eventConnectionRemoved, eventUserCreated, eventUserUpdated, eventUserDeleted,
}

const (
	eventsPath  = "/events"
	eventsRoute = managementPrefix + eventsPath
)

// event is one that happened in a tenant.
type event struct {
	position int
	kind     string
	at       time.Time
	// data is the CloudEvent, encoded when it happened.
	data json.RawMessage
}

// emit notes an event and wakes the streams. It needs Server.mu.
func (t *Tenant) emit(kind string, object map[string]any, now time.Time) {
	data, err := json.Marshal(map[string]any{
		"specversion": "1.0", "type": kind, "source": "urn:auth0:" + t.Domain, "id": newID("evt_"), "time": timestamp(now),
		"data": map[string]any{"object": object}, "a0tenant": "stand-in", "a0stream": t.stream,
	})
	if err != nil { // the objects are made of JSON's own types
		return
	}
	t.emitted++
	t.events, _ = keepLast(append(t.events, event{position: t.emitted, kind: kind, at: now, data: data}), eventsKept)
	close(t.moreEvents)
	t.moreEvents = make(chan struct{})
}

// emitMember tells of a membership.
func (o *Organization) emitMember(kind, userID string, now time.Time) {
	if o.tenant == nil {
		return
	}
	o.tenant.emit(kind, map[string]any{
		"organization": map[string]any{"id": o.ID, "name": o.Name}, "user": o.tenant.userOfEvent(userID),
	}, now)
}

// emitMemberRole tells of a user's role within an organization, which the
// official description gives its id alone here.
func (o *Organization) emitMemberRole(kind, userID, roleID string, now time.Time) {
	if o.tenant == nil {
		return
	}
	role := map[string]any{"id": roleID, "name": ""}
	if known := o.tenant.roles.get(roleID); known != nil {
		role["name"] = known.Name
	}
	o.tenant.emit(kind, map[string]any{
		"organization": map[string]any{"id": o.ID}, "user": o.tenant.userOfEvent(userID), "role": role,
	}, now)
}

func (t *Tenant) userOfEvent(userID string) map[string]any {
	user := map[string]any{"user_id": userID}
	if u := t.users.get(userID); u != nil {
		put(user, "email", u.Email)
		put(user, "name", u.Name)
	}
	return user
}

// emitConnection tells of a connection of an organization.
func (c *call) emitConnection(kind string, o *Organization, e *EnabledConnection) {
	connection := map[string]any{"id": e.ConnectionID}
	if known := c.t.connections.get(e.ConnectionID); known != nil {
		connection["name"], connection["strategy"] = known.Name, known.Strategy
	}
	c.t.emit(kind, map[string]any{
		"organization": map[string]any{"id": o.ID, "name": o.Name}, "connection": connection,
		"assign_membership_on_login": e.AssignMembershipOnLogin, "show_as_button": e.ShowAsButton, "is_signup_enabled": e.IsSignupEnabled,
	}, c.now)
}

func (s *Server) eventRoutes(rt *router) {
	rt.add("GET", eventsPath, 200, "", nil, "read:events")
	rt.routes[len(rt.routes)-1].stream = streamEvents
}

// cursor names a position: what follows it is what a stream resumes with.
func eventCursor(position int) string {
	return base64.RawURLEncoding.EncodeToString([]byte("position:" + strconv.Itoa(position)))
}

func parseEventCursor(cursor string) (int, error) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	digits, found := strings.CutPrefix(string(raw), "position:")
	position, numberErr := strconv.Atoi(digits)
	if err != nil || numberErr != nil || !found || position < 0 {
		return 0, newError(http.StatusBadRequest, "invalid_query_string", "Invalid cursor format.")
	}
	return position, nil
}

// startOfStream returns the position behind which the asked stream begins: at
// the cursor, at a time, or at the latest event. It needs Server.mu.
func (c *call) startOfStream() (int, error) {
	if err := c.query.allow("from_timestamp", "event_type"); err != nil {
		return 0, err
	}
	for _, kind := range c.query["event_type"] {
		if !slices.Contains(eventTypes, kind) {
			return 0, newError(http.StatusBadRequest, "invalid_query_string", "Unsupported event type.")
		}
	}
	c.t.forgetEvents(c.now.Add(-time.Duration(c.s.settings.EventsRetention)))
	oldest := c.t.emitted - len(c.t.events)
	cursor := c.query.get("from")
	if cursor == "" {
		cursor = c.r.Header.Get("Last-Event-ID")
	}
	if cursor != "" {
		position, err := parseEventCursor(cursor)
		if err == nil && position < oldest {
			err = newError(http.StatusGone, "", "Cursor points to data no longer available in the stream.")
		}
		return min(position, c.t.emitted), err
	}
	if from := c.query.get("from_timestamp"); from != "" {
		at, err := time.Parse(time.RFC3339, from)
		if err != nil {
			return 0, invalidQuery("from_timestamp", "", "Object didn't pass validation for format date-time: %s", from)
		}
		for _, e := range c.t.events {
			if !e.at.Before(at) {
				return e.position - 1, nil
			}
		}
	}
	return c.t.emitted, nil
}

// forgetEvents drops what happened before a time.
func (t *Tenant) forgetEvents(before time.Time) {
	i := 0
	for i < len(t.events) && t.events[i].at.Before(before) {
		i++
	}
	t.events = t.events[i:]
}

// eventsAfter returns what happened behind a position, and what is closed when
// more happens. The position comes back earlier if a restored tenant is not so far.
func (c *call) eventsAfter(position int) (int, []event, <-chan struct{}) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	position = min(position, c.t.emitted)
	first := max(0, len(c.t.events)-(c.t.emitted-position))
	return position, slices.Clone(c.t.events[first:]), c.t.moreEvents
}
