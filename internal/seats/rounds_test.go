package seats

import (
	"fmt"
	"math/rand/v2"
	"testing"

	. "github.com/onsi/gomega"
)

// world is a model of the API server: one Customer with its ledger, its
// Members, and their versions. Reads and writes fail as the real one's would.
type world struct {
	version int
	ledger  []Entry
	members []Person
	seats   int
}

func newWorld(seats, members int) *world {
	w := &world{version: 1, seats: seats}
	for i := range members {
		w.members = append(w.members, person(fmt.Sprintf("m%d", i), 0))
	}
	return w
}

func (w *world) assigned() (n int) {
	for _, m := range w.members {
		if m.State == Assigned {
			n++
		}
	}
	return n
}

func (w *world) list() []Person { return append([]Person{}, w.members...) }

// seat writes a seat at the version in the entry, or fails.
func (w *world) seat(e Entry) bool {
	for i, m := range w.members {
		if m.UID == e.UID && m.ResourceVersion == e.ResourceVersion {
			w.members[i].State, w.members[i].Reason, w.members[i].ResourceVersion = Assigned, SeatAssigned, m.ResourceVersion+"'"
			return true
		}
	}
	return false
}

// swap writes the ledger at the Customer's version that was read, or fails.
func (w *world) swap(version int, ledger []Entry) bool {
	if version != w.version {
		return false
	}
	w.version++
	w.ledger = ledger
	return true
}

// operator plays one round after the other, a step at a time.
type operator struct {
	world   *world
	phase   phase
	version int
	facts   Facts
	todo    []Entry
}

type phase int

const (
	readCustomer phase = iota
	listMembers
	swapLedger
	seatMembers
	strikeLedger
)

func (o *operator) step() {
	switch o.phase {
	case readCustomer:
		o.version, o.facts = o.world.version, Facts{Seats: o.world.seats, Ledger: o.world.ledger}
		o.phase = listMembers
	case listMembers:
		o.facts.People = o.world.list()
		if len(o.facts.Ledger) > 0 {
			o.todo, o.phase = Settle(o.facts.Ledger, o.facts.People), seatMembers
			return
		}
		o.todo, o.phase = Decide(o.facts).Assign, swapLedger
	case swapLedger:
		if len(o.todo) == 0 || !o.world.swap(o.version, o.todo) {
			o.phase = readCustomer
			return
		}
		o.version++
		o.phase = seatMembers
	case seatMembers:
		if len(o.todo) == 0 {
			o.phase = strikeLedger
			return
		}
		o.world.seat(o.todo[0])
		o.todo = o.todo[1:]
	case strikeLedger:
		o.world.swap(o.version, nil)
		o.phase = readCustomer
	}
}

func (o *operator) until(reached phase) {
	for o.phase != reached {
		o.step()
	}
}

func (o *operator) round() {
	o.step()
	o.until(readCustomer)
}

// TestSeatsRoundsInterleaved plays two operators at once, every step of theirs
// interleaved at random, and either dying at any point of writing seats.
func TestSeatsRoundsInterleaved(t *testing.T) {
	for seed := range uint64(500) {
		random := rand.New(rand.NewPCG(seed, 7))
		w := newWorld(3, 8)
		operators := []*operator{{world: w}, {world: w}}
		for range 400 {
			o := operators[random.IntN(2)]
			if o.phase == seatMembers && random.IntN(20) == 0 {
				o.phase = readCustomer // it died; another one starts over
			}
			o.step()
			if got := w.assigned(); got > 3 {
				t.Fatalf("seed %d: %d Members hold a seat, the contract has 3", seed, got)
			}
		}
		for range 3 {
			operators[0].round()
		}
		if got := w.assigned(); got != 3 {
			t.Fatalf("seed %d: %d Members hold a seat in the end, want 3", seed, got)
		}
	}
}

// An operator that listed the Members before another one's round, and comes
// back when that round's ledger is cleared and tells nothing any more, cannot
// use its list: it read the Customer before it, and that version is gone.
func TestSeatsStaleCacheAfterTheLedgerWasCleared(t *testing.T) {
	g := NewWithT(t)
	w := newWorld(1, 2)
	slow, fast := &operator{world: w}, &operator{world: w}
	slow.until(swapLedger)
	g.Expect(names(slow.todo)).To(Equal([]string{"m0"}), "it has chosen")
	w.members[1].Admin = true
	fast.round()
	g.Expect(w.members[1].State).To(Equal(Assigned))
	g.Expect(w.ledger).To(BeEmpty())

	slow.until(readCustomer)
	g.Expect(w.assigned()).To(Equal(1), "the first Member's own version never changed: only the swap stops it")
}

// An operator that won the swap and stops is finished by another one. When it
// wakes, its write is at the version listed before the swap, which is gone. Had
// it read the version anew, it would seat somebody whom others have passed over.
func TestSeatsVersionReadAfterTheSwap(t *testing.T) {
	g := NewWithT(t)
	w := newWorld(1, 2)
	frozen, other := &operator{world: w}, &operator{world: w}
	frozen.until(seatMembers)
	chosen := frozen.todo[0]

	// The chosen one changes, so that the other operator passes it over, and
	// gives the seat to the second Member.
	w.members[0].ResourceVersion = "2"
	w.members[1].Admin = true
	other.round() // strikes the ledger
	other.round()
	g.Expect(w.members[1].State).To(Equal(Assigned))

	g.Expect(w.seat(chosen)).To(BeFalse(), "the frozen one's write fails")
	g.Expect(w.assigned()).To(Equal(1))
}
