package seats

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

var t0 = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// person is a Member that could have a seat; age orders the queue.
func person(name string, age int, change ...func(*Person)) Person {
	p := Person{
		Name: name, UID: "uid-" + name, ResourceVersion: "1", Ref: name,
		Created: t0.Add(-time.Duration(age) * time.Hour), Kept: true, InDomains: true,
	}
	for _, c := range change {
		c(&p)
	}
	return p
}

func seated(p *Person)       { p.State, p.Reason = Assigned, SeatAssigned }
func admin(p *Person)        { p.Admin = true }
func generated(p *Person)    { p.Generated = true }
func deleting(p *Person)     { p.Deleting = true }
func waiting(p *Person)      { p.State, p.Reason = Waiting, SeatLimitReached }
func expired(p *Person)      { p.Expired = true }
func lapsed(p *Person)       { p.State, p.Reason = Waiting, SeatLapsed }
func refusedMoved(p *Person) { p.State, p.Reason = Refused, PersonMovedOn }
func movedTo(name string) func(*Person) {
	return func(p *Person) { p.MovedTo = name }
}
func ref(r string) func(*Person) {
	return func(p *Person) { p.Ref = r }
}

func names(entries []Entry) []string {
	out := []string{}
	for _, e := range entries {
		out = append(out, e.Name)
	}
	return out
}

func decisions(list []Decision) map[string]string {
	out := map[string]string{}
	for _, d := range list {
		out[d.Name] = string(d.State) + "/" + string(d.Reason)
	}
	return out
}

func TestSeatsDecide(t *testing.T) {
	entry := func(name string) Entry { return Entry{Name: name, UID: "uid-" + name, ResourceVersion: "1"} }
	for name, tc := range map[string]struct {
		facts   Facts
		inUse   int
		assign  []string
		decide  map[string]string
		waiting int
	}{
		"no seats means none": {
			facts:   Facts{Seats: 0, People: []Person{person("a", 1)}},
			decide:  map[string]string{"a": "Waiting/SeatLimitReached"},
			waiting: 1,
		},
		"a cut list gives nobody a seat, but who holds one": {
			facts: Facts{Seats: 5, Truncated: true, Holdings: map[string]Holding{"b": HoldsGrant, "c": HoldsMembership}, People: []Person{
				person("a", 9), person("b", 1), person("c", 1), person("d", 1, seated), person("e", 1, seated, expired), person("f", 1, waiting),
			}},
			inUse:   3,
			assign:  []string{"b"},
			decide:  map[string]string{"a": "Waiting/TooManyInvitations", "c": "Waiting/TooManyInvitations", "f": "Waiting/TooManyInvitations"},
			waiting: 3,
		},
		"the oldest first, then the name": {
			facts:   Facts{Seats: 2, People: []Person{person("c", 1), person("b", 1), person("a", 0), person("z", 9)}},
			inUse:   2,
			assign:  []string{"z", "b"},
			decide:  map[string]string{"c": "Waiting/SeatLimitReached", "a": "Waiting/SeatLimitReached"},
			waiting: 2,
		},
		"an admin before older people": {
			facts:   Facts{Seats: 1, People: []Person{person("old", 9), person("boss", 0, admin)}},
			inUse:   1,
			assign:  []string{"boss"},
			decide:  map[string]string{"old": "Waiting/SeatLimitReached"},
			waiting: 1,
		},
		"an admin whose Member has no finalizer yet, before people who have": {
			facts: Facts{Seats: 2, People: []Person{
				person("a", 3), person("b", 2), person("boss", 0, admin, func(p *Person) { p.Kept = false })}},
			inUse:   1,
			assign:  []string{"a"},
			decide:  map[string]string{"b": "Waiting/SeatLimitReached"},
			waiting: 1,
		},
		"the older, whose finalizer is not on yet, before the younger": {
			facts: Facts{Seats: 2, People: []Person{
				person("in", 9, seated), person("old", 2, func(p *Person) { p.Kept = false }), person("young", 1)}},
			inUse:   1,
			decide:  map[string]string{"young": "Waiting/SeatLimitReached"},
			waiting: 1,
		},
		"the older, whose finalizer is on, before the younger": {
			facts: Facts{Seats: 2, People: []Person{
				person("in", 9, seated), person("old", 2), person("young", 1, func(p *Person) { p.Kept = false })}},
			inUse:  2,
			assign: []string{"old"},
		},
		"a member found in Auth0 before older people": {
			facts: Facts{Seats: 1, People: []Person{person("old", 9), person("in", 0)},
				Holdings: map[string]Holding{"in": HoldsMembership}},
			inUse:   1,
			assign:  []string{"in"},
			decide:  map[string]string{"old": "Waiting/SeatLimitReached"},
			waiting: 1,
		},
		"a grant is a seat in use beyond the limit, whatever status says": {
			facts: Facts{Seats: 1, People: []Person{person("a", 9, seated), person("b", 1)},
				Holdings: map[string]Holding{"b": HoldsGrant}},
			inUse:  2,
			assign: []string{"b"},
		},
		"a membership without a grant asks for a seat within the limit": {
			facts: Facts{Seats: 1, People: []Person{person("a", 9, seated), person("b", 1)},
				Holdings: map[string]Holding{"b": HoldsMembership}},
			inUse:   1,
			decide:  map[string]string{"b": "Waiting/SeatLimitReached"},
			waiting: 1,
		},
		"a grant of ours without a Member is in use": {
			facts:   Facts{Seats: 1, People: []Person{person("a", 1)}, Holdings: map[string]Holding{"gone": HoldsGrant}},
			inUse:   1,
			decide:  map[string]string{"a": "Waiting/SeatLimitReached"},
			waiting: 1,
		},
		"a seat is in use until the withdrawal is confirmed": {
			facts:   Facts{Seats: 1, People: []Person{person("leaver", 9, seated, deleting), person("next", 1)}},
			inUse:   1,
			decide:  map[string]string{"next": "Waiting/SeatLimitReached"},
			waiting: 1,
		},
		"who is on the ledger has a seat": {
			facts:   Facts{Seats: 1, People: []Person{person("a", 1), person("b", 9)}, Ledger: []Entry{entry("a")}},
			inUse:   1,
			assign:  nil,
			decide:  map[string]string{"b": "Waiting/SeatLimitReached"},
			waiting: 1,
		},
		"a ledger line whose Member is gone counts for nothing": {
			facts:  Facts{Seats: 1, People: []Person{person("b", 9)}, Ledger: []Entry{entry("a")}},
			inUse:  1,
			assign: []string{"b"},
		},
		"addresses that differ in case are one person: the older": {
			facts: Facts{Seats: 5, People: []Person{person("late", 1, ref("x")), person("early", 2, ref("x"))}},
			inUse: 1, assign: []string{"early"},
			decide: map[string]string{"late": "Refused/DuplicateEmail"},
		},
		"of two with one address the holder wins": {
			facts:  Facts{Seats: 5, People: []Person{person("late", 1, ref("x"), seated), person("early", 2, ref("x"))}},
			inUse:  1,
			decide: map[string]string{"early": "Refused/DuplicateEmail"},
		},
		"a Member of the same address takes over from one that is being deleted, at no cost": {
			facts: Facts{Seats: 1, People: []Person{person("old", 9, ref("x"), seated, deleting), person("new", 1, ref("x")), person("other", 5)}},
			inUse: 1, assign: []string{"new"},
			decide:  map[string]string{"other": "Waiting/SeatLimitReached"},
			waiting: 1,
		},
		"of two that take over one does, the other is refused": {
			facts: Facts{Seats: 1, People: []Person{person("old", 9, ref("x"), seated, deleting), person("b", 1, ref("x")), person("a", 1, ref("x"))}},
			inUse: 1, assign: []string{"a"},
			decide: map[string]string{"b": "Refused/DuplicateEmail"},
		},
		"an admin's generated Member is about to yield to a declared one, which waits": {
			facts: Facts{Seats: 5, People: []Person{person("acme-0", 9, ref("x"), admin, generated, seated), person("boss", 1, ref("x"), admin)}},
			inUse: 1,
		},
		"a generated Member yields when it has no seat yet, too": {
			facts: Facts{Seats: 5, People: []Person{person("acme-0", 9, ref("x"), admin, generated), person("boss", 1, ref("x"), admin)}},
			inUse: 1, assign: []string{"acme-0"},
		},
		"that of an admin who is none any more does not yield": {
			facts:  Facts{Seats: 5, People: []Person{person("acme-0", 9, ref("x"), generated, seated), person("boss", 1, ref("x"))}},
			inUse:  1,
			decide: map[string]string{"boss": "Refused/DuplicateEmail"},
		},
		"a generated Member beside a declared one that holds the seat is refused": {
			facts:  Facts{Seats: 5, People: []Person{person("boss", 1, ref("x"), admin, seated), person("acme-0", 9, ref("x"), admin, generated)}},
			inUse:  1,
			decide: map[string]string{"acme-0": "Refused/DuplicateEmail"},
		},
		"an expired invitation that was accepted all the same keeps its seat": {
			facts: Facts{Seats: 2, People: []Person{person("a", 3, seated), person("b", 2, seated, expired), person("c", 1)},
				Holdings: map[string]Holding{"b": HoldsMembership}},
			inUse:   2,
			decide:  map[string]string{"c": "Waiting/SeatLimitReached"},
			waiting: 1,
		},
		"whose address changed: the seat of the earlier goes first": {
			facts: Facts{Seats: 1, People: []Person{person("old", 9, ref("x"), seated, movedTo("new")), person("new", 1, ref("x"))},
				Holdings: map[string]Holding{"x": HoldsGrant}},
			inUse:  1,
			decide: map[string]string{"old": "Refused/PersonMovedOn"},
		},
		"then the later takes over, at no cost": {
			facts: Facts{Seats: 1, People: []Person{person("old", 9, ref("x"), refusedMoved, movedTo("new")), person("new", 1, ref("x")), person("other", 5)},
				Holdings: map[string]Holding{"x": HoldsGrant}},
			inUse: 1, assign: []string{"new"},
			decide:  map[string]string{"other": "Waiting/SeatLimitReached"},
			waiting: 1,
		},
		"both had a seat, and one of them goes": {
			facts: Facts{Seats: 2, People: []Person{person("old", 9, ref("x"), seated, movedTo("new")), person("new", 1, ref("x"), seated), person("other", 5)}},
			inUse: 2, assign: []string{"other"},
			decide: map[string]string{"old": "Refused/PersonMovedOn"},
		},
		"who moved on does not queue by itself when the later Member is gone": {
			facts: Facts{Seats: 1, People: []Person{person("old", 9, refusedMoved)}},
		},
		"but on request": {
			facts: Facts{Seats: 1, People: []Person{person("old", 9, refusedMoved, func(p *Person) { p.Requested = true })}},
			inUse: 1, assign: []string{"old"},
		},
		"and when the address changed back": {
			facts: Facts{Seats: 1, People: []Person{person("old", 9, refusedMoved), person("new", 1, ref("old"), seated, movedTo("old"))},
				Holdings: map[string]Holding{"old": HoldsGrant}},
			inUse:  1,
			decide: map[string]string{"new": "Refused/PersonMovedOn"},
		},
		"outside the domains": {
			facts:  Facts{Seats: 5, People: []Person{person("a", 1, func(p *Person) { p.InDomains = false })}},
			decide: map[string]string{"a": "Refused/DomainNotAllowed"},
		},
		"narrowed domains take no seat away": {
			facts: Facts{Seats: 5, People: []Person{person("a", 1, seated, func(p *Person) { p.InDomains = false })}},
			inUse: 1,
		},
		"who has no finalizer yet is not seated": {
			facts: Facts{Seats: 5, People: []Person{person("a", 1, func(p *Person) { p.Kept = false })}},
		},
		"lowering the seats removes nobody": {
			facts: Facts{Seats: 1, People: []Person{person("a", 3, seated), person("b", 2, seated), person("c", 1, seated)}},
			inUse: 3,
		},
		"an expired invitation keeps its seat while nobody waits": {
			facts: Facts{Seats: 1, People: []Person{person("a", 3, seated, expired)}},
			inUse: 1,
		},
		"an expired invitation gives its seat to who waits": {
			facts:   Facts{Seats: 2, People: []Person{person("a", 3, seated), person("b", 2, seated, expired), person("c", 1)}},
			inUse:   2,
			decide:  map[string]string{"b": "Withdrawing/SeatWithdrawing", "c": "Waiting/SeatLimitReached"},
			waiting: 1,
		},
		"not when a removal makes room anyhow": {
			facts:   Facts{Seats: 2, People: []Person{person("a", 3, seated, deleting), person("b", 2, seated, expired), person("c", 1)}},
			inUse:   2,
			decide:  map[string]string{"c": "Waiting/SeatLimitReached"},
			waiting: 1,
		},
		"an admin's expired invitation keeps its seat": {
			facts:   Facts{Seats: 1, People: []Person{person("a", 3, seated, expired, admin), person("c", 1)}},
			inUse:   1,
			decide:  map[string]string{"c": "Waiting/SeatLimitReached"},
			waiting: 1,
		},
		"a confirmed withdrawal frees the seat for who waits": {
			facts: Facts{Seats: 1, People: []Person{
				person("b", 2, func(p *Person) { p.State, p.Reason, p.Withdrawn = Withdrawing, SeatWithdrawing, true }),
				person("c", 1, waiting)}},
			inUse:  1,
			assign: []string{"c"},
			decide: map[string]string{"b": "Waiting/SeatLapsed"},
		},
		"a lapsed one does not queue by itself": {
			facts: Facts{Seats: 1, People: []Person{person("b", 2, lapsed)}},
		},
		"a lapsed one takes the seat over from a Member of the address that is deleted": {
			facts:   Facts{Seats: 1, People: []Person{person("old", 3, seated, expired, deleting, ref("b")), person("b", 2, lapsed), person("c", 1, waiting)}},
			inUse:   1,
			assign:  []string{"b"},
			waiting: 1,
		},
		"an expired seat that is being handed over is not taken back: that frees none": {
			facts: Facts{Seats: 1, People: []Person{person("old", 3, seated, expired, deleting, ref("b")), person("b", 2, seated, expired),
				person("c", 1, waiting), person("d", 1, waiting)}},
			inUse:   1,
			waiting: 2,
		},
		"a seat that is taken back is in use while a Member of the address that is deleted holds it": {
			facts: Facts{Seats: 1, People: []Person{person("old", 3, seated, expired, deleting, ref("b")),
				person("b", 2, func(p *Person) { p.State, p.Reason, p.Withdrawn = Withdrawing, SeatWithdrawing, true }), person("c", 1, waiting)}},
			inUse:   1,
			decide:  map[string]string{"b": "Waiting/SeatLapsed"},
			waiting: 1,
		},
		"a lapsed one queues again on request": {
			facts:  Facts{Seats: 1, People: []Person{person("b", 2, lapsed, func(p *Person) { p.Requested = true })}},
			inUse:  1,
			assign: []string{"b"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			plan := Decide(tc.facts)
			g.Expect(plan.InUse).To(Equal(tc.inUse), "seats in use")
			g.Expect(names(plan.Assign)).To(Equal(append([]string{}, tc.assign...)), "assigned")
			if tc.decide == nil {
				tc.decide = map[string]string{}
			}
			g.Expect(decisions(plan.Decide)).To(Equal(tc.decide), "decided")
			g.Expect(plan.Waiting).To(Equal(tc.waiting), "waiting")
		})
	}
}

func TestSeatsSettle(t *testing.T) {
	listed := Entry{Name: "a", UID: "uid-a", ResourceVersion: "1"}
	for name, tc := range map[string]struct {
		people []Person
		finish bool
	}{
		"not written yet":                        {[]Person{person("a", 1)}, true},
		"written":                                {[]Person{person("a", 1, seated)}, false},
		"gone":                                   {nil, false},
		"another object of the same name":        {[]Person{person("a", 1, func(p *Person) { p.UID = "other" })}, false},
		"a version read after the swap is no go": {[]Person{person("a", 1, func(p *Person) { p.ResourceVersion = "2" })}, false},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			finish := Settle([]Entry{listed}, tc.people)
			if tc.finish {
				g.Expect(finish).To(Equal([]Entry{listed}))
			} else {
				g.Expect(finish).To(BeEmpty())
			}
		})
	}
}
