package argocd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/seatwarden/seatwarden/internal/controlplane/envtesting"
	"github.com/seatwarden/seatwarden/internal/controlplane/process"
)

// argo is the Argo CD that the tests share.
var argo server

type server struct {
	binary, dir string
	redis       *miniredis.Miniredis
	processes   []*process.Process
}

func TestMain(m *testing.M) {
	ctrl.SetLogger(logr.Discard()) // each operator logs to its test
	if err := argo.build(); err != nil {
		fmt.Fprintln(os.Stderr, "argocd:", err)
		os.Exit(1)
	}
	// Argo CD prunes in the foreground, which the garbage collector brings to an end.
	code := envtesting.Run(m, envtesting.Options{ControllerManager: true, Kustomizations: []string{"rbac", "policy/warn"}})
	if err := argo.stop(); err != nil {
		fmt.Fprintln(os.Stderr, "argocd:", err)
		code = 1
	}
	os.Exit(code)
}

// build has Go build Argo CD, or finds it in Go's cache.
func (s *server) build() error {
	start := time.Now()
	fmt.Fprintln(os.Stderr, "building Argo CD from its Go modules, unless Go's cache has it; some 6 CPU minutes")
	out, err := exec.Command("go", "-C", "server", "tool", "-n", "cmd").Output() //nolint:noctx // as long as it takes
	if err != nil {
		return fmt.Errorf("build Argo CD: %w: %s", err, stderr(err))
	}
	s.binary = strings.TrimSpace(string(out))
	fmt.Fprintln(os.Stderr, "Argo CD is built, after", time.Since(start).Round(time.Second))
	return nil
}

func stderr(err error) []byte {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.Stderr
	}
	return nil
}

// crds is the folder with Argo CD's CRDs, in its module.
func crds(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "-C", "server", "list", "-m", "-f", "{{.Dir}}", "github.com/argoproj/argo-cd/v3").Output()
	if err != nil {
		return "", fmt.Errorf("find Argo CD's module: %w: %s", err, stderr(err))
	}
	return filepath.Join(strings.TrimSpace(string(out)), "manifests", "crds"), nil
}

// installation is what Argo CD's controller reads, beside argocd-cm's checks.
const installation = `
apiVersion: v1
kind: Namespace
metadata: {name: argocd}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-cm, namespace: argocd, labels: {app.kubernetes.io/part-of: argocd}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-rbac-cm, namespace: argocd, labels: {app.kubernetes.io/part-of: argocd}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-tls-certs-cm, namespace: argocd, labels: {app.kubernetes.io/part-of: argocd}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-ssh-known-hosts-cm, namespace: argocd, labels: {app.kubernetes.io/part-of: argocd}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-gpg-keys-cm, namespace: argocd, labels: {app.kubernetes.io/part-of: argocd}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-cmd-params-cm, namespace: argocd, labels: {app.kubernetes.io/part-of: argocd}}
---
apiVersion: v1
kind: Secret
metadata: {name: argocd-secret, namespace: argocd, labels: {app.kubernetes.io/part-of: argocd}}
stringData: {server.secretkey: not-a-secret}
---
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: {name: default, namespace: argocd, labels: {app.kubernetes.io/part-of: argocd}}
spec:
  sourceRepos: ["*"]
  destinations: [{namespace: "*", server: "*"}]
  clusterResourceWhitelist: [{group: "*", kind: "*"}]
`

// start installs and starts Argo CD, once: the repository server and the controller.
func (s *server) start(ctx context.Context) error {
	if len(s.processes) > 0 {
		return nil
	}
	plane := envtesting.ControlPlane()
	manifests, err := crds(ctx)
	if err != nil {
		return err
	}
	apply := func(stdin string, args ...string) {
		if err == nil {
			_, err = plane.KubectlInput(ctx, strings.NewReader(stdin), append([]string{"apply", "--server-side"}, args...)...)
		}
	}
	for _, crd := range []string{"application", "appproject", "applicationset"} {
		apply("", "-f", filepath.Join(manifests, crd+"-crd.yaml"))
	}
	if err != nil {
		return err
	}
	err = envtesting.UntilCRDsAreServed(ctx)
	apply(installation, "-f", "-")
	// As docs/gitops.md says.
	apply("", "--field-manager", "seatwarden", "-n", "argocd", "-f", "../../config/argocd/argocd-cm.yaml")
	if err != nil {
		return err
	}
	if s.dir, err = os.MkdirTemp("", "seatwarden-argocd-"); err != nil {
		return err
	}
	if s.redis, err = miniredis.Run(); err != nil {
		return err
	}
	ports, err := freePorts(3)
	if err != nil {
		return err
	}
	repoServer := "127.0.0.1:" + ports[0]
	if err := s.run("argocd-repo-server", "--redis", s.redis.Addr(), "--address", "127.0.0.1", "--port", ports[0], "--metrics-port", ports[1], "--disable-tls"); err != nil {
		return err
	}
	return s.run("argocd-application-controller", "--kubeconfig", plane.Kubeconfig(), "-n", "argocd", "--redis", s.redis.Addr(),
		"--repo-server", repoServer, "--repo-server-plaintext", "--app-resync", "5", "--app-resync-jitter", "0", "--metrics-port", ports[2])
}

// environment of an Argo CD that has its files in a folder of its own.
func (s *server) environment(name string) ([]string, error) {
	out := []string{
		"ARGOCD_BINARY_NAME=" + name, "ARGOCD_FAKE_IN_CLUSTER=true", "ARGOCD_GPG_ENABLED=false", "HOSTNAME=ctrl-0",
		"KUBECONFIG=" + envtesting.ControlPlane().Kubeconfig(), "ARGOCD_ASK_PASS_SOCK=" + filepath.Join(s.dir, "ask-pass.sock"),
	}
	for variable, folder := range map[string]string{
		"ARGOCD_TLS_DATA_PATH": "tls", "ARGOCD_SSH_DATA_PATH": "ssh", "ARGOCD_GPG_DATA_PATH": "gpg", "TMPDIR": "tmp", "HOME": "home",
	} {
		path := filepath.Join(s.dir, folder)
		if err := os.MkdirAll(path, 0o700); err != nil {
			return nil, err
		}
		out = append(out, variable+"="+path)
	}
	return out, nil
}

func (s *server) run(name string, args ...string) error {
	env, err := s.environment(name)
	if err != nil {
		return err
	}
	started, err := process.Start(s.dir, name, s.binary, env, args...)
	if err != nil {
		return err
	}
	s.processes = append(s.processes, started)
	return nil
}

// tail is the end of the logs, for a test that failed.
func (s *server) tail() string {
	var out []string
	for _, each := range s.processes {
		out = append(out, each.Name+":", each.Tail(25))
	}
	return strings.Join(out, "\n")
}

func (s *server) stop() error {
	var failed []error
	for _, each := range s.processes {
		failed = append(failed, each.Kill())
	}
	if s.redis != nil {
		s.redis.Close()
	}
	if s.dir != "" {
		failed = append(failed, os.RemoveAll(s.dir))
	}
	return errors.Join(failed...)
}

// freePorts of 127.0.0.1; another process may take one before it is used.
func freePorts(n int) (ports []string, err error) {
	for range n {
		listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed at once
		if err != nil {
			return nil, err
		}
		defer listener.Close() //nolint:errcheck // nothing was written
		_, port, err := net.SplitHostPort(listener.Addr().String())
		if err != nil {
			return nil, err
		}
		ports = append(ports, port)
	}
	return ports, nil
}
