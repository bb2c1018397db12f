package actions_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/standin/actions"
)

const sharedSecret = "0123456789abcdef0123456789abcdef"

var redirecting = []actions.Action{
	{Name: "before", Code: `exports.onExecutePostLogin = async (event, api) => { api.user.setAppMetadata("before", 1); };`},
	{Name: "redirects", Secrets: map[string]string{"S": sharedSecret}, Code: `
		exports.onExecutePostLogin = async (event, api) => {
			const token = api.redirect.encodeToken({ secret: event.secrets.S, payload: { asked: "terms" } });
			api.redirect.sendUserTo("https://a.example/", { query: { session_token: token } });
		};
		exports.onContinuePostLogin = async (event, api) => {
			const told = api.redirect.validateToken({ secret: event.secrets.S });
			api.authentication.recordMethod("https://a.example/");
			api.idToken.setCustomClaim("told", told.answer);
		};`},
	{Name: "after", Code: `exports.onExecutePostLogin = async (event) => { console.log(event.request.path, JSON.stringify(event.user)); };`},
}

// signedBack is what the page sends back with the person.
func signedBack(t *testing.T, secret string, claims object) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: []byte(secret)}, nil)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return token
}

func TestRedirectAndResume(t *testing.T) {
	options := actions.Options{Now: func() time.Time { return tableTime }}
	user := object{"user_id": "okta|1"}
	first := object{"user": user, "request": object{"path": "/authorize", "hostname": "tenant.example", "ip": "192.0.2.1"}}
	answer := object{"state": "st", "answer": "yes", "exp": tableTime.Add(time.Minute).Unix()}
	for name, row := range map[string]struct {
		secret string
		claims object
		want   string
	}{
		"right":        {sharedSecret, answer, ""},
		"wrong secret": {"x" + sharedSecret, answer, "signature is wrong"},
		"wrong state":  {sharedSecret, object{"state": "other", "exp": answer["exp"]}, "state is not the one"},
		"no end":       {sharedSecret, object{"state": "st"}, "has expired"},
		"expired":      {sharedSecret, object{"state": "st", "exp": tableTime.Add(-time.Second).Unix()}, "has expired"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			effects := actions.Run(t.Context(), actions.PostLogin, redirecting, first, options)
			g.Expect(effects.Err).NotTo(HaveOccurred())
			g.Expect(effects.Logs).To(BeEmpty(), "what comes after the redirect waits")
			at, err := url.Parse(effects.Suspension.URL)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(at.Host).To(Equal("a.example"))
			sent, err := jwt.ParseSigned(at.Query().Get("session_token"), []jose.SignatureAlgorithm{jose.HS256})
			g.Expect(err).NotTo(HaveOccurred())
			claims := object{}
			g.Expect(sent.Claims([]byte(sharedSecret), &claims)).To(Succeed())
			g.Expect(claims).To(Equal(object{"asked": "terms", "sub": "okta|1", "iss": "tenant.example", "ip": "192.0.2.1",
				"iat": float64(tableTime.Unix()), "exp": float64(tableTime.Unix() + 900)}))

			back := object{"user": object{"user_id": "okta|1", "app_metadata": object{"fresh": 1}}, "request": object{
				"path": "/continue", "query": object{"state": "st"}, "body": object{"session_token": signedBack(t, row.secret, row.claims)}}}
			actions.Resume(t.Context(), actions.PostLogin, redirecting, back, options, effects)
			g.Expect(effects.AppMetadata).To(Equal(object{"before": 1.0}), "what was done before the redirect is kept")
			if row.want != "" {
				g.Expect(effects.Err).To(MatchError(ContainSubstring(row.want)))
				return
			}
			g.Expect(effects.Err).NotTo(HaveOccurred())
			g.Expect(effects.Suspension).To(BeNil())
			g.Expect(effects.IDTokenClaims).To(Equal(object{"told": "yes"}))
			g.Expect(effects.Methods).To(Equal([]string{"https://a.example/"}))
			g.Expect(effects.Logs).To(HaveLen(1))
			g.Expect(effects.Logs[0].Text).To(And(HavePrefix("/continue "), ContainSubstring(`"fresh":1`), ContainSubstring(`"before":1`)))
		})
	}
	t.Run("a redirect without continuation", func(t *testing.T) {
		g := NewWithT(t)
		bound := []actions.Action{{Name: "r", Code: `exports.onExecutePostLogin = async (e, api) => api.redirect.sendUserTo("https://a.example/");`}}
		effects := actions.Run(t.Context(), actions.PostLogin, bound, first, options)
		actions.Resume(t.Context(), actions.PostLogin, bound, first, options, effects)
		g.Expect(effects.Err).To(MatchError(ContainSubstring("exports no function onContinuePostLogin")))
	})
}

func TestChallenge(t *testing.T) {
	for name, row := range map[string]struct {
		call    string
		factors []string
		// logs before the person came back, and after.
		before, after []string
	}{
		"with a factor":  {`api.authentication.challengeWith({ type: "otp" }, { additionalFactors: [{ type: "phone" }] })`, []string{"otp", "phone"}, nil, []string{"second"}},
		"with any":       {`api.authentication.challengeWithAny([{ type: "otp" }, { type: "email" }])`, []string{"otp", "email"}, nil, []string{"second"}},
		"at the end":     {`api.multifactor.enable("any")`, []string{"any"}, []string{"second"}, []string{"second"}},
		"taken back":     {`api.multifactor.enable("any"); api.multifactor.enable("none")`, nil, []string{"second"}, nil},
		"denied as well": {`api.multifactor.enable("any"); api.access.deny("no")`, nil, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			bound := []actions.Action{
				{Name: "asks", Code: `exports.onExecutePostLogin = async (event, api) => { ` + row.call + ` };`},
				{Name: "second", Code: `exports.onExecutePostLogin = async () => console.log("second");`},
			}
			logs := func(e *actions.Effects) []string {
				var texts []string
				for _, line := range e.Logs {
					texts = append(texts, line.Text)
				}
				return texts
			}
			effects := actions.Run(t.Context(), actions.PostLogin, bound, nil, actions.Options{})
			g.Expect(effects.Err).NotTo(HaveOccurred())
			g.Expect(logs(effects)).To(Equal(row.before))
			if row.factors == nil {
				g.Expect(effects.Suspension).To(BeNil())
				return
			}
			g.Expect(effects.Suspension.URL).To(BeEmpty())
			g.Expect(effects.Suspension.Factors).To(Equal(row.factors))
			actions.Resume(t.Context(), actions.PostLogin, bound, nil, actions.Options{}, effects)
			g.Expect(effects.Suspension).To(BeNil())
			g.Expect(logs(effects)).To(Equal(row.after))
		})
	}
	bad := postLogin(t, object{}, `api.authentication.challengeWith({});`)
	NewWithT(t).Expect(bad.Err).To(MatchError(ContainSubstring("a factor has a type")))
}

func TestLifetimesAndScopes(t *testing.T) {
	g := NewWithT(t)
	e := postLogin(t, object{}, `
		api.session.setExpiresAt(2000).session.setExpiresAt(1000).session.setExpiresAt(3000);
		api.refreshToken.setIdleExpiresAt(5000);
		api.accessToken.addScope("a").accessToken.addScope("b").accessToken.removeScope("b");`)
	g.Expect(e.Err).NotTo(HaveOccurred())
	g.Expect(e.Session).To(Equal(actions.Lifetimes{ExpiresAt: time.UnixMilli(1000).UTC()}))
	g.Expect(e.RefreshToken).To(Equal(actions.Lifetimes{IdleExpiresAt: time.UnixMilli(5000).UTC()}))
	g.Expect(e.Scopes).To(Equal(map[string]bool{"a": true, "b": false}))
}
