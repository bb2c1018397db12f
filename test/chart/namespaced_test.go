package chart

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	. "github.com/onsi/gomega"
)

// written is what an operator logs.
type written struct {
	mu   sync.Mutex
	text strings.Builder
}

func (w *written) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

func (w *written) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// TestOperatorWatchesSomeNamespaces: by Roles there it serves them and the Auth0Tenants,
// is refused nothing that it asks for, and may do nothing elsewhere.
func TestOperatorWatchesSomeNamespaces(t *testing.T) {
	g := NewWithT(t)
	for _, namespace := range []string{"watched", "watched-too", "elsewhere"} {
		kubectl(t, g, "create", "namespace", namespace)
	}
	values := map[string]any{"image": image, "policies": "None", "watchNamespaces": []any{"watched", "watched-too"}}
	_, err := installer(t, g, helm(t, g, system), system).Run(load(g), values)
	g.Expect(err).NotTo(HaveOccurred())
	established(t, g)

	log := &written{}
	_, _, account := startOperator(t, g, log)
	t.Cleanup(func() {
		if !t.Failed() {
			return
		}
		t.Log(log.String())
		// What a failure leaves must not keep the CRDs.
		for _, object := range []string{"members/jane -n watched", "customers/acme -n watched", "customers/acme -n watched-too", "auth0tenants/default"} {
			_, err := plane.Kubectl(context.WithoutCancel(t.Context()), append(append([]string{"patch"}, strings.Fields(object)...), "--type=merge", "-p", `{"metadata":{"finalizers":null}}`)...)
			t.Log(object, err)
		}
	})
	apply := func(manifest string) {
		_, err := plane.KubectlInput(t.Context(), strings.NewReader(manifest), "apply", "-f", "-")
		g.Expect(err).NotTo(HaveOccurred())
	}
	ready := func(object, namespace string) func() string {
		return func() string {
			out, _ := plane.Kubectl(t.Context(), "get", object, "-n", namespace, "-o", `jsonpath={.status.conditions[?(@.type=="Ready")].reason}`)
			return out
		}
	}
	for _, namespace := range []string{"watched", "watched-too", "elsewhere"} {
		apply(fmt.Sprintf(`
apiVersion: seatwarden.dev/v1alpha1
kind: Customer
metadata: {name: acme, namespace: %[1]s}
spec: {seats: 3, domains: [acme.com], admins: [{email: boss@acme.com}]}
`, namespace))
	}
	apply(`
apiVersion: seatwarden.dev/v1alpha1
kind: Member
metadata: {name: jane, namespace: watched}
spec: {customerRef: {name: acme}, email: jane@acme.com}
`)
	for _, namespace := range []string{"watched", "watched-too"} {
		g.Eventually(ready("customer/acme", namespace), patience, often).Should(Equal("TenantNotFound"))
	}
	g.Eventually(ready("member/jane", "watched"), patience, often).ShouldNot(BeEmpty())
	kubectl(t, g, "delete", "members,customers", "--all", "-n", "watched", "--timeout", "180s")
	kubectl(t, g, "delete", "customers", "--all", "-n", "watched-too", "--timeout", "180s")
	apply(`
apiVersion: seatwarden.dev/v1alpha1
kind: Auth0Tenant
metadata: {name: default}
spec:
  domain: acme.eu.auth0.com
  credentials: {clientID: operator, secretRef: {name: not-there}}
  application: {clientID: portal}
  inviterName: Portal
  guard: {mode: "Off"}
  namespaces: [{name: watched, trust: Full}]
`)
	g.Eventually(ready("auth0tenant/default", "default"), patience, often).Should(Equal("SecretNotFound"))
	g.Eventually(func() string {
		return kubectl(t, g, "get", "events.v1.events.k8s.io", "-n", "default", "-o", "jsonpath={.items[*].regarding.kind}")
	}, patience, often).Should(ContainSubstring("Auth0Tenant"))
	kubectl(t, g, "delete", "auth0tenant/default", "--timeout", "180s")

	g.Expect(ready("customer/acme", "elsewhere")()).To(BeEmpty(), "nobody looks there")
	mayIn(t, g, "watched", account)
	g.Expect(log.String()).NotTo(ContainSubstring("forbidden"))
}

// TestConfigForOneNamespace: kustomize grants the same.
func TestConfigForOneNamespace(t *testing.T) {
	g := NewWithT(t)
	kubectl(t, g, "create", "namespace", "sales")
	t.Cleanup(func() { deleteCRDs(t) })
	kubectl(t, g, "apply", "--server-side", "-k", root+"/config/crd")
	established(t, g)
	all := objects(g, kubectl(t, g, "kustomize", root+"/config/namespaced"))
	g.Expect(container(g, deployment(g, all))["args"]).To(ContainElement("--watch-namespaces=sales"))
	kubectl(t, g, "apply", "-f", root+"/config/rbac/namespace.yaml")
	for key, object := range all {
		if !strings.HasPrefix(object.GroupVersionKind().Group, "rbac.") {
			continue
		}
		_, err := plane.KubectlInput(t.Context(), asYAML(g, object), "apply", "-f", "-")
		g.Expect(err).NotTo(HaveOccurred(), key)
		t.Cleanup(func() {
			_, err := plane.KubectlInput(context.WithoutCancel(t.Context()), asYAML(g, object), "delete", "-f", "-")
			g.Expect(err).NotTo(HaveOccurred())
		})
	}
	mayIn(t, g, "sales", "seatwarden")
}

// mayIn expects the operator to have its rights in one namespace and nowhere else.
func mayIn(t *testing.T, g Gomega, watched, account string) {
	t.Helper()
	for question, want := range map[string]string{
		"list members.seatwarden.dev -n " + watched: "yes", "patch members.seatwarden.dev --subresource=status -n " + watched: "yes",
		"list auth0tenants.seatwarden.dev": "yes", "create events.events.k8s.io -n default": "yes",
		"list members.seatwarden.dev -A": "no", "list members.seatwarden.dev -n default": "no",
		"patch customers.seatwarden.dev -n kube-public": "no", "get secrets -n " + watched: "no",
	} {
		answer, _ := plane.Kubectl(t.Context(), append([]string{"auth", "can-i", "--as", "system:serviceaccount:" + system + ":" + account}, strings.Fields(question)...)...)
		g.Expect(strings.Fields(answer + " nothing")[0]).To(Equal(want), question)
	}
}
