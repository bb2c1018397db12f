package directory

import (
	"slices"
	"time"

	"github.com/seatwarden/seatwarden/internal/auth0"
)

// ownWrites are writes of ours of which a feed may have yet to tell, the oldest first.
type ownWrites []ownWrite

// ownWrite is a write of ours, from when it began until it was answered, zero for not
// yet or not known.
type ownWrite struct{ began, answered time.Time }

const (
	// oursTook is how long a write of ours is taken to last whose answer is not known.
	oursTook = 10 * time.Second
	// oursKept is how long a feed may take to tell of one.
	oursKept = time.Minute
)

// begins notes that a write of ours begins: a feed may tell of it before it is answered.
func (o *ownWrites) begins(now time.Time) {
	*o = slices.DeleteFunc(*o, func(w ownWrite) bool { return now.Sub(w.began) > oursKept })
	*o = append(*o, ownWrite{began: now})
}

// answered notes when the latest was.
func (o ownWrites) answered(now time.Time) {
	if last := len(o) - 1; last >= 0 && o[last].answered.IsZero() {
		o[last].answered = now
	}
}

// strike drops the latest, where it was not answered.
func (o *ownWrites) strike() {
	if last := len(*o) - 1; last >= 0 && (*o)[last].answered.IsZero() {
		*o = (*o)[:last]
	}
}

// tells strikes the write of ours that a change of an instant may be, and tells whether
// there is one. Somebody else's change beside it is told too, and is news then.
func (o *ownWrites) tells(change auth0.Change, at time.Time) bool {
	if !change.MayBeOurs {
		return false
	}
	i := slices.IndexFunc(*o, func(w ownWrite) bool {
		until := w.answered
		if until.IsZero() {
			until = w.began.Add(oursTook)
		}
		return at.After(w.began.Add(-clockError)) && at.Before(until.Add(clockError))
	})
	if i < 0 {
		return false
	}
	*o = slices.Delete(*o, i, i+1)
	return true
}
