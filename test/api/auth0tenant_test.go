package api_test

import (
	"fmt"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/controlplane/envtesting"
)

const (
	clientIDRule = "a client id has no blanks"
	domainRule   = "domain is a host name in lower case, such as acme.eu.auth0.com: no https:// and no path"
	inviterRule  = `inviterName stands in e-mails: no control characters, none of < > " { } and no ://`
)

var auth0TenantFields = []fieldCase{
	{"a tenant's", "spec.domain", "acme.eu.auth0.com", ""},
	{"a custom one", "spec.domain", "login.acme.com", ""},
	{"with a port", "spec.domain", "localhost:8443", ""},
	{"longest", "spec.domain", strings.Repeat("a", 253) + ":65535", ""},
	{"too long", "spec.domain", strings.Repeat("a", 260), "spec.domain: Too long: may not be more than 259 bytes"},
	{"missing", "spec.domain", absent, "spec.domain: Required value"},
	{"empty", "spec.domain", "", domainRule},
	{"an address", "spec.domain", "https://acme.eu.auth0.com", domainRule},
	{"with a path", "spec.domain", "acme.eu.auth0.com/", domainRule},
	{"upper case", "spec.domain", "Acme.eu.auth0.com", domainRule},
	{"two dots", "spec.domain", "acme..auth0.com", domainRule},
	{"dot at the end", "spec.domain", "acme.eu.auth0.com.", domainRule},
	{"with a user", "spec.domain", "me@acme.eu.auth0.com", domainRule},
	{"port in words", "spec.domain", "acme.eu.auth0.com:https", domainRule},

	{"missing", "spec.credentials", absent, "spec.credentials: Required value"},
	{"longest", "spec.credentials.clientID", strings.Repeat("c", 64), ""},
	{"too long", "spec.credentials.clientID", strings.Repeat("c", 65), "spec.credentials.clientID: Too long: may not be more than 64 bytes"},
	{"empty", "spec.credentials.clientID", "", "spec.credentials.clientID in body should be at least 1 chars long"},
	{"a blank behind it", "spec.credentials.clientID", "c1 ", clientIDRule},
	{"a newline behind it", "spec.credentials.clientID", "c1\n", clientIDRule},
	{"missing", "spec.credentials.clientID", absent, "spec.credentials.clientID: Required value"},
	{"secret", "spec.credentials.method", "ClientSecret", ""},
	{"key", "spec.credentials.method", "PrivateKeyJWT", ""},
	{"unknown", "spec.credentials.method", "Basic", `supported values: "ClientSecret", "PrivateKeyJWT"`},
	{"missing", "spec.credentials.secretRef", absent, "spec.credentials.secretRef: Required value"},
	{"missing", "spec.credentials.secretRef.name", absent, "spec.credentials.secretRef.name: Required value"},
	{"empty", "spec.credentials.secretRef.name", "", "spec.credentials.secretRef.name in body should be at least 1 chars long"},
	{"longest", "spec.credentials.secretRef.name", strings.Repeat("s", 253), ""},
	{"too long", "spec.credentials.secretRef.name", strings.Repeat("s", 254), "spec.credentials.secretRef.name: Too long"},
	{"one's own", "spec.credentials.secretRef.key", "password", ""},
	{"too long", "spec.credentials.secretRef.key", strings.Repeat("k", 254), "spec.credentials.secretRef.key: Too long"},

	{"missing", "spec.application", absent, "spec.application: Required value"},
	{"missing", "spec.application.clientID", absent, "spec.application.clientID: Required value"},
	{"empty", "spec.application.clientID", "", "spec.application.clientID in body should be at least 1 chars long"},
	{"a blank before it", "spec.application.clientID", " c1", clientIDRule},
	{"longest", "spec.application.clientID", strings.Repeat("c", 64), ""},
	{"too long", "spec.application.clientID", strings.Repeat("c", 65), "spec.application.clientID: Too long"},

	{"a product", "spec.inviterName", "Zürich & Söhne's portal", ""},
	{"longest", "spec.inviterName", strings.Repeat("ü", 100), ""},
	{"too long", "spec.inviterName", strings.Repeat("ü", 101), "spec.inviterName: Too long"},
	{"missing", "spec.inviterName", absent, "spec.inviterName: Required value"},
	{"empty", "spec.inviterName", "", "spec.inviterName in body should be at least 1 chars long"},
	{"markup", "spec.inviterName", "<b>Portal</b>", inviterRule},
	{"template", "spec.inviterName", "{{ user.email }}", inviterRule},
	{"quote", "spec.inviterName", `Portal"`, inviterRule},
	{"link", "spec.inviterName", "see https://evil.example", inviterRule},
	{"line", "spec.inviterName", "Portal\r\nBcc: x", inviterRule},
	{"delete character", "spec.inviterName", "Portal\x7f", inviterRule},

	{"a plan", "spec.plan", "Professional", ""},
	{"unknown", "spec.plan", "Starter", `supported values: "Free", "Essentials", "Professional", "Enterprise", "Custom"`},
	{"least", "spec.limits.sharePercent", int64(10), ""},
	{"most", "spec.limits.sharePercent", int64(100), ""},
	{"too little", "spec.limits.sharePercent", int64(9), "should be greater than or equal to 10"},
	{"too much", "spec.limits.sharePercent", int64(101), "should be less than or equal to 100"},
	{"none", "spec.limits.buckets", []any{}, ""},
	{"without plan Custom", "spec.limits.buckets", []any{map[string]any{"name": "users read", "burst": int64(1), "perMinute": int64(1)}}, "limits.buckets are for plan Custom"},
	{"unknown", "spec.limits.buckets", []any{map[string]any{"name": "users", "burst": int64(1), "perMinute": int64(1)}}, "Unsupported value"},
	{"nothing", "spec.limits.buckets", []any{map[string]any{"name": "users read", "burst": int64(0), "perMinute": int64(1)}}, "should be greater than or equal to 1"},

	{"none", "spec.guard", absent, ""},
	{"off", "spec.guard.mode", "Off", ""},
	{"report", "spec.guard.mode", "Report", ""},
	{"enforce", "spec.guard.mode", "Enforce", ""},
	{"unknown", "spec.guard.mode", "On", `supported values: "Off", "Report", "Enforce"`},
	{"external", "spec.guard.deployment", "External", ""},
	{"later", "spec.guard.deployment", "Managed", `supported values: "External"`},

	{"none", "spec.namespaces", []any{}, ""},
	{"most", "spec.namespaces", namespaces(500), ""},
	{"too many", "spec.namespaces", namespaces(501), "spec.namespaces: Too many: 501: must have at most 500 items"},
	{"twice", "spec.namespaces", append(namespaces(1), namespaces(1)...), `spec.namespaces[1]: Duplicate value: {"name":"team-0"}`},
	{"missing", "spec.namespaces[].name", absent, "spec.namespaces[0].name: Required value"},
	{"empty", "spec.namespaces", []any{map[string]any{"name": "", "trust": "Full"}}, "spec.namespaces[0].name in body should be at least 1 chars long"},
	{"too long", "spec.namespaces", []any{map[string]any{"name": strings.Repeat("n", 64), "trust": "Full"}}, "spec.namespaces[0].name: Too long"},
	{"missing", "spec.namespaces[].trust", absent, "spec.namespaces[0].trust: Required value"},
	{"later", "spec.namespaces", []any{map[string]any{"name": "team", "trust": "Limited"}}, `supported values: "Full"`},
	{"none", "spec.namespaces", adopting(0), ""},
	{"most", "spec.namespaces", adopting(100), ""},
	{"too many", "spec.namespaces", adopting(101), "spec.namespaces[0].adopt: Too many: 101: must have at most 100 items"},
	{"twice", "spec.namespaces", []any{map[string]any{"name": "team", "trust": "Full", "adopt": []any{"acme", "acme"}}}, `spec.namespaces[0].adopt[1]: Duplicate value: "acme"`},
	{"empty", "spec.namespaces", []any{map[string]any{"name": "team", "trust": "Full", "adopt": []any{""}}}, "spec.namespaces[0].adopt[0] in body should be at least 1 chars long"},
	{"longest", "spec.namespaces", []any{map[string]any{"name": "team", "trust": "Full", "adopt": []any{strings.Repeat("a", 50)}}}, ""},
	{"too long", "spec.namespaces", []any{map[string]any{"name": "team", "trust": "Full", "adopt": []any{strings.Repeat("a", 51)}}}, "spec.namespaces[0].adopt[0]: Too long"},

	{"default", "spec.brake", map[string]any{}, ""},
	{"nobody", "spec.brake.people", int64(0), ""},
	{"most", "spec.brake.people", int64(1000000), ""},
	{"fewer than nobody", "spec.brake.people", int64(-1), "spec.brake.people in body should be greater than or equal to 0"},
	{"too many", "spec.brake.people", int64(1000001), "spec.brake.people in body should be less than or equal to 1000000"},

	{"manage", "spec.mode", "Manage", ""},
	{"observe", "spec.mode", "Observe", ""},
	{"paused", "spec.mode", "Paused", ""},
	{"unknown", "spec.mode", "Off", `supported values: "Manage", "Observe", "Paused"`},

	{"unknown field", "spec.secret", "s3cret", `unknown field "spec.secret"`},
}

func namespaces(n int) []any {
	return list(n, func(i int) any { return map[string]any{"name": fmt.Sprintf("team-%d", i), "trust": "Full"} })
}

// adopting is a namespace that may adopt n organizations.
func adopting(n int) []any {
	return []any{map[string]any{"name": "team", "trust": "Full", "adopt": list(n, func(i int) any { return fmt.Sprintf("acme-%d", i) })}}
}

func TestFieldsOfAnAuth0Tenant(t *testing.T) { checkFields(t, "Auth0Tenant", auth0TenantFields) }

func TestChangesOfAnAuth0Tenant(t *testing.T) {
	checkChanges(t, "Auth0Tenant", []changeCase{
		{"changed", "spec.domain", "acme.eu.auth0.com", "beta.eu.auth0.com", "domain cannot be changed: create another Auth0Tenant and move the Customers"},
		{"with a port", "spec.domain", "acme.eu.auth0.com", "acme.eu.auth0.com:443", "domain cannot be changed"},
		{"rotated", "spec.credentials", map[string]any{"clientID": "a", "secretRef": map[string]any{"name": "a"}}, map[string]any{"clientID": "b", "method": "PrivateKeyJWT", "secretRef": map[string]any{"name": "b", "key": "pem"}}, ""},
		{"another", "spec.application.clientID", "portal", "portal-2", ""},
		{"another", "spec.inviterName", "Portal", "Portal 2", ""},
		{"on", "spec.guard.mode", absent, "Enforce", ""},
		{"off", "spec.guard.mode", "Enforce", "Off", ""},
		{"more", "spec.namespaces", absent, namespaces(2), ""},
		{"none", "spec.namespaces", namespaces(2), absent, ""},
		{"to adopt", "spec.namespaces", adopting(0), adopting(2), ""},
		{"tighter", "spec.brake.people", absent, int64(3), ""},
		{"declared", "spec.plan", absent, "Enterprise", ""},
		{"another share", "spec.limits.sharePercent", absent, int64(50), ""},
		{"paused", "spec.mode", absent, "Paused", ""},
		{"managed again", "spec.mode", "Paused", "Manage", ""},
	})
}

func TestDefaultsOfAnAuth0Tenant(t *testing.T) {
	g := NewWithT(t)
	c := newClient(g)
	object := minimal("Auth0Tenant", "")
	create(t, c, object)
	want := minimal("Auth0Tenant", "").Object["spec"].(map[string]any)
	set(want, "credentials.method", "ClientSecret")
	set(want, "guard", map[string]any{"mode": "Off", "deployment": "External"})
	set(want, "brake.people", int64(50))
	set(want, "limits.sharePercent", int64(80))
	set(want, "mode", "Manage")
	g.Expect(object.Object["spec"]).To(Equal(want))
}

func TestNamespacesOfAnAuth0TenantHaveSeveralAuthors(t *testing.T) {
	g := NewWithT(t)
	c := newClient(g)
	object := minimal("Auth0Tenant", "")
	create(t, c, object)
	for _, author := range []string{"one", "two"} {
		applyAs(t, author, fmt.Sprintf(`{apiVersion: seatwarden.dev/v1alpha1, kind: Auth0Tenant, metadata: {name: %s},
			spec: {namespaces: [{name: %s, trust: Full}]}}`, object.GetName(), author))
	}
	g.Expect(envtesting.ControlPlane().Kubectl(t.Context(), "get", "a0t", object.GetName(), "-o", "jsonpath={.spec.namespaces[*].name}")).To(Equal("one two"))
}
