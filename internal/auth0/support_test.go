package auth0

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

const testSecret = "client-secret-of-the-test"

// testWall is a wall clock that tests set.
type testWall struct {
	mu  sync.Mutex
	now time.Time
}

func newTestWall() *testWall { return &testWall{now: time.Now()} }

func (w *testWall) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *testWall) Advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// seen is a request as the server read it.
type seen struct {
	Route, Query, Body, Token string
}

// fakeAuth0 is a TLS server with a token endpoint and whatever a test handles.
// Its Date header follows the wall clock.
type fakeAuth0 struct {
	*httptest.Server
	mux  *http.ServeMux
	wall *testWall

	mu     sync.Mutex
	seen   []seen
	tokens int
}

func newFakeAuth0(t *testing.T) *fakeAuth0 {
	t.Helper()
	f := &fakeAuth0{mux: http.NewServeMux(), wall: newTestWall()}
	f.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		f.mu.Lock()
		f.seen = append(f.seen, seen{Route: r.Method + " " + r.URL.Path, Query: r.URL.RawQuery, Body: string(body), Token: r.Header.Get("Authorization")})
		f.mu.Unlock()
		w.Header().Set("Date", f.wall.Now().UTC().Format(http.TimeFormat))
		w.Header().Set("Content-Type", "application/json")
		f.mux.ServeHTTP(w, r)
	}))
	f.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes that fail on purpose
	f.StartTLS()
	t.Cleanup(f.Close)
	return f
}

// grantTokens answers the token endpoint with token-1, token-2, …
func (f *fakeAuth0) grantTokens() {
	f.mux.HandleFunc("POST /oauth/token", func(w http.ResponseWriter, _ *http.Request) {
		f.mu.Lock()
		f.tokens++
		name := "token-" + string(rune('0'+f.tokens))
		f.mu.Unlock()
		reply(w, http.StatusOK, map[string]any{"access_token": name, "expires_in": 86400, "scope": "read:users read:roles"})
	})
}

func (f *fakeAuth0) on(pattern string, status int, body any) {
	f.mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) { reply(w, status, body) })
}

func reply(w http.ResponseWriter, status int, body any) {
	w.WriteHeader(status)
	switch body := body.(type) {
	case nil:
	case string:
		_, _ = io.WriteString(w, body)
	default:
		_ = json.NewEncoder(w).Encode(body)
	}
}

// hangUp ends the connection without an answer.
func hangUp(http.ResponseWriter, *http.Request) {
	panic(http.ErrAbortHandler) //nolint:forbidigo // net/http's way to end a connection
}

// refusal is Auth0's error body.
func refusal(status int, message string) map[string]any {
	return map[string]any{"statusCode": status, "error": http.StatusText(status), "message": message}
}

// requests are those to the API, without the token endpoint.
func (f *fakeAuth0) requests() []seen {
	return f.filtered(func(s seen) bool { return s.Route != tokenRoute })
}

func (f *fakeAuth0) tokenRequests() []seen {
	return f.filtered(func(s seen) bool { return s.Route == tokenRoute })
}

func (f *fakeAuth0) filtered(keep func(seen) bool) []seen {
	f.mu.Lock()
	defer f.mu.Unlock()
	var kept []seen
	for _, one := range f.seen {
		if keep(one) {
			kept = append(kept, one)
		}
	}
	return kept
}

func (f *fakeAuth0) options() Options {
	return Options{
		Domain: f.Listener.Addr().String(), ClientID: "operator", ClientSecret: testSecret,
		HTTPTransport: f.Client().Transport, Clock: f.wall.Now, Version: "test",
	}
}

func (f *fakeAuth0) client(t *testing.T) *Client {
	t.Helper()
	client, err := New(f.options())
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return client
}

var anInvitation = InvitationCreate{
	Email: "jane@acme.com", InviterName: "Acme", ClientID: "app", TTL: 24 * time.Hour,
	AppMetadata: map[string]string{"seatwarden_org_1": "key.member.attempt"},
}

func invite(ctx context.Context, client *Client) error {
	_, err := client.CreateInvitation(ctx, "org_1", anInvitation)
	return err
}

const invitationsPath = "/api/v2/organizations/org_1/invitations"
