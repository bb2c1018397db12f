package member

import (
	"context"
	"fmt"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// declaredOtherwise hands over to whoever else declares the address: another
// live Member, or the Customer's admins. Removal is of an address from a
// Customer, not of an object. released says that the finalizer may go.
func (p *memberPass) declaredOtherwise(ctx context.Context) (declared, released bool, err error) {
	heir, err := p.heir(ctx)
	switch {
	case err != nil:
		return false, false, err
	case heir != nil:
		if released, err = p.handOver(ctx, heir); released {
			err = p.unlist(ctx)
		}
		return true, released && err == nil, err
	case p.isAdmin():
		released, err = p.leaveToAdmins(ctx)
		return true, released, err
	}
	return false, false, nil
}

// unlist strikes the line that another Member's pass has written for this Member,
// whose removal has not begun: nobody must carry it on.
func (p *memberPass) unlist(ctx context.Context) error {
	return p.changeLine(ctx, func(entry *v1alpha1.WithdrawnPerson) bool {
		return entry.State != v1alpha1.WithdrawalWithdrawing || entry.Withdrawal != nil || entry.Member != p.member.Name
	})
}

// heir is another Member of the address that is not being deleted, read live,
// nil when there is none. One outside the contract's domains takes nothing over.
func (p *memberPass) heir(ctx context.Context) (*v1alpha1.Member, error) {
	members, err := p.listLive(ctx)
	if err != nil {
		return nil, err
	}
	var heir *v1alpha1.Member
	for i := range members {
		sibling := &members[i]
		if sibling.UID != p.member.UID && personOf(sibling) == p.ref() && takesOver(sibling) && (heir == nil || seated(sibling)) {
			heir = sibling
		}
	}
	return heir, nil
}

// takesOver: the Member stays, and its address lies inside the contract's domains.
func takesOver(member *v1alpha1.Member) bool {
	seat := member.Status.Seat
	never := seat != nil && (seat.Reason == v1alpha1.ReasonDomainNotAllowed || seat.Reason == v1alpha1.ReasonPersonMovedOn)
	return member.DeletionTimestamp.IsZero() && !never
}

// leaves: the Member is being deleted, and its removal is not done.
func leaves(member *v1alpha1.Member) bool {
	return !member.DeletionTimestamp.IsZero() && controllerutil.ContainsFinalizer(member, v1alpha1.Finalizer)
}

// personOf stands for the Member's address.
func personOf(member *v1alpha1.Member) string { return ownership.PersonRef(string(member.Spec.Email)) }

func seated(member *v1alpha1.Member) bool {
	return member.Status.Seat != nil && member.Status.Seat.State == v1alpha1.SeatAssigned
}

// inUse: the Member has a seat, or one that is being taken back.
func inUse(member *v1alpha1.Member) bool {
	seat := member.Status.Seat
	return seat != nil && (seat.State == v1alpha1.SeatAssigned || seat.State == v1alpha1.SeatWithdrawing)
}

// handOver: the heir has our finalizer, the ledger has seated it at no cost,
// what is known of the person is copied, read back, and only then let go.
// Nothing is sent to Auth0.
func (p *memberPass) handOver(ctx context.Context, heir *v1alpha1.Member) (released bool, err error) {
	nothing := p.member.Status.OrganizationID == "" || !inUse(p.member)
	if nothing && p.member.Status.Attempt == nil {
		return true, nil
	}
	if !controllerutil.ContainsFinalizer(heir, v1alpha1.Finalizer) || !seated(heir) {
		p.facts.Removing = fmt.Sprintf("Member %s of the same address takes over; waiting for its seat", heir.Name)
		p.wait(time.Second)
		return false, nil
	}
	if err := p.bequeath(ctx, heir); err != nil {
		return false, err
	}
	read := &v1alpha1.Member{}
	if err := p.Live.Get(ctx, client.ObjectKeyFromObject(heir), read); err != nil {
		return false, fmt.Errorf("read the Member that takes over: %w", err)
	}
	kept := read.UID == heir.UID && read.DeletionTimestamp.IsZero() && seated(read) && read.Status.OrganizationID == p.member.Status.OrganizationID
	if !kept {
		p.facts.Removing = fmt.Sprintf("Member %s of the same address takes over; looking again", heir.Name)
		p.wait(time.Second)
	}
	return kept, nil
}

// bequeath copies users, invitation and an open attempt to the heir, where it
// has none of its own, at the version that was read.
func (p *memberPass) bequeath(ctx context.Context, heir *v1alpha1.Member) error {
	before := heir.DeepCopy()
	from, to := p.member.Status, &heir.Status
	to.Tenant, to.OrganizationID = from.Tenant, from.OrganizationID
	addUsers(&to.Users, from.Users)
	if to.Invitation == nil {
		to.Invitation = from.Invitation
	}
	if to.Attempt == nil {
		to.Attempt = from.Attempt
	}
	return pass.WriteStatus(ctx, p.Client, before, heir)
}

func (p *memberPass) isAdmin() bool { return pass.IsAdmin(p.customer, p.ref()) }

// leaveToAdmins takes nothing from somebody whom the contract names: the Member
// comes back by itself and finds in Auth0 what the person holds. A call that is
// on its way is waited for, so that it is not made twice. Until the Member is back
// a line stands for the person: the contract may name them no more by then.
func (p *memberPass) leaveToAdmins(ctx context.Context) (released bool, err error) {
	left := attemptOf(p.member.Status.Attempt).Clear().Sub(p.auth0Now())
	if left > 0 {
		p.facts.Removing = "the contract names this person as an admin; waiting for a call that is on its way, then the Member comes back by itself"
		p.wait(left)
		return false, nil
	}
	if err := p.standIn(ctx); err != nil {
		return false, err
	}
	return true, nil
}

// auth0Now is the time of the tenant where something was given, this machine's
// while that tenant cannot be used.
func (p *memberPass) auth0Now() time.Time {
	if tenant, usable := p.Directory.Tenant(p.member.Status.Tenant); usable {
		return tenant.Now()
	}
	return p.Now()
}

// standIn holds the removal of an admin, which counts once the contract names the
// person no more. A removal that is under way, or done, keeps its line.
func (p *memberPass) standIn(ctx context.Context) error {
	if p.member.Status.OrganizationID == "" && p.customer.Status.OrganizationID == "" || neverGiven(p.member) {
		return nil
	}
	return p.changeList(ctx, func() error {
		if !p.isAdmin() {
			return pass.Wait(v1alpha1.ReasonWithdrawing, "the contract has just changed: looking again", time.Second)
		}
		entry := lineOf(p.customer, p.ref())
		if entry != nil && (entry.Withdrawal != nil && p.nothingKnown() || entry.State == v1alpha1.WithdrawalApproved || entry.State == v1alpha1.WithdrawalDestroying) {
			return nil
		}
		if !p.enter(p.entryOf(p.member, v1alpha1.WithdrawalHeld, p.Now())) {
			return p.listFull()
		}
		return nil
	})
}
