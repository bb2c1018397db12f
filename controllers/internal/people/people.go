// Package people tells who the people of a Customer's Members are, and how they
// stand: pure, but for the lists.
package people

import (
	"context"
	"fmt"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/invitation"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// IndexPerson finds a Customer's Members of one address in the cache, whatever its case.
const IndexPerson = "person"

// Index is the key of a Member under IndexPerson.
func Index(obj client.Object) []string {
	member := obj.(*v1alpha1.Member)
	return []string{indexed(member.Spec.CustomerRef.Name, Ref(member))}
}

func indexed(customer, person string) string { return customer + "/" + person }

// Ref stands for a Member's address.
func Ref(member *v1alpha1.Member) string { return ownership.PersonRef(string(member.Spec.Email)) }

// Of are a Customer's Members of one address, as the cache shows them.
func Of(ctx context.Context, reader client.Reader, namespace, customer, person string) ([]v1alpha1.Member, error) {
	list := &v1alpha1.MemberList{}
	err := reader.List(ctx, list, client.InNamespace(namespace), client.MatchingFields{IndexPerson: indexed(customer, person)})
	if err != nil {
		return nil, fmt.Errorf("list the Members of an address: %w", err)
	}
	return list.Items, nil
}

// List are a Customer's Members; live where reader is.
func List(ctx context.Context, reader client.Reader, namespace, customer string) ([]v1alpha1.Member, error) {
	list := &v1alpha1.MemberList{}
	if err := reader.List(ctx, list, client.InNamespace(namespace), client.MatchingFields{v1alpha1.FieldCustomerRef: customer}); err != nil {
		return nil, fmt.Errorf("list Members: %w", err)
	}
	return list.Items, nil
}

// NoneHidden ends a pass that takes while a Member that cannot be read may declare the
// person: one of the Customer's without its address, or one of the namespace without its
// Customer.
func NoneHidden(ctx context.Context, reader client.Reader, namespace, customer string) error {
	nameless, err := Of(ctx, reader, namespace, customer, ownership.PersonRef(""))
	if err != nil {
		return err
	}
	return pass.NoneHidden(ctx, reader, namespace, nameless)
}

// TakesOver tells whether the Member stays, and may hold a seat: one outside the
// contract's domains, or whose person is another Member's, takes nothing over.
func TakesOver(member *v1alpha1.Member) bool {
	seat := member.Status.Seat
	never := seat != nil && (seat.Reason == v1alpha1.ReasonDomainNotAllowed || seat.Reason == v1alpha1.ReasonPersonMovedOn)
	return member.DeletionTimestamp.IsZero() && !never
}

// Leaves tells whether the Member is being deleted, and its removal is not done.
func Leaves(member *v1alpha1.Member) bool {
	return !member.DeletionTimestamp.IsZero() && controllerutil.ContainsFinalizer(member, v1alpha1.Finalizer)
}

// Seated tells whether the Member holds a seat.
func Seated(member *v1alpha1.Member) bool {
	return member.Status.Seat != nil && member.Status.Seat.State == v1alpha1.SeatAssigned
}

// InUse tells whether the Member has a seat, or one that is being taken back.
func InUse(member *v1alpha1.Member) bool {
	seat := member.Status.Seat
	return seat != nil && (seat.State == v1alpha1.SeatAssigned || seat.State == v1alpha1.SeatWithdrawing)
}

// NeverGiven tells whether the Member waited for a seat, or was refused one, and nothing
// was ever sent or given.
func NeverGiven(member *v1alpha1.Member) bool {
	s := member.Status
	seatless := s.Seat != nil && (s.Seat.State == v1alpha1.SeatWaiting || s.Seat.State == v1alpha1.SeatRefused)
	return seatless && s.OrganizationID == "" && s.Attempt == nil && s.Invitation == nil && len(s.Users) == 0
}

// Joined tells whether the person was a member, by our invitation or before there was one.
func Joined(s v1alpha1.MemberStatus) bool {
	return len(s.Users) > 0 && (s.Invitation == nil || s.Invitation.State == v1alpha1.InvitationAccepted)
}

// Attempt is a recorded attempt as the decisions know it, none when nil.
func Attempt(attempt *v1alpha1.Attempt) invitation.Attempt {
	if attempt == nil {
		return invitation.Attempt{}
	}
	out := invitation.Attempt{ID: attempt.ID, Invites: attempt.Invites}
	if attempt.NotAfter != nil {
		out.NotAfter = attempt.NotAfter.Time
	}
	return out
}

// AddUsers adds the users that are not known yet, up to ten.
func AddUsers(to *[]v1alpha1.MemberUser, users []v1alpha1.MemberUser) {
	for _, user := range users {
		known := slices.ContainsFunc(*to, func(u v1alpha1.MemberUser) bool { return u.UserID == user.UserID })
		if !known && len(*to) < 10 {
			*to = append(*to, user)
		}
	}
}
