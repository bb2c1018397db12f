package auth0

import (
	"context"
	"net/http"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// The SDK would send such a POST three times and sleep in between, or even once
// sent sleep for a second.
func TestOneMailFailedPostIsSentOnceAndNobodySleeps(t *testing.T) {
	for _, c := range []struct {
		status int
		kind   Kind
	}{
		{http.StatusInternalServerError, KindUnknown},
		{http.StatusBadGateway, KindUnknown},
		{http.StatusServiceUnavailable, KindUnknown},
		{http.StatusRequestTimeout, KindUnknown},
		{http.StatusTooManyRequests, KindRateLimited},
		{http.StatusTemporaryRedirect, KindUnknown},
		{http.StatusBadRequest, KindInvalid},
		{http.StatusForbidden, KindForbidden},
		{http.StatusPaymentRequired, KindForbidden},
		{http.StatusConflict, KindConflict},
		{http.StatusNotFound, KindNotFound},
	} {
		t.Run(http.StatusText(c.status), func(t *testing.T) {
			g := NewWithT(t)
			auth0 := newFakeAuth0(t)
			auth0.grantTokens()
			auth0.mux.HandleFunc("POST "+invitationsPath, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", invitationsPath)
				reply(w, c.status, refusal(c.status, "no"))
			})
			err := invite(t.Context(), auth0.client(t))
			g.Expect(KindOf(err)).To(Equal(c.kind), "%v", err)
			g.Expect(DidNothing(err)).To(Equal(c.kind != KindUnknown))
			g.Expect(auth0.requests()).To(HaveLen(1))
		})
	}
}

func TestOneMailLostOrSenselessAnswerIsUnknown(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"connection closed": hangUp,
		"body broken off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			reply(w, http.StatusCreated, `{"id":"uinv_1"`)
		},
		"not json":    func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusCreated, "<html>") },
		"null":        func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusCreated, "null") },
		"nothing":     func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusCreated, nil) },
		"without id":  func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusCreated, "{}") },
		"not its 404": func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusNotFound, "<h1>no such page</h1>") },
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			auth0 := newFakeAuth0(t)
			auth0.grantTokens()
			auth0.mux.HandleFunc("POST "+invitationsPath, answer)
			err := invite(t.Context(), auth0.client(t))
			g.Expect(KindOf(err)).To(Equal(KindUnknown), "%v", err)
			g.Expect(auth0.requests()).To(HaveLen(1))
		})
	}
}

func TestOneMailTimeOutIsUnknown(t *testing.T) {
	g := NewWithT(t)
	auth0 := newFakeAuth0(t)
	auth0.grantTokens()
	arrived := make(chan struct{})
	release := make(chan struct{})
	auth0.mux.HandleFunc("POST "+invitationsPath, func(http.ResponseWriter, *http.Request) { close(arrived); <-release })
	defer close(release)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	g.Expect(KindOf(invite(ctx, auth0.client(t)))).To(Equal(KindUnknown))
}

func TestOneMailNothingLeftIsNotSent(t *testing.T) {
	auth0 := newFakeAuth0(t)
	auth0.grantTokens()
	gone := newFakeAuth0(t)
	gone.Close()
	done, cancel := context.WithCancel(t.Context())
	cancel()
	foreign := auth0.options()
	foreign.HTTPTransport = &http.Transport{} // does not know the certificate
	for name, c := range map[string]struct {
		ctx  context.Context
		opts Options
	}{
		"nobody listens":      {t.Context(), gone.options()},
		"unknown certificate": {t.Context(), foreign},
		"context is done":     {done, auth0.options()},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			client, err := New(c.opts)
			g.Expect(err).NotTo(HaveOccurred())
			err = invite(c.ctx, client)
			g.Expect(KindOf(err)).To(Equal(KindNotSent), "%v", err)
			g.Expect(DidNothing(err)).To(BeTrue())
			g.Expect(auth0.requests()).To(BeEmpty())
		})
	}
}

// The giver's process stands still between writing the attempt and sending: here
// while it waits for a token, and after it was handed to the connection.
func TestOneMailFrozenGiverSendsNothing(t *testing.T) {
	const allowed = 30 * time.Second
	t.Run("by the wall clock, before the request", func(t *testing.T) {
		g := NewWithT(t)
		auth0 := newFakeAuth0(t)
		auth0.mux.HandleFunc("POST /oauth/token", func(w http.ResponseWriter, _ *http.Request) {
			auth0.wall.Advance(allowed)
			w.Header().Del("Date")
			reply(w, http.StatusOK, map[string]any{"access_token": "t", "expires_in": 86400})
		})
		client := auth0.client(t)
		ctx := WithFence(t.Context(), NewFence(client.Now().Add(allowed), allowed))
		g.Expect(KindOf(invite(ctx, client))).To(Equal(KindNotSent))
		g.Expect(auth0.requests()).To(BeEmpty())
	})
	t.Run("by the monotonic clock, the wall clock standing still", func(t *testing.T) {
		g := NewWithT(t)
		auth0 := newFakeAuth0(t)
		auth0.grantTokens()
		client := auth0.client(t)
		ctx := WithFence(t.Context(), NewFence(client.Now().Add(allowed), time.Nanosecond))
		g.Expect(KindOf(invite(ctx, client))).To(Equal(KindNotSent))
		g.Expect(auth0.requests()).To(BeEmpty())
	})
	t.Run("after the connection was made", func(t *testing.T) {
		g := NewWithT(t)
		auth0 := newFakeAuth0(t)
		auth0.grantTokens()
		opts := auth0.options()
		opts.HTTPTransport = roundTripper(func(req *http.Request) (*http.Response, error) {
			if req.URL.Path == invitationsPath {
				auth0.wall.Advance(allowed)
			}
			return auth0.Client().Transport.RoundTrip(req)
		})
		client, err := New(opts)
		g.Expect(err).NotTo(HaveOccurred())
		ctx := WithFence(t.Context(), NewFence(client.Now().Add(allowed), allowed))
		g.Expect(KindOf(invite(ctx, client))).To(Equal(KindNotSent))
		for _, request := range auth0.requests() {
			g.Expect(request.Body).To(BeEmpty())
		}
	})
	t.Run("between a refused token and the second try", func(t *testing.T) {
		g := NewWithT(t)
		auth0 := newFakeAuth0(t)
		auth0.grantTokens()
		auth0.mux.HandleFunc("POST "+invitationsPath, func(w http.ResponseWriter, _ *http.Request) {
			auth0.wall.Advance(allowed)
			w.Header().Del("Date")
			reply(w, http.StatusUnauthorized, refusal(http.StatusUnauthorized, "Invalid token"))
		})
		client := auth0.client(t)
		ctx := WithFence(t.Context(), NewFence(client.Now().Add(allowed), allowed))
		g.Expect(KindOf(invite(ctx, client))).To(Equal(KindNotSent))
		g.Expect(auth0.requests()).To(HaveLen(1))
	})
}

func TestOneMailCallEndsAtTheFence(t *testing.T) {
	g := NewWithT(t)
	auth0 := newFakeAuth0(t)
	auth0.grantTokens()
	release := make(chan struct{})
	auth0.mux.HandleFunc("POST "+invitationsPath, func(http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	client := auth0.client(t)
	_, err := client.Scopes(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	ctx := WithFence(t.Context(), NewFence(client.Now().Add(time.Hour), 300*time.Millisecond))
	started := time.Now()
	g.Expect(KindOf(invite(ctx, client))).To(Equal(KindUnknown))
	g.Expect(time.Since(started)).To(BeNumerically("<", 5*time.Second))
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
