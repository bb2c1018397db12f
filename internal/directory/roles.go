package directory

import (
	"context"
	"time"

	"github.com/seatwarden/seatwarden/internal/auth0"
)

// rolesFor is how long a list of roles is good for, when it has what is asked for.
const rolesFor = 5 * time.Minute

// RoleIDs resolves role names. unknown are those that Auth0 does not have.
func (t *Tenant) RoleIDs(ctx context.Context, names []string) (ids map[string]string, unknown []string, err error) {
	if len(names) == 0 {
		return map[string]string{}, nil, nil
	}
	roles, fresh := t.knownRoles()
	if fresh {
		if ids, unknown = resolve(roles, names); len(unknown) == 0 {
			return ids, nil, nil
		}
	}
	roles, err = t.API().Roles(ctx)
	if err != nil {
		return nil, nil, err
	}
	t.mu.Lock()
	t.roles, t.rolesAt = roles, t.api.Now()
	t.mu.Unlock()
	ids, unknown = resolve(roles, names)
	return ids, unknown, nil
}

// ForgetRoles has the next look-up list the roles anew: an id that Auth0 refuses may
// be of a role that was deleted and made anew under its name.
func (t *Tenant) ForgetRoles() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.roles, t.rolesAt = nil, time.Time{}
}

func (t *Tenant) knownRoles() ([]auth0.Role, bool) {
	now := t.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.roles, !t.rolesAt.IsZero() && now.Sub(t.rolesAt) < rolesFor
}

func resolve(roles []auth0.Role, names []string) (ids map[string]string, unknown []string) {
	byName := make(map[string]string, len(roles))
	for _, role := range roles {
		byName[role.Name] = role.ID
	}
	ids = make(map[string]string, len(names))
	for _, name := range names {
		if id, ok := byName[name]; ok {
			ids[name] = id
		} else {
			unknown = append(unknown, name)
		}
	}
	return ids, unknown
}
