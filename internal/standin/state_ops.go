package standin

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The functions of this file need Server.mu, except those that make ids.

const alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// randomString returns n random letters and digits.
func randomString(n int) string {
	var b strings.Builder
	random := make([]byte, 1)
	for b.Len() < n {
		_, _ = rand.Read(random) // never returns an error
		if i := int(random[0] & 63); i < len(alphanumeric) {
			b.WriteByte(alphanumeric[i])
		}
	}
	return b.String()
}

// newID returns an id of Auth0's shape, e.g. org_ and 16 letters and digits.
func newID(prefix string) string { return prefix + randomString(16) }

func randomHex(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never returns an error
	return hex.EncodeToString(b)
}

// newUUID returns a random UUID, the shape of an Action's id.
func newUUID() string {
	h := randomHex(16)
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-a" + h[17:20] + "-" + h[20:]
}

// userIDFor returns the id that Auth0 gives a person who comes through a
// connection: google-apps|<email>, <strategy>|<connection>|<sub> for the other
// enterprise strategies, auth0|<24 hex> for databases.
func userIDFor(c *Connection, p IdPPerson) string {
	sub := p.Sub
	if sub == "" {
		sub = p.Email
	}
	switch c.Strategy {
	case strategyDatabase:
		return "auth0|" + randomHex(12)
	case "google-apps":
		return "google-apps|" + p.Email
	default:
		return c.Strategy + "|" + c.Name + "|" + sub
	}
}

// cloneJSON copies a value of JSON's types deeply.
func cloneJSON[T any](v T) T {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("clone: %v", err)) //nolint:forbidigo // only values that came from JSON are given
	}
	var out T
	if err := json.Unmarshal(raw, &out); err != nil {
		panic(fmt.Sprintf("clone: %v", err)) //nolint:forbidigo // what was encoded from this type decodes to it
	}
	return out
}

// versionsKept is how long former versions of users and memberships are kept
// for the lagging reads, in addition to the lags that are set. Who raises a lag
// sees the past from then on.
const versionsKept = time.Minute

// longAgo is before anything that a lagging read shows.
const longAgo = time.Hour

// saveUser stores a user and notes its version for the search index.
func (t *Tenant) saveUser(u *User, now time.Time) {
	u.UpdatedAt = now
	kind := eventUserUpdated
	if t.users.get(u.UserID) == nil {
		kind = eventUserCreated
	}
	t.users.put(u.UserID, u)
	t.emit(kind, userItem(u), now)
	copied := cloneJSON(*u)
	t.addUserVersion(u.UserID, userVersion{at: now, user: &copied})
}

// deleteUser removes a user, if there is one, with its sessions, refresh tokens
// and memberships. The organizations' lists keep showing the ghost for as long
// as they lag.
func (t *Tenant) deleteUser(id string, now time.Time) {
	u := t.users.get(id)
	if u == nil {
		return
	}
	deleted := userItem(u)
	deleted["deleted_at"] = timestamp(now)
	defer t.emit(eventUserDeleted, deleted, now)
	t.users.remove(id)
	t.addUserVersion(id, userVersion{at: now})
	t.deleteSessions(id)
	t.deleteRefreshTokens(id)
	delete(t.userRoles, id)
	delete(t.userPermissions, id)
	for _, o := range t.organizations.all() {
		o.removeMember(id, now)
		o.removeMemberRoles(id, o.MemberRoles[id], now)
	}
}

func (t *Tenant) addUserVersion(id string, v userVersion) {
	versions, _ := keepLast(append(t.userVersions[id], v), userVersionsKept)
	for len(versions) > 1 && v.at.Sub(versions[1].at) > t.kept {
		versions = versions[1:]
	}
	t.userVersions[id] = versions
	if v.user == nil {
		t.deletedUsers = append(t.deletedUsers, deletedUser{id: id, at: v.at})
	}
	for len(t.deletedUsers) > 0 && (len(t.deletedUsers) > deletedUsersKept || v.at.Sub(t.deletedUsers[0].at) > t.kept) {
		t.forgetUser(t.deletedUsers[0].id)
		t.deletedUsers = t.deletedUsers[1:]
	}
}

// forgetUser drops the versions of a user who is still deleted.
func (t *Tenant) forgetUser(id string) {
	if versions := t.userVersions[id]; len(versions) > 0 && versions[len(versions)-1].user == nil {
		delete(t.userVersions, id)
	}
}

// userAt returns the user as it was at a time, nil if there was none.
func (t *Tenant) userAt(id string, at time.Time) *User {
	var found *User
	for _, v := range t.userVersions[id] {
		if v.at.After(at) {
			break
		}
		found = v.user
	}
	return found
}

func (t *Tenant) deleteSessions(userID string) {
	for _, s := range t.sessions.all() {
		if s.UserID == userID {
			t.sessions.remove(s.ID)
		}
	}
}

func (t *Tenant) deleteRefreshTokens(userID string) {
	for _, r := range t.refreshTokens.all() {
		if r.UserID == userID {
			t.refreshTokens.remove(r.ID)
		}
	}
}

// connectionByName returns nil if there is none.
func (t *Tenant) connectionByName(name string) *Connection {
	return t.connections.find(func(c *Connection) bool { return c.Name == name })
}

// organizationByName returns nil if there is none.
func (t *Tenant) organizationByName(name string) *Organization {
	return t.organizations.find(func(o *Organization) bool { return o.Name == name })
}

// invitationByTicket returns nil, nil if no organization has such an invitation.
func (t *Tenant) invitationByTicket(ticket string) (*Organization, *Invitation) {
	for _, o := range t.organizations.all() {
		i := o.invitations.find(func(i *Invitation) bool { return i.TicketID == ticket })
		if i != nil {
			return o, i
		}
	}
	return nil, nil
}

// isMember tells whether the user belongs to the organization now.
func (o *Organization) isMember(userID string) bool {
	return slices.ContainsFunc(o.Memberships, func(m *Membership) bool {
		return m.UserID == userID && m.Until.IsZero()
	})
}

// addMember makes the user a member and tells whether it was none before.
func (o *Organization) addMember(userID string, now time.Time) bool {
	if o.isMember(userID) {
		return false
	}
	o.join(userID, now)
	return true
}

// join makes a member of somebody who is none.
func (o *Organization) join(userID string, now time.Time) {
	o.Memberships = append(o.Memberships, &Membership{UserID: userID, Since: now})
	o.emitMember(eventMemberAdded, userID, now)
}

// removeMember ends a membership and forgets the ones that ended long ago.
func (o *Organization) removeMember(userID string, now time.Time) {
	for _, m := range o.Memberships {
		if m.UserID == userID && m.Until.IsZero() {
			m.Until = now
			o.emitMember(eventMemberDeleted, userID, now)
		}
	}
	ended := 0
	for _, m := range o.Memberships {
		if !m.Until.IsZero() {
			ended++
		}
	}
	o.Memberships = slices.DeleteFunc(o.Memberships, func(m *Membership) bool {
		gone := !m.Until.IsZero() && (now.Sub(m.Until) > longAgo || ended > endedMembershipsKept)
		if gone {
			ended--
		}
		return gone
	})
}

// membersAt returns the memberships as they were at a time, in order of joining.
func (o *Organization) membersAt(at time.Time) []*Membership {
	var out []*Membership
	for _, m := range o.Memberships {
		if !m.Since.After(at) && (m.Until.IsZero() || m.Until.After(at)) {
			out = append(out, m)
		}
	}
	return out
}

// connection returns nil if the organization does not have the connection.
func (o *Organization) connection(id string) *EnabledConnection {
	for _, c := range o.Connections {
		if c.ConnectionID == id {
			return c
		}
	}
	return nil
}

// enabledConnection returns nil if nobody signs in to the organization through
// the connection.
func (o *Organization) enabledConnection(id string) *EnabledConnection {
	if c := o.connection(id); c != nil && !c.Disabled {
		return c
	}
	return nil
}

// addMemberRoles gives roles to a user within the organization; those that the
// user has are kept.
func (o *Organization) addMemberRoles(userID string, roleIDs []string, now time.Time) {
	if o.MemberRoles == nil {
		o.MemberRoles = map[string][]string{}
	}
	for _, id := range roleIDs {
		if !slices.Contains(o.MemberRoles[userID], id) {
			o.MemberRoles[userID] = append(o.MemberRoles[userID], id)
			o.emitMemberRole(eventMemberRoleAssigned, userID, id, now)
		}
	}
}

// removeMemberRoles takes roles within the organization from a user; those that
// the user does not have are passed over.
func (o *Organization) removeMemberRoles(userID string, roleIDs []string, now time.Time) {
	held := o.MemberRoles[userID]
	kept := []string{}
	for _, id := range held {
		if !slices.Contains(roleIDs, id) {
			kept = append(kept, id)
			continue
		}
		o.emitMemberRole(eventMemberRoleDeleted, userID, id, now)
	}
	if len(kept) == 0 {
		delete(o.MemberRoles, userID)
		return
	}
	o.MemberRoles[userID] = kept
}

// mergeMetadata merges patch into base at the first level, as Auth0 does with
// app_metadata and user_metadata: null deletes a key, an empty patch erases
// everything.
func mergeMetadata(base, patch map[string]any) map[string]any {
	if len(patch) == 0 {
		return nil
	}
	out := map[string]any{}
	for k, v := range base {
		out[k] = v
	}
	for k, v := range patch {
		if v == nil {
			delete(out, k)
		} else {
			out[k] = v
		}
	}
	return out
}
