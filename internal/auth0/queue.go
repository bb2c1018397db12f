package auth0

import (
	"slices"
	"sort"
	"time"
)

// placeKept is how long a place outlives the time that its holder was told.
const placeKept = 30 * time.Second

// fairness is how many calls of the lanes before it a lane lets pass while
// somebody waits in it.
const fairness = 8

// place is a caller's in a queue.
type place struct {
	key, flow string
	lane      Lane
	// begun: the caller is in the middle of a pass, which would begin anew.
	begun bool

	// round is the caller's turn among the flows of its lane, seq its order in it.
	round, seq uint64
	due        time.Time
}

// before orders the places of one lane.
func (p *place) before(o *place) bool {
	switch {
	case p.begun != o.begun:
		return p.begun
	case p.round != o.round:
		return p.round < o.round
	}
	return p.seq < o.seq
}

// queue is who waits for one bucket. Thousands may, and each call looks here: so
// the places of a lane stand in order, and one is found by halving.
type queue struct {
	places map[string]*place
	lanes  map[Lane][]*place
	// tails are the last round that was given in each flow that waits.
	tails map[flowKey]tail
	seq   uint64
	swept time.Time
	// rounds is the round of each lane that was served last, passed how many calls
	// of other lanes were served since somebody has been waiting there.
	rounds map[Lane]uint64
	passed map[Lane]int
}

type flowKey struct {
	lane Lane
	flow string
}

type tail struct {
	round  uint64
	places int
}

func newQueue() *queue {
	return &queue{
		places: map[string]*place{}, lanes: map[Lane][]*place{}, tails: map[flowKey]tail{},
		rounds: map[Lane]uint64{}, passed: map[Lane]int{},
	}
}

// joins is the place that a caller has or would have.
func (q *queue) joins(c place) place {
	if has := q.places[c.key]; has != nil && has.lane == c.lane {
		c.round, c.seq = has.round, has.seq
		return c
	}
	c.round, c.seq = max(q.rounds[c.lane], q.tails[flowKey{c.lane, c.flow}].round)+1, q.seq+1
	return c
}

// before counts the places of the lane that stand before one.
func (q *queue) before(p *place) int {
	lane := q.lanes[p.lane]
	return sort.Search(len(lane), func(i int) bool { return !lane[i].before(p) })
}

func (q *queue) add(p *place) {
	q.lanes[p.lane] = slices.Insert(q.lanes[p.lane], q.before(p), p)
	q.places[p.key] = p
	key := flowKey{p.lane, p.flow}
	q.tails[key] = tail{max(q.tails[key].round, p.round), q.tails[key].places + 1}
}

func (q *queue) remove(p *place) {
	at := q.before(p)
	q.lanes[p.lane] = slices.Delete(q.lanes[p.lane], at, at+1)
	q.forget(p)
}

func (q *queue) forget(p *place) {
	delete(q.places, p.key)
	key := flowKey{p.lane, p.flow}
	left := q.tails[key]
	if left.places--; left.places == 0 {
		delete(q.tails, key)
		return
	}
	if left.round == p.round {
		left.round--
	}
	q.tails[key] = left
}

// sweep takes out, at most once a second, who did not come back.
func (q *queue) sweep(now time.Time) {
	if past := now.Sub(q.swept); past >= 0 && past < time.Second {
		return
	}
	q.swept = now
	for lane, places := range q.lanes {
		q.lanes[lane] = slices.DeleteFunc(places, func(p *place) bool {
			gone := now.After(p.due.Add(placeKept))
			if gone {
				q.forget(p)
			}
			return gone
		})
	}
}

// ahead counts the calls that go before the caller's.
func (q *queue) ahead(c place, now time.Time) float64 {
	if len(q.places) == 0 {
		return 0
	}
	q.sweep(now)
	mine := q.joins(c)
	own, higher, owed := q.before(&mine), 0, 0
	if has := q.places[c.key]; has != nil && has.lane == mine.lane && has.before(&mine) {
		own--
	}
	for lane, places := range q.lanes {
		switch {
		case len(places) == 0 || lane == c.lane:
		case lane.rank() < c.lane.rank():
			higher += len(places)
		case c.lane != LaneRemoval && q.passed[lane] >= fairness && !now.Before(places[0].due.Add(-time.Second)):
			owed++
		}
	}
	if c.lane != LaneRemoval {
		higher = min(higher, max(0, fairness-q.passed[c.lane])+own*fairness)
	}
	return float64(own + higher + owed)
}

// keep gives the caller its place, until due and a little longer. A call without
// a caller has none.
func (q *queue) keep(c place, due, now time.Time) {
	if c.key == "" {
		return
	}
	mine := q.joins(c)
	mine.due = later(due, now)
	if has := q.places[c.key]; has != nil {
		q.remove(has)
	}
	q.seq = max(q.seq, mine.seq)
	q.add(&mine)
}

// granted takes the caller out of the queue and counts for the others.
func (q *queue) granted(c place) {
	if has := q.places[c.key]; has != nil {
		q.rounds[has.lane] = max(q.rounds[has.lane], has.round)
		q.remove(has)
	}
	q.passed[c.lane] = 0
	for lane, places := range q.lanes {
		if len(places) > 0 && lane.rank() > c.lane.rank() && c.lane != LaneRemoval {
			q.passed[lane]++
		}
	}
}
