package customer

import (
	"cmp"
	"slices"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/leaver"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// maxUnmanagedSample is how many people a status names.
const maxUnmanagedSample = 20

// unmanaged are the people in the organization whom nobody declares, nil when
// there are none: members, live invitations that others sent, and grants of
// ours. The sample has its order from what Auth0 knows them by. inside counts who
// of them is a member or holds a grant, each person once.
func (p *customerPass) unmanaged(members []v1alpha1.Member) (out *v1alpha1.Unmanaged, inside int32) {
	look := p.org.Latest()
	people, users := p.knownPeople(members)
	out = &v1alpha1.Unmanaged{}
	// persons inside by PersonRef, or by user where Auth0 tells no address; grantees
	// are the PersonRefs of users.
	persons, grantees := map[string]bool{}, map[string]string{}
	add := func(kind v1alpha1.UnmanagedKind, id, email string) {
		out.Sample = append(out.Sample, v1alpha1.UnmanagedPerson{Kind: kind, ID: id, Email: email})
	}
	for _, user := range look.Holders {
		if grant, ok := p.org.Granted(user); ok && !people[grant.Person] {
			out.Grants++
			persons[grant.Person], grantees[user.ID] = true, grant.Person
			add(v1alpha1.UnmanagedGrant, user.ID, user.Email)
		}
	}
	for _, person := range look.Members {
		if !users[person.UserID] && !people[ownership.PersonRef(person.Email)] {
			out.Members++
			persons[cmp.Or(grantees[person.UserID], refOf(person.Email), person.UserID)] = true
			add(v1alpha1.UnmanagedMember, person.UserID, person.Email)
		}
	}
	now := p.tenant.Now()
	for _, invitation := range look.Invitations {
		if !now.Before(invitation.ExpiresAt) {
			continue
		}
		switch grant, ours := p.org.Ours(invitation); {
		case ours && !people[grant.Person]:
			out.Grants++
			persons[grant.Person] = true
			add(v1alpha1.UnmanagedGrant, invitation.ID, invitation.Email)
		case !ours && !people[ownership.PersonRef(invitation.Email)]:
			out.Invitations++
			add(v1alpha1.UnmanagedInvitation, invitation.ID, invitation.Email)
		}
	}
	if len(out.Sample) == 0 {
		return nil, 0
	}
	out.Sample = sampleOf(out.Sample)
	return out, int32(len(persons)) //nolint:gosec // bounded by what Auth0 lists
}

// refOf is the PersonRef of an address, empty where there is none.
func refOf(email string) string {
	if email == "" {
		return ""
	}
	return ownership.PersonRef(email)
}

// knownPeople are those whom a Member declares or who are on their way out, by
// PersonRef and by user.
func (p *customerPass) knownPeople(members []v1alpha1.Member) (people, users map[string]bool) {
	people, users = map[string]bool{}, map[string]bool{}
	know := func(person string, recorded []v1alpha1.MemberUser) {
		people[person] = true
		for _, user := range recorded {
			users[user.UserID] = true
		}
	}
	for i := range members {
		know(ownership.PersonRef(string(members[i].Spec.Email)), members[i].Status.Users)
	}
	for i := range p.removals {
		know(leaver.Ref(&p.removals[i]), leaver.Known(&p.removals[i]).Users)
	}
	return people, users
}

// sampleOf is the beginning of a list in an order that does not change, without
// what a status has no room for.
func sampleOf(people []v1alpha1.UnmanagedPerson) []v1alpha1.UnmanagedPerson {
	people = slices.DeleteFunc(people, func(person v1alpha1.UnmanagedPerson) bool { return len(person.ID) > 512 })
	slices.SortFunc(people, func(a, b v1alpha1.UnmanagedPerson) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
	})
	people = slices.Clip(people[:min(len(people), maxUnmanagedSample)])
	for i := range people {
		if len(people[i].Email) > 320 {
			people[i].Email = ""
		}
	}
	return people
}
