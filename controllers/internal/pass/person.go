package pass

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// OwnConnection tells whether a user lives in an enterprise connection of the Customer.
func OwnConnection(customer *v1alpha1.Customer, user auth0.User) bool {
	return slices.ContainsFunc(customer.Status.Connections, func(c v1alpha1.EnabledConnection) bool {
		return auth0.EnterpriseStrategy(c.Strategy) && slices.Contains(user.Connections, c.Name)
	})
}

// Declarations are the people whom a Customer's Members declare.
type Declarations struct {
	// Names of the Members, by PersonRef.
	Names map[string]string
	// named are the Members that name a user, by its id.
	named map[string]*v1alpha1.Member
}

// Declared are the people whom those of the Members declare that stay and lie inside
// the contract's domains.
func Declared(customer *v1alpha1.Customer, members []v1alpha1.Member) Declarations {
	declared := Declarations{Names: make(map[string]string, len(members)), named: map[string]*v1alpha1.Member{}}
	for i := range members {
		if member := &members[i]; member.DeletionTimestamp.IsZero() && ownership.InDomains(string(member.Spec.Email), Domains(customer)) {
			declared.Add(member)
		}
	}
	return declared
}

// Add adds a Member. Of several that name one user the oldest has it.
func (d Declarations) Add(member *v1alpha1.Member) {
	d.Names[ownership.PersonRef(string(member.Spec.Email))] = member.Name
	id := member.Spec.UserID
	if id == "" {
		return
	}
	if other := d.named[id]; other == nil || cmp.Or(member.CreationTimestamp.Compare(other.CreationTimestamp.Time), cmp.Compare(member.Name, other.Name)) < 0 {
		d.named[id] = member
	}
}

// PersonOf tells whose a user is in the Customer, where granted is the person whom
// the user's grant names, empty for none. A Member that names the user has it, if the
// user signs in through one of the Customer's own connections.
func PersonOf(customer *v1alpha1.Customer, user auth0.User, granted string, declared Declarations) string {
	own := OwnConnection(customer, user)
	if member := declared.named[user.ID]; member != nil && own {
		return ownership.PersonRef(string(member.Spec.Email))
	}
	now := ownership.PersonRef(user.Email)
	_, is := declared.Names[now]
	profile := ownership.Profile{Email: user.Email, Vouched: user.EmailVerified || own, Granted: granted}
	return ownership.PersonOf(profile, map[string]bool{now: is})
}

// TooManyInvitations is what is told of an organization whose list of invitations is cut.
func TooManyInvitations(customer *v1alpha1.Customer) string {
	return fmt.Sprintf("organization %s has 2,000 invitations or more, and Auth0 lists no more than the newest and the oldest 1,000; delete those that expired or are not needed, in Auth0's dashboard or by its API",
		customer.OrganizationName())
}

// MovedOn is what a Member is told whose person has the address of another now.
func MovedOn(member string) string {
	return fmt.Sprintf("the Auth0 user of this person has the address of Member %s now, or is named by it, and is that Member's person: delete this Member, which takes nothing; if somebody else has this address now, ask for an invitation with the annotation %s",
		member, v1alpha1.AnnotationInviteRequestedAt)
}
