package auth0

import "time"

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

// queue is who waits for one bucket.
type queue struct {
	places map[string]*place
	seq    uint64
	// rounds is the round of each lane that was served last, passed how many calls
	// of other lanes were served since somebody has been waiting there.
	rounds map[Lane]uint64
	passed map[Lane]int
}

func newQueue() *queue {
	return &queue{places: map[string]*place{}, rounds: map[Lane]uint64{}, passed: map[Lane]int{}}
}

// joins is the place that a caller has or would have.
func (q *queue) joins(c place) place {
	if has := q.places[c.key]; has != nil && has.lane == c.lane {
		c.round, c.seq = has.round, has.seq
		return c
	}
	c.round, c.seq = q.rounds[c.lane]+1, q.seq+1
	for _, other := range q.places {
		if other.lane == c.lane && other.flow == c.flow && other.round >= c.round {
			c.round = other.round + 1
		}
	}
	return c
}

// ahead counts the calls that go before the caller's.
func (q *queue) ahead(c place, now time.Time) float64 {
	if len(q.places) == 0 {
		return 0
	}
	mine := q.joins(c)
	own, higher := 0, 0
	owed := map[Lane]bool{}
	for key, other := range q.places {
		switch {
		case now.After(other.due.Add(placeKept)):
			delete(q.places, key)
		case key == c.key:
		case other.lane == c.lane:
			if other.before(&mine) {
				own++
			}
		case other.lane.rank() < c.lane.rank():
			higher++
		case c.lane != LaneRemoval && q.passed[other.lane] >= fairness && !now.Before(other.due.Add(-time.Second)):
			owed[other.lane] = true
		}
	}
	if c.lane != LaneRemoval {
		higher = min(higher, max(0, fairness-q.passed[c.lane])+own*fairness)
	}
	return float64(own + higher + len(owed))
}

// keep gives the caller its place, until due and a little longer. A call without
// a caller has none.
func (q *queue) keep(c place, due, now time.Time) {
	if c.key == "" {
		return
	}
	mine := q.joins(c)
	if q.places[c.key] == nil {
		q.seq++
	}
	mine.due = later(due, now)
	q.places[c.key] = &mine
}

// granted takes the caller out of the queue and counts for the others.
func (q *queue) granted(c place) {
	if has := q.places[c.key]; has != nil {
		q.rounds[has.lane] = max(q.rounds[has.lane], has.round)
		delete(q.places, c.key)
	}
	q.passed[c.lane] = 0
	waiting := map[Lane]bool{}
	for _, other := range q.places {
		waiting[other.lane] = true
	}
	for lane := range waiting {
		if lane.rank() > c.lane.rank() && c.lane != LaneRemoval {
			q.passed[lane]++
		}
	}
}
