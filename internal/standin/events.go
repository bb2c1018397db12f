package standin

import (
	"encoding/json"
	"slices"
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
func (w *World) eventsAfter(t *Tenant, position int) (int, []event, <-chan struct{}) {
	w.Lock()
	defer w.Unlock()
	position = min(position, t.emitted)
	first := max(0, len(t.events)-(t.emitted-position))
	return position, slices.Clone(t.events[first:]), t.moreEvents
}
