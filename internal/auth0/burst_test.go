package auth0

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// invitee is somebody who is looked up and then invited, as a Member's pass does it:
// the invitation is paid for first, and a call that must wait ends nothing.
type invitee struct {
	place
	reserved, begun, lookedUp, done bool
	// comes is when the next step is made.
	comes time.Time
}

const lookUpRoute = "GET /api/v2/users-by-email"

// never is the time of somebody who waits to be called.
var never = someTime.Add(1000 * time.Hour)

// burstWorld is a budgetWorld in which those who wait are called, and come a while
// later: a worker takes them up, and reads the Customer.
type burstWorld struct {
	*budgetWorld
	people []*invitee
	// calls is how many were called, inVain how many calls had to wait.
	calls, inVain int
}

const takenUpAfter = 20 * time.Millisecond

func newBurstWorld(p plan, customers, people int) *burstWorld {
	w := &burstWorld{budgetWorld: newBudgetWorld(p)}
	w.budget.Declare(Limits{Share: 100})
	for i := range customers {
		for j := range people {
			who := &invitee{place: place{key: fmt.Sprintf("%d/%d", i, j), flow: strconv.Itoa(i), lane: LaneInvitation}, comes: someTime}
			who.call = func() { w.calls++; who.comes = w.now.Add(takenUpAfter) }
			w.people = append(w.people, who)
		}
	}
	return w
}

// ask makes one call of somebody, and tells whether Auth0 took it.
func (w *burstWorld) ask(who *invitee, route string, paid bool) bool {
	c := claim{group: groupOf(route), place: who.place}
	if who.begun {
		c.lane = laneBegun
	}
	if !paid {
		wait, free := w.budget.ask(c, w.now)
		if !free {
			w.inVain++
			who.comes = never
			if who.begun {
				who.comes = wait.at // it stays where it is
			}
			return false
		}
	}
	return w.send(c, who)
}

func (w *burstWorld) send(c claim, who *invitee) bool {
	ok, message, says, reset := w.auth0.call(c.group, w.now)
	if !ok {
		shut := w.budget.refused(c.group, message, reset, w.now)
		who.comes = w.budget.waits(c, shut, w.now).at
		return false
	}
	w.budget.answered(c.group, 200, says, w.now)
	who.begun = true
	return true
}

// step goes on with somebody as far as the budget lets them.
func (w *burstWorld) step(who *invitee) {
	invite, lookUp := groupOf(inviteRoute), groupOf(lookUpRoute)
	if !who.reserved && !who.begun {
		c := claim{group: invite, place: who.place}
		if _, free := w.budget.ask(c, w.now); !free {
			w.inVain++
			who.comes = never
			return
		}
		who.reserved, who.begun = true, true
	}
	if !who.lookedUp {
		paid := who.reserved && w.budget.same(invite, lookUp)
		if !w.ask(who, lookUpRoute, paid) {
			return
		}
		who.lookedUp, who.reserved = true, who.reserved && !paid
	}
	who.done = w.ask(who, inviteRoute, who.reserved)
}

// run goes on until all are invited, or so long, and tells how long it took.
func (w *burstWorld) run(longest time.Duration, each func()) time.Duration {
	left := w.people
	for ; len(left) > 0 && w.now.Before(someTime.Add(longest)); w.now = w.now.Add(10 * time.Millisecond) {
		each()
		var still []*invitee
		for _, who := range left {
			if !w.now.Before(who.comes) {
				w.step(who)
			}
			if !who.done {
				still = append(still, who)
			}
		}
		left = still
		calls, _ := w.budget.turns(w.now)
		for _, call := range calls {
			call()
		}
	}
	return w.now.Sub(someTime)
}

// TestBudgetBurst: many people of several Customers at once, with the whole of the
// limit. It is used nearly to the last call, nothing is refused, Customers go forward
// side by side, and nobody is called in vain.
func TestBudgetBurst(t *testing.T) {
	for name, c := range map[string]struct {
		plan              plan
		binding           string
		customers, people int
	}{
		"Free":         {planFree, bucketGlobal, 3, 20},
		"self-service": {planSelfService, bucketOther, 10, 30},
		"Enterprise":   {planEnterprise, "invitations write", 10, 60},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			w := newBurstWorld(c.plan, c.customers, c.people)
			g.Expect(w.try("look", "", LaneDefault, "GET /api/v2/roles")).To(BeTrue())
			least, most, half := 0, 0, false
			took := w.run(10*time.Minute, func() {
				if half {
					return
				}
				served, all := map[string]int{}, 0
				for _, who := range w.people {
					if who.done {
						served[who.flow]++
						all++
					}
				}
				if half = 2*all >= len(w.people); half {
					least, most = spread(served, c.customers)
				}
			})
			binding := c.plan[c.binding]
			used := float64(w.auth0.calls[c.binding]) / (binding.burst + binding.perMinute*took.Minutes())
			t.Logf("%s, %.1f %% used, %d refused, %d to %d a Customer at half, %d called, %d in vain", took, 100*used, w.auth0.denied, least, most, w.calls, w.inVain)
			g.Expect(used).To(BeNumerically(">=", 0.95))
			g.Expect(w.auth0.denied).To(BeZero())
			g.Expect(most - least).To(BeNumerically("<=", 3))
			g.Expect(w.calls).To(BeNumerically("<=", len(w.people)), "each is called once")
			g.Expect(w.inVain).To(BeNumerically("<=", 2*len(w.people)), "to take a place; with one limit for all, a second for the invitation")
		})
	}
}

// spread is the fewest and the most that a Customer was served.
func spread(served map[string]int, customers int) (least, most int) {
	least = 1 << 30
	for i := range customers {
		least, most = min(least, served[strconv.Itoa(i)]), max(most, served[strconv.Itoa(i)])
	}
	return least, most
}

// TestBudgetNewcomersStarveNobody: while Customers of a few people come without end,
// and more than the limit can serve, one with many gets its part.
func TestBudgetNewcomersStarveNobody(t *testing.T) {
	g := NewWithT(t)
	w := newBurstWorld(planEnterprise, 1, 400)
	g.Expect(w.try("look", "", LaneDefault, "GET /api/v2/roles")).To(BeTrue())
	newcomers, left := []*invitee{}, slices.Clone(w.people)
	for step := range 3 * 60 * 100 {
		w.now = someTime.Add(time.Duration(step) * 10 * time.Millisecond)
		if step%50 == 0 { // two a second, of five people each: three times the limit
			for j := range 5 {
				who := &invitee{place: place{key: fmt.Sprintf("new %d/%d", step, j), flow: "new " + strconv.Itoa(step), lane: LaneInvitation}, comes: w.now}
				who.call = func() { who.comes = w.now.Add(takenUpAfter) }
				newcomers, left = append(newcomers, who), append(left, who)
			}
		}
		left = slices.DeleteFunc(left, func(who *invitee) bool {
			if !w.now.Before(who.comes) {
				w.step(who)
			}
			return who.done
		})
		calls, _ := w.budget.turns(w.now)
		for _, call := range calls {
			call()
		}
	}
	served, of := invited(newcomers), invited(w.people)
	t.Logf("%d of the many, %d newcomers", of, served)
	g.Expect(of).To(BeNumerically(">", 5))
	g.Expect(served).To(BeNumerically(">", 400))
	g.Expect(of+served).To(BeNumerically(">", 3*200*95/100), "the limit is used")
}

func invited(people []*invitee) (n int) {
	for _, who := range people {
		if who.done {
			n++
		}
	}
	return n
}

// TestBudgetOutageEndsAtThePaceOfTheLimit: people wait for their turn when Auth0 goes
// down. While it is down one at a time tries; when it is back they are called as the
// limit lets them go, and not all at once.
func TestBudgetOutageEndsAtThePaceOfTheLimit(t *testing.T) {
	g := NewWithT(t)
	w := newBurstWorld(planEnterprise, 10, 30)
	g.Expect(w.try("look", "", LaneDefault, "GET /api/v2/roles")).To(BeTrue())
	for _, who := range w.people {
		w.step(who)
	}
	for range failuresInRow {
		w.budget.noteAnswer(groupOf(inviteRoute), 0, w.now)
	}
	came := func(d time.Duration) (n int) {
		for end := w.now.Add(d); w.now.Before(end); w.now = w.now.Add(10 * time.Millisecond) {
			calls, _ := w.budget.turns(w.now)
			n += len(calls)
			for range calls {
				w.budget.down(claim{group: groupOf(inviteRoute)}, true, w.now)
				w.budget.noteAnswer(groupOf(inviteRoute), 0, w.now)
			}
		}
		return n
	}
	g.Expect(came(2 * time.Minute)).To(BeNumerically("<=", 15))
	w.budget.noteAnswer(groupOf(inviteRoute), 201, w.now)
	calls, _ := w.budget.turns(w.now)
	g.Expect(len(calls)).To(And(BeNumerically(">", 1), BeNumerically("<=", 20)), "as many as the bucket holds")
}
