package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/dashboard"
	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/traffic"
	"github.com/seatwarden/seatwarden/internal/standin/wire"
)

// Info says where a stand-in listens.
type Info struct {
	URL    string `json:"url"`
	Domain string `json:"domain"`
	// CA is the authority's certificate in PEM; empty without TLS.
	CA string `json:"ca,omitempty"`
}

// ClockState is the answer about the clock.
type ClockState struct {
	Now    time.Time      `json:"now"`
	Offset state.Duration `json:"offset"`
}

// Controlled is what the control API controls.
type Controlled struct {
	*dashboard.Dashboard
	*traffic.Gate
	World *state.World
	Info  Info
	// Export and Restore are those of the whole stand-in.
	Export  func() ([]byte, error)
	Restore func([]byte) error
}

// Handler serves the control API. Answers are JSON; an error is
// {"error": "..."} with status 400 or 404.
func Handler(s Controlled) http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, answer func(*http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			body, err := answer(r)
			switch {
			case errors.Is(err, errNoSuch):
				wire.WriteJSON(w, http.StatusNotFound, map[string]string{"error": err.Error()})
			case err != nil:
				wire.WriteJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
			default:
				wire.WriteJSON(w, http.StatusOK, body)
			}
		})
	}
	handle("GET /control/info", func(*http.Request) (any, error) {
		return s.Info, nil
	})
	handle("GET /control/clock", func(*http.Request) (any, error) { return s.clockState(), nil })
	handle("POST /control/clock", s.controlForward)
	handle("GET /control/settings", func(*http.Request) (any, error) { return s.World.Settings(), nil })
	handle("PATCH /control/settings", s.controlSettings)
	handle("GET /control/faults", func(*http.Request) (any, error) { return s.Faults(), nil })
	handle("POST /control/faults", s.controlAddFault)
	handle("DELETE /control/faults", func(*http.Request) (any, error) { s.ClearFaults(); return s.Faults(), nil })
	handle("DELETE /control/faults/{id}", s.controlRemoveFault)
	handle("GET /control/audit", s.controlAudit)
	handle("DELETE /control/audit", func(*http.Request) (any, error) { s.ResetAudit(); return s.Audit(), nil })
	handle("GET /control/counts", func(*http.Request) (any, error) { return s.Counts(), nil })
	handle("DELETE /control/counts", func(*http.Request) (any, error) { s.ResetCounts(); return s.Counts(), nil })
	handle("GET /control/outbox", s.controlOutbox)
	handle("GET /control/secrets", func(*http.Request) (any, error) { return s.World.Secrets.All(), nil })
	handle("GET /control/state", func(*http.Request) (any, error) { return s.World.Snapshot(), nil })
	handle("GET /control/export", func(*http.Request) (any, error) {
		exported, err := s.Export()
		return json.RawMessage(exported), err
	})
	handle("POST /control/restore", s.controlRestore)
	handle("POST /control/seed", s.controlSeed)
	handle("POST /control/connections/{name}/directory", s.controlAddPerson)
	handle("DELETE /control/connections/{name}/directory/{email}", s.controlRemovePerson)
	s.outboxPages(mux)
	handle("/", func(*http.Request) (any, error) { return nil, fmt.Errorf("%w route", errNoSuch) })
	return mux
}

var errNoSuch = errors.New("no such")

func readControl(r *http.Request, into any) error {
	raw, err := io.ReadAll(io.LimitReader(r.Body, 16*wire.MaxBody))
	if err != nil {
		return fmt.Errorf("read the request: %w", err)
	}
	return wire.DecodeStrict(raw, into)
}

func (s Controlled) clockState() ClockState {
	return ClockState{Now: s.World.Clock.Now(), Offset: state.Duration(s.World.Clock.Offset())}
}

func (s Controlled) controlForward(r *http.Request) (any, error) {
	var body struct {
		Forward state.Duration `json:"forward"`
	}
	if err := readControl(r, &body); err != nil {
		return nil, err
	}
	s.World.Clock.Forward(time.Duration(body.Forward))
	return s.clockState(), nil
}

func (s Controlled) controlSettings(r *http.Request) (any, error) {
	var raw json.RawMessage
	if err := readControl(r, &raw); err != nil {
		return nil, err
	}
	if err := s.ConfigureFrom(raw); err != nil {
		return nil, err
	}
	return s.World.Settings(), nil
}

func (s Controlled) controlAddFault(r *http.Request) (any, error) {
	var f traffic.Fault
	if err := readControl(r, &f); err != nil {
		return nil, err
	}
	id, err := s.AddFault(f)
	if err != nil {
		return nil, err
	}
	return map[string]string{"id": id}, nil
}

func (s Controlled) controlRemoveFault(r *http.Request) (any, error) {
	if !s.RemoveFault(r.PathValue("id")) {
		return nil, fmt.Errorf("%w fault", errNoSuch)
	}
	return s.Faults(), nil
}

func (s Controlled) controlAudit(r *http.Request) (any, error) {
	q := r.URL.Query()
	return slices.DeleteFunc(s.Audit(), func(e traffic.AuditEntry) bool {
		return q.Has("method") && e.Method != q.Get("method") || q.Has("route") && e.Route != q.Get("route")
	}), nil
}

func (s Controlled) controlOutbox(r *http.Request) (any, error) {
	mails := s.World.Outbox.Mails()
	if to := r.URL.Query().Get("to"); to != "" {
		mails = s.World.Outbox.MailsTo(to)
	}
	return append([]state.Mail{}, mails...), nil
}

func (s Controlled) controlSeed(r *http.Request) (any, error) {
	var seed dashboard.Seed
	if err := readControl(r, &seed); err != nil {
		return nil, err
	}
	return s.Seed(seed)
}

// maxExport is the largest export that is read.
const maxExport = 1 << 30

func (s Controlled) controlRestore(r *http.Request) (any, error) {
	exported, err := io.ReadAll(io.LimitReader(r.Body, maxExport))
	if err != nil {
		return nil, fmt.Errorf("read the request: %w", err)
	}
	if err := s.Restore(exported); err != nil {
		return nil, err
	}
	return s.clockState(), nil
}

func (s Controlled) controlAddPerson(r *http.Request) (any, error) {
	var p state.IdPPerson
	if err := readControl(r, &p); err != nil {
		return nil, err
	}
	return p, s.AddPerson(r.PathValue("name"), p)
}

func (s Controlled) controlRemovePerson(r *http.Request) (any, error) {
	return map[string]any{}, s.RemovePerson(r.PathValue("name"), r.PathValue("email"))
}
