package standin_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/standin"
)

func tokenRequest(t *testing.T, s *standin.Server, form url.Values) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+"/oauth/token", strings.NewReader(form.Encode()))
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return request
}

func TestTokensForClients(t *testing.T) {
	s := standin.New(t)
	client, err := s.AddManagementClient("read:organizations", "read:users")
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	app, err := s.AddClient(standin.Client{Name: "app"})
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	audience := s.URL() + "/api/v2/"
	form := func(pairs ...string) url.Values {
		out := url.Values{"grant_type": {"client_credentials"}, "audience": {audience}}
		for i := 0; i < len(pairs); i += 2 {
			out.Set(pairs[i], pairs[i+1])
		}
		return out
	}
	for _, c := range []struct {
		name   string
		form   url.Values
		basic  bool
		status int
		error  string
		scope  string
	}{
		{"secret in the body", form("client_id", client.ClientID, "client_secret", client.Secret), false, 200, "", "read:organizations read:users"},
		{"HTTP Basic", form(), true, 200, "", "read:organizations read:users"},
		{"fewer scopes", form("scope", "read:users delete:users"), true, 200, "", "read:users"},
		{"wrong secret", form("client_id", client.ClientID, "client_secret", "x"), false, 401, "access_denied", ""},
		{"no secret", form("client_id", client.ClientID), false, 401, "access_denied", ""},
		{"unknown client", form("client_id", "x", "client_secret", "x"), false, 401, "access_denied", ""},
		{"other audience", form("audience", "https://api.example"), true, 403, "access_denied", ""},
		{"client without a secret", form("client_id", app.ClientID), false, 403, "unauthorized_client", ""},
		{"no grant type", form("grant_type", ""), true, 403, "unsupported_grant_type", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := NewWithT(t)
			request := tokenRequest(t, s, c.form)
			if c.basic {
				request.SetBasicAuth(client.ClientID, client.Secret)
			}
			got := send(t, request)
			g.Expect(got.status).To(Equal(c.status), "%v", got.object)
			if c.error != "" {
				g.Expect(got.object).To(HaveKeyWithValue("error", c.error))
				return
			}
			g.Expect(got.object).To(And(HaveKeyWithValue("scope", c.scope), HaveKeyWithValue("token_type", "Bearer"), HaveKeyWithValue("expires_in", BeEquivalentTo(86400))))
			g.Expect(s.Secrets().FoundIn("log: " + got.object["access_token"].(string))).To(ConsistOf(HaveField("Kind", standin.SecretAccessToken)))
		})
	}
	g := NewWithT(t)
	g.Expect(s.Secrets().FoundIn(client.Secret)).To(ConsistOf(HaveField("Kind", standin.SecretClientSecret)))
}

func TestTokensForClientsWithAPrivateKey(t *testing.T) {
	g := NewWithT(t)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	g.Expect(err).NotTo(HaveOccurred())
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	g.Expect(err).NotTo(HaveOccurred())
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	g.Expect(err).NotTo(HaveOccurred())
	public := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	s := standin.New(t)
	client, err := s.AddClient(standin.Client{Name: "keyed", Scopes: []string{"*"}, PublicKeys: []string{public}})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(client.Secret).To(BeEmpty())

	for _, c := range []struct {
		name     string
		key      *rsa.PrivateKey
		audience any
		life     time.Duration
		status   int
	}{
		{"issuer as audience", key, s.URL() + "/", time.Minute, 200},
		{"token endpoint as audience", key, s.URL() + "/oauth/token", time.Minute, 200},
		{"several audiences", key, []string{s.URL() + "/", "https://other.example/"}, time.Minute, 401},
		{"other audience", key, "https://other.example/", time.Minute, 401},
		{"other key", other, s.URL() + "/", time.Minute, 401},
		{"expired", key, s.URL() + "/", -5 * time.Minute, 401},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := NewWithT(t)
			signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: c.key}, nil)
			g.Expect(err).NotTo(HaveOccurred())
			now := s.Clock().Now()
			assertion, err := jwt.Signed(signer).Claims(map[string]any{
				"iss": client.ClientID, "sub": client.ClientID, "aud": c.audience, "jti": c.name,
				"iat": now.Unix(), "exp": now.Add(c.life).Unix(),
			}).Serialize()
			g.Expect(err).NotTo(HaveOccurred())
			got := send(t, tokenRequest(t, s, url.Values{
				"grant_type": {"client_credentials"}, "audience": {s.URL() + "/api/v2/"}, "client_assertion": {assertion},
				"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
			}))
			g.Expect(got.status).To(Equal(c.status))
		})
	}
}
