package auth0

import (
	"net/http"
	"sync"
	"time"
)

const (
	// clockBand is how far an observation may lie from the estimate before the
	// estimate moves. A Date header is cut to the second, so that one look is off
	// by up to a second; without the band the time would tremble.
	clockBand = time.Second
	// clockJump is the move of the estimate that is told to the subscribers.
	clockJump = 2 * time.Second
)

// Clock is Auth0's time: this machine's wall clock plus an offset that is learnt
// from the Date headers of Auth0's answers. Before the first answer the offset
// is zero. It is safe for concurrent use.
type Clock struct {
	wall func() time.Time

	mu     sync.Mutex
	offset time.Duration
	jumped []func()
}

// NewClock makes a clock over a wall clock; nil means time.Now.
func NewClock(wall func() time.Time) *Clock {
	if wall == nil {
		wall = time.Now
	}
	return &Clock{wall: wall}
}

// Now is Auth0's time, right to about a second and a half.
func (c *Clock) Now() time.Time { return c.auth0Time(c.wall()) }

// Offset is what Auth0's time is ahead of this machine's.
func (c *Clock) Offset() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.offset
}

// OnJump has f called whenever the offset moves by more than two seconds, so
// that work which waits for an instant can be put in the queue again. f is
// called by whoever made the call to Auth0 and must not block.
func (c *Clock) OnJump(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.jumped = append(c.jumped, f)
}

func (c *Clock) auth0Time(local time.Time) time.Time {
	return local.Round(0).Add(c.Offset())
}

func (c *Clock) localTime(auth0 time.Time) time.Time {
	return auth0.Add(-c.Offset())
}

// observe learns from an answer. Auth0 stamped it at some moment between sent
// and received (both by the wall clock), and the stamp is cut to the second.
func (c *Clock) observe(header http.Header, sent, received time.Time) {
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil || cached(header) || received.Before(sent) {
		return
	}
	lowest := date.Sub(received.Round(0))
	highest := date.Add(time.Second).Sub(sent.Round(0))
	estimate, uncertainty := (lowest+highest)/2, (highest-lowest)/2
	for _, tell := range c.move(estimate, uncertainty+clockBand) {
		tell()
	}
}

func (c *Clock) move(estimate, band time.Duration) []func() {
	c.mu.Lock()
	defer c.mu.Unlock()
	moved := (estimate - c.offset).Abs()
	if moved <= band {
		return nil
	}
	c.offset = estimate
	if moved <= clockJump {
		return nil
	}
	return append([]func(){}, c.jumped...)
}

// cached tells whether a cache between Auth0 and us gave the answer: its Date is
// then that of an earlier one.
func cached(header http.Header) bool {
	age := header.Get("Age")
	return age != "" && age != "0"
}
