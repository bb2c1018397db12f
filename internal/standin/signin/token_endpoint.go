package signin

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/wire"
)

const (
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
)

func writeOAuthError(w http.ResponseWriter, e *oauthError) { wire.WriteJSON(w, e.status, e) }

// Token answers POST /oauth/token and returns the id of the client that asked.
func (si *SignIn) Token(w http.ResponseWriter, r *http.Request) string {
	if r.Method != http.MethodPost {
		wire.WriteJSON(w, http.StatusNotFound, wire.NotFound("", "Not Found"))
		return ""
	}
	form, err := tokenForm(w, r)
	if err != nil {
		writeOAuthError(w, &oauthError{http.StatusBadRequest, "invalid_request", err.Error()})
		return ""
	}
	clientID := form.Get("client_id")
	if user, _, ok := r.BasicAuth(); ok && clientID == "" {
		clientID, _ = url.QueryUnescape(user)
	}
	w.Header().Set("Cache-Control", "no-store")
	switch grant := form.Get("grant_type"); grant {
	case "":
		writeOAuthError(w, &oauthError{http.StatusForbidden, "unsupported_grant_type", "Unsupported grant type: undefined"})
	case state.GrantClientCredentials:
		si.tokenForClient(w, r, form)
	default:
		si.tokenForPerson(w, r, form)
	}
	return clientID
}

// tokenForm reads the parameters of a token request, a form or JSON.
func tokenForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	r.Body = http.MaxBytesReader(w, r.Body, wire.MaxBody)
	mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if mediaType != "application/json" {
		if err := r.ParseForm(); err != nil {
			return nil, errors.New("the request is not a valid form")
		}
		return r.PostForm, nil
	}
	var body map[string]any
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return nil, errors.New("the request is not valid JSON")
	}
	form := url.Values{}
	for name, value := range body {
		if text, ok := value.(string); ok {
			form.Set(name, text)
		}
	}
	return form, nil
}

// authenticateClient identifies the application of a token request by HTTP
// Basic, by client_secret in the body, or by a signed assertion. A public
// client (no secret, no keys) is identified by its client_id alone. It needs
// the lock.
func (si *SignIn) authenticateClient(t *state.Tenant, r *http.Request, form url.Values) (*state.Client, *oauthError) {
	unauthorized := &oauthError{http.StatusUnauthorized, "access_denied", "Unauthorized"}
	if form.Get("client_assertion") != "" {
		client, err := si.clientByAssertion(t, form)
		if err != nil {
			return nil, &oauthError{http.StatusUnauthorized, "invalid_client", err.Error()}
		}
		return client, nil
	}
	id, secret := form.Get("client_id"), form.Get("client_secret")
	if user, password, ok := r.BasicAuth(); ok {
		var err1, err2 error
		id, err1 = url.QueryUnescape(user)
		secret, err2 = url.QueryUnescape(password)
		if err1 != nil || err2 != nil {
			return nil, unauthorized
		}
	}
	client := t.Clients.Get(id)
	if client == nil || len(client.PublicKeys) > 0 {
		return nil, unauthorized
	}
	if subtle.ConstantTimeCompare([]byte(client.Secret), []byte(secret)) != 1 {
		return nil, unauthorized
	}
	return client, nil
}

// clientByAssertion accepts a JWT signed by a key of the client whose audience
// is the issuer or the token endpoint, as one string.
func (si *SignIn) clientByAssertion(t *state.Tenant, form url.Values) (*state.Client, error) {
	invalid := errors.New("Failed to verify client assertion") //nolint:staticcheck // Auth0's words
	if form.Get("client_assertion_type") != assertionType {
		return nil, invalid
	}
	parsed, err := jwt.ParseSigned(form.Get("client_assertion"), []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.PS256})
	if err != nil {
		return nil, invalid
	}
	var claims jwt.Claims
	if err := parsed.UnsafeClaimsWithoutVerification(&claims); err != nil {
		return nil, invalid
	}
	client := t.Clients.Get(claims.Subject)
	if client == nil || claims.Issuer != client.ClientID || len(claims.Audience) != 1 {
		return nil, invalid
	}
	issuer := si.world.Issuer(t)
	expected := jwt.Expected{AnyAudience: jwt.Audience{issuer, strings.TrimSuffix(issuer, "/"), issuer + "oauth/token"}, Time: si.world.Clock.Now()}
	if claims.Expiry == nil || claims.ValidateWithLeeway(expected, time.Minute) != nil {
		return nil, invalid
	}
	for _, text := range client.PublicKeys {
		if key, err := state.PublicKey(text); err == nil && parsed.Claims(key) == nil {
			return client, nil
		}
	}
	return nil, invalid
}
