package auth0

import (
	"context"
	"errors"
	"time"

	"github.com/auth0/go-auth0/v3/management"
	"github.com/auth0/go-auth0/v3/management/core"
)

// sdkInvitation is what the SDK's several invitation types have in common. The
// link and the ticket are left where they are.
type sdkInvitation interface {
	GetID() string
	GetInvitee() management.OrganizationInvitationInvitee
	GetConnectionID() string
	GetCreatedAt() time.Time
	GetExpiresAt() time.Time
	GetAppMetadata() management.AppMetadata
}

func toInvitation(from sdkInvitation) (Invitation, error) {
	invitee := from.GetInvitee()
	invitation := Invitation{
		ID:           from.GetID(),
		Email:        invitee.GetEmail(),
		ConnectionID: from.GetConnectionID(),
		CreatedAt:    from.GetCreatedAt(),
		ExpiresAt:    from.GetExpiresAt(),
		AppMetadata:  stringsOf(from.GetAppMetadata()),
	}
	if invitation.ID == "" {
		return Invitation{}, errNoID
	}
	if invitation.ExpiresAt.IsZero() {
		return Invitation{}, errors.New("the invitation says not when it expires")
	}
	return invitation, nil
}

// stringsOf are the first-level values that are texts.
func stringsOf(metadata map[string]any) map[string]string {
	var texts map[string]string
	for key, value := range metadata {
		text, ok := value.(string)
		if !ok {
			continue
		}
		if texts == nil {
			texts = map[string]string{}
		}
		texts[key] = text
	}
	return texts
}

// longestInvitation is how long an invitation can be alive: Auth0 takes no longer ttl.
const longestInvitation = 30 * 24 * time.Hour

// Invitations lists the invitations of an organization, newest first. Paging ends
// at 1,000, so that a longer list is read from its other end too.
func (c *Client) Invitations(ctx context.Context, orgID string) (invitations []Invitation, truncated bool, err error) {
	err = c.call(ctx, "GET /api/v2/organizations/{id}/invitations", func(ctx context.Context) error {
		id := (*management.OrganizationInvitation).GetID
		rows, gap, err := fromBothEnds(ends{"created_at:-1", "created_at:1"}, id, func(order string) ([]*management.OrganizationInvitation, bool, error) {
			return offsetList(id, func(page offsetPage) (*core.Page[*int, *management.OrganizationInvitation, *management.ListOrganizationInvitationsOffsetPaginatedResponseContent], error) {
				return c.sdk.Organizations.Invitations.List(ctx, orgID, &management.ListOrganizationInvitationsRequestParameters{
					Page: &page.number, PerPage: &page.size, Sort: &order,
				})
			})
		})
		if err != nil {
			return err
		}
		truncated = gap > 0 && !c.olderAreDead(rows[gap-1])
		invitations, err = convert(rows, func(row *management.OrganizationInvitation) (Invitation, error) { return toInvitation(row) })
		return err
	}, orgID)
	if err != nil {
		return nil, false, err
	}
	return invitations, truncated, nil
}

// olderAreDead tells whether all invitations older than this one have expired.
func (c *Client) olderAreDead(than *management.OrganizationInvitation) bool {
	created := than.GetCreatedAt()
	return !created.IsZero() && c.Now().Sub(created) > longestInvitation
}

// Invitation reads one invitation.
func (c *Client) Invitation(ctx context.Context, orgID, id string) (invitation Invitation, err error) {
	err = c.call(ctx, "GET /api/v2/organizations/{id}/invitations/{invitation_id}", func(ctx context.Context) error {
		answer, err := c.sdk.Organizations.Invitations.Get(ctx, orgID, id, &management.GetOrganizationInvitationRequestParameters{})
		if err != nil {
			return err
		}
		invitation, err = toInvitation(answer)
		return err
	}, orgID, id)
	return invitation, err
}

// CreateInvitation sends an invitation mail.
func (c *Client) CreateInvitation(ctx context.Context, orgID string, create InvitationCreate) (invitation Invitation, err error) {
	const route = "POST /api/v2/organizations/{id}/invitations"
	seconds := int(create.TTL / time.Second)
	if seconds < 1 {
		// Auth0 reads 0 as seven days.
		return Invitation{}, invalid(route, "a ttl below one second")
	}
	request := &management.CreateOrganizationInvitationRequestContent{
		Inviter:  &management.OrganizationInvitationInviter{Name: create.InviterName},
		Invitee:  &management.OrganizationInvitationInvitee{Email: create.Email},
		ClientID: create.ClientID,
		TTLSec:   &seconds,
		Roles:    create.RoleIDs,
	}
	if create.ConnectionID != "" {
		request.ConnectionID = &create.ConnectionID
	}
	if len(create.AppMetadata) > 0 {
		metadata := management.AppMetadata{}
		for key, value := range create.AppMetadata {
			metadata[key] = value
		}
		request.AppMetadata = &metadata
	}
	err = c.call(ctx, route, func(ctx context.Context) error {
		answer, err := c.sdk.Organizations.Invitations.Create(ctx, orgID, request)
		if err != nil {
			return err
		}
		invitation, err = toInvitation(answer)
		return err
	}, orgID, create.Email)
	return invitation, err
}

// DeleteInvitation deletes an invitation.
func (c *Client) DeleteInvitation(ctx context.Context, orgID, id string) error {
	err := c.call(ctx, "DELETE /api/v2/organizations/{id}/invitations/{invitation_id}", func(ctx context.Context) error {
		return c.sdk.Organizations.Invitations.Delete(ctx, orgID, id)
	}, orgID, id)
	if IsNotFound(err) {
		return nil
	}
	return err
}
