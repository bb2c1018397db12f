package removal

import (
	"cmp"
	"slices"
	"time"
)

// Waiting is a removal that is not decided, or is held, as a round of its Customer sees it.
type Waiting struct {
	// Name of the Removal.
	Name string
	// RequestedAt is when it was asked for: who came first is decided first.
	RequestedAt time.Time
	// Declared: a Member that takes over declares the address.
	Declared bool
	// Admin: the contract names the address as an admin's.
	Admin bool
	// Orphaned: no deleted Member waits for it, as after its status was lost.
	Orphaned bool
	// Counted: a round that did not come to its end admitted it, and the brake counts it.
	Counted bool
	// HeldFor is why an earlier round held it, empty where none did. Approved: a person has
	// approved that since.
	HeldFor  HoldReason
	Approved bool
}

// HoldReason is why a removal is held.
type HoldReason string

const (
	// HoldAboveBrake: more people go at once than the brake lets through.
	HoldAboveBrake HoldReason = "AwaitingApproval"
	// HoldAdmin: the contract names the address as an admin's, whose Member comes back by itself.
	HoldAdmin HoldReason = "NamedAsAdmin"
	// HoldOrphaned: nobody can say any more that it is meant: its Member is gone, and so is the decision.
	HoldOrphaned HoldReason = "DecisionLost"
)

// Verdict is what a round decided about one removal.
type Verdict struct {
	Name string
	// Admitted: the person is removed; else it is held for the reason.
	Admitted bool
	// Approved: by a person, so that the brake does not count it.
	Approved bool
	// Counted: the brake counts it already.
	Counted bool
	Reason  HoldReason
}

// RoundSize is how many removals a round admits at most.
const RoundSize = 100

// DecideRound decides about the removals of one Customer: nobody is admitted who is declared, none
// whose Member is not there, and no more than left, but for those that are approved. More
// says that the round left some for another.
func DecideRound(waiting []Waiting, left int) (verdicts []Verdict, more bool) {
	waiting = slices.Clone(waiting)
	slices.SortFunc(waiting, func(a, b Waiting) int {
		return cmp.Or(a.RequestedAt.Compare(b.RequestedAt), cmp.Compare(a.Name, b.Name))
	})
	admitted := 0
	for _, w := range waiting {
		verdict, decided := decideOne(w, left)
		switch {
		case !decided:
			continue
		case verdict.Admitted && admitted == RoundSize:
			return verdicts, true
		case verdict.Admitted:
			admitted++
		}
		if verdict.Admitted && !verdict.Approved && !verdict.Counted {
			left--
		}
		verdicts = append(verdicts, verdict)
	}
	return verdicts, false
}

// decideOne decides about one removal where so many may still be admitted.
func decideOne(w Waiting, left int) (verdict Verdict, decided bool) {
	hold := func(reason HoldReason) (Verdict, bool) {
		return Verdict{Name: w.Name, Reason: reason}, w.HeldFor != reason
	}
	switch {
	case w.Declared:
		return Verdict{}, false
	case w.Admin:
		return hold(HoldAdmin)
	case w.Approved:
		return Verdict{Name: w.Name, Admitted: true, Approved: true}, true
	case w.HeldFor == HoldAdmin:
		return hold(HoldAboveBrake) // the contract names them no more: that alone removes nobody
	case w.HeldFor != "":
		return Verdict{}, false
	case w.Orphaned:
		return hold(HoldOrphaned)
	case left <= 0 && !w.Counted:
		return hold(HoldAboveBrake)
	}
	return Verdict{Name: w.Name, Admitted: true, Counted: w.Counted}, true
}

// MinuteOf is the minute of a time, since 1970.
func MinuteOf(at time.Time) int64 { return at.Unix() / 60 }

// Counts tells whether the brake still counts what was admitted in a minute.
func Counts(minute int64, now time.Time) bool {
	end := time.Unix(minute*60+59, 0)
	return end.After(now.Add(-BrakeWindow)) && end.Before(now.Add(BrakeWindow)) // a clock that ran ahead
}
