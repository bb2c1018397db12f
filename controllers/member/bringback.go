package member

import (
	"context"

	corev1 "k8s.io/api/core/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/leaver"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/controllers/internal/people"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// bringBack gives a person who had joined and was removed within the grace their
// place again, without a mail. Whoever had only been invited is invited anew.
func (p *memberPass) bringBack(ctx context.Context) ([]auth0.User, error) {
	was := p.removedLately()
	if was == nil {
		return nil, nil
	}
	known, accepted := was.Users, was.Invitation
	// The account may have been made anew since: that one is the person too.
	profiles, _, err := p.existingProfiles(ctx)
	if err != nil {
		return nil, err
	}
	for _, user := range profiles {
		people.AddUsers(&known, []v1alpha1.MemberUser{{UserID: user.ID}})
	}
	users, err := p.existing(ctx, known)
	if len(users) == 0 || err != nil {
		return nil, err
	}
	if p.facts.Activating {
		return nil, pass.Wait(v1alpha1.ReasonOnHold, "nobody is brought back while the guard is being put in effect; nothing is needed", directory.Lag)
	}
	if err := p.letIn(ctx, "bring the person back", users); err != nil {
		return nil, err
	}
	p.member.Status.Invitation = accepted
	p.wait(directory.Lag)
	// As they are now: the grant is read back before anybody is called active.
	return p.existing(ctx, known)
}

// removedLately is what is known of somebody who had joined, whose removal is done and
// whose grace is not over; nil when there is none. A Member of whom something is
// known was there before.
func (p *memberPass) removedLately() *v1alpha1.Known {
	if p.removal == nil || !p.nothingKnown() || p.removal.Status.State != v1alpha1.RemovalRemoved || p.removal.Spec.OrganizationID != p.org.ID {
		return nil
	}
	if known := leaver.Known(p.removal); known.Joined {
		return &known
	}
	return nil
}

// addProfiles answers a request to invite somebody who is in: accounts of the same
// address in the Customer's own connections that are not in, as one that was made
// anew, are the person too. They are let in without a mail, beside the one that is.
func (p *memberPass) addProfiles(ctx context.Context) error {
	if request, settled := p.pendingRequest(); request == "" || p.look.At.Before(settled) {
		return nil
	}
	if p.facts.Activating {
		return pass.Wait(v1alpha1.ReasonOnHold, "no account is let in while the guard is being put in effect; nothing is needed", directory.Lag)
	}
	profiles, _, err := p.existingProfiles(ctx)
	if err != nil {
		return err
	}
	if len(profiles) == 0 {
		p.Recorder.Eventf(p.member, nil, corev1.EventTypeNormal, v1alpha1.ReasonAlreadyJoined, "Reconcile",
			"no invitation is sent: the person has joined, and Auth0 knows no other account of the address in the Customer's connections; who was refused with another one asks again after that sign-in")
		return nil
	}
	if err := p.letIn(ctx, "let another account of the person in", profiles); err != nil {
		return err
	}
	p.record(profiles)
	p.wait(0) // for the roles
	return nil
}

// letIn makes users members and writes their grants, without a mail.
func (p *memberPass) letIn(ctx context.Context, doing string, users []auth0.User) error {
	ids := make([]string, len(users))
	for i := range users {
		ids[i] = users[i].ID
	}
	return p.give(ctx, doing, false, func(ctx context.Context, attempt string) error {
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
		declared, err := p.declaredOf(ctx, user)
		if err != nil {
			return nil, err
		}
		person := pass.PersonOf(p.customer, user, p.granted(user), declared)
		if _, anothers := declared[person]; !anothers || person == p.ref() {
			out = append(out, user)
		}
	}
	return out, nil
}
