package standin

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

	// extra keeps properties of the API that the stand-in stores and returns
	// and does nothing with.
	extra map[string]any
	// refresh and jwt are refresh_token and jwt_configuration as they were given.
	refresh, jwt map[string]any
	credentials  []*clientCredential
	// authMethods holds the ids of credentials by method of authentication.
	authMethods    map[string][]string
	signedRequests *signedRequests
}

// signedRequests says which credentials verify a client's signed requests.
type signedRequests struct {
	required bool
	ids      []string
}

// clientCredential is a key or a certificate by which a client authenticates
// or signs its requests.
type clientCredential struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Type      string     `json:"credential_type"`
	PEM       string     `json:"pem"`
	Algorithm string     `json:"alg"`
	SubjectDN string     `json:"subject_dn"`
	ExpiresAt *time.Time `json:"expires_at"`
	// ParseExpiry: a certificate's end becomes the credential's.
	ParseExpiry bool `json:"parse_expiry_from_cert"`

	kid, thumbprint      string
	createdAt, updatedAt time.Time
}

func (client *Client) credential(id string) *clientCredential {
	i := slices.IndexFunc(client.credentials, func(k *clientCredential) bool { return k.ID == id })
	if i < 0 {
		return nil
	}
	return client.credentials[i]
}

func (client *Client) keepExtra(name string, value any) {
	if client.extra == nil {
		client.extra = map[string]any{}
	}
	if value == nil {
		delete(client.extra, name)
		return
	}
	client.extra[name] = value
}

// publicKey reads a PEM public key or certificate.
func publicKey(text string) (any, error) {
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

// grantClientCredentials is the grant of applications that act for themselves.
const grantClientCredentials = "client_credentials"
