package management

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/traffic"
	"github.com/seatwarden/seatwarden/internal/standin/wire"
)

// fuzzWorld is a stand-in whose tenant is filled anew for every request.
type fuzzWorld struct {
	world *state.World
	api   *API
	token string
}

func newFuzzWorld(f *testing.F) *fuzzWorld {
	f.Helper()
	world, err := state.New(state.DefaultSettings(), "http")
	if err != nil {
		f.Fatal(err)
	}
	issuer := world.Issuer(world.AddTenant("auth0.test"))
	token, err := world.Keys.Sign(map[string]any{
		"iss": issuer, "aud": issuer + "api/v2/", "azp": "fuzz", "exp": world.Clock.Now().Add(24 * time.Hour).Unix(),
		"scope": strings.Join(Scopes(), " "),
	})
	if err != nil {
		f.Fatal(err)
	}
	return &fuzzWorld{world: world, api: New(world, traffic.New(world, nil)), token: token}
}

// fuzzIDs are the ids in the tenant, by the resource that a path names.
var fuzzIDs = map[string]string{
	"organizations": "org_fuzz", "connections": "con_fuzz", "enabled_connections": "con_fuzz", "clients": "app", "users": "auth0|jane",
	"members": "auth0|jane", "roles": "rol_fuzz", "actions": "act", "invitations": "uinv_fuzz", "client-grants": "cgr_fuzz",
	"resource-servers": "api", "self-service-profiles": "ssp_fuzz", "triggers": "post-login", "discovery-domains": "ord_fuzz",
}

func (w *fuzzWorld) fill() {
	t := state.NewTenant(w.world.Main.Domain)
	now := w.world.Clock.Now()
	t.Connections.Put("con_fuzz", &state.Connection{ID: "con_fuzz", Name: "staff", Strategy: state.StrategyDatabase, CreatedAt: now})
	t.Clients.Put("app", &state.Client{ClientID: "app", Name: "app", OrganizationUsage: "allow", InitiateLoginURI: "https://app.example/login", CreatedAt: now})
	t.Roles.Put("rol_fuzz", &state.Role{ID: "rol_fuzz", Name: "admin"})
	t.SaveUser(&state.User{
		UserID: "auth0|jane", Email: "jane@acme.com", CreatedAt: now,
		Identities: []state.Identity{{UserID: "jane", Connection: "staff", Provider: state.StrategyDatabase}},
	}, now)
	o := &state.Organization{ID: "org_fuzz", Name: "acme", CreatedAt: now, Connections: []*state.EnabledConnection{{ConnectionID: "con_fuzz"}}, Tenant: t}
	o.AddMember("auth0|jane", now)
	o.Invitations.Put("uinv_fuzz", &state.Invitation{ID: "uinv_fuzz", ClientID: "app", InviteeEmail: "joe@acme.com", CreatedAt: now, ExpiresAt: now.Add(time.Hour)})
	o.DiscoveryDomains = []*state.DiscoveryDomain{{ID: "ord_fuzz", Domain: "acme.com", Status: "pending", CreatedAt: now}}
	t.Organizations.Put(o.ID, o)
	t.Actions.Put("act", &state.Action{ID: "act", Name: "guard", Trigger: state.ActionTrigger{ID: "post-login", Version: "v3"}, CreatedAt: now})
	t.ResourceServers.Put("api", &state.ResourceServer{ID: "api", Identifier: "https://api.example", CreatedAt: now})
	t.ClientGrants.Put("cgr_fuzz", &state.ClientGrant{ID: "cgr_fuzz", ClientID: "app", Audience: "https://api.example", CreatedAt: now})
	t.SelfServiceProfiles.Put("ssp_fuzz", &state.SelfServiceProfile{ID: "ssp_fuzz", CreatedAt: now})
	w.world.Lock()
	defer w.world.Unlock()
	w.world.Main, w.world.Tenants[t.Domain] = t, t
}

// path fills the placeholders of a route with ids that exist.
func (ro *route) fuzzPath() string {
	segments := strings.Split(ro.Template, "/")
	for i, segment := range segments {
		if !strings.HasPrefix(segment, "{") {
			continue
		}
		id := fuzzIDs[segments[i-1]]
		if id == "" {
			id = "none"
		}
		segments[i] = url.PathEscape(id)
	}
	return strings.Join(segments, "/")
}

// FuzzManagementRequest sends what anybody might: no request makes the stand-in
// panic or fail in a way that Auth0 has no words for.
func FuzzManagementRequest(f *testing.F) {
	w := newFuzzWorld(f)
	for i, ro := range w.api.router.routes {
		if ro.Method == http.MethodGet {
			f.Add(i, "page=0&per_page=2&include_totals=true&from=x&take=1&fields=id&sort=created_at:1&q=a", true, "")
			continue
		}
		f.Add(i, "", true, `{"name":"a","display_name":null,"metadata":{"k":"v"},"members":["auth0|jane"],"roles":["rol_fuzz"]}`)
	}
	for _, body := range []string{
		``, `null`, `[]`, `{`, `"x"`, `1e999`, `{"a":`, `{"name":1}`, `{"options":{"attributes":{"email":7}}}`, "\xff", `[{"client_id":"app","status":true}]`,
		`{"name":"c","strategy":"okta","options":{"domain":"d","password_options":[]}}`, `{"bindings":[{"ref":{"type":"action_id","value":"act"}}]}`,
		`{"client_authentication_methods":{"private_key_jwt":{"credentials":[{"pem":"x","credential_type":"public_key"}]}}}`,
	} {
		f.Add(1, "", true, body)
		f.Add(60, "", false, body)
	}
	f.Fuzz(func(t *testing.T, route int, query string, isJSON bool, body string) {
		routes := w.api.router.routes
		ro := routes[((route%len(routes))+len(routes))%len(routes)]
		if ro.stream != nil {
			return // it ends with its client only
		}
		w.fill()
		request := httptest.NewRequest(ro.Method, ro.fuzzPath(), strings.NewReader(body))
		request.URL.RawQuery = query
		request.Host = w.world.Main.Domain
		request.Header.Set("Authorization", "Bearer "+w.token)
		if isJSON {
			request.Header.Set("Content-Type", "application/json")
		}
		recorder := httptest.NewRecorder()
		found, params := w.api.Find(request)
		w.api.Serve(recorder, request, found, params, nil)
		if recorder.Code >= http.StatusInternalServerError {
			t.Fatalf("%s %s?%s with %q: %d %s", ro.Method, ro.Template, query, body, recorder.Code, recorder.Body)
		}
		var answer wire.APIError
		if recorder.Code >= http.StatusBadRequest && (json.Unmarshal(recorder.Body.Bytes(), &answer) != nil || answer.StatusCode != recorder.Code) {
			t.Fatalf("%s %s: %d without Auth0's error: %s", ro.Method, ro.Template, recorder.Code, recorder.Body)
		}
	})
}

// FuzzCursor resumes lists at cursors of any form: what comes back is a part of
// the list, or Auth0's error.
func FuzzCursor(f *testing.F) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	rows := []int{0, 1, 2, 3}
	l := listing[int]{cursor: func(i int) (time.Time, string) {
		return start.Add(time.Duration(i) * time.Second), string(rune('a' + i))
	}}
	for _, cursor := range []string{
		"", "=", "x", "MjAyNi0wMS0wMSAwMDowMDowMC4wMDAwMDBVVEMsYQ", "MjAyNi0wMS0wMSAwMDowMDowMS4wMDAwMDBVVEMsZ29uZQ==", "VVRDLA", "////",
	} {
		f.Add(cursor)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		left, err := l.after(cursor, rows)
		if err != nil && !wire.IsAPIError(err) {
			t.Fatalf("cursor %q: %v", cursor, err)
		}
		if len(left) > len(rows) {
			t.Fatalf("cursor %q: %v", cursor, left)
		}
	})
}
