package standin

import (
	"net/http"
	"net/url"
)

func newSignIn(*Server) http.Handler { return http.NotFoundHandler() }

func (s *Server) tokenForPerson(w http.ResponseWriter, _ *http.Request, form url.Values) {
	writeOAuthError(w, &oauthError{http.StatusForbidden, "unsupported_grant_type", "Unsupported grant type: " + form.Get("grant_type")})
}
