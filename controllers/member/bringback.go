package member

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// bringBack gives a person who had joined and was removed within the grace their
// place again, without a mail. Whoever had only been invited is invited anew.
func (p *memberPass) bringBack(ctx context.Context) ([]auth0.User, error) {
	entry, err := p.removedLately(ctx)
	if entry == nil || err != nil {
		return nil, err
	}
	users, err := p.existing(ctx, entry.Users)
	if len(users) == 0 || err != nil {
		return nil, err
	}
	if p.facts.Activating {
		return nil, pass.Wait(v1alpha1.ReasonOnHold, "nobody is brought back while the guard is being put in effect; nothing is needed", directory.Lag)
	}
	ids := make([]string, len(users))
	for i := range users {
		ids[i] = users[i].ID
	}
	err = p.give(ctx, false, func(ctx context.Context, attempt string) error {
		if err := p.api().AddMembers(ctx, p.org.ID, ids...); err != nil {
			return err
		}
		for _, id := range ids {
			if err := p.api().SetAppMetadata(ctx, id, ownership.GrantKey(p.org.ID), p.grantOf(attempt)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, pass.Auth0("bring the person back", err, p.Now())
	}
	p.wait(directory.Lag)
	// As they are now: the grant is read back before anybody is called active.
	return p.existing(ctx, entry.Users)
}

// removedLately is the line of somebody who had joined, whose removal is done and
// whose grace is not over, read live; nil when there is none. A Member that
// knows users of its own was there before.
func (p *memberPass) removedLately(ctx context.Context) (*v1alpha1.WithdrawnPerson, error) {
	if cached := lineOf(p.customer, p.ref()); cached == nil || len(p.member.Status.Users) > 0 || p.member.Status.Invitation != nil {
		return nil, nil
	}
	customer := &v1alpha1.Customer{}
	if err := p.Live.Get(ctx, client.ObjectKeyFromObject(p.customer), customer); err != nil {
		return nil, fmt.Errorf("read the Customer: %w", err)
	}
	if err := p.leaverStop(customer); err != nil {
		return nil, err
	}
	entry := lineOf(customer, p.ref())
	if entry == nil || entry.State != v1alpha1.WithdrawalWithdrawn || !entry.Joined || entry.OrganizationID != p.org.ID {
		return nil, nil
	}
	return entry, nil
}

// existing reads those of the users that still exist.
func (p *memberPass) existing(ctx context.Context, users []v1alpha1.MemberUser) ([]auth0.User, error) {
	var out []auth0.User
	for _, known := range users {
		user, err := p.api().User(ctx, known.UserID)
		if auth0.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, pass.Auth0("read a user", err, p.Now())
		}
		out = append(out, user)
	}
	return out, nil
}
