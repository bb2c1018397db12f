package standin

import (
	"slices"
)

func userAccessRoutes(rt *router) {
	const roles, permissions = "/users/{id}/roles", "/users/{id}/permissions"
	rt.add("GET", roles, 200, "", listUserRoles, "read:users")
	rt.add("POST", roles, 204, "", addUserRoles, "update:users")
	rt.add("DELETE", roles, 204, "", deleteUserRoles, "update:users")
	rt.add("GET", permissions, 200, "", listUserPermissions, "read:users")
	rt.add("POST", permissions, 201, "", addUserPermissions, "update:users")
	rt.add("DELETE", permissions, 204, "", deleteUserPermissions, "update:users")
	rt.add("GET", "/users/{id}/logs", 200, limitLogsRead, listUserLogs, "read:logs", "read:logs_users")
}

func listUserRoles(c *call) (any, error) {
	u, err := c.user("id")
	if err != nil {
		return nil, err
	}
	if err := c.query.allow(); err != nil {
		return nil, err
	}
	var rows []*Role
	for _, a := range c.t.userRoles[u.UserID] {
		rows = append(rows, c.t.roles.get(a.roleID))
	}
	return list(c, listing[*Role]{key: "roles", item: roleItem}, rows)
}

func (c *call) userRolesBody() (*User, []string, error) {
	u, err := c.user("id")
	if err != nil {
		return nil, nil, err
	}
	var body struct {
		Roles []string `json:"roles"`
	}
	if err := c.decode(memberRolesSchema, &body); err != nil {
		return nil, nil, err
	}
	return u, body.Roles, nil
}

func addUserRoles(c *call) (any, error) {
	u, roles, err := c.userRolesBody()
	if err != nil {
		return nil, err
	}
	if err := c.checkRoles(roles, ""); err != nil {
		return nil, err
	}
	c.t.assignRoles(u.UserID, roles, c.now)
	return nil, nil
}

func deleteUserRoles(c *call) (any, error) {
	u, roles, err := c.userRolesBody()
	if err != nil {
		return nil, err
	}
	c.t.userRoles[u.UserID] = slices.DeleteFunc(c.t.userRoles[u.UserID], func(a roleAssignment) bool {
		return slices.Contains(roles, a.roleID)
	})
	return nil, nil
}

// listUserPermissions shows what is given directly; what comes by roles is not
// listed here.
func listUserPermissions(c *call) (any, error) {
	u, err := c.user("id")
	if err != nil {
		return nil, err
	}
	if err := c.query.allow(); err != nil {
		return nil, err
	}
	return list(c, listing[Permission]{key: "permissions", item: func(p Permission) map[string]any {
		item := c.permissionItem(p)
		item["sources"] = []any{map[string]any{"source_id": "", "source_name": "", "source_type": "DIRECT"}}
		return item
	}}, c.t.userPermissions[u.UserID])
}

func addUserPermissions(c *call) (any, error) {
	u, err := c.user("id")
	if err != nil {
		return nil, err
	}
	given, err := c.permissionsBody(true)
	if err != nil {
		return nil, err
	}
	if c.t.userPermissions == nil {
		c.t.userPermissions = map[string][]Permission{}
	}
	c.t.userPermissions[u.UserID] = withPermissions(c.t.userPermissions[u.UserID], given)
	return map[string]any{}, nil
}

func deleteUserPermissions(c *call) (any, error) {
	u, err := c.user("id")
	if err != nil {
		return nil, err
	}
	taken, err := c.permissionsBody(false)
	if err != nil {
		return nil, err
	}
	if held := c.t.userPermissions[u.UserID]; len(held) > 0 {
		c.t.userPermissions[u.UserID] = withoutPermissions(held, taken)
	}
	return nil, nil
}

// listUserLogs shows a user's part of the log, the newest first.
func listUserLogs(c *call) (any, error) {
	u, err := c.user("id")
	if err != nil {
		return nil, err
	}
	if err := c.query.allow(); err != nil {
		return nil, err
	}
	rows := slices.DeleteFunc(c.visibleLogs(), func(e LogEntry) bool { return e.UserID != u.UserID })
	slices.Reverse(rows)
	return list(c, listing[LogEntry]{key: "logs", item: logItem, length: true}, rows)
}
