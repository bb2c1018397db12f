package management

import (
	"slices"
	"strings"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/wire"
)

func roleRoutes(rt *router) {
	rt.add("GET", "/roles", 200, "", listRoles, "read:roles")
	rt.add("POST", "/roles", 200, "", createRole, "create:roles")
	rt.add("GET", "/roles/{id}", 200, "", getRole, "read:roles")
	rt.add("PATCH", "/roles/{id}", 200, "", updateRole, "update:roles")
	rt.add("DELETE", "/roles/{id}", 200, "", deleteRole, "delete:roles")
	rt.add("GET", "/roles/{id}/permissions", 200, "", listRolePermissions, "read:roles")
	rt.add("POST", "/roles/{id}/permissions", 201, "", addRolePermissions, "update:roles")
	rt.add("DELETE", "/roles/{id}/permissions", 204, "", deleteRolePermissions, "update:roles")
	rt.add("GET", "/roles/{id}/users", 200, "", listRoleUsers, "read:users")
	rt.add("POST", "/roles/{id}/users", 200, "", addRoleUsers, "update:users")
}

// Types of roles. What is of the tenant is shown without one, as recorded before
// there were others: whether Auth0 shows it since is not known.
const (
	roleOfTenant       = "tenant"
	roleOfOrganization = "organization"
)

func roleItem(r *state.Role) map[string]any {
	item := map[string]any{"id": r.ID, "name": r.Name}
	state.Put(item, "description", r.Description)
	if r.OwnerID != "" {
		item["type"], item["owner_id"] = roleOfOrganization, r.OwnerID
	}
	return item
}

func listRoles(c *call) (any, error) {
	if err := c.query.allow("name_filter", "type", "owner_id"); err != nil {
		return nil, err
	}
	kind, owner := c.query.get("type"), c.query.get("owner_id")
	switch {
	case c.query.has("type") && kind != roleOfTenant && kind != roleOfOrganization:
		return nil, wire.InvalidQuery("type", "", "No enum match for: %s", kind)
	case kind == roleOfOrganization && owner == "":
		return nil, wire.NewError(400, "invalid_query_string", "Query validation error: 'Missing required property: owner_id'.")
	}
	filter := strings.ToLower(c.query.get("name_filter"))
	var rows []*state.Role
	for _, r := range c.t.Roles.All() {
		if owner != "" && r.OwnerID != owner || kind == roleOfTenant && r.OwnerID != "" {
			continue
		}
		if strings.Contains(strings.ToLower(r.Name), filter) {
			rows = append(rows, r)
		}
	}
	return list(c, listing[*state.Role]{key: "roles", item: roleItem}, rows)
}

func roleSchema(created bool) schema {
	properties := map[string]schema{
		"name":        {kind: typeString, required: created, min: 1, max: 128},
		"description": {kind: typeString, max: 255},
	}
	if created {
		properties["type"] = schema{kind: typeString, enum: []string{roleOfTenant, roleOfOrganization}}
		properties["owner_id"] = schema{kind: typeString, min: 1}
	}
	return schema{kind: typeObject, properties: properties}
}

// checkRoleName: a name is taken within the tenant or within one organization.
func (c *call) checkRoleName(name string, r *state.Role) error {
	other := c.t.Roles.Find(func(other *state.Role) bool { return other.Name == name && other.OwnerID == r.OwnerID })
	if other != nil && other != r {
		return wire.NewError(409, "role_conflict", "A role with the same name already exists.")
	}
	return nil
}

func createRole(c *call) (any, error) {
	var body struct {
		Name, Description, Type string
		OwnerID                 string `json:"owner_id"`
	}
	if err := c.decode(roleSchema(true), &body); err != nil {
		return nil, err
	}
	switch {
	case (body.Type == roleOfOrganization) != (body.OwnerID != ""):
		return nil, wire.InvalidBody("Payload validation error: a role of type organization has an owner_id, and no other has one.")
	case body.OwnerID != "" && c.t.Organizations.Get(body.OwnerID) == nil:
		return nil, wire.NotFound("", messageNoOrganization)
	}
	r := state.Role{ID: state.NewID("rol_"), Name: body.Name, Description: body.Description, OwnerID: body.OwnerID}
	if err := c.checkRoleName(r.Name, &r); err != nil {
		return nil, err
	}
	c.t.Roles.Put(r.ID, &r)
	return roleItem(&r), nil
}

func (c *call) role() (*state.Role, error) {
	r := c.t.Roles.Get(c.param("id"))
	if r == nil {
		return nil, wire.NotFound("", "The role does not exist.")
	}
	return r, nil
}

func getRole(c *call) (any, error) {
	r, err := c.role()
	if err != nil {
		return nil, err
	}
	return roleItem(r), nil
}

func updateRole(c *call) (any, error) {
	r, err := c.role()
	if err != nil {
		return nil, err
	}
	var body struct{ Name, Description *string }
	if err := c.decode(roleSchema(false), &body); err != nil {
		return nil, err
	}
	if body.Name != nil {
		if err := c.checkRoleName(*body.Name, r); err != nil {
			return nil, err
		}
		r.Name = *body.Name
	}
	if body.Description != nil {
		r.Description = *body.Description
	}
	return roleItem(r), nil
}

func deleteRole(c *call) (any, error) {
	r, err := c.role()
	if err != nil {
		return nil, err
	}
	c.t.Roles.Remove(r.ID)
	for id, roles := range c.t.UserRoles {
		c.t.UserRoles[id] = slices.DeleteFunc(roles, func(a state.RoleAssignment) bool { return a.RoleID == r.ID })
	}
	return map[string]any{}, nil
}

var permissionsSchema = schema{kind: typeObject, properties: map[string]schema{
	"permissions": {kind: typeArray, required: true, min: 1, items: &schema{kind: typeObject, properties: map[string]schema{
		"resource_server_identifier": {kind: typeString, required: true, min: 1},
		"permission_name":            {kind: typeString, required: true, min: 1},
	}}},
}}

// permissionsBody reads permissions; those to be given must exist.
func (c *call) permissionsBody(mustExist bool) ([]state.Permission, error) {
	var body struct {
		Permissions []state.Permission `json:"permissions"`
	}
	if err := c.decode(permissionsSchema, &body); err != nil {
		return nil, err
	}
	for _, p := range body.Permissions {
		r := c.t.ResourceServerByIdentifier(p.ResourceServerIdentifier)
		found := false
		if r != nil {
			_, found = r.ScopeOf(p.Name)
		}
		if mustExist && !found {
			return nil, wire.InvalidBody("One or more of the specified permissions do not exist: %s", p.Name)
		}
	}
	return body.Permissions, nil
}

func (c *call) permissionItem(p state.Permission) map[string]any {
	item := map[string]any{"permission_name": p.Name, "resource_server_identifier": p.ResourceServerIdentifier}
	if r := c.t.ResourceServerByIdentifier(p.ResourceServerIdentifier); r != nil {
		description, _ := r.ScopeOf(p.Name)
		item["description"], item["resource_server_name"] = description, r.Name()
	}
	return item
}

// withPermissions adds permissions to a list, each once.
func withPermissions(held, given []state.Permission) []state.Permission {
	for _, p := range given {
		if !slices.Contains(held, p) {
			held = append(held, p)
		}
	}
	return held
}

func withoutPermissions(held, taken []state.Permission) []state.Permission {
	return slices.DeleteFunc(held, func(p state.Permission) bool { return slices.Contains(taken, p) })
}

func listRolePermissions(c *call) (any, error) {
	r, err := c.role()
	if err != nil {
		return nil, err
	}
	if err := c.query.allow(); err != nil {
		return nil, err
	}
	return list(c, listing[state.Permission]{key: "permissions", item: c.permissionItem}, r.Permissions)
}

func addRolePermissions(c *call) (any, error) {
	r, err := c.role()
	if err != nil {
		return nil, err
	}
	given, err := c.permissionsBody(true)
	if err != nil {
		return nil, err
	}
	r.Permissions = withPermissions(r.Permissions, given)
	return map[string]any{}, nil
}

func deleteRolePermissions(c *call) (any, error) {
	r, err := c.role()
	if err != nil {
		return nil, err
	}
	taken, err := c.permissionsBody(false)
	if err != nil {
		return nil, err
	}
	r.Permissions = withoutPermissions(r.Permissions, taken)
	return nil, nil
}

// roleHolder is a user who has a role, since a time.
type roleHolder struct {
	user  *state.User
	since time.Time
}

// listRoleUsers lists the users who have a role outside organizations, those
// of one moment by their ids.
func listRoleUsers(c *call) (any, error) {
	r, err := c.role()
	if err != nil {
		return nil, err
	}
	if err := c.query.allow(); err != nil {
		return nil, err
	}
	var rows []roleHolder
	for _, u := range c.t.Users.All() {
		for _, a := range c.t.UserRoles[u.UserID] {
			if a.RoleID == r.ID {
				rows = append(rows, roleHolder{user: u, since: a.Since})
			}
		}
	}
	slices.SortStableFunc(rows, func(a, b roleHolder) int { return a.since.Compare(b.since) })
	return list(c, listing[roleHolder]{
		key:    "users",
		item:   func(h roleHolder) map[string]any { return c.memberItem(h.user.UserID, c.now) },
		cursor: func(h roleHolder) (time.Time, string) { return h.since, h.user.UserID },
	}, rows)
}

func addRoleUsers(c *call) (any, error) {
	r, err := c.role()
	if err != nil {
		return nil, err
	}
	var body struct {
		Users []string `json:"users"`
	}
	users := schema{kind: typeArray, required: true, min: 1, items: &schema{kind: typeString, min: 1}}
	if err := c.decode(schema{kind: typeObject, properties: map[string]schema{"users": users}}, &body); err != nil {
		return nil, err
	}
	if r.OwnerID != "" {
		return nil, wire.InvalidBody("A role of an organization is given to its members only.")
	}
	for _, id := range body.Users {
		if c.t.Users.Get(id) == nil {
			return nil, wire.NotFound("inexistent_user", "The user does not exist.")
		}
	}
	for _, id := range body.Users {
		c.t.AssignRoles(id, []string{r.ID}, c.now)
	}
	return map[string]any{}, nil
}
