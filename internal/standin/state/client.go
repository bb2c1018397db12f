package state

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"slices"
	"time"
)

// Client is an application. A client with the grant type client_credentials
// and Scopes may call the Management API.
type Client struct {
	ClientID    string `json:"client_id"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	// Secret is empty for clients that authenticate by PublicKeys or not at all.
	Secret string `json:"client_secret,omitempty"`
	// AppType is non_interactive, regular_web, spa or native.
	AppType                 string   `json:"app_type,omitempty"`
	TokenEndpointAuthMethod string   `json:"token_endpoint_auth_method,omitempty"`
	Callbacks               []string `json:"callbacks,omitempty"`
	AllowedLogoutURLs       []string `json:"allowed_logout_urls,omitempty"`
	InitiateLoginURI        string   `json:"initiate_login_uri,omitempty"`
	GrantTypes              []string `json:"grant_types,omitempty"`
	// OrganizationUsage is deny (what Auth0 assumes when empty), allow or require.
	OrganizationUsage string `json:"organization_usage,omitempty"`
	// OrganizationRequireBehavior is no_prompt (default), pre_login_prompt or post_login_prompt.
	OrganizationRequireBehavior string `json:"organization_require_behavior,omitempty"`
	// RefreshTokenRotation: an exchange returns a new refresh token and ends the old one.
	RefreshTokenRotation bool              `json:"refresh_token_rotation,omitempty"`
	Metadata             map[string]string `json:"client_metadata,omitempty"`
	// PublicKeys are PEM keys for private_key_jwt.
	PublicKeys []string `json:"public_keys,omitempty"`
	// Scopes of the Management API that are granted to the client.
	Scopes    []string  `json:"scopes,omitempty"`
	CreatedAt time.Time `json:"created_at"`

	// Extra keeps properties of the API that the stand-in stores and returns
	// and does nothing with.
	Extra map[string]any `json:"-"`
	// Refresh and jwt are refresh_token and jwt_configuration as they were given.
	Refresh, JWT map[string]any      `json:"-"`
	Credentials  []*ClientCredential `json:"-"`
	// AuthMethods holds the ids of credentials by method of authentication.
	AuthMethods    map[string][]string `json:"-"`
	SignedRequests *SignedRequests     `json:"-"`
}

// SignedRequests says which credentials verify a client's signed requests.
type SignedRequests struct {
	Required bool
	IDs      []string
}

// ClientCredential is a key or a certificate by which a client authenticates
// or signs its requests.
type ClientCredential struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Type      string     `json:"credential_type"`
	PEM       string     `json:"pem"`
	Algorithm string     `json:"alg"`
	SubjectDN string     `json:"subject_dn"`
	ExpiresAt *time.Time `json:"expires_at"`
	// ParseExpiry: a certificate's end becomes the credential's.
	ParseExpiry bool `json:"parse_expiry_from_cert"`

	Kid, Thumbprint      string    `json:"-"`
	CreatedAt, UpdatedAt time.Time `json:"-"`
}

// Credential returns nil if the client has no such credential.
func (client *Client) Credential(id string) *ClientCredential {
	i := slices.IndexFunc(client.Credentials, func(k *ClientCredential) bool { return k.ID == id })
	if i < 0 {
		return nil
	}
	return client.Credentials[i]
}

// KeepExtra stores a property that the stand-in only returns; null takes it away.
func (client *Client) KeepExtra(name string, value any) {
	if client.Extra == nil {
		client.Extra = map[string]any{}
	}
	if value == nil {
		delete(client.Extra, name)
		return
	}
	client.Extra[name] = value
}

// PublicKey reads a PEM public key or certificate.
func PublicKey(text string) (any, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("not PEM")
	}
	if block.Type == "CERTIFICATE" {
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		return certificate.PublicKey, nil
	}
	return x509.ParsePKIXPublicKey(block.Bytes)
}

// GrantClientCredentials is the grant of applications that act for themselves.
const GrantClientCredentials = "client_credentials"
