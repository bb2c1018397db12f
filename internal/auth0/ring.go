package auth0

import (
	"math"
	"time"
)

// ring has those come who wait, when their turn is: somebody who was told a time
// may have others before it by then, or nobody any more.
type ring struct {
	wall  func() time.Time
	timer *time.Timer
}

// Ring begins to call those who wait, by this machine's clock.
func (b *Budget) Ring(wall func() time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ring == nil {
		b.ring = &ring{wall: wall}
		b.ring.timer = time.AfterFunc(longestTurn, func() {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.rearm(wall())
		})
	}
}

// rearm calls those whose turn it is, and comes back for the next.
func (b *Budget) rearm(now time.Time) {
	if b.ring == nil {
		return
	}
	calls, next := b.turns(now)
	for _, call := range calls {
		go call()
	}
	wait := longestTurn
	if !next.IsZero() {
		wait = min(wait, max(next.Sub(now), time.Millisecond))
	}
	b.ring.timer.Reset(wait)
}

// turns are the calls to make now, of callers whose turn it is and who were not
// called before, and when the next one's turn is; zero when nobody waits. While Auth0
// is down one at a time comes, and tries.
func (b *Budget) turns(now time.Time) (calls []func(), next time.Time) {
	if at := b.breaker.mayCall(); now.Before(at) {
		return nil, at
	}
	if b.breaker.until.IsZero() {
		return b.turnsUp(now, math.MaxInt)
	}
	if calls, next = b.turnsUp(now, 1); len(calls) > 0 {
		b.breaker.called = now
	}
	return calls, later(next, b.breaker.mayCall())
}

func (b *Budget) turnsUp(now time.Time, most int) (calls []func(), next time.Time) {
	soon := func(at time.Time) {
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	for name, q := range b.queues {
		q.sweep(now)
		for _, places := range q.lanes {
			for _, p := range places {
				at, free := b.turnOf(name, *p, now)
				if !free {
					soon(at)
					break
				}
				switch {
				case p.call != nil && p.called.IsZero() && len(calls) == most:
					return calls, now
				case p.call != nil && p.called.IsZero():
					p.called = now
					calls = append(calls, p.call)
					soon(now.Add(comes + time.Millisecond))
				case !p.absent(now):
					soon(p.expected(now).Add(comes + time.Millisecond))
				}
			}
		}
	}
	return calls, next
}
