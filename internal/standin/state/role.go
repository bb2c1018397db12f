package state

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

// AssignRoles gives a user roles; those held already are kept as they are.
func (t *Tenant) AssignRoles(userID string, roleIDs []string, now time.Time) {
	if t.UserRoles == nil {
		t.UserRoles = map[string][]RoleAssignment{}
	}
	for _, id := range roleIDs {
		if !slices.ContainsFunc(t.UserRoles[userID], func(a RoleAssignment) bool { return a.RoleID == id }) {
			t.UserRoles[userID] = append(t.UserRoles[userID], RoleAssignment{RoleID: id, Since: now})
		}
	}
}

// RoleAssignment is a role that a user has outside organizations.
type RoleAssignment struct {
	RoleID string
	Since  time.Time
}

// Permission is one scope of an API.
type Permission struct {
	ResourceServerIdentifier string `json:"resource_server_identifier"`
	Name                     string `json:"permission_name"`
}
