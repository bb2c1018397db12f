// Package seats decides who gets a seat: pure, like a scheduler's queue. The
// Customer's reconciler carries its plans out, one round at a time.
//
// A round reads the Customer live, then lists its Members live, settles the
// ledger, and plans. What it plans is written to the ledger by compare-and-swap
// at the Customer's version that was read first, and then to each Member at the
// version that was listed: never at one that was read after the swap.
package seats

import (
	"cmp"
	"slices"
	"time"
)

// MaxAssignments is how many Members stand on the ledger at once.
const MaxAssignments = 100

// State is what was decided about a person's seat, empty for nothing yet.
type State string

const (
	// Assigned: holds a seat.
	Assigned State = "Assigned"
	// Waiting: there is no free seat.
	Waiting State = "Waiting"
	// Refused: can have none until something is changed.
	Refused State = "Refused"
	// Withdrawing: the seat is being taken back; it is in use until that is confirmed.
	Withdrawing State = "Withdrawing"
)

// Reason says why a person waits or is refused.
type Reason string

const (
	// SeatAssigned: holds a seat.
	SeatAssigned Reason = "SeatAssigned"
	// SeatLimitReached: every seat is in use.
	SeatLimitReached Reason = "SeatLimitReached"
	// SeatLapsed: the invitation expired and the seat went to somebody who waited.
	SeatLapsed Reason = "SeatLapsed"
	// SeatWithdrawing: the seat is being taken back for somebody who waits.
	SeatWithdrawing Reason = "SeatWithdrawing"
	// DuplicateEmail: another Member has the same address.
	DuplicateEmail Reason = "DuplicateEmail"
	// TooManyInvitations: how many seats are in use is not known.
	TooManyInvitations Reason = "TooManyInvitations"
	// DomainNotAllowed: the address lies outside the contract's domains.
	DomainNotAllowed Reason = "DomainNotAllowed"
	// PersonMovedOn: the person has the address of another Member now.
	PersonMovedOn Reason = "PersonMovedOn"
)

// Holding is what Auth0 says that a person holds.
type Holding int

const (
	// HoldsNothing: Auth0 does not know the person here.
	HoldsNothing Holding = iota
	// HoldsMembership: a member without a grant of ours, who asks for a seat.
	HoldsMembership
	// HoldsGrant: a grant with the organization's key that can let somebody in, or a
	// live invitation of ours: a seat that is in use whatever any status says.
	HoldsGrant
)

// Person is a Member as it was listed.
type Person struct {
	Name            string
	UID             string
	ResourceVersion string
	// Ref stands for the e-mail address without regard to case; for who has moved
	// on, for the address that the person has now.
	Ref string
	// MovedTo names the Member whose address the person has now, empty for none.
	MovedTo string
	Created time.Time
	// Admin: the Customer's admins name the address.
	Admin bool
	// Generated: made by the operator for an admin, to whose own Member it yields.
	Generated bool
	// Deleting: being removed.
	Deleting bool
	// Kept: has our finalizer, so that its removal cannot be missed.
	Kept bool
	// InDomains: inside the contract's domains.
	InDomains bool
	State     State
	Reason    Reason
	// Expired: seated, invited, never joined, and the link is dead.
	Expired bool
	// Requested: a new request to be invited is pending.
	Requested bool
	// Withdrawn: the withdrawal of the seat is confirmed.
	Withdrawn bool
}

// Entry is a seat on the ledger: decided, and perhaps not yet written to its Member.
type Entry struct {
	Name            string
	UID             string
	ResourceVersion string
}

// Facts are what a round knows.
type Facts struct {
	// Seats of the contract.
	Seats  int
	People []Person
	// Ledger as it stood in the Customer that was read before the people.
	Ledger []Entry
	// Holdings by Ref, from a complete observation of the organization.
	Holdings map[string]Holding
	// Truncated: others may hold a live invitation that was not listed.
	Truncated bool
}

// Decision is a seat state to write to a Member at the version listed.
type Decision struct {
	Entry
	State  State
	Reason Reason
	// MovedTo goes with PersonMovedOn.
	MovedTo string
}

// Settle tells which entries of the ledger must still be written to their
// Members. Every other entry can be struck: its Member is gone, has the seat, or
// has changed since it was listed, so that a late write at the listed version
// must fail.
func Settle(ledger []Entry, people []Person) (finish []Entry) {
	byUID := indexByUID(people)
	for _, entry := range ledger {
		if p, ok := byUID[entry.UID]; ok && !holdsSeat(p) && p.ResourceVersion == entry.ResourceVersion {
			finish = append(finish, entry)
		}
	}
	return finish
}

// Plan is the outcome of a round.
type Plan struct {
	// InUse seats: distinct people who have a seat, are on the ledger, are being
	// withdrawn, or hold a grant of ours without a Member.
	InUse int
	// Waiting people after this round.
	Waiting int
	// Assign goes to the ledger first, then to the Members.
	Assign []Entry
	// Decide is written to the Members as it is: it gives nothing.
	Decide []Decision
}

// Decide plans a round. The ledger's entries count as seats in use.
func Decide(f Facts) Plan {
	inUse := seatsInUse(f)
	winners, duplicates := onePerAddress(f.People)
	onLedger := map[string]bool{}
	for _, entry := range f.Ledger {
		onLedger[entry.UID] = true
	}

	var plan Plan
	var queue []Person
	handsOver := handedOver(f.People)
	for _, p := range winners {
		switch {
		case p.MovedTo != "" && !p.Deleting:
			plan.decide(p, Refused, PersonMovedOn)
		case p.Deleting || p.State == Assigned || onLedger[p.UID]:
		case p.State == Withdrawing:
			if p.Withdrawn {
				plan.decide(p, Waiting, SeatLapsed)
				if !handsOver[p.Ref] {
					delete(inUse, p.Ref)
				}
			}
		case !p.InDomains && f.Holdings[p.Ref] != HoldsGrant:
			plan.decide(p, Refused, DomainNotAllowed)
		case p.Reason == SeatLapsed && !p.Requested && !handsOver[p.Ref]:
		case p.Reason == PersonMovedOn && !p.Requested && f.Holdings[p.Ref] == HoldsNothing:
			// Whoever it was holds nothing under this address: nobody is invited by itself.
		default:
			queue = append(queue, p)
		}
	}
	plan.refuse(duplicates, winners)
	plan.InUse = len(inUse)
	left := plan.serve(queue, f, inUse)
	plan.reclaim(winners, f, left)
	return plan
}

// refuse refuses duplicates, but for who is declared beside a generated Member:
// that one is on its way out.
func (plan *Plan) refuse(duplicates, winners []Person) {
	yielding := map[string]bool{}
	for _, p := range winners {
		yielding[p.Ref] = p.Generated && p.Admin && !p.Deleting
	}
	for _, p := range duplicates {
		switch {
		case p.Deleting:
		case p.MovedTo != "":
			plan.decide(p, Refused, PersonMovedOn)
		case !yielding[p.Ref]:
			plan.decide(p, Refused, DuplicateEmail)
		}
	}
}

// serve gives free seats to the queue and returns how many people are left in it.
func (plan *Plan) serve(queue []Person, f Facts, inUse map[string]bool) int {
	slices.SortFunc(queue, func(a, b Person) int { return precedence(a, b, f.Holdings) })
	left, seats, leaving := 0, f.Seats, seatedElsewhere(f.People)
	for _, p := range queue {
		// A grant is in use already, and so is the seat of a Member of the same
		// address that is being deleted: that one hands over.
		costsNothing := inUse[p.Ref]
		switch {
		case leaving[p.Ref]:
			// The seat of the earlier address goes first.
		case !p.Kept && !costsNothing:
			// Whoever comes later does not get it before the finalizer is on.
			seats--
		case !p.Kept:
		case f.Truncated && !costsNothing:
			left++
			plan.decide(p, Waiting, TooManyInvitations)
		case (costsNothing || plan.InUse < seats) && len(plan.Assign) < MaxAssignments:
			plan.Assign = append(plan.Assign, entryOf(p))
			if !inUse[p.Ref] {
				inUse[p.Ref] = true
				plan.InUse++
			}
		case costsNothing || plan.InUse < seats:
			// Served by the next plan.
		default:
			left++
			plan.decide(p, Waiting, SeatLimitReached)
		}
	}
	plan.Waiting = left
	return left
}

// reclaim takes back the seats of expired invitations while others wait.
// Admins, who are named in the contract, keep theirs.
func (plan *Plan) reclaim(people []Person, f Facts, waiting int) {
	if f.Truncated {
		return // nobody would get them
	}
	for _, p := range people {
		if p.State == Withdrawing && !p.Deleting && !p.Withdrawn {
			waiting--
		}
		if p.Deleting && holdsSeat(p) {
			waiting--
		}
	}
	if over := plan.InUse - f.Seats; over > 0 {
		waiting += over
	}
	handsOver := handedOver(f.People)
	for _, p := range people {
		if waiting <= 0 || plan.Waiting == 0 {
			return
		}
		if p.State == Assigned && p.Expired && f.Holdings[p.Ref] == HoldsNothing && !p.Requested && !p.Admin && !p.Deleting && !handsOver[p.Ref] {
			plan.decide(p, Withdrawing, SeatWithdrawing)
			waiting--
		}
	}
}

func (plan *Plan) decide(p Person, state State, reason Reason) {
	if p.State != state || p.Reason != reason {
		plan.Decide = append(plan.Decide, Decision{Entry: entryOf(p), State: state, Reason: reason, MovedTo: p.MovedTo})
	}
}

// seatedElsewhere are the people whose earlier address still has their seat.
func seatedElsewhere(people []Person) map[string]bool {
	out := map[string]bool{}
	for _, p := range people {
		if p.MovedTo != "" && holdsSeat(p) {
			out[p.Ref] = true
		}
	}
	return out
}

// handedOver are the people of whom a Member that is being deleted holds the seat.
// It is in use until another Member of theirs has it too: one that waits gets it,
// and to take it back from that one frees nothing.
func handedOver(people []Person) map[string]bool {
	out := map[string]bool{}
	for _, p := range people {
		if p.Deleting && holdsSeat(p) {
			out[p.Ref] = true
		}
	}
	return out
}

func seatsInUse(f Facts) map[string]bool {
	inUse := map[string]bool{}
	byUID := indexByUID(f.People)
	for _, p := range f.People {
		if holdsSeat(p) {
			inUse[p.Ref] = true
		}
	}
	for _, entry := range f.Ledger {
		if p, ok := byUID[entry.UID]; ok {
			inUse[p.Ref] = true
		}
	}
	for ref, holding := range f.Holdings {
		if holding == HoldsGrant {
			inUse[ref] = true
		}
	}
	return inUse
}

// onePerAddress splits people into one for each address and the rest. Who is
// not being deleted comes first, then who holds the seat, then the older, then
// the name.
func onePerAddress(people []Person) (winners, duplicates []Person) {
	sorted := slices.Clone(people)
	slices.SortFunc(sorted, func(a, b Person) int {
		return cmp.Or(
			before(!a.Deleting, !b.Deleting),
			before(a.MovedTo == "", b.MovedTo == ""),
			before(holdsSeat(a), holdsSeat(b)),
			a.Created.Compare(b.Created),
			cmp.Compare(a.Name, b.Name),
		)
	})
	taken := map[string]bool{}
	for _, p := range sorted {
		if taken[p.Ref] {
			duplicates = append(duplicates, p)
			continue
		}
		taken[p.Ref] = true
		winners = append(winners, p)
	}
	return winners, duplicates
}

// precedence orders the queue: who holds a grant already, admins, members found
// in Auth0, then the oldest, then by name.
func precedence(a, b Person, holdings map[string]Holding) int {
	return cmp.Or(
		before(holdings[a.Ref] == HoldsGrant, holdings[b.Ref] == HoldsGrant),
		before(a.Admin, b.Admin),
		before(holdings[a.Ref] == HoldsMembership, holdings[b.Ref] == HoldsMembership),
		a.Created.Compare(b.Created),
		cmp.Compare(a.Name, b.Name),
	)
}

func before(a, b bool) int {
	switch {
	case a && !b:
		return -1
	case b && !a:
		return 1
	}
	return 0
}

func holdsSeat(p Person) bool { return p.State == Assigned || p.State == Withdrawing }

func entryOf(p Person) Entry {
	return Entry{Name: p.Name, UID: p.UID, ResourceVersion: p.ResourceVersion}
}

func indexByUID(people []Person) map[string]Person {
	index := make(map[string]Person, len(people))
	for _, p := range people {
		index[p.UID] = p
	}
	return index
}
