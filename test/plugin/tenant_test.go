package plugin_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/cmd/kubectl-seats/commands"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/controlplane/envtesting"
	"github.com/seatwarden/seatwarden/internal/standin"
)

// withTenant starts a stand-in for Auth0 with content, and makes an Auth0Tenant of it
// whose Secret lies in the test's namespace.
func (s *seats) withTenant(name string, seed standin.TenantSeed) *standin.Server {
	s.t.Helper()
	g := NewWithT(s.t)
	server := standin.New(s.t, standin.WithTLS, standin.WithSeed(standin.Seed{TenantSeed: seed}))
	machine, err := server.AddManagementClient()
	g.Expect(err).NotTo(HaveOccurred())
	application, err := server.AddClient(standin.Client{Name: "Portal", OrganizationUsage: "require", InitiateLoginURI: "https://portal.example.com/login"})
	g.Expect(err).NotTo(HaveOccurred())
	roots := x509.NewCertPool()
	g.Expect(roots.AppendCertsFromPEM(server.CAPEM())).To(BeTrue())
	s.options.Auth0 = func(o auth0.Options) (auth0.API, error) {
		o.HTTPTransport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}
		return auth0.New(o)
	}
	s.options.Now = time.Now // the stand-in's
	clients, err := kubernetes.NewForConfig(envtesting.Config())
	g.Expect(err).NotTo(HaveOccurred())
	_, err = clients.CoreV1().Secrets(s.namespace).Create(s.t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "auth0-credentials"}, StringData: map[string]string{"clientSecret": machine.Secret + "\n"}}, metav1.CreateOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	tenant := &v1alpha1.Auth0Tenant{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.Auth0TenantSpec{
		Domain:      server.Domain(),
		Credentials: v1alpha1.Credentials{ClientID: machine.ClientID, SecretRef: v1alpha1.SecretKeyRef{Name: "auth0-credentials"}},
		Application: v1alpha1.Application{ClientID: application.ClientID}, InviterName: "Portal",
	}}
	g.Expect(s.client.Create(s.t.Context(), tenant)).To(Succeed())
	s.t.Cleanup(func() { _ = s.client.Delete(context.WithoutCancel(s.t.Context()), tenant) })
	return server
}

var exportable = standin.TenantSeed{
	Connections: []standin.Connection{{Name: "acme-okta", Strategy: "okta"}},
	Users: []standin.UserSeed{
		{Connection: "acme-okta", Email: "jane@acme.com"}, {Connection: "acme-okta", Email: "Joe@acme.com"},
		{Connection: "acme-okta", Email: "kim@acme.io"}, {Connection: "acme-okta", Sub: "phone"},
	},
	Organizations: []standin.OrganizationSeed{
		{Name: "acme", DisplayName: "Acme AG", Connections: []string{"acme-okta"}, Members: []string{"jane@acme.com", "Joe@acme.com", "kim@acme.io"}},
		{Name: "empty"},
		{Name: "owned", Members: []string{"jane@acme.com"}, Metadata: map[string]string{"seatwarden_owner": "5f0c/sales/owned"}},
	},
}

func TestExportIsReadyToApplyAndChangesNothing(t *testing.T) {
	g := NewWithT(t)
	s := newSeats(t)
	server := s.withTenant("default", exportable)
	before := len(writes(server))
	s.flags = append(s.flags, "--operator-namespace", s.namespace)
	s.golden("export", true, "export", "default")
	g.Expect(writes(server)).To(HaveLen(before), "an export only reads")

	text, _ := s.run("export", "default", "--organization", "acme")
	out, err := envtesting.ControlPlane().KubectlInput(t.Context(), strings.NewReader(strings.ReplaceAll(text, "namespace: sales", "namespace: "+s.namespace)), "apply", "-f", "-", "--dry-run=server")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(strings.Count(out, "created (server dry run)")).To(Equal(4), out)
}

// writes are the calls that changed something.
func writes(server *standin.Server) []string {
	var calls []string
	for _, entry := range server.Audit() {
		if entry.Method != http.MethodGet && entry.Route != "/oauth/token" {
			calls = append(calls, entry.Method+" "+entry.Route)
		}
	}
	return calls
}

func TestExportSaysWhoseCredentialsItNeeds(t *testing.T) {
	g := NewWithT(t)
	s := newSeats(t)
	s.withTenant("default", exportable)
	out, ok := s.run("export", "nobody")
	g.Expect(ok).To(BeFalse())
	g.Expect(out).To(Equal("Error from server (NotFound): auth0tenants.seatwarden.dev \"nobody\" not found\n"))
	out, ok = s.run("export", "default")
	g.Expect(ok).To(BeFalse())
	g.Expect(out).To(Equal("error: there is no Secret auth0-credentials in namespace seatwarden-system, which should hold the credentials of Auth0Tenant default: --operator-namespace says where the operator runs\n"))

	// Somebody who may read Auth0Tenants, and no Secrets.
	_, err := envtesting.ControlPlane().KubectlInput(t.Context(), strings.NewReader(strings.ReplaceAll(`
apiVersion: v1
kind: ServiceAccount
metadata: {name: reader, namespace: NS}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: NS-reader}
rules: [{apiGroups: [seatwarden.dev], resources: [auth0tenants], verbs: [get, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: NS-reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: NS-reader}
subjects: [{kind: ServiceAccount, name: reader, namespace: NS}]
`, "NS", s.namespace)), "apply", "-f", "-")
	g.Expect(err).NotTo(HaveOccurred())
	kubeconfig, err := envtesting.ControlPlane().KubeconfigFor(t.Context(), s.namespace, "reader")
	g.Expect(err).NotTo(HaveOccurred())
	s.flags = []string{"--kubeconfig", kubeconfig, "--operator-namespace", s.namespace}
	g.Eventually(func() string {
		out, _ := s.run("export", "default")
		return out
	}).WithTimeout(20 * time.Second).Should(Equal("error: you may not read Secret auth0-credentials in namespace sales, which holds the credentials of Auth0Tenant default: ask somebody who may\n"))
	checked, ok := s.run("check", "default")
	g.Expect(ok).To(BeTrue(), "what is not known is no problem")
	g.Expect(checked).To(ContainSubstring("not asked: you may not read Secret auth0-credentials"))
	g.Expect(checked).To(ContainSubstring("you may not list ValidatingAdmissionPolicyBindings"))
}

// seen is what the operator says of a tenant.
func (s *seats) seen(name string, conditions ...metav1.Condition) {
	tenant := &v1alpha1.Auth0Tenant{}
	NewWithT(s.t).Expect(s.client.Get(s.t.Context(), keyOf(name), tenant)).To(Succeed())
	change(s, tenant, func(tenant *v1alpha1.Auth0Tenant) {
		tenant.Status.ObservedGeneration = tenant.Generation
		for _, condition := range conditions {
			condition.LastTransitionTime = metav1.NewTime(now)
			tenant.Status.Conditions = append(tenant.Status.Conditions, condition)
		}
	})
}

func TestCheckTellsProblemsFromWhatIsInOrder(t *testing.T) {
	g := NewWithT(t)
	s := newSeats(t)
	server := s.withTenant("default", standin.TenantSeed{})
	s.flags = append(s.flags, "--operator-namespace", s.namespace)
	s.seen("default",
		metav1.Condition{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonReconciled, Message: "Auth0 answers, and has every scope that is needed"},
		metav1.Condition{Type: v1alpha1.ConditionCredentialsValid, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonCredentialsAccepted, Message: "Auth0 gave a token"},
		metav1.Condition{Type: v1alpha1.ConditionScopesGranted, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonScopesGranted, Message: "every scope that is needed is granted"},
		metav1.Condition{Type: v1alpha1.ConditionGuardDeployed, Status: metav1.ConditionUnknown, Reason: v1alpha1.ReasonDeployedExternally, Message: "you deploy the Action; the operator cannot tell whether you have"},
		metav1.Condition{Type: v1alpha1.ConditionWithinLimits, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonWithinLimits, Message: "no rate limit is short"})
	s.golden("check", true, "check", "default")

	closed, err := server.AddClient(standin.Client{Name: "Closed", OrganizationUsage: "deny"})
	g.Expect(err).NotTo(HaveOccurred())
	tenant := &v1alpha1.Auth0Tenant{}
	g.Expect(s.client.Get(t.Context(), keyOf("default"), tenant)).To(Succeed())
	tenant.Spec.Application.ClientID = closed.ClientID
	g.Expect(s.client.Update(t.Context(), tenant)).To(Succeed())
	out, ok := s.run("check", "default")
	g.Expect(ok).To(BeFalse())
	g.Expect(out).To(MatchRegexp(`application +problem +application Closed does not allow organizations`))
	s.options.Now = func() time.Time { return time.Now().Add(150 * time.Minute) }
	out, _ = s.run("check", "default", "-o", "json")
	g.Expect(out).To(ContainSubstring("differs from Auth0's by 2h"))
}

func keyOf(name string) client.ObjectKey { return client.ObjectKey{Name: name} }

func TestCheckOfAClusterWithoutTenants(t *testing.T) {
	g := NewWithT(t)
	out, ok := newSeats(t).run("check")
	g.Expect(ok).To(BeFalse())
	g.Expect(out).To(ContainSubstring("there is no Auth0Tenant: create one"))
}

func TestPlanShowsWhatObserveKeepsFromBeingDone(t *testing.T) {
	s := newSeats(t, "sales.yaml")
	s.golden("plan-manage", true, "plan", "acme")
	change(s, s.customer("acme"), func(c *v1alpha1.Customer) {
		c.Status.Conditions[0].Reason = v1alpha1.ReasonObserving
		c.Status.PlannedCount = 7
		c.Status.Planned = []v1alpha1.PlannedCall{{Route: "POST /api/v2/organizations", About: "acme"}}
	})
	change(s, s.member("acme-joe"), func(m *v1alpha1.Member) {
		m.Status.Planned = []v1alpha1.PlannedCall{{Route: "POST /api/v2/organizations/{id}/invitations", About: "joe@acme.com"}}
	})
	s.golden("plan", true, "plan", "acme")
}

func TestSecretsAreNotInTheReport(t *testing.T) {
	g := NewWithT(t)
	s := newSeats(t, "sales.yaml")
	s.withTenant("default", standin.TenantSeed{})
	out, ok := s.run("report")
	g.Expect(ok).To(BeTrue())
	for _, word := range []string{"@", "jane", "auth0|", "okta|", "clientSecret:", "managedFields"} {
		g.Expect(out).NotTo(ContainSubstring(word))
	}
	for _, kind := range []string{"Auth0Tenant", "Customer", "Member", "Event"} {
		g.Expect(out).To(ContainSubstring("kind: " + kind))
	}
	file := filepath.Join(t.TempDir(), "report.yaml")
	written, ok := s.run("report", "-f", file)
	g.Expect(ok).To(BeTrue())
	s.printed("report", "report -f report.yaml -n sales", strings.ReplaceAll(written, file, "report.yaml"))
	g.Expect(os.ReadFile(file)).To(ContainSubstring("kind: Customer"))
}

func TestVersionNeedsNoCluster(t *testing.T) {
	g := NewWithT(t)
	s := newSeats(t)
	s.flags = []string{"--server", "https://127.0.0.1:1"}
	out, ok := s.run("version")
	g.Expect(ok).To(BeTrue())
	machine := strings.NewReplacer(commands.Version(), "v0.1.0", runtime.Version(), "go1.26.0", runtime.GOOS+"/"+runtime.GOARCH, "linux/amd64")
	s.printed("version", "version", machine.Replace(out))
}

// printed compares with testdata/NAME.golden what a command printed.
func (s *seats) printed(name, command, out string) {
	s.t.Helper()
	g := NewWithT(s.t)
	text, path := "$ kubectl seats "+command+"\n"+out, filepath.Join("testdata", name+".golden")
	if *update {
		g.Expect(os.WriteFile(path, []byte(text), 0o600)).To(Succeed())
	}
	g.Expect(os.ReadFile(path)).To(BeEquivalentTo(text))
}
