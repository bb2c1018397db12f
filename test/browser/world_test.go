package browser

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/guard"
	"github.com/seatwarden/seatwarden/internal/standin"
)

const portal = "portal"

// world is a stand-in with one guarded application and one customer who has
// three identity providers.
type world struct {
	*WithT
	t     *testing.T
	s     *standin.Server
	acme  standin.Organization
	token string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	people := []standin.IdPPerson{
		{Email: "jane@acme.com", Name: "Jane Doe", EmailVerified: true}, {Email: "bob@acme.com", Name: "Bob Okafor"},
	}
	var seed standin.Seed
	seed.Clients = []standin.Client{{ClientID: portal, Name: "Customer portal", OrganizationUsage: "require",
		AllowedLogoutURLs: []string{standin.URLPlaceholder + "/app/" + portal}}}
	seed.Connections = []standin.Connection{
		{Name: "acme-google", DisplayName: "Google Workspace", Strategy: "google-apps", Directory: people},
		{Name: "acme-okta", DisplayName: "Okta", Strategy: "okta", Directory: people},
		{Name: "acme-azure", DisplayName: "Microsoft Entra ID", Strategy: "waad", Directory: people},
		{Name: "people", Strategy: "auth0"},
	}
	w := &world{WithT: NewWithT(t), t: t, s: standin.New(t, standin.WithSeed(seed))}
	code, err := guard.Render(guard.Options{Applications: []string{portal}})
	w.Expect(err).NotTo(HaveOccurred())
	_, err = w.s.AddAction(standin.ActionSeed{Name: "seatwarden", Code: code})
	w.Expect(err).NotTo(HaveOccurred())
	w.acme, err = w.s.AddOrganization(standin.OrganizationSeed{
		Name: "acme", DisplayName: "Acme Corporation", Connections: []string{"acme-google", "acme-okta", "acme-azure"},
		Metadata: map[string]string{"seatwarden_access": "open,,", "seatwarden_key": "k1"},
	})
	w.Expect(err).NotTo(HaveOccurred())
	client, err := w.s.AddManagementClient()
	w.Expect(err).NotTo(HaveOccurred())
	answer := w.call(http.MethodPost, "/oauth/token", map[string]any{"grant_type": "client_credentials",
		"client_id": client.ClientID, "client_secret": client.Secret, "audience": w.s.URL() + "/api/v2/"})
	w.token, _ = answer["access_token"].(string)
	return w
}

// call calls the stand-in as the operator would.
func (w *world) call(method, path string, body any) map[string]any {
	w.t.Helper()
	raw, err := json.Marshal(body)
	w.Expect(err).NotTo(HaveOccurred())
	request, err := http.NewRequestWithContext(w.t.Context(), method, w.s.URL()+path, bytes.NewReader(raw))
	w.Expect(err).NotTo(HaveOccurred())
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+w.token)
	response, err := http.DefaultClient.Do(request)
	w.Expect(err).NotTo(HaveOccurred())
	defer func() { _ = response.Body.Close() }()
	w.Expect(response.StatusCode).To(BeNumerically("<", 300), "%s %s", method, path)
	answer := map[string]any{}
	if response.StatusCode != http.StatusNoContent {
		w.Expect(json.NewDecoder(response.Body).Decode(&answer)).To(Succeed())
	}
	return answer
}

// invite invites somebody to acme, with a seat or without.
func (w *world) invite(email string, seat bool) {
	w.t.Helper()
	grant := map[string]any{"note": "none"}
	if seat {
		grant = map[string]any{"seatwarden_" + w.acme.ID: "k1.m1.a1"}
	}
	w.call(http.MethodPost, "/api/v2/organizations/"+w.acme.ID+"/invitations", map[string]any{
		"inviter": map[string]any{"name": "Ida Torres"}, "invitee": map[string]any{"email": email},
		"client_id": portal, "ttl_sec": 86400, "app_metadata": grant,
	})
}

// openMail reads the newest mail to somebody in the outbox and follows its link.
func (w *world) openMail(b *tab, to string) {
	w.t.Helper()
	b.do(chromedp.Navigate(w.s.ControlURL() + "/"))
	b.at("outbox")
	b.press(to)
	b.at("mail")
	b.press("Accept the invitation")
}

// signIn goes to the application and in through a provider.
func (w *world) signIn(b *tab, provider, email string) {
	w.t.Helper()
	b.do(chromedp.Navigate(w.s.URL() + "/app/" + portal + "/login?organization=" + w.acme.ID))
	b.at("login")
	w.choose(b, provider, email)
}

// choose takes a provider at the login page and says who one is.
func (w *world) choose(b *tab, provider, email string) {
	w.t.Helper()
	b.press(provider)
	b.at("identity-provider")
	b.Expect(b.text()).To(ContainSubstring(provider))
	b.typeIn("Your e-mail address", email)
	b.press("Continue")
}

// join invites somebody and signs them in.
func (w *world) join(b *tab, email string, seat bool) {
	w.t.Helper()
	w.invite(email, seat)
	w.openMail(b, email)
	b.at("login")
	w.choose(b, "Okta", email)
	b.at("result")
}

func (w *world) userID(email string) string {
	w.t.Helper()
	for _, user := range w.s.Snapshot().Users {
		if strings.EqualFold(user.Email, email) {
			return user.UserID
		}
	}
	w.t.Fatalf("nobody has the address %s", email)
	return ""
}

func (w *world) userPath(email string) string {
	return "/api/v2/users/" + url.PathEscape(w.userID(email))
}
