package customer

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/leaver"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/controllers/internal/people"
	"github.com/seatwarden/seatwarden/internal/removal"
)

// removalRound is what one round knows: a Customer, its Removals and its Members, read
// live in this order, and the ledger as the round leaves it.
type removalRound struct {
	customer *v1alpha1.Customer
	removals []v1alpha1.Removal
	members  []v1alpha1.Member
	now      time.Time
	byName   map[string]*v1alpha1.Removal
	// leaving are the Members, by UID, that wait for their Removal.
	leaving map[types.UID]bool
	// counted are those that the ledger counts already.
	counted map[string]bool
	ledger  v1alpha1.RemovalLedger
	// handled is the approval that the round takes up, empty for none.
	handled string
}

func newRound(customer *v1alpha1.Customer, removals []v1alpha1.Removal, members []v1alpha1.Member, now time.Time) *removalRound {
	round := &removalRound{customer: customer, removals: removals, members: members, now: now, byName: map[string]*v1alpha1.Removal{}, counted: map[string]bool{}, leaving: map[types.UID]bool{}}
	for i := range members {
		if people.Leaves(&members[i]) {
			round.leaving[members[i].UID] = true
		}
	}
	for i := range removals {
		round.byName[removals[i].Name] = &removals[i]
	}
	if customer.Status.Removals != nil {
		round.ledger = *customer.Status.Removals.DeepCopy()
	}
	return round
}

// settle takes off the ledger what a round before left there. Who was counted and may not be
// admitted yet is decided anew, and not counted twice.
func (r *removalRound) settle() bool {
	left := len(r.ledger.Deciding) > 0
	for _, entry := range r.ledger.Deciding {
		found := r.byName[entry.Name]
		r.counted[entry.Name] = found != nil && found.UID == entry.UID && found.ResourceVersion == entry.ResourceVersion
	}
	r.ledger.Deciding = nil
	return left
}

// approve takes up an approval that names exactly what is held, and returns it: all that was
// held until this round is approved by it, whoever writes it down. While somebody is about to be
// decided it waits: who is held then was not seen by who approved.
func (r *removalRound) approve(waiting []removal.Waiting) (hash string, later bool) {
	quoted := r.customer.Annotations[v1alpha1.AnnotationApproveRemovals]
	hash, held := leaver.HeldHash(r.customer, r.removals)
	if held == 0 || quoted != hash {
		return "", false
	}
	if slices.ContainsFunc(waiting, func(w removal.Waiting) bool { return w.HeldFor == "" && !w.Declared }) {
		return "", true
	}
	r.ledger.ApprovedRound, r.handled = r.ledger.Round, hash
	return hash, false
}

// waiting are the Removals that are not decided, or are held.
func (r *removalRound) waiting() (out []removal.Waiting) {
	declared := map[string]bool{}
	for i := range r.members {
		if people.TakesOver(&r.members[i]) {
			declared[people.Ref(&r.members[i])] = true
		}
	}
	for i := range r.removals {
		found := &r.removals[i]
		state := leaver.StateOf(found)
		if state != v1alpha1.RemovalPending && state != v1alpha1.RemovalHeld || found.Unreadable != "" {
			continue // nothing is decided by half an object
		}
		ref := leaver.Ref(found)
		w := removal.Waiting{
			Name: found.Name, RequestedAt: found.Spec.RequestedAt.Time, Declared: declared[ref], Admin: pass.IsAdmin(r.customer, ref),
			Orphaned: !r.carried(found), Counted: r.counted[found.Name],
		}
		if state == v1alpha1.RemovalHeld {
			w.HeldFor = heldFor(found)
			w.Approved = r.approves(found, w)
		}
		out = append(out, w)
	}
	return out
}

// carried tells whether a deleted Member waits for the Removal.
func (r *removalRound) carried(found *v1alpha1.Removal) bool {
	return r.leaving[found.Spec.Member.UID] ||
		slices.ContainsFunc(found.Status.Carries, func(c v1alpha1.CarriedMember) bool { return r.leaving[c.UID] })
}

// approves tells whether a person approved a removal that is held. An admin's is in no approval
// while the contract names them.
func (r *removalRound) approves(found *v1alpha1.Removal, w removal.Waiting) bool {
	decision := found.Status.Decision
	earlier := decision != nil && decision.Round <= r.ledger.ApprovedRound && w.HeldFor != removal.HoldAdmin
	return earlier || r.handled != "" && !w.Admin
}

// heldFor is why a Removal is held.
func heldFor(found *v1alpha1.Removal) removal.HoldReason {
	if found.Status.Decision == nil || found.Status.Decision.Reason == "" {
		return removal.HoldOrphaned
	}
	return removal.HoldReason(found.Status.Decision.Reason)
}

// admittedLately is how many removals the brake still counts; older ones leave the ledger.
func (r *removalRound) admittedLately() (count int) {
	r.ledger.Admitted = slices.DeleteFunc(r.ledger.Admitted, func(m v1alpha1.AdmittedRemovals) bool { return !removal.Counts(m.Minute, r.now) })
	for _, minute := range r.ledger.Admitted {
		count += int(minute.Count)
	}
	return count
}

// people is how many hold something, or did when the brake's period began, where so many were removed
// since.
func (r *removalRound) people(removed int) int {
	refs := map[string]bool{}
	for i := range r.members {
		if !people.NeverGiven(&r.members[i]) {
			refs[people.Ref(&r.members[i])] = true
		}
	}
	known := 0
	for i := range r.removals {
		found := &r.removals[i]
		decision := found.Status.Decision
		counted := decision != nil && decision.Outcome == v1alpha1.DecisionAdmitted && decision.ApprovedAt == nil &&
			removal.Counts(removal.MinuteOf(decision.At.Time), r.now)
		if counted {
			known++
		}
		if counted || leaver.Undone(found) {
			refs[leaver.Ref(found)] = true
		}
	}
	return len(refs) + max(0, removed-known)
}

// enter writes verdicts into the ledger: as one more round.
func (r *removalRound) enter(verdicts []removal.Verdict) {
	if len(verdicts) == 0 {
		return
	}
	r.ledger.Round++
	var counted int32
	for _, verdict := range verdicts {
		if !verdict.Admitted || verdict.Approved {
			continue
		}
		if !verdict.Counted {
			counted++
		}
		found := r.byName[verdict.Name]
		r.ledger.Deciding = append(r.ledger.Deciding, v1alpha1.DecidingRemoval{Name: found.Name, UID: found.UID, ResourceVersion: found.ResourceVersion})
	}
	if counted == 0 {
		return
	}
	minute := removal.MinuteOf(r.now)
	at := slices.IndexFunc(r.ledger.Admitted, func(m v1alpha1.AdmittedRemovals) bool { return m.Minute == minute })
	if at < 0 {
		at = len(r.ledger.Admitted)
		r.ledger.Admitted = append(r.ledger.Admitted, v1alpha1.AdmittedRemovals{Minute: minute})
	}
	r.ledger.Admitted[at].Count += counted
}
