package standin

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/seatwarden/seatwarden/internal/standin/state"
)

// signInStatuses are those with which the sign-in may answer anybody.
var signInStatuses = map[int]bool{
	http.StatusOK: true, http.StatusFound: true, http.StatusSeeOther: true, http.StatusMovedPermanently: true,
	http.StatusTemporaryRedirect: true, http.StatusBadRequest: true, http.StatusUnauthorized: true, http.StatusForbidden: true,
	http.StatusNotFound: true, http.StatusMethodNotAllowed: true,
}

// play sends a request past the network, so that what a client library would
// refuse to send arrives as well.
func play(t *testing.T, s *Server, method, path, query, body, cookie string) {
	r := httptest.NewRequest(method, "/", strings.NewReader(body))
	r.URL = &url.URL{Path: path, RawQuery: query}
	r.Host = s.Domain()
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Cookie", cookie)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if !signInStatuses[w.Code] {
		t.Errorf("%s %q?%q: status %d", method, path, query, w.Code)
	}
	// Whatever is redirected to outside the tenant is a registered callback.
	if to := w.Header().Get("Location"); to != "" && !strings.HasPrefix(to, "/") && !strings.HasPrefix(to, s.URL()+"/") &&
		!strings.HasPrefix(to, callback+"?") {
		t.Errorf("%s %q?%q: redirects to %q", method, path, query, to)
	}
}

// No parameter of /authorize makes the sign-in fail or redirect to a stranger.
func FuzzAuthorize(f *testing.F) {
	w := newWorld(f)
	w.change(func(tenant *state.Tenant) { tenant.Clients.Get(portal).Callbacks = []string{callback} })
	valid := w.authorizeQuery(nil).Encode()
	for _, seed := range []string{
		"", "client_id=portal", valid, valid + "&organization=acme", valid + "&prompt=none", valid + "&max_age=-1",
		valid + "&invitation=x", valid + "&invitation=&invitation=", valid + "&connection=acme-okta&login_hint=%00",
		valid + "&response_type=token", valid + "&code_challenge_method=plain", "client_id=portal&redirect_uri=//evil.example",
		valid + "&screen_hint=signup&state=%ff%fe", "%zz", "client_id=portal;redirect_uri=x", valid + "&redirect_uri=https://evil.example/",
	} {
		f.Add(seed, "", false)
		f.Add("", seed, true)
	}
	f.Fuzz(func(t *testing.T, query, body string, post bool) {
		method := http.MethodGet
		if post {
			method = http.MethodPost
		}
		play(t, w.s, method, "/authorize", query, body, "")
	})
}

// No state, code, connection or cookie that a person can make up gets anywhere
// in a sign-in under way.
func FuzzSignInState(f *testing.F) {
	w := newWorld(f)
	w.change(func(tenant *state.Tenant) { tenant.Clients.Get(portal).Callbacks = []string{callback} })
	paths := []string{"/login/choose", "/login/database", "/login/organization", "/login/identity-provider/acme-okta",
		"/login/callback", "/continue", "/login/second-factor", "/v2/logout", "/userinfo", "/app/portal/callback", "/app/portal/login",
		"/oauth/token"}
	for i := range paths {
		f.Add(byte(i), "state=x", "email=it%40acme.com", "auth0=x", false)
		f.Add(byte(i), "", "state=x&code=y&grant_type=refresh_token&refresh_token=", "auth0=; auth0=\x00", true)
	}
	f.Add(byte(7), "client_id=portal&returnTo=https://evil.example", "", "", false)
	f.Add(byte(11), "", "grant_type=authorization_code&client_id=portal&code=", "", true)
	f.Fuzz(func(t *testing.T, which byte, query, body, cookie string, post bool) {
		method := http.MethodGet
		if post {
			method = http.MethodPost
		}
		play(t, w.s, method, paths[int(which)%len(paths)], query, body, cookie)
		w.s.world.Lock()
		defer w.s.world.Unlock()
		main := w.s.world.Main
		if len(main.Sessions.All()) > 0 || slices.ContainsFunc(main.Logs, func(e state.LogEntry) bool { return e.Type == state.LogSuccess }) {
			t.Error("somebody is signed in")
		}
	})
}
