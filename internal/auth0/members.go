package auth0

import (
	"context"
	"slices"

	"github.com/auth0/go-auth0/v3/management"
	"github.com/auth0/go-auth0/v3/management/core"
	"k8s.io/utils/ptr"
)

// membersAtOnce is how many memberships Auth0 ends in one request.
const membersAtOnce = 10

// Members lists the members of an organization.
func (c *Client) Members(ctx context.Context, orgID string) (all []OrganizationMember, err error) {
	err = c.call(ctx, "GET /api/v2/organizations/{id}/members", func(ctx context.Context) error {
		page, err := c.sdk.Organizations.Members.List(ctx, orgID, &management.ListOrganizationMembersRequestParameters{Take: ptr.To(pageSize)})
		rows, err := allPages(ctx, page, err)
		if err != nil {
			return err
		}
		all, err = convert(rows, func(row *management.OrganizationMember) (OrganizationMember, error) {
			if row.GetUserID() == "" {
				return OrganizationMember{}, errNoID
			}
			return OrganizationMember{UserID: row.GetUserID(), Email: row.GetEmail()}, nil
		})
		return err
	}, orgID)
	return all, err
}

// AddMembers makes users members, ten at once.
func (c *Client) AddMembers(ctx context.Context, orgID string, userIDs ...string) error {
	for batch := range slices.Chunk(userIDs, membersAtOnce) {
		err := c.call(ctx, "POST /api/v2/organizations/{id}/members", func(ctx context.Context) error {
			return c.sdk.Organizations.Members.Create(ctx, orgID, &management.CreateOrganizationMemberRequestContent{Members: batch})
		}, append([]string{orgID}, batch...)...)
		if err != nil {
			return err
		}
	}
	return nil
}

// RemoveMembers ends memberships, ten at once. What Auth0 says to a user that is
// gone is not documented, so a refused batch is made again one by one, and one
// person's trouble keeps nobody else's membership.
func (c *Client) RemoveMembers(ctx context.Context, orgID string, userIDs ...string) error {
	var first error
	for batch := range slices.Chunk(userIDs, membersAtOnce) {
		err := c.removeMembers(ctx, orgID, batch)
		if kind := KindOf(err); err != nil && len(batch) > 1 && (kind == KindNotFound || kind == KindInvalid) {
			err = nil
			for _, id := range batch {
				if each := c.removeMembers(ctx, orgID, []string{id}); err == nil && !IsNotFound(each) {
					err = each
				}
			}
		}
		if first == nil && !IsNotFound(err) {
			first = err
		}
	}
	return first
}

func (c *Client) removeMembers(ctx context.Context, orgID string, userIDs []string) error {
	return c.call(ctx, "DELETE /api/v2/organizations/{id}/members", func(ctx context.Context) error {
		return c.sdk.Organizations.Members.Delete(ctx, orgID, &management.DeleteOrganizationMembersRequestContent{Members: userIDs})
	}, append([]string{orgID}, userIDs...)...)
}

// MemberRoles lists the roles of a user in an organization.
func (c *Client) MemberRoles(ctx context.Context, orgID, userID string) (all []Role, err error) {
	err = c.call(ctx, "GET /api/v2/organizations/{id}/members/{user_id}/roles", func(ctx context.Context) error {
		rows, err := wholeList((*management.Role).GetID, func(page offsetPage) (*core.Page[*int, *management.Role, *management.ListOrganizationMemberRolesOffsetPaginatedResponseContent], error) {
			return c.sdk.Organizations.Members.Roles.List(ctx, orgID, userID, &management.ListOrganizationMemberRolesRequestParameters{Page: &page.number, PerPage: &page.size})
		})
		if err != nil {
			return err
		}
		all, err = convert(rows, toRole)
		return err
	}, orgID, userID)
	return all, err
}

func toRole(from *management.Role) (Role, error) {
	if from.GetID() == "" {
		return Role{}, errNoID
	}
	return Role{ID: from.GetID(), Name: from.GetName()}, nil
}

// AssignMemberRoles adds roles to a user in an organization; none is no call.
func (c *Client) AssignMemberRoles(ctx context.Context, orgID, userID string, roleIDs ...string) error {
	if len(roleIDs) == 0 {
		return nil
	}
	return c.call(ctx, "POST /api/v2/organizations/{id}/members/{user_id}/roles", func(ctx context.Context) error {
		return c.sdk.Organizations.Members.Roles.Assign(ctx, orgID, userID, &management.AssignOrganizationMemberRolesRequestContent{Roles: roleIDs})
	}, orgID, userID)
}

// RemoveMemberRoles takes roles from a user in an organization; none is no call.
func (c *Client) RemoveMemberRoles(ctx context.Context, orgID, userID string, roleIDs ...string) error {
	if len(roleIDs) == 0 {
		return nil
	}
	return c.call(ctx, "DELETE /api/v2/organizations/{id}/members/{user_id}/roles", func(ctx context.Context) error {
		return c.sdk.Organizations.Members.Roles.Delete(ctx, orgID, userID, &management.DeleteOrganizationMemberRolesRequestContent{Roles: roleIDs})
	}, orgID, userID)
}
