package auth0

import (
	"context"

	"github.com/auth0/go-auth0/v3/management"
	"github.com/auth0/go-auth0/v3/management/core"
	"k8s.io/utils/ptr"
)

// ConnectionByName reads one connection of the tenant. Its options, which may
// hold an identity provider's secrets, are not asked for.
func (c *Client) ConnectionByName(ctx context.Context, name string) (connection Connection, err error) {
	const route = "GET /api/v2/connections"
	found := false
	err = c.call(ctx, route, func(ctx context.Context) error {
		page, err := c.sdk.Connections.List(ctx, &management.ListConnectionsQueryParameters{
			Name: &name, Take: ptr.To(pageSize), Fields: ptr.To("id,name,strategy"), IncludeFields: ptr.To(true),
		})
		rows, err := allPages(ctx, page, err)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if row.GetName() != name {
				continue
			}
			if row.GetID() == "" {
				return errNoID
			}
			connection, found = Connection{ID: row.GetID(), Name: row.GetName(), Strategy: row.GetStrategy()}, true
		}
		return nil
	}, name)
	if err == nil && !found {
		err = &Error{Kind: KindNotFound, Route: route, Detail: "no connection of that name"}
	}
	return connection, err
}

// Roles lists all roles of the tenant.
func (c *Client) Roles(ctx context.Context) (all []Role, err error) {
	err = c.call(ctx, "GET /api/v2/roles", func(ctx context.Context) error {
		rows, _, err := offsetList((*management.Role).GetID, func(page offsetPage) (*core.Page[*int, *management.Role, *management.ListRolesOffsetPaginatedResponseContent], error) {
			return c.sdk.Roles.List(ctx, &management.ListRolesRequestParameters{Page: &page.number, PerPage: &page.size})
		})
		if err != nil {
			return err
		}
		all, err = convert(rows, toRole)
		return err
	})
	return all, err
}

// Client reads an application. Its secret is not asked for.
func (c *Client) Client(ctx context.Context, clientID string) (application Application, err error) {
	err = c.call(ctx, "GET /api/v2/clients/{id}", func(ctx context.Context) error {
		answer, err := c.sdk.Clients.Get(ctx, clientID, &management.GetClientRequestParameters{
			Fields: ptr.To("client_id,name,organization_usage,initiate_login_uri"), IncludeFields: ptr.To(true),
		})
		if err != nil {
			return err
		}
		if answer.GetClientID() == "" {
			return errNoID
		}
		application = Application{
			ClientID:          answer.GetClientID(),
			Name:              answer.GetName(),
			OrganizationUsage: string(answer.GetOrganizationUsage()),
			InitiateLoginURI:  answer.GetInitiateLoginURI(),
		}
		if application.OrganizationUsage == "" {
			application.OrganizationUsage = string(management.ClientOrganizationUsageEnumDeny)
		}
		return nil
	}, clientID)
	return application, err
}
