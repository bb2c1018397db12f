// Package invitation decides what to do about a person's invitation now: pure,
// with Auth0's time passed in.
//
// Neither the presence of an invitation in Auth0 nor its absence proves
// anything: expired ones linger, and accepted, deleted and wrongly used ones
// all vanish. So it is judged by its time, and by membership.
package invitation

import (
	"slices"
	"time"
)

// Validity is how long a call that gives may be on its way.
const Validity = 15 * time.Second

// Margin is how much longer everybody else keeps away, for clocks that differ.
const Margin = 30 * time.Second

// Attempt is a call that gives, as it was recorded before it was made.
type Attempt struct {
	ID string
	// NotAfter is when the call is given up; zero when it certainly had no
	// effect and is still to be made.
	NotAfter time.Time
	// Invites: the call sends an invitation.
	Invites bool
}

// Clear tells when nobody's call of this attempt can take effect any more.
func (a Attempt) Clear() time.Time {
	if a.NotAfter.IsZero() {
		return time.Time{}
	}
	return a.NotAfter.Add(Margin)
}

// State is what became of the last invitation.
type State string

const (
	// Sent: the link is alive.
	Sent State = "Sent"
	// Accepted: the person joined.
	Accepted State = "Accepted"
	// Expired: nobody used the link in its time.
	Expired State = "Expired"
	// Consumed: another account used the link up, or somebody revoked it.
	Consumed State = "Consumed"
)

// Last is the invitation that was recorded last.
type Last struct {
	ID        string
	State     State
	ExpiresAt time.Time
}

// Seen is an invitation of ours to this person that Auth0 lists.
type Seen struct {
	ID        string
	Attempt   string
	CreatedAt time.Time
	ExpiresAt time.Time
}

// Facts are what is known about a person who holds a seat and is no member of
// the organization.
type Facts struct {
	// Now is Auth0's time.
	Now time.Time
	// Attempt that was recorded and not finished.
	Attempt *Attempt
	// Last invitation that was recorded.
	Last *Last
	// Seen invitations of ours to this person, and when they were listed.
	Seen     []Seen
	ListedAt time.Time
	// Truncated: further ones, which were not listed, may be alive.
	Truncated bool
	// Foreign are invitations to this person that others sent and that are waited
	// for.
	Foreign []Seen
	// GoneSince is when the last invitation was first found gone; zero when
	// it was not.
	GoneSince time.Time
	// Lag is how long Auth0 may take to show a new member.
	Lag time.Duration
	// Joined: the person is known to have belonged to it once.
	Joined bool
	// Requested: a new request to send the invitation again.
	Requested bool
	// Hold: nothing is sent now.
	Hold bool
}

// Step is what to do next.
type Step string

const (
	// Nothing to do; a person's click or request changes that.
	Nothing Step = "Nothing"
	// Missing: the person had joined and is no member any more, and was not invited
	// since. Not invited by itself.
	Missing Step = "Missing"
	// Wait until Decision.At.
	Wait Step = "Wait"
	// Look: list the invitations afresh, then decide again.
	Look Step = "Look"
	// Adopt: Decision.Seen is ours, or waited for, and not recorded; record it.
	Adopt Step = "Adopt"
	// Expire: the last invitation's time is over; record that.
	Expire Step = "Expire"
	// Consume: the last invitation vanished before its time and nobody joined; record that.
	Consume Step = "Consume"
	// Send an invitation, having deleted Decision.Supersede.
	Send Step = "Send"
	// Held: an invitation is due, and nothing is sent now.
	Held Step = "Held"
	// Unknown: an invitation may be out that the list, being cut, does not show.
	Unknown Step = "Unknown"
)

// Decision is a step with what it needs.
type Decision struct {
	Step Step
	// At is when to decide again at the latest, zero for no time.
	At time.Time
	// Seen goes with Adopt.
	Seen Seen
	// Supersede are the ids of earlier invitations of ours to this person.
	Supersede []string
}

// Decide says what to do about the invitation of a person who holds a seat and
// has not joined: a member is granted, and never invited.
func Decide(f Facts) Decision {
	switch {
	case f.Attempt != nil && f.Attempt.Invites:
		return f.unfinished()
	case f.Requested && (f.Joined || f.Last != nil):
		return f.send()
	case f.Joined && (f.Last == nil || f.Last.State == Accepted):
		return Decision{Step: Missing}
	case f.Last == nil:
		return f.first()
	case f.Last.State == Sent:
		return f.sent()
	}
	return Decision{Step: Nothing}
}

// unfinished finds out what became of an attempt that sends an invitation.
func (f Facts) unfinished() Decision {
	for _, seen := range f.Seen {
		if seen.Attempt == f.Attempt.ID {
			return Decision{Step: Adopt, Seen: seen}
		}
	}
	clear := f.Attempt.Clear()
	switch {
	case f.Now.Before(clear):
		return Decision{Step: Wait, At: clear}
	case f.ListedAt.Before(clear):
		return Decision{Step: Look}
	case f.Truncated && !clear.IsZero():
		return Decision{Step: Unknown}
	}
	return f.send()
}

// first decides for a person of whom no invitation is recorded.
func (f Facts) first() Decision {
	if f.ListedAt.IsZero() {
		return Decision{Step: Look}
	}
	if newest, ok := newest(f.Seen); ok {
		return Decision{Step: Adopt, Seen: newest}
	}
	if theirs, ok := newest(f.Foreign); ok && f.Now.Before(theirs.ExpiresAt) {
		return Decision{Step: Adopt, Seen: theirs}
	}
	if f.Truncated {
		return Decision{Step: Unknown}
	}
	return f.send()
}

// sent decides for an invitation whose link was alive when last looked at.
func (f Facts) sent() Decision {
	switch {
	case !f.Now.Before(f.Last.ExpiresAt):
		return Decision{Step: Expire}
	case f.GoneSince.IsZero():
		return Decision{Step: Wait, At: f.Last.ExpiresAt}
	case f.Now.Before(f.GoneSince.Add(f.Lag)):
		return Decision{Step: Wait, At: f.GoneSince.Add(f.Lag)}
	case f.ListedAt.Before(f.GoneSince.Add(f.Lag)):
		return Decision{Step: Look}
	}
	return Decision{Step: Consume}
}

func (f Facts) send() Decision {
	if f.Hold {
		return Decision{Step: Held}
	}
	var supersede []string
	if f.Last != nil {
		supersede = append(supersede, f.Last.ID)
	}
	for _, seen := range f.Seen {
		if !slices.Contains(supersede, seen.ID) {
			supersede = append(supersede, seen.ID)
		}
	}
	return Decision{Step: Send, Supersede: supersede}
}

func newest(all []Seen) (newest Seen, ok bool) {
	for _, seen := range all {
		if !ok || seen.CreatedAt.After(newest.CreatedAt) {
			newest, ok = seen, true
		}
	}
	return newest, ok
}
