package standin

import (
	"slices"
	"time"
)

// Role is a tenant role.
type Role struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	// OwnerID is the organization that the role belongs to; empty is the tenant.
	OwnerID string `json:"owner_id,omitempty"`
	// Permissions that the role carries.
	Permissions []Permission `json:"permissions,omitempty"`
}

// assignRoles gives a user roles; those held already are kept as they are.
func (t *Tenant) assignRoles(userID string, roleIDs []string, now time.Time) {
	if t.userRoles == nil {
		t.userRoles = map[string][]roleAssignment{}
	}
	for _, id := range roleIDs {
		if !slices.ContainsFunc(t.userRoles[userID], func(a roleAssignment) bool { return a.roleID == id }) {
			t.userRoles[userID] = append(t.userRoles[userID], roleAssignment{roleID: id, since: now})
		}
	}
}

// roleAssignment is a role that a user has outside organizations.
type roleAssignment struct {
	roleID string
	since  time.Time
}

// Permission is one scope of an API.
type Permission struct {
	ResourceServerIdentifier string `json:"resource_server_identifier"`
	Name                     string `json:"permission_name"`
}
