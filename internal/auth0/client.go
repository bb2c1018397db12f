package auth0

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	management "github.com/auth0/go-auth0/v3/management/client"
	"github.com/auth0/go-auth0/v3/management/option"
)

// Options say which tenant a client talks to, and as whom.
type Options struct {
	// Domain is the tenant's host, with a port where it is not 443. The scheme is
	// always https.
	Domain string
	// ClientID is the machine-to-machine application.
	ClientID string
	// ClientSecret is sent in the body (client_secret_post). Either it or
	// PrivateKeyPEM is set.
	ClientSecret string
	// PrivateKeyPEM is an RSA key, PKCS#1 or PKCS#8, for private_key_jwt with RS256.
	PrivateKeyPEM []byte
	// HTTPTransport carries the requests; nil means a copy of Go's default one. A
	// private certificate authority is set here.
	HTTPTransport http.RoundTripper
	// Clock is this machine's wall clock; nil means time.Now.
	Clock func() time.Time
	// Budget is what the tenant's rate limits leave, shared by all clients of the
	// tenant; nil means one of its own.
	Budget *Budget
	// Version of the program, for the User-Agent.
	Version string
}

// Client is the API of one tenant over go-auth0. It is safe for concurrent use.
// It never repeats a call, but for one whose token was refused, and never sleeps.
type Client struct {
	sdk    *management.Management
	wire   *wire
	tokens *tokens
	base   string
	// http is what the SDK talks through, for the calls that it lacks.
	http http.RoundTripper
}

var _ API = (*Client)(nil)

// New makes a client. It sends nothing; its errors are of the options alone and
// hold none of the credentials.
func New(opts Options) (*Client, error) {
	if err := opts.check(); err != nil {
		return nil, err
	}
	base := "https://" + opts.Domain
	w := &wire{base: opts.HTTPTransport, tenant: opts.Domain, userAgent: userAgent(opts.Version), clock: NewClock(opts.Clock), budget: opts.Budget, sleep: sleep}
	if w.budget == nil {
		w.budget = NewBudget()
	}
	budgetsLeft.add(w.tenant, w.budget, w.clock.wall)
	w.budget.Ring(w.clock.wall)
	if w.base == nil {
		w.base = defaultTransport()
	}
	tokens, err := newTokens(w, base, opts)
	if err != nil {
		return nil, err
	}
	// The SDK's own constructor adds nothing that is wanted; without retries, and
	// with a transport that turns every failure into an error, its retrier has
	// nothing to sleep on.
	carrier := &transport{wire: w, tokens: tokens}
	sdk := management.NewWithOptions(
		option.WithBaseURL(base+"/api/v2"),
		option.WithHTTPClient(&http.Client{Transport: carrier}),
		option.WithoutRetries(),
	)
	return &Client{sdk: sdk, wire: w, tokens: tokens, base: base, http: carrier}, nil
}

func (o Options) check() error {
	parsed, err := url.Parse("https://" + o.Domain)
	switch {
	case err != nil || o.Domain == "" || parsed.Host != o.Domain:
		return errors.New("the domain must be a host name, with a port at most")
	case o.ClientID == "":
		return errors.New("the client id is missing")
	case o.ClientSecret == "" && len(o.PrivateKeyPEM) == 0:
		return errors.New("neither a client secret nor a private key is given")
	case o.ClientSecret != "" && len(o.PrivateKeyPEM) > 0:
		return errors.New("both a client secret and a private key are given")
	}
	return nil
}

func userAgent(version string) string {
	if version == "" {
		return "seatwarden"
	}
	return "seatwarden/" + version
}

func defaultTransport() http.RoundTripper {
	if standard, ok := http.DefaultTransport.(*http.Transport); ok {
		own := standard.Clone()
		own.MaxIdleConnsPerHost = 16
		return own
	}
	return http.DefaultTransport
}

// Clock is Auth0's time as this client knows it.
func (c *Client) Clock() *Clock { return c.wire.clock }

// Now is Auth0's time.
func (c *Client) Now() time.Time { return c.wire.clock.Now() }

// Scopes are those granted with the current token.
func (c *Client) Scopes(ctx context.Context) ([]string, error) {
	granted, err := c.tokens.current(ctx)
	if err != nil {
		return nil, err
	}
	return append([]string{}, granted.scopes...), nil
}

// DropToken forgets the current token, so that the next call fetches one.
func (c *Client) DropToken() { c.tokens.dropCurrent() }

const probeRoute = "GET /.well-known/openid-configuration"

// Probe reads the tenant's discovery document, which needs no token.
func (c *Client) Probe(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/.well-known/openid-configuration", nil)
	if err != nil {
		return notSent(probeRoute, "the request cannot be made")
	}
	req.Header.Set("Cache-Control", "no-cache")
	response, err := c.wire.exchange(req, probeRoute)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

// call runs one SDK call on a route and makes an *Error of whatever it returns.
// ids are the path's parts: an empty one would name another resource.
func (c *Client) call(ctx context.Context, route string, f func(context.Context) error, ids ...string) error {
	for _, id := range ids {
		if id == "" || id == "." || id == ".." {
			return invalid(route, "an id is missing")
		}
	}
	if ctx.Err() != nil {
		return notSent(route, "the context was done before the call")
	}
	failed := failure(ctx, route, f(withRoute(ctx, route)))
	logChange(ctx, route, failed, ids)
	if failed == nil {
		return nil
	}
	return failed
}

// failure is what an SDK call returned, as an *Error.
func failure(ctx context.Context, route string, err error) *Error {
	var failed *Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &failed):
		return failed
	case ctx.Err() != nil:
		return &Error{Kind: KindUnknown, Route: route, Detail: "the context ended during the call"}
	}
	// Every failure of an exchange is an *Error, so the SDK could not read a 2xx.
	return undecodable(route, 0)
}

func invalid(route, detail string) *Error {
	return &Error{Kind: KindInvalid, Route: route, Detail: detail}
}
