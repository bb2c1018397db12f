package member

import (
	"context"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// bringBack gives a person who had joined and was removed within the grace their
// place again, without a mail. Whoever had only been invited is invited anew.
func (p *memberPass) bringBack(ctx context.Context) ([]auth0.User, error) {
	line := p.removedLately()
	if line == nil {
		return nil, nil
	}
	known, accepted := line.Users, line.Invitation
	users, err := p.existing(ctx, known)
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
	err = p.give(ctx, "bring the person back", false, func(ctx context.Context, attempt string) error {
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
		return nil, err
	}
	p.member.Status.Invitation = accepted
	p.wait(directory.Lag)
	// As they are now: the grant is read back before anybody is called active.
	return p.existing(ctx, known)
}

// removedLately is the line of somebody who had joined, whose removal is done and
// whose grace is not over; nil when there is none. A Member of whom something is
// known was there before.
func (p *memberPass) removedLately() *v1alpha1.WithdrawnPerson {
	line := lineOf(p.customer, p.ref())
	if line == nil || !p.nothingKnown() || line.State != v1alpha1.WithdrawalWithdrawn || !line.Joined || line.OrganizationID != p.org.ID {
		return nil
	}
	return line
}

// existing reads those of the users that still exist and are the person.
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
		others, err := p.siblings(ctx)
		if err != nil {
			return nil, err
		}
		declared := pass.Declared(p.customer, others)
		person := pass.PersonOf(p.customer, user, p.granted(user), declared)
		if _, anothers := declared[person]; !anothers || person == p.ref() {
			out = append(out, user)
		}
	}
	return out, nil
}
