package management

import (
	"slices"

	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/traffic"
)

func userAccessRoutes(rt *router) {
	const roles, permissions = "/users/{id}/roles", "/users/{id}/permissions"
	rt.add("GET", roles, 200, "", listUserRoles, "read:users")
	rt.add("POST", roles, 204, "", addUserRoles, "update:users")
	rt.add("DELETE", roles, 204, "", deleteUserRoles, "update:users")
	rt.add("GET", permissions, 200, "", listUserPermissions, "read:users")
	rt.add("POST", permissions, 201, "", addUserPermissions, "update:users")
	rt.add("DELETE", permissions, 204, "", deleteUserPermissions, "update:users")
	rt.add("GET", "/users/{id}/logs", 200, traffic.LimitLogsRead, listUserLogs, "read:logs", "read:logs_users")
}

func listUserRoles(c *call) (any, error) {
	u, err := c.user("id")
	if err != nil {
		return nil, err
	}
	if err := c.query.allow(); err != nil {
		return nil, err
	}
	var rows []*state.Role
	for _, a := range c.t.UserRoles[u.UserID] {
		rows = append(rows, c.t.Roles.Get(a.RoleID))
	}
	return list(c, listing[*state.Role]{key: "roles", item: roleItem}, rows)
}

func (c *call) userRolesBody() (*state.User, []string, error) {
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
	c.t.AssignRoles(u.UserID, roles, c.now)
	return nil, nil
}

func deleteUserRoles(c *call) (any, error) {
	u, roles, err := c.userRolesBody()
	if err != nil {
		return nil, err
	}
	c.t.UserRoles[u.UserID] = slices.DeleteFunc(c.t.UserRoles[u.UserID], func(a state.RoleAssignment) bool {
		return slices.Contains(roles, a.RoleID)
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
	return list(c, listing[state.Permission]{key: "permissions", item: func(p state.Permission) map[string]any {
		item := c.permissionItem(p)
		item["sources"] = []any{map[string]any{"source_id": "", "source_name": "", "source_type": "DIRECT"}}
		return item
	}}, c.t.UserPermissions[u.UserID])
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
	if c.t.UserPermissions == nil {
		c.t.UserPermissions = map[string][]state.Permission{}
	}
	c.t.UserPermissions[u.UserID] = withPermissions(c.t.UserPermissions[u.UserID], given)
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
	if held := c.t.UserPermissions[u.UserID]; len(held) > 0 {
		c.t.UserPermissions[u.UserID] = withoutPermissions(held, taken)
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
	rows := slices.DeleteFunc(c.visibleLogs(), func(e state.LogEntry) bool { return e.UserID != u.UserID })
	slices.Reverse(rows)
	return list(c, listing[state.LogEntry]{key: "logs", item: logItem, length: true}, rows)
}
