package auth0

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// Budget is what one tenant's limits leave. It says when a call may go, and keeps
// a place for whoever is told to come back: removals first, then by lane, evenly
// between flows, and in order inside a flow. It is safe for concurrent use, never
// sleeps, and outlives clients whose credentials are replaced.
type Budget struct {
	mu sync.Mutex
	// limits are those that a person declares, and share the part that we take.
	limits Limits
	share  float64
	// plans are those that Auth0's answers allow, the tightest first.
	plans []tier
	// named: Auth0 has named a limit, or a person the plan. Until then there is none
	// but what a 429 says: the first answer, of the Auth0Tenant's own pass, names it.
	named bool
	// odd are buckets whose size fits no plan.
	odd     map[string]limit
	buckets map[string]*bucket
	closed  map[string]*closure
	queues  map[string]*queue
	breaker breaker
	// ring calls those whose turn comes, nil where all come by themselves.
	ring *ring
}

// closure is a bucket or group that answered 429.
type closure struct {
	until time.Time
	// refusals without a success in between.
	refusals int
}

// stands tells whether it still holds calls back. One that is further ahead than
// any means that the wall clock was put back.
func (c *closure) stands(now time.Time) bool {
	left := c.until.Sub(now)
	return left > 0 && left <= closedLongest
}

// NewBudget makes the budget of a tenant of which nothing is known. From its first
// answer on it is the tightest plan that all answers fit.
func NewBudget() *Budget {
	return &Budget{
		plans: knownPlans, share: share, odd: map[string]limit{}, buckets: map[string]*bucket{},
		closed: map[string]*closure{}, queues: map[string]*queue{},
	}
}

// claim is one call that wants to go.
type claim struct {
	place
	group string
}

// held is what a refused claim is told.
type held struct {
	// at is when to come back.
	at time.Time
	// limit names the bucket that is short.
	limit string
	// called: the caller is called then, whatever was told.
	called bool
}

// ask takes a token from each bucket of the call, or says when to come back. A
// caller with a key keeps its place in the buckets that are short; it takes no
// place in the global one before its group has something for it.
func (b *Budget) ask(c claim, now time.Time) (held, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.rearm(now)
	names := b.bucketsOf(c.group)
	c.place = b.resumed(c.place)
	var wait held
	for i := len(names) - 1; i >= 0; i-- {
		at, free := b.turn(names[i], c, now)
		if free {
			continue
		}
		if wait.limit == "" || at.After(wait.at) {
			wait = held{at: at, limit: names[i], called: b.calls(c)}
		}
		if names[i] != bucketGlobal {
			break
		}
	}
	if wait.limit != "" {
		return wait, false
	}
	for _, name := range names {
		if bucket := b.bucket(name, now); bucket != nil {
			bucket.take()
			bucket.flying++
		}
		b.queue(name).granted(c.place)
	}
	return held{}, true
}

// calls tells whether a caller may rely on being called. A removal comes by itself as
// well: it tries while Auth0 is down.
func (b *Budget) calls(c claim) bool { return c.call != nil && b.ring != nil && c.lane != LaneRemoval }

// resumed is the place of a pass that had begun and ended where it had to wait: what
// it has done already it does again without waiting behind those who have not begun.
func (b *Budget) resumed(c place) place {
	if c.lane == LaneRemoval || c.key == "" {
		return c
	}
	begun := c
	begun.lane = laneBegun
	for _, q := range b.queues {
		if q.places[begun.id()] != nil {
			return begun
		}
	}
	return c
}

// bucketsOf are the names of what a call needs, Auth0's order. A group without a
// bucket of its own can still be closed by a 429 of its own.
func (b *Budget) bucketsOf(group string) []string {
	var names []string
	if isManagement(group) && b.named {
		names = b.plans[0].buckets(group)
	}
	if isManagement(group) && b.closed[bucketGlobal] != nil && (len(names) == 0 || names[0] != bucketGlobal) {
		names = append([]string{bucketGlobal}, names...)
	}
	if b.closed[group] != nil && (len(names) == 0 || names[len(names)-1] != group) {
		names = append(names, group)
	}
	return names
}

// bucket is the bucket of a name, nil where the name has no known limit.
func (b *Budget) bucket(name string, now time.Time) *bucket {
	known, limited := b.odd[name]
	if !limited {
		known, limited = b.plans[0].plan[name]
	}
	if !limited || !b.named {
		return nil
	}
	is := b.buckets[name]
	if is == nil {
		is = &bucket{limit: known, share: b.share, at: now}
		is.level = is.full()
		b.buckets[name] = is
	}
	is.limit, is.share = known, b.share
	is.settle(now)
	return is
}

const (
	// longestTurn bounds how far ahead a turn is told: who stands before may leave.
	longestTurn = 5 * time.Minute
	// unsureTurn is the same while the plan is not known for sure.
	unsureTurn = 5 * time.Second
	// early is the part of a call that may still be missing when one goes. It is on its
	// way for a moment, and a bucket of two calls loses whatever it waits beyond that; a
	// removal waits for it, and finds its own part less this.
	early = 0.1
)

// turn tells whether a bucket has something for the caller, or when it will; the
// caller has a place there then.
func (b *Budget) turn(name string, c claim, now time.Time) (time.Time, bool) {
	at, free := b.turnOf(name, c.place, now)
	if !free {
		b.queue(name).keep(c.place, at, now)
	}
	return at, free
}

// turnOf is when a bucket has something for a caller.
func (b *Budget) turnOf(name string, c place, now time.Time) (time.Time, bool) {
	bucket := b.bucket(name, now)
	need := 1 + b.queue(name).ahead(c, now)
	// A removal tries even where the global limit was reached, unless its own group
	// was refused.
	if shut := b.closed[name]; shut != nil && shut.stands(now) && (name != bucketGlobal || c.lane != LaneRemoval) {
		if c.lane == LaneRemoval {
			return shut.until, false
		}
		rate := 1.0
		if bucket != nil {
			rate = bucket.refill()
		}
		return shut.until.Add(time.Duration(need / rate * float64(time.Second))), false
	}
	if bucket == nil {
		return time.Time{}, true
	}
	if c.lane != LaneRemoval {
		need += bucket.keeps() - early
	}
	if bucket.level >= need {
		return time.Time{}, true
	}
	wait := time.Duration(min((need-bucket.level)/bucket.refill(), longestTurn.Seconds()) * float64(time.Second))
	if len(b.plans) > 1 {
		wait = min(wait, unsureTurn)
	}
	return now.Add(wait), false
}

func (b *Budget) queue(name string) *queue {
	q := b.queues[name]
	if q == nil {
		q = newQueue()
		b.queues[name] = q
	}
	return q
}

// quota is what an answer says of its bucket. named is false where it says nothing.
type quota struct {
	named            bool
	limit, remaining float64
}

// answered learns from an answer that is no 429. status is 0 where none came.
func (b *Budget) answered(group string, status int, says quota, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.rearm(now)
	for _, name := range b.bucketsOf(group) {
		if bucket := b.buckets[name]; bucket != nil {
			bucket.flying = max(0, bucket.flying-1)
		}
	}
	if status == 0 || !isManagement(group) {
		return
	}
	for _, name := range []string{group, bucketGlobal} {
		if shut := b.closed[name]; shut != nil && !shut.stands(now) {
			delete(b.closed, name)
		}
	}
	b.learn(group, says, now)
}

// learn takes the plan and what is left from the headers.
func (b *Budget) learn(group string, says quota, now time.Time) {
	if !says.named {
		return
	}
	b.named = true
	b.settlePlan(group, says.limit)
	names := b.plans[0].buckets(group)
	last := names[len(names)-1]
	if b.plans[0].plan[last].burst != says.limit {
		b.odd[last] = guessed(says.limit)
	} else {
		delete(b.odd, last)
	}
	if bucket := b.bucket(last, now); bucket != nil {
		bucket.learn(says.remaining)
	}
}

// settlePlan keeps the plans that fit the answer. Where none that is left fits,
// the subscription was changed: all are considered again.
func (b *Budget) settlePlan(group string, burst float64) {
	fits := func(among []tier) (out []tier) {
		for _, p := range among {
			if p.allows(group, burst) {
				out = append(out, p)
			}
		}
		return out
	}
	if left := fits(b.plans); len(left) > 0 {
		b.plans = left
		return
	}
	if b.limits.Plan == PlanCustom {
		return // a bucket that differs is odd, and the others are as declared
	}
	for _, among := range [][]tier{b.limits.tiers(), knownPlans} {
		if left := fits(among); len(left) > 0 {
			b.plans = left
			return
		}
	}
}

const (
	// closedFallback is the wait after a 429 that names no time, and the least
	// after one whose time has passed. It doubles with each further 429.
	closedFallback = time.Second
	// closedLongest bounds what a header can make us wait.
	closedLongest = 5 * time.Minute
	// closedDoubled bounds what the doubling comes to.
	closedDoubled = time.Minute
)

// refused learns from a 429 and tells when a removal may try again. Auth0's
// message says whether the global limit was reached; otherwise it was the group's.
func (b *Budget) refused(group, message string, reset, now time.Time) held {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.rearm(now)
	for _, name := range b.bucketsOf(group) {
		if bucket := b.buckets[name]; bucket != nil {
			bucket.flying = max(0, bucket.flying-1)
		}
	}
	until := b.shut(group, reset, now)
	if isManagement(group) && strings.Contains(strings.ToLower(message), bucketGlobal) {
		return held{at: later(until, b.shut(bucketGlobal, reset, now)), limit: bucketGlobal}
	}
	return held{at: until, limit: group}
}

// shut closes a bucket or group after a 429.
func (b *Budget) shut(name string, reset, now time.Time) time.Time {
	shut := b.closed[name]
	if shut == nil {
		shut = &closure{}
		b.closed[name] = shut
	}
	shut.refusals++
	least := now.Add(min(closedDoubled, closedFallback<<min(shut.refusals-1, 6)))
	if shut.refusals == 1 && reset.After(now) {
		least = reset
	}
	until := later(reset, least)
	if until.Sub(now) > closedLongest {
		until = now.Add(closedLongest)
	}
	shut.until = later(shut.until, until)
	if bucket := b.bucket(name, now); bucket != nil {
		// A removal finds its token at the reset, the others after it.
		bucket.level, bucket.at = 1, shut.until
	}
	return shut.until
}

// giveBack returns the tokens of a call that was not made.
func (b *Budget) giveBack(group string, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.rearm(now)
	for _, name := range b.bucketsOf(group) {
		if bucket := b.buckets[name]; bucket != nil {
			bucket.flying = max(0, bucket.flying-1)
			bucket.level = min(bucket.full(), bucket.level+1)
		}
	}
}

// waits tells when a caller that was just refused may come back: its place is kept.
func (b *Budget) waits(c claim, shut held, now time.Time) held {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.rearm(now)
	if at, free := b.turn(shut.limit, c, now); !free {
		return held{at: at, limit: shut.limit, called: b.calls(c)}
	}
	return shut
}

// same tells whether calls of two groups take from the same buckets.
func (b *Budget) same(group, other string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return group == other || slices.Equal(b.bucketsOf(group), b.bucketsOf(other))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
