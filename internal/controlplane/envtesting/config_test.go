package envtesting_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/controlplane"
	"github.com/seatwarden/seatwarden/internal/controlplane/envtesting"
)

func TestMain(m *testing.M) {
	os.Exit(envtesting.Run(m, envtesting.Options{
		ControllerManager: true, // it aggregates roles and checks the policies' types
		Kustomizations:    []string{"default"},
	}))
}

const customer = `
apiVersion: seatwarden.dev/v1alpha1
kind: Customer
metadata: {name: %s}
spec:
  seats: %d
  domains: [%s]
  admins: [{email: "%s"}]
`

const member = `
apiVersion: seatwarden.dev/v1alpha1
kind: Member
metadata: {name: %s}
spec:
  customerRef: {name: %s}
  email: "%s"
`

const tenant = `
apiVersion: seatwarden.dev/v1alpha1
kind: Auth0Tenant
metadata: {name: deleting}
spec:
  domain: deleting.eu.auth0.com
  credentials: {clientID: operator, secretRef: {name: auth0-credentials}}
  application: {clientID: portal}
  inviterName: Portal
`

// apply applies a manifest in the namespace and returns everything that kubectl
// says: what it did and, after it, warnings and refusals.
func apply(t *testing.T, namespace, manifest string, args ...string) string {
	t.Helper()
	args = append([]string{"apply", "-n", namespace, "--warnings-as-errors", "-f", "-"}, args...)
	out, err := envtesting.ControlPlane().KubectlInput(t.Context(), strings.NewReader(manifest), args...)
	if err != nil {
		return out + err.Error()
	}
	return out
}

// waitForPolicies waits until the admission policies are in force.
func waitForPolicies(t *testing.T, g Gomega) {
	t.Helper()
	probe := envtesting.Namespace(t)
	apply(t, probe, fmt.Sprintf(customer, "probe", 0, "probe.com", "it@probe.com"))
	for _, refused := range []struct{ email, says string }{{"x@elsewhere.com", "is not among the domains"}, {"x@probe.com", "seats in use"}} {
		g.Eventually(func() string {
			return apply(t, probe, fmt.Sprintf(member, "probe", "probe", refused.email), "--dry-run=server")
		}).WithTimeout(30 * time.Second).WithPolling(200 * time.Millisecond).Should(ContainSubstring(refused.says))
	}
}

func TestDomainsAreJudgedWhenAMemberIsCreated(t *testing.T) {
	g := NewWithT(t)
	waitForPolicies(t, g)
	namespace := envtesting.Namespace(t)
	g.Expect(apply(t, namespace, fmt.Sprintf(customer, "acme", 50, `Acme.com, "*.Acme.io"`, "it@acme.com"))).To(ContainSubstring("created"))
	g.Expect(apply(t, namespace, fmt.Sprintf(customer, "beta", 50, "beta.com", "it@beta.com"))).To(ContainSubstring("created"))
	const created = "created"

	for name, test := range map[string]struct{ customer, email, says string }{
		"a domain of the contract":                  {"acme", "jane@acme.com", created},
		"in another case":                           {"acme", "Jane@ACME.com", created},
		"a domain below one":                        {"acme", "jane@eu.acme.io", created},
		"two below":                                 {"acme", "jane@berlin.eu.acme.io", created},
		"the domain that only those below are of":   {"acme", "jane@acme.io", "the e-mail's domain acme.io is not among the domains of Customer acme (Acme.com, *.Acme.io)"},
		"one that ends alike":                       {"acme", "jane@notacme.com", "notacme.com is not among"},
		"one that ends alike below":                 {"acme", "jane@notacme.io", "notacme.io is not among"},
		"one below a domain that stands for itself": {"acme", "jane@eu.acme.com", "eu.acme.com is not among"},
		"another Customer's":                        {"acme", "jane@beta.com", "use an address inside them, or have the domain added to the Customer"},
		"the other Customer's own":                  {"beta", "jane@beta.com", created},
		"a Customer that is not there yet":          {"later", "jane@anywhere.com", created},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			g.Expect(apply(t, namespace, fmt.Sprintf(member, "jane", test.customer, test.email), "--dry-run=server")).To(ContainSubstring(test.says))
		})
	}
}

func TestDomainsAreJudgedInTheLongestContract(t *testing.T) {
	g := NewWithT(t)
	waitForPolicies(t, g)
	namespace := envtesting.Namespace(t)
	domains := []string{"acme.com"}
	for i := range 49 {
		label := strings.Repeat(fmt.Sprintf("a%02d", i), 20)
		domains = append(domains, strings.Join([]string{label, label, label, label, "com"}, "."))
	}
	out := apply(t, namespace, fmt.Sprintf(customer, "acme", 50, strings.Join(domains, ", "), "it@acme.com"))
	g.Expect(out).To(ContainSubstring("created"))
	g.Eventually(func() string {
		return apply(t, namespace, fmt.Sprintf(member, "jane", "acme", "jane@elsewhere.com"), "--dry-run=server")
	}).WithTimeout(10 * time.Second).Should(ContainSubstring("use an address inside them"))
	g.Expect(apply(t, namespace, fmt.Sprintf(member, "jane", "acme", "jane@"+domains[49]), "--dry-run=server")).To(ContainSubstring("created"))
}

func TestDomainsNarrowedRefuseNoUpdateAndNoRemoval(t *testing.T) {
	g := NewWithT(t)
	waitForPolicies(t, g)
	namespace := envtesting.Namespace(t)
	kubectl := func(args ...string) (string, error) {
		return envtesting.ControlPlane().Kubectl(t.Context(), append(args, "-n", namespace)...)
	}
	apply(t, namespace, fmt.Sprintf(customer, "acme", 50, "acme.com, acme.io", "it@acme.com"))
	apply(t, namespace, fmt.Sprintf(member, "jane", "acme", "jane@acme.io"))
	_, err := kubectl("patch", "member", "jane", "--type=merge", "-p", `{"metadata":{"finalizers":["seatwarden.dev/finalizer"]}}`)
	g.Expect(err).NotTo(HaveOccurred())

	apply(t, namespace, fmt.Sprintf(customer, "acme", 50, "acme.com", "it@acme.com"))
	g.Eventually(func() string {
		return apply(t, namespace, fmt.Sprintf(member, "joe", "acme", "joe@acme.io"), "--dry-run=server")
	}).WithTimeout(10 * time.Second).Should(ContainSubstring("acme.io is not among"))

	_, err = kubectl("annotate", "member", "jane", "seatwarden.dev/reconcile-requested-at=now")
	g.Expect(err).NotTo(HaveOccurred())
	_, err = kubectl("delete", "member", "jane", "--wait=false")
	g.Expect(err).NotTo(HaveOccurred())
	_, err = kubectl("patch", "member", "jane", "--type=merge", "-p", `{"metadata":{"finalizers":null}}`)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(kubectl("get", "members", "-o", "name")).To(BeEmpty())
}

func TestSeatsAreWarnedOfAndNeverRefused(t *testing.T) {
	g := NewWithT(t)
	waitForPolicies(t, g)
	namespace := envtesting.Namespace(t)
	apply(t, namespace, fmt.Sprintf(customer, "acme", 2, "acme.com", "it@acme.com"))
	jane := fmt.Sprintf(member, "jane", "acme", "jane@acme.com")
	use := func(seats int) {
		_, err := envtesting.ControlPlane().Kubectl(t.Context(), "patch", "customer", "acme", "-n", namespace, "--subresource=status", "--type=merge",
			"-p", fmt.Sprintf(`{"status":{"seats":{"used":%d,"active":0,"invited":0,"waiting":0,"removing":0,"unmanaged":0}}}`, seats))
		g.Expect(err).NotTo(HaveOccurred())
	}
	use(1)
	g.Expect(apply(t, namespace, jane, "--dry-run=server")).NotTo(ContainSubstring("Warning"))
	use(2)
	g.Eventually(func() string { return apply(t, namespace, jane, "--dry-run=server") }).WithTimeout(10 * time.Second).
		Should(And(ContainSubstring("created"), ContainSubstring("Customer acme has 2 of 2 seats in use: this Member waits until one is free or the contract is raised")))
}

// TestDeletionOfACustomerIsWarnedOf: who deletes one that keeps its organization is
// told what lets people in, and nobody is told what is not so.
func TestDeletionOfACustomerIsWarnedOf(t *testing.T) {
	g := NewWithT(t)
	waitForPolicies(t, g)
	namespace := envtesting.Namespace(t)
	kubectl := func(args ...string) string {
		out, err := envtesting.ControlPlane().Kubectl(t.Context(), append(args, "-n", namespace)...)
		g.Expect(err).NotTo(HaveOccurred())
		return out
	}
	apply(t, namespace, tenant)
	apply(t, namespace, strings.Replace(fmt.Sprintf(customer, "acme", 2, "acme.com", "it@acme.com"), "spec:", "spec:\n  tenantRef: {name: deleting}", 1))
	contract := func(is, guard string) {
		kubectl("patch", "customer", "acme", "--subresource=status", "--type=merge", "-p", fmt.Sprintf(`{"status":{"organizationID":"org_1","conditions":[
			{"type":"ContractActive","status":%q,"reason":"R","message":"m","lastTransitionTime":"2026-11-22T09:12:00Z"},
			{"type":"GuardInEffect","status":%q,"reason":"R","message":"m","lastTransitionTime":"2026-11-22T09:12:00Z"}]}}`, is, guard))
	}
	told := func() string {
		out, err := envtesting.ControlPlane().Kubectl(t.Context(), "delete", "customer", "acme", "-n", namespace, "--dry-run=server", "--warnings-as-errors")
		if err != nil {
			return out + err.Error()
		}
		return out
	}
	g.Expect(told()).NotTo(ContainSubstring("Warning"), "it has no organization")
	contract("True", "True")
	g.Eventually(told).WithTimeout(10 * time.Second).Should(And(ContainSubstring("Warning"), ContainSubstring("its contract is active")))
	contract("False", "True")
	g.Expect(told()).NotTo(ContainSubstring("Warning"), "it stays closed")
	contract("False", "False")
	g.Expect(told()).To(ContainSubstring("nothing in Auth0 keeps its people out"))
	kubectl("patch", "customer", "acme", "--type=merge", "-p", `{"spec":{"deletionPolicy":"Delete"}}`)
	g.Expect(told()).NotTo(ContainSubstring("Warning"))
}

func TestPoliciesHaveNoTypeErrors(t *testing.T) {
	g := NewWithT(t)
	for _, policy := range []string{"seatwarden-member-domain", "seatwarden-member-seats", "seatwarden-customer-deletion"} {
		g.Eventually(func() (string, error) {
			return envtesting.ControlPlane().Kubectl(t.Context(), "get", "validatingadmissionpolicy", policy,
				"-o", "jsonpath={.status.observedGeneration} {.status.typeChecking.expressionWarnings}")
		}).WithTimeout(30 * time.Second).Should(Equal("1 "))
	}
}

func TestManagerIsAllowedInItsRestrictedNamespace(t *testing.T) {
	g := NewWithT(t)
	root, err := controlplane.Root()
	g.Expect(err).NotTo(HaveOccurred())
	for _, folder := range []string{"default", "gitops"} {
		_, err = envtesting.ControlPlane().Kubectl(t.Context(), "apply", "--server-side", "--dry-run=server", "--warnings-as-errors",
			"-k", filepath.Join(root, "config", folder))
		g.Expect(err).NotTo(HaveOccurred(), folder)
	}
}

func TestSamplesAreValid(t *testing.T) {
	g := NewWithT(t)
	root, err := controlplane.Root()
	g.Expect(err).NotTo(HaveOccurred())
	out, err := envtesting.ControlPlane().Kubectl(t.Context(), "apply", "--dry-run=server", "-f", filepath.Join(root, "config", "samples"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(strings.Count(out, "created")).To(Equal(3))
}

func TestRolesForPeopleFollowWhoIsTrusted(t *testing.T) {
	g := NewWithT(t)
	ctx := t.Context()
	namespace := envtesting.Namespace(t)
	kubectl := envtesting.ControlPlane().Kubectl
	for _, role := range []string{"view", "edit", "admin", "seatwarden-customer-editor", "seatwarden-tenant-admin"} {
		_, err := kubectl(ctx, "create", "rolebinding", role, "-n", namespace, "--clusterrole="+role, "--user="+role)
		g.Expect(err).NotTo(HaveOccurred())
	}
	_, err := kubectl(ctx, "create", "clusterrolebinding", "seatwarden-tenant-admin", "--clusterrole=seatwarden-tenant-admin", "--user=seatwarden-tenant-admin")
	g.Expect(err).NotTo(HaveOccurred())

	for _, test := range []struct {
		user, verb, resource, answer string // resource/subresource
	}{
		{"view", "list", "members", "yes"},
		{"view", "list", "customers", "yes"},
		{"view", "create", "members", "no"},
		{"edit", "create", "members", "yes"},
		{"edit", "delete", "members", "yes"},
		{"edit", "deletecollection", "members", "no"},
		{"edit", "update", "members/status", "no"},
		{"view", "list", "removals", "yes"},
		{"edit", "delete", "removals", "no"},
		{"seatwarden-customer-editor", "list", "removals", "yes"},
		{"seatwarden-customer-editor", "update", "removals/status", "no"},
		{"edit", "update", "customers", "no"},
		{"admin", "create", "members", "yes"},
		{"admin", "update", "customers", "no"},
		{"seatwarden-customer-editor", "update", "customers", "yes"},
		{"seatwarden-customer-editor", "update", "auth0tenants", "no"},
		{"seatwarden-tenant-admin", "update", "auth0tenants", "yes"},
		{"seatwarden-tenant-admin", "update", "customers", "no"},
		{"system:serviceaccount:seatwarden-system:seatwarden", "create", "members", "yes"},
		{"system:serviceaccount:seatwarden-system:seatwarden", "patch", "customers/status", "yes"},
		{"system:serviceaccount:seatwarden-system:seatwarden", "create", "customers", "no"},
		{"system:serviceaccount:seatwarden-system:seatwarden", "delete", "auth0tenants", "no"},
		{"system:serviceaccount:seatwarden-system:seatwarden", "get", "secrets", "no"},
	} {
		resource, subresource, _ := strings.Cut(test.resource, "/")
		g.Eventually(func() string {
			// It exits 1 for a no.
			out, _ := kubectl(ctx, "auth", "can-i", test.verb, resource, "--subresource="+subresource, "-n", namespace, "--as="+test.user)
			return strings.TrimSpace(out)
		}).WithTimeout(20*time.Second).Should(HavePrefix(test.answer), "%+v", test)
	}
	g.Expect(kubectl(ctx, "auth", "can-i", "list", "secrets", "-n", "seatwarden-system",
		"--as=system:serviceaccount:seatwarden-system:seatwarden")).To(Equal("yes\n"))
}
