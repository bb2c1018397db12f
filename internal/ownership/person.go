package ownership

// Profile is what an Auth0 user says of whose it is.
type Profile struct {
	// Email that the user has now.
	Email string
	// Vouched: somebody who is believed says that the address is the user's.
	Vouched bool
	// Granted is the person whom the user's grant names, empty for none.
	Granted string
}

// PersonOf tells whose an Auth0 user is, by PersonRef: one user is one person.
// It is whoever is declared by the address that the user has now. Where nobody is,
// it stays the one whom its grant names; empty when there is none. So everybody
// who asks, in whatever order, is told the same.
func PersonOf(profile Profile, declared map[string]bool) string {
	if now := PersonRef(profile.Email); profile.Vouched && profile.Email != "" && declared[now] {
		return now
	}
	return profile.Granted
}
