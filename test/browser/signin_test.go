package browser

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/standin"
)

func TestAccessFromTheMailThroughEachProvider(t *testing.T) {
	for _, provider := range []string{"Google Workspace", "Okta", "Microsoft Entra ID"} {
		t.Run(provider, func(t *testing.T) {
			b, w := newTab(t), newWorld(t)
			w.invite("jane@acme.com", true)
			w.openMail(b, "jane@acme.com")
			b.at("login")
			b.Expect(b.text()).To(And(ContainSubstring("Acme Corporation"), ContainSubstring("Ida Torres invited jane@acme.com")))
			w.choose(b, provider, "jane@acme.com")
			b.at("result")
			b.Expect(b.text()).To(And(ContainSubstring("You are signed in"),
				ContainSubstring("as jane@acme.com in Acme Corporation"), ContainSubstring(w.acme.ID)))

			w.comeBack(b)
			b.at("result")
			b.Expect(b.text()).To(ContainSubstring("You are signed in"), "with the session, without a login")
			b.press("Sign out")
			b.at("application")
			w.signIn(b, provider, "jane@acme.com")
			b.at("result")
			b.Expect(b.text()).To(ContainSubstring("You are signed in"), "and again")
		})
	}
}

// comeBack goes to the application with the browser's session.
func (w *world) comeBack(b *tab) {
	b.do(chromedp.Navigate(w.s.URL() + "/app/" + portal + "/login?organization=" + w.acme.ID))
}

func TestDeadLinkAndWrongAccount(t *testing.T) {
	t.Run("expired", func(t *testing.T) {
		b, w := newTab(t), newWorld(t)
		w.invite("jane@acme.com", true)
		w.s.Forward(24*time.Hour + time.Second)
		w.openMail(b, "jane@acme.com")
		b.at("result")
		b.Expect(b.text()).To(And(ContainSubstring("This invitation is no longer valid"),
			ContainSubstring("invitation not found or already used"), ContainSubstring("Ask whoever invited you for a new one")))
	})
	t.Run("wrong account", func(t *testing.T) {
		b, w := newTab(t), newWorld(t)
		w.invite("jane@acme.com", true)
		w.openMail(b, "jane@acme.com")
		b.at("login")
		w.choose(b, "Okta", "bob@acme.com")
		b.at("result")
		b.Expect(b.text()).To(And(ContainSubstring("You signed in with another account"),
			ContainSubstring("the specified account is not allowed to accept the current invitation")))
		b.press("sign out")
		w.openMail(b, "jane@acme.com")
		b.at("result")
		b.Expect(b.text()).To(ContainSubstring("This invitation is no longer valid"), "the link is used up")
	})
	t.Run("nobody of that name", func(t *testing.T) {
		b, w := newTab(t), newWorld(t)
		w.signIn(b, "Okta", "who@acme.com")
		b.at("identity-provider")
		b.Expect(b.text()).To(ContainSubstring("Nobody of that name is in this directory."))
	})
}

func TestRemovalAndRefusalsInTheBrowser(t *testing.T) {
	for name, row := range map[string]struct {
		seat   bool
		change func(*world)
		want   []string
	}{
		"no seat": {false, func(*world) {}, []string{"You were not let in", "Your seat is being set up, or you hold none"}},
		"removed": {true, func(w *world) {
			w.call(http.MethodDelete, "/api/v2/organizations/"+w.acme.ID+"/members", map[string]any{"members": []string{w.userID("jane@acme.com")}})
		}, []string{"You are not a member", "is not part of the"}},
		"seat withdrawn": {true, func(w *world) {
			w.call(http.MethodPatch, w.userPath("jane@acme.com"), map[string]any{"app_metadata": map[string]any{"seatwarden_" + w.acme.ID: nil}})
		}, []string{"You were not let in", "Your seat is being set up, or you hold none"}},
		"blocked": {true, func(w *world) {
			w.call(http.MethodPatch, w.userPath("jane@acme.com"), map[string]any{"blocked": true})
		}, []string{"Your account is blocked", "user is blocked"}},
	} {
		t.Run(name, func(t *testing.T) {
			b, w := newTab(t), newWorld(t)
			w.join(b, "jane@acme.com", row.seat)
			row.change(w)
			w.comeBack(b)
			b.at("result")
			for _, words := range row.want {
				b.Expect(b.text()).To(ContainSubstring(words), "with the session")
			}
			other := newTab(t)
			w.signIn(other, "Okta", "jane@acme.com")
			other.at("result")
			for _, words := range row.want {
				other.Expect(other.text()).To(ContainSubstring(words), "with a new sign-in")
			}
		})
	}
}

// From the list of mails to the application and out again with nothing but the
// Tab and Enter keys and letters.
func TestAccessWithTheKeyboardAlone(t *testing.T) {
	b, w := newTab(t), newWorld(t)
	w.invite("jane@acme.com", true)
	b.do(chromedp.Navigate(w.s.ControlURL() + "/outbox"))
	b.tabTo("jane@acme.com")
	b.enter()
	b.tabTo("Accept the invitation")
	b.enter()
	b.tabTo("Continue with Okta")
	b.picture("focus")
	b.enter()
	b.Eventually(b.focused).WithTimeout(patience).Should(ContainSubstring("Your e-mail address"),
		"the first thing to fill in has the focus")
	b.do(chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	b.keys("jane@acme.com")
	b.enter()
	b.at("result")
	b.Expect(b.text()).To(ContainSubstring("as jane@acme.com in Acme Corporation"))
	b.tabTo("Tokens of this session")
	b.keys(kb.Enter)
	b.Expect(evaluate[bool](b, `document.querySelector("details").open`)).To(BeTrue())
	b.look("tokens")
	b.tabTo("Sign out")
	b.enter()
	b.at("application")
}

// focused is what the element with the focus is called.
func (b *tab) focused() string {
	b.t.Helper()
	return evaluate[string](b, `((e) => e === document.body ? "" : (e.labels?.[0] ?? e).innerText)(document.activeElement)`)
}

// tabTo presses Tab until the focus is on what is called so, which then shows it.
func (b *tab) tabTo(words string) {
	b.t.Helper()
	var seen []string
	for range 30 {
		b.keys(kb.Tab)
		name := b.focused()
		if seen = append(seen, name); strings.Contains(name, words) {
			b.Expect(evaluate[bool](b, `getComputedStyle(document.activeElement).outlineStyle !== "none"`)).To(BeTrue(), "the focus is seen")
			return
		}
	}
	b.t.Fatalf("Tab never comes to %q, only to %q", words, seen)
}

// enter presses Enter and waits for the next page.
func (b *tab) enter() {
	b.t.Helper()
	b.mark()
	b.keys(kb.Enter)
	b.turned()
}

func TestFurtherPages(t *testing.T) {
	b, w := newTab(t), newWorld(t)
	b.do(chromedp.Navigate(w.s.ControlURL() + "/outbox"))
	b.at("outbox")
	b.do(chromedp.Navigate(w.s.ControlURL() + "/outbox/9"))
	b.at("message")
	b.do(chromedp.Navigate(w.s.URL() + "/app/" + portal))
	b.at("application")
	b.do(chromedp.Navigate(w.s.URL() + "/authorize?client_id=nobody"))
	b.at("error")

	w.join(b, "jane@acme.com", true)
	_, err := w.s.AddAction(standin.ActionSeed{Name: "second", Code: `exports.onExecutePostLogin = async (event, api) =>
		api.authentication.challengeWith({ type: "otp" });`})
	w.Expect(err).NotTo(HaveOccurred())
	w.comeBack(b)
	b.at("second-factor")
	b.press("It is me")
	b.at("result")

	_, err = w.s.AddOrganization(standin.OrganizationSeed{Name: "beta", Connections: []string{"people", "acme-okta"}})
	w.Expect(err).NotTo(HaveOccurred())
	b.press("Sign out")
	b.do(chromedp.Navigate(w.s.URL() + "/app/" + portal))
	b.do(chromedp.SetValue(chromedp.ID("organization"), w.organizationID("beta")))
	b.press("Sign in")
	b.at("login")
	b.Expect(b.text()).To(And(ContainSubstring("E-mail address"), ContainSubstring("Create an account")))
	b.typeIn("E-mail address", "jane@acme.com")
	b.typeIn("Password", "wrong")
	b.do(chromedp.Submit(chromedp.ID("password-people")), chromedp.WaitVisible(chromedp.ID("problem")))
	b.at("login")
	b.Expect(b.text()).To(ContainSubstring("Wrong email or password."))
}

func (w *world) organizationID(name string) string {
	w.t.Helper()
	o, found := w.s.Snapshot().Organization(name)
	w.Expect(found).To(BeTrue())
	return o.ID
}
