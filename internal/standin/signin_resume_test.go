package standin

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/standin/state"
)

// openPage is a page at which a browser stands.
type openPage struct {
	w       *world
	browser *http.Client
	at      *url.URL
}

// open goes to an address with a new browser and follows its redirects.
func (w *world) open(address string) openPage {
	w.t.Helper()
	jar, err := cookiejar.New(nil)
	w.Expect(err).NotTo(HaveOccurred())
	browser := &http.Client{Jar: jar}
	response, err := browser.Get(address)
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(response.Body.Close()).To(Succeed())
	return openPage{w, browser, response.Request.URL}
}

// submit posts values and the state of the page to its own address.
func (p openPage) submit(values url.Values) string {
	p.w.t.Helper()
	values.Set("state", p.at.Query().Get("state"))
	return p.post(p.at.Path, values)
}

func (p openPage) post(path string, values url.Values) string {
	p.w.t.Helper()
	response, err := p.browser.PostForm(p.w.s.URL()+path, values)
	p.w.Expect(err).NotTo(HaveOccurred())
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	p.w.Expect(err).NotTo(HaveOccurred())
	return string(body)
}

// bind puts an Action in front of the guard.
func (w *world) bind(code string) {
	w.change(func(tenant *state.Tenant) {
		tenant.Actions.Put("first", &state.Action{ID: "first", Name: "first", Deployed: &state.ActionVersion{Code: code}})
		tenant.Bindings["post-login"] = append([]state.Binding{{ActionID: "first"}}, tenant.Bindings["post-login"]...)
	})
}

// away answers for the site to which an Action sends people, with nothing.
func away(t *testing.T) string {
	listener := http.Server{Handler: http.NotFoundHandler(), ReadHeaderTimeout: time.Second}
	socket, err := listen("127.0.0.1:0")
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	go serveUntilClosed(&listener, socket)
	t.Cleanup(func() { _ = listener.Close() })
	return "http://" + socket.Addr().String() + "/terms"
}

// Another Action redirects before the guard runs: what the guard then sees of
// the request is the caller's, and lets nobody in.
func TestSeatsGuardAfterARedirect(t *testing.T) {
	for name, row := range map[string]struct {
		grant bool
		want  string
	}{
		"a seat holder passes":          {true, `id="person"`},
		"no seat, for all the promises": {false, textNoSeat},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			_, _ = w.joined()
			w.bind(`exports.onExecutePostLogin = async (event, api) => api.redirect.sendUserTo("` + away(t) + `");
				exports.onContinuePostLogin = async (event, api) => console.log(JSON.stringify(event.request.query));`)
			if !row.grant {
				w.change(func(tenant *state.Tenant) { tenant.Users.Get(oktaID).AppMetadata = nil })
			}
			page := w.open(w.s.URL() + "/app/" + portal + "/login?connection=acme-okta&organization=" + w.acme.ID)
			state := page.at.Query().Get("state")
			w.Expect(page.submit(url.Values{"email": {"it@acme.com"}})).To(ContainSubstring("404"), "the browser is at the other site")
			w.Expect(page.post("/login/identity-provider/acme-okta", url.Values{"state": {state}, "email": {"eve@acme.com"}})).To(
				ContainSubstring("has been finished"), "who waits at a redirect cannot sign in as somebody else in between")
			w.Expect(page.post("/login/second-factor", url.Values{"state": {state}})).To(ContainSubstring("No sign-in waits"))
			w.Expect(page.post("/continue", url.Values{"state": {"x" + state}})).To(ContainSubstring("No sign-in waits"))
			w.Expect(page.post("/continue?invitation=x&organization="+w.acme.ID, url.Values{"state": {state}})).To(ContainSubstring(row.want))
			w.Expect(page.post("/continue", url.Values{"state": {state}})).To(ContainSubstring("No sign-in waits"), "one comes back once")
			w.Expect(w.s.Snapshot().Logs).To(ContainElement(HaveField("Details",
				HaveKeyWithValue("console", ContainElement(ContainSubstring(`"invitation":"x"`))))), "event.request is of the way back")
		})
	}
}

func TestSecondFactor(t *testing.T) {
	w := newWorld(t)
	p, session := w.joined()
	w.bind(`exports.onExecutePostLogin = async (event, api) => api.authentication.challengeWith({ type: "otp" });`)
	again, err := w.signIn(w.browser(), okta)
	w.Expect(err).NotTo(HaveOccurred(), "a person presses the button")
	w.Expect(again.Claims).To(HaveKeyWithValue("sub", oktaID))
	_, err = p.UseSession(t.Context(), w.s.URL(), portal, w.acme.ID)
	w.Expect(err).To(Satisfy(refusedWith("interaction_required", "Multifactor authentication required")))
	_, err = session.Refresh(t.Context())
	w.Expect(err).To(Satisfy(refusedWith("mfa_required", "Multifactor authentication required")))
}

func TestActionsOnSessionsAndTokens(t *testing.T) {
	w := newWorld(t)
	w.bind(`exports.onExecutePostLogin = async (event, api) => {
		api.session.setMetadata("org", event.organization.id).session.setExpiresAt(Date.now() + 60000);
		api.refreshToken.setExpiresAt(Date.now() + 120000);
		api.accessToken.addScope("extra").accessToken.removeScope("email");
		if (event.session && event.session.metadata.org) api.idToken.setCustomClaim("seen", event.session.metadata.org);
	};`)
	p, session := w.joined()
	w.Expect(session.Claims).NotTo(HaveKey("seen"))
	access, err := w.s.world.Keys.Verify(session.AccessToken, w.s.URL()+"/", w.s.URL()+"/userinfo", w.s.world.Clock.Now())
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(strings.Fields(access["scope"].(string))).To(And(ContainElement("extra"), Not(ContainElement("email"))))
	again, err := w.signIn(p, okta)
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(again.Claims).To(HaveKeyWithValue("seen", w.acme.ID), "an earlier sign-in's note")
	w.s.world.Clock.Forward(61 * time.Second)
	_, err = p.UseSession(t.Context(), w.s.URL(), portal, w.acme.ID)
	w.Expect(err).To(Satisfy(refusedWith("login_required", "Login required")))
	_, err = session.Refresh(t.Context())
	w.Expect(err).NotTo(HaveOccurred())
	w.s.world.Clock.Forward(time.Minute)
	_, err = session.Refresh(t.Context())
	w.Expect(err).To(Satisfy(refusedWith("invalid_grant", "Unknown or invalid refresh token.")))
}

func TestActionRevokesTheSession(t *testing.T) {
	for name, row := range map[string]struct {
		options string
		refuses bool
	}{"with its refresh tokens": {"", true}, "and preserves them": {", { preserveRefreshTokens: true }", false}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			p, session := w.joined()
			w.bind(`exports.onExecutePostLogin = async (event, api) => {
				if (event.transaction.protocol !== "oauth2-refresh-token") api.session.revoke("out"` + row.options + `); };`)
			_, err := w.signIn(p, okta)
			w.Expect(err).To(Satisfy(refusedWith("access_denied", "out")))
			w.Expect(w.s.Snapshot().Sessions).To(BeEmpty())
			_, err = session.Refresh(t.Context())
			w.Expect(err != nil).To(Equal(row.refuses))
		})
	}
}

func TestMaxAge(t *testing.T) {
	w := newWorld(t)
	c := w.client(t)
	at, _ := w.authorize(c, url.Values{"max_age": {"600"}, "prompt": {"none"}})
	body, _ := w.token(w.codeForm(at.Get("code")))
	claims, err := w.s.world.Keys.Verify(body["id_token"].(string), w.s.URL()+"/", portal, w.s.world.Clock.Now())
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(claims).To(HaveKey("auth_time"))
	w.s.world.Clock.Forward(11 * time.Minute)
	at, _ = w.authorize(c, url.Values{"max_age": {"600"}, "prompt": {"none"}})
	w.Expect(at.Get("error")).To(Equal("login_required"))
	at, _ = w.authorize(c, url.Values{"max_age": {"-1"}})
	w.Expect(at.Get("error")).To(Equal("invalid_request"))
	at, _ = w.authorize(c, url.Values{"response_mode": {"form_post"}})
	w.Expect(at.Get("error_description")).To(Equal("Unsupported response mode: form_post"))
}
