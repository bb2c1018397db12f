package argocd

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/test/world"
)

// patience bounds a wait for Argo CD.
const patience = 5 * time.Minute

// application is an Application with a git repository of its own, synced by itself.
type application struct {
	*world.World
	repository string
	// declared: the Application is there.
	declared bool
}

// deploy makes a world in which the objects are in git, and waits for nothing.
func deploy(t *testing.T) *application {
	t.Helper()
	a := &application{World: world.New(t), repository: t.TempDir()}
	a.StartOperator()
	a.Expect(argo.start(t.Context())).To(Succeed())
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("Argo CD:\n%s", argo.tail())
			t.Logf("the Application:\n%v", a.status())
		}
		// Before the world's objects: Argo CD would bring them back.
		a.kubectl("delete", "application", "-n", "argocd", "--ignore-not-found", a.Namespace)
	})
	a.git("init", "--quiet", "--initial-branch=main")
	return a
}

func (a *application) git(args ...string) {
	a.Helper()
	command := exec.Command("git", append([]string{"-C", a.repository, "-c", "user.name=Jane", "-c", "user.email=jane@example.com"}, args...)...) //nolint:noctx // local
	out, err := command.CombinedOutput()
	a.Expect(err).NotTo(HaveOccurred(), string(out))
}

// manifest of an object, as people write it.
func (a *application) manifest(object client.Object) []byte {
	a.Helper()
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	a.Expect(err).NotTo(HaveOccurred())
	content["apiVersion"], content["kind"] = v1alpha1.GroupVersion.String(), kindOf(object)
	content["metadata"] = map[string]any{"name": object.GetName()}
	delete(content, "status")
	out, err := yaml.Marshal(content)
	a.Expect(err).NotTo(HaveOccurred())
	return out
}

func kindOf(object client.Object) string {
	if _, ok := object.(*v1alpha1.Customer); ok {
		return "Customer"
	}
	return "Member"
}

func (a *application) file(object client.Object) string {
	return filepath.Join(a.repository, kindOf(object)+"-"+object.GetName()+".yaml")
}

// commit puts objects into git.
func (a *application) commit(objects ...client.Object) {
	a.Helper()
	for _, object := range objects {
		a.Expect(os.WriteFile(a.file(object), a.manifest(object), 0o600)).To(Succeed())
	}
	a.push()
}

// drop takes objects out of git.
func (a *application) drop(objects ...client.Object) {
	a.Helper()
	for _, object := range objects {
		a.Expect(os.Remove(a.file(object))).To(Succeed())
	}
	a.push()
}

func (a *application) push() {
	a.git("add", "--all")
	a.git("commit", "--quiet", "--message", "Change the seat list")
	if a.declared {
		// As the repository's webhook does.
		a.kubectl("annotate", "application", "-n", "argocd", a.Namespace, "argocd.argoproj.io/refresh=normal", "--overwrite")
	}
}

// declare creates the Application.
func (a *application) declare() {
	a.Helper()
	a.apply(fmt.Sprintf(`
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: %[1]s, namespace: argocd}
spec:
  project: default
  source: {repoURL: "file://%[2]s", path: ., targetRevision: main}
  destination: {server: https://kubernetes.default.svc, namespace: %[1]s}
  syncPolicy: {automated: {prune: true, selfHeal: true}}
`, a.Namespace, a.repository))
	a.declared = true
}

func (a *application) apply(manifest string) {
	a.Helper()
	_, err := plane().KubectlInput(a.Context(), bytes.NewBufferString(manifest), "apply", "--server-side", "-f", "-")
	a.Expect(err).NotTo(HaveOccurred())
}

func (a *application) kubectl(args ...string) string {
	a.Helper()
	out, err := plane().Kubectl(background(a), args...)
	a.Expect(err).NotTo(HaveOccurred())
	return out
}

// object is the Application as it is.
func (a *application) object() *unstructured.Unstructured {
	out := &unstructured.Unstructured{}
	out.SetAPIVersion("argoproj.io/v1alpha1")
	out.SetKind("Application")
	out.SetNamespace("argocd")
	out.SetName(a.Namespace)
	if err := a.Client.Get(background(a), client.ObjectKeyFromObject(out), out); err != nil {
		a.Logf("read the Application: %v", err)
	}
	return out
}

func (a *application) status() any { return a.object().Object["status"] }

// until waits for the Application's sync and health at the revision that git has. Auth0's
// clock goes fast meanwhile.
func (a *application) until(health string) {
	a.Helper()
	head, err := exec.Command("git", "-C", a.repository, "rev-parse", "HEAD").Output() //nolint:noctx // local
	a.Expect(err).NotTo(HaveOccurred())
	last := time.Now()
	a.EventuallyWithOffset(1, func(g Gomega) {
		if time.Since(last) > time.Second {
			last = time.Now()
			a.Auth0.Forward(5 * time.Second)
		}
		object := a.object()
		g.Expect(at(object, "status", "sync", "revision") + "\n").To(Equal(string(head)))
		g.Expect(at(object, "status", "sync", "status")).To(Equal("Synced"))
		g.Expect(at(object, "status", "health", "status")).To(Equal(health))
	}, patience, "100ms").Should(Succeed(), "the Application is Synced and %s", health)
}

func at(object *unstructured.Unstructured, path ...string) string {
	value, _, _ := unstructured.NestedString(object.Object, path...)
	return value
}

// act runs an action as Argo CD's server does: what the Lua makes of the live object is
// sent as a patch.
func (a *application) act(object client.Object, action string) {
	a.Helper()
	folder := a.TempDir()
	live := a.kubectl("get", kindOf(object), object.GetName(), "-n", a.Namespace, "-o", "yaml")
	path := filepath.Join(folder, "live.yaml")
	a.Expect(os.WriteFile(path, []byte(live), 0o600)).To(Succeed())
	env, err := argo.environment("argocd")
	a.Expect(err).NotTo(HaveOccurred())
	changed := filepath.Join(folder, "changed.yaml")
	command := exec.CommandContext(a.Context(), argo.binary, "admin", "settings", "resource-overrides", "run-action", path, action, "--load-cluster-settings", "-n", "argocd")
	command.Env = append(append(os.Environ(), env...), `KUBECTL_EXTERNAL_DIFF=sh -c 'cp "$2" `+changed+`' sh`)
	out, err := command.CombinedOutput()
	a.Expect(err).NotTo(HaveOccurred(), string(out))
	text, err := os.ReadFile(filepath.Clean(changed))
	a.Expect(err).NotTo(HaveOccurred(), string(out))
	after := &unstructured.Unstructured{}
	a.Expect(yaml.Unmarshal(text, &after.Object)).To(Succeed())
	before := &unstructured.Unstructured{}
	a.Expect(yaml.Unmarshal([]byte(live), &before.Object)).To(Succeed())
	a.Expect(a.Client.Patch(a.Context(), after, client.MergeFrom(before))).To(Succeed())
}
