package management

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/wire"
)

// emitConnection tells of a connection of an organization.
func (c *call) emitConnection(kind string, o *state.Organization, e *state.EnabledConnection) {
	connection := map[string]any{"id": e.ConnectionID}
	if known := c.t.Connections.Get(e.ConnectionID); known != nil {
		connection["name"], connection["strategy"] = known.Name, known.Strategy
	}
	c.t.Emit(kind, map[string]any{
		"organization": map[string]any{"id": o.ID, "name": o.Name}, "connection": connection,
		"assign_membership_on_login": e.AssignMembershipOnLogin, "show_as_button": e.ShowAsButton, "is_signup_enabled": e.IsSignupEnabled,
	}, c.now)
}

func eventRoutes(rt *router) {
	rt.add("GET", "/events", 200, "", nil, "read:events")
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
		return 0, wire.NewError(http.StatusBadRequest, "invalid_query_string", "Invalid cursor format.")
	}
	return position, nil
}

// startOfStream returns the position behind which the asked stream begins: at
// the cursor, at a time, or at the latest event. It needs the lock.
func (c *call) startOfStream() (int, error) {
	if err := c.query.allow("from_timestamp", "event_type"); err != nil {
		return 0, err
	}
	for _, kind := range c.query["event_type"] {
		if !slices.Contains(state.EventTypes, kind) {
			return 0, wire.NewError(http.StatusBadRequest, "invalid_query_string", "Unsupported event type.")
		}
	}
	c.t.ForgetEvents(c.now.Add(-time.Duration(c.world.InForce.EventsRetention)))
	oldest := c.t.Emitted - len(c.t.Events)
	cursor := c.query.get("from")
	if cursor == "" {
		cursor = c.r.Header.Get("Last-Event-ID")
	}
	if cursor != "" {
		position, err := parseEventCursor(cursor)
		if err == nil && position < oldest {
			err = wire.NewError(http.StatusGone, "", "Cursor points to data no longer available in the stream.")
		}
		return min(position, c.t.Emitted), err
	}
	if from := c.query.get("from_timestamp"); from != "" {
		at, err := time.Parse(time.RFC3339, from)
		if err != nil {
			return 0, wire.InvalidQuery("from_timestamp", "", "Object didn't pass validation for format date-time: %s", from)
		}
		for _, e := range c.t.Events {
			if !e.At.Before(at) {
				return e.Position - 1, nil
			}
		}
	}
	return c.t.Emitted, nil
}
