package signin

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/state"
)

// transaction is one run through Universal Login, from /authorize to the
// redirect back to the application.
type transaction struct {
	id             string
	tenant         *state.Tenant
	clientID       string
	redirectURI    string
	state          string
	nonce          string
	scope          string
	audience       string
	challenge      string
	organizationID string
	ticket         string
	// invitation is a copy of the one that the ticket stood for at the start.
	invitation *state.Invitation
	connection string
	loginHint  string
	prompt     string
	// signUp: the page for making an account was asked for.
	signUp bool
	// maxAge is how old the person's last login may be in seconds; -1 is any age.
	maxAge int
	// request is event.request for Actions: the request to /authorize.
	request map[string]any
	expires time.Time
	// paused is set while Actions wait for the person to come back.
	paused *paused
	// who is set once a person has signed in and only the organization is left to be chosen.
	who *authenticated
}

// authorize begins a sign-in. What is wrong with the application is shown to
// the person; everything else goes back to the application.
func (si *SignIn) authorize(r *http.Request) answer {
	t := si.world.TenantOf(r)
	client := t.Clients.Get(r.Form.Get("client_id"))
	if client == nil {
		return errorPage(http.StatusBadRequest, refuse("invalid_request", "Unknown client: "+r.Form.Get("client_id")))
	}
	callback := r.Form.Get("redirect_uri")
	if !slices.Contains(client.Callbacks, callback) {
		return errorPage(http.StatusForbidden, refuse("invalid_request",
			"Callback URL mismatch. The provided redirect_uri is not in the list of allowed callback URLs."))
	}
	tx := &transaction{
		id: state.RandomString(32), tenant: t, clientID: client.ClientID, redirectURI: callback,
		state: r.Form.Get("state"), nonce: r.Form.Get("nonce"), scope: r.Form.Get("scope"),
		audience: r.Form.Get("audience"), challenge: r.Form.Get("code_challenge"),
		organizationID: r.Form.Get("organization"), ticket: r.Form.Get("invitation"),
		connection: r.Form.Get("connection"), loginHint: r.Form.Get("login_hint"), prompt: r.Form.Get("prompt"),
		signUp: r.Form.Get("screen_hint") == "signup", maxAge: -1,
		request: requestForEvent(r), expires: si.world.Clock.Now().Add(transactionLifetime),
	}
	if wrong := si.check(tx, client, r.Form); wrong != nil {
		return si.sendBack(tx, wrong)
	}
	si.transactions[tx.id] = tx
	if tx.organizationID == "" && client.OrganizationUsage == usageRequire &&
		client.OrganizationRequireBehavior == behaviorPreLogin {
		if tx.prompt == "none" {
			return si.sendBack(tx, refuse("interaction_required", "Organization selection required"))
		}
		return organizationPage(tx, nil, "")
	}
	return si.authenticate(tx, r)
}

// authenticate goes on with the session of the browser, where one serves, and
// with a login otherwise.
func (si *SignIn) authenticate(tx *transaction, r *http.Request) answer {
	if session := si.sessionOf(tx.tenant, r); session != nil && si.serves(tx, session) {
		session.UpdatedAt = si.world.Clock.Now()
		session.IdleExpiresAt = session.UpdatedAt.Add(sessionIdleLifetime)
		return si.complete(tx, &authenticated{userID: session.UserID, connection: session.Connection, session: session})
	}
	if tx.prompt == "none" {
		return si.sendBack(tx, refuse("login_required", "Login required"))
	}
	return si.offerLogin(tx)
}

// check judges the parameters. What Auth0 says for a wrong invitation that it
// still knows is not documented; it is taken for one that is gone.
func (si *SignIn) check(tx *transaction, client *state.Client, form url.Values) *refusal {
	if form.Get("response_type") != "code" {
		return refuse("unsupported_response_type", "Unsupported response type: "+form.Get("response_type"))
	}
	if mode := form.Get("response_mode"); mode != "" && mode != "query" {
		return refuse("invalid_request", "Unsupported response mode: "+mode)
	}
	if age := form.Get("max_age"); age != "" {
		seconds, err := strconv.Atoi(age)
		if err != nil || seconds < 0 {
			return refuse("invalid_request", "Parameter 'max_age' must be a number of seconds")
		}
		tx.maxAge = seconds
	}
	if method := form.Get("code_challenge_method"); tx.challenge != "" && method != "S256" {
		return refuse("invalid_request", "Unsupported code challenge method: "+method)
	}
	if tx.challenge == "" && isPublic(client) {
		return refuse("invalid_request", "Parameter 'code_challenge' is required")
	}
	return si.checkOrganization(tx, client)
}

// checkOrganization judges what the sign-in brings of an organization.
func (si *SignIn) checkOrganization(tx *transaction, client *state.Client) *refusal {
	if tx.organizationID == "" {
		if tx.ticket != "" || client.OrganizationUsage == usageRequire && client.OrganizationRequireBehavior != behaviorPreLogin &&
			client.OrganizationRequireBehavior != behaviorPostLogin {
			return refuse("invalid_request", "parameter organization is required for this client")
		}
		return nil
	}
	if client.OrganizationUsage == "" || client.OrganizationUsage == usageDeny {
		return refuse("invalid_request", "parameter organization is not allowed for this client")
	}
	if !strings.HasPrefix(tx.organizationID, organizationIDPrefix) {
		return refuse("invalid_request", "authorization request parameter organization must be an organization id")
	}
	if tx.tenant.Organizations.Get(tx.organizationID) == nil {
		return refuse("invalid_request", "the specified organization does not exist")
	}
	invitation, wrong := si.invitation(tx)
	if wrong != nil {
		return wrong
	}
	if invitation != nil {
		opened := state.CloneJSON(*invitation)
		tx.invitation = &opened
	}
	if tx.connection != "" && len(si.offered(tx, true)) == 0 {
		return refuse("invalid_request", "the connection is not enabled for the organization")
	}
	return nil
}

// invitation returns the invitation that the sign-in brings, nil if it brings
// none: a live one, or, where the settings say so, one that was live when the
// sign-in began.
func (si *SignIn) invitation(tx *transaction) (*state.Invitation, *refusal) {
	if tx.ticket == "" {
		return nil, nil
	}
	organization, invitation := tx.tenant.InvitationByTicket(tx.ticket)
	if invitation == nil || organization.ID != tx.organizationID || invitation.ClientID != tx.clientID ||
		!si.world.Clock.Now().Before(invitation.ExpiresAt) {
		_, used := si.used[tx.ticket]
		if tx.invitation != nil && !used && si.world.InForce.LoginPageAcrossExpiry == state.PageCompletes {
			return tx.invitation, nil
		}
		return nil, refuse("invalid_request", "invitation not found or already used")
	}
	return invitation, nil
}

// offered returns the connections through which the sign-in may go, those
// without a button only when all are asked for.
func (si *SignIn) offered(tx *transaction, all bool) []*state.Connection {
	pinned := ""
	if invitation, _ := si.invitation(tx); invitation != nil {
		pinned = invitation.ConnectionID
	}
	organization := tx.tenant.Organizations.Get(tx.organizationID)
	var found []*state.Connection
	for _, c := range tx.tenant.Connections.All() {
		visible := all || c.Strategy == state.StrategyDatabase
		if organization != nil {
			enabled := organization.EnabledConnection(c.ID)
			if enabled == nil {
				continue
			}
			visible = visible || enabled.ShowAsButton || pinned == c.ID
		} else {
			if !slices.Contains(c.EnabledClients, tx.clientID) {
				continue
			}
			visible = true
		}
		if visible && (pinned == "" || pinned == c.ID) && (tx.connection == "" || tx.connection == c.Name) {
			found = append(found, c)
		}
	}
	return found
}

// serves tells whether a session may stand in for a new sign-in. That it does
// so also for an invitation of somebody else, and uses the invitation up, is
// what Auth0's users report.
func (si *SignIn) serves(tx *transaction, session *state.Session) bool {
	switch {
	case slices.Contains(words(tx.prompt), "login"), slices.Contains(words(tx.prompt), "select_account"):
		return false
	case tx.ticket != "" && si.world.InForce.SessionOnInvitation == state.SessionIgnored:
		return false
	case tx.maxAge >= 0 && si.world.Clock.Now().Sub(session.AuthenticatedAt) > time.Duration(tx.maxAge)*time.Second:
		return false
	}
	return slices.ContainsFunc(si.offered(tx, true), func(c *state.Connection) bool { return c.Name == session.Connection })
}

// offerLogin leads to the one identity provider that was asked for, or to the page that offers them.
func (si *SignIn) offerLogin(tx *transaction) answer {
	pinned, _ := si.invitation(tx)
	direct := tx.connection != "" || pinned != nil && pinned.ConnectionID != ""
	connections := si.offered(tx, direct)
	if len(connections) == 0 {
		owner := "organization"
		if tx.organizationID == "" {
			owner = "client"
		}
		return si.sendBack(tx, refuse("invalid_request", "no connections enabled for the "+owner+" are visible"))
	}
	if direct && connections[0].Strategy != state.StrategyDatabase {
		return redirect("/login/identity-provider/" + url.PathEscape(connections[0].Name) + "?" + url.Values{"state": {tx.id}}.Encode())
	}
	return redirect("/login/choose?" + url.Values{"state": {tx.id}}.Encode())
}

// sendBack ends a sign-in with an error at the application's callback.
func (si *SignIn) sendBack(tx *transaction, wrong *refusal) answer {
	delete(si.transactions, tx.id)
	return redirect(withQuery(tx.redirectURI, url.Values{
		"error": {wrong.code}, "error_description": {wrong.description}, "state": {tx.state},
	}))
}

// withQuery adds parameters to an address that may have some.
func withQuery(address string, values url.Values) string {
	if values.Get("state") == "" {
		values.Del("state")
	}
	separator := "?"
	if strings.Contains(address, "?") {
		separator = "&"
	}
	return address + separator + values.Encode()
}

func isPublic(client *state.Client) bool {
	return client.TokenEndpointAuthMethod == "none" || client.Secret == "" && len(client.PublicKeys) == 0
}

// requestForEvent is event.request: what the caller sent, without what Auth0
// takes out of it.
func requestForEvent(r *http.Request) map[string]any {
	host, address := hostOf(r.Host), hostOf(r.RemoteAddr)
	return map[string]any{
		"method": r.Method, "hostname": host, "ip": address, "user_agent": r.UserAgent(),
		"query": parameters(r.URL.Query()), "body": parameters(r.PostForm), "geoip": map[string]any{},
	}
}

// hostOf takes the port off an address that may have one.
func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return host
}

// parameters shows a parameter that is sent once as a string, and as a list otherwise.
func parameters(values url.Values) map[string]any {
	out := map[string]any{}
	for name, list := range values {
		if slices.Contains([]string{"refresh_token", "client_secret", "auth_session", "password", "code", "code_verifier"}, name) {
			continue
		}
		if len(list) == 1 {
			out[name] = list[0]
		} else {
			out[name] = list
		}
	}
	return out
}
