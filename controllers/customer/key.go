package customer

import (
	"context"

	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// findKey finds the organization's key. One that stands wins. Where it was taken away,
// people hold grants with it: it is the one that this process saw stand there, or that
// the grants have, before one is derived, which differs in an organization that was
// another instance's. searched says that Auth0 was asked for the grants.
func (p *customerPass) findKey(ctx context.Context) (searched bool, err error) {
	id := p.organization.ID
	derived := ownership.OrganizationKey(p.InstanceKey, id)
	p.key = p.organization.Metadata[ownership.MetadataKey]
	if p.key != "" {
		return false, nil
	}
	if p.key = p.tenant.Organization(id).Key(); p.key != "" {
		return false, nil
	}
	grants, err := p.grants(ctx, id)
	if err != nil {
		return false, pass.Auth0("read the grants of an organization that has no key", err, p.Now())
	}
	p.key = ownership.KeyOf(grants, derived)
	return true, nil
}

// grants are those for an organization that users and invitations carry.
func (p *customerPass) grants(ctx context.Context, id string) (grants []ownership.Grant, err error) {
	users, _, err := p.api().UsersWithAppMetadata(ctx, ownership.GrantKey(id))
	if err != nil {
		return nil, err
	}
	invitations, _, err := p.api().Invitations(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, user := range users {
		if grant, ok := ownership.GrantIn(user.AppMetadata, id); ok {
			grants = append(grants, grant)
		}
	}
	for _, invitation := range invitations {
		if grant, ok := ownership.GrantIn(invitation.AppMetadata, id); ok {
			grants = append(grants, grant)
		}
	}
	return grants, nil
}
