package standin

import (
	"net/http"
	"strings"
)

// ServeHTTP answers on the Auth0 listener: Management API, token endpoint and
// sign-in, with faults and limits applied and every call written to the audit log.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ro, params := s.management.Find(r)
	var of *endpoint
	if ro != nil {
		of = &ro.endpoint
	}
	s.Gate.Pass(w, r, of, func(w http.ResponseWriter, fault *Fault) string {
		switch {
		case ro != nil:
			return s.management.Serve(w, r, ro, params, fault)
		case strings.HasPrefix(r.URL.Path, managementPrefix+"/") || r.URL.Path == managementPrefix:
			writeJSON(w, http.StatusNotFound, notFound("", "Not Found"))
			return ""
		case r.URL.Path == tokenPath:
			return s.signIn.Token(w, r)
		default:
			s.signIn.ServeHTTP(w, r)
			return ""
		}
	})
}
