package standin

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
func (s *Server) tokenForPerson(w http.ResponseWriter, r *http.Request, form url.Values) {
	si := s.signIn.(*signIn)
	t := s.tenantOf(r)
	si.under(func() answer {
		client, wrong := s.clientOf(t, r, form)
		if wrong != nil {
			return oauthAnswer(wrong)
		}
		if !grants(client, form.Get("grant_type")) {
			return oauthAnswer(oauthErr(http.StatusForbidden, "unauthorized_client",
				"Grant type '"+form.Get("grant_type")+"' not allowed for the client."))
		}
		if form.Get("grant_type") == grantRefresh {
			return si.refresh(t, client, r, form)
		}
		tokens, wrong := si.exchange(t, client, form.Get("code"), form.Get("redirect_uri"), form.Get("code_verifier"))
		if wrong != nil {
			return oauthAnswer(wrong)
		}
		return func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, tokens) }
	})(w, r)
}

func oauthAnswer(wrong *oauthError) answer {
	return func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, wrong.status, wrong) }
}

// clientOf identifies the application. One with the authentication method none
// need not show a secret, though Auth0 made it one.
func (s *Server) clientOf(t *Tenant, r *http.Request, form url.Values) (*Client, *oauthError) {
	if client := t.clients.get(form.Get("client_id")); client != nil && isPublic(client) {
		return client, nil
	}
	return s.authenticateClient(t, r, form)
}

// grants tells whether a client may use a grant; one that lists none may use both of a person's.
func grants(client *Client, grant string) bool {
	return len(client.GrantTypes) == 0 || slices.Contains(client.GrantTypes, grant)
}

// exchange redeems a code once. A wrong attempt uses it up as well.
func (si *signIn) exchange(t *Tenant, client *Client, code, redirectURI, verifier string) (map[string]any, *oauthError) {
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
	user := t.users.get(a.who.userID)
	if user == nil {
		return nil, invalidGrant("Invalid authorization code")
	}
	h := &holder{
		t: t, client: client, user: user, organization: t.organizations.get(a.tx.organizationID),
		scope: a.tx.scope, audience: a.tx.audience, nonce: a.tx.nonce, effects: a.effects,
	}
	if a.who.session != nil {
		h.sessionID = a.who.session.ID
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
	t            *Tenant
	client       *Client
	user         *User
	organization *Organization
	scope        string
	audience     string
	nonce        string
	sessionID    string
	effects      *actions.Effects
}

// issue signs the access token and, for the scope openid, the ID token.
func (si *signIn) issue(h *holder) (map[string]any, *oauthError) {
	now, issuer := si.s.clock.Now(), si.s.issuer(h.t)
	audience := []string{issuer + "userinfo"}
	if h.audience != "" && h.audience != audience[0] {
		audience = []string{h.audience, audience[0]}
	}
	access := h.claims(issuer, now, accessTokenLifetime, h.effects.AccessTokenClaims)
	access["aud"], access["azp"], access["scope"], access["jti"] = audience, h.client.ClientID, h.scope, randomString(22)
	accessToken, err := si.s.keys.Sign(access)
	if err != nil {
		return nil, oauthErr(http.StatusInternalServerError, "server_error", "sign the access token")
	}
	si.s.secrets.Add(SecretAccessToken, accessToken)
	tokens := map[string]any{
		"access_token": accessToken, "token_type": "Bearer", "scope": h.scope, "expires_in": int(accessTokenLifetime.Seconds()),
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
	idToken, err := si.s.keys.Sign(id)
	if err != nil {
		return nil, oauthErr(http.StatusInternalServerError, "server_error", "sign the ID token")
	}
	si.s.secrets.Add(SecretIDToken, idToken)
	tokens["id_token"] = idToken
	return tokens, nil
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
func profileClaims(u *User, scope string) map[string]any {
	claims := map[string]any{}
	if slices.Contains(words(scope), "profile") {
		claims["name"], claims["nickname"], claims["updated_at"] = u.Name, u.Nickname, u.UpdatedAt.Format(time.RFC3339Nano)
	}
	if slices.Contains(words(scope), "email") && u.Email != "" {
		claims["email"], claims["email_verified"] = u.Email, u.EmailVerified
	}
	return claims
}

func (si *signIn) newRefreshToken(h *holder, connection string) *RefreshToken {
	now := si.s.clock.Now()
	token := &RefreshToken{
		ID: newID("rt_"), Token: "v1." + randomString(60), UserID: h.user.UserID, ClientID: h.client.ClientID,
		SessionID: h.sessionID, Connection: connection, Audience: h.audience, Scope: h.scope,
		Rotating: h.client.RefreshTokenRotation, CreatedAt: now,
	}
	if h.organization != nil {
		token.OrganizationID = h.organization.ID
	}
	if token.Rotating {
		token.ExpiresAt = now.Add(refreshTokenLifetime)
	}
	token.annotate(h.effects.RefreshTokenMetadata)
	si.s.secrets.Add(SecretRefreshToken, token.Token)
	h.t.refreshTokens.put(token.ID, token)
	return token
}

// annotate merges metadata that Actions set; nil deletes.
func (token *RefreshToken) annotate(changes map[string]any) {
	for key, value := range changes {
		text, isText := value.(string)
		if !isText {
			delete(token.Metadata, key)
			continue
		}
		if token.Metadata == nil {
			token.Metadata = map[string]string{}
		}
		token.Metadata[key] = text
	}
}

// refresh exchanges a refresh token: the Actions run again, the membership is
// not looked at again (whether Auth0 does is not documented).
func (si *signIn) refresh(t *Tenant, client *Client, r *http.Request, form url.Values) answer {
	token := si.liveRefreshToken(t, client, form.Get("refresh_token"))
	if token == nil {
		return oauthAnswer(unknownRefreshToken())
	}
	user := t.users.get(token.UserID)
	if user.Blocked {
		return oauthAnswer(oauthErr(http.StatusForbidden, "unauthorized", "user is blocked"))
	}
	run := si.prepare(t, actions.PostLogin, si.refreshEvent(t, client, user, token, r))
	return func(w http.ResponseWriter, r *http.Request) {
		effects := run(r)
		si.under(func() answer { return si.refreshed(t, client, token.Token, effects) })(w, r)
	}
}

// liveRefreshToken returns nil for a token that is unknown, revoked, expired,
// another client's, a deleted user's or a deleted organization's.
func (si *signIn) liveRefreshToken(t *Tenant, client *Client, value string) *RefreshToken {
	token := t.refreshTokens.find(func(row *RefreshToken) bool {
		return subtle.ConstantTimeCompare([]byte(row.Token), []byte(value)) == 1
	})
	now := si.s.clock.Now()
	switch {
	case token == nil, token.ClientID != client.ClientID, t.users.get(token.UserID) == nil:
		return nil
	case token.OrganizationID != "" && t.organizations.get(token.OrganizationID) == nil:
		return nil
	case !token.ExpiresAt.IsZero() && now.After(token.ExpiresAt), !token.IdleExpiresAt.IsZero() && now.After(token.IdleExpiresAt):
		return nil
	}
	return token
}

// refreshed hands out new tokens after the Actions have run. The refresh token
// may have been revoked meanwhile.
func (si *signIn) refreshed(t *Tenant, client *Client, value string, effects *actions.Effects) answer {
	token := si.liveRefreshToken(t, client, value)
	if token == nil {
		return oauthAnswer(unknownRefreshToken())
	}
	user, now := t.users.get(token.UserID), si.s.clock.Now()
	si.applyEffects(t, user, effects)
	entry := LogEntry{
		Type: logRefreshed, ClientID: client.ClientID, UserID: user.UserID, OrganizationID: token.OrganizationID,
		Details: detailsOf(effects),
	}
	if effects.RevokeRefreshToken {
		t.refreshTokens.remove(token.ID)
	}
	if wrong := refusalOf(effects); wrong != nil {
		entry.Type, entry.Description = logRefreshFailed, wrong.description
		t.log(entry, now)
		return oauthAnswer(oauthErr(http.StatusForbidden, wrong.code, wrong.description))
	}
	h := &holder{
		t: t, client: client, user: user, organization: t.organizations.get(token.OrganizationID),
		scope: token.Scope, audience: token.Audience, sessionID: token.SessionID, effects: effects,
	}
	tokens, wrong := si.issue(h)
	if wrong != nil {
		return oauthAnswer(wrong)
	}
	token.annotate(effects.RefreshTokenMetadata)
	token.LastExchangedAt = now
	if token.Rotating {
		t.refreshTokens.remove(token.ID)
		rotated := *token
		rotated.ID, rotated.Token, rotated.CreatedAt = newID("rt_"), "v1."+randomString(60), now
		si.s.secrets.Add(SecretRefreshToken, rotated.Token)
		t.refreshTokens.put(rotated.ID, &rotated)
		tokens[grantRefresh] = rotated.Token
	}
	t.log(entry, now)
	return func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, tokens) }
}
