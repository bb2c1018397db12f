package removal

import "time"

// DestroyFacts are what is read of a removed person's user when the grace is over.
type DestroyFacts struct {
	// Grants: the user holds a grant of ours, for whatever organization.
	Grants bool
	// Identities of the user.
	Identities int
	// InvitedAt is when our invitation that the person accepted was sent, zero
	// when none was; CreatedAt is when the user came to be.
	InvitedAt, CreatedAt time.Time
	// OwnConnection: the user lives in an enterprise connection of this Customer,
	// and no other Customer uses it.
	OwnConnection bool
	// Organizations that the user is a member of.
	Organizations int
}

// KeepUser says why a user must not be deleted, empty when it may be: what is
// deleted must be nobody else's, and must have come by us.
func KeepUser(f DestroyFacts) string {
	switch {
	case f.Grants:
		return "the user holds a seat again, or one elsewhere"
	case f.InvitedAt.IsZero():
		return "the user did not come by our invitation"
	case f.CreatedAt.Before(f.InvitedAt):
		return "the user was there before our invitation"
	case f.Identities != 1:
		return "the user does not have exactly one identity"
	case !f.OwnConnection:
		return "the user is not known to live in an enterprise connection that only this Customer uses"
	case f.Organizations > 0:
		return "the user is a member of an organization"
	}
	return ""
}
