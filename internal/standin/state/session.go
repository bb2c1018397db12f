package state

import "time"

// Session is one single sign-on session at the tenant.
type Session struct {
	// ID is what the Management API shows.
	ID string `json:"id"`
	// Cookie is the bearer value in the browser.
	Cookie          string    `json:"cookie"`
	UserID          string    `json:"user_id"`
	Connection      string    `json:"connection"`
	ClientIDs       []string  `json:"client_ids,omitempty"`
	CreatedAt       time.Time `json:"created_at"`
	UpdatedAt       time.Time `json:"updated_at"`
	AuthenticatedAt time.Time `json:"authenticated_at"`
	IdleExpiresAt   time.Time `json:"idle_expires_at"`
	ExpiresAt       time.Time `json:"expires_at"`
	// Metadata is what Actions noted. Methods are what they recorded as done.
	Metadata map[string]string `json:"session_metadata,omitempty"`
	Methods  []SessionMethod   `json:"methods,omitempty"`
}

// SessionMethod is an Action's own way of authentication, by its address.
type SessionMethod struct {
	URL string    `json:"url"`
	At  time.Time `json:"at"`
}

// RefreshToken is a live refresh token; a revoked one is gone.
type RefreshToken struct {
	// ID is what the Management API shows; Token is the bearer value.
	ID              string            `json:"id"`
	Token           string            `json:"token"`
	UserID          string            `json:"user_id"`
	ClientID        string            `json:"client_id"`
	SessionID       string            `json:"session_id,omitempty"`
	OrganizationID  string            `json:"organization_id,omitempty"`
	Connection      string            `json:"connection"`
	Audience        string            `json:"audience,omitempty"`
	Scope           string            `json:"scope"`
	Rotating        bool              `json:"rotating"`
	Metadata        map[string]string `json:"refresh_token_metadata,omitempty"`
	CreatedAt       time.Time         `json:"created_at"`
	LastExchangedAt time.Time         `json:"last_exchanged_at,omitzero"`
	IdleExpiresAt   time.Time         `json:"idle_expires_at,omitzero"`
	ExpiresAt       time.Time         `json:"expires_at,omitzero"`
	// Used are the values that rotation replaced, oldest first, the last 100.
	Used []string `json:"used,omitempty"`
}

// DeleteSessions ends the sessions of a user.
func (t *Tenant) DeleteSessions(userID string) {
	for _, s := range t.Sessions.All() {
		if s.UserID == userID {
			t.Sessions.Remove(s.ID)
		}
	}
}

// DeleteRefreshTokens revokes the refresh tokens of a user.
func (t *Tenant) DeleteRefreshTokens(userID string) {
	for _, r := range t.RefreshTokens.All() {
		if r.UserID == userID {
			t.RefreshTokens.Remove(r.ID)
		}
	}
}
