package management

import (
	"slices"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/wire"
)

func sessionRoutes(rt *router) {
	rt.add("GET", "/users/{user_id}/sessions", 200, "", enterpriseOnly(listSessions), "read:sessions")
	rt.add("DELETE", "/users/{user_id}/sessions", 202, "", enterpriseOnly(deleteSessions), "delete:sessions")
	rt.add("GET", "/users/{user_id}/refresh-tokens", 200, "", enterpriseOnly(listRefreshTokens), "read:refresh_tokens")
	rt.add("DELETE", "/users/{user_id}/refresh-tokens", 202, "", enterpriseOnly(deleteRefreshTokens), "delete:refresh_tokens")
	rt.add("POST", "/users/{id}/revoke-access", 202, "", enterpriseOnly(revokeAccess), "delete:sessions", "delete:refresh_tokens")
	rt.add("GET", "/sessions/{id}", 200, "", enterpriseOnly(getSession), "read:sessions")
	rt.add("DELETE", "/sessions/{id}", 202, "", enterpriseOnly(deleteSession), "delete:sessions")
	rt.add("POST", "/sessions/{id}/revoke", 202, "", enterpriseOnly(revokeSession), "delete:sessions")
	rt.add("GET", "/refresh-tokens/{id}", 200, "", enterpriseOnly(getRefreshToken), "read:refresh_tokens")
	rt.add("DELETE", "/refresh-tokens/{id}", 204, "", enterpriseOnly(deleteRefreshToken), "delete:refresh_tokens")
	rt.add("GET", "/device-credentials", 200, "", listDeviceCredentials, "read:device_credentials")
	rt.add("DELETE", "/device-credentials/{id}", 204, "", deleteDeviceCredential, "delete:device_credentials")
}

// enterpriseOnly refuses an endpoint that the tenant's subscription lacks.
func enterpriseOnly(handle func(*call) (any, error)) func(*call) (any, error) {
	return func(c *call) (any, error) {
		if !state.HasSessionEndpoints(c.world.InForce.Profile) {
			return nil, wire.NewError(403, "insufficient_entitlement", "Your account is not entitled to use this feature.")
		}
		return handle(c)
	}
}

// accepted is the body of the answers to asynchronous deletions.
var accepted = map[string]any{}

func sessionItem(s *state.Session) map[string]any {
	clients := []map[string]any{}
	for _, id := range s.ClientIDs {
		clients = append(clients, map[string]any{"client_id": id})
	}
	item := map[string]any{
		"id": s.ID, "user_id": s.UserID, "clients": clients,
		"authentication": map[string]any{"methods": []map[string]any{{"name": "federated", "timestamp": state.Timestamp(s.AuthenticatedAt)}}},
	}
	for name, at := range map[string]time.Time{
		"created_at": s.CreatedAt, "updated_at": s.UpdatedAt, "authenticated_at": s.AuthenticatedAt,
		"idle_expires_at": s.IdleExpiresAt, "expires_at": s.ExpiresAt, "last_interacted_at": s.UpdatedAt,
	} {
		state.Put(item, name, at)
	}
	return item
}

func refreshTokenItem(r *state.RefreshToken) map[string]any {
	item := map[string]any{
		"id": r.ID, "user_id": r.UserID, "client_id": r.ClientID, "rotating": r.Rotating,
		"resource_servers": []map[string]any{{"audience": r.Audience, "scopes": r.Scope}},
		"session_id":       nil, "idle_expires_at": nil, "expires_at": nil,
	}
	state.Put(item, "session_id", r.SessionID)
	state.Put(item, "refresh_token_metadata", r.Metadata)
	for name, at := range map[string]time.Time{
		"created_at": r.CreatedAt, "last_exchanged_at": r.LastExchangedAt,
		"idle_expires_at": r.IdleExpiresAt, "expires_at": r.ExpiresAt,
	} {
		state.Put(item, name, at)
	}
	return item
}

func listSessions(c *call) (any, error) {
	u, err := c.user("user_id")
	if err != nil {
		return nil, err
	}
	if err := c.query.allow(); err != nil {
		return nil, err
	}
	rows := slices.DeleteFunc(c.t.Sessions.All(), func(s *state.Session) bool {
		return s.UserID != u.UserID || !c.now.Before(s.ExpiresAt) || !c.now.Before(s.IdleExpiresAt)
	})
	return list(c, listing[*state.Session]{
		key: "sessions", item: sessionItem, checkpointOnly: true,
		cursor: func(s *state.Session) (time.Time, string) { return s.CreatedAt, s.ID },
	}, rows)
}

func deleteSessions(c *call) (any, error) {
	u, err := c.user("user_id")
	if err != nil {
		return nil, err
	}
	c.t.DeleteSessions(u.UserID)
	return accepted, nil
}

func listRefreshTokens(c *call) (any, error) {
	u, err := c.user("user_id")
	if err != nil {
		return nil, err
	}
	if err := c.query.allow(); err != nil {
		return nil, err
	}
	rows := slices.DeleteFunc(c.t.RefreshTokens.All(), func(r *state.RefreshToken) bool { return r.UserID != u.UserID })
	return list(c, listing[*state.RefreshToken]{
		key: "tokens", item: refreshTokenItem, checkpointOnly: true,
		cursor: func(r *state.RefreshToken) (time.Time, string) { return r.CreatedAt, r.ID },
	}, rows)
}

func deleteRefreshTokens(c *call) (any, error) {
	u, err := c.user("user_id")
	if err != nil {
		return nil, err
	}
	c.t.DeleteRefreshTokens(u.UserID)
	return accepted, nil
}

var revokeAccessSchema = schema{kind: typeObject, nullable: true, properties: map[string]schema{
	"session_id":              {kind: typeString},
	"preserve_refresh_tokens": {kind: typeBoolean},
}}

// revokeAccess ends sessions and refresh tokens of a user, all or those of one
// session.
func revokeAccess(c *call) (any, error) {
	u, err := c.user("id")
	if err != nil {
		return nil, err
	}
	var body struct {
		SessionID             string `json:"session_id"`
		PreserveRefreshTokens bool   `json:"preserve_refresh_tokens"`
	}
	if len(c.body) > 0 {
		if err := c.decode(revokeAccessSchema, &body); err != nil {
			return nil, err
		}
	}
	for _, s := range c.t.Sessions.All() {
		if s.UserID == u.UserID && (body.SessionID == "" || s.ID == body.SessionID) {
			c.t.Sessions.Remove(s.ID)
		}
	}
	for _, r := range c.t.RefreshTokens.All() {
		if r.UserID == u.UserID && !body.PreserveRefreshTokens && (body.SessionID == "" || r.SessionID == body.SessionID) {
			c.t.RefreshTokens.Remove(r.ID)
		}
	}
	return accepted, nil
}

// listDeviceCredentials shows refresh tokens on every subscription.
func listDeviceCredentials(c *call) (any, error) {
	if err := c.query.allow("user_id", "client_id", "type"); err != nil {
		return nil, err
	}
	kind := c.query.get("type")
	rows := slices.DeleteFunc(c.t.RefreshTokens.All(), func(r *state.RefreshToken) bool {
		return kind != "" && kind != "refresh_token" && kind != "rotating_refresh_token" ||
			kind == "rotating_refresh_token" && !r.Rotating ||
			c.query.has("user_id") && r.UserID != c.query.get("user_id") ||
			c.query.has("client_id") && r.ClientID != c.query.get("client_id")
	})
	return list(c, listing[*state.RefreshToken]{key: "device_credentials", item: func(r *state.RefreshToken) map[string]any {
		name := "refresh_token"
		if r.Rotating {
			name = "rotating_refresh_token"
		}
		return map[string]any{"id": r.ID, "user_id": r.UserID, "client_id": r.ClientID, "type": name, "device_name": "browser"}
	}}, rows)
}

func deleteDeviceCredential(c *call) (any, error) {
	c.t.RefreshTokens.Remove(c.param("id"))
	return nil, nil
}

// session returns the session that the path names.
func (c *call) session() (*state.Session, error) {
	s := c.t.Sessions.Get(c.param("id"))
	if s == nil {
		return nil, wire.NotFound("inexistent_session", "The session does not exist.")
	}
	return s, nil
}

func getSession(c *call) (any, error) {
	s, err := c.session()
	if err != nil {
		return nil, err
	}
	return sessionItem(s), nil
}

// deleteSession answers 202 also for one that does not exist.
func deleteSession(c *call) (any, error) {
	c.t.Sessions.Remove(c.param("id"))
	return accepted, nil
}

// revokeSession ends a session and its refresh tokens.
func revokeSession(c *call) (any, error) {
	s, err := c.session()
	if err != nil {
		return nil, err
	}
	c.t.Sessions.Remove(s.ID)
	for _, r := range c.t.RefreshTokens.All() {
		if r.SessionID == s.ID {
			c.t.RefreshTokens.Remove(r.ID)
		}
	}
	return accepted, nil
}

func getRefreshToken(c *call) (any, error) {
	r := c.t.RefreshTokens.Get(c.param("id"))
	if r == nil {
		return nil, wire.NotFound("inexistent_refresh_token", "The refresh token does not exist.")
	}
	return refreshTokenItem(r), nil
}

// deleteRefreshToken answers 204 also for one that does not exist.
func deleteRefreshToken(c *call) (any, error) {
	c.t.RefreshTokens.Remove(c.param("id"))
	return nil, nil
}
