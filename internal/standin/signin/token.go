package signin

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/actions"
	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/wire"
)

// words splits a list of scopes or prompts at its spaces; never nil.
func words(text string) []string { return append([]string{}, strings.Fields(text)...) }

func oauthErr(status int, code, description string) *oauthError {
	return &oauthError{status: status, Code: code, Description: description}
}

func invalidGrant(description string) *oauthError {
	return oauthErr(http.StatusForbidden, "invalid_grant", description)
}

func unknownRefreshToken() *oauthError { return invalidGrant("Unknown or invalid refresh token.") }

// tokenForPerson answers the grants authorization_code and refresh_token.
func (si *SignIn) tokenForPerson(w http.ResponseWriter, r *http.Request, form url.Values) {
	t := si.world.TenantOf(r)
	si.under(func() answer {
		client, wrong := si.clientOf(t, r, form)
		if wrong != nil {
			return oauthAnswer(wrong)
		}
		if !grants(client, form.Get("grant_type")) {
			return oauthAnswer(oauthErr(http.StatusForbidden, "unauthorized_client",
				"Grant type '"+form.Get("grant_type")+"' not allowed for the client."))
		}
		switch grant := form.Get("grant_type"); grant {
		case grantRefresh:
			return si.refresh(t, client, r, form)
		case grantAuthorization:
		default:
			return oauthAnswer(oauthErr(http.StatusForbidden, "unsupported_grant_type", "Unsupported grant type: "+grant))
		}
		tokens, wrong := si.exchange(t, client, form.Get("code"), form.Get("redirect_uri"), form.Get("code_verifier"))
		if wrong != nil {
			return oauthAnswer(wrong)
		}
		return func(w http.ResponseWriter, _ *http.Request) { wire.WriteJSON(w, http.StatusOK, tokens) }
	})(w, r)
}

func oauthAnswer(wrong *oauthError) answer {
	return func(w http.ResponseWriter, _ *http.Request) { wire.WriteJSON(w, wrong.status, wrong) }
}

// clientOf identifies the application. One with the authentication method none
// need not show a secret, though Auth0 made it one.
func (si *SignIn) clientOf(t *state.Tenant, r *http.Request, form url.Values) (*state.Client, *oauthError) {
	if client := t.Clients.Get(form.Get("client_id")); client != nil && isPublic(client) {
		return client, nil
	}
	return si.authenticateClient(t, r, form)
}

// grants tells whether a client may use a grant; one that lists none may use both of a person's.
func grants(client *state.Client, grant string) bool {
	return len(client.GrantTypes) == 0 || slices.Contains(client.GrantTypes, grant)
}

// exchange redeems a code once. A wrong attempt uses it up as well.
func (si *SignIn) exchange(t *state.Tenant, client *state.Client, code, redirectURI, verifier string) (map[string]any, *oauthError) {
	a := si.authorizations[code]
	delete(si.authorizations, code)
	if a == nil || a.tx.tenant != t || a.tx.clientID != client.ClientID {
		return nil, invalidGrant("Invalid authorization code")
	}
	if redirectURI != a.tx.redirectURI {
		return nil, invalidGrant("The redirect URI is wrong. You sent " + redirectURI + ", and we expected " + a.tx.redirectURI)
	}
	if a.tx.challenge != "" {
		sum := sha256.Sum256([]byte(verifier))
		if subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(a.tx.challenge)) != 1 {
			return nil, invalidGrant("Failed to verify code verifier")
		}
	}
	user := t.Users.Get(a.who.userID)
	if user == nil {
		return nil, invalidGrant("Invalid authorization code")
	}
	h := &holder{
		t: t, client: client, user: user, organization: t.Organizations.Get(a.tx.organizationID),
		scope: a.tx.scope, audience: a.tx.audience, nonce: a.tx.nonce, effects: a.effects,
	}
	if a.who.session != nil {
		h.sessionID = a.who.session.ID
		if a.tx.maxAge >= 0 {
			h.authTime = a.who.session.AuthenticatedAt
		}
	}
	tokens, wrong := si.issue(h)
	if wrong != nil {
		return nil, wrong
	}
	if slices.Contains(words(h.scope), scopeOfflineAccess) && grants(client, grantRefresh) {
		tokens[grantRefresh] = si.newRefreshToken(h, a.who.connection).Token
	}
	return tokens, nil
}

// holder is whom tokens are made for.
type holder struct {
	t            *state.Tenant
	client       *state.Client
	user         *state.User
	organization *state.Organization
	scope        string
	audience     string
	nonce        string
	sessionID    string
	// authTime is when the person signed in; zero where nobody asked.
	authTime time.Time
	effects  *actions.Effects
}

// issue signs the access token and, for the scope openid, the ID token.
func (si *SignIn) issue(h *holder) (map[string]any, *oauthError) {
	now, issuer := si.world.Clock.Now(), si.world.Issuer(h.t)
	audience := []string{issuer + "userinfo"}
	if h.audience != "" && h.audience != audience[0] {
		audience = []string{h.audience, audience[0]}
	}
	scope := h.grantedScope()
	access := h.claims(issuer, now, accessTokenLifetime, h.effects.AccessTokenClaims)
	access["aud"], access["azp"], access["scope"], access["jti"] = audience, h.client.ClientID, scope, state.RandomString(22)
	accessToken, err := si.world.Keys.Sign(access)
	if err != nil {
		return nil, oauthErr(http.StatusInternalServerError, "server_error", "sign the access token")
	}
	si.world.Secrets.Add(state.SecretAccessToken, accessToken)
	tokens := map[string]any{
		"access_token": accessToken, "token_type": "Bearer", "scope": scope, "expires_in": int(accessTokenLifetime.Seconds()),
	}
	if !slices.Contains(words(h.scope), "openid") {
		return tokens, nil
	}
	id := h.claims(issuer, now, idTokenLifetime, h.effects.IDTokenClaims)
	maps.Copy(id, profileClaims(h.user, h.scope))
	id["aud"] = h.client.ClientID
	if h.nonce != "" {
		id["nonce"] = h.nonce
	}
	if h.sessionID != "" {
		id["sid"] = h.sessionID
	}
	if !h.authTime.IsZero() {
		id["auth_time"] = h.authTime.Unix()
	}
	idToken, err := si.world.Keys.Sign(id)
	if err != nil {
		return nil, oauthErr(http.StatusInternalServerError, "server_error", "sign the ID token")
	}
	si.world.Secrets.Add(state.SecretIDToken, idToken)
	tokens["id_token"] = idToken
	return tokens, nil
}

// grantedScope is what was asked for, with what Actions added and took away.
func (h *holder) grantedScope() string {
	granted := slices.DeleteFunc(words(h.scope), func(scope string) bool {
		keep, changed := h.effects.Scopes[scope]
		return changed && !keep
	})
	for _, scope := range slices.Sorted(maps.Keys(h.effects.Scopes)) {
		if h.effects.Scopes[scope] && !slices.Contains(granted, scope) {
			granted = append(granted, scope)
		}
	}
	return strings.Join(granted, " ")
}

// claims are those that both tokens carry; an Action's claims never replace them.
func (h *holder) claims(issuer string, now time.Time, lifetime time.Duration, custom map[string]any) map[string]any {
	claims := maps.Clone(custom)
	if claims == nil {
		claims = map[string]any{}
	}
	claims["iss"], claims["sub"] = issuer, h.user.UserID
	claims["iat"], claims["exp"] = now.Unix(), now.Add(lifetime).Unix()
	delete(claims, "org_id")
	delete(claims, "org_name")
	if h.organization != nil {
		claims["org_id"], claims["org_name"] = h.organization.ID, h.organization.Name
	}
	return claims
}

// profileClaims are the claims that the scopes profile and email ask for.
func profileClaims(u *state.User, scope string) map[string]any {
	claims := map[string]any{}
	if slices.Contains(words(scope), "profile") {
		claims["name"], claims["nickname"], claims["updated_at"] = u.Name, u.Nickname, u.UpdatedAt.Format(time.RFC3339Nano)
	}
	if slices.Contains(words(scope), "email") && u.Email != "" {
		claims["email"], claims["email_verified"] = u.Email, u.EmailVerified
	}
	return claims
}

// oauthError is an error answer of the token endpoint.
type oauthError struct {
	status      int
	Code        string `json:"error"`
	Description string `json:"error_description"`
}
