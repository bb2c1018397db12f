package auth0

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

const inviteRoute = "POST /api/v2/organizations/{id}/invitations"

var someTime = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// auth0Limiter counts as Auth0 does: the global bucket first, and headers of the
// last bucket asked.
type auth0Limiter struct {
	plan   plan
	levels map[string]float64
	at     map[string]time.Time
	calls  map[string]int
	denied int
}

func newAuth0Limiter(p plan) *auth0Limiter {
	return &auth0Limiter{plan: p, levels: map[string]float64{}, at: map[string]time.Time{}, calls: map[string]int{}}
}

func (l *auth0Limiter) call(group string, now time.Time) (ok bool, message string, says quota, reset time.Time) {
	for _, name := range l.plan.buckets(group) {
		is := l.plan[name]
		if _, known := l.at[name]; !known {
			l.levels[name], l.at[name] = is.burst, now
		}
		l.levels[name] = min(is.burst, l.levels[name]+now.Sub(l.at[name]).Minutes()*is.perMinute)
		l.at[name] = now
		ok = l.levels[name] >= 1
		if ok {
			l.levels[name]--
		}
		says = quota{named: true, limit: is.burst, remaining: math.Floor(l.levels[name])}
		if !ok {
			l.denied++
			message = "Limit of " + name + " has been reached"
			if name == bucketGlobal {
				message = "Global limit has been reached"
			}
			wait := (1 - l.levels[name]) / is.perMinute * 60
			return false, message, says, now.Add(time.Duration(math.Ceil(wait)) * time.Second)
		}
		l.calls[name]++
	}
	return true, "", says, time.Time{}
}

// world runs passes against the limiter in virtual time.
type budgetWorld struct {
	auth0  *auth0Limiter
	budget *Budget
	now    time.Time
	// told is when each caller comes back.
	told map[string]time.Time
}

func newBudgetWorld(p plan) *budgetWorld {
	return &budgetWorld{auth0: newAuth0Limiter(p), budget: NewBudget(), now: someTime, told: map[string]time.Time{}}
}

// try makes one call if the budget lets it, and reports whether it was taken.
func (w *budgetWorld) try(key, flow string, lane Lane, route string) bool {
	if at, waits := w.told[key]; waits && w.now.Before(at) {
		return false
	}
	c := claim{group: groupOf(route), place: place{key: key, flow: flow, lane: lane}}
	wait, free := w.budget.ask(c, w.now)
	if !free {
		w.told[key] = wait.at
		return false
	}
	delete(w.told, key)
	ok, message, says, reset := w.auth0.call(c.group, w.now)
	if !ok {
		shut := w.budget.refused(c.group, message, reset, w.now)
		w.told[key] = w.budget.waits(c, shut, w.now).at
		return false
	}
	w.budget.answered(c.group, 201, says, w.now)
	return true
}

// TestBudgetUsesTheLimitEvenly: many people of several Customers at once: the
// share is used to the end, Auth0 refuses next to nothing, Customers go forward
// side by side, and a removal passes them all.
func TestBudgetUsesTheLimitEvenly(t *testing.T) {
	for name, c := range map[string]struct {
		plan plan
		used float64
	}{
		"Free":         {planFree, 0.95},
		"self-service": {planSelfService, 0.95},
		"Enterprise":   {planEnterprise, 0.95},
	} {
		t.Run(name, func(t *testing.T) {
			g, p := NewWithT(t), c.plan
			w := newBudgetWorld(p)
			const customers, people = 10, 200
			type person struct {
				key, flow string
				done      bool
			}
			var waiting []*person
			for i := range customers {
				for j := range people {
					waiting = append(waiting, &person{key: fmt.Sprintf("%d/%d", i, j), flow: strconv.Itoa(i)})
				}
			}
			names := p.buckets(groupOf(inviteRoute))
			binding := p[names[len(names)-1]]
			g.Expect(w.try("look", "", LaneDefault, "GET /api/v2/roles")).To(BeTrue())
			served := map[string]int{}
			var waits []float64
			removalSince := someTime
			removals := 0
			const minutes = 6
			for step := range minutes * 60 * 10 {
				w.now = someTime.Add(time.Duration(step) * 100 * time.Millisecond)
				if step%70 == 0 {
					removals++
					removalSince = w.now
				}
				if removals > len(waits) && w.try(fmt.Sprintf("removal %d", removals), "r", LaneRemoval, inviteRoute) {
					waits = append(waits, w.now.Sub(removalSince).Seconds())
				}
				for _, who := range waiting {
					if !who.done && w.try(who.key, who.flow, LaneInvitation, inviteRoute) {
						who.done = true
						served[who.flow]++
					}
				}
			}
			total, least, most := len(waits), people, 0
			for _, n := range served {
				total += n
				least, most = min(least, n), max(most, n)
			}
			calls := total + w.auth0.denied
			g.Expect(float64(total)).To(BeNumerically(">=", math.Min(c.used*binding.perMinute*share*minutes, customers*people)), "the share is used")
			g.Expect(float64(w.auth0.denied)).To(BeNumerically("<=", 0.001*float64(calls)+1), "of %d calls", calls)
			g.Expect(served).To(HaveLen(customers))
			g.Expect(most-least).To(BeNumerically("<=", 15), "the first burst goes to who came first: %v", served)
			sort.Float64s(waits)
			g.Expect(len(waits)).To(BeNumerically(">=", removals-1))
			g.Expect(waits[len(waits)*99/100]).To(BeNumerically("<", 3), "a removal passes the queue")
			t.Logf("%d calls, %d refused, %d to %d a Customer, removals %v at most", calls, w.auth0.denied, least, most, waits[len(waits)-1])
		})
	}
}

// TestBudgetLearnsThePlan from the sizes that the answers name.
func TestBudgetLearnsThePlan(t *testing.T) {
	for name, p := range map[string]plan{"Free": planFree, "self-service": planSelfService, "Enterprise": planEnterprise, "Enterprise, not for production": planEnterpriseTest} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			w := newBudgetWorld(p)
			for i, route := range []string{"GET /api/v2/roles", "GET /api/v2/organizations/{id}", "GET /api/v2/users/{id}"} {
				w.now = w.now.Add(10 * time.Second)
				g.Expect(w.try(strconv.Itoa(i), "", LaneDefault, route)).To(BeTrue())
			}
			g.Expect(w.budget.plans).To(HaveLen(1))
			g.Expect(w.budget.plans[0].plan).To(Equal(p))
		})
	}
}

// TestBudgetFollowsAPlanThatChanges without a storm.
func TestBudgetFollowsAPlanThatChanges(t *testing.T) {
	g := NewWithT(t)
	w := newBudgetWorld(planEnterprise)
	sent := func(seconds int) (n int) {
		for range seconds * 10 {
			w.now = w.now.Add(100 * time.Millisecond)
			for i := range 20 {
				if w.try("k"+strconv.Itoa(i), strconv.Itoa(i), LaneDefault, "GET /api/v2/users/{id}") {
					n++
				}
			}
		}
		return n
	}
	g.Expect(sent(60)).To(BeNumerically(">", 500))
	w.auth0 = newAuth0Limiter(planFree)
	sent(60)
	before := w.auth0.denied
	g.Expect(before).To(BeNumerically("<", 10))
	g.Expect(sent(600)).To(BeNumerically(">", 600))
	g.Expect(w.auth0.denied - before).To(BeNumerically("<=", 1))
}

// TestBudgetOfOneGroupLeavesTheOthers: a group that is refused for long holds
// back itself alone, and is asked seldom.
func TestBudgetOfOneGroupLeavesTheOthers(t *testing.T) {
	g := NewWithT(t)
	b, now := NewBudget(), someTime
	enabled := claim{group: groupOf("GET /api/v2/organizations/{id}/enabled_connections"), place: place{key: "a", lane: LaneDefault}}
	roles := claim{group: groupOf("GET /api/v2/roles"), place: place{key: "b", lane: LaneDefault}}
	b.answered(roles.group, 200, quota{}, now)
	asked, others := 0, 0
	for range 3600 {
		now = now.Add(time.Second)
		if _, free := b.ask(enabled, now); free {
			asked++
			b.refused(enabled.group, "Limit of read organization connections has been reached", time.Time{}, now)
		}
		if _, free := b.ask(roles, now); free {
			others++
			b.answered(roles.group, 200, quota{}, now)
		}
	}
	g.Expect(others).To(Equal(3600))
	g.Expect(asked).To(And(BeNumerically(">", 10), BeNumerically("<", 80)))
}

// TestBudgetResets: a reset may be missing, in the past, or beyond all reason.
func TestBudgetResets(t *testing.T) {
	for name, c := range map[string]struct{ reset, want time.Time }{
		"seven seconds": {someTime.Add(7 * time.Second), someTime.Add(7 * time.Second)},
		"none":          {time.Time{}, someTime.Add(closedFallback)},
		"in the past":   {someTime.Add(-time.Hour), someTime.Add(closedFallback)},
		"a day ahead":   {someTime.Add(24 * time.Hour), someTime.Add(closedLongest)},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			b := NewBudget()
			g.Expect(b.refused("x", "", c.reset, someTime).at).To(Equal(c.want))
			removal := claim{group: "x", place: place{key: "r", lane: LaneRemoval}}
			_, free := b.ask(removal, c.want.Add(-time.Millisecond))
			g.Expect(free).To(BeFalse())
			_, free = b.ask(removal, c.want)
			g.Expect(free).To(BeTrue(), "a removal goes at the reset")
		})
	}
}

// TestBudgetWallClockPutBack: nobody waits for the hours that come twice.
func TestBudgetWallClockPutBack(t *testing.T) {
	g := NewWithT(t)
	b := NewBudget()
	b.answered(groupOf(inviteRoute), 200, quota{named: true, limit: 2, remaining: 0}, someTime)
	b.refused(groupOf(inviteRoute), "Global limit has been reached", someTime.Add(time.Minute), someTime)
	now := someTime.Add(-3 * time.Hour)
	c := claim{group: groupOf(inviteRoute), place: place{key: "a", lane: LaneDefault}}
	for range 10 {
		if _, free := b.ask(c, now); free {
			return
		}
		now = now.Add(time.Second)
	}
	g.Expect(now).To(BeZero(), "never free")
}

// TestBudgetLaneIsNotStarved: looks go on while edits never end, and less often.
func TestBudgetLaneIsNotStarved(t *testing.T) {
	g := NewWithT(t)
	w := newBudgetWorld(planEnterpriseTest)
	looks, edits := 0, 0
	for range 6000 {
		w.now = w.now.Add(100 * time.Millisecond)
		for i := range 50 {
			if w.try("edit"+strconv.Itoa(i), strconv.Itoa(i), LaneDefault, "GET /api/v2/users/{id}") {
				edits++
			}
		}
		if w.try("look", "l", LaneLook, "GET /api/v2/users/{id}") {
			looks++
		}
	}
	g.Expect(looks).To(BeNumerically(">", 20))
	g.Expect(edits).To(BeNumerically(">", 3*looks))
}

// TestBudgetAbandonedPlace: who does not come back holds nobody up for long.
func TestBudgetAbandonedPlace(t *testing.T) {
	g := NewWithT(t)
	w := newBudgetWorld(planFree)
	for i := range 200 {
		w.try("gone"+strconv.Itoa(i), strconv.Itoa(i), LaneDefault, inviteRoute)
	}
	done := 0
	for range 6000 {
		w.now = w.now.Add(100 * time.Millisecond)
		for i := range 10 {
			if w.try("here"+strconv.Itoa(i), strconv.Itoa(i), LaneInvitation, inviteRoute) {
				done++
			}
		}
	}
	g.Expect(done).To(BeNumerically(">", 600), "of 960 in ten minutes")
}

// TestRemovalFindsItsPartOfTheLimit: others take all that they get, and leave one
// call of each bucket to a removal.
func TestRemovalFindsItsPartOfTheLimit(t *testing.T) {
	for name, p := range map[string]plan{"Free": planFree, "self-service": planSelfService, "Enterprise": planEnterprise} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			w := newBudgetWorld(p)
			for i := range 200 {
				w.try("edit"+strconv.Itoa(i), "acme", LaneDefault, inviteRoute)
			}
			g.Expect(w.try("removal", "acme", LaneRemoval, inviteRoute)).To(BeTrue())
		})
	}
}

// TestRemovalPassesWhatHasBegun: passes in the middle of their work go before all
// others, and a removal before them.
func TestRemovalPassesWhatHasBegun(t *testing.T) {
	for name, p := range map[string]plan{"Free": planFree, "self-service": planSelfService, "Enterprise": planEnterprise} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			w := newBudgetWorld(p)
			for i := range 200 {
				w.try("begun"+strconv.Itoa(i), "acme", laneBegun, inviteRoute)
			}
			g.Expect(w.try("removal", "acme", LaneRemoval, inviteRoute)).To(BeTrue())
			w.now = w.now.Add(time.Second)
			g.Expect(w.try("another", "acme", LaneRemoval, inviteRoute)).To(BeTrue(), "it waits for its call, and for nobody")
		})
	}
}

func TestBudgetTellsWhoWaits(t *testing.T) {
	g := NewWithT(t)
	w := newBudgetWorld(planFree)
	g.Expect(w.budget.Waiting(w.now)).To(BeEmpty())
	for i := range 40 {
		w.try(fmt.Sprint("person-", i), "acme", LaneInvitation, inviteRoute)
	}
	w.try("leaver", "acme", LaneRemoval, inviteRoute)
	waiting := 0
	for _, lanes := range w.budget.Waiting(w.now) {
		waiting += lanes[LaneInvitation]
		g.Expect(lanes).To(HaveLen(5), "a lane in which nobody waits is told too")
	}
	g.Expect(waiting).To(BeNumerically(">", 20))
	for _, lanes := range w.budget.Waiting(w.now.Add(time.Hour)) {
		g.Expect(lanes[LaneInvitation]).To(BeZero(), "nobody waits who does not come back")
	}
}
