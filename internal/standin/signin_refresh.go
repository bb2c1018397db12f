package standin

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"

	"github.com/seatwarden/seatwarden/internal/standin/actions"
)

// usedTokensKept is how many former values of a rotating token are remembered.
const usedTokensKept = 100

func (si *signIn) newRefreshToken(h *holder, connection string) *RefreshToken {
	now := si.world.clock.Now()
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
	applyToToken(token, h.effects)
	si.world.secrets.Add(SecretRefreshToken, token.Token)
	h.t.refreshTokens.put(token.ID, token)
	return token
}

// apply does to a refresh token what Actions asked for.
func applyToToken(token *RefreshToken, effects *actions.Effects) {
	token.Metadata = annotated(token.Metadata, effects.RefreshTokenMetadata)
	token.ExpiresAt = earlier(token.ExpiresAt, effects.RefreshToken.ExpiresAt)
	token.IdleExpiresAt = earlier(token.IdleExpiresAt, effects.RefreshToken.IdleExpiresAt)
}

// refresh exchanges a refresh token: the Actions run again. Whether Auth0 looks
// at the membership again is not documented, hence a setting.
func (si *signIn) refresh(t *Tenant, client *Client, r *http.Request, form url.Values) answer {
	token := si.liveRefreshToken(t, client, form.Get("refresh_token"))
	if token == nil {
		si.revokeReused(t, client, form.Get("refresh_token"))
		return oauthAnswer(unknownRefreshToken())
	}
	user, o := t.users.get(token.UserID), t.organizations.get(token.OrganizationID)
	if o != nil && si.world.inForce.MembershipOnRefresh == Checked && !o.isMember(user.UserID) {
		return oauthAnswer(oauthErr(http.StatusForbidden, "access_denied", notPartOf(user, o)))
	}
	if user.Blocked {
		return oauthAnswer(oauthErr(http.StatusForbidden, "unauthorized", "user is blocked"))
	}
	run := si.prepare(t, actions.PostLogin, si.refreshEvent(t, client, user, token, r))
	return func(w http.ResponseWriter, r *http.Request) {
		effects := run(r, nil)
		si.under(func() answer { return si.refreshed(t, client, token.Token, effects) })(w, r)
	}
}

// revokeReused ends the family of a rotating refresh token that was exchanged
// before: whoever shows it now, or whoever did first, has stolen it.
func (si *signIn) revokeReused(t *Tenant, client *Client, value string) {
	family := t.refreshTokens.find(func(row *RefreshToken) bool {
		return row.ClientID == client.ClientID && slices.Contains(row.Used, value)
	})
	if family == nil {
		return
	}
	t.refreshTokens.remove(family.ID)
	t.log(LogEntry{
		Type: logRefreshReused, Description: "Unsuccessful Refresh Token exchange, reused refresh token detected",
		ClientID: client.ClientID, UserID: family.UserID, OrganizationID: family.OrganizationID,
	}, si.world.clock.Now())
}

// liveRefreshToken returns nil for a token that is unknown, revoked, expired,
// another client's, a deleted user's or a deleted organization's.
func (si *signIn) liveRefreshToken(t *Tenant, client *Client, value string) *RefreshToken {
	token := t.refreshTokens.find(func(row *RefreshToken) bool {
		return subtle.ConstantTimeCompare([]byte(row.Token), []byte(value)) == 1
	})
	now := si.world.clock.Now()
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
	user, now := t.users.get(token.UserID), si.world.clock.Now()
	si.applyEffects(t, user, effects)
	entry := LogEntry{
		Type: logRefreshed, ClientID: client.ClientID, UserID: user.UserID, OrganizationID: token.OrganizationID,
		Details: detailsOf(effects),
	}
	if session := t.sessions.get(token.SessionID); session != nil {
		si.applyToSession(t, session, effects)
	}
	wrong := refusalOf(effects)
	if wrong == nil {
		wrong = unresumable(effects)
	}
	if effects.RevokeRefreshToken || wrong != nil && token.Rotating && si.world.inForce.DeniedRefresh == Removed {
		t.refreshTokens.remove(token.ID)
	}
	if wrong != nil {
		entry.Type, entry.Description = logRefreshFailed, wrong.description
		t.log(entry, now)
		return oauthAnswer(oauthErr(http.StatusForbidden, wrong.code, wrong.description))
	}
	h := &holder{
		t: t, client: client, user: user, organization: t.organizations.get(token.OrganizationID),
		scope: token.Scope, audience: token.Audience, sessionID: token.SessionID, effects: effects,
	}
	tokens, failed := si.issue(h)
	if failed != nil {
		return oauthAnswer(failed)
	}
	applyToToken(token, effects)
	token.LastExchangedAt = now
	if token.Rotating {
		t.refreshTokens.remove(token.ID)
		rotated := *token
		rotated.Used = append(slices.Clone(token.Used), token.Token)
		rotated.Used = rotated.Used[max(0, len(rotated.Used)-usedTokensKept):]
		rotated.ID, rotated.Token, rotated.CreatedAt = newID("rt_"), "v1."+randomString(60), now
		si.world.secrets.Add(SecretRefreshToken, rotated.Token)
		t.refreshTokens.put(rotated.ID, &rotated)
		tokens[grantRefresh] = rotated.Token
	}
	t.log(entry, now)
	return func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, tokens) }
}
