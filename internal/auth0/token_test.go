package auth0

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	. "github.com/onsi/gomega"
)

func TestTokenErrorsAreSurfaced(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   any
		want   Kind
	}{
		"wrong secret":      {http.StatusUnauthorized, map[string]any{"error": "access_denied", "error_description": "Unauthorized"}, KindUnauthorized},
		"no client grant":   {http.StatusForbidden, map[string]any{"error": "access_denied", "error_description": "Client is not authorized"}, KindForbidden},
		"bad request":       {http.StatusBadRequest, map[string]any{"error": "invalid_request", "error_description": "no"}, KindUnauthorized},
		"not found":         {http.StatusNotFound, refusal(http.StatusNotFound, "Not Found"), KindUnauthorized},
		"limited":           {http.StatusTooManyRequests, refusal(http.StatusTooManyRequests, "slow"), KindRateLimited},
		"down":              {http.StatusServiceUnavailable, "", KindNotSent},
		"senseless":         {http.StatusOK, "<html>", KindNotSent},
		"without a token":   {http.StatusOK, map[string]any{"expires_in": 10}, KindNotSent},
		"without a life":    {http.StatusOK, map[string]any{"access_token": "x"}, KindNotSent},
		"nothing but null!": {http.StatusOK, "null", KindNotSent},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			auth0 := newFakeAuth0(t)
			auth0.on("POST /oauth/token", c.status, c.body)
			client := auth0.client(t)
			err := invite(t.Context(), client)
			g.Expect(KindOf(err)).To(Equal(c.want), "%v", err)
			g.Expect(err.Error()).To(HavePrefix("POST /oauth/token: "))
			g.Expect(DidNothing(err)).To(BeTrue())
			g.Expect(IsNotFound(client.DeleteInvitation(t.Context(), "org_1", "uinv_1"))).To(BeFalse(), "must not pass for done")
			g.Expect(client.DeleteInvitation(t.Context(), "org_1", "uinv_1")).NotTo(Succeed())
			g.Expect(auth0.requests()).To(BeEmpty())
		})
	}
}

func TestRefusedCredentialsAreNotHammered(t *testing.T) {
	g := NewWithT(t)
	auth0 := newFakeAuth0(t)
	auth0.on("POST /oauth/token", http.StatusUnauthorized, map[string]any{"error": "access_denied", "error_description": "Unauthorized"})
	client := auth0.client(t)
	for range 5 {
		_, err := client.Scopes(t.Context())
		g.Expect(KindOf(err)).To(Equal(KindUnauthorized))
	}
	g.Expect(auth0.tokenRequests()).To(HaveLen(1))
	auth0.wall.Advance(refusalKept)
	_, err := client.Scopes(t.Context())
	g.Expect(err).To(HaveOccurred())
	g.Expect(auth0.tokenRequests()).To(HaveLen(2), "tried again by itself")
}

func TestTokenIsFetchedOnceAndKeptUntilItEnds(t *testing.T) {
	g := NewWithT(t)
	auth0 := newFakeAuth0(t)
	auth0.grantTokens()
	auth0.on("GET /api/v2/roles", http.StatusOK, map[string]any{"roles": []any{}})
	client := auth0.client(t)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			_, err := client.Roles(t.Context())
			g.Expect(err).NotTo(HaveOccurred())
		})
	}
	all.Wait()
	scopes, err := client.Scopes(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(scopes).To(ConsistOf("read:users", "read:roles"))
	g.Expect(auth0.tokenRequests()).To(HaveLen(1))

	auth0.wall.Advance(24*time.Hour - tokenMargin)
	_, err = client.Scopes(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(auth0.tokenRequests()).To(HaveLen(2), "a minute before its end")
	client.DropToken()
	_, err = client.Scopes(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(auth0.tokenRequests()).To(HaveLen(3))

	sent, err := url.ParseQuery(auth0.tokenRequests()[0].Body)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(sent).To(Equal(url.Values{
		"grant_type": {"client_credentials"}, "client_id": {"operator"}, "client_secret": {testSecret},
		"audience": {auth0.URL + "/api/v2/"},
	}))
}

func TestRefusedTokenIsReplacedOnce(t *testing.T) {
	t.Run("the second is good", func(t *testing.T) {
		g := NewWithT(t)
		auth0 := newFakeAuth0(t)
		auth0.grantTokens()
		auth0.mux.HandleFunc("POST "+invitationsPath, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") == "Bearer token-1" {
				reply(w, http.StatusUnauthorized, refusal(http.StatusUnauthorized, "Invalid token"))
				return
			}
			reply(w, http.StatusCreated, map[string]any{"id": "uinv_1", "created_at": "2026-11-22T12:00:00.000Z", "expires_at": "2026-11-23T12:00:00.000Z"})
		})
		g.Expect(invite(t.Context(), auth0.client(t))).To(Succeed())
		sent := auth0.requests()
		g.Expect(sent).To(HaveLen(2))
		g.Expect(sent[0].Body).To(Equal(sent[1].Body))
		g.Expect(sent[1].Body).To(MatchJSON(`{"inviter":{"name":"Acme"},"invitee":{"email":"jane@acme.com"},"client_id":"app",
			"ttl_sec":86400,"app_metadata":{"seatwarden_org_1":"key.member.attempt"}}`))
	})
	t.Run("none is good", func(t *testing.T) {
		g := NewWithT(t)
		auth0 := newFakeAuth0(t)
		auth0.grantTokens()
		auth0.on("POST "+invitationsPath, http.StatusUnauthorized, refusal(http.StatusUnauthorized, "Invalid token"))
		g.Expect(KindOf(invite(t.Context(), auth0.client(t)))).To(Equal(KindUnauthorized))
		g.Expect(auth0.requests()).To(HaveLen(2))
		g.Expect(auth0.tokenRequests()).To(HaveLen(2))
	})
}

func TestPrivateKeyJWT(t *testing.T) {
	g := NewWithT(t)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	g.Expect(err).NotTo(HaveOccurred())
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	g.Expect(err).NotTo(HaveOccurred())
	for name, block := range map[string]*pem.Block{
		"pkcs1": {Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)},
		"pkcs8": {Type: "PRIVATE KEY", Bytes: pkcs8},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			auth0 := newFakeAuth0(t)
			auth0.grantTokens()
			opts := auth0.options()
			opts.ClientSecret, opts.PrivateKeyPEM = "", pem.EncodeToMemory(block)
			client, err := New(opts)
			g.Expect(err).NotTo(HaveOccurred())
			_, err = client.Scopes(t.Context())
			g.Expect(err).NotTo(HaveOccurred())
			sent, err := url.ParseQuery(auth0.tokenRequests()[0].Body)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(sent).NotTo(HaveKey("client_secret"))
			signed, err := jose.ParseSignedCompact(sent.Get("client_assertion"), []jose.SignatureAlgorithm{jose.RS256})
			g.Expect(err).NotTo(HaveOccurred())
			payload, err := signed.Verify(&key.PublicKey)
			g.Expect(err).NotTo(HaveOccurred())
			var claims map[string]any
			g.Expect(json.Unmarshal(payload, &claims)).To(Succeed())
			g.Expect(claims).To(HaveKeyWithValue("aud", auth0.URL+"/"), "one string, not a list")
			g.Expect(claims).To(HaveKeyWithValue("iss", "operator"))
			g.Expect(claims).To(HaveKeyWithValue("sub", "operator"))
		})
	}
}

func TestOptionsAreChecked(t *testing.T) {
	good := Options{Domain: "acme.eu.auth0.com", ClientID: "c", ClientSecret: testSecret}
	for name, change := range map[string]func(*Options){
		"no domain":        func(o *Options) { o.Domain = "" },
		"a url":            func(o *Options) { o.Domain = "https://acme.eu.auth0.com" },
		"a path":           func(o *Options) { o.Domain = "acme.eu.auth0.com/x" },
		"a user":           func(o *Options) { o.Domain = "u:p@acme.eu.auth0.com" },
		"no client id":     func(o *Options) { o.ClientID = "" },
		"no credentials":   func(o *Options) { o.ClientSecret = "" },
		"both credentials": func(o *Options) { o.PrivateKeyPEM = []byte("x") },
		"no pem":           func(o *Options) { o.ClientSecret, o.PrivateKeyPEM = "", []byte(testSecret) },
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			opts := good
			change(&opts)
			_, err := New(opts)
			g.Expect(err).To(HaveOccurred())
			g.Expect(err.Error()).NotTo(ContainSubstring(testSecret))
		})
	}
	_, err := New(good)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
}
