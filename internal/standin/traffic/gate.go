package traffic

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/deepjson"
	"github.com/seatwarden/seatwarden/internal/standin/state"
)

// ManagementPrefix begins every path of the Management API.
const ManagementPrefix = "/api/v2"

// eventsRoute is the template of the streams of events.
const eventsRoute = ManagementPrefix + "/events"

// TokenPath is the token endpoint.
const TokenPath = "/oauth/token" //nolint:gosec // a path

// Endpoint is one of the Management API, as far as what passes the gate needs it.
type Endpoint struct {
	Method string
	// Template is the path with {names}, e.g. /api/v2/organizations/{id}.
	Template string
	// Limit names the endpoint's rate bucket besides the global one; may be empty.
	Limit string
}

// Gate is what every call to the Auth0 listener passes: faults and limits on
// its way in, latency on its way out, and the audit log and the counts behind it.
type Gate struct {
	world     *state.World
	audit     *auditLog
	counts    *callCounts
	faults    *faultList
	limits    *limiter
	latencies *latencies
}

// New returns a gate without faults. The function waits out what
// Settings.Latency asks for; nil does it in real time.
func New(world *state.World, sleep func(context.Context, time.Duration)) *Gate {
	return &Gate{
		world: world, audit: &auditLog{}, counts: newCallCounts(), faults: &faultList{}, limits: newLimiter(), latencies: newLatencies(sleep),
	}
}

// ReleaseAll ends all faults for good and lets every held call go.
func (g *Gate) ReleaseAll() { g.faults.releaseAll() }

// Pass answers a call to an endpoint of the Management API, or to something else
// where that is nil. It lets carryOut answer unless a fault or a limit does, hands
// it the fault that hits, and is told the client that called.
func (g *Gate) Pass(w http.ResponseWriter, r *http.Request, of *Endpoint, carryOut func(http.ResponseWriter, *Fault) string) {
	w.Header().Set("Date", g.shownTime().Format(http.TimeFormat))
	entry := AuditEntry{
		Time: g.world.Clock.Now(), Method: r.Method, Path: r.URL.EscapedPath(), Route: r.URL.Path,
	}
	if of != nil {
		entry.Route = of.Template
	}
	recorded := &statusWriter{ResponseWriter: w}
	defer func() {
		entry.Status = recorded.status
		g.audit.add(entry)
		g.counts.add(entry, of != nil)
	}()

	fault := g.faults.take(r.Method, entry.Route, bucketOf(of))
	if fault != nil {
		entry.Fault = fault.Kind
		if fault.before(recorded, r, g.world.Clock.Now()) {
			return
		}
	}
	if limited := g.limit(recorded, r, of); limited {
		entry.RateLimited = true
		return
	}
	if fault == nil || !fault.afterEffect() {
		entry.ClientID = carryOut(recorded, fault)
		return
	}
	lost := &bufferedWriter{header: w.Header().Clone()}
	entry.ClientID = carryOut(lost, fault)
	entry.EffectStatus = lost.status
	fault.after(lost, recorded)
}

// shownTime is what the header Date says.
func (g *Gate) shownTime() time.Time {
	settings := g.world.Settings()
	return g.world.Clock.Now().Add(time.Duration(settings.DateAhead) - time.Duration(settings.DateBehind))
}

// exportedGate is what an export holds of a gate.
type exportedGate struct {
	buckets map[string]bucket
	drawn   map[string]uint64
}

// Export returns what is left of the limits and how far the latencies are, for ReadExport.
func (g *Gate) Export() (json.RawMessage, error) {
	return deepjson.Marshal(&exportedGate{buckets: g.limits.export(), drawn: g.latencies.export()})
}

// ReadExport reads what Export wrote and returns what puts the gate back there.
func (g *Gate) ReadExport(raw json.RawMessage) (restore func(), err error) {
	var in exportedGate
	if err := deepjson.Unmarshal(raw, &in); err != nil {
		return nil, err
	}
	return func() {
		g.limits.restore(in.buckets)
		g.latencies.restore(in.drawn)
	}, nil
}

func (l *limiter) export() map[string]bucket {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := map[string]bucket{}
	for name, b := range l.buckets {
		out[name] = *b
	}
	return out
}

func (l *limiter) restore(buckets map[string]bucket) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buckets = map[string]*bucket{}
	for name, b := range buckets {
		l.buckets[name] = &b
	}
}

func (l *latencies) export() map[string]uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.drawn)
}

func (l *latencies) restore(drawn map[string]uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drawn = drawn
}

// statusWriter notes the status that was written.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// bufferedWriter keeps an answer back.
type bufferedWriter struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *bufferedWriter) Header() http.Header { return w.header }

func (w *bufferedWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

func (w *bufferedWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

// flushTo sends the answer that was kept back.
func (w *bufferedWriter) flushTo(out http.ResponseWriter) {
	for name, values := range w.header {
		out.Header()[name] = values
	}
	if w.status == 0 {
		w.status = http.StatusOK
	}
	out.WriteHeader(w.status)
	_, _ = out.Write(w.body.Bytes()) // a client that has gone needs no answer
}
