// Package person plays a person with a browser: it opens links, reads the
// pages, presses their buttons and keeps their cookies. It speaks plain HTTP
// and takes no way that a person could not take.
package person

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	// maxPages ends a walk that goes in circles.
	maxPages = 8
	// maxBody is the largest page that is read.
	maxBody = 1 << 20
	// timeout is for one page, its redirects included.
	timeout = 60 * time.Second
)

// Options say what the browser trusts and how its application proves itself.
type Options struct {
	// CAPEM is a certificate authority to trust besides the system's; may be nil.
	CAPEM []byte
	// ClientSecret is sent with refreshes; empty for public clients.
	ClientSecret string
}

// Person is one browser with its cookies. Use one from one goroutine at a time.
type Person struct {
	browser      *http.Client
	clientSecret string
}

// As is who the person is at which connection.
type As struct {
	// Connection is the name of the connection whose button is pressed.
	Connection string
	// Email is what the person types.
	Email string
	// Subject chooses a person of an identity provider's directory by its id
	// instead of an e-mail.
	Subject string
	// Password is for database connections.
	Password string
	// Register makes an account at a database connection instead of signing in.
	Register bool
	// Organization is the name to give where a page asks for one.
	Organization string
}

// Refusal is what a person is told who is not let in.
type Refusal struct {
	// Code is OAuth's error, or login_failed when a login page did not accept
	// what was typed.
	Code string
	// Description is the text that the person reads.
	Description string
}

// Error implements error. It holds no address and no secret.
func (r *Refusal) Error() string { return "refused: " + r.Code + ": " + r.Description }

// Session is what the application holds after a sign-in.
type Session struct {
	// Claims are those of the ID token, whose signature was verified.
	Claims map[string]any
	// IDToken and AccessToken are JWTs; RefreshToken is opaque and may be empty.
	IDToken, AccessToken, RefreshToken string

	person *Person
}

// New opens a browser without cookies.
func New(o Options) (*Person, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, fmt.Errorf("open a browser: %w", err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if o.CAPEM != nil {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(o.CAPEM) {
			return nil, errors.New("open a browser: the certificate authority is not PEM")
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return &Person{
		browser:      &http.Client{Jar: jar, Transport: transport, Timeout: timeout},
		clientSecret: o.ClientSecret,
	}, nil
}

// OpenLink opens the link of an invitation mail and signs in on the way.
func (p *Person) OpenLink(ctx context.Context, link string, as As) (*Session, error) {
	return p.walk(ctx, link, as)
}

// SignIn signs in to an organization through a client's application, with the
// session of the browser where there is one. domainURL has no slash at its end;
// organizationID may be empty.
func (p *Person) SignIn(ctx context.Context, domainURL, clientID, organizationID string, as As) (*Session, error) {
	return p.walk(ctx, loginURL(domainURL, clientID, organizationID, ""), as)
}

// UseSession signs in with nothing but the session of the browser. Without one
// that serves it is refused with login_required.
func (p *Person) UseSession(ctx context.Context, domainURL, clientID, organizationID string) (*Session, error) {
	return p.walk(ctx, loginURL(domainURL, clientID, organizationID, "none"), As{})
}

func loginURL(domainURL, clientID, organizationID, prompt string) string {
	query := url.Values{}
	if organizationID != "" {
		query.Set("organization", organizationID)
	}
	if prompt != "" {
		query.Set("prompt", prompt)
	}
	return domainURL + "/app/" + url.PathEscape(clientID) + "/login?" + query.Encode()
}

// walk goes from page to page until the application says how it ended.
func (p *Person) walk(ctx context.Context, address string, as As) (*Session, error) {
	current, err := p.open(ctx, http.MethodGet, address, nil)
	for range maxPages {
		if err != nil {
			return nil, err
		}
		if refusal := current.refusal(); refusal != nil {
			return nil, refusal
		}
		var next *submission
		switch current.kind {
		case "login":
			next, err = current.login(as)
		case "identity-provider":
			next, err = current.identify(as)
		case "second-factor":
			next, err = current.confirm()
		case "organization":
			next, err = current.choose(as)
		case "result":
			return p.session(ctx, current.texts["id_token"], current.texts["access_token"], current.texts["refresh_token"])
		default:
			return nil, fmt.Errorf("the browser does not know the page %q", current.kind)
		}
		if err != nil {
			return nil, err
		}
		current, err = p.open(ctx, next.method, next.action, next.values)
	}
	return nil, errors.New("the sign-in goes in circles")
}

// open fetches a page, redirects included.
func (p *Person) open(ctx context.Context, method, address string, values url.Values) (*document, error) {
	var body io.Reader
	if method == http.MethodPost {
		body = strings.NewReader(values.Encode())
	} else if len(values) > 0 {
		address += "?" + values.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return nil, errors.New("the address cannot be read")
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	request.Header.Set("Accept", "text/html")
	request.Header.Set("User-Agent", "seatwarden-person")
	response, err := p.browser.Do(request)
	if err != nil {
		return nil, fmt.Errorf("open a page: %w", withoutAddress(err))
	}
	defer func() { _ = response.Body.Close() }()
	found, err := parse(io.LimitReader(response.Body, maxBody), response.Request.URL)
	if err != nil {
		return nil, fmt.Errorf("read a page: %w", err)
	}
	if found.kind == "" {
		return nil, fmt.Errorf("the answer is no page of a sign-in (status %d)", response.StatusCode)
	}
	return found, nil
}

// withoutAddress takes the address out of an error: it may be an invitation link.
func withoutAddress(err error) error {
	var inAddress *url.Error
	if errors.As(err, &inAddress) {
		return inAddress.Err
	}
	return err
}

// session verifies the ID token's signature with the issuer's published keys.
func (p *Person) session(ctx context.Context, idToken, accessToken, refreshToken string) (*Session, error) {
	token, err := jwt.ParseSigned(idToken, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return nil, errors.New("the ID token is not signed with RS256")
	}
	var unverified jwt.Claims
	if err := token.UnsafeClaimsWithoutVerification(&unverified); err != nil {
		return nil, errors.New("the ID token has no claims")
	}
	var discovered struct {
		Issuer  string `json:"issuer"`
		JWKSURI string `json:"jwks_uri"`
	}
	if err := p.getJSON(ctx, unverified.Issuer+".well-known/openid-configuration", &discovered); err != nil {
		return nil, err
	}
	if discovered.Issuer != unverified.Issuer {
		return nil, errors.New("the ID token's issuer does not say so of itself")
	}
	var keys jose.JSONWebKeySet
	if err := p.getJSON(ctx, discovered.JWKSURI, &keys); err != nil {
		return nil, err
	}
	claims := map[string]any{}
	if err := token.Claims(&keys, &claims); err != nil {
		return nil, errors.New("the ID token's signature does not verify")
	}
	return &Session{Claims: claims, IDToken: idToken, AccessToken: accessToken, RefreshToken: refreshToken, person: p}, nil
}

func (p *Person) getJSON(ctx context.Context, address string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return errors.New("the address cannot be read")
	}
	return p.doJSON(request, into)
}

// doJSON turns an error answer of OAuth into a Refusal.
func (p *Person) doJSON(request *http.Request, into any) error {
	response, err := p.browser.Do(request)
	if err != nil {
		return fmt.Errorf("call the tenant: %w", withoutAddress(err))
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err != nil {
		return fmt.Errorf("call the tenant: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		var wrong struct {
			Code        string `json:"error"`
			Description string `json:"error_description"`
		}
		if err := json.Unmarshal(body, &wrong); err != nil || wrong.Code == "" {
			return fmt.Errorf("the tenant answered %d", response.StatusCode)
		}
		return &Refusal{Code: wrong.Code, Description: wrong.Description}
	}
	if err := json.Unmarshal(body, into); err != nil {
		return errors.New("the tenant's answer is no JSON")
	}
	return nil
}

// Refresh exchanges the refresh token for new tokens, as the application does
// behind the person's back. The new session holds the old refresh token if it
// was not rotated.
func (s *Session) Refresh(ctx context.Context) (*Session, error) {
	issuer, _ := s.Claims["iss"].(string)
	clientID, _ := s.Claims["aud"].(string)
	form := url.Values{"grant_type": {"refresh_token"}, "client_id": {clientID}, "refresh_token": {s.RefreshToken}}
	if s.person.clientSecret != "" {
		form.Set("client_secret", s.person.clientSecret)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, issuer+"oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		return nil, errors.New("the issuer is no address")
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var tokens struct {
		IDToken      string `json:"id_token"`
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
	}
	if err := s.person.doJSON(request, &tokens); err != nil {
		return nil, err
	}
	if tokens.RefreshToken == "" {
		tokens.RefreshToken = s.RefreshToken
	}
	return s.person.session(ctx, tokens.IDToken, tokens.AccessToken, tokens.RefreshToken)
}

// SignOut ends the browser's session at a tenant.
func (p *Person) SignOut(ctx context.Context, domainURL string) error {
	_, err := p.open(ctx, http.MethodGet, domainURL+"/v2/logout", nil)
	return err
}
