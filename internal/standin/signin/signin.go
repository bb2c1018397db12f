package signin

import (
	"crypto/subtle"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/pages"
	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/wire"
)

// Lifetimes of what sign-in hands out: Auth0's defaults, where it names one.
const (
	transactionLifetime  = time.Hour
	assertionLifetime    = 5 * time.Minute
	codeLifetime         = 10 * time.Minute
	sessionIdleLifetime  = 3 * 24 * time.Hour
	sessionLifetime      = 7 * 24 * time.Hour
	idTokenLifetime      = 10 * time.Hour
	accessTokenLifetime  = 24 * time.Hour
	refreshTokenLifetime = 30 * 24 * time.Hour
	sessionCookie        = "auth0"
	protocolLogin        = "oidc-basic-profile"
	protocolRefresh      = "oauth2-refresh-token"
	organizationIDPrefix = "org_"
	grantAuthorization   = "authorization_code"
	grantRefresh         = "refresh_token"
	scopeOfflineAccess   = "offline_access"
	usageDeny            = "deny"
	usageRequire         = "require"
	behaviorPreLogin     = "pre_login_prompt"
	behaviorPostLogin    = "post_login_prompt"
)

// SignIn plays Auth0 as an OpenID provider: Universal Login, the identity
// providers behind its connections, tokens of people, and a little application
// for every client. Its maps are guarded by the world's lock.
type SignIn struct {
	world *state.World
	mux   *http.ServeMux

	// transactions are sign-ins under way, by the state in the login pages' addresses.
	transactions map[string]*transaction
	// assertions are what identity providers said, by a code of one use.
	assertions map[string]*assertion
	// authorizations wait for their exchange at the token endpoint, by code.
	authorizations map[string]*authorization
	// starts are sign-ins that the built-in application began, by its state.
	starts map[string]*appStart
	// used are the tickets of invitations that were tried, until no login page
	// for them can be open any more.
	used map[string]time.Time
	// metadata is what Actions see of organizations, by id.
	metadata map[string]cachedMetadata
}

// refusal is an error of OAuth that goes back to the application.
type refusal struct {
	code        string
	description string
	// details of its entry in the tenant log.
	details map[string]any
}

func (r *refusal) Error() string { return r.code + ": " + r.description }

func refuse(code, description string) *refusal { return &refusal{code: code, description: description} }

// answer writes what was decided while the lock was held.
type answer func(http.ResponseWriter, *http.Request)

// New returns signing in at a world.
func New(world *state.World) *SignIn {
	si := &SignIn{
		world: world, mux: http.NewServeMux(),
		transactions:   map[string]*transaction{},
		assertions:     map[string]*assertion{},
		authorizations: map[string]*authorization{},
		starts:         map[string]*appStart{},
		used:           map[string]time.Time{},
		metadata:       map[string]cachedMetadata{},
	}
	for pattern, decide := range map[string]func(*http.Request) answer{
		"GET /authorize":                             si.authorize,
		"POST /authorize":                            si.authorize,
		"GET /login/choose":                          si.choose,
		"POST /login/database":                       si.database,
		"POST /login/organization":                   si.organization,
		"GET /login/identity-provider/{connection}":  si.identityProvider,
		"POST /login/identity-provider/{connection}": si.identify,
		"GET /login/callback":                        si.callback,
		"GET /continue":                              si.resume,
		"POST /continue":                             si.resume,
		"GET /login/second-factor":                   si.secondFactor,
		"POST /login/second-factor":                  si.passSecondFactor,
		"GET /v2/logout":                             si.logout,
		"GET /userinfo":                              si.userinfo,
		"POST /userinfo":                             si.userinfo,
		"GET /app/{client}":                          si.appHome,
		"GET /app/{client}/login":                    si.appLogin,
		"GET /app/{client}/callback":                 si.appCallback,
	} {
		si.mux.HandleFunc(pattern, si.locked(decide))
	}
	si.mux.HandleFunc("GET /.well-known/openid-configuration", si.discovery)
	si.mux.HandleFunc("GET /.well-known/jwks.json", si.jwks)
	si.mux.HandleFunc("GET /login/style.css", pages.ServeStyle)
	return si
}

// ServeHTTP answers what people see and what OpenID discovers, the token endpoint excepted.
func (si *SignIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Security-Policy", pages.PagePolicy)
	w.Header().Set("Referrer-Policy", "no-referrer")
	r.Body = http.MaxBytesReader(w, r.Body, wire.MaxBody)
	si.mux.ServeHTTP(w, r)
}

// locked decides with the lock held and writes the answer without it.
func (si *SignIn) locked(decide func(*http.Request) answer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			errorPage(http.StatusBadRequest, refuse("invalid_request", "The request cannot be read."))(w, r)
			return
		}
		si.under(func() answer { return decide(r) })(w, r)
	}
}

// under runs a decision with the lock held.
func (si *SignIn) under(decide func() answer) answer {
	si.world.Lock()
	defer si.world.Unlock()
	si.prune()
	return decide()
}

// prune forgets what has expired.
func (si *SignIn) prune() {
	now := si.world.Clock.Now()
	for key, row := range si.transactions {
		if now.After(row.expires) {
			delete(si.transactions, key)
		}
	}
	for key, row := range si.assertions {
		if now.After(row.expires) {
			delete(si.assertions, key)
		}
	}
	for key, row := range si.authorizations {
		if now.After(row.expires) {
			delete(si.authorizations, key)
		}
	}
	for key, row := range si.starts {
		if now.After(row.expires) {
			delete(si.starts, key)
		}
	}
	for ticket, until := range si.used {
		if now.After(until) {
			delete(si.used, ticket)
		}
	}
}

func redirect(target string) answer {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, target, http.StatusFound) }
}

func (si *SignIn) discovery(w http.ResponseWriter, r *http.Request) {
	issuer := si.world.Issuer(si.world.TenantOf(r))
	wire.WriteJSON(w, http.StatusOK, map[string]any{
		"issuer":                                issuer,
		"authorization_endpoint":                issuer + "authorize",
		"token_endpoint":                        issuer + "oauth/token",
		"userinfo_endpoint":                     issuer + "userinfo",
		"jwks_uri":                              issuer + ".well-known/jwks.json",
		"scopes_supported":                      []string{"openid", "profile", scopeOfflineAccess, "email"},
		"response_types_supported":              []string{"code"},
		"response_modes_supported":              []string{"query"},
		"code_challenge_methods_supported":      []string{"S256"},
		"subject_types_supported":               []string{"public"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post", "private_key_jwt", "none"},
		"grant_types_supported":                 []string{grantAuthorization, grantRefresh, "client_credentials"},
		"claims_supported": []string{"aud", "email", "email_verified", "exp", "iat", "iss", "name", "nickname",
			"org_id", "org_name", "sid", "sub"},
	})
}

func (si *SignIn) jwks(w http.ResponseWriter, _ *http.Request) {
	wire.WriteJSON(w, http.StatusOK, si.world.Keys.JWKS())
}

func (si *SignIn) userinfo(r *http.Request) answer {
	t := si.world.TenantOf(r)
	issuer := si.world.Issuer(t)
	_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	claims, err := si.world.Keys.Verify(token, issuer, issuer+"userinfo", si.world.Clock.Now())
	subject, _ := claims["sub"].(string)
	user := t.Users.Get(subject)
	if err != nil || user == nil {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
			http.Error(w, "Unauthorized", http.StatusUnauthorized)
		}
	}
	scope, _ := claims["scope"].(string)
	profile := profileClaims(user, scope)
	profile["sub"] = user.UserID
	for _, name := range []string{"org_id", "org_name"} {
		if value, there := claims[name]; there {
			profile[name] = value
		}
	}
	return func(w http.ResponseWriter, _ *http.Request) { wire.WriteJSON(w, http.StatusOK, profile) }
}

// logout ends the session in the browser. Refresh tokens live on, as in Auth0.
func (si *SignIn) logout(r *http.Request) answer {
	t := si.world.TenantOf(r)
	returnTo := r.Form.Get("returnTo")
	if returnTo != "" && !si.mayReturnTo(t, r.Form.Get("client_id"), returnTo) {
		return errorPage(http.StatusBadRequest, refuse("invalid_request",
			"The returnTo address is not in the list of allowed logout URLs."))
	}
	if session := si.sessionOf(t, r); session != nil {
		t.Sessions.Remove(session.ID)
	}
	return func(w http.ResponseWriter, r *http.Request) {
		si.setSessionCookie(w, "", -1)
		if returnTo != "" {
			http.Redirect(w, r, returnTo, http.StatusFound) //nolint:gosec // one of the client's allowed_logout_urls
			return
		}
		pages.Render(w, http.StatusOK, pages.Page{Kind: pages.PageMessage, Title: "Signed out", Text: "Your session at this tenant has ended."})
	}
}

func (si *SignIn) mayReturnTo(t *state.Tenant, clientID, target string) bool {
	client := t.Clients.Get(clientID)
	return client != nil &&
		(slices.Contains(client.AllowedLogoutURLs, target) || target == si.appURL(t, client.ClientID))
}

// sessionOf returns the live session of the browser, or nil.
func (si *SignIn) sessionOf(t *state.Tenant, r *http.Request) *state.Session {
	cookie, err := r.Cookie(sessionCookie)
	if errors.Is(err, http.ErrNoCookie) || cookie.Value == "" {
		return nil
	}
	session := t.Sessions.Find(func(row *state.Session) bool {
		return subtle.ConstantTimeCompare([]byte(row.Cookie), []byte(cookie.Value)) == 1
	})
	now := si.world.Clock.Now()
	if session == nil || now.After(session.IdleExpiresAt) || now.After(session.ExpiresAt) || t.Users.Get(session.UserID) == nil {
		return nil
	}
	return session
}

// setSessionCookie gives the browser its session for maxAge seconds: 0 until it
// closes, -1 takes the cookie away.
func (si *SignIn) setSessionCookie(w http.ResponseWriter, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // over plain http there can be no Secure
		Name: sessionCookie, Value: value, MaxAge: maxAge, Path: "/", HttpOnly: true,
		Secure: si.world.Scheme == "https", SameSite: http.SameSiteLaxMode,
	})
}

// errorPage shows a person what cannot be sent back to an application.
func errorPage(status int, wrong *refusal) answer {
	return func(w http.ResponseWriter, _ *http.Request) {
		pages.Render(w, status, pages.Page{Kind: pages.PageError, Title: "Something is wrong", ErrorCode: wrong.code, Text: wrong.description})
	}
}
