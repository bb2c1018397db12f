package customer

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/leaver"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/removal"
)

// held is what waits for approval: the deletion of the organization, or removals
// of its people. A Customer that lets its organization go removes nobody.
func (p *customerPass) held() *v1alpha1.HeldRemovals {
	if p.facts.Deleting != "" {
		return p.heldDeletion
	}
	hash, held := leaver.HeldHash(p.customer, p.removals)
	if held == 0 {
		return nil
	}
	return &v1alpha1.HeldRemovals{Hash: hash, People: int32(held), Of: v1alpha1.HeldPeople} //nolint:gosec // bounded by the number of objects
}

// refuseApproval is why an approval that is asked for approves nothing, nil when
// it does, or did.
func (p *customerPass) refuseApproval() *pass.Refusal {
	quoted, held := p.customer.Annotations[v1alpha1.AnnotationApproveRemovals], p.facts.Held
	switch {
	case quoted == p.customer.Status.LastHandledApproval:
		return nil
	case held == nil:
		return &pass.Refusal{Reason: v1alpha1.ReasonApprovalOutdated, Message: "approves nothing: no removal waits for approval"}
	case quoted == held.Hash:
		return nil
	}
	return &pass.Refusal{Reason: v1alpha1.ReasonApprovalOutdated, Message: fmt.Sprintf(
		"approves nothing: what is held now has the hash %s; approve it with %s=%s if it is meant", held.Hash, v1alpha1.AnnotationApproveRemovals, held.Hash)}
}

// holdDeletion asks the brake about everybody in the organization at once, of whom the
// organization is deleted, or the users when it is gone.
func (p *customerPass) holdDeletion(ctx context.Context, organizationID string, of v1alpha1.HeldKind) (held bool, err error) {
	people, err := p.peopleIn(ctx, organizationID)
	if err != nil {
		return false, err
	}
	hash := removal.Hash([]string{"organization", string(p.customer.UID), p.customer.DeletionTimestamp.UTC().Format(time.RFC3339)})
	facts := pass.BrakeLimits(p.customer, p.tenant.Spec())
	since := p.Now().Add(-removal.BrakeWindow)
	facts.People, facts.TenantRemoved = len(people), p.tenant.Removals(since, pass.RemovalName(p.customer, ""))
	facts.Removed = leaver.AdmittedLately(p.customer, p.Now())
	facts.TenantRemoved += facts.Removed
	facts.People += facts.Removed
	approved := p.customer.Status.LastHandledApproval == hash || p.customer.Annotations[v1alpha1.AnnotationApproveRemovals] == hash
	if !approved && len(people) > removal.Left(facts) {
		p.heldDeletion = &v1alpha1.HeldRemovals{Hash: hash, People: int32(len(people)), Of: of} //nolint:gosec // bounded by the number of objects
		what, undo := "deleting the organization removes its people at once (%d), and nothing is taken yet", "set spec.deletionPolicy to Retain"
		if of == v1alpha1.HeldUsers {
			what, undo = "the organization is gone, and the users of its people (%d) would be deleted at once; no user is deleted yet", "set spec.removal.user to Keep"
		}
		p.facts.Deleting = fmt.Sprintf(what+": approve with the annotation %s=%s, or %s", len(people), v1alpha1.AnnotationApproveRemovals, hash, undo)
		return true, nil
	}
	if approved && p.customer.Status.LastHandledApproval != hash {
		p.customer.Status.LastHandledApproval = hash
		p.facts.Deleting = "approved: deleting what was held"
		return false, p.write(ctx)
	}
	if !approved {
		for person := range people {
			p.tenant.NoteRemoval(pass.RemovalName(p.customer, person), p.Now())
		}
	}
	return false, nil
}

// peopleIn are those who hold something in the organization, as Members, Removals
// and Auth0 say; read live. Whom nobody declares counts too.
func (p *customerPass) peopleIn(ctx context.Context, organizationID string) (map[string]bool, error) {
	members, err := p.listLive(ctx)
	if err != nil {
		return nil, err
	}
	there, err := p.api().Members(ctx, organizationID)
	if err != nil && !auth0.IsNotFound(err) {
		return nil, pass.Auth0("list the organization's members", err, p.Now())
	}
	people, known := map[string]bool{}, map[string]bool{}
	for i := range members {
		s := members[i].Status
		if s.Attempt != nil || s.Invitation != nil || len(s.Users) > 0 || s.ObservedGeneration < 0 {
			people[ownership.PersonRef(string(members[i].Spec.Email))] = true
		}
		for _, user := range s.Users {
			known[user.UserID] = true
		}
	}
	removals, err := leaver.List(ctx, p.Live, p.customer.Namespace, p.customer.Name)
	if err != nil {
		return nil, err
	}
	for i := range removals {
		if leaver.StillHolds(&removals[i]) {
			people[leaver.Ref(&removals[i])] = true
		}
		for _, user := range leaver.Known(&removals[i]).Users {
			known[user.UserID] = true
		}
	}
	for _, person := range there {
		if !known[person.UserID] {
			people[ownership.PersonRef(cmp.Or(person.Email, person.UserID))] = true
		}
	}
	return people, nil
}
