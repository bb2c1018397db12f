package auth0

import (
	"context"
	"errors"

	"github.com/auth0/go-auth0/v3/management"
	"github.com/auth0/go-auth0/v3/management/core"
	"k8s.io/utils/ptr"
)

// errNoID is an answer that lacks what names the thing.
var errNoID = errors.New("the answer holds no id")

// sdkOrganization is what the SDK's several organization types have in common.
type sdkOrganization interface {
	GetID() string
	GetName() string
	GetDisplayName() string
	GetMetadata() management.OrganizationMetadata
}

func toOrganization(from sdkOrganization) (Organization, error) {
	org := Organization{ID: from.GetID(), Name: from.GetName(), DisplayName: from.GetDisplayName()}
	if org.ID == "" || org.Name == "" {
		return Organization{}, errNoID
	}
	for key, value := range from.GetMetadata() {
		if value == nil {
			continue
		}
		if org.Metadata == nil {
			org.Metadata = map[string]string{}
		}
		org.Metadata[key] = *value
	}
	return org, nil
}

func fromMetadata(metadata map[string]string) *management.OrganizationMetadata {
	if len(metadata) == 0 {
		return nil
	}
	out := management.OrganizationMetadata{}
	for key, value := range metadata {
		out[key] = ptr.To(value)
	}
	return &out
}

// ListOrganizations returns all organizations of the tenant.
func (c *Client) ListOrganizations(ctx context.Context) (all []Organization, err error) {
	err = c.call(ctx, "GET /api/v2/organizations", func(ctx context.Context) error {
		page, err := c.sdk.Organizations.List(ctx, &management.ListOrganizationsRequestParameters{Take: ptr.To(pageSize)})
		rows, err := allPages(ctx, page, err)
		if err != nil {
			return err
		}
		all, err = convert(rows, func(row *management.Organization) (Organization, error) { return toOrganization(row) })
		return err
	})
	return all, err
}

// Organization reads one organization by its id.
func (c *Client) Organization(ctx context.Context, id string) (org Organization, err error) {
	err = c.call(ctx, "GET /api/v2/organizations/{id}", func(ctx context.Context) error {
		answer, err := c.sdk.Organizations.Get(ctx, id)
		if err != nil {
			return err
		}
		org, err = toOrganization(answer)
		return err
	}, id)
	return org, err
}

// OrganizationByName reads one organization by its exact name.
func (c *Client) OrganizationByName(ctx context.Context, name string) (org Organization, err error) {
	err = c.call(ctx, "GET /api/v2/organizations/name/{name}", func(ctx context.Context) error {
		answer, err := c.sdk.Organizations.GetByName(ctx, name)
		if err != nil {
			return err
		}
		org, err = toOrganization(answer)
		return err
	}, name)
	return org, err
}

// CreateOrganization makes an organization.
func (c *Client) CreateOrganization(ctx context.Context, create OrganizationCreate) (org Organization, err error) {
	request := &management.CreateOrganizationRequestContent{Name: create.Name, Metadata: fromMetadata(create.Metadata)}
	if create.DisplayName != "" {
		request.DisplayName = &create.DisplayName
	}
	err = c.call(ctx, "POST /api/v2/organizations", func(ctx context.Context) error {
		answer, err := c.sdk.Organizations.Create(ctx, request)
		if err != nil {
			return err
		}
		org, err = toOrganization(answer)
		return err
	})
	return org, err
}

// UpdateOrganization changes the fields that are set.
func (c *Client) UpdateOrganization(ctx context.Context, id string, update OrganizationUpdate) (org Organization, err error) {
	const route = "PATCH /api/v2/organizations/{id}"
	if update.Metadata != nil && len(update.Metadata) == 0 {
		return Organization{}, invalid(route, "an empty metadata would erase all of it")
	}
	request := &management.UpdateOrganizationRequestContent{DisplayName: update.DisplayName, Metadata: fromMetadata(update.Metadata)}
	err = c.call(ctx, route, func(ctx context.Context) error {
		answer, err := c.sdk.Organizations.Update(ctx, id, request)
		if err != nil {
			return err
		}
		org, err = toOrganization(answer)
		return err
	}, id)
	return org, err
}

// DeleteOrganization deletes an organization.
func (c *Client) DeleteOrganization(ctx context.Context, id string) error {
	return c.call(ctx, "DELETE /api/v2/organizations/{id}", func(ctx context.Context) error {
		return c.sdk.Organizations.Delete(ctx, id)
	}, id)
}

// EnabledConnections lists the connections of an organization.
func (c *Client) EnabledConnections(ctx context.Context, orgID string) (all []EnabledConnection, err error) {
	err = c.call(ctx, "GET /api/v2/organizations/{id}/enabled_connections", func(ctx context.Context) error {
		rows, err := wholeList((*management.OrganizationConnection).GetConnectionID, func(page offsetPage) (*core.Page[*int, *management.OrganizationConnection, *management.ListOrganizationConnectionsOffsetPaginatedResponseContent], error) {
			return c.sdk.Organizations.EnabledConnections.List(ctx, orgID, &management.ListOrganizationConnectionsRequestParameters{Page: &page.number, PerPage: &page.size})
		})
		if err != nil {
			return err
		}
		all, err = convert(rows, toEnabledConnection)
		return err
	}, orgID)
	return all, err
}

func toEnabledConnection(from *management.OrganizationConnection) (EnabledConnection, error) {
	about := from.GetConnection()
	enabled := EnabledConnection{
		ConnectionID:            from.GetConnectionID(),
		Name:                    about.GetName(),
		Strategy:                about.GetStrategy(),
		AssignMembershipOnLogin: from.GetAssignMembershipOnLogin(),
		ShowAsButton:            from.GetShowAsButton(),
		SignupEnabled:           from.GetIsSignupEnabled(),
	}
	if enabled.ConnectionID == "" {
		return EnabledConnection{}, errNoID
	}
	return enabled, nil
}

// EnableConnection enables a connection for an organization.
func (c *Client) EnableConnection(ctx context.Context, orgID string, connection EnabledConnection) error {
	return c.call(ctx, "POST /api/v2/organizations/{id}/enabled_connections", func(ctx context.Context) error {
		_, err := c.sdk.Organizations.EnabledConnections.Add(ctx, orgID, &management.AddOrganizationConnectionRequestContent{
			ConnectionID:            connection.ConnectionID,
			AssignMembershipOnLogin: &connection.AssignMembershipOnLogin,
			IsSignupEnabled:         &connection.SignupEnabled,
			ShowAsButton:            &connection.ShowAsButton,
		})
		return err
	}, orgID, connection.ConnectionID)
}

// UpdateEnabledConnection sets the switches of an enabled connection.
func (c *Client) UpdateEnabledConnection(ctx context.Context, orgID string, connection EnabledConnection) error {
	return c.call(ctx, "PATCH /api/v2/organizations/{id}/enabled_connections/{connection_id}", func(ctx context.Context) error {
		_, err := c.sdk.Organizations.EnabledConnections.Update(ctx, orgID, connection.ConnectionID, &management.UpdateOrganizationConnectionRequestContent{
			AssignMembershipOnLogin: &connection.AssignMembershipOnLogin,
			IsSignupEnabled:         &connection.SignupEnabled,
			ShowAsButton:            &connection.ShowAsButton,
		})
		return err
	}, orgID, connection.ConnectionID)
}

// DisableConnection takes a connection away from an organization.
func (c *Client) DisableConnection(ctx context.Context, orgID, connectionID string) error {
	return c.call(ctx, "DELETE /api/v2/organizations/{id}/enabled_connections/{connection_id}", func(ctx context.Context) error {
		return c.sdk.Organizations.EnabledConnections.Delete(ctx, orgID, connectionID)
	}, orgID, connectionID)
}

// convert turns rows of the SDK into ours; one that makes no sense fails all.
func convert[From, To any](rows []From, one func(From) (To, error)) ([]To, error) {
	all := make([]To, 0, len(rows))
	for _, row := range rows {
		item, err := one(row)
		if err != nil {
			return nil, err
		}
		all = append(all, item)
	}
	return all, nil
}
