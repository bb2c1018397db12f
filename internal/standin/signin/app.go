package signin

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/pages"
	"github.com/seatwarden/seatwarden/internal/standin/state"
)

// The built-in application of a client lives at /app/<client id>: enough for an
// invitation link to work in a browser with no other server. AddClient names its
// login route as initiate_login_uri and allows its callback.

// appStart is a sign-in that the built-in application has begun.
type appStart struct {
	clientID string
	verifier string
	nonce    string
	expires  time.Time
}

func (si *SignIn) appURL(t *state.Tenant, clientID string) string {
	return si.world.Issuer(t) + "app/" + url.PathEscape(clientID)
}

func (si *SignIn) appClient(r *http.Request) (*state.Client, answer) {
	client := si.world.TenantOf(r).Clients.Get(r.PathValue("client"))
	if client == nil {
		return nil, errorPage(http.StatusNotFound, refuse("invalid_request", "There is no such application."))
	}
	return client, nil
}

// appHome is where the application begins when nobody is signed in.
func (si *SignIn) appHome(r *http.Request) answer {
	client, missing := si.appClient(r)
	if missing != nil {
		return missing
	}
	t := si.world.TenantOf(r)
	p := pages.Page{Kind: pages.PageApplication, Title: client.Name, ClientID: client.ClientID}
	for _, o := range t.Organizations.All() {
		p.Organizations = append(p.Organizations, pages.Choice{Value: o.ID, Label: displayName(o)})
	}
	return func(w http.ResponseWriter, _ *http.Request) { pages.Render(w, http.StatusOK, p) }
}

// appLogin starts the authorization code flow with PKCE. An invitation and its
// organization are passed on, the organization's name is not, as Auth0 asks of
// applications.
func (si *SignIn) appLogin(r *http.Request) answer {
	client, missing := si.appClient(r)
	if missing != nil {
		return missing
	}
	t := si.world.TenantOf(r)
	start := &appStart{
		clientID: client.ClientID, verifier: state.RandomString(64), nonce: state.RandomString(32),
		expires: si.world.Clock.Now().Add(transactionLifetime),
	}
	state := state.RandomString(32)
	si.starts[state] = start
	sum := sha256.Sum256([]byte(start.verifier))
	query := url.Values{
		"response_type": {"code"}, "client_id": {client.ClientID}, "redirect_uri": {si.appURL(t, client.ClientID) + "/callback"},
		"scope": {"openid profile email " + scopeOfflineAccess}, "state": {state}, "nonce": {start.nonce},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	for _, name := range []string{"invitation", "organization", "connection", "login_hint", "prompt"} {
		if value := r.Form.Get(name); value != "" {
			query.Set(name, value)
		}
	}
	return redirect("/authorize?" + query.Encode())
}

// appCallback redeems the code and shows who signed in, or the error.
func (si *SignIn) appCallback(r *http.Request) answer {
	client, missing := si.appClient(r)
	if missing != nil {
		return missing
	}
	t := si.world.TenantOf(r)
	start := si.starts[r.Form.Get("state")]
	delete(si.starts, r.Form.Get("state"))
	if start == nil || start.clientID != client.ClientID {
		return errorPage(http.StatusBadRequest, refuse("invalid_request", "The application did not start this sign-in."))
	}
	p := pages.Page{Kind: pages.PageResult, ClientID: client.ClientID, Application: client.Name}
	p.LogoutURL = "/v2/logout?" + url.Values{"client_id": {client.ClientID}, "returnTo": {si.appURL(t, client.ClientID)}}.Encode()
	if code := r.Form.Get("error"); code != "" {
		putRefusal(&p, code, r.Form.Get("error_description"))
		return func(w http.ResponseWriter, _ *http.Request) { pages.Render(w, http.StatusForbidden, p) }
	}
	tokens, wrong := si.exchange(t, client, r.Form.Get("code"), si.appURL(t, client.ClientID)+"/callback", start.verifier)
	if wrong != nil {
		putRefusal(&p, wrong.Code, wrong.Description)
		return func(w http.ResponseWriter, _ *http.Request) { pages.Render(w, http.StatusForbidden, p) }
	}
	idToken, _ := tokens["id_token"].(string)
	claims, err := si.world.Keys.Verify(idToken, si.world.Issuer(t), client.ClientID, si.world.Clock.Now())
	if err != nil || claims["nonce"] != start.nonce {
		return errorPage(http.StatusBadRequest, refuse("invalid_token", "The ID token does not belong to this sign-in."))
	}
	fillResult(&p, tokens, claims)
	if organizationID, _ := claims["org_id"].(string); organizationID != "" {
		if o := t.Organizations.Get(organizationID); o != nil {
			p.Organization = displayName(o)
		}
	}
	return func(w http.ResponseWriter, _ *http.Request) { pages.Render(w, http.StatusOK, p) }
}

// refuse tells the person what an error of Auth0 means, and what to do.
func putRefusal(p *pages.Page, code, description string) {
	p.ErrorCode, p.Text = code, description
	switch {
	case description == "invitation not found or already used":
		p.Title = "This invitation is no longer valid"
		p.Advice = "It has been used, has expired, or was taken back. Ask whoever invited you for a new one."
	case description == "the specified account is not allowed to accept the current invitation":
		p.Title = "You signed in with another account"
		p.Advice = "The invitation was sent to another address, and it cannot be used again. " +
			"Sign out, ask for a new invitation, and sign in with the address that it was sent to."
	case strings.Contains(description, " is not part of the "):
		p.Title = "You are not a member"
		p.Advice = "Your account does not belong to this organization. Ask its administrator for an invitation."
	case code == "unauthorized" && description == "user is blocked":
		p.Title = "Your account is blocked"
		p.Advice = "Ask your administrator."
	case code == "access_denied":
		p.Title = "You were not let in"
	default:
		p.Title = "You are not signed in"
	}
}

// fillResult puts a person's claims and tokens on the page that shows them.
func fillResult(p *pages.Page, tokens, claims map[string]any) {
	p.Title = "You are signed in"
	name, _ := claims["name"].(string)
	email, _ := claims["email"].(string)
	p.Person = strings.TrimSpace(email)
	if p.Person == "" {
		p.Person = name
	}
	shown, err := json.MarshalIndent(claims, "", "  ")
	if err == nil { // claims came from JSON
		p.Claims = string(shown)
	}
	for _, kind := range []string{"id_token", "access_token", "refresh_token"} {
		if token, _ := tokens[kind].(string); token != "" {
			p.Tokens = append(p.Tokens, pages.Choice{Value: kind, Label: token})
		}
	}
}
