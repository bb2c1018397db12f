package auth0

import (
	"slices"
	"sort"
	"time"
)

const (
	// placeKept is how long a place outlives the time at which its holder was to come,
	// and placeKeptUncalled the time that was told to one who waits to be called.
	placeKept         = 30 * time.Second
	placeKeptUncalled = 15 * time.Minute
	// comes is how long the others wait for somebody whose turn it is.
	comes = time.Second
)

// fairness is how many calls of the lanes before it a lane lets pass while
// somebody waits in it.
const fairness = 8

// credit is how many calls somebody is ahead who comes late: as many as the others
// were served meanwhile, up to this. Who is many does not starve by it, since the
// rounds go on with each call.
const credit = 50

// place is a caller's in a queue.
type place struct {
	key, flow string
	lane      Lane
	// call has the caller come, nil where it comes by itself at the time that it was told.
	call func()

	// work orders the passes that have begun.
	work time.Time
	// round is the caller's turn among the flows of its lane, seq its order in it.
	round float64
	seq   uint64
	due   time.Time
	// called is when the caller was called, zero before.
	called time.Time
}

type placeKey struct {
	lane Lane
	key  string
}

func (p *place) id() placeKey { return placeKey{p.lane, p.key} }

// before orders the places of one lane.
func (p *place) before(o *place) bool {
	if p.round != o.round {
		return p.round < o.round
	}
	return p.seq < o.seq
}

// expected is since when the caller is to be here, by what it was told; zero before.
func (p *place) expected(now time.Time) time.Time {
	switch {
	case p.call != nil:
		return p.called
	case now.Before(p.due):
		return time.Time{}
	}
	return p.due
}

// absent: it was the caller's turn, and it did not come. The others do not wait for
// it any more; when it comes, it has its place.
func (p *place) absent(now time.Time) bool {
	since := p.expected(now)
	return !since.IsZero() && now.Sub(since) > comes
}

// gone: the caller does not come any more.
func (p *place) gone(now time.Time) bool {
	if since := p.expected(now); !since.IsZero() {
		return now.Sub(since) > placeKept
	}
	return now.Sub(p.due) > placeKeptUncalled
}

// queue is who waits for one bucket. Thousands may, and each call looks here: so
// the places of a lane stand in order, and one is found by halving.
type queue struct {
	places map[placeKey]*place
	lanes  map[Lane][]*place
	// tails are the last round that was given in each flow that waits, or was served
	// lately.
	tails map[flowKey]tail
	seq   uint64
	swept time.Time
	// rounds is how many calls each flow of a lane that waits was served, if it waited
	// all the time, flows how many wait, passed how many calls of other lanes were
	// served since somebody has been waiting there.
	rounds map[Lane]float64
	flows  map[Lane]int
	passed map[Lane]int
}

type flowKey struct {
	lane Lane
	flow string
}

type tail struct {
	round  float64
	places int
}

func newQueue() *queue {
	return &queue{
		places: map[placeKey]*place{}, lanes: map[Lane][]*place{}, tails: map[flowKey]tail{},
		rounds: map[Lane]float64{}, flows: map[Lane]int{}, passed: map[Lane]int{},
	}
}

// joins is the place that a caller has or would have.
func (q *queue) joins(c place) place {
	if has := q.places[c.id()]; has != nil {
		c.round, c.seq = has.round, has.seq
		return c
	}
	c.round, c.seq = q.next(c), q.seq+1
	return c
}

// next is the round of the flow's next call.
func (q *queue) next(c place) float64 {
	if c.lane == laneBegun {
		return float64(c.work.UnixMilli())
	}
	return max(q.rounds[c.lane]-credit, q.tails[flowKey{c.lane, c.flow}].round) + 1
}

// before counts the places of the lane that stand before one.
func (q *queue) before(p *place) int {
	lane := q.lanes[p.lane]
	return sort.Search(len(lane), func(i int) bool { return !lane[i].before(p) })
}

func (q *queue) add(p *place) {
	q.lanes[p.lane] = slices.Insert(q.lanes[p.lane], q.before(p), p)
	q.places[p.id()] = p
	key := flowKey{p.lane, p.flow}
	if q.tails[key].places == 0 {
		q.flows[p.lane]++
	}
	q.tails[key] = tail{max(q.tails[key].round, p.round), q.tails[key].places + 1}
}

func (q *queue) remove(p *place) {
	at := q.before(p)
	q.lanes[p.lane] = slices.Delete(q.lanes[p.lane], at, at+1)
	q.forget(p)
}

func (q *queue) forget(p *place) {
	delete(q.places, p.id())
	key := flowKey{p.lane, p.flow}
	left := q.tails[key]
	if left.places--; left.places == 0 {
		q.flows[p.lane]--
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
			gone := p.gone(now)
			if gone {
				q.forget(p)
			}
			return gone
		})
	}
	for key, tail := range q.tails {
		if tail.places == 0 && tail.round <= q.rounds[key.lane]-credit {
			delete(q.tails, key)
		}
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
	own -= min(own, q.absentees(c.lane, now))
	for lane, places := range q.lanes {
		if lane == c.lane {
			continue
		}
		absent := q.absentees(lane, now)
		switch {
		case len(places) == absent:
		case lane.rank() < c.lane.rank():
			higher += len(places) - absent
		case c.lane != LaneRemoval && q.passed[lane] >= fairness && places[absent].comesSoon(now):
			owed++
		}
	}
	if c.lane != LaneRemoval {
		higher = min(higher, max(0, fairness-q.passed[c.lane])+own*fairness)
	}
	return float64(own + higher + owed)
}

// absentees counts those at the head of a lane for whom nobody waits.
func (q *queue) absentees(lane Lane, now time.Time) (n int) {
	for _, p := range q.lanes[lane] {
		if !p.absent(now) {
			break
		}
		n++
	}
	return n
}

// comesSoon: the caller is on its way, or comes within a second.
func (p *place) comesSoon(now time.Time) bool {
	return !p.called.IsZero() || p.call == nil && !now.Before(p.due.Add(-time.Second))
}

// keep gives the caller its place, until due and a little longer. A call without
// a caller has none.
func (q *queue) keep(c place, due, now time.Time) {
	if c.key == "" {
		return
	}
	mine := q.joins(c)
	mine.due = later(due, now)
	if has := q.places[c.id()]; has != nil {
		q.remove(has)
	}
	q.seq = max(q.seq, mine.seq)
	q.add(&mine)
}

// granted takes the caller out of the queue and counts for the others.
func (q *queue) granted(c place) {
	key, round := flowKey{c.lane, c.flow}, q.next(c)
	if has := q.places[c.id()]; has != nil {
		round = has.round
		q.remove(has)
	}
	served := q.tails[key]
	served.round = max(served.round, round)
	q.tails[key] = served
	others := q.flows[c.lane]
	if served.places == 0 {
		others++
	}
	q.rounds[c.lane] += 1 / float64(others)
	q.passed[c.lane] = 0
	for lane, places := range q.lanes {
		if len(places) > 0 && lane.rank() > c.lane.rank() && c.lane != LaneRemoval {
			q.passed[lane]++
		}
	}
}
