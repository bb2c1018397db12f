package auth0

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// gateRoom is what everything but removals waits beyond the reset, so that the
	// first calls that Auth0 takes again are removals.
	gateRoom = time.Second
	// gateFallback is the wait after a 429 that names no time.
	gateFallback = time.Second
	// gateLongest bounds what a header can make us wait.
	gateLongest = 5 * time.Minute
	// managementPath begins the routes that share the Management API's limits.
	// Those of the token and discovery endpoints are counted apart.
	managementPath = "/api/v2/"
)

// gate remembers the 429s of one tenant. It never sleeps: it says when a call
// may go. Auth0 counts a bucket for the tenant and one for each group of
// endpoints and does not say which one ran dry, so everything waits but the
// removals on routes that were not refused themselves.
type gate struct {
	mu sync.Mutex
	// tenant and routes hold the reset times, by this machine's clock.
	tenant time.Time
	routes map[string]time.Time
}

// close remembers that a call on the route was refused until reset.
func (g *gate) close(route string, reset time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.routes == nil {
		g.routes = map[string]time.Time{}
	}
	g.routes[route] = later(g.routes[route], reset)
	if strings.Contains(route, managementPath) {
		g.tenant = later(g.tenant, reset)
	}
}

// opens is when a call may be sent; closed is false when that is now.
func (g *gate) opens(lane Lane, route string, now time.Time) (at time.Time, closed bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	at = g.routes[route]
	if lane != LaneRemoval {
		if strings.Contains(route, managementPath) {
			at = later(at, g.tenant)
		}
		at = at.Add(gateRoom)
	}
	left := at.Sub(now)
	// A wait beyond the longest one means that the wall clock was put back.
	return at, left > 0 && left <= gateLongest+gateRoom
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// resetTime is when Auth0 takes calls again, by this machine's clock:
// x-ratelimit-reset is in unix seconds of Auth0's time.
func resetTime(header http.Header, clock *Clock, now time.Time) time.Time {
	reset := now.Add(gateFallback)
	if unix, err := strconv.ParseInt(header.Get("x-ratelimit-reset"), 10, 64); err == nil {
		reset = clock.localTime(time.Unix(unix, 0))
	} else if seconds, err := strconv.Atoi(header.Get("Retry-After")); err == nil && seconds >= 0 {
		reset = now.Add(time.Duration(min(seconds, int(gateLongest/time.Second))) * time.Second)
	} else if date, err := http.ParseTime(header.Get("Retry-After")); err == nil {
		reset = clock.localTime(date)
	}
	if reset.Sub(now) > gateLongest {
		return now.Add(gateLongest)
	}
	return later(reset, now)
}
