package state

import (
	"slices"
	"strings"
	"time"
)

// User is a profile. Change one only while holding World.Lock and call
// Tenant.SaveUser afterwards: the search index follows that call.
type User struct {
	UserID        string         `json:"user_id"`
	Email         string         `json:"email,omitempty"`
	EmailVerified bool           `json:"email_verified"`
	Name          string         `json:"name,omitempty"`
	Nickname      string         `json:"nickname,omitempty"`
	GivenName     string         `json:"given_name,omitempty"`
	FamilyName    string         `json:"family_name,omitempty"`
	Username      string         `json:"username,omitempty"`
	Picture       string         `json:"picture,omitempty"`
	Identities    []Identity     `json:"identities"`
	AppMetadata   map[string]any `json:"app_metadata,omitempty"`
	UserMetadata  map[string]any `json:"user_metadata,omitempty"`
	Blocked       bool           `json:"blocked,omitempty"`
	// BlockedSet: somebody has set blocked, if only to false; the API shows it
	// from then on.
	BlockedSet bool `json:"blocked_set,omitempty"`
	// Password is set for database users only.
	Password    string    `json:"password,omitempty"`
	LastLogin   time.Time `json:"last_login,omitzero"`
	LastIP      string    `json:"last_ip,omitempty"`
	LoginsCount int       `json:"logins_count,omitempty"`
	// LastPasswordReset is when the API last changed the password.
	LastPasswordReset time.Time `json:"last_password_reset,omitzero"`
	CreatedAt         time.Time `json:"created_at"`
	UpdatedAt         time.Time `json:"updated_at"`
}

// Identity is one account at a connection that a profile stands for.
type Identity struct {
	// UserID is the id without the prefix of the strategy.
	UserID     string `json:"user_id"`
	Connection string `json:"connection"`
	Provider   string `json:"provider"`
	IsSocial   bool   `json:"isSocial"`
	// ProfileData is what a linked account knows of the person.
	ProfileData map[string]any `json:"profileData,omitempty"`
}

// UserVersion is a user as it was from At on; User is nil after a deletion.
type UserVersion struct {
	at   time.Time
	User *User
}

// deletedUser is a user who is gone since a time.
type deletedUser struct {
	id string
	at time.Time
}

// versionsKept is how long former versions of users and memberships are kept
// for the lagging reads, in addition to the lags that are set. Who raises a lag
// sees the past from then on.
const versionsKept = time.Minute

// SaveUser stores a user and notes its version for the search index.
func (t *Tenant) SaveUser(u *User, now time.Time) {
	u.UpdatedAt = now
	kind := EventUserUpdated
	if t.Users.Get(u.UserID) == nil {
		kind = eventUserCreated
	}
	t.Users.Put(u.UserID, u)
	t.Emit(kind, UserItem(u), now)
	copied := CloneJSON(*u)
	t.addUserVersion(u.UserID, UserVersion{at: now, User: &copied})
}

// DeleteUser removes a user, if there is one, with its sessions, refresh tokens
// and memberships. The organizations' lists keep showing the ghost for as long
// as they lag.
func (t *Tenant) DeleteUser(id string, now time.Time) {
	u := t.Users.Get(id)
	if u == nil {
		return
	}
	deleted := UserItem(u)
	deleted["deleted_at"] = Timestamp(now)
	defer t.Emit(EventUserDeleted, deleted, now)
	t.Users.Remove(id)
	t.addUserVersion(id, UserVersion{at: now})
	t.DeleteSessions(id)
	t.DeleteRefreshTokens(id)
	delete(t.UserRoles, id)
	delete(t.UserPermissions, id)
	for _, o := range t.Organizations.All() {
		o.RemoveMember(id, now)
		o.RemoveMemberRoles(id, o.MemberRoles[id], now)
	}
}

func (t *Tenant) addUserVersion(id string, v UserVersion) {
	all := slices.Concat(t.UserVersions[id], []UserVersion{v})
	versions, _ := KeepLast(all, userVersionsKept)
	for len(versions) > 1 && v.at.Sub(versions[1].at) > t.kept {
		versions = versions[1:]
	}
	t.UserVersions[id] = versions
	t.indexMetadata(id, all[:len(all)-len(versions)])
	if v.User == nil {
		t.deletedUsers = append(t.deletedUsers, deletedUser{id: id, at: v.at})
	}
	for len(t.deletedUsers) > 0 && (len(t.deletedUsers) > deletedUsersKept || v.at.Sub(t.deletedUsers[0].at) > t.kept) {
		t.forgetUser(t.deletedUsers[0].id)
		t.deletedUsers = t.deletedUsers[1:]
	}
}

// forgetUser drops the versions of a user who is still deleted.
func (t *Tenant) forgetUser(id string) {
	if versions := t.UserVersions[id]; len(versions) > 0 && versions[len(versions)-1].User == nil {
		delete(t.UserVersions, id)
		t.indexMetadata(id, versions)
	}
}

// indexMetadata notes the keys of a user's last version, and drops those that only
// versions had which are kept no more.
func (t *Tenant) indexMetadata(id string, dropped []UserVersion) {
	for _, v := range dropped {
		if v.User == nil {
			continue
		}
		for key := range v.User.AppMetadata {
			if t.hasHad(id, key) {
				continue
			}
			if delete(t.WithMetadata[key], id); len(t.WithMetadata[key]) == 0 {
				delete(t.WithMetadata, key)
			}
		}
	}
	versions := t.UserVersions[id]
	if len(versions) == 0 || versions[len(versions)-1].User == nil {
		return
	}
	for key := range versions[len(versions)-1].User.AppMetadata {
		if t.WithMetadata[key] == nil {
			t.WithMetadata[key] = map[string]bool{}
		}
		t.WithMetadata[key][id] = true
	}
}

// hasHad tells whether a version of a user has an app_metadata key.
func (t *Tenant) hasHad(id, key string) bool {
	return slices.ContainsFunc(t.UserVersions[id], func(v UserVersion) bool {
		if v.User == nil {
			return false
		}
		_, has := v.User.AppMetadata[key]
		return has
	})
}

// UserAt returns the user as it was at a time, nil if there was none.
func (t *Tenant) UserAt(id string, at time.Time) *User {
	var found *User
	for _, v := range t.UserVersions[id] {
		if v.at.After(at) {
			break
		}
		found = v.User
	}
	return found
}

// MergeMetadata merges patch into base at the first level, as Auth0 does with
// app_metadata and user_metadata: null deletes a key, an empty patch erases
// everything.
func MergeMetadata(base, patch map[string]any) map[string]any {
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

// In tells whether the profile has an account at a connection.
func (u *User) In(connection string) bool {
	return slices.ContainsFunc(u.Identities, func(i Identity) bool { return i.Connection == connection })
}

// UserItem is a user as the Management API and events show it.
func UserItem(u *User) map[string]any {
	item := map[string]any{
		"user_id": u.UserID, "email_verified": u.EmailVerified, "identities": u.Identities,
		"created_at": Timestamp(u.CreatedAt), "updated_at": Timestamp(u.UpdatedAt),
	}
	for name, value := range map[string]any{
		"email": u.Email, "name": u.Name, "nickname": u.Nickname, "given_name": u.GivenName,
		"family_name": u.FamilyName, "username": u.Username, "picture": u.Picture,
		"app_metadata": u.AppMetadata, "user_metadata": u.UserMetadata,
		"last_login": u.LastLogin, "last_password_reset": u.LastPasswordReset, "last_ip": u.LastIP,
	} {
		Put(item, name, value)
	}
	if u.Blocked || u.BlockedSet {
		item["blocked"] = u.Blocked
	}
	if u.LoginsCount > 0 {
		item["logins_count"] = u.LoginsCount
	}
	return item
}

// IDsByEmail returns the id of the first user who has an e-mail, in whatever
// case; empty if nobody has. It reads the users once, when it is first asked.
func (t *Tenant) IDsByEmail() func(string) string {
	var ids map[string]string
	return func(email string) string {
		if ids == nil {
			ids = map[string]string{}
			for _, u := range t.Users.All() {
				key := strings.ToLower(u.Email)
				if _, taken := ids[key]; !taken && key != "" {
					ids[key] = u.UserID
				}
			}
		}
		return ids[strings.ToLower(email)]
	}
}
