package standin

import (
	"bytes"
	"net/http"
	"strings"
	"time"
)

// ServeHTTP answers on the Auth0 listener: Management API, token endpoint and
// sign-in, with faults and limits applied and every call of the first two
// written to the audit log.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", s.shownTime().Format(http.TimeFormat))
	ro, params := s.router.find(r)
	entry := AuditEntry{
		Time: s.clock.Now(), Method: r.Method, Path: r.URL.EscapedPath(), Route: r.URL.Path,
	}
	if ro != nil {
		entry.Route = ro.template
	}
	recorded := &statusWriter{ResponseWriter: w}
	defer func() {
		entry.Status = recorded.status
		s.audit.add(entry)
		s.counts.add(entry, ro != nil)
	}()

	fault := s.faults.take(r.Method, entry.Route, bucketOf(ro))
	if fault != nil {
		entry.Fault = fault.Kind
		if fault.before(recorded, r, s.clock.Now()) {
			return
		}
	}
	if limited := s.limit(recorded, r, ro); limited {
		entry.RateLimited = true
		return
	}
	if fault == nil || !fault.afterEffect() {
		entry.ClientID = s.dispatch(recorded, r, ro, params, fault)
		return
	}
	lost := &bufferedWriter{header: w.Header().Clone()}
	entry.ClientID = s.dispatch(lost, r, ro, params, fault)
	entry.EffectStatus = lost.status
	fault.after(lost, recorded)
}

// shownTime is what the header Date says.
func (s *Server) shownTime() time.Time {
	settings := s.Settings()
	return s.clock.Now().Add(time.Duration(settings.DateAhead) - time.Duration(settings.DateBehind))
}

const tokenPath = "/oauth/token" //nolint:gosec // a path

func (s *Server) dispatch(w http.ResponseWriter, r *http.Request, ro *route, params map[string]string, fault *Fault) string {
	switch {
	case ro != nil:
		return s.management(w, r, ro, params, fault)
	case strings.HasPrefix(r.URL.Path, managementPrefix+"/") || r.URL.Path == managementPrefix:
		writeJSON(w, http.StatusNotFound, notFound("", "Not Found"))
		return ""
	case r.URL.Path == tokenPath:
		return s.token(w, r)
	default:
		s.signIn.ServeHTTP(w, r)
		return ""
	}
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
