package auth0

import (
	"context"
	"errors"
	"hash/fnv"
	"net/http"
	"time"
)

const (
	// failuresInRow is from how many calls in a row without a whole answer on Auth0
	// counts as down.
	failuresInRow = 5
	// downFirst is how long calls are held back at first, and downLongest at most: it
	// doubles with each call that tries in vain.
	downFirst   = time.Second
	downLongest = 20 * time.Second
	// tryKept is how long the call that tries is waited for.
	tryKept = callTimeout + 5*time.Second
	// tryWait is when to come back while it is under way.
	tryWait = 2 * time.Second
)

// breaker holds calls back while Auth0 is down, but for one at a time that tries.
// Removals try all the same.
type breaker struct {
	// failures in a row, openings without a success in between.
	failures, openings int
	// until is when the next call tries; zero while Auth0 is up.
	until time.Time
	// trying is since when a call tries; zero for none.
	trying time.Time
	// called is when somebody was called to try; zero for not.
	called time.Time
}

// mayCall is from when on somebody who waits for a turn may be called: while Auth0 is
// down one comes at a time.
func (b *breaker) mayCall() time.Time {
	at := b.until
	if !b.trying.IsZero() {
		at = later(at, b.trying.Add(tryKept))
	}
	if !b.called.IsZero() {
		at = later(at, b.called.Add(tryWait))
	}
	return at
}

// held tells whether a call is held back, and when it may come back. Callers come
// back spread over a time, by their keys.
func (b *breaker) held(c claim, now time.Time) (time.Time, bool) {
	if b.until.IsZero() || c.lane == LaneRemoval || !isManagement(c.group) {
		return time.Time{}, false
	}
	switch left := b.until.Sub(now); {
	case left > downLongest:
		b.until = now // the wall clock was put back
	case left > 0:
		return b.until.Add(b.spread(c)), true
	}
	if !b.trying.IsZero() && now.Sub(b.trying) < tryKept {
		return now.Add(tryWait + b.spread(c)), true
	}
	return time.Time{}, false
}

// begins notes that a call goes: while Auth0 is down it is the one that tries.
func (b *breaker) begins(c claim, now time.Time) {
	if !b.until.IsZero() && c.lane != LaneRemoval && isManagement(c.group) {
		b.trying = now
	}
}

// spread is up to half of the time that calls are held back.
func (b *breaker) spread(c claim) time.Duration {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(c.key + " " + c.flow))
	return time.Duration(float64(b.wait()) / 2 * float64(hash.Sum32()%1000) / 1000)
}

func (b *breaker) wait() time.Duration {
	return min(downLongest, downFirst<<min(max(0, b.openings-1), 6))
}

// failed notes a call without a whole answer. One that was sent before the last
// opening says nothing new.
func (b *breaker) failed(now time.Time) {
	b.failures++
	opens := b.until.IsZero() && b.failures >= failuresInRow || !b.trying.IsZero()
	if !opens {
		return
	}
	b.openings++
	b.until, b.trying = now.Add(b.wait()), time.Time{}
}

func (b *breaker) succeeded() { *b = breaker{} }

// down tells whether a call is held back because Auth0 is down. One that is not,
// and goes, is noted.
func (b *Budget) down(c claim, goes bool, now time.Time) (time.Time, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	at, held := b.breaker.held(c, now)
	if !held && goes {
		b.breaker.begins(c, now)
	}
	return at, held
}

// noteAnswer tells whether Auth0 works. An answer of the token endpoint does not
// show that the Management API does.
func (b *Budget) noteAnswer(group string, status int, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.rearm(now)
	switch {
	case status == 0 || status >= http.StatusInternalServerError:
		b.breaker.failed(now)
	case isManagement(group):
		b.breaker.succeeded()
	}
}

// ourEnd tells whether a call has no answer because we ended it: its caller went,
// or gave it less time than a call has.
func ourEnd(ctx context.Context, timeout time.Duration, err error) bool {
	return ctx.Err() != nil || timeout < callTimeout && errors.Is(err, context.DeadlineExceeded)
}

// HeldUntil is when a call may be made again that was held back because Auth0 is down.
func HeldUntil(err error) (time.Time, bool) {
	var e *Error
	if errors.As(err, &e) && e.Kind == KindNotSent && !e.RetryAt.IsZero() {
		return e.RetryAt, true
	}
	return time.Time{}, false
}
