package auth0

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

type routeKey struct{}

// withRoute names the route template of the calls made with the context.
func withRoute(ctx context.Context, route string) context.Context {
	return context.WithValue(ctx, routeKey{}, route)
}

func routeOf(ctx context.Context) string {
	route, _ := ctx.Value(routeKey{}).(string)
	return route
}

// transport is what the SDK talks through. It never hands an answer that is not
// 2xx to the SDK, whose retrier would sleep and send POSTs again.
type transport struct {
	wire   *wire
	tokens *tokens
}

// RoundTrip authorises the request and sends it; after a 401, which had no
// effect, once more with a new token.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
	route := routeOf(req.Context())
	response, used, err := t.try(req, route)
	if used != "" && err != nil && KindOf(err) == KindUnauthorized {
		t.tokens.drop(used)
		response, used, err = t.try(req, route)
	}
	if used != "" && err != nil && lacksScope(route, err) {
		t.tokens.dropOutgrown(used)
	}
	return response, err
}

// lacksScope tells whether a new token might be allowed more. Ending sessions is
// optional: where its scopes were not granted, each removal would buy a token.
func lacksScope(route string, err error) bool {
	var refused *Error
	return errors.As(err, &refused) && refused.Kind == KindForbidden && refused.Code == "insufficient_scope" &&
		!strings.HasSuffix(route, "/revoke-access") && !strings.Contains(route, "/device-credentials")
}

// try sends the request with the current token. used is empty when there was none.
func (t *transport) try(req *http.Request, route string) (response *http.Response, used string, err error) {
	granted, err := t.tokens.current(req.Context())
	if err != nil {
		return nil, "", err
	}
	attempt := req.Clone(req.Context())
	if attempt.Body, err = rewound(req); err != nil {
		return nil, "", notSent(route, "the request's body cannot be read")
	}
	attempt.Header.Set("Authorization", "Bearer "+granted.access)
	if route == eventsRoute {
		response, err = t.wire.open(attempt, route)
	} else {
		response, err = t.wire.exchange(attempt, route)
	}
	return response, granted.access, err
}

func rewound(req *http.Request) (io.ReadCloser, error) {
	switch {
	case req.Body == nil || req.Body == http.NoBody:
		return nil, nil
	case req.GetBody == nil:
		return nil, fmt.Errorf("the body cannot be read again")
	}
	return req.GetBody()
}
