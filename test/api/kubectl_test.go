package api_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/controlplane"
	"github.com/seatwarden/seatwarden/internal/controlplane/envtesting"
)

// applyAs applies a manifest server-side in the name of an author.
func applyAs(t *testing.T, author, manifest string) {
	t.Helper()
	_, err := envtesting.ControlPlane().KubectlInput(t.Context(), strings.NewReader(strings.ReplaceAll(manifest, "\t", "")),
		"apply", "--server-side", "--field-manager", author, "-f", "-")
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
}

// world is one object of each kind with a status, in a namespace of its own.
const world = `
apiVersion: seatwarden.dev/v1alpha1
kind: Auth0Tenant
metadata: {name: columns}
spec:
  domain: acme.eu.auth0.com
  credentials: {clientID: operator, secretRef: {name: auth0-credentials}}
  application: {clientID: portal}
  inviterName: Portal
  guard: {mode: Enforce}
---
apiVersion: seatwarden.dev/v1alpha1
kind: Customer
metadata: {name: acme}
spec:
  tenantRef: {name: columns}
  seats: 50
  domains: [acme.com]
  admins: [{email: it@acme.com}]
---
apiVersion: seatwarden.dev/v1alpha1
kind: Member
metadata: {name: jane}
spec: {customerRef: {name: acme}, email: jane@acme.com}
`

// statuses are merged into the objects of the world.
var statuses = map[string]string{
	"auth0tenant/columns": `{"observedGeneration": 1, "customers": 12, "summary": "Auth0 answers", "conditions": [` + condition("Ready", "True", "Reconciled", "Auth0 answers, and has every scope") + `]}`,
	"customer/acme": `{"observedGeneration": 1, "organizationName": "acme-org", "organizationID": "org_1", "summary": "37 of 50 seats used",
		"seats": {"used": 37, "active": 31, "invited": 6, "waiting": 2, "removing": 4, "unmanaged": 5},
		"conditions": [` + condition("Ready", "True", "Reconciled", "all is done") + `]}`,
	"member/jane": `{"observedGeneration": 1, "summary": "invited", "seat": {"state": "Assigned", "since": "2026-11-22T09:12:00Z"},
		"invitation": {"id": "uinv_1", "state": "Sent", "sentAt": "2026-11-22T09:12:00Z", "expiresAt": "2026-11-23T09:12:00Z"},
		"users": [{"userID": "google-apps|jane@acme.com", "since": "2026-11-22T09:12:00Z"}],
		"conditions": [` + condition("Ready", "True", "Reconciled", "the link works") + `,` + condition("Active", "False", "Invited", "invited") + `]}`,
}

func condition(kind, status, reason, message string) string {
	return fmt.Sprintf(`{"type": %q, "status": %q, "reason": %q, "message": %q, "observedGeneration": 1, "lastTransitionTime": "2026-11-22T09:12:00Z"}`,
		kind, status, reason, message)
}

// makeWorld creates the world, its statuses, and returns a kubectl for its namespace.
func makeWorld(t *testing.T) func(args ...string) string {
	t.Helper()
	g := NewWithT(t)
	namespace := envtesting.Namespace(t)
	kubectl := func(args ...string) string {
		out, err := envtesting.ControlPlane().Kubectl(t.Context(), append(args, "-n", namespace)...)
		g.Expect(err).NotTo(HaveOccurred())
		return out
	}
	_, err := envtesting.ControlPlane().KubectlInput(t.Context(), strings.NewReader(world), "apply", "-n", namespace, "-f", "-")
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() {
		_, err := envtesting.ControlPlane().Kubectl(context.WithoutCancel(t.Context()), "delete", "a0t", "columns")
		g.Expect(err).NotTo(HaveOccurred())
	})
	for object, status := range statuses {
		kubectl("patch", object, "--subresource=status", "--type=merge", "-p", `{"status":`+status+`}`)
	}
	return kubectl
}

func TestKubectlShowsColumns(t *testing.T) {
	kubectl := makeWorld(t)
	for args, want := range map[string]string{
		"get auth0tenants": `
NAME DOMAIN GUARD CUSTOMERS READY STATUS AGE
columns acme.eu.auth0.com Enforce 12 True Auth0 answers AGE`,
		"get auth0tenants -o wide": `
NAME DOMAIN GUARD CUSTOMERS READY STATUS AGE MESSAGE
columns acme.eu.auth0.com Enforce 12 True Auth0 answers AGE Auth0 answers, and has every scope`,
		"get customers": `
NAME ORGANIZATION SEATS USED ACTIVE INVITED WAITING READY STATUS AGE
acme acme-org 50 37 31 6 2 True 37 of 50 seats used AGE`,
		"get customers -o wide": `
NAME ORGANIZATION SEATS USED ACTIVE INVITED WAITING READY STATUS AGE REMOVING UNMANAGED ORGANIZATION-ID TENANT MESSAGE
acme acme-org 50 37 31 6 2 True 37 of 50 seats used AGE 4 5 org_1 columns all is done`,
		"get members": `
NAME CUSTOMER EMAIL SEAT STATE EXPIRES READY STATUS AGE
jane acme jane@acme.com Assigned Invited 2026-11-23T09:12:00Z True invited AGE`,
		"get members -o wide": `
NAME CUSTOMER EMAIL SEAT STATE EXPIRES READY STATUS AGE USER-ID MESSAGE
jane acme jane@acme.com Assigned Invited 2026-11-23T09:12:00Z True invited AGE google-apps|jane@acme.com the link works`,
	} {
		t.Run(args, func(t *testing.T) {
			NewWithT(t).Expect(table(kubectl(strings.Fields(args)...))).To(Equal(strings.TrimSpace(want)))
		})
	}
}

var (
	columnGaps = regexp.MustCompile(` +`)
	ages       = regexp.MustCompile(` \d+s\b`)
)

// table makes what kubectl prints the same whenever it is printed.
func table(printed string) string {
	lines := strings.Split(strings.TrimSpace(printed), "\n")
	for i, line := range lines {
		lines[i] = ages.ReplaceAllString(strings.TrimSpace(columnGaps.ReplaceAllString(line, " ")), " AGE")
	}
	return strings.Join(lines, "\n")
}

// TestKubectlFindsByWhatAProductKnows: an organization's id out of a token, or an address.
func TestKubectlFindsByWhatAProductKnows(t *testing.T) {
	kubectl := makeWorld(t)
	kubectl("patch", "member/jane", "--subresource=status", "--type=merge", "-p", `{"status":{"organizationID":"org_1"}}`)
	for selector, want := range map[string]string{
		"customers status.organizationID=org_1":   "customer.seatwarden.dev/acme",
		"customers status.organizationID=org_2":   "",
		"customers spec.tenantRef.name=columns":   "customer.seatwarden.dev/acme",
		"members spec.email=jane@acme.com":        "member.seatwarden.dev/jane",
		"members spec.email=joe@acme.com":         "",
		"members spec.customerRef.name=acme":      "member.seatwarden.dev/jane",
		"members status.organizationID=org_1":     "member.seatwarden.dev/jane",
		"members spec.customerRef.name=elsewhere": "",
	} {
		kind, fields, _ := strings.Cut(selector, " ")
		NewWithT(t).Expect(strings.TrimSpace(kubectl("get", kind, "-o", "name", "--field-selector", fields))).To(Equal(want), selector)
	}
}

// TestKubectlExplainsEveryField: a field that holds others has words of its own.
func TestKubectlExplainsEveryField(t *testing.T) {
	g := NewWithT(t)
	for _, field := range []string{"customer.spec.removal", "customer.spec.invitations", "customer.spec.organization", "customer.spec.contract", "auth0tenant.spec.guard", "member.spec.customerRef"} {
		told, err := envtesting.ControlPlane().Kubectl(t.Context(), "explain", field)
		g.Expect(err).NotTo(HaveOccurred())
		_, text, _ := strings.Cut(told, "DESCRIPTION:")
		text, _, _ = strings.Cut(text, "FIELDS:")
		g.Expect(strings.TrimSpace(text)).NotTo(Or(BeEmpty(), Equal("<empty>")), told)
	}
}

func TestKubectlKnowsShortNamesAndTheCategory(t *testing.T) {
	kubectl := makeWorld(t)
	for args, want := range map[string]string{
		"get a0t columns":  "auth0tenant.seatwarden.dev/columns",
		"get cust":         "customer.seatwarden.dev/acme",
		"get mbr":          "member.seatwarden.dev/jane",
		"get auth0tenants": "auth0tenant.seatwarden.dev/columns",
	} {
		NewWithT(t).Expect(strings.Fields(kubectl(append(strings.Fields(args), "-o", "name")...))).To(ConsistOf(want), args)
	}
	NewWithT(t).Expect(strings.Fields(kubectl("get", "seatwarden", "-o", "name"))).To(ConsistOf(
		"auth0tenant.seatwarden.dev/columns", "customer.seatwarden.dev/acme", "member.seatwarden.dev/jane"))
}

func TestKubectlExplainsFields(t *testing.T) {
	g := NewWithT(t)
	for field, says := range map[string]string{
		"auth0tenant.spec.domain":       "It cannot be changed",
		"customer.spec.invitations.ttl": "720h",
		"customer.spec.seats":           "lowering it removes nobody",
		"member.spec.email":             "without regard",
		"member.status.invitation":      "It never holds the",
	} {
		g.Expect(envtesting.ControlPlane().Kubectl(t.Context(), "explain", field)).To(ContainSubstring(says), field)
	}
}

func TestRefusalReadsWell(t *testing.T) {
	g := NewWithT(t)
	_, err := envtesting.ControlPlane().KubectlInput(t.Context(), strings.NewReader(strings.ReplaceAll(world, "jane@acme.com", "jane@acme")),
		"apply", "--dry-run=server", "-f", "-")
	g.Expect(err).To(MatchError(ContainSubstring(
		`The Member "jane" is invalid: spec.email: Invalid value: "jane@acme": ` + emailRule)))
}

func TestExamplesOfTheDocsAreValid(t *testing.T) {
	g := NewWithT(t)
	root, err := controlplane.Root()
	g.Expect(err).NotTo(HaveOccurred())
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	g.Expect(err).NotTo(HaveOccurred())
	namespace := "namespace: " + envtesting.Namespace(t)
	examples := 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		g.Expect(err).NotTo(HaveOccurred())
		for _, example := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
			out, err := envtesting.ControlPlane().KubectlInput(t.Context(), strings.NewReader(strings.ReplaceAll(example[1], "namespace: sales", namespace)), "apply", "--dry-run=server", "-f", "-")
			g.Expect(err).NotTo(HaveOccurred(), page)
			g.Expect(out).To(ContainSubstring("created (server dry run)"), page)
			examples++
		}
	}
	g.Expect(examples).To(BeNumerically(">=", len(kinds)))
}
