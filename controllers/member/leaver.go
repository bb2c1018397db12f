package member

import (
	"context"
	"fmt"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/leaver"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/controllers/internal/people"
	"github.com/seatwarden/seatwarden/internal/auth0"
)

// waitForLeaver goes on only when nobody takes from the person at this moment, or may:
// who is being removed under another Member comes back when that is done. A
// Member of whom nothing is known asks past the cache: lists of Auth0 may still show
// what was taken.
func (p *memberPass) waitForLeaver(ctx context.Context) error {
	reader := client.Reader(p.Client)
	if p.nothingKnown() {
		reader = p.Live
	}
	if err := p.findRemoval(ctx, reader); err != nil {
		return err
	}
	if r := p.removal; r != nil && p.nothingKnown() && r.Status.Withdrawal != nil && r.Status.Withdrawal.ConfirmedAt != nil && p.look.At.Before(r.Status.Withdrawal.ConfirmedAt.Time) {
		return p.lookAgain(ctx)
	}
	return nil
}

// checkLeaver reads the person's Removal live: whoever removes has written one first,
// and has then looked for Members like this one. What the pass has judged must stand.
func (p *memberPass) checkLeaver(ctx context.Context) error {
	customer, err := p.standing(ctx)
	if err != nil {
		return err
	}
	p.customer = customer
	return p.findRemoval(ctx, p.Live)
}

// findRemoval finds the person's Removal, and ends the pass while it goes on.
func (p *memberPass) findRemoval(ctx context.Context, reader client.Reader) (err error) {
	if p.removal, err = leaver.Find(ctx, reader, p.member.Namespace, p.customer.Name, p.ref()); p.removal == nil || err != nil {
		return err
	}
	switch leaver.StateOf(p.removal) {
	case v1alpha1.RemovalPending, v1alpha1.RemovalHeld:
		if left := leaver.Clear(p.removal).Sub(p.tenant.Now()); left > 0 {
			return pass.Wait(v1alpha1.ReasonLeaving, "waiting for a call that is on its way; nothing is needed", left)
		}
		return pass.Wait(v1alpha1.ReasonLeaving, fmt.Sprintf("takes this person over from Removal %s; nothing is needed", p.removal.Name), takeOverRetry)
	case v1alpha1.RemovalRemoving:
		return pass.Wait(v1alpha1.ReasonLeaving, "this person is being removed under another Member, and comes back when that is done; nothing is needed", takeOverRetry)
	case v1alpha1.RemovalDeleting:
		return pass.Wait(v1alpha1.ReasonLeaving, "the Auth0 user of this person is being deleted; a new invitation follows, nothing is needed", takeOverRetry)
	}
	return nil
}

// takeOverRetry is how often a Member looks whether its person's removal has ended, in case nobody tells.
const takeOverRetry = 5 * time.Second

// withdrawSeat takes back the seat of an expired invitation for somebody who
// waits: a withdrawal like any other, of a Member that stays.
func (p *memberPass) withdrawSeat(ctx context.Context) error {
	if p.member.Status.Withdrawal != nil && p.member.Status.Withdrawal.ConfirmedAt != nil {
		return nil
	}
	taker := p.taker()
	outcome, err := taker.Pass(auth0.WithLane(ctx, auth0.LaneRemoval))
	p.member.Status.Users, p.member.Status.Withdrawal = taker.Leaver.Users, taker.Leaver.Withdrawal
	if outcome.Again > 0 {
		p.wait(outcome.Again)
	}
	return err
}

// taker takes from the Member's person.
func (p *memberPass) taker() *leaver.Taker {
	s := &p.member.Status
	t := &leaver.Taker{
		Cached: p.Client, Live: p.Live, API: p.api(), Tenant: p.tenant, Org: p.org, Customer: p.customer, Mode: p.facts.Mode, Now: p.Now,
		Leaver: &leaver.Leaver{Person: p.person(), Invitation: s.Invitation, Attempt: s.Attempt, Withdrawal: s.Withdrawal.DeepCopy()},
	}
	t.Save = func(ctx context.Context) error {
		p.member.Status.Users, p.member.Status.Withdrawal = t.Leaver.Users, t.Leaver.Withdrawal
		if err := p.write(ctx); err != nil {
			return err
		}
		// As it was written, with its times cut: the same is not written again.
		t.Leaver.Users, t.Leaver.Withdrawal = p.member.Status.Users, p.member.Status.Withdrawal.DeepCopy()
		return nil
	}
	return t
}

// person is the Member's, as its status knows them.
func (p *memberPass) person() people.Person {
	return people.Person{Email: p.email(), Users: p.member.Status.Users}
}
