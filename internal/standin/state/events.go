package state

import (
	"encoding/json"
	"slices"
	"time"
)

// The types of events that the stand-in sends.
const (
	EventOrganizationCreated = "organization.created"
	EventOrganizationUpdated = "organization.updated"
	EventOrganizationDeleted = "organization.deleted"
	eventMemberAdded         = "organization.member.added"
	eventMemberDeleted       = "organization.member.deleted"
	eventMemberRoleAssigned  = "organization.member.role.assigned"
	eventMemberRoleDeleted   = "organization.member.role.deleted"
	EventConnectionAdded     = "organization.connection.added"
	EventConnectionUpdated   = "organization.connection.updated"
	EventConnectionRemoved   = "organization.connection.removed"
	eventUserCreated         = "user.created"
	EventUserUpdated         = "user.updated"
	EventUserDeleted         = "user.deleted"
)

// EventTypes are all types of events.
var EventTypes = []string{
	EventOrganizationCreated, EventOrganizationUpdated, EventOrganizationDeleted, eventMemberAdded, eventMemberDeleted,
	eventMemberRoleAssigned, eventMemberRoleDeleted,
	EventConnectionAdded, EventConnectionUpdated, EventConnectionRemoved, eventUserCreated, EventUserUpdated, EventUserDeleted,
}

// Event is one that happened in a tenant.
type Event struct {
	Position int
	Kind     string
	At       time.Time
	// Data is the CloudEvent, encoded when it happened.
	Data json.RawMessage
}

// Emit notes an event and wakes the streams. It needs the lock.
func (t *Tenant) Emit(kind string, object map[string]any, now time.Time) {
	data, err := json.Marshal(map[string]any{
		"specversion": "1.0", "type": kind, "source": "urn:auth0:" + t.Domain, "id": NewID("evt_"), "time": Timestamp(now),
		"data": map[string]any{"object": object}, "a0tenant": "stand-in", "a0stream": t.stream,
	})
	if err != nil { // the objects are made of JSON's own types
		return
	}
	t.Emitted++
	t.Events, _ = KeepLast(append(t.Events, Event{Position: t.Emitted, Kind: kind, At: now, Data: data}), eventsKept)
	close(t.moreEvents)
	t.moreEvents = make(chan struct{})
}

// emitMember tells of a membership.
func (o *Organization) emitMember(kind, userID string, now time.Time) {
	if o.Tenant == nil {
		return
	}
	o.Tenant.Emit(kind, map[string]any{
		"organization": map[string]any{"id": o.ID, "name": o.Name}, "user": o.Tenant.userOfEvent(userID),
	}, now)
}

// emitMemberRole tells of a user's role within an organization, which the
// official description gives its id alone here.
func (o *Organization) emitMemberRole(kind, userID, roleID string, now time.Time) {
	if o.Tenant == nil {
		return
	}
	role := map[string]any{"id": roleID, "name": ""}
	if known := o.Tenant.Roles.Get(roleID); known != nil {
		role["name"] = known.Name
	}
	o.Tenant.Emit(kind, map[string]any{
		"organization": map[string]any{"id": o.ID}, "user": o.Tenant.userOfEvent(userID), "role": role,
	}, now)
}

func (t *Tenant) userOfEvent(userID string) map[string]any {
	user := map[string]any{"user_id": userID}
	if u := t.Users.Get(userID); u != nil {
		Put(user, "email", u.Email)
		Put(user, "name", u.Name)
	}
	return user
}

// ForgetEvents drops what happened before a time.
func (t *Tenant) ForgetEvents(before time.Time) {
	i := 0
	for i < len(t.Events) && t.Events[i].At.Before(before) {
		i++
	}
	t.Events = t.Events[i:]
}

// EventsAfter returns what happened behind a position, and what is closed when
// more happens. The position comes back earlier if a restored tenant is not so far.
func (w *World) EventsAfter(t *Tenant, position int) (int, []Event, <-chan struct{}) {
	w.Lock()
	defer w.Unlock()
	position = min(position, t.Emitted)
	first := max(0, len(t.Events)-(t.Emitted-position))
	return position, slices.Clone(t.Events[first:]), t.moreEvents
}
