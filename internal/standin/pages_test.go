package standin

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/standin/pages"
	"github.com/seatwarden/seatwarden/internal/standin/state"
)

// get returns the body, the status and the header of a page.
func get(t *testing.T, address string) (string, int, http.Header) {
	t.Helper()
	response, err := http.Get(address)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return string(body), response.StatusCode, response.Header
}

func TestOutboxPages(t *testing.T) {
	g := NewWithT(t)
	s := New(t)
	body, _, _ := get(t, s.ControlURL()+"/")
	g.Expect(body).To(ContainSubstring("No mail has been sent yet."))
	for i := range 2 {
		s.world.Outbox.Send(state.Mail{
			To: fmt.Sprintf("jane%d@acme.com", i), Subject: "Join <Acme>", Inviter: "Ida & Co", OrganizationName: "Acme",
			Link: s.URL() + "/app/portal/login?invitation=t1&organization=org_1", SentAt: s.world.Clock.Now(),
		})
	}
	body, _, header := get(t, s.ControlURL()+"/outbox")
	g.Expect(body).To(MatchRegexp(`(?s)jane1@acme\.com.*jane0@acme\.com`), "the newest first")
	g.Expect(body).NotTo(ContainSubstring("invitation=t1"))
	g.Expect(header.Get("Content-Security-Policy")).To(Equal(pages.PagePolicy))
	body, _, _ = get(t, s.ControlURL()+"/outbox/1")
	g.Expect(body).To(And(ContainSubstring("jane0@acme.com"), ContainSubstring("Join &lt;Acme&gt;"), ContainSubstring("Ida &amp; Co"),
		ContainSubstring(`href="`+s.URL()+`/app/portal/login?invitation=t1&amp;organization=org_1"`)))
	for _, path := range []string{"/outbox/0", "/outbox/3", "/outbox/x"} {
		_, status, _ := get(t, s.ControlURL()+path)
		g.Expect(status).To(Equal(http.StatusNotFound), path)
	}
	_, _, header = get(t, s.ControlURL()+"/outbox/style.css")
	g.Expect(header.Get("Content-Type")).To(HavePrefix("text/css"))
}

// Nothing on the listener that plays Auth0 leads to the mails.
func TestSecretsOutboxIsNotOnTheListenerOfAuth0(t *testing.T) {
	s := New(t)
	for _, path := range []string{"/", "/outbox", "/outbox/1", "/control/outbox"} {
		_, status, _ := get(t, s.URL()+path)
		NewWithT(t).Expect(status).To(Equal(http.StatusNotFound), path)
	}
}

func TestRefusalsArePutInWords(t *testing.T) {
	w := newWorld(t)
	for name, row := range map[string]struct{ code, description, title string }{
		"dead link":     {"invalid_request", notFoundText, "This invitation is no longer valid"},
		"wrong account": {"access_denied", notAllowed, "You signed in with another account"},
		"no member":     {"access_denied", "user u is not part of the " + w.acme.ID + " organization", "You are not a member"},
		"no seat":       {"access_denied", textNoSeat, "You were not let in"},
		"blocked":       {"unauthorized", "user is blocked", "Your account is blocked"},
		"another":       {"login_required", "Login required", "You are not signed in"},
	} {
		t.Run(name, func(t *testing.T) {
			var state string
			browser := &http.Client{CheckRedirect: func(to *http.Request, _ []*http.Request) error {
				if to.URL.Path == "/authorize" {
					state = to.URL.Query().Get("state") // the built-in application's own
				}
				return nil
			}}
			response, err := browser.Get(w.s.URL() + "/app/" + portal + "/login?organization=" + w.acme.ID)
			w.Expect(err).NotTo(HaveOccurred())
			w.Expect(response.Body.Close()).To(Succeed())
			response, err = browser.Get(w.s.URL() + "/app/" + portal + "/callback?" +
				url.Values{"state": {state}, "error": {row.code}, "error_description": {row.description}}.Encode())
			w.Expect(err).NotTo(HaveOccurred())
			body, err := io.ReadAll(response.Body)
			w.Expect(err).NotTo(HaveOccurred())
			w.Expect(response.Body.Close()).To(Succeed())
			NewWithT(t).Expect(string(body)).To(And(ContainSubstring("<h1>"+row.title+"</h1>"),
				ContainSubstring(row.description), ContainSubstring(row.code)))
		})
	}
}

func TestScreenHint(t *testing.T) {
	w := newWorld(t)
	body, _, _ := get(t, w.s.URL()+"/authorize?"+w.authorizeQuery(url.Values{
		"redirect_uri": {w.s.URL() + "/app/" + portal + "/callback"}, "screen_hint": {"signup"}}).Encode())
	w.Expect(body).To(MatchRegexp(`(?s)value="register".*value="login"`))
}
