package traffic

import (
	"context"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/state"
)

// latency is how long calls of one route take, in milliseconds: half of them at
// most p50, and 19 of 20 at most p95.
type latency struct{ p50, p95 float64 }

// RecordedLatencies are by method and template below /api/v2, as measured in
// the recordings of go-auth0 v1.40.0.
var RecordedLatencies = map[string]latency{
	"POST /organizations":                          {279, 954},
	"GET /organizations/{id}":                      {112, 370},
	"DELETE /organizations/{id}":                   {259, 359},
	"GET /organizations/{id}/members":              {119, 151},
	"POST /organizations/{id}/members":             {117, 127},
	"POST /organizations/{id}/invitations":         {144, 151},
	"POST /organizations/{id}/enabled_connections": {351, 389},
	"POST /users":                                  {240, 1698},
	"DELETE /users/{id}":                           {157, 633},
	"GET /users/{id}":                              {143, 899},
	"POST /connections":                            {406, 1561},
	"POST /actions/actions":                        {287, 1035},
	"POST /actions/actions/{id}/deploy":            {193, 1167},
}

// Routes that were not measured one by one are assumed to take as long as
// reading and making an organization.
var (
	assumedReadLatency  = latency{112, 370}
	assumedWriteLatency = latency{279, 954}
)

const (
	// latencySeed makes the n-th call of a route as slow in every run.
	latencySeed = 1
	// zOf95 is how many standard deviations above its median the 95th
	// percentile of a normal distribution is.
	zOf95 = 1.6449
	// latencyCap, in times of p95, ends the tail of the distribution.
	latencyCap = 2
)

// latencies draws how long calls take.
type latencies struct {
	// sleep waits for a time or until the context ends.
	sleep func(context.Context, time.Duration)
	mu    sync.Mutex
	// drawn counts the draws by route.
	drawn map[string]uint64
}

func newLatencies(sleep func(context.Context, time.Duration)) *latencies {
	if sleep == nil {
		sleep = sleepFor
	}
	return &latencies{sleep: sleep, drawn: map[string]uint64{}}
}

func sleepFor(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// draw returns how long the next call of a route takes: of a log-normal
// distribution that has the route's percentiles, with a cut tail. It depends on
// the route and on how many draws it had alone, so that calls of other routes
// between do not alter it.
func (l *latencies) draw(ro *Endpoint) time.Duration {
	name := ro.Method + " " + ro.Template[len(ManagementPrefix):]
	of, recorded := RecordedLatencies[name]
	switch {
	case recorded:
	case ro.Method == http.MethodGet:
		of = assumedReadLatency
	default:
		of = assumedWriteLatency
	}
	l.mu.Lock()
	n := l.drawn[name]
	l.drawn[name]++
	l.mu.Unlock()
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(name))                              // never returns an error
	random := rand.New(rand.NewPCG(latencySeed+n, hash.Sum64())) //nolint:gosec // the same in every run, on purpose
	sigma := math.Log(of.p95/of.p50) / zOf95
	ms := math.Min(of.p50*math.Exp(sigma*random.NormFloat64()), latencyCap*of.p95)
	return time.Duration(ms * float64(time.Millisecond))
}

// Wait holds an answer back for as long as Auth0 takes, or until the
// caller goes. The call has been carried out by then: a caller that gives up
// cannot know. It must be called without the lock.
func (g *Gate) Wait(ctx context.Context, ro *Endpoint) {
	if g.world.Settings().Latency == state.LatencyRecorded {
		g.latencies.sleep(ctx, g.latencies.draw(ro))
	}
}
