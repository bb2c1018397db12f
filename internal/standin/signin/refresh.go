package signin

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"

	"github.com/seatwarden/seatwarden/internal/standin/actions"
	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/wire"
)

// usedTokensKept is how many former values of a rotating token are remembered.
const usedTokensKept = 100

func (si *SignIn) newRefreshToken(h *holder, connection string) *state.RefreshToken {
	now := si.world.Clock.Now()
	token := &state.RefreshToken{
		ID: state.NewID("rt_"), Token: "v1." + state.RandomString(60), UserID: h.user.UserID, ClientID: h.client.ClientID,
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
	si.world.Secrets.Add(state.SecretRefreshToken, token.Token)
	h.t.RefreshTokens.Put(token.ID, token)
	return token
}

// apply does to a refresh token what Actions asked for.
func applyToToken(token *state.RefreshToken, effects *actions.Effects) {
	token.Metadata = annotated(token.Metadata, effects.RefreshTokenMetadata)
	token.ExpiresAt = state.Earlier(token.ExpiresAt, effects.RefreshToken.ExpiresAt)
	token.IdleExpiresAt = state.Earlier(token.IdleExpiresAt, effects.RefreshToken.IdleExpiresAt)
}

// refresh exchanges a refresh token: the Actions run again. Whether Auth0 looks
// at the membership again is not documented, hence a setting.
func (si *SignIn) refresh(t *state.Tenant, client *state.Client, r *http.Request, form url.Values) answer {
	token := si.liveRefreshToken(t, client, form.Get("refresh_token"))
	if token == nil {
		si.revokeReused(t, client, form.Get("refresh_token"))
		return oauthAnswer(unknownRefreshToken())
	}
	user, o := t.Users.Get(token.UserID), t.Organizations.Get(token.OrganizationID)
	if o != nil && si.world.InForce.MembershipOnRefresh == state.Checked && !o.IsMember(user.UserID) {
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
func (si *SignIn) revokeReused(t *state.Tenant, client *state.Client, value string) {
	family := t.RefreshTokens.Find(func(row *state.RefreshToken) bool {
		return row.ClientID == client.ClientID && slices.Contains(row.Used, value)
	})
	if family == nil {
		return
	}
	t.RefreshTokens.Remove(family.ID)
	t.Log(state.LogEntry{
		Type: state.LogRefreshReused, Description: "Unsuccessful Refresh Token exchange, reused refresh token detected",
		ClientID: client.ClientID, UserID: family.UserID, OrganizationID: family.OrganizationID,
	}, si.world.Clock.Now())
}

// liveRefreshToken returns nil for a token that is unknown, revoked, expired,
// another client's, a deleted user's or a deleted organization's.
func (si *SignIn) liveRefreshToken(t *state.Tenant, client *state.Client, value string) *state.RefreshToken {
	token := t.RefreshTokens.Find(func(row *state.RefreshToken) bool {
		return subtle.ConstantTimeCompare([]byte(row.Token), []byte(value)) == 1
	})
	now := si.world.Clock.Now()
	switch {
	case token == nil, token.ClientID != client.ClientID, t.Users.Get(token.UserID) == nil:
		return nil
	case token.OrganizationID != "" && t.Organizations.Get(token.OrganizationID) == nil:
		return nil
	case !token.ExpiresAt.IsZero() && now.After(token.ExpiresAt), !token.IdleExpiresAt.IsZero() && now.After(token.IdleExpiresAt):
		return nil
	}
	return token
}

// refreshed hands out new tokens after the Actions have run. The refresh token
// may have been revoked meanwhile.
func (si *SignIn) refreshed(t *state.Tenant, client *state.Client, value string, effects *actions.Effects) answer {
	token := si.liveRefreshToken(t, client, value)
	if token == nil {
		return oauthAnswer(unknownRefreshToken())
	}
	user, now := t.Users.Get(token.UserID), si.world.Clock.Now()
	si.applyEffects(t, user, effects)
	entry := state.LogEntry{
		Type: state.LogRefreshed, ClientID: client.ClientID, UserID: user.UserID, OrganizationID: token.OrganizationID,
		Details: detailsOf(effects),
	}
	if session := t.Sessions.Get(token.SessionID); session != nil {
		si.applyToSession(t, session, effects)
	}
	wrong := refusalOf(effects)
	if wrong == nil {
		wrong = unresumable(effects)
	}
	if effects.RevokeRefreshToken || wrong != nil && token.Rotating && si.world.InForce.DeniedRefresh == state.Removed {
		t.RefreshTokens.Remove(token.ID)
	}
	if wrong != nil {
		entry.Type, entry.Description = state.LogRefreshFailed, wrong.description
		t.Log(entry, now)
		return oauthAnswer(oauthErr(http.StatusForbidden, wrong.code, wrong.description))
	}
	h := &holder{
		t: t, client: client, user: user, organization: t.Organizations.Get(token.OrganizationID),
		scope: token.Scope, audience: token.Audience, sessionID: token.SessionID, effects: effects,
	}
	tokens, failed := si.issue(h)
	if failed != nil {
		return oauthAnswer(failed)
	}
	applyToToken(token, effects)
	token.LastExchangedAt = now
	if token.Rotating {
		t.RefreshTokens.Remove(token.ID)
		rotated := *token
		rotated.Used = append(slices.Clone(token.Used), token.Token)
		rotated.Used = rotated.Used[max(0, len(rotated.Used)-usedTokensKept):]
		rotated.ID, rotated.Token, rotated.CreatedAt = state.NewID("rt_"), "v1."+state.RandomString(60), now
		si.world.Secrets.Add(state.SecretRefreshToken, rotated.Token)
		t.RefreshTokens.Put(rotated.ID, &rotated)
		tokens[grantRefresh] = rotated.Token
	}
	t.Log(entry, now)
	return func(w http.ResponseWriter, _ *http.Request) { wire.WriteJSON(w, http.StatusOK, tokens) }
}
