package api_test

import (
	"fmt"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/internal/controlplane/envtesting"
)

const (
	domainPatternRule    = "a domain is written like acme.com, or *.acme.com for all below it: ASCII letters, digits and -, internationalised domains as xn--"
	displayNameRule      = `displayName stands in e-mails: no control characters, none of < > " { } and no ://`
	organizationRule     = "an Auth0 organization's name has a-z, 0-9, - and _, and begins and ends with a letter or digit"
	organizationFixed    = "organization.name cannot be changed, added or taken away: it names the organization in Auth0"
	connectionRule       = "an Auth0 connection's name has letters, digits and single - between them"
	ttlRule              = "invitations.ttl is hours, minutes and seconds, such as 24h or 1h30m, between 5m and 720h (30 days)"
	graceRule            = "removal.grace is hours, minutes and seconds, such as 10m or 24h, at most 720h (30 days)"
	adminsInsideRule     = "every admin's e-mail must lie inside one of the contract's domains"
	adminRolesRule       = "every role in admins[].roles must be in roles.allowed"
	adminsDifferRule     = "admins must be different people: addresses that differ only in case are one person"
	contractRule         = "contract.endTime must be after contract.startTime"
	organizationNameRule = "an Auth0 organization's name has at most 50 characters and no dots: rename the Customer or set spec.organization.name"
)

var customerFields = []fieldCase{
	{"empty", "spec.tenantRef", map[string]any{}, "spec.tenantRef.name: Required value"},
	{"another", "spec.tenantRef.name", "eu", ""},
	{"empty", "spec.tenantRef.name", "", "spec.tenantRef.name in body should be at least 1 chars long"},
	{"too long", "spec.tenantRef.name", strings.Repeat("t", 254), "spec.tenantRef.name: Too long"},

	{"a company", "spec.displayName", "Zürich & Söhne's AG", ""},
	{"longest", "spec.displayName", strings.Repeat("ü", 100), ""},
	{"too long", "spec.displayName", strings.Repeat("ü", 101), "spec.displayName: Too long"},
	{"empty", "spec.displayName", "", "spec.displayName in body should be at least 1 chars long"},
	{"markup", "spec.displayName", "<img src=x>", displayNameRule},
	{"template", "spec.displayName", "{% include x %}", displayNameRule},
	{"quote", "spec.displayName", `Acme"`, displayNameRule},
	{"link", "spec.displayName", "http://evil.example", displayNameRule},
	{"line", "spec.displayName", "Acme\nAG", displayNameRule},

	{"none", "spec.organization", map[string]any{}, ""},
	{"one letter", "spec.organization.name", "a", ""},
	{"all characters", "spec.organization.name", "0a-b_c9", ""},
	{"longest", "spec.organization.name", strings.Repeat("a", 50), ""},
	{"too long", "spec.organization.name", strings.Repeat("a", 51), "spec.organization.name: Too long: may not be more than 50 bytes"},
	{"empty", "spec.organization.name", "", "spec.organization.name in body should be at least 1 chars long"},
	{"upper case", "spec.organization.name", "Acme", organizationRule},
	{"dot", "spec.organization.name", "acme.com", organizationRule},
	{"dash first", "spec.organization.name", "-acme", organizationRule},
	{"underscore last", "spec.organization.name", "acme_", organizationRule},
	{"space", "spec.organization.name", "acme ag", organizationRule},
	{"like an id", "spec.organization.name", "org_acme", "an Auth0 organization's name must not begin with org_"},
	{"never", "spec.organization.adoption", "Never", ""},
	{"if listed", "spec.organization.adoption", "IfListed", ""},
	{"unknown", "spec.organization.adoption", "Always", `supported values: "Never", "IfListed"`},

	{"none", "spec.seats", int64(0), ""},
	{"most", "spec.seats", int64(100000), ""},
	{"too many", "spec.seats", int64(100001), "spec.seats in body should be less than or equal to 100000"},
	{"fewer than none", "spec.seats", int64(-1), "spec.seats in body should be greater than or equal to 0"},
	{"missing", "spec.seats", absent, "spec.seats: Required value"},
	{"half a one", "spec.seats", 1.5, `spec.seats in body must be of type int32`},
	{"words", "spec.seats", "three", "spec.seats in body must be of type integer"},

	{"always", "spec.contract", map[string]any{}, ""},
	{"from", "spec.contract.startTime", "2026-01-01T00:00:00Z", ""},
	{"a day", "spec.contract.startTime", "2026-01-01", "contract.startTime is a date, a time and a zone, such as 2026-01-01T00:00:00Z"},
	{"until", "spec.contract.endTime", "2027-01-01T00:00:00+01:00", ""},
	{"words", "spec.contract.endTime", "next year", "contract.endTime is a date, a time and a zone, such as 2026-12-31T23:00:00Z"},
	{"a day", "spec.contract.endTime", "2026-12-31", "contract.endTime is a date, a time and a zone, such as 2026-12-31T23:00:00Z"},
	{"in small letters", "spec.contract.endTime", "2027-12-01t00:00:00z", "contract.endTime is a date, a time and a zone"},
	{"a zone that is none", "spec.contract.endTime", "2027-12-01T00:00:00+99:99", "contract.endTime is a date, a time and a zone"},
	{"a day that is none", "spec.contract.endTime", "2027-02-30T00:00:00Z", "contract.endTime is a date, a time and a zone, such as 2026-12-31T23:00:00Z"},
	{"a day that is none", "spec.contract.endTime", "2027-11-31T00:00:00Z", "contract.endTime is a date, a time and a zone, such as 2026-12-31T23:00:00Z"},
	{"a last day", "spec.contract.endTime", "2028-02-29T00:00:00Z", ""},
	{"a last day", "spec.contract.endTime", "2027-10-31T00:00:00Z", ""},
	{"with parts of a second", "spec.contract.endTime", "2027-12-01T00:00:00.123456789Z", ""},
	{"a second", "spec.contract", contract("2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"), ""},
	{"no time", "spec.contract", contract("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"), contractRule},
	{"backwards", "spec.contract", contract("2027-01-01T00:00:00Z", "2026-01-01T00:00:00Z"), contractRule},
	{"backwards across zones", "spec.contract", contract("2026-01-01T00:30:00Z", "2026-01-01T01:00:00+01:00"), contractRule},

	{"open", "spec.access", "Open", ""},
	{"suspended", "spec.access", "Suspended", ""},
	{"unknown", "spec.access", "Closed", `supported values: "Open", "Suspended"`},

	{"missing", "spec.domains", absent, "spec.domains: Required value"},
	{"none", "spec.domains", []any{}, "spec.domains in body should have at least 1 items"},
	{"most", "spec.domains", domains(50), ""},
	{"too many", "spec.domains", domains(51), "spec.domains: Too many: 51: must have at most 50 items"},
	{"twice", "spec.domains", []any{"acme.com", "acme.com"}, `spec.domains[1]: Duplicate value: "acme.com"`},
	{"all below and itself", "spec.domains", []any{"acme.com", "*.acme.com"}, ""},
	{"upper case", "spec.domains", []any{"ACME.com"}, ""},
	{"internationalised", "spec.domains", []any{"acme.com", "xn--bcher-kva.example", "acme.xn--p1ai"}, ""},
	{"longest", "spec.domains", []any{"acme.com", strings.Repeat("d", 63) + "." + longDomain}, ""},
	{"too long", "spec.domains", []any{"acme.com", strings.Repeat("d", 64) + "." + longDomain}, "spec.domains[1]: Too long: may not be more than 253 bytes"},
	{"everything", "spec.domains", []any{"acme.com", "*"}, domainPatternRule},
	{"a top level", "spec.domains", []any{"acme.com", "*.com"}, domainPatternRule},
	{"no top level", "spec.domains", []any{"acme.com", "acme"}, domainPatternRule},
	{"with an at", "spec.domains", []any{"acme.com", "@acme.com"}, domainPatternRule},
	{"star inside", "spec.domains", []any{"acme.com", "mail.*.acme.com"}, domainPatternRule},
	{"star without a dot", "spec.domains", []any{"acme.com", "*acme.com"}, domainPatternRule},
	{"dot at the end", "spec.domains", []any{"acme.com", "acme.com."}, domainPatternRule},
	{"umlaut", "spec.domains", []any{"acme.com", "bücher.example"}, domainPatternRule},
	{"empty", "spec.domains", []any{"acme.com", ""}, domainPatternRule},

	{"missing", "spec.admins", absent, "spec.admins: Required value"},
	{"none", "spec.admins", []any{}, "spec.admins in body should have at least 1 items"},
	{"most", "spec.admins", admins(5), ""},
	{"too many", "spec.admins", admins(6), "spec.admins: Too many: 6: must have at most 5 items"},
	{"twice", "spec.admins", append(admins(1), admins(1)...), `spec.admins[1]: Duplicate value: {"email":"it-0@acme.com"}`},
	{"twice in another case", "spec.admins", []any{admin("it@acme.com"), admin("IT@Acme.com")}, adminsDifferRule},
	{"outside", "spec.admins", []any{admin("it@acme.com"), admin("it@beta.com")}, adminsInsideRule},
	{"below", "spec.admins", []any{admin("it@eu.acme.com")}, adminsInsideRule},
	{"ends alike", "spec.admins", []any{admin("it@notacme.com")}, adminsInsideRule},
	{"in another case", "spec.admins", []any{admin("it@ACME.com")}, ""},
	{"missing", "spec.admins[].email", absent, "spec.admins[0].email: Required value"},
	{"no address", "spec.admins", []any{admin("it@acme.com"), admin("acme.com")}, emailRule},
	{"too long", "spec.admins", []any{admin(strings.Repeat("i", 65) + "@" + longDomain)}, "spec.admins[0].email: Too long"},
	{"none", "spec.admins[].roles", []any{}, ""},
	{"not allowed", "spec.admins[].roles", []any{"Admin"}, adminRolesRule},
	{"too many", "spec.admins[].roles", roles(51), "spec.admins[0].roles: Too many: 51: must have at most 50 items"},
	{"twice", "spec.admins[].roles", []any{"Admin", "Admin"}, `spec.admins[0].roles[1]: Duplicate value: "Admin"`},
	{"empty", "spec.admins[].roles", []any{""}, "spec.admins[0].roles[0] in body should be at least 1 chars long"},

	{"empty", "spec.roles", map[string]any{}, "spec.roles.allowed: Required value"},
	{"none", "spec.roles.allowed", []any{}, ""},
	{"most", "spec.roles.allowed", roles(50), ""},
	{"too many", "spec.roles.allowed", roles(51), "spec.roles.allowed: Too many: 51: must have at most 50 items"},
	{"twice", "spec.roles.allowed", []any{"Admin", "Admin"}, `spec.roles.allowed[1]: Duplicate value: "Admin"`},
	{"too long", "spec.roles.allowed", []any{strings.Repeat("r", 201)}, "spec.roles.allowed[0]: Too long"},

	{"none", "spec.connections", []any{}, ""},
	{"most", "spec.connections", connections(10), ""},
	{"too many", "spec.connections", connections(11), "spec.connections: Too many: 11: must have at most 10 items"},
	{"twice", "spec.connections", append(connections(1), connections(1)...), `spec.connections[1]: Duplicate value: {"name":"acme-0"}`},
	{"two in different case", "spec.connections", []any{connection("acme"), connection("Acme")}, ""},
	{"missing", "spec.connections[].name", absent, "spec.connections[0].name: Required value"},
	{"empty", "spec.connections", []any{connection("")}, "spec.connections[0].name in body should be at least 1 chars long"},
	{"longest", "spec.connections", []any{connection(strings.Repeat("c", 128))}, ""},
	{"too long", "spec.connections", []any{connection(strings.Repeat("c", 129))}, "spec.connections[0].name: Too long"},
	{"underscore", "spec.connections", []any{connection("acme_okta")}, connectionRule},
	{"dash last", "spec.connections", []any{connection("acme-")}, connectionRule},
	{"two dashes", "spec.connections", []any{connection("acme--okta")}, connectionRule},
	{"missing", "spec.connections[].type", absent, "spec.connections[0].type: Required value"},
	{"later", "spec.connections", []any{map[string]any{"name": "acme", "type": "Okta"}}, `supported values: "Existing"`},

	{"default", "spec.invitations", map[string]any{}, ""},
	{"shortest", "spec.invitations.ttl", "5m", ""},
	{"shortest in seconds", "spec.invitations.ttl", "300s", ""},
	{"longest", "spec.invitations.ttl", "720h", ""},
	{"longest in seconds", "spec.invitations.ttl", "2592000s", ""},
	{"as Go writes it", "spec.invitations.ttl", "24h0m0s", ""},
	{"too short", "spec.invitations.ttl", "4m59s", ttlRule},
	{"too long", "spec.invitations.ttl", "720h1s", ttlRule},
	{"days", "spec.invitations.ttl", "2d", ttlRule},
	{"fraction", "spec.invitations.ttl", "1.5h", ttlRule},
	{"negative", "spec.invitations.ttl", "-24h", ttlRule},
	{"no unit", "spec.invitations.ttl", "24", ttlRule},
	{"empty", "spec.invitations.ttl", "", "spec.invitations.ttl in body should be at least 1 chars long"},
	{"ages", "spec.invitations.ttl", "99999999h", ttlRule},
	{"number", "spec.invitations.ttl", int64(24), "spec.invitations.ttl in body must be of type string"},

	{"default", "spec.removal", map[string]any{}, ""},
	{"keep", "spec.removal.user", "Keep", ""},
	{"delete", "spec.removal.user", "Delete", ""},
	{"unknown", "spec.removal.user", "Block", `supported values: "Keep", "Delete"`},
	{"none", "spec.removal.grace", "0s", ""},
	{"longest", "spec.removal.grace", "720h", ""},
	{"as Go writes it", "spec.removal.grace", "24h0m0s", ""},
	{"too long", "spec.removal.grace", "720h1s", graceRule},
	{"days", "spec.removal.grace", "1d", graceRule},
	{"negative", "spec.removal.grace", "-10m", graceRule},
	{"no unit", "spec.removal.grace", "10", graceRule},
	{"empty", "spec.removal.grace", "", "spec.removal.grace in body should be at least 1 chars long"},
	{"number", "spec.removal.grace", int64(10), "spec.removal.grace in body must be of type string"},
	{"default", "spec.removal.brake", map[string]any{}, ""},
	{"nobody", "spec.removal.brake.people", int64(0), ""},
	{"most", "spec.removal.brake.people", int64(100000), ""},
	{"fewer than nobody", "spec.removal.brake.people", int64(-1), "spec.removal.brake.people in body should be greater than or equal to 0"},
	{"too many", "spec.removal.brake.people", int64(100001), "spec.removal.brake.people in body should be less than or equal to 100000"},
	{"none", "spec.removal.brake.percent", int64(0), ""},
	{"all", "spec.removal.brake.percent", int64(100), ""},
	{"less than none", "spec.removal.brake.percent", int64(-1), "spec.removal.brake.percent in body should be greater than or equal to 0"},
	{"more than all", "spec.removal.brake.percent", int64(101), "spec.removal.brake.percent in body should be less than or equal to 100"},

	{"retain", "spec.deletionPolicy", "Retain", ""},
	{"delete", "spec.deletionPolicy", "Delete", ""},
	{"unknown", "spec.deletionPolicy", "Orphan", `supported values: "Retain", "Delete"`},

	{"manage", "spec.mode", "Manage", ""},
	{"observe", "spec.mode", "Observe", ""},
	{"paused", "spec.mode", "Paused", ""},
	{"unknown", "spec.mode", "DryRun", `supported values: "Manage", "Observe", "Paused"`},

	{"unknown field", "spec.seat", int64(3), `unknown field "spec.seat"`},
}

func contract(start, end string) any { return map[string]any{"startTime": start, "endTime": end} }

func admin(email string) any { return map[string]any{"email": email} }

func connection(name string) any { return map[string]any{"name": name, "type": "Existing"} }

func admins(n int) []any {
	return list(n, func(i int) any { return admin(fmt.Sprintf("it-%d@acme.com", i)) })
}

func connections(n int) []any {
	return list(n, func(i int) any { return connection(fmt.Sprintf("acme-%d", i)) })
}

// domains are n long ones, after the admin's.
func domains(n int) []any {
	return list(n, func(i int) any {
		if i == 0 {
			return "acme.com"
		}
		return fmt.Sprintf("d%d.%s", i, longDomain)
	})
}

func TestFieldsOfACustomer(t *testing.T) { checkFields(t, "Customer", customerFields) }

func TestChangesOfACustomer(t *testing.T) {
	const tenantFixed = "tenantRef cannot be changed: the organization lives in that tenant"
	checkChanges(t, "Customer", []changeCase{
		{"changed", "spec.tenantRef", map[string]any{"name": "eu"}, map[string]any{"name": "us"}, tenantFixed},
		{"set after the default", "spec.tenantRef", absent, map[string]any{"name": "eu"}, tenantFixed},
		{"taken away", "spec.tenantRef", map[string]any{"name": "eu"}, absent, tenantFixed},
		{"default named", "spec.tenantRef", absent, map[string]any{"name": "default"}, ""},
		{"default taken away", "spec.tenantRef", map[string]any{"name": "default"}, absent, ""},

		{"changed", "spec.organization", map[string]any{"name": "acme"}, map[string]any{"name": "beta"}, organizationFixed},
		{"set", "spec.organization", absent, map[string]any{"name": "beta"}, organizationFixed},
		{"set in an empty one", "spec.organization", map[string]any{}, map[string]any{"name": "beta"}, organizationFixed},
		{"taken away", "spec.organization", map[string]any{"name": "acme"}, absent, organizationFixed},
		{"emptied", "spec.organization", map[string]any{"name": "acme"}, map[string]any{}, organizationFixed},
		{"nothing to nothing", "spec.organization", absent, map[string]any{}, ""},

		{"set", "spec.displayName", absent, "Acme", ""},
		{"raised", "spec.seats", int64(3), int64(5), ""},
		{"lowered to none", "spec.seats", int64(3), int64(0), ""},
		{"ended", "spec.contract", absent, map[string]any{"endTime": "2026-01-01T00:00:00Z"}, ""},
		{"made open-ended", "spec.contract", map[string]any{"endTime": "2026-01-01T00:00:00Z"}, absent, ""},
		{"suspended", "spec.access", absent, "Suspended", ""},
		{"more", "spec.domains", []any{"acme.com"}, []any{"acme.com", "acme.io"}, ""},
		{"narrowed to what no admin is in", "spec.domains", []any{"acme.com", "acme.io"}, []any{"acme.io"}, adminsInsideRule},
		{"replaced", "spec.admins", admins(1), []any{admin("boss@acme.com")}, ""},
		{"given", "spec.roles", absent, map[string]any{"allowed": []any{"Reader"}}, ""},
		{"others", "spec.connections", connections(1), connections(2), ""},
		{"shorter", "spec.invitations.ttl", absent, "1h", ""},
		{"delete", "spec.deletionPolicy", absent, "Delete", ""},
		{"observed", "spec.mode", absent, "Observe", ""},
		{"managed again", "spec.mode", "Paused", "Manage", ""},
		{"set", "spec.organization", absent, map[string]any{"adoption": "IfListed"}, ""},
		{"changed", "spec.organization", map[string]any{"name": "acme", "adoption": "IfListed"}, map[string]any{"name": "acme", "adoption": "Never"}, ""},
		{"delete", "spec.removal.user", absent, "Delete", ""},
		{"none", "spec.removal.grace", absent, "0s", ""},
		{"off", "spec.removal.brake.percent", absent, int64(100), ""},
	})
}

func TestDefaultsOfACustomer(t *testing.T) {
	g := NewWithT(t)
	object := minimal("Customer", envtesting.Namespace(t))
	g.Expect(newClient(g).Create(t.Context(), object)).To(Succeed())
	want := minimal("Customer", "").Object["spec"].(map[string]any)
	set(want, "tenantRef.name", "default")
	set(want, "access", "Open")
	set(want, "invitations.ttl", "24h")
	set(want, "removal.user", "Keep")
	set(want, "removal.grace", "10m")
	set(want, "removal.brake", map[string]any{"people": int64(5), "percent": int64(25)})
	set(want, "mode", "Manage")
	set(want, "deletionPolicy", "Retain")
	g.Expect(object.Object["spec"]).To(Equal(want))
}

func TestAdminsMayLieBelowADomain(t *testing.T) {
	c := newClient(NewWithT(t))
	namespace := envtesting.Namespace(t)
	for name, test := range map[string]struct {
		domain, email, says string
	}{
		"below":                  {"*.acme.com", "it@eu.acme.com", ""},
		"two below":              {"*.acme.com", "it@berlin.eu.acme.com", ""},
		"in another case":        {"*.ACME.com", "it@EU.acme.COM", ""},
		"the domain itself":      {"*.acme.com", "it@acme.com", adminsInsideRule},
		"ends alike":             {"*.acme.com", "it@notacme.com", adminsInsideRule},
		"domain in another case": {"Acme.COM", "it@acme.com", ""},
	} {
		t.Run(name, func(t *testing.T) {
			object := minimal("Customer", namespace)
			set(object.Object, "spec.domains", []any{test.domain})
			set(object.Object, "spec.admins", []any{admin(test.email)})
			expect(NewWithT(t), c.Create(t.Context(), object, client.DryRunAll), test.says)
		})
	}
}

func TestRolesOfAnAdminAreAllowed(t *testing.T) {
	c := newClient(NewWithT(t))
	namespace := envtesting.Namespace(t)
	for name, test := range map[string]struct {
		allowed, roles []any
		says           string
	}{
		"none, and none are allowed": {nil, nil, ""},
		"all of them":                {[]any{"Admin", "Reader"}, []any{"Reader", "Admin"}, ""},
		"one more":                   {[]any{"Admin"}, []any{"Admin", "Owner"}, adminRolesRule},
		"in another case":            {[]any{"Admin"}, []any{"admin"}, adminRolesRule},
		"nothing is allowed":         {nil, []any{"Admin"}, adminRolesRule},
		"most":                       {roles(50), roles(50), ""},
	} {
		t.Run(name, func(t *testing.T) {
			object := minimal("Customer", namespace)
			boss := map[string]any{"email": "it@acme.com"}
			if test.roles != nil {
				boss["roles"] = test.roles
			}
			set(object.Object, "spec.domains", []any{"acme.com"})
			set(object.Object, "spec.admins", []any{boss})
			if test.allowed != nil {
				set(object.Object, "spec.roles", map[string]any{"allowed": test.allowed})
			}
			expect(NewWithT(t), c.Create(t.Context(), object, client.DryRunAll), test.says)
		})
	}
}

func TestNameOfACustomer(t *testing.T) {
	c := newClient(NewWithT(t))
	namespace := envtesting.Namespace(t)
	for _, test := range []struct {
		what, name, organization, says string
	}{
		{"fits", strings.Repeat("a", 50), "", ""},
		{"too long for Auth0", strings.Repeat("a", 51), "", organizationNameRule},
		{"dot", "acme.com", "", organizationNameRule},
		{"dot, and a name for Auth0", "acme.com", "acme", ""},
		{"longest, and a name for Auth0", strings.Repeat("a", 63), "acme", ""},
		{"too long, and a name for Auth0", strings.Repeat("a", 64), "acme", "a Customer's name has at most 63 characters"},
	} {
		t.Run(test.what, func(t *testing.T) {
			object := minimal("Customer", namespace)
			object.SetGenerateName("")
			object.SetName(test.name)
			if test.organization != "" {
				set(object.Object, "spec.organization.name", test.organization)
			}
			expect(NewWithT(t), c.Create(t.Context(), object, client.DryRunAll), test.says)
		})
	}
}

func TestListsOfACustomerHaveSeveralAuthors(t *testing.T) {
	g := NewWithT(t)
	namespace := envtesting.Namespace(t)
	for _, author := range []string{"one", "two"} {
		applyAs(t, author, fmt.Sprintf(`{apiVersion: seatwarden.dev/v1alpha1, kind: Customer, metadata: {name: acme, namespace: %s},
			spec: {seats: 3, domains: [acme.com, %[2]s.com], admins: [{email: it@%[2]s.com, roles: [%[2]s]}],
			roles: {allowed: [%[2]s]}, connections: [{name: %[2]s, type: Existing}]}}`, namespace, author))
	}
	get := func(path string) string {
		out, err := envtesting.ControlPlane().Kubectl(t.Context(), "get", "cust", "acme", "-n", namespace, "-o", "jsonpath={"+path+"}")
		g.Expect(err).NotTo(HaveOccurred())
		return out
	}
	g.Expect(get(".spec.domains")).To(MatchJSON(`["acme.com", "one.com", "two.com"]`))
	g.Expect(get(".spec.admins[*].email")).To(Equal("it@one.com it@two.com"))
	g.Expect(get(".spec.roles.allowed[*]")).To(Equal("one two"))
	g.Expect(get(".spec.connections[*].name")).To(Equal("one two"))

	applyAs(t, "one", fmt.Sprintf(`{apiVersion: seatwarden.dev/v1alpha1, kind: Customer, metadata: {name: acme, namespace: %s},
		spec: {seats: 3, domains: [acme.com]}}`, namespace))
	g.Expect(get(".spec.admins[*].email")).To(Equal("it@two.com"), "an author takes away what it gave, and nothing else")
}
