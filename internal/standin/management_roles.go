package standin

import "strings"

func (s *Server) roleRoutes(rt *router) {
	rt.add("GET", "/roles", 200, "", listRoles, "read:roles")
	rt.add("POST", "/roles", 200, "", createRole, "create:roles")
	rt.add("GET", "/roles/{id}", 200, "", getRole, "read:roles")
	rt.add("DELETE", "/roles/{id}", 200, "", deleteRole, "delete:roles")
}

func roleItem(r *Role) map[string]any {
	item := map[string]any{"id": r.ID, "name": r.Name}
	put(item, "description", r.Description)
	return item
}

func listRoles(c *call) (any, error) {
	if err := c.query.allow("name_filter"); err != nil {
		return nil, err
	}
	filter := strings.ToLower(c.query.get("name_filter"))
	var rows []*Role
	for _, r := range c.t.roles.all() {
		if strings.Contains(strings.ToLower(r.Name), filter) {
			rows = append(rows, r)
		}
	}
	return list(c, listing[*Role]{key: "roles", item: roleItem}, rows)
}

var createRoleSchema = schema{kind: typeObject, properties: map[string]schema{
	"name":        {kind: typeString, required: true, min: 1, max: 128},
	"description": {kind: typeString, max: 255},
}}

func createRole(c *call) (any, error) {
	var r Role
	if err := c.decode(createRoleSchema, &r); err != nil {
		return nil, err
	}
	if c.t.roles.find(func(other *Role) bool { return other.Name == r.Name }) != nil {
		return nil, newError(409, "role_conflict", "A role with the same name already exists.")
	}
	r.ID = newID("rol_")
	c.t.roles.put(r.ID, &r)
	return roleItem(&r), nil
}

func getRole(c *call) (any, error) {
	r := c.t.roles.get(c.param("id"))
	if r == nil {
		return nil, notFound("", "The role does not exist.")
	}
	return roleItem(r), nil
}

func deleteRole(c *call) (any, error) {
	if !c.t.roles.remove(c.param("id")) {
		return nil, notFound("", "The role does not exist.")
	}
	return map[string]any{}, nil
}
