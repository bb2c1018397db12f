package management

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/traffic"
	"github.com/seatwarden/seatwarden/internal/standin/wire"
)

// noContent is the answer of a route that has a body otherwise: 204.
type noContent struct{}

// call is one request to the Management API, authenticated. Its handler runs
// with the lock of its world held.
type call struct {
	api    *API
	world  *state.World
	t      *state.Tenant
	r      *http.Request
	params map[string]string
	query  queryValues
	body   []byte
	scopes []string
	// clientID is the application that calls, tokenEnds when its token expires.
	clientID  string
	tokenEnds time.Time
	// fault hits the call; mostly nil.
	fault *traffic.Fault
	// header are headers of the answer.
	header http.Header
	now    time.Time
}

func (c *call) param(name string) string { return c.params[name] }

func (c *call) hasScope(scope string) bool { return slices.Contains(c.scopes, scope) }

// API plays the Management API.
type API struct {
	world  *state.World
	gate   *traffic.Gate
	router *router
	// streams are those of events that are open, and with a time those that
	// ended then. They are guarded by the world's lock.
	streams map[*state.Tenant]map[*stream]time.Time
}

// New returns the Management API of a world, past a gate.
func New(world *state.World, gate *traffic.Gate) *API {
	return &API{world: world, gate: gate, router: routes(), streams: map[*state.Tenant]map[*stream]time.Time{}}
}

// Find returns the route for a request and the values of its placeholders, or
// nil for what is no route of the Management API.
func (a *API) Find(r *http.Request) (*route, map[string]string) { return a.router.find(r) }

// Serve answers a request to a known route of the Management API and
// returns the id of the client that called, as far as it is known.
func (a *API) Serve(w http.ResponseWriter, r *http.Request, ro *route, params map[string]string, fault *traffic.Fault) string {
	c := &call{
		api: a, world: a.world, t: a.world.TenantOf(r), r: r, params: params, query: queryValues(r.URL.Query()), header: w.Header(), fault: fault, now: a.world.Clock.Now(),
	}
	apiErr := c.authorize(ro)
	if apiErr == nil {
		c.body, apiErr = readBody(w, r)
	}
	if apiErr != nil {
		wire.WriteJSON(w, apiErr.StatusCode, apiErr)
		return c.clientID
	}
	if ro.stream != nil {
		ro.stream(c, w)
		return c.clientID
	}
	raw, err := a.handle(c, ro)
	a.gate.Wait(r.Context(), &ro.Endpoint)
	switch {
	case err != nil:
		wire.WriteError(w, err)
	case ro.status == http.StatusNoContent || raw == nil:
		w.WriteHeader(http.StatusNoContent)
	default:
		wire.WriteJSON(w, ro.status, raw)
	}
	return c.clientID
}

// handle runs a route's handler alone in the tenant and encodes its answer
// there, so that no later change can show in it.
func (a *API) handle(c *call, ro *route) (json.RawMessage, error) {
	a.world.Lock()
	defer a.world.Unlock()
	answer, err := ro.handle(c)
	if err != nil {
		return nil, err
	}
	var raw json.RawMessage
	if _, empty := answer.(noContent); !empty && ro.status != http.StatusNoContent {
		if raw, err = json.Marshal(answer); err != nil {
			return nil, err
		}
	}
	if ro.Method != http.MethodGet {
		c.logCall(ro, raw)
	}
	return raw, nil
}

// authorize checks the bearer token and its scopes.
func (c *call) authorize(ro *route) *wire.APIError {
	scheme, token, _ := strings.Cut(c.r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "bearer") || token == "" {
		return wire.NewError(http.StatusUnauthorized, "", "Missing authentication")
	}
	issuer := c.world.Issuer(c.t)
	claims, err := c.world.Keys.Verify(token, issuer, issuer+"api/v2/", c.now)
	if err != nil {
		return wire.NewError(http.StatusUnauthorized, "", "Invalid token")
	}
	c.clientID, _ = claims["azp"].(string)
	if exp, known := claims["exp"].(float64); known {
		c.tokenEnds = time.Unix(int64(exp), 0)
	}
	granted, _ := claims["scope"].(string)
	scopes := strings.Fields(granted)
	for _, scope := range ro.scopes {
		if slices.Contains(scopes, scope) {
			c.scopes = scopes
			return nil
		}
	}
	return wire.NewError(http.StatusForbidden, "insufficient_scope",
		"Insufficient scope, expected any of: %s", strings.Join(ro.scopes, ","))
}

// readBody reads a JSON body. A request without one yields nil.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, *wire.APIError) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, wire.MaxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, wire.NewError(http.StatusRequestEntityTooLarge, "", "Payload content length greater than maximum allowed: %d", wire.MaxBody)
	}
	if err != nil {
		return nil, wire.NewError(http.StatusBadRequest, "", "Invalid request payload input")
	}
	if len(body) == 0 {
		return nil, nil
	}
	if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || mediaType != "application/json" {
		return nil, wire.NewError(http.StatusUnsupportedMediaType, "", "Unsupported Media Type")
	}
	if !json.Valid(body) {
		return nil, wire.InvalidBody("Invalid request payload JSON format")
	}
	return body, nil
}
