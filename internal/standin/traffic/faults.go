package traffic

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"sync"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/wire"
)

// Kinds of faults.
const (
	// FaultStatus answers with Fault.Status instead of carrying the call out.
	FaultStatus = "status"
	// FaultDelay carries the call out after Fault.Delay of real time.
	FaultDelay = "delay"
	// FaultDropBefore ends the connection without carrying the call out.
	FaultDropBefore = "drop-before"
	// FaultDropAfter carries the call out and ends the connection: the answer is lost.
	FaultDropAfter = "drop-after"
	// FaultHang holds the call until it is released and carries it out then,
	// also for a caller that has gone meanwhile.
	FaultHang = "hang"
	// FaultHangAfter carries the call out and holds its answer until released.
	FaultHangAfter = "hang-after"
	// The following are for streams of events and pass over every other call.

	// FaultEndStream ends a stream in order behind its first Fault.Messages.
	FaultEndStream = "end-stream"
	// FaultCutStream ends the connection there.
	FaultCutStream = "cut-stream"
	// FaultStallStream sends nothing more from there on, no heartbeat either,
	// until it is released.
	FaultStallStream = "stall-stream"
	// FaultErrorStream sends the error Fault.ErrorCode there and ends the stream.
	FaultErrorStream = "error-stream"
	// FaultLoseEvent leaves out the event behind the first Fault.Messages ones.
	FaultLoseEvent = "lose-event"
	// FaultRepeatEvents sends each event twice.
	FaultRepeatEvents = "repeat-events"
	// FaultReorderEvents sends each first of two events behind the second.
	FaultReorderEvents = "reorder-events"
)

// BreakingFaults break a stream off behind its first messages; streamFaults are
// all that are for streams.
var (
	BreakingFaults = []string{FaultEndStream, FaultCutStream, FaultStallStream, FaultErrorStream}
	streamFaults   = append([]string{FaultLoseEvent, FaultRepeatEvents, FaultReorderEvents}, BreakingFaults...)
)

// Fault says what goes wrong with some calls.
type Fault struct {
	// ID is given by the stand-in.
	ID string `json:"id"`
	// Method of the calls that it hits; empty is any.
	Method string `json:"method,omitempty"`
	// Route is a pattern as of path.Match over the route's template, e.g.
	// /api/v2/organizations/{id}/invitations or /api/v2/users*; a template
	// itself matches itself. Empty is any.
	Route string `json:"route,omitempty"`
	// Bucket of the limits that the calls count in, e.g. read-members, other, or
	// global for every call of the Management API. Empty is any.
	Bucket string `json:"bucket,omitempty"`
	Kind   string `json:"kind"`
	// Status for kind status, e.g. 429 or 503.
	Status int `json:"status,omitempty"`
	// Delay for kind delay. For status 429 it says how far ahead
	// x-ratelimit-reset is.
	Delay state.Duration `json:"delay,omitempty"`
	// ResetAgo, for status 429, says how far back x-ratelimit-reset is.
	ResetAgo state.Duration `json:"reset_ago,omitempty"`
	// WithoutHeaders leaves the rate headers of a 429 out.
	WithoutHeaders bool `json:"without_headers,omitempty"`
	// ErrorCode and Message of the answer for kind status; the code also for kind
	// error-stream. Empty means what the stand-in says by itself.
	ErrorCode string `json:"error_code,omitempty"`
	Message   string `json:"message,omitempty"`
	// Messages, for the kinds that break a stream off, are how many it sends
	// before, those that tell its position alone included; 0 is none. For kind
	// lose-event they are events.
	Messages int `json:"messages,omitempty"`
	// Nth lets calls before the nth matching one pass; 0 and 1 hit the first.
	Nth int `json:"nth,omitempty"`
	// Count is how many calls are hit; 0 is every one.
	Count int `json:"count,omitempty"`
	// Seen and Hit count the matching calls and those that were hit.
	Seen int `json:"seen"`
	Hit  int `json:"hit"`

	Release chan struct{} `json:"-"`
}

func (f *Fault) validate() error {
	kinds := append([]string{FaultStatus, FaultDelay, FaultDropBefore, FaultDropAfter, FaultHang, FaultHangAfter}, streamFaults...)
	switch {
	case !slices.Contains(kinds, f.Kind):
		return fmt.Errorf("fault kind is %q, allowed are %q", f.Kind, kinds)
	case f.Kind == FaultStatus && (f.Status < 400 || f.Status > 599):
		return fmt.Errorf("fault status is %d, allowed are 400 to 599", f.Status)
	case f.Nth < 0 || f.Count < 0 || f.Delay < 0 || f.ResetAgo < 0 || f.Messages < 0:
		return errors.New("nth, count, delay, reset_ago and messages of a fault must not be negative")
	case f.Bucket != "" && !slices.Contains(bucketNames, f.Bucket):
		return fmt.Errorf("fault bucket is %q, allowed are %q", f.Bucket, bucketNames)
	}
	if _, err := path.Match(f.Route, ""); err != nil {
		return fmt.Errorf("fault route %q is no pattern: %w", f.Route, err)
	}
	return nil
}

func (f *Fault) matches(method, route, bucket string) bool {
	if f.Method != "" && f.Method != method || slices.Contains(streamFaults, f.Kind) && route != eventsRoute {
		return false
	}
	if f.Bucket != "" && f.Bucket != bucket && (f.Bucket != limitGlobal || bucket == "") {
		return false
	}
	if f.Route == "" || f.Route == route {
		return true
	}
	matched, _ := path.Match(f.Route, route) // the pattern was checked when it was added
	return matched
}

// before applies what comes before the call is carried out, and reports
// whether the call ends there.
func (f *Fault) before(w http.ResponseWriter, r *http.Request, now time.Time) bool {
	switch f.Kind {
	case FaultStatus:
		if f.Status == http.StatusTooManyRequests && !f.WithoutHeaders {
			setRateHeaders(w.Header(), forcedLimit, 0, now.Add(time.Duration(f.Delay)-time.Duration(f.ResetAgo)))
		}
		wire.WriteJSON(w, f.Status, wire.NewError(f.Status, f.errorCode(), "%s", f.message()))
		return true
	case FaultDelay:
		select {
		case <-time.After(time.Duration(f.Delay)):
		case <-r.Context().Done():
		}
	case FaultDropBefore:
		panic(http.ErrAbortHandler) //nolint:forbidigo // net/http's way to end a connection
	case FaultHang:
		<-f.Release
	}
	return false
}

// forcedLimit is the x-ratelimit-limit of a forced 429.
const forcedLimit = 50

func (f *Fault) errorCode() string {
	if f.ErrorCode == "" && f.Status == http.StatusTooManyRequests {
		return "too_many_requests"
	}
	return f.ErrorCode
}

func (f *Fault) message() string {
	switch {
	case f.Message != "":
		return f.Message
	case f.Status == http.StatusTooManyRequests:
		return limitMessage(cmp.Or(f.Bucket, limitGlobal))
	}
	return http.StatusText(f.Status)
}

func (f *Fault) afterEffect() bool { return f.Kind == FaultDropAfter || f.Kind == FaultHangAfter }

// after applies what comes after the call was carried out.
func (f *Fault) after(answer *bufferedWriter, w http.ResponseWriter) {
	if f.Kind == FaultDropAfter {
		panic(http.ErrAbortHandler) //nolint:forbidigo // net/http's way to end a connection
	}
	<-f.Release
	answer.flushTo(w)
}

type faultList struct {
	mu     sync.Mutex
	faults []*Fault
	closed bool
}

// take returns the first fault that hits the call, or nil.
func (l *faultList) take(method, route, bucket string) *Fault {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.faults {
		if !f.matches(method, route, bucket) {
			continue
		}
		f.Seen++
		if f.Seen < f.Nth || f.Count > 0 && f.Hit >= f.Count {
			continue
		}
		f.Hit++
		hit := *f
		return &hit
	}
	return nil
}

// releaseAll lets every held call go; used when the server closes.
func (l *faultList) releaseAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for _, f := range l.faults {
		close(f.Release)
	}
	l.faults = nil
}

// AddFault makes calls go wrong from now on and returns the fault's id.
func (g *Gate) AddFault(f Fault) (string, error) {
	if err := f.validate(); err != nil {
		return "", err
	}
	l := g.faults
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return "", errors.New("the stand-in is closed")
	}
	f.ID, f.Seen, f.Hit, f.Release = state.NewID("flt_"), 0, 0, make(chan struct{})
	l.faults = append(l.faults, &f)
	return f.ID, nil
}

// Faults returns the faults in force with their counts.
func (g *Gate) Faults() []Fault {
	g.faults.mu.Lock()
	defer g.faults.mu.Unlock()
	out := []Fault{}
	for _, f := range g.faults.faults {
		out = append(out, *f)
	}
	return out
}

// RemoveFault ends a fault and releases the calls that it holds. It reports
// whether there was such a fault.
func (g *Gate) RemoveFault(id string) bool {
	l := g.faults
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, f := range l.faults {
		if f.ID == id {
			close(f.Release)
			l.faults = slices.Delete(l.faults, i, i+1)
			return true
		}
	}
	return false
}

// ClearFaults ends all faults and releases every call that they hold.
func (g *Gate) ClearFaults() {
	for _, f := range g.Faults() {
		g.RemoveFault(f.ID)
	}
}
