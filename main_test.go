package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/controlplane/envtesting"
)

const (
	system   = "seatwarden-system"
	patience = time.Minute
)

func TestMain(m *testing.M) {
	os.Exit(envtesting.Run(m, envtesting.Options{Kustomizations: []string{"rbac"}}))
}

// TestReplicaTakesOverAtOnce: an orderly stop gives the lease back, so nobody waits
// until it has run out (15 s), and the replica that waited was ready all along.
func TestReplicaTakesOverAtOnce(t *testing.T) {
	g := NewWithT(t)
	binary := filepath.Join(t.TempDir(), "seatwarden")
	build(t, g, binary)

	first := startReplica(t, g, binary)
	g.Eventually(holder, patience).ShouldNot(BeEmpty())
	leader := holder()
	startReplica(t, g, binary)
	g.Expect(holder()).To(Equal(leader))

	g.Expect(first.Process.Signal(syscall.SIGTERM)).To(Succeed())
	g.Expect(first.Wait()).To(Succeed(), "an orderly stop is no failure")
	g.Expect(holder()).NotTo(Equal(leader), "the lease is given back")
	g.Eventually(holder, patience).Should(And(Not(BeEmpty()), Not(Equal(leader))))
}

func build(t *testing.T, g Gomega, binary string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".").CombinedOutput()
	g.Expect(err).NotTo(HaveOccurred(), string(out))
}

// startReplica runs the operator as its ServiceAccount and waits until it is ready.
func startReplica(t *testing.T, g Gomega, binary string, more ...string) *exec.Cmd {
	t.Helper()
	kubeconfig, err := envtesting.ControlPlane().KubeconfigFor(t.Context(), system, "seatwarden")
	g.Expect(err).NotTo(HaveOccurred())
	probes := freeAddress(t, g)
	replica := exec.CommandContext(t.Context(), binary, append(more, "--leader-elect", "--namespace", system, "--metrics-bind-address", "0", "--health-probe-bind-address", probes)...)
	replica.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig)
	replica.Stdout, replica.Stderr = t.Output(), t.Output()
	g.Expect(replica.Start()).To(Succeed())
	t.Cleanup(func() { _, _ = replica.Process.Kill(), replica.Wait() })
	g.Eventually(func() error {
		response, err := http.Get("http://" + probes + "/readyz")
		if err != nil {
			return err
		}
		if err := response.Body.Close(); err != nil {
			return err
		}
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("%s", response.Status)
		}
		return nil
	}, patience).Should(Succeed())
	return replica
}

// holder of the lease, empty for nobody.
func holder() string {
	out, _ := envtesting.ControlPlane().Kubectl(context.Background(), "get", "lease", "seatwarden.dev", "-n", system, "-o", "jsonpath={.spec.holderIdentity}")
	return out
}

func freeAddress(t *testing.T, g Gomega) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(listener.Close()).To(Succeed())
	return listener.Addr().String()
}

// TestMakeDeployTakesAnyImage: a tag that looks like a number stays a text, a
// registry's port is no tag, and a digest is kept.
func TestMakeDeployTakesAnyImage(t *testing.T) {
	for _, image := range []string{"seatwarden:1.2", "registry.example.com:5000/team/seatwarden", "registry.example.com:5000/seatwarden:007", "seatwarden@sha256:" + strings.Repeat("0a", 32)} {
		t.Run(image, func(t *testing.T) {
			g := NewWithT(t)
			// The namespace and the Deployment are all that is looked at.
			out, err := makeWithKubectl(t, "deploy", "IMG="+image, "DIST="+t.TempDir())
			g.Expect(err).NotTo(HaveOccurred(), string(out))
			deployed, err := envtesting.ControlPlane().Kubectl(t.Context(), "get", "deployment", "seatwarden", "-n", system, "-o", "jsonpath={.spec.template.spec.containers[0].image}")
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(deployed).To(Equal(image))
		})
	}
}

// TestInstallerIsAccepted: dist/install.yaml is everything in one file, with the image.
func TestInstallerIsAccepted(t *testing.T) {
	g := NewWithT(t)
	dist := filepath.Join(t.TempDir(), "dist")
	out, err := makeWithKubectl(t, "build-installer", "IMG=registry.example.com/seatwarden:007", "DIST="+dist)
	g.Expect(err).NotTo(HaveOccurred(), string(out))
	installer := filepath.Join(dist, "install.yaml")
	text, err := os.ReadFile(installer)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(text)).To(ContainSubstring("image: registry.example.com/seatwarden:007\n"))
	dryRun, err := envtesting.ControlPlane().Kubectl(t.Context(), "apply", "--server-side", "--force-conflicts", "--dry-run=server", "--warnings-as-errors", "-f", installer)
	g.Expect(err).NotTo(HaveOccurred())
	for _, object := range []string{"customresourcedefinition.apiextensions.k8s.io/members.seatwarden.dev", "namespace/" + system, "clusterrole.rbac.authorization.k8s.io/seatwarden-manager",
		"deployment.apps/seatwarden", "validatingadmissionpolicy.admissionregistration.k8s.io/seatwarden-member-domain"} {
		g.Expect(dryRun).To(ContainSubstring(object + " serverside-applied"))
	}
}

// makeWithKubectl runs make against the test's cluster.
func makeWithKubectl(t *testing.T, args ...string) ([]byte, error) {
	t.Helper()
	kubectl := envtesting.ControlPlane().KubectlPath() + " --kubeconfig=" + envtesting.ControlPlane().Kubeconfig()
	return exec.CommandContext(t.Context(), "make", append(args, "KUBECTL="+kubectl)...).CombinedOutput()
}
