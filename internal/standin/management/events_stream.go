package management

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/traffic"
	"github.com/seatwarden/seatwarden/internal/standin/wire"
)

// retryStream is what a stream tells its client to wait before it comes back.
const retryStream = 2 * time.Second

// stream is one connection to GET /events.
type stream struct {
	c     *call
	w     http.ResponseWriter
	fault *traffic.Fault
	// kinds are the types that the client asked for; none means all.
	kinds []string
	// sent counts the messages, seen the events that were due.
	sent, seen int
	// held is a message that a fault sends behind the next one.
	held *message
}

// message is one server-sent event.
type message struct{ id, kind, data string }

var errStreamEnds = errors.New("the stream ends here")

// streamEvents sends events as server-sent events until the client goes, the
// connection has lasted its time or the token ends. The endpoint is documented
// only: no recording shows it.
func streamEvents(c *call, w http.ResponseWriter) {
	st := &stream{c: c, w: w, fault: c.fault, kinds: c.query["event_type"]}
	position, err := st.open()
	if err != nil {
		wire.WriteError(w, err)
		return
	}
	defer st.close()
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	if _, err := fmt.Fprintf(w, ":connected\n\nretry: %d\n\n", retryStream.Milliseconds()); err != nil {
		return
	}
	if st.flush() != nil || st.breakOff() != nil {
		return
	}
	st.run(position)
}

// open finds where the stream begins and counts it among the open ones.
func (st *stream) open() (int, error) {
	w := st.c.world
	w.Lock()
	defer w.Unlock()
	if w.InForce.EventsAccess == state.EventsRefused {
		return 0, wire.NewError(http.StatusForbidden, "insufficient_entitlement", "Your account is not entitled to use this feature.")
	}
	position, err := st.c.startOfStream()
	if err != nil {
		return 0, err
	}
	lingers := st.c.now.Add(-time.Duration(w.InForce.EventConnectionLinger))
	streams := st.c.api.streams[st.c.t]
	if streams == nil {
		streams = map[*stream]time.Time{}
		st.c.api.streams[st.c.t] = streams
	}
	for other, ended := range streams {
		if !ended.IsZero() && !ended.After(lingers) {
			delete(streams, other)
		}
	}
	if most := state.EventConnections(w.InForce); len(streams) >= most {
		return 0, wire.NewError(http.StatusForbidden, "",
			"Maximum concurrent event stream connections reached. Please close existing connections.")
	}
	streams[st] = time.Time{}
	return position, nil
}

func (st *stream) close() {
	st.c.world.Lock()
	defer st.c.world.Unlock()
	st.c.api.streams[st.c.t][st] = st.c.world.Clock.Now()
}

// ends is when the stream ends by itself: Auth0 closes each after some minutes,
// and when its token has expired.
func (st *stream) ends() time.Time {
	end := st.c.now.Add(time.Duration(st.c.world.Settings().EventConnectionTime))
	return state.Earlier(end, st.c.tokenEnds)
}

func (st *stream) run(position int) {
	ends := st.ends()
	beat := time.NewTicker(time.Duration(st.c.world.Settings().EventHeartbeat))
	defer beat.Stop()
	for {
		var events []state.Event
		var more <-chan struct{}
		position, events, more = st.c.world.EventsAfter(st.c.t, position)
		for _, e := range events {
			position = e.Position
			if len(st.kinds) > 0 && !slices.Contains(st.kinds, e.Kind) {
				continue
			}
			if st.due(e) != nil {
				return
			}
		}
		if st.flush() != nil {
			return
		}
		left := ends.Sub(st.c.world.Clock.Now())
		if left <= 0 {
			return
		}
		over := time.NewTimer(left)
		select {
		case <-st.c.r.Context().Done():
			over.Stop()
			return
		case <-more:
		case <-over.C:
		case <-beat.C:
			cursor := eventCursor(position)
			if st.send(message{cursor, "offset-only", fmt.Sprintf(`{"offset":%q}`, cursor)}) != nil {
				over.Stop()
				return
			}
		}
		over.Stop()
	}
}

// due sends an event, or what a fault makes of it.
func (st *stream) due(e state.Event) error {
	st.seen++
	cursor := eventCursor(e.Position)
	m := message{cursor, e.Kind, fmt.Sprintf(`{"offset":%q,"event":%s}`, cursor, e.Data)}
	switch {
	case st.fault == nil:
	case st.fault.Kind == traffic.FaultLoseEvent && st.seen == st.fault.Messages+1:
		return nil
	case st.fault.Kind == traffic.FaultRepeatEvents:
		if err := st.send(m); err != nil {
			return err
		}
	case st.fault.Kind == traffic.FaultReorderEvents && st.held == nil:
		st.held = &m
		return nil
	}
	if err := st.send(m); err != nil || st.held == nil {
		return err
	}
	earlier := *st.held
	st.held = nil
	return st.send(earlier)
}

func (st *stream) send(m message) error {
	if _, err := fmt.Fprintf(st.w, "id: %s\nevent: %s\ndata: %s\n\n", m.id, m.kind, m.data); err != nil {
		return err
	}
	st.sent++
	return st.breakOff()
}

func (st *stream) flush() error { return http.NewResponseController(st.w).Flush() }

// breakOff ends the stream, or lets it stall, where a fault has it.
func (st *stream) breakOff() error {
	if st.fault == nil || st.sent != st.fault.Messages || !slices.Contains(traffic.BreakingFaults, st.fault.Kind) {
		return nil
	}
	if st.fault.Kind == traffic.FaultErrorStream {
		st.sendError()
	}
	if err := st.flush(); err != nil {
		return err
	}
	switch st.fault.Kind {
	case traffic.FaultCutStream:
		panic(http.ErrAbortHandler) //nolint:forbidigo // net/http's way to end a connection
	case traffic.FaultStallStream:
		select {
		case <-st.fault.Release:
			return nil
		case <-st.c.r.Context().Done():
		}
	}
	return errStreamEnds
}

// sendError writes the message after which Auth0 closes a stream.
func (st *stream) sendError() {
	code := st.fault.ErrorCode
	if code == "" {
		code = "processing_error"
	}
	data, err := json.Marshal(map[string]any{"type": "error", "error": map[string]any{"code": code, "message": "The stream ends with an error."}})
	if err != nil { // strings only
		return
	}
	_, _ = fmt.Fprintf(st.w, "event: error\ndata: %s\n\n", data) // a client that has gone needs no error
}
