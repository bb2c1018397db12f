package directory

import (
	"context"
	"sync"
	"time"

	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// organizationsFor is how long a list of the tenant's organizations is good for:
// many Customers may be made at one time, and each asks for it.
const organizationsFor = time.Minute

// organizationList is the tenant's organizations as they were listed last.
type organizationList struct {
	mu  sync.Mutex
	all []auth0.Organization
	at  time.Time
}

// OrganizationsMarked are the organizations whose marker names the owner, by a
// complete list, each read by its id since. It is for who knows no id and finds
// none by name: an organization may have been renamed by hand.
func (t *Tenant) OrganizationsMarked(ctx context.Context, owner ownership.Owner) (marked []auth0.Organization, err error) {
	all, err := t.listOrganizations(ctx)
	if err != nil {
		return nil, err
	}
	for _, listed := range all {
		if ownership.Judge(listed.Metadata, owner) != ownership.Ours {
			continue
		}
		organization, err := t.API().Organization(ctx, listed.ID)
		switch {
		case auth0.IsNotFound(err):
		case err != nil:
			return nil, err
		case ownership.Judge(organization.Metadata, owner) == ownership.Ours:
			marked = append(marked, organization)
		}
	}
	return marked, nil
}

func (t *Tenant) listOrganizations(ctx context.Context) ([]auth0.Organization, error) {
	list := &t.organizationList
	if !list.mu.TryLock() {
		resume := auth0.Pause(ctx)
		list.mu.Lock()
		resume()
	}
	defer list.mu.Unlock()
	if now := t.Now(); list.at.IsZero() || now.Sub(list.at) >= organizationsFor || now.Before(list.at) {
		all, err := t.API().ListOrganizations(ctx)
		if err != nil {
			return nil, err
		}
		list.all, list.at = all, now
	}
	return list.all, nil
}
