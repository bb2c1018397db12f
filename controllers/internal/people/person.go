package people

import (
	"slices"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// Person is somebody by their address and the users that are known as theirs.
type Person struct {
	// Email that is declared.
	Email string
	// Users in Auth0 that are the person, at most ten.
	Users []v1alpha1.MemberUser
}

// Ref stands for the person's address.
func (p Person) Ref() string { return ownership.PersonRef(p.Email) }

// Recorded tells whether a user is known as the person's.
func (p Person) Recorded(userID string) bool {
	return slices.ContainsFunc(p.Users, func(u v1alpha1.MemberUser) bool { return u.UserID == userID })
}

// Candidates are the ids of users that may be the person and a member: those
// recorded, those whose grant names the person, and members with the address.
func (p Person) Candidates(look *directory.Observation) []string {
	var ids []string
	add := func(id string) {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	for _, user := range p.Users {
		add(user.UserID)
	}
	// Of any key: a removal may come before the organization's own is known.
	for _, holder := range look.HoldersOf(p.Ref()) {
		add(holder.ID)
	}
	for _, member := range look.MembersAt(p.Email) {
		add(member.UserID)
	}
	return ids
}

// Spellings are those of the address under which Auth0 may keep it: its look-up is exact.
func (p Person) Spellings() []string {
	out := []string{p.Email}
	if lower := ownership.FoldEmail(p.Email); lower != p.Email {
		out = append(out, lower)
	}
	return out
}

// SeenSpellings are all spellings of the address that were ever seen.
func (p Person) SeenSpellings() []string {
	out := p.Spellings()
	for _, user := range p.Users {
		if user.Email != "" && !slices.Contains(out, user.Email) {
			out = append(out, user.Email)
		}
	}
	return out
}
