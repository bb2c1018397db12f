package state

import (
	"sync"
	"time"
)

// Clock is the one time of a stand-in: the machine's time plus an offset that
// only grows, until Server.Restore brings back an earlier one. Token expiry, invitations, rate windows, lag and the Date header
// of every response follow it.
type Clock struct {
	mu     sync.Mutex
	offset time.Duration
}

// Now returns the stand-in's time in UTC.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().UTC().Add(c.offset)
}

// Offset returns how far the clock is ahead of the machine's time.
func (c *Clock) Offset() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.offset
}

// Forward puts the clock forward by d. A d that is not positive changes
// nothing: Auth0's time does not run backwards.
func (c *Clock) Forward(d time.Duration) {
	if d <= 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
}

// Earlier is the earlier of two ends, of which either may be none.
func Earlier(end, other time.Time) time.Time {
	if end.IsZero() || !other.IsZero() && other.Before(end) {
		return other
	}
	return end
}
