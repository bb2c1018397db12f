// Package leaver is about people on the way out of a Customer: the Removals that stand
// for them, and the pass that takes from one of them.
package leaver

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/controllers/internal/people"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/removal"
)

// Name of the Removal of a person from a Customer: there is at most one.
func Name(customer, person string) string { return customer + "-" + person }

// Ref stands for the address of the person.
func Ref(r *v1alpha1.Removal) string { return ownership.PersonRef(string(r.Spec.Email)) }

// Find reads a person's Removal, nil when there is none. Another's of the same name is
// none of theirs.
func Find(ctx context.Context, reader client.Reader, namespace, customer, person string) (*v1alpha1.Removal, error) {
	found := &v1alpha1.Removal{}
	err := reader.Get(ctx, client.ObjectKey{Namespace: namespace, Name: Name(customer, person)}, found)
	if client.IgnoreNotFound(err) != nil {
		return nil, fmt.Errorf("read the Removal: %w", err)
	}
	if found.Spec.CustomerRef.Name != customer || Ref(found) != person {
		return nil, nil //nolint:nilnil // there is none
	}
	return found, nil
}

// List are a Customer's Removals; live where reader is.
func List(ctx context.Context, reader client.Reader, namespace, customer string) ([]v1alpha1.Removal, error) {
	list := &v1alpha1.RemovalList{}
	if err := reader.List(ctx, list, client.InNamespace(namespace), client.MatchingFields{v1alpha1.FieldCustomerRef: customer}); err != nil {
		return nil, fmt.Errorf("list Removals: %w", err)
	}
	return list.Items, nil
}

// StateOf is how far a Removal is.
func StateOf(r *v1alpha1.Removal) v1alpha1.RemovalState {
	return cmp.Or(r.Status.State, v1alpha1.RemovalPending)
}

// Known is all that is known of the person.
func Known(r *v1alpha1.Removal) v1alpha1.Known {
	known := *r.Spec.Known.DeepCopy()
	if learned := r.Status.Known; learned != nil {
		known = *learned.DeepCopy()
		people.AddUsers(&known.Users, r.Spec.Known.Users)
	}
	return known
}

// KnownOf is what a Member's status knows of its person.
func KnownOf(s v1alpha1.MemberStatus) v1alpha1.Known {
	return v1alpha1.Known{Joined: people.Joined(s), Attempt: s.Attempt, Invitation: s.Invitation, Users: slices.Clone(s.Users)}
}

// Inherit adds to what is known what was known earlier: a Member that was applied again
// and deleted at once knows nothing itself.
func Inherit(known *v1alpha1.Known, earlier v1alpha1.Known) {
	people.AddUsers(&known.Users, earlier.Users)
	known.Joined = known.Joined || earlier.Joined
	known.Invitation, known.Attempt = cmp.Or(known.Invitation, earlier.Invitation), cmp.Or(known.Attempt, earlier.Attempt)
}

// Undone tells whether what the person holds is still to be taken, or held.
func Undone(r *v1alpha1.Removal) bool {
	switch StateOf(r) {
	case v1alpha1.RemovalPending, v1alpha1.RemovalHeld, v1alpha1.RemovalRemoving:
		return true
	}
	return false
}

// StillHolds tells whether what the person was given is not certainly taken yet,
// whether there is a Member or not: the seat is in use. So it is where the Removal
// cannot be read.
func StillHolds(r *v1alpha1.Removal) bool {
	known := Known(r)
	return r.Unreadable != "" || Undone(r) && (known.Attempt != nil || known.Invitation != nil || len(known.Users) > 0)
}

// Carries tells whether the removal is that of a Member, too.
func Carries(r *v1alpha1.Removal, member types.UID) bool {
	return r.Spec.Member.UID == member || slices.ContainsFunc(r.Status.Carries, func(c v1alpha1.CarriedMember) bool { return c.UID == member })
}

// Carried tells whether one of the Members is being deleted and waits for the removal.
func Carried(r *v1alpha1.Removal, members []v1alpha1.Member) bool {
	return slices.ContainsFunc(members, func(m v1alpha1.Member) bool { return people.Leaves(&m) && Carries(r, m.UID) })
}

// Heir is a Member of the person that takes over, one with a seat if there is any; nil for none. One that the
// Removal carries was deleted, whatever the cache still shows.
func Heir(r *v1alpha1.Removal, members []v1alpha1.Member) *v1alpha1.Member {
	var heir *v1alpha1.Member
	for i := range members {
		member := &members[i]
		if people.Ref(member) == Ref(r) && people.TakesOver(member) && !Carries(r, member.UID) && (heir == nil || people.Seated(member)) {
			heir = member
		}
	}
	return heir
}

// Bequeath gives what is known of a person, and where they were given something, to the Member
// that takes over, as far as it knows nothing itself.
func Bequeath(known v1alpha1.Known, tenant, organizationID string, heir *v1alpha1.Member) {
	to := &heir.Status
	to.Tenant, to.OrganizationID = tenant, organizationID
	people.AddUsers(&to.Users, known.Users)
	to.Invitation, to.Attempt = cmp.Or(to.Invitation, known.Invitation), cmp.Or(to.Attempt, known.Attempt)
}

// Clear is when no call that gives can take effect any more.
func Clear(r *v1alpha1.Removal) time.Time { return people.Attempt(Known(r).Attempt).Clear() }

// HeldHash is the hash of a Customer's Removals that wait for approval, and how many
// they are; an admin's is none while the contract names them. A deletion of the
// Customer that is held is one of its own.
func HeldHash(customer *v1alpha1.Customer, removals []v1alpha1.Removal) (hash string, held int) {
	var lines []string
	for i := range removals {
		r := &removals[i]
		if StateOf(r) == v1alpha1.RemovalHeld && !pass.IsAdmin(customer, Ref(r)) {
			lines = append(lines, Ref(r)+" "+r.Spec.RequestedAt.UTC().Format(metav1.RFC3339Micro))
		}
	}
	if len(lines) == 0 {
		return "", 0
	}
	return removal.Hash(lines), len(lines)
}

// AdmittedLately is how many removals the brake let through, and still counts.
func AdmittedLately(customer *v1alpha1.Customer, now time.Time) (count int) {
	if customer.Status.Removals == nil {
		return 0
	}
	for _, minute := range customer.Status.Removals.Admitted {
		if removal.Counts(minute.Minute, now) {
			count += int(minute.Count)
		}
	}
	return count
}
