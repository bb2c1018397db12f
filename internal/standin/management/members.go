package management

import (
	"slices"
	"strings"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/traffic"
	"github.com/seatwarden/seatwarden/internal/standin/wire"
)

const maxMembersPerCall = 10

var membersSchema = schema{kind: typeObject, properties: map[string]schema{
	"members": {
		kind: typeArray, required: true, min: 1, max: maxMembersPerCall, items: &schema{kind: typeString, min: 1},
		description: "List of user IDs to add to or remove from the organization.",
	},
}}

var memberRolesSchema = schema{kind: typeObject, properties: map[string]schema{
	"roles": {
		kind: typeArray, required: true, min: 1, max: maxRolesPerMember, items: &schema{kind: typeString, min: 1},
		description: "List of role IDs to associate with the user.",
	},
}}

func memberRoutes(rt *router) {
	const members, roles = "/organizations/{id}/members", "/organizations/{id}/members/{user_id}/roles"
	rt.add("GET", members, 200, traffic.LimitMembersRead, listMembers, "read:organization_members")
	rt.add("POST", members, 204, traffic.LimitMembersWrite, addMembers, "create:organization_members")
	rt.add("DELETE", members, 204, traffic.LimitMembersWrite, deleteMembers, "delete:organization_members")
	rt.add("GET", roles, 200, traffic.LimitMemberRolesRead, listMemberRoles, "read:organization_member_roles")
	rt.add("POST", roles, 204, traffic.LimitMemberRolesWrite, addMemberRoles, "create:organization_member_roles")
	rt.add("DELETE", roles, 204, traffic.LimitMemberRolesWrite, deleteMemberRoles, "delete:organization_member_roles")
}

// listMembers shows the organization as it was Settings.MembersLag ago: Auth0
// answers from an index.
func listMembers(c *call) (any, error) {
	o, err := c.organization()
	if err != nil {
		return nil, err
	}
	if err := c.query.allow(); err != nil {
		return nil, err
	}
	withRoles := slices.Contains(strings.Split(c.query.get("fields"), ","), "roles") && c.query.get("include_fields") != "false"
	if withRoles && !c.hasScope("read:organization_member_roles") {
		return nil, wire.NewError(403, "insufficient_scope", "Insufficient scope, expected any of: read:organization_member_roles")
	}
	at := c.now.Add(-time.Duration(c.world.InForce.MembersLag))
	return list(c, listing[*state.Membership]{
		key: "members", nextOnFullEnd: true,
		item: func(m *state.Membership) map[string]any {
			item := c.memberItem(m.UserID, at)
			if withRoles {
				item["roles"] = c.roleReferences(o.MemberRoles[m.UserID])
			}
			return item
		},
		cursor: func(m *state.Membership) (time.Time, string) { return m.Since, m.UserID },
	}, o.MembersAt(at))
}

// memberItem shows a ghost, a member whose profile is gone, by its id alone.
func (c *call) memberItem(userID string, at time.Time) map[string]any {
	item := map[string]any{"user_id": userID}
	u := c.t.UserAt(userID, at)
	if u == nil {
		u = c.t.Users.Get(userID)
	}
	if u != nil {
		state.Put(item, "email", u.Email)
		state.Put(item, "name", u.Name)
		state.Put(item, "picture", u.Picture)
	}
	return item
}

func (c *call) roleReferences(ids []string) []map[string]any {
	out := []map[string]any{}
	for _, id := range ids {
		if role := c.t.Roles.Get(id); role != nil {
			out = append(out, map[string]any{"id": role.ID, "name": role.Name})
		}
	}
	return out
}

func (c *call) membersBody() (*state.Organization, []string, error) {
	o, err := c.organization()
	if err != nil {
		return nil, nil, err
	}
	var body struct {
		Members []string `json:"members"`
	}
	if err := c.decode(membersSchema, &body); err != nil {
		return nil, nil, err
	}
	return o, body.Members, nil
}

// addMembers refuses all if one user does not exist; how Auth0 answers then is
// not documented.
func addMembers(c *call) (any, error) {
	o, ids, err := c.membersBody()
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if c.t.Users.Get(id) == nil {
			return nil, wire.InvalidBody("One or more of the specified users do not exist.")
		}
	}
	for _, id := range ids {
		o.AddMember(id, c.now)
	}
	return nil, nil
}

// deleteMembers ends memberships only: roles within the organization, sessions
// and refresh tokens stay.
func deleteMembers(c *call) (any, error) {
	o, ids, err := c.membersBody()
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		o.RemoveMember(id, c.now)
		if c.world.InForce.RolesAfterMembershipEnds == state.Removed {
			o.RemoveMemberRoles(id, o.MemberRoles[id], c.now)
		}
	}
	return nil, nil
}

// organizationUser returns the organization and the user that the path names.
// The user need not be a member: Auth0 was recorded to accept roles of others.
func (c *call) organizationUser() (*state.Organization, *state.User, error) {
	o, err := c.organization()
	if err != nil {
		return nil, nil, err
	}
	u, err := c.user("user_id")
	return o, u, err
}

func listMemberRoles(c *call) (any, error) {
	o, u, err := c.organizationUser()
	if err != nil {
		return nil, err
	}
	if err := c.query.allow(); err != nil {
		return nil, err
	}
	var rows []*state.Role
	for _, id := range o.MemberRoles[u.UserID] {
		if role := c.t.Roles.Get(id); role != nil {
			rows = append(rows, role)
		}
	}
	return list(c, listing[*state.Role]{key: "roles", item: roleItem}, rows)
}

func (c *call) memberRolesBody() (*state.Organization, *state.User, []string, error) {
	o, u, err := c.organizationUser()
	if err != nil {
		return nil, nil, nil, err
	}
	var body struct {
		Roles []string `json:"roles"`
	}
	if err := c.decode(memberRolesSchema, &body); err != nil {
		return nil, nil, nil, err
	}
	return o, u, body.Roles, nil
}

func addMemberRoles(c *call) (any, error) {
	o, u, roles, err := c.memberRolesBody()
	if err != nil {
		return nil, err
	}
	if err := c.checkRoles(roles, o.ID); err != nil {
		return nil, err
	}
	held := len(o.MemberRoles[u.UserID])
	for _, id := range roles {
		if !slices.Contains(o.MemberRoles[u.UserID], id) {
			held++
		}
	}
	if held > maxRolesPerMember {
		return nil, wire.NewError(409, "", "No more roles can be assigned to this organization member.")
	}
	o.AddMemberRoles(u.UserID, roles, c.now)
	return nil, nil
}

func deleteMemberRoles(c *call) (any, error) {
	o, u, roles, err := c.memberRolesBody()
	if err != nil {
		return nil, err
	}
	o.RemoveMemberRoles(u.UserID, roles, c.now)
	return nil, nil
}
