package auth0

import (
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// BenchmarkQueue asks for callers of whom many wait: b.N passes over one caller.
func BenchmarkQueue(b *testing.B) {
	for _, waiting := range []int{100, 1000, 5000, 20000} {
		b.Run(strconv.Itoa(waiting), func(b *testing.B) {
			w := newBudgetWorld(planEnterprise)
			w.budget.Declare(Limits{Plan: PlanEnterprise})
			w.try("x", "x", LaneDefault, "GET /api/v2/clients/{id}")
			ask := func(i int) {
				c := claim{group: groupOf(inviteRoute), place: place{key: strconv.Itoa(i), flow: strconv.Itoa(i % 50), lane: LaneInvitation}}
				if _, free := w.budget.ask(c, w.now); free {
					w.budget.answered(c.group, 201, quota{}, w.now)
				}
			}
			for i := range waiting {
				ask(i)
			}
			b.ResetTimer()
			for i := range b.N {
				w.now = w.now.Add(time.Millisecond)
				ask(i % waiting)
			}
		})
	}
}

// TestQueueKeepsItsBooks: whatever comes and goes, the places of a lane stand in
// order, each once, and each flow's count is of those that are there.
func TestQueueKeepsItsBooks(t *testing.T) {
	g := NewWithT(t)
	random := rand.New(rand.NewPCG(1, 2))
	q, now := newQueue(), someTime
	lanes := []Lane{LaneRemoval, laneBegun, LaneDefault, LaneInvitation, LaneLook}
	for range 4_000 {
		now = now.Add(time.Duration(random.IntN(300)) * time.Millisecond)
		c := place{key: strconv.Itoa(random.IntN(60)), flow: strconv.Itoa(random.IntN(5)), lane: lanes[random.IntN(5)]}
		if random.IntN(3) == 0 {
			q.granted(c)
		} else {
			_ = q.ahead(c, now)
			q.keep(c, now.Add(time.Duration(random.IntN(10))*time.Second), now)
		}
		total, flows := 0, map[flowKey]int{}
		for lane, places := range q.lanes {
			total += len(places)
			for i, p := range places {
				flows[flowKey{lane, p.flow}]++
				g.Expect(q.places[p.id()]).To(BeIdenticalTo(p))
				g.Expect(i == 0 || places[i-1].before(p)).To(BeTrue(), "in order")
			}
		}
		g.Expect(total).To(Equal(len(q.places)))
		waiting := map[Lane]int{}
		for key, tail := range q.tails {
			g.Expect(tail.places).To(Equal(flows[key]))
			if tail.places > 0 {
				waiting[key.lane]++
			}
			delete(flows, key)
		}
		g.Expect(flows).To(BeEmpty())
		for lane, n := range q.flows {
			g.Expect(n).To(Equal(waiting[lane]))
		}
	}
}

// TestQueueCountsWhoIsBefore: the place in a lane is that of counting one by one.
func TestQueueCountsWhoIsBefore(t *testing.T) {
	g := NewWithT(t)
	random := rand.New(rand.NewPCG(3, 4))
	q := newQueue()
	for range 5_000 {
		c := place{key: strconv.Itoa(random.IntN(200)), flow: strconv.Itoa(random.IntN(9)), lane: LaneDefault}
		mine, before := q.joins(c), 0
		for key, other := range q.places {
			if key != c.id() && other.before(&mine) {
				before++
			}
		}
		g.Expect(q.ahead(c, someTime)).To(Equal(float64(before)))
		if random.IntN(4) == 0 {
			q.granted(c)
		} else {
			q.keep(c, someTime, someTime)
		}
	}
}

// TestQueueBringsToItsEndWhatBeganFirst, but for a pass of very many calls, which lets
// shorter ones by.
func TestQueueBringsToItsEndWhatBeganFirst(t *testing.T) {
	g := NewWithT(t)
	q := newQueue()
	began := func(key string, after time.Duration, calls int32) place {
		pass := &passState{since: someTime.Add(after)}
		pass.calls.Store(calls)
		return place{key: key, flow: key, lane: laneBegun, work: pass.work()}
	}
	for _, c := range []place{
		{key: "new", flow: "new", lane: LaneDefault},
		began("second", 2*time.Second, 1), began("first", 0, 5), began("long", 0, 100),
	} {
		q.keep(c, someTime, someTime)
	}
	ahead := func(c place) float64 { return q.ahead(c, someTime) }
	g.Expect(ahead(began("first", 0, 5))).To(BeZero())
	g.Expect(ahead(began("second", 2*time.Second, 1))).To(Equal(1.0))
	g.Expect(ahead(began("long", 0, 100))).To(Equal(2.0))
	g.Expect(ahead(place{key: "new", flow: "new", lane: LaneDefault})).To(Equal(3.0))
}
