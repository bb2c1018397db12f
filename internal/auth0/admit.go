package auth0

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// patience is how long a pass that has begun waits in all for one of its calls:
// it would begin anew, and make the calls again that it has made. What takes
// longer, and a pass's first call, is told at once when to come back.
const patience = 10 * time.Second

func claimOf(ctx context.Context, route string) claim {
	pass, lane := passOf(ctx), LaneOf(ctx)
	if pass.begun.Load() && lane != LaneRemoval {
		lane = laneBegun
	}
	return claim{group: groupOf(route), place: place{key: pass.Key, flow: pass.Flow, lane: lane, call: pass.Call, work: pass.work()}}
}

// admit lets a call go, or says when its turn is. goes: it is sent now, and tries
// whether an Auth0 that was down is back; one that is only paid for does not.
func (w *wire) admit(ctx context.Context, route string, goes bool) error {
	c := claimOf(ctx, route)
	if err := w.up(c, route, false); err != nil {
		return err
	}
	if reservationOf(ctx).use(w.budget, c.group) {
		return w.upOrBack(c, route, goes)
	}
	left := time.Duration(0)
	if passOf(ctx).begun.Load() {
		left = patience
	}
	if fence, fenced := fenceOf(ctx); fenced {
		left = min(left, fence.left(w.clock.Now())/2)
	}
	call := c.call
	for {
		now := w.clock.wall()
		c.call = nil // while it waits here it comes by itself
		if left <= 0 {
			c.call = call
		}
		wait, free := w.budget.ask(c, now)
		if free {
			return w.upOrBack(c, route, goes)
		}
		nap := max(wait.at.Sub(now), time.Millisecond)
		if nap > left && left > 0 {
			left = 0
			continue
		}
		if nap > left {
			countHeld(w.tenant, wait.limit, LaneOf(ctx))
			return &Error{Kind: KindRateLimited, Route: route, Detail: "waits for its turn", RetryAt: wait.at, Limit: wait.limit, Called: wait.called}
		}
		left -= nap
		resume := Pause(ctx)
		w.sleep(ctx, nap)
		resume()
		if ctx.Err() != nil {
			return notSent(route, "the context was done before the call")
		}
	}
}

// up is an error while Auth0 is down and the call is not the one that tries. goes:
// nothing else keeps the call back.
func (w *wire) up(c claim, route string, goes bool) error {
	at, down := w.budget.down(c, goes, w.clock.wall())
	if !down {
		return nil
	}
	held := notSent(route, "Auth0 does not answer; the call is held back")
	held.RetryAt = at
	return held
}

// upOrBack lets a call go that was paid for, or gives back what it took.
func (w *wire) upOrBack(c claim, route string, goes bool) error {
	err := w.up(c, route, goes)
	if err != nil {
		w.budget.giveBack(c.group, w.clock.wall())
	}
	return err
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// Reserve takes from the budget what one call on a route needs, before the calls
// of a pass that lead to it are made. The first call with the context that it
// returns that takes from the same limits goes at once: where all calls share one,
// holding it for the last would only keep the first from going. release gives back
// what was not used.
func Reserve(ctx context.Context, api API, route string) (reserved context.Context, release func(), err error) {
	client, ok := api.(*Client)
	if !ok {
		return ctx, func() {}, nil
	}
	if err := client.wire.admit(ctx, route, false); err != nil {
		return ctx, func() {}, err
	}
	// Who has paid would pay again: the calls that lead to it are waited for.
	passOf(ctx).begun.Store(true)
	r := &reservation{group: groupOf(route), left: true}
	release = func() {
		if r.use(client.wire.budget, r.group) {
			client.wire.budget.giveBack(r.group, client.wire.clock.wall())
		}
	}
	return context.WithValue(ctx, reservationKey{}, r), release, nil
}

type reservationKey struct{}

// reservation is a call that was paid for and not made yet.
type reservation struct {
	mu    sync.Mutex
	group string
	left  bool
}

func reservationOf(ctx context.Context) *reservation {
	r, _ := ctx.Value(reservationKey{}).(*reservation)
	return r
}

func (r *reservation) use(budget *Budget, group string) bool {
	if r == nil || !budget.same(r.group, group) {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	was := r.left
	r.left = false
	return was
}

// quotaOf is what an answer's headers say of the bucket that was asked last.
func quotaOf(header http.Header) quota {
	limit, err := strconv.Atoi(header.Get("x-ratelimit-limit"))
	if err != nil || limit <= 0 {
		return quota{}
	}
	remaining, err := strconv.Atoi(header.Get("x-ratelimit-remaining"))
	if err != nil || remaining < 0 {
		return quota{}
	}
	return quota{named: true, limit: float64(limit), remaining: float64(remaining)}
}

// resetTime is when Auth0 takes calls again, by this machine's clock, zero where
// it does not say: x-ratelimit-reset is in unix seconds of Auth0's time.
func resetTime(header http.Header, clock *Clock, now time.Time) time.Time {
	if unix, err := strconv.ParseInt(header.Get("x-ratelimit-reset"), 10, 64); err == nil {
		return clock.localTime(time.Unix(unix, 0))
	}
	if seconds, err := strconv.Atoi(header.Get("Retry-After")); err == nil && seconds >= 0 {
		return now.Add(time.Duration(min(seconds, int(closedLongest/time.Second))) * time.Second)
	}
	if date, err := http.ParseTime(header.Get("Retry-After")); err == nil {
		return clock.localTime(date)
	}
	return time.Time{}
}
