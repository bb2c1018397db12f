package member

import (
	"context"
	"fmt"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/leaver"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/controllers/internal/people"
	"github.com/seatwarden/seatwarden/internal/status"
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
		released, err = p.handOver(ctx, heir)
		return true, released, err
	case p.isAdmin() && p.callOnItsWay():
		return true, false, nil
	}
	// An admin's removal is held: what stands for the person until their Member is back.
	return false, false, nil
}

// heir is another Member of the address that is not being deleted, nil when there is none. One
// outside the contract's domains takes nothing over. One that the cache shows is read past it: it may be
// gone, and nobody is let go for it. What the cache does not show yet the Customer's round sees, and
// admits nobody who is declared.
func (p *memberPass) heir(ctx context.Context) (*v1alpha1.Member, error) {
	siblings, err := p.siblings(ctx, p.ref())
	if err != nil {
		return nil, err
	}
	var heir *v1alpha1.Member
	for i := range siblings {
		sibling := &siblings[i]
		if !people.TakesOver(sibling) {
			continue
		}
		err := p.Live.Get(ctx, client.ObjectKeyFromObject(sibling), sibling)
		if client.IgnoreNotFound(err) != nil {
			return nil, fmt.Errorf("read the Member that takes over: %w", err)
		}
		if err == nil && people.TakesOver(sibling) && people.Ref(sibling) == p.ref() && (heir == nil || people.Seated(sibling)) {
			heir = sibling
		}
	}
	return heir, nil
}

// callOnItsWay waits for a call that is on its way, so that it is not made twice by the Member that
// comes back.
func (p *memberPass) callOnItsWay() bool {
	left := people.Attempt(p.member.Status.Attempt).Clear().Sub(p.auth0Now())
	if left > 0 {
		p.facts.Removing = "the contract names this person as an admin; waiting for a call that is on its way, then the Member comes back by itself"
		p.wait(left)
	}
	return left > 0
}

// handOver: the heir has our finalizer, the ledger has seated it at no cost,
// what is known of the person is copied, read back, and only then let go.
// Nothing is sent to Auth0.
func (p *memberPass) handOver(ctx context.Context, heir *v1alpha1.Member) (released bool, err error) {
	if p.nothingToBequeath() {
		return true, nil
	}
	if !p.readyFor(heir) {
		return false, nil
	}
	before := heir.DeepCopy()
	leaver.Bequeath(leaver.KnownOf(p.member.Status), p.member.Status.Tenant, p.member.Status.OrganizationID, heir)
	if err := pass.WriteStatus(ctx, p.Client, before, heir); err != nil {
		return false, err
	}
	read := &v1alpha1.Member{}
	if err := p.Live.Get(ctx, client.ObjectKeyFromObject(heir), read); err != nil {
		return false, fmt.Errorf("read the Member that takes over: %w", err)
	}
	kept := read.UID == heir.UID && read.DeletionTimestamp.IsZero() && people.Seated(read) && read.Status.OrganizationID == p.member.Status.OrganizationID
	if !kept {
		p.facts.Removing = fmt.Sprintf("Member %s of the same address takes over; looking again", heir.Name)
		p.wait(time.Second)
	}
	return kept, nil
}

func (p *memberPass) nothingToBequeath() bool {
	nothing := p.member.Status.OrganizationID == "" || !people.InUse(p.member)
	return nothing && p.member.Status.Attempt == nil
}

// readyFor tells whether the heir can take over, and waits for that.
func (p *memberPass) readyFor(heir *v1alpha1.Member) bool {
	ready := controllerutil.ContainsFinalizer(heir, v1alpha1.Finalizer) && people.Seated(heir)
	if !ready {
		p.facts.Removing = fmt.Sprintf("Member %s of the same address takes over; waiting for its seat", heir.Name)
		p.wait(time.Second)
	}
	return ready
}

// followUndecided hands over to a Member of the address that came before anything was decided: first
// the Removal ends, at the version that was read, so that nobody is admitted who is handed over.
func (p *memberPass) followUndecided(ctx context.Context, found *v1alpha1.Removal) (released bool, err error) {
	heir, err := p.heir(ctx)
	if err != nil {
		return false, err
	}
	if heir == nil || !p.nothingToBequeath() && !p.readyFor(heir) {
		if heir == nil {
			p.facts.Removing = "the person is about to be removed"
			p.quietFor()
			p.wait(takeOverRetry) // for a Member of the address that comes meanwhile
		}
		return false, nil
	}
	before := found.DeepCopy()
	found.Status.State, found.Status.Outcome = v1alpha1.RemovalDone, v1alpha1.OutcomeTakenOver
	found.Status = status.Removal(found, status.RemovalFacts{Now: p.Now()})
	if err := pass.WriteStatus(ctx, p.Client, before, found); err != nil {
		return false, err
	}
	return p.bequeathOrRejoin(ctx, found)
}

// bequeathOrRejoin hands over to the Member of the address for which the Removal ended. If that is being
// deleted by now, the person is removed after all.
func (p *memberPass) bequeathOrRejoin(ctx context.Context, found *v1alpha1.Removal) (released bool, err error) {
	heir, err := p.heir(ctx)
	if err != nil {
		return false, err
	}
	if heir != nil {
		return p.handOver(ctx, heir)
	}
	return false, p.rejoin(ctx, found)
}

func (p *memberPass) isAdmin() bool { return pass.IsAdmin(p.customer, p.ref()) }

// auth0Now is the time of the tenant where something was given, this machine's
// while that tenant cannot be used.
func (p *memberPass) auth0Now() time.Time {
	if tenant, usable := p.Directory.Tenant(p.member.Status.Tenant); usable {
		return tenant.Now()
	}
	return p.Now()
}
