package customer

import (
	"slices"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/leaver"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// newAddress is the person, and the Member, that somebody's users belong to now.
type newAddress struct{ ref, member string }

// moved are those, by PersonRef, who hold nothing any more but users that have the
// address of another Member now. They use that one's seat, and no second.
func (p *customerPass) moved(members []v1alpha1.Member) map[string]newAddress {
	look, declared := p.org.Latest(), pass.Declared(p.customer, members)
	moved, keeps, owner := map[string]newAddress{}, map[string]bool{}, map[string]string{}
	move := func(from, to string) {
		if member, is := declared[to]; is && from != to {
			moved[from] = newAddress{ref: to, member: member}
		}
	}
	for _, user := range look.Holders {
		grant, ok := p.org.Granted(user)
		if !ok {
			continue
		}
		owner[user.ID] = pass.PersonOf(p.customer, user.User, grant.Person, declared)
		keeps[owner[user.ID]] = true
		move(grant.Person, owner[user.ID])
	}
	for i := range members {
		member := &members[i]
		ref := ownership.PersonRef(string(member.Spec.Email))
		for _, user := range member.Status.Users {
			move(ref, owner[user.UserID])
			// The Member that it comes from may have lost its status. A younger one is
			// somebody else's.
			if from := earlier(members, user.MovedFrom); from != nil && !member.CreationTimestamp.Before(&from.CreationTimestamp) {
				move(user.MovedFrom, owner[user.UserID])
			}
		}
		// A link that is alive, or may be on its way, lets in whoever has this address.
		if member.Status.Attempt != nil && member.Status.Attempt.Invites || pass.InviteRequest(member, p.Now()) != "" {
			keeps[ref] = true
		}
	}
	for i := range p.removals {
		ref, known := leaver.Ref(&p.removals[i]), leaver.Known(&p.removals[i])
		for _, user := range known.Users {
			move(ref, owner[user.UserID])
		}
		if known.Attempt != nil && known.Attempt.Invites {
			keeps[ref] = true
		}
	}
	for _, invitation := range look.Invitations {
		if grant, ok := p.org.Ours(invitation); ok && p.tenant.Now().Before(invitation.ExpiresAt) {
			keeps[grant.Person] = true
		}
	}
	for ref := range keeps {
		delete(moved, ref)
	}
	return moved
}

// earlier is the Member of a person, nil when there is none.
func earlier(members []v1alpha1.Member, person string) *v1alpha1.Member {
	if person == "" {
		return nil // hardly anybody was another before, and there may be thousands
	}
	at := slices.IndexFunc(members, func(m v1alpha1.Member) bool {
		return m.DeletionTimestamp.IsZero() && ownership.PersonRef(string(m.Spec.Email)) == person
	})
	if at < 0 {
		return nil
	}
	return &members[at]
}
