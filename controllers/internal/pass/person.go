package pass

import (
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

// Declared are the people, by PersonRef, whom those of the Members declare that
// stay and lie inside the contract's domains, with the names of these Members.
func Declared(customer *v1alpha1.Customer, members []v1alpha1.Member) map[string]string {
	declared := make(map[string]string, len(members))
	for i := range members {
		member := &members[i]
		email := string(member.Spec.Email)
		if member.DeletionTimestamp.IsZero() && ownership.InDomains(email, Domains(customer)) {
			declared[ownership.PersonRef(email)] = member.Name
		}
	}
	return declared
}

// PersonOf tells whose a user is in the Customer, where granted is the person whom
// the user's grant names, empty for none.
func PersonOf(customer *v1alpha1.Customer, user auth0.User, granted string, declared map[string]string) string {
	now := ownership.PersonRef(user.Email)
	_, is := declared[now]
	profile := ownership.Profile{Email: user.Email, Vouched: user.EmailVerified || OwnConnection(customer, user), Granted: granted}
	return ownership.PersonOf(profile, map[string]bool{now: is})
}

// TooManyInvitations is what is told of an organization whose list of invitations is cut.
func TooManyInvitations(customer *v1alpha1.Customer) string {
	return fmt.Sprintf("organization %s has 2,000 invitations or more, and Auth0 lists no more than the newest and the oldest 1,000; delete those that expired or are not needed, in Auth0's dashboard or by its API",
		customer.OrganizationName())
}

// MovedOn is what a Member is told whose person has the address of another now.
func MovedOn(member string) string {
	return fmt.Sprintf("the Auth0 user of this person has the address of Member %s now, and is that Member's person: delete this Member, which takes nothing; if somebody else has this address now, ask for an invitation with the annotation %s",
		member, v1alpha1.AnnotationInviteRequestedAt)
}
