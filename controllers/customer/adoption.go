package customer

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

const (
	// takeUpValidity is how long after it was read the metadata may be written over.
	takeUpValidity = 3 * time.Second
	// markerSettles is how long after our marker was written over what stood there
	// it is read back: somebody else who read before we wrote has written by then,
	// or never will.
	markerSettles = 5 * time.Second
)

// own goes on only with an organization that is ours: it is, or it may be
// adopted or taken over, which is done here. Any other is not touched.
func (p *customerPass) own(ctx context.Context, found auth0.Organization) error {
	facts := ownership.TakeUpFacts{
		Claim: ownership.Judge(found.Metadata, p.owner()), Marker: ownership.Marker(found.Metadata),
		TakeOver: p.customer.Annotations[v1alpha1.AnnotationTakeOver], Adoption: p.adopts(), Listed: p.listedForAdoption(found.Name),
	}
	p.takeOver, p.takeOverJudged = refuseTakeOver(facts), true
	switch facts.Decide() {
	case ownership.TakeUpNothing:
		return p.markerSettled(found)
	case ownership.TakeUpAdopt:
		return p.takeUp(ctx, found, p.tenant.Now())
	case ownership.TakeUpTakeOver:
		return p.takeUp(ctx, found, time.Time{})
	case ownership.TakeUpNotListed:
		return pass.Person(v1alpha1.ReasonAdoptionNotListed, fmt.Sprintf(
			"organization %[1]s exists in Auth0 and is nobody's, and Auth0Tenant %[2]s does not let namespace %[3]s adopt it: add %[1]s to adopt in the entry of %[3]s in the tenant's spec.namespaces",
			found.Name, p.tenant.Name, p.customer.Namespace))
	}
	return p.conflict(found)
}

// refuseTakeOver is why a take-over that is asked for is not done, nil when it is,
// or when there is nothing to take over.
func refuseTakeOver(facts ownership.TakeUpFacts) *pass.Refusal {
	refusal := &pass.Refusal{Reason: v1alpha1.ReasonTakeOverMismatch}
	switch {
	case facts.Claim == ownership.Unmarked:
		refusal.Message = "takes nothing over: the organization has no mark; it can be adopted"
	case facts.Claim.Another() && facts.TakeOver != facts.Marker:
		refusal.Message = fmt.Sprintf("takes nothing over: the organization's mark is %s, and is to be quoted exactly", facts.Marker)
	default:
		return nil
	}
	return refusal
}

// conflict says what stands in the way and what can be done about it.
func (p *customerPass) conflict(found auth0.Organization) error {
	what := "exists in Auth0 and is not ours"
	remedy := fmt.Sprintf("to adopt it with its people, set spec.organization.adoption to %s and have it listed in the Auth0Tenant", v1alpha1.AdoptionIfListed)
	if marker := ownership.Marker(found.Metadata); marker != "" {
		what = "is marked as another's (" + marker + ")"
		remedy = fmt.Sprintf("if this Customer is to have it with its people from now on, set the annotation %s to %s", v1alpha1.AnnotationTakeOver, marker)
	}
	return pass.Person(v1alpha1.ReasonOrganizationConflict, fmt.Sprintf(
		"organization %s %s: it is left alone; %s; or choose another spec.organization.name in a new Customer", found.Name, what, remedy))
}

// adopts: the contract's owner wants an organization that exists.
func (p *customerPass) adopts() bool {
	return p.customer.Spec.Organization != nil && p.customer.Spec.Organization.Adoption == v1alpha1.AdoptionIfListed
}

// listedForAdoption: so do the tenant's admins.
func (p *customerPass) listedForAdoption(organization string) bool {
	return slices.ContainsFunc(p.tenant.Spec().Namespaces, func(grant v1alpha1.NamespaceGrant) bool {
		return grant.Name == p.customer.Namespace && slices.Contains(grant.Adopt, organization)
	})
}

// takeUp writes our marker over what stands there, on the metadata as they are
// now, and ends the pass: they know no compare-and-swap, so of two who write at
// once the one whose marker stands a while later has it. adoptedAt is zero for
// an organization that is taken over.
func (p *customerPass) takeUp(ctx context.Context, found auth0.Organization, adoptedAt time.Time) error {
	p.organization = found
	if _, err := p.findKey(ctx); err != nil {
		return err
	}
	ctx = auth0.WithFence(ctx, auth0.NewFence(p.tenant.Now().Add(takeUpValidity), takeUpValidity))
	var err error
	if p.organization, err = p.api().Organization(ctx, found.ID); err != nil {
		return pass.Auth0("read the organization", err, p.Now())
	}
	if ownership.Marker(p.organization.Metadata) != ownership.Marker(found.Metadata) {
		return pass.Wait(v1alpha1.ReasonProgressing, "the organization's marker has just changed: looking again; nothing is needed", time.Second)
	}
	p.adoptedAt = adoptedAt
	if err := p.writeOrganization(ctx, ownership.Guarded(p.organization.Metadata)); err != nil {
		return err
	}
	if p.observing() {
		return pass.ErrPlanEnds
	}
	p.tenant.Organization(found.ID).Distrust()
	p.tenant.Organization(found.ID).NoteMarked()
	return p.markerSettled(found)
}

// markerSettled goes on only when our marker has stood for long enough, whatever
// wakes the Customer before.
func (p *customerPass) markerSettled(found auth0.Organization) error {
	marked := p.tenant.Organization(found.ID).MarkedAt()
	left := marked.Add(markerSettles).Sub(p.tenant.Now())
	if marked.IsZero() || left <= 0 {
		return nil
	}
	return pass.Wait(v1alpha1.ReasonProgressing, fmt.Sprintf("organization %s was marked as ours: the marker is being read back; nothing is needed", found.Name), left)
}

// adopted: somebody else made the organization. Where its metadata were wiped, and
// the status too, whoever wanted one that exists is taken to have got it.
func (p *customerPass) adopted(organization auth0.Organization) bool {
	wiped := ownership.Marker(organization.Metadata) == ""
	return ownership.Adopted(organization.Metadata) || p.customer.Status.Adopted || wiped && p.adopts()
}

// strangers counts the members of an adopted organization whom the guard would
// shut out: their user is not that of a Member with a seat, nor about to be. Those
// about whose seat is yet to be decided are coming, and nobody must act for them.
func (p *customerPass) strangers() (count, coming int) {
	if !p.adopted(p.organization) {
		return 0, 0
	}
	users, about := map[string]bool{}, map[string]bool{}
	declared, decided := map[string]bool{}, map[string]bool{}
	for _, admin := range p.customer.Spec.Admins {
		declared[ownership.PersonRef(string(admin.Email))] = true
	}
	for i := range p.members {
		member := &p.members[i]
		if member.DeletionTimestamp.IsZero() {
			declared[ownership.PersonRef(string(member.Spec.Email))] = true
		}
		if member.Status.Seat != nil {
			decided[ownership.PersonRef(string(member.Spec.Email))] = true
		}
		if !seatedHere(member) {
			continue
		}
		for _, user := range member.Status.Users {
			users[user.UserID] = true
		}
		about[ownership.PersonRef(string(member.Spec.Email))] = !confirmed(member) && !p.invitedInstead(member)
	}
	for _, person := range p.look.Members {
		switch ref := ownership.PersonRef(person.Email); {
		case users[person.UserID] || about[ref]:
		case declared[ref] && !decided[ref]:
			coming++
		default:
			count++
		}
	}
	return count, coming
}

// seatedHere: the Member stays and has a seat.
func seatedHere(member *v1alpha1.Member) bool {
	return member.DeletionTimestamp.IsZero() && member.Status.Seat != nil && member.Status.Seat.State == v1alpha1.SeatAssigned
}

// invitedInstead: a member of the adopted organization has the Member's address
// and was not taken for the person, whose address nobody vouches for.
func (p *customerPass) invitedInstead(member *v1alpha1.Member) bool {
	status := member.Status
	return p.adopted(p.organization) && len(status.Users) == 0 && status.Invitation != nil && status.Invitation.State != v1alpha1.InvitationAccepted
}
