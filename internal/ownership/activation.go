package ownership

import "time"

// ActivationFacts is what is known of an organization that is to be put under
// the guard.
type ActivationFacts struct {
	// Wanted is whether the tenant has a guard.
	Wanted bool
	// Guarded is whether the organization's metadata says that it is under it.
	Guarded bool
	// New is whether the organization holds nobody yet, whom the guard could shut out.
	New bool
	// QuietSince is when sending stopped, zero when it has not.
	QuietSince time.Time
	// Unconfirmed counts holders, members with a seat, whose grant was not read back.
	Unconfirmed int
	// Strangers counts members of an adopted organization who have no seat; zero
	// for any other, whose strangers came in beside its owner.
	Strangers int
	// ObservedAt is when the facts were read from Auth0.
	ObservedAt time.Time
	// Lag is how long Auth0 may take to show a member.
	Lag time.Duration
}

// ActivationStep is what to do next about the guard.
type ActivationStep string

const (
	// ActivationNone: nothing is wanted, or everything is done.
	ActivationNone ActivationStep = "None"
	// ActivationConfirm: holders lack a confirmed grant; write and read those first.
	ActivationConfirm ActivationStep = "Confirm"
	// ActivationHold: members of an adopted organization would be shut out; a
	// person must declare or remove them.
	ActivationHold ActivationStep = "Hold"
	// ActivationQuiet: stop sending and wait out Auth0's lag.
	ActivationQuiet ActivationStep = "Quiet"
	// ActivationWait: sending has stopped; look again when the lag is over.
	ActivationWait ActivationStep = "Wait"
	// ActivationWrite: every holder is confirmed after the lag; write the access mark.
	ActivationWrite ActivationStep = "Write"
)

// Activate decides the next step. Nobody who holds a seat is shut out by it, nor
// anybody who was in an organization before it was adopted: the mark is written
// only when every grant was read back after a time in which nobody could join
// unseen.
func Activate(f ActivationFacts) ActivationStep {
	switch {
	case !f.Wanted || f.Guarded:
		return ActivationNone
	case f.New:
		return ActivationWrite
	case f.Unconfirmed > 0:
		return ActivationConfirm
	case f.Strangers > 0:
		return ActivationHold
	case f.QuietSince.IsZero():
		return ActivationQuiet
	case f.ObservedAt.Before(f.QuietSince.Add(f.Lag)):
		return ActivationWait
	}
	return ActivationWrite
}
