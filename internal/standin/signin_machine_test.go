package standin

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/guard"
	"github.com/seatwarden/seatwarden/internal/standin/state"
)

const reports = "https://reports.example/"

// machine is a client that may read reports, for some organizations.
func (w *world) machine(usage string, organizations ...string) {
	w.change(func(tenant *state.Tenant) {
		tenant.Clients.Put("machine", &state.Client{ClientID: "machine", Name: "Machine", Secret: "s3cret"})
		tenant.ResourceServers.Put("api", &state.ResourceServer{ID: "api", Identifier: reports,
			Properties: map[string]any{"token_lifetime": 600.0}})
		tenant.ClientGrants.Put("cgr", &state.ClientGrant{ID: "cgr", ClientID: "machine", Audience: reports,
			Scope: []string{"read:reports", "write:reports"}, OrganizationUsage: usage, Organizations: organizations, SubjectType: "client"})
	})
}

func (w *world) machineToken(changes url.Values) (map[string]any, int) {
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"machine"}, "client_secret": {"s3cret"}, "audience": {reports}}
	maps.Copy(form, changes)
	return w.token(form)
}

func TestMachineTokens(t *testing.T) {
	acme := url.Values{"organization": {"org_acme000000000000"}}
	for name, row := range map[string]struct {
		usage         string
		organizations []string
		change        url.Values
		status        int
		text, org     string
	}{
		"no organization":          {"allow", nil, nil, 200, "", ""},
		"organization by id":       {"allow", []string{"org_acme000000000000"}, acme, 200, "", "org_acme000000000000"},
		"organization by name":     {"require", []string{"org_acme000000000000"}, url.Values{"organization": {"acme"}}, 200, "", "org_acme000000000000"},
		"another organization":     {"allow", []string{"org_beta000000000000"}, acme, 403, "Client is not authorized to access the organization", ""},
		"organization not allowed": {"", nil, acme, 403, "parameter organization is not allowed for this client", ""},
		"organization required":    {"require", nil, nil, 403, "parameter organization is required for this client", ""},
		"an API that there is not": {"", nil, url.Values{"audience": {"https://x/"}}, 403, "Service not enabled within domain: https://x/", ""},
		"wrong secret":             {"", nil, url.Values{"client_secret": {"x"}}, 401, "Unauthorized", ""},
		"no API":                   {"", nil, url.Values{"audience": {""}}, 403, "Service not enabled within domain: ", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.machine(row.usage, row.organizations...)
			body, status := w.machineToken(row.change)
			w.Expect(status).To(Equal(row.status))
			if row.text != "" {
				w.Expect(body).To(HaveKeyWithValue("error_description", row.text))
				return
			}
			w.Expect(body).To(And(HaveKeyWithValue("expires_in", 600.0), HaveKeyWithValue("scope", "read:reports write:reports")))
			claims, err := w.s.world.Keys.Verify(body["access_token"].(string), w.s.URL()+"/", reports, w.s.world.Clock.Now())
			w.Expect(err).NotTo(HaveOccurred())
			w.Expect(claims).To(HaveKeyWithValue("sub", "machine@clients"))
			if row.org == "" {
				w.Expect(claims).NotTo(HaveKey("org_id"))
			} else {
				w.Expect(claims).To(HaveKeyWithValue("org_id", row.org))
			}
		})
	}
	w := newWorld(t)
	w.machine("")
	body, _ := w.machineToken(url.Values{"scope": {"read:reports delete:reports"}})
	w.Expect(body).To(HaveKeyWithValue("scope", "read:reports"))
}

// The guard's window holds for machines too, and what an Action throws denies.
func TestSeatsMachinesOfASuspendedOrganization(t *testing.T) {
	w := newWorld(t)
	w.machine("allow", w.acme.ID)
	code, err := guard.Render(guard.Options{Applications: []string{"machine"}})
	w.Expect(err).NotTo(HaveOccurred())
	w.change(func(tenant *state.Tenant) {
		tenant.Actions.Put("machines", &state.Action{ID: "machines", Name: "machines", Deployed: &state.ActionVersion{Code: code}})
		tenant.Bindings["credentials-exchange"] = []state.Binding{{ActionID: "machines"}}
	})
	in := url.Values{"organization": {w.acme.ID}}
	_, status := w.machineToken(in)
	w.Expect(status).To(Equal(http.StatusOK))
	w.change(func(*state.Tenant) { w.acme.Metadata["seatwarden_access"] = "suspended,," })
	body, status := w.machineToken(in)
	w.Expect(status).To(Equal(http.StatusBadRequest))
	w.Expect(body).To(Equal(map[string]any{"error": "invalid_request", "error_description": "Access of your organization is suspended."}))

	set := func(body string) {
		w.change(func(tenant *state.Tenant) {
			tenant.Actions.Get("machines").Deployed.Code = "exports.onExecuteCredentialsExchange = async (event, api) => {" + body + "};"
		})
	}
	set(`api.access.deny("access_denied", "no");`)
	body, status = w.machineToken(in)
	w.Expect(status).To(Equal(http.StatusInternalServerError), "a code that is not documented throws: %v", body)
	set(`api.access.deny("server_error");`)
	_, status = w.machineToken(in)
	w.Expect(status).To(Equal(http.StatusInternalServerError))
	set(`api.accessToken.setCustomClaim("seen", [event.organization.id, event.request.body.client_secret ?? "", event.resource_server.identifier]);
		api.accessToken.setCustomClaim("org_id", "forged");`)
	body, _ = w.machineToken(in)
	claims, err := w.s.world.Keys.Verify(body["access_token"].(string), w.s.URL()+"/", reports, w.s.world.Clock.Now())
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(claims).To(And(HaveKeyWithValue("seen", []any{w.acme.ID, "", reports}), HaveKeyWithValue("org_id", w.acme.ID)))
}

// Each grant takes each way for an application to prove itself.
func TestEachGrantTakesEachAuthentication(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	public := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	const secret = "s3cret +%/"
	sign := func(w *world) string {
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key}, nil)
		w.Expect(err).NotTo(HaveOccurred())
		assertion, err := jwt.Signed(signer).Claims(map[string]any{"iss": portal, "sub": portal, "aud": w.s.URL() + "/",
			"exp": w.s.world.Clock.Now().Add(time.Minute).Unix(), "jti": state.RandomString(8)}).Serialize()
		w.Expect(err).NotTo(HaveOccurred())
		return assertion
	}
	for name, row := range map[string]struct {
		client func(*state.Client)
		prove  func(*world, *http.Request, url.Values)
	}{
		"Basic": {func(c *state.Client) { c.Secret = secret }, func(_ *world, r *http.Request, _ url.Values) {
			r.SetBasicAuth(portal, url.QueryEscape(secret))
		}},
		"body": {func(c *state.Client) { c.Secret = secret }, func(_ *world, _ *http.Request, form url.Values) {
			form.Set("client_id", portal)
			form.Set("client_secret", secret)
		}},
		"private key": {func(c *state.Client) { c.PublicKeys = []string{public} }, func(w *world, _ *http.Request, form url.Values) {
			form.Set("client_assertion", sign(w))
			form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			browser := w.client(t)
			w.machine("")
			w.change(func(tenant *state.Tenant) {
				c := tenant.Clients.Get(portal)
				c.GrantTypes = []string{"authorization_code", "refresh_token", "client_credentials"}
				row.client(c)
				tenant.ClientGrants.Get("cgr").ClientID = portal
			})
			ask := func(form url.Values, proven bool) (map[string]any, int) {
				header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
				if proven {
					row.prove(w, &http.Request{Header: header}, form)
				} else {
					form.Set("client_id", portal)
				}
				request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.s.URL()+"/oauth/token", strings.NewReader(form.Encode()))
				w.Expect(err).NotTo(HaveOccurred())
				request.Header = header
				response, err := http.DefaultClient.Do(request)
				w.Expect(err).NotTo(HaveOccurred())
				defer func() { _ = response.Body.Close() }()
				body := map[string]any{}
				w.Expect(json.NewDecoder(response.Body).Decode(&body)).To(Succeed())
				return body, response.StatusCode
			}
			code := func() url.Values {
				at, _ := w.authorize(browser, nil)
				form := w.codeForm(at.Get("code"))
				form.Del("client_id")
				return form
			}
			_, status := ask(code(), false)
			w.Expect(status).To(Equal(http.StatusUnauthorized), "a code without proof")
			tokens, status := ask(code(), true)
			w.Expect(status).To(Equal(http.StatusOK), "%v", tokens["error_description"])
			refresh := func() url.Values {
				return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens["refresh_token"].(string)}}
			}
			_, status = ask(refresh(), false)
			w.Expect(status).To(Equal(http.StatusUnauthorized), "a refresh token without proof")
			_, status = ask(refresh(), true)
			w.Expect(status).To(Equal(http.StatusOK))
			machine := func() url.Values {
				return url.Values{"grant_type": {"client_credentials"}, "audience": {reports}}
			}
			_, status = ask(machine(), false)
			w.Expect(status).To(Equal(http.StatusUnauthorized), "a machine without proof")
			_, status = ask(machine(), true)
			w.Expect(status).To(Equal(http.StatusOK))
		})
	}
}
