package customer

import (
	"context"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// activating: sending has stopped until the organization is under the guard.
func (p *customerPass) activating() bool {
	return p.customer.Status.Activation != nil && p.customer.Status.Activation.QuietSince != nil
}

// confirming: holders' grants are yet to be seen before the guard takes effect.
func (p *customerPass) confirming() bool {
	return p.look != nil && p.facts.Guard != v1alpha1.GuardOff && !p.facts.Guarded && p.unconfirmed() > 0
}

// activate takes the next step to put the organization under the guard.
func (p *customerPass) activate(ctx context.Context) error {
	strangers, coming := p.strangers()
	facts := ownership.ActivationFacts{
		Wanted: p.facts.Guard != v1alpha1.GuardOff, Guarded: p.facts.Guarded, New: p.holdsNobody(),
		Unconfirmed: p.unconfirmed(), Strangers: strangers + coming, ObservedAt: p.look.At, Lag: directory.Lag,
	}
	if p.activating() {
		facts.QuietSince = p.customer.Status.Activation.QuietSince.Time
	}
	p.facts.Unconfirmed, p.facts.Strangers = facts.Unconfirmed+coming, strangers
	switch ownership.Activate(facts) {
	case ownership.ActivationNone:
		p.customer.Status.Activation = nil
	case ownership.ActivationConfirm:
		p.customer.Status.Activation = nil
		p.wait(p.LiveInterval)
	case ownership.ActivationHold:
		p.customer.Status.Activation = nil
	case ownership.ActivationQuiet:
		now := metav1.NewMicroTime(p.tenant.Now())
		p.customer.Status.Activation = &v1alpha1.Activation{QuietSince: &now}
		p.wait(directory.Lag)
	case ownership.ActivationWait:
		p.wait(facts.QuietSince.Add(directory.Lag).Sub(p.tenant.Now()))
	case ownership.ActivationWrite:
		p.customer.Status.Activation = nil
		return p.putUnderGuard(ctx)
	}
	return nil
}

// putUnderGuard writes the mark on the metadata as they are now: lists were read
// since they were read last, and others write there too.
func (p *customerPass) putUnderGuard(ctx context.Context) error {
	if err := p.readOrganizationNow(ctx, p.organization.ID); err != nil {
		return p.unread(err)
	}
	return p.writeOrganization(ctx, true)
}

// holdsNobody: neither Auth0 nor any Member knows of anybody who was given
// something in the organization.
func (p *customerPass) holdsNobody() bool {
	return len(p.look.Members)+len(p.look.Invitations)+len(p.look.Holders) == 0 &&
		!slices.ContainsFunc(p.members, func(m v1alpha1.Member) bool {
			return m.Status.Invitation != nil || m.Status.Attempt != nil || len(m.Status.Users) > 0
		})
}

// unconfirmed counts people with a seat who are in the organization and whose
// grant was not read back.
func (p *customerPass) unconfirmed() int {
	count := 0
	for i := range p.members {
		member := &p.members[i]
		if seatedHere(member) && p.inOrganization(member) && !p.invitedInstead(member) && (!confirmed(member) || !p.grantSeen(member)) {
			count++
		}
	}
	return count
}

// grantSeen: the look shows the person's grant.
func (p *customerPass) grantSeen(member *v1alpha1.Member) bool {
	ref := ownership.PersonRef(string(member.Spec.Email))
	return slices.ContainsFunc(p.look.HoldersOf(ref), func(holder directory.Holder) bool {
		_, ok := p.org.Granted(holder)
		return ok
	})
}

func (p *customerPass) inOrganization(member *v1alpha1.Member) bool {
	return len(p.look.MembersAt(string(member.Spec.Email))) > 0 ||
		slices.ContainsFunc(member.Status.Users, func(u v1alpha1.MemberUser) bool { return p.look.Listed(u.UserID) })
}

// confirmed: the Member's own pass has read the grant back. Whom Auth0 itself
// refuses holds it too.
func confirmed(member *v1alpha1.Member) bool {
	return slices.ContainsFunc(member.Status.Conditions, func(c metav1.Condition) bool {
		window := c.Reason == v1alpha1.ReasonContractNotStarted || c.Reason == v1alpha1.ReasonContractEnded || c.Reason == v1alpha1.ReasonSuspended
		return c.Type == v1alpha1.ConditionActive && (c.Reason == v1alpha1.ReasonJoined || c.Reason == v1alpha1.ReasonBlockedInAuth0 || window)
	})
}
