package pass

import (
	"context"
	"fmt"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// FindOrganization looks for an owner's organization whose id is not known: by the
// name that is declared, and where none of that name is the owner's, by the marker.
// Somebody may have renamed it before the id was lost. NotFound when there is neither.
func FindOrganization(ctx context.Context, tenant *directory.Tenant, name string, owner ownership.Owner) (auth0.Organization, error) {
	named, err := tenant.API().OrganizationByName(ctx, name)
	if err != nil && !auth0.IsNotFound(err) {
		return auth0.Organization{}, err
	}
	if claim := ownership.Judge(named.Metadata, owner); err == nil && (claim == ownership.Ours || claim == ownership.ReleasedByUs) {
		return named, nil
	}
	marked, listErr := tenant.OrganizationsMarked(ctx, owner)
	switch {
	case listErr != nil:
		return auth0.Organization{}, listErr
	case len(marked) == 0:
		return named, err
	case len(marked) > 1:
		return auth0.Organization{}, Person(v1alpha1.ReasonOrganizationConflict, fmt.Sprintf(
			"organizations %s and %s are both marked as this Customer's, and neither is named %s: take %s off the metadata of the one that is not, in Auth0",
			marked[0].Name, marked[1].Name, name, ownership.MetadataOwner))
	}
	return marked[0], nil
}
