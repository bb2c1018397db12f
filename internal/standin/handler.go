package standin

import (
	"net/http"
	"strings"

	"github.com/seatwarden/seatwarden/internal/standin/traffic"
	"github.com/seatwarden/seatwarden/internal/standin/wire"
)

// ServeHTTP answers on the Auth0 listener: Management API, token endpoint and
// sign-in, with faults and limits applied and every call written to the audit log.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ro, params := s.management.Find(r)
	var of *traffic.Endpoint
	if ro != nil {
		of = &ro.Endpoint
	}
	s.Pass(w, r, of, func(w http.ResponseWriter, fault *traffic.Fault) string {
		switch {
		case ro != nil:
			return s.management.Serve(w, r, ro, params, fault)
		case strings.HasPrefix(r.URL.Path, traffic.ManagementPrefix+"/") || r.URL.Path == traffic.ManagementPrefix:
			wire.WriteJSON(w, http.StatusNotFound, wire.NotFound("", "Not Found"))
			return ""
		case r.URL.Path == traffic.TokenPath:
			return s.signIn.Token(w, r)
		default:
			s.signIn.ServeHTTP(w, r)
			return ""
		}
	})
}
