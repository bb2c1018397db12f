package state

import "time"

// IdPPerson is one person in the directory behind an enterprise connection.
type IdPPerson struct { //nolint:revive,staticcheck // IdP is how the trade writes it
	// Sub is the identity provider's id; empty means the e-mail.
	Sub string `json:"sub,omitempty"`
	// Email may be empty: Entra users need not have one.
	Email         string `json:"email,omitempty"`
	EmailVerified bool   `json:"email_verified,omitempty"`
	Name          string `json:"name,omitempty"`
}

// Connection is an identity provider, or a database of users if its strategy
// is auth0.
type Connection struct {
	ID           string            `json:"id"`
	Name         string            `json:"name"`
	DisplayName  string            `json:"display_name,omitempty"`
	Strategy     string            `json:"strategy"`
	Options      map[string]any    `json:"options,omitempty"`
	Realms       []string          `json:"realms,omitempty"`
	ShowAsButton bool              `json:"show_as_button,omitempty"`
	Metadata     map[string]string `json:"metadata,omitempty"`
	// IsDomainConnection: third-party applications may use it too.
	IsDomainConnection bool `json:"is_domain_connection,omitempty"`
	// Authentication and ConnectedAccounts are what the connection may be used
	// for; nil means Auth0's defaults, signing in only.
	Authentication    map[string]any `json:"authentication,omitempty"`
	ConnectedAccounts map[string]any `json:"connected_accounts,omitempty"`
	// ProvisioningTicket is the last part of the address at which the customer
	// completes the connection; empty for strategies that have none.
	ProvisioningTicket string `json:"provisioning_ticket,omitempty"`
	// EnabledClients are the ids of the applications that may use it outside organizations.
	EnabledClients []string `json:"enabled_clients,omitempty"`
	// Directory lists the people whom the identity provider knows.
	Directory []IdPPerson `json:"directory,omitempty"`
	CreatedAt time.Time   `json:"created_at"`
}

// StrategyDatabase is the strategy of a database connection.
const StrategyDatabase = "auth0"

// UserIDFor returns the id that Auth0 gives a person who comes through a
// connection: google-apps|<email>, <strategy>|<connection>|<sub> for the other
// enterprise strategies, auth0|<24 hex> for databases.
func UserIDFor(c *Connection, p IdPPerson) string {
	sub := p.Sub
	if sub == "" {
		sub = p.Email
	}
	switch c.Strategy {
	case StrategyDatabase:
		return "auth0|" + RandomHex(12)
	case "google-apps":
		return "google-apps|" + p.Email
	default:
		return c.Strategy + "|" + c.Name + "|" + sub
	}
}

// ConnectionByName returns nil if there is none.
func (t *Tenant) ConnectionByName(name string) *Connection {
	return t.Connections.Find(func(c *Connection) bool { return c.Name == name })
}

// DeletedConnection is one that is gone from every list, and whose name is
// still taken until a time.
type DeletedConnection struct {
	Name      string
	DeletedAt time.Time
	Until     time.Time
}
