package browser

import (
	"context"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	. "github.com/onsi/gomega"
	"golang.org/x/oauth2"

	"github.com/seatwarden/seatwarden/internal/standin"
)

// A client library that knows nothing of the stand-in signs somebody in: by
// discovery, with PKCE and a nonce, over https, and verifies what it is given.
func TestAClientOfOthers(t *testing.T) {
	for name, style := range map[string]oauth2.AuthStyle{
		"Basic": oauth2.AuthStyleInHeader, "in the body": oauth2.AuthStyleInParams, "either": oauth2.AuthStyleAutoDetect,
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			arrived := make(chan url.Values, 1)
			application := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { arrived <- r.URL.Query() }))
			t.Cleanup(application.Close)
			var seed standin.Seed
			seed.Clients = []standin.Client{{ClientID: "shop", Secret: "s3cret+/%", OrganizationUsage: "allow",
				Callbacks: []string{application.URL + "/callback"}, RefreshTokenRotation: true}}
			seed.Connections = []standin.Connection{{Name: "acme-okta", Strategy: "okta",
				Directory: []standin.IdPPerson{{Email: "jane@acme.com", Name: "Jane Doe", EmailVerified: true}}}}
			seed.Users = []standin.UserSeed{{Connection: "acme-okta", Email: "jane@acme.com"}}
			s := standin.New(t, standin.WithTLS, standin.WithSeed(seed))
			acme, err := s.AddOrganization(standin.OrganizationSeed{
				Name: "acme", Connections: []string{"acme-okta"}, Members: []string{"jane@acme.com"}})
			g.Expect(err).NotTo(HaveOccurred())

			pool := x509.NewCertPool()
			g.Expect(pool.AppendCertsFromPEM(s.CAPEM())).To(BeTrue())
			transport := http.DefaultTransport.(*http.Transport).Clone()
			transport.TLSClientConfig.RootCAs = pool
			ctx := oidc.ClientContext(t.Context(), &http.Client{Transport: transport})

			provider, err := oidc.NewProvider(ctx, s.URL()+"/")
			g.Expect(err).NotTo(HaveOccurred(), "discovery, and the issuer says of itself what it is asked by")
			endpoint := provider.Endpoint()
			endpoint.AuthStyle = style
			config := oauth2.Config{ClientID: "shop", ClientSecret: "s3cret+/%", Endpoint: endpoint,
				RedirectURL: application.URL + "/callback", Scopes: []string{oidc.ScopeOpenID, "profile", "email", oidc.ScopeOfflineAccess}}
			verifier := oauth2.GenerateVerifier()
			walk(ctx, g, transport, config.AuthCodeURL("st/ate", oidc.Nonce("n0"), oauth2.S256ChallengeOption(verifier),
				oauth2.SetAuthURLParam("organization", acme.ID), oauth2.SetAuthURLParam("connection", "acme-okta")))
			back := <-arrived
			g.Expect(back.Get("state")).To(Equal("st/ate"))

			token, err := config.Exchange(ctx, back.Get("code"), oauth2.VerifierOption(verifier))
			g.Expect(err).NotTo(HaveOccurred())
			raw, _ := token.Extra("id_token").(string)
			id, err := provider.Verifier(&oidc.Config{ClientID: "shop"}).Verify(ctx, raw)
			g.Expect(err).NotTo(HaveOccurred(), "signature by the published keys, issuer, audience, time")
			g.Expect(id.Nonce).To(Equal("n0"))
			var claims struct {
				OrganizationID string `json:"org_id"`
				Email          string `json:"email"`
				EmailVerified  bool   `json:"email_verified"`
			}
			g.Expect(id.Claims(&claims)).To(Succeed())
			g.Expect(claims.OrganizationID).To(Equal(acme.ID))

			info, err := provider.UserInfo(ctx, config.TokenSource(ctx, token))
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(info.Subject).To(Equal(id.Subject))
			g.Expect(info.Email).To(Equal("jane@acme.com"))

			again, err := config.TokenSource(ctx, &oauth2.Token{RefreshToken: token.RefreshToken}).Token()
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(again.RefreshToken).NotTo(Equal(token.RefreshToken), "it rotates")
			_, err = config.Exchange(ctx, back.Get("code"), oauth2.VerifierOption(verifier))
			g.Expect(err).To(MatchError(ContainSubstring("invalid_grant")), "a code is used once")
		})
	}
}

// walk opens an address that leads to an identity provider, and says who one is.
func walk(ctx context.Context, g *WithT, transport http.RoundTripper, address string) {
	jar, err := cookiejar.New(nil)
	g.Expect(err).NotTo(HaveOccurred())
	person := &http.Client{Jar: jar, Transport: transport}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	g.Expect(err).NotTo(HaveOccurred())
	response, err := person.Do(request)
	g.Expect(err).NotTo(HaveOccurred())
	_, err = io.Copy(io.Discard, response.Body)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(response.Body.Close()).To(Succeed())
	at := response.Request.URL
	g.Expect(at.Path).To(Equal("/login/identity-provider/acme-okta"))
	response, err = person.PostForm(at.String(), url.Values{"state": {at.Query().Get("state")}, "email": {"jane@acme.com"}})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(response.Body.Close()).To(Succeed())
}
