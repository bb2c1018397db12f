package customer

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/invitation"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// observe looks at the organization when that is due, and wakes the Members of
// whom there is news.
func (p *customerPass) observe(ctx context.Context) error {
	members := &v1alpha1.MemberList{}
	if err := p.Client.List(ctx, members, client.InNamespace(p.customer.Namespace), client.MatchingFields{v1alpha1.FieldCustomerRef: p.customer.Name}, client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("list Members: %w", err)
	}
	p.members = members.Items
	p.look = p.org.Latest()
	p.org.SetPending(p.liveInvitations() || p.confirming() || p.activating())
	told, _ := p.org.LookDue(p.tenant.Now())
	if told || p.requested() || p.dueIn(p.lookInterval()) <= 0 || p.activating() {
		if err := p.lookAnew(ctx, told); err != nil {
			return err
		}
	}
	if !p.lookHeld {
		p.planLooks()
	}
	p.wakeMembers()
	return nil
}

// lookInterval is how often the organization is looked at while nothing is told of
// it. A feed tells of those who join; without one they are looked for.
func (p *customerPass) lookInterval() time.Duration {
	resync, followed := p.tenant.Resync(p.ResyncInterval)
	switch {
	case p.confirming(), p.seatMayBeFree(), !followed && p.liveInvitations(), followed && p.linkEnds():
		return p.LiveInterval
	case followed && !p.cutShort():
		return resync
	}
	return p.SettledInterval
}

// cutShort: the list of invitations was longer than Auth0 shows. No feed tells when
// those that it does not show have died.
func (p *customerPass) cutShort() bool { return p.look != nil && p.look.Truncated }

// seatMayBeFree: somebody waits for a seat that counts as in use only until Auth0's
// lists must show that it is not.
func (p *customerPass) seatMayBeFree() bool {
	counts := p.customer.Status.Seats
	return p.look != nil && counts != nil && counts.Waiting > 0 && p.org.Unsettled(p.look, p.tenant.Now())
}

// planLooks comes back when the next look is due.
func (p *customerPass) planLooks() {
	_, followed := p.tenant.Resync(p.ResyncInterval)
	if followed {
		p.waitForAnswers()
	}
	interval := p.lookInterval()
	due := p.dueIn(interval)
	if !followed && interval != p.LiveInterval {
		due = jitter(max(due, 0))
	}
	p.wait(due)
	if now := p.tenant.Now(); p.look != nil {
		switch due, next := p.org.LookDue(now); {
		case due:
			p.wait(time.Second)
		case !next.IsZero():
			p.wait(next.Sub(now))
		}
	}
}

// lookAnew looks at the organization. A look that nobody waits for takes what
// others leave of Auth0's limits, and nothing else waits for it. told: a feed tells
// that somebody did something there.
func (p *customerPass) lookAnew(ctx context.Context, told bool) error {
	patient := p.look != nil && !p.requested() && !p.activating()
	if patient && !told {
		ctx = auth0.WithLane(ctx, auth0.LaneLook)
	}
	fresh, err := p.org.Observe(ctx, p.tenant.Now())
	if at, limited := auth0.ComeBack(err); limited && patient {
		p.wait(at.Sub(p.Now()))
		p.lookHeld = true
		return nil
	}
	if err != nil {
		return pass.Auth0("look at the organization", err, p.Now())
	}
	p.look = fresh
	p.noteSweep()
	return nil
}

// liveInvitations: a person may join at any moment.
func (p *customerPass) liveInvitations() bool {
	return slices.ContainsFunc(p.members, func(m v1alpha1.Member) bool {
		return m.DeletionTimestamp.IsZero() && (mayBeOnItsWay(m.Status.Attempt) || p.mayStillShow(m.Status.Invitation))
	})
}

// linkEnds: what became of somebody's link shows in no news: its call was not answered,
// or it died and a look is to show whether somebody joined by it at the last moment.
func (p *customerPass) linkEnds() bool {
	now := p.tenant.Now()
	return slices.ContainsFunc(p.members, func(m v1alpha1.Member) bool {
		from, until := unanswered(&m)
		sending := !now.Before(from) && now.Before(until)
		last := m.Status.Invitation
		died := last != nil && last.State == v1alpha1.InvitationExpired && p.mayStillShow(last)
		return m.DeletionTimestamp.IsZero() && (sending || died)
	})
}

// answeredWithin is how long Auth0 takes to answer a call, as a rule.
const answeredWithin = 5 * time.Second

// unanswered is from when until when a look is to show what became of a call that may
// be on its way to Auth0; zero for none.
func unanswered(member *v1alpha1.Member) (from, until time.Time) {
	attempt := member.Status.Attempt
	if !mayBeOnItsWay(attempt) {
		return from, until
	}
	return attempt.NotAfter.Add(answeredWithin - invitation.Validity), attempt.NotAfter.Add(invitation.Margin + directory.Lag)
}

// waitForAnswers comes back when the first call that is on its way should be answered.
func (p *customerPass) waitForAnswers() {
	now := p.tenant.Now()
	for i := range p.members {
		if from, _ := unanswered(&p.members[i]); now.Before(from) {
			p.wait(from.Sub(now))
		}
	}
}

// mayBeOnItsWay: a call of the attempt may have reached Auth0. One that Auth0
// refused, or that never left, is only intended.
func mayBeOnItsWay(attempt *v1alpha1.Attempt) bool { return attempt != nil && attempt.NotAfter != nil }

// mayStillShow: the link is alive, or died so lately that the look may not show
// somebody who accepted in the last moment.
func (p *customerPass) mayStillShow(invitation *v1alpha1.MemberInvitation) bool {
	switch {
	case invitation == nil:
		return false
	case invitation.State == v1alpha1.InvitationExpired:
		look := p.org.Latest()
		return look == nil || look.At.Before(invitation.ExpiresAt.Add(directory.Lag))
	}
	return invitation.State == v1alpha1.InvitationSent
}

// wakeMembers has another look at each Member of whom Auth0 shows something new,
// and at all when the contract begins or ends.
func (p *customerPass) wakeMembers() {
	news := newsOf(p.org, p.look)
	common := p.facts.Window + " " + p.org.Key()
	for i := range p.members {
		member := &p.members[i]
		text := news(member)
		if p.org.Tell(string(member.UID), common+text) && !undecided(member, text) {
			p.Members.Wake(member)
		}
	}
}

// undecided: the Member stays, Auth0 shows nothing of its person, and a round has yet
// to decide about its seat, which wakes it.
func undecided(member *v1alpha1.Member, news string) bool {
	return member.DeletionTimestamp.IsZero() && member.Status.Seat == nil && news == ""
}

// newsOf returns what an observation shows of a Member beyond the invitation that its
// status records, as a text that differs when it does.
func newsOf(org *directory.Organization, look *directory.Observation) func(*v1alpha1.Member) string {
	about := map[string]string{}
	for _, member := range look.Members {
		about["id "+member.UserID] += " member"
		about["ref "+ownership.PersonRef(member.Email)] += " member " + member.UserID
	}
	for _, user := range look.Holders {
		if grant, ok := org.Granted(user); ok {
			about["ref "+grant.Person] += fmt.Sprintf(" grant %s blocked %t", user.ID, user.Blocked)
		}
	}
	for _, invitation := range look.Invitations {
		if grant, ok := org.Ours(invitation); ok {
			about["ref "+grant.Person] += invited(invitation.ID)
		}
	}
	return func(member *v1alpha1.Member) string {
		text := about["ref "+ownership.PersonRef(string(member.Spec.Email))]
		if last := member.Status.Invitation; last != nil {
			as := invited(last.ID)
			if last.State == v1alpha1.InvitationSent && strings.Contains(text, as) {
				text = strings.Replace(text, as, "", 1)
			} else {
				// Who was taken out and accepted another looks as before.
				text += " after " + last.ID
			}
		}
		for _, user := range member.Status.Users {
			text += about["id "+user.UserID]
		}
		return text
	}
}

func invited(id string) string { return " invitation " + id + ";" }
