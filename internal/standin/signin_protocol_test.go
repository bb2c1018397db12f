package standin

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/standin/person"
	"github.com/seatwarden/seatwarden/internal/standin/state"
)

// The code challenge of RFC 7636, appendix B.
const (
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
	callback  = "https://portal.example/callback"
)

// client is a browser that does not follow redirects, with the session of a seat holder.
func (w *world) client(t *testing.T) *http.Client {
	t.Helper()
	w.joined()
	jar, err := cookiejar.New(nil)
	w.Expect(err).NotTo(HaveOccurred())
	at, err := url.Parse(w.s.URL())
	w.Expect(err).NotTo(HaveOccurred())
	w.change(func(tenant *state.Tenant) {
		tenant.Clients.Get(portal).Callbacks = append(tenant.Clients.Get(portal).Callbacks, callback)
		jar.SetCookies(at, []*http.Cookie{{Name: "auth0", Value: tenant.Sessions.All()[0].Cookie}})
	})
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func (w *world) authorizeQuery(changes url.Values) url.Values {
	query := url.Values{
		"response_type": {"code"}, "client_id": {portal}, "redirect_uri": {callback}, "organization": {w.acme.ID},
		"scope": {"openid email offline_access"}, "state": {"st"}, "nonce": {"no"},
		"code_challenge": {challenge}, "code_challenge_method": {"S256"},
	}
	for name, values := range changes {
		query[name] = values
	}
	return query
}

// authorize returns the parameters at the callback, or the page's status.
func (w *world) authorize(c *http.Client, changes url.Values) (url.Values, int) {
	w.t.Helper()
	response, err := c.Get(w.s.URL() + "/authorize?" + w.authorizeQuery(changes).Encode())
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(response.Body.Close()).To(Succeed())
	location, err := response.Location()
	if err != nil {
		return nil, response.StatusCode
	}
	return location.Query(), response.StatusCode
}

// token posts to the token endpoint.
func (w *world) token(form url.Values) (map[string]any, int) {
	w.t.Helper()
	response, err := http.PostForm(w.s.URL()+"/oauth/token", form)
	w.Expect(err).NotTo(HaveOccurred())
	defer func() { _ = response.Body.Close() }()
	body := map[string]any{}
	w.Expect(json.NewDecoder(response.Body).Decode(&body)).To(Succeed())
	return body, response.StatusCode
}

func (w *world) codeForm(code string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "client_id": {portal}, "redirect_uri": {callback},
		"code_verifier": {verifier}, "code": {code}}
}

func TestExchange(t *testing.T) {
	w := newWorld(t)
	c := w.client(t)
	for name, row := range map[string]struct {
		change url.Values
		status int
		code   string
		text   string
	}{
		"wrong verifier":     {url.Values{"code_verifier": {"wrong"}}, 403, "invalid_grant", "Failed to verify code verifier"},
		"no verifier":        {url.Values{"code_verifier": nil}, 403, "invalid_grant", "Failed to verify code verifier"},
		"wrong redirect URI": {url.Values{"redirect_uri": {"https://evil.example"}}, 403, "invalid_grant", "The redirect URI is wrong. You sent https://evil.example, and we expected " + callback},
		"wrong code":         {url.Values{"code": {"x"}}, 403, "invalid_grant", "Invalid authorization code"},
		"wrong client":       {url.Values{"client_id": {"x"}}, 401, "access_denied", "Unauthorized"},
		"unknown grant":      {url.Values{"grant_type": {"password"}}, 403, "unauthorized_client", "Grant type 'password' not allowed for the client."},
	} {
		t.Run(name, func(t *testing.T) {
			at, _ := w.authorize(c, nil)
			w.Expect(at.Get("state")).To(Equal("st"))
			form := w.codeForm(at.Get("code"))
			for key, values := range row.change {
				form[key] = values
			}
			body, status := w.token(form)
			NewWithT(t).Expect(status).To(Equal(row.status))
			NewWithT(t).Expect(body).To(Equal(map[string]any{"error": row.code, "error_description": row.text}))
		})
	}
	at, _ := w.authorize(c, nil)
	body, status := w.token(w.codeForm(at.Get("code")))
	w.Expect(status).To(Equal(http.StatusOK))
	w.Expect(body).To(And(HaveKey("id_token"), HaveKey("access_token"), HaveKey("refresh_token"), HaveKeyWithValue("token_type", "Bearer")))
	for _, kind := range []string{"id_token", "access_token", "refresh_token"} {
		w.Expect(w.s.Secrets().FoundIn(body[kind].(string))).NotTo(BeEmpty(), kind)
	}
	w.Expect(w.s.Secrets().FoundIn(at.Get("code"))).NotTo(BeEmpty())
	claims, err := w.s.world.Keys.Verify(body["id_token"].(string), w.s.URL()+"/", portal, w.s.world.Clock.Now())
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(claims).To(And(HaveKeyWithValue("nonce", "no"), HaveKey("sid")))
	body, status = w.token(w.codeForm(at.Get("code")))
	w.Expect(status).To(Equal(http.StatusForbidden), "a code is used once")
	w.Expect(body).To(HaveKeyWithValue("error_description", "Invalid authorization code"))

	at, _ = w.authorize(c, nil)
	w.s.world.Clock.Forward(11 * time.Minute)
	_, status = w.token(w.codeForm(at.Get("code")))
	w.Expect(status).To(Equal(http.StatusForbidden), "a code that has expired")

	at, _ = w.authorize(c, url.Values{"scope": {"openid"}})
	body, _ = w.token(w.codeForm(at.Get("code")))
	w.Expect(body).NotTo(HaveKey("refresh_token"))
}

func TestAuthorizeRefusals(t *testing.T) {
	w := newWorld(t)
	c := w.client(t)
	for name, row := range map[string]struct {
		change url.Values
		status int
		code   string
		text   string
	}{
		"unknown client":         {url.Values{"client_id": {"x"}}, 400, "", ""},
		"wrong redirect URI":     {url.Values{"redirect_uri": {"https://evil.example/callback"}}, 403, "", ""},
		"no redirect URI":        {url.Values{"redirect_uri": nil}, 403, "", ""},
		"response type":          {url.Values{"response_type": {"token"}}, 302, "unsupported_response_type", "Unsupported response type: token"},
		"plain challenge":        {url.Values{"code_challenge_method": {"plain"}}, 302, "invalid_request", "Unsupported code challenge method: plain"},
		"no challenge":           {url.Values{"code_challenge": nil}, 302, "invalid_request", "Parameter 'code_challenge' is required"},
		"unknown organization":   {url.Values{"organization": {"org_x"}}, 302, "invalid_request", "the specified organization does not exist"},
		"unknown invitation":     {url.Values{"invitation": {"x"}}, 302, "invalid_request", notFoundText},
		"connection not enabled": {url.Values{"connection": {"other"}}, 302, "invalid_request", "the connection is not enabled for the organization"},
		"new login, no prompt":   {url.Values{"prompt": {"none"}, "connection": {"acme-google"}}, 302, "login_required", "Login required"},
	} {
		at, status := w.authorize(c, row.change)
		w.Expect(status).To(Equal(row.status), name)
		w.Expect(at.Get("error")).To(Equal(row.code), name)
		w.Expect(at.Get("error_description")).To(Equal(row.text), name)
		if row.code != "" {
			w.Expect(at.Get("state")).To(Equal("st"), name)
		}
	}
	link, err := url.Parse(w.invite("it@acme.com", ""))
	w.Expect(err).NotTo(HaveOccurred())
	at, _ := w.authorize(c, url.Values{"organization": {w.beta.ID}, "invitation": {link.Query().Get("invitation")}})
	w.Expect(at.Get("error_description")).To(Equal(notFoundText), "an invitation to another organization")
	w.Expect(w.invitations()).To(Equal(1), "it is not consumed by that")
	at, _ = w.authorize(c, url.Values{"prompt": {"login"}})
	w.Expect(at.Get("state")).NotTo(Equal("st"), "a session is not used where a new login is asked for")
}

func TestRefreshOfAConfidentialClient(t *testing.T) {
	w := newWorld(t)
	w.change(func(tenant *state.Tenant) { tenant.Clients.Get(portal).Secret = "s3cret" })
	p, err := person.New(person.Options{ClientSecret: "s3cret"})
	w.Expect(err).NotTo(HaveOccurred())
	session, err := p.OpenLink(t.Context(), w.invite("it@acme.com", ""), okta)
	w.Expect(err).NotTo(HaveOccurred())
	_, err = session.Refresh(t.Context())
	w.Expect(err).NotTo(HaveOccurred())
	body, status := w.token(url.Values{"grant_type": {"refresh_token"}, "client_id": {portal}, "refresh_token": {session.RefreshToken}})
	w.Expect(status).To(Equal(http.StatusUnauthorized))
	w.Expect(body).To(HaveKeyWithValue("error", "access_denied"))
}

func TestUserinfoAndLogout(t *testing.T) {
	w := newWorld(t)
	p, session := w.joined()
	ask := func(token string) (string, int) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.s.URL()+"/userinfo", nil)
		w.Expect(err).NotTo(HaveOccurred())
		request.Header.Set("Authorization", "Bearer "+token)
		response, err := http.DefaultClient.Do(request)
		w.Expect(err).NotTo(HaveOccurred())
		defer func() { _ = response.Body.Close() }()
		body, err := io.ReadAll(response.Body)
		w.Expect(err).NotTo(HaveOccurred())
		return string(body), response.StatusCode
	}
	body, status := ask(session.AccessToken)
	w.Expect(status).To(Equal(http.StatusOK))
	w.Expect(body).To(And(ContainSubstring(`"email":"it@acme.com"`), ContainSubstring(`"org_id":"`+w.acme.ID), ContainSubstring(oktaID)))
	_, status = ask(session.IDToken)
	w.Expect(status).To(Equal(http.StatusUnauthorized))

	w.change(func(tenant *state.Tenant) { w.Expect(tenant.Sessions.All()).To(HaveLen(1)) })
	w.Expect(p.SignOut(t.Context(), w.s.URL())).To(Succeed())
	w.change(func(tenant *state.Tenant) { w.Expect(tenant.Sessions.All()).To(BeEmpty()) })
	_, err := p.UseSession(t.Context(), w.s.URL(), portal, w.acme.ID)
	w.Expect(err).To(Satisfy(refusedWith("login_required", "Login required")))
	_, err = session.Refresh(t.Context())
	w.Expect(err).NotTo(HaveOccurred(), "signing out of the browser ends no refresh token")
}

// What Actions see of the request is what the caller sent, on refresh the token request.
func TestEventRequest(t *testing.T) {
	w := newWorld(t)
	w.change(func(tenant *state.Tenant) {
		tenant.Actions.Put("echo", &state.Action{ID: "echo", Name: "echo", Deployed: &state.ActionVersion{Code: `exports.onExecutePostLogin = async (event, api) => {
			api.accessToken.setCustomClaim("seen", {
				request: event.request, protocol: event.transaction.protocol, roles: event.authorization.roles,
				token: event.refresh_token !== undefined, strategy: event.connection.strategy, secret: event.secrets.S });
		};`, Secrets: []state.ActionSecret{{Name: "S", Value: "abc"}}}})
		tenant.Bindings["post-login"] = append(tenant.Bindings["post-login"], state.Binding{ActionID: "echo"})
	})
	seen := func(token string) map[string]any {
		claims, err := w.s.world.Keys.Verify(token, w.s.URL()+"/", w.s.URL()+"/userinfo", w.s.world.Clock.Now())
		w.Expect(err).NotTo(HaveOccurred())
		return claims["seen"].(map[string]any)
	}
	_, session := w.joined()
	at := seen(session.AccessToken)
	w.Expect(at).To(And(HaveKeyWithValue("protocol", "oidc-basic-profile"), HaveKeyWithValue("token", false),
		HaveKeyWithValue("strategy", "okta"), HaveKeyWithValue("secret", "abc"), HaveKeyWithValue("roles", ConsistOf("editor"))))
	w.Expect(at["request"]).To(HaveKeyWithValue("query", HaveKeyWithValue("organization", w.acme.ID)))

	body, status := w.token(url.Values{"grant_type": {"refresh_token"}, "client_id": {portal}, "refresh_token": {session.RefreshToken},
		"invitation": {"a", "b"}})
	w.Expect(status).To(Equal(http.StatusOK))
	at = seen(body["access_token"].(string))
	w.Expect(at).To(And(HaveKeyWithValue("protocol", "oauth2-refresh-token"), HaveKeyWithValue("token", true)))
	w.Expect(at["request"]).To(HaveKeyWithValue("body", And(HaveKeyWithValue("invitation", []any{"a", "b"}), Not(HaveKey("refresh_token")))))
}

func TestActionThatFailsDenies(t *testing.T) {
	w := newWorld(t)
	w.joined()
	w.change(func(tenant *state.Tenant) {
		tenant.Actions.Get("guard").Deployed.Code = `exports.onExecutePostLogin = async () => { throw new Error("broken"); };`
	})
	_, err := w.signIn(w.browser(), okta)
	w.Expect(err).To(Satisfy(refusedWith("access_denied", "An Action of this tenant failed.")))
	w.change(func(tenant *state.Tenant) {
		w.Expect(tenant.Logs).To(ContainElement(HaveField("Details", HaveKeyWithValue("error", ContainSubstring("broken")))))
	})
}

// No page of the sign-in shows what its caller put into the address as markup.
func TestPagesEscape(t *testing.T) {
	w := newWorld(t)
	response, err := http.Get(w.s.URL() + "/authorize?client_id=" + url.QueryEscape(`<script>alert(1)</script>`))
	w.Expect(err).NotTo(HaveOccurred())
	body, err := io.ReadAll(response.Body)
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(response.Body.Close()).To(Succeed())
	w.Expect(strings.ToLower(string(body))).NotTo(ContainSubstring("<script"))
	w.Expect(response.Header.Get("Content-Security-Policy")).To(ContainSubstring("default-src 'none'"))
}
