// Package removal decides what to take from a person who is removed, in which
// order, and when it is certain that nothing is left: pure.
//
// Removal is of an e-mail from an organization. A pass observes everything that
// could let the person in, takes it, and is repeated; the removal is confirmed
// by a pass, after Auth0's consistency window, that finds nothing to take.
package removal

import (
	"slices"
	"time"
)

// Profile is an Auth0 user that may be the person, read by its id.
type Profile struct {
	UserID string
	// Recorded: the Member's status names the user.
	Recorded bool
	// SameEmail: the user's address is the person's, without regard to case.
	SameEmail bool
	// Grant: the user holds a grant for the organization.
	Grant bool
	// GrantNames is the person that the grant names.
	GrantNames string
	// Member of the organization, by any list that says so.
	Member bool
	// RoleIDs in the organization that the operator may take.
	RoleIDs []string
	// Anothers: the user has the address of another live Member now.
	Anothers bool
	// Elsewhere: a member of other organizations too.
	Elsewhere bool
	// LastLogin is when the user last signed in, anywhere, zero for never.
	LastLogin time.Time
}

// ClockError is how far Auth0's time, as we know it, may be from that which it writes.
const ClockError = 3 * time.Second

// Progress is how far a removal came, by Auth0's time; zero is never.
type Progress struct {
	// StartedAt is when it began.
	StartedAt time.Time
	// ChangedAt is when a pass last began to take something.
	ChangedAt time.Time
	// TakenAt is when a pass last took everything that it saw.
	TakenAt time.Time
	// RevokedAt is when sessions were last ended.
	RevokedAt time.Time
	// Clear is when no earlier call that gives can take effect any more.
	Clear time.Time
	// Window is how long Auth0 may take to show what is there.
	Window time.Duration
}

// Taken tells whether the last pass that took something came to its end. Who died
// in the middle has everything to take once more.
func (p Progress) Taken() bool { return !p.TakenAt.IsZero() && !p.TakenAt.Before(p.ChangedAt) }

// Due is when the next pass has something to do: at once, or, when everything that
// was seen is taken, as soon as Auth0 must show what is left.
func (p Progress) Due() time.Time {
	if !p.Taken() {
		return time.Time{}
	}
	return latest(p.StartedAt.Add(p.Window), p.TakenAt.Add(p.Window), p.Clear)
}

// Facts are what one pass observed.
type Facts struct {
	Progress
	// Person stands for the e-mail address.
	Person string
	// Others stand for the addresses of the Customer's other live Members.
	Others []string
	// Profiles that may be the person.
	Profiles []Profile
	// InvitationIDs to the person's address.
	InvitationIDs []string
	// Truncated: an invitation to the person may be alive that was not listed.
	Truncated bool
	// GuardInEffect: the guard refuses whoever holds no grant.
	GuardInEffect bool

	// ObservedAt is when the pass began to look, by Auth0's time.
	ObservedAt time.Time
}

// Plan is what a pass takes, in this order.
type Plan struct {
	ClearGrants       []string
	DeleteInvitations []string
	RemoveRoles       map[string][]string
	RemoveMembers     []string
	Revoke            []string
	// Confirmed: nothing is left to take, and nothing can come any more.
	Confirmed bool
	// Unseen: nothing that was listed is left, and what was not keeps the removal
	// from being confirmed.
	Unseen bool
	// Again is when the next pass is due, when nothing was left to take.
	Again time.Time
}

// Takes tells whether the plan takes access from anybody.
func (p Plan) Takes() bool {
	return len(p.ClearGrants)+len(p.DeleteInvitations)+len(p.RemoveRoles)+len(p.RemoveMembers) > 0
}

// Decide plans one pass.
func Decide(f Facts) Plan {
	plan := Plan{DeleteInvitations: f.InvitationIDs}
	for _, p := range f.Profiles {
		if !f.isPerson(p) {
			continue
		}
		if p.Grant {
			plan.ClearGrants = append(plan.ClearGrants, p.UserID)
		}
		if p.Member {
			plan.RemoveMembers = append(plan.RemoveMembers, p.UserID)
		}
		if len(p.RoleIDs) > 0 {
			if plan.RemoveRoles == nil {
				plan.RemoveRoles = map[string][]string{}
			}
			plan.RemoveRoles[p.UserID] = p.RoleIDs
		}
		if f.revokes(p) {
			plan.Revoke = append(plan.Revoke, p.UserID)
		}
	}
	if plan.Takes() || !f.Taken() {
		return plan
	}
	if due := f.Due(); f.ObservedAt.Before(due) {
		plan.Again = due
		return plan
	}
	if len(plan.Revoke) > 0 {
		plan.Again = f.ObservedAt.Add(ClockError)
		return plan
	}
	plan.Confirmed, plan.Unseen = !f.Truncated, f.Truncated
	return plan
}

// isPerson tells whether what the profile holds here is to be taken. A profile that
// has the address of another live Member, or whose grant names another live Member is that Member's, whatever was recorded.
func (f Facts) isPerson(p Profile) bool {
	if p.Anothers || p.Grant && p.GrantNames != f.Person && slices.Contains(f.Others, p.GrantNames) {
		return false
	}
	return p.Recorded || p.SameEmail || (p.Grant && p.GrantNames == f.Person)
}

// revokes tells whether the profile's sessions are to be ended in this pass:
// once after the last change, for profiles that came by us, and again when the
// user has signed in since, while Auth0 may still have let them in here. Ending them signs the person out everywhere, so
// somebody who belongs to other organizations is spared where the guard already
// refuses this one.
func (f Facts) revokes(p Profile) bool {
	ours := p.Recorded || p.Grant
	spared := p.Elsewhere && f.GuardInEffect
	since := !p.LastLogin.IsZero() && p.LastLogin.Before(f.Due().Add(ClockError)) && f.RevokedAt.Before(p.LastLogin.Add(ClockError))
	done := !f.RevokedAt.IsZero() && !f.RevokedAt.Before(f.ChangedAt) && !p.Grant && !p.Member && !since
	return ours && !spared && !done
}

func latest(times ...time.Time) time.Time {
	return slices.MaxFunc(times, time.Time.Compare)
}
