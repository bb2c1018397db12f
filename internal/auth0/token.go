package auth0

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	tokenRoute = "POST /oauth/token" //nolint:gosec // a route, no credential
	// tokenMargin is how long before its end a token is no longer used; a tenth of
	// its life for short-lived ones.
	tokenMargin = time.Minute
	// refusalKept is how long refused credentials are not tried again, so that many
	// callers do not run into Auth0's brute-force protection.
	refusalKept = 5 * time.Second
	// grantKept is how long a token that lacks a scope is used before another one
	// is asked whether it has the scope by now.
	grantKept = 10 * time.Second
	// assertionLife is how long a signed client assertion is good for.
	assertionLife = time.Minute
)

// tokens gets access tokens for the Management API by client credentials.
// Go-auth0's own source swallows errors and keeps the context of its maker.
type tokens struct {
	wire     *wire
	base     string // https://domain
	clientID string
	secret   string
	signer   jose.Signer // nil: client_secret_post

	// fetching is held by the one caller that fetches.
	fetching chan struct{}

	mu      sync.Mutex
	token   token
	refused *Error
	again   time.Time // by the wall clock: when refused credentials are tried again
}

type token struct {
	access  string
	scopes  []string
	expires time.Time // in Auth0's time, margin taken off
	fetched time.Time // by the wall clock
}

func newTokens(w *wire, base string, opts Options) (*tokens, error) {
	t := &tokens{wire: w, base: base, clientID: opts.ClientID, secret: opts.ClientSecret, fetching: make(chan struct{}, 1)}
	if len(opts.PrivateKeyPEM) > 0 {
		key, err := parseKey(opts.PrivateKeyPEM)
		if err != nil {
			return nil, err
		}
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key}, (&jose.SignerOptions{}).WithType("JWT"))
		if err != nil {
			return nil, errors.New("the private key cannot sign with RS256")
		}
		t.signer = signer
	}
	// A refusal may have come from a clock that was wrong.
	w.clock.OnJump(t.forgetRefusal)
	return t, nil
}

func parseKey(text []byte) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("the private key is not in PEM form")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("the private key is neither PKCS#1 nor PKCS#8")
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("the private key is not an RSA key")
	}
	return key, nil
}

// current is a token that is still good, fetched when there is none. Callers who
// come while one is fetched wait for that one.
func (t *tokens) current(ctx context.Context) (token, error) {
	if have, done, err := t.known(); done {
		return have, err
	}
	select {
	case t.fetching <- struct{}{}:
		defer func() { <-t.fetching }()
	case <-ctx.Done():
		return token{}, notSent(tokenRoute, "the context was done before there was a token")
	}
	if have, done, err := t.known(); done {
		return have, err
	}
	fetched, failed := t.fetch(ctx)
	t.mu.Lock()
	defer t.mu.Unlock()
	if failed != nil {
		if failed.Kind == KindUnauthorized || failed.Kind == KindForbidden {
			t.refused, t.again = failed, t.wire.clock.wall().Add(refusalKept)
		}
		return token{}, failed
	}
	t.token, t.refused = fetched, nil
	return fetched, nil
}

// known is what needs no fetching: a good token, or a fresh refusal.
func (t *tokens) known() (have token, done bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token.access != "" && t.wire.clock.Now().Before(t.token.expires) {
		return t.token, true, nil
	}
	if wait := t.again.Sub(t.wire.clock.wall()); t.refused != nil && wait > 0 && wait <= refusalKept {
		return token{}, true, t.refused
	}
	return token{}, false, nil
}

// drop forgets a token that was refused; another one, fetched since, stays.
func (t *tokens) drop(access string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token.access == access {
		t.token = token{}
	}
}

// dropOutgrown forgets a token that lacked a scope, unless it is a new one: it
// does not learn of scopes that are granted later, and lives for a day.
func (t *tokens) dropOutgrown(access string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token.access == access && t.wire.clock.wall().Sub(t.token.fetched).Abs() >= grantKept {
		t.token = token{}
	}
}

// dropCurrent forgets whatever token there is.
func (t *tokens) dropCurrent() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.token = token{}
}

func (t *tokens) forgetRefusal() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.refused = nil
}

func (t *tokens) fetch(ctx context.Context) (token, *Error) {
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {t.clientID}, "audience": {t.base + managementPath}}
	if t.signer == nil {
		form.Set("client_secret", t.secret)
	} else {
		assertion, err := t.assertion()
		if err != nil {
			return token{}, notSent(tokenRoute, "the client assertion cannot be signed")
		}
		form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		form.Set("client_assertion", assertion)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.base+"/oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		return token{}, notSent(tokenRoute, "the request cannot be made")
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	response, err := t.wire.exchange(req, tokenRoute)
	if err != nil {
		return token{}, tokenError(err)
	}
	defer func() { _ = response.Body.Close() }()
	return t.read(response)
}

func (t *tokens) read(response *http.Response) (token, *Error) {
	var answer struct {
		AccessToken string  `json:"access_token"`
		ExpiresIn   float64 `json:"expires_in"`
		Scope       string  `json:"scope"`
	}
	err := json.NewDecoder(response.Body).Decode(&answer)
	if err != nil || answer.AccessToken == "" || answer.ExpiresIn <= 0 {
		return token{}, notSent(tokenRoute, "an answer that holds no token")
	}
	life := time.Duration(min(answer.ExpiresIn, 30*24*3600)) * time.Second
	return token{
		access:  answer.AccessToken,
		scopes:  strings.Fields(answer.Scope),
		expires: t.wire.clock.Now().Add(life - min(tokenMargin, life/10)),
		fetched: t.wire.clock.wall(),
	}, nil
}

// tokenError is what a failure at the token endpoint means for the call that
// needed the token. That call was not sent, so none is KindUnknown, and a 404 or
// 409 here says nothing about the thing that was called.
func tokenError(err error) *Error {
	var failed *Error
	if !errors.As(err, &failed) {
		return notSent(tokenRoute, "no token")
	}
	mapped := *failed
	switch {
	case failed.Kind == KindRateLimited || failed.Kind == KindNotSent:
	case failed.Kind == KindForbidden:
	case failed.Status == http.StatusRequestTimeout || failed.Status == http.StatusTooEarly:
		mapped.Kind = KindNotSent
	case failed.Status >= 400 && failed.Status < 500:
		mapped.Kind = KindUnauthorized
	default:
		mapped.Kind = KindNotSent
	}
	return &mapped
}

// assertion is the JWT of private_key_jwt. Auth0 wants aud as one string, the
// issuer.
func (t *tokens) assertion() (string, error) {
	id := make([]byte, 16)
	if _, err := rand.Read(id); err != nil {
		return "", fmt.Errorf("no randomness: %w", err)
	}
	now := t.wire.clock.Now()
	claims, err := json.Marshal(map[string]any{
		"iss": t.clientID, "sub": t.clientID, "aud": t.base + "/", "jti": hex.EncodeToString(id),
		"iat": now.Unix(), "exp": now.Add(assertionLife).Unix(),
	})
	if err != nil {
		return "", fmt.Errorf("encode the claims: %w", err)
	}
	signed, err := t.signer.Sign(claims)
	if err != nil {
		return "", fmt.Errorf("sign the claims: %w", err)
	}
	return signed.CompactSerialize()
}
