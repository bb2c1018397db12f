package chart

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"helm.sh/helm/v3/pkg/action"
	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/seatwarden/seatwarden/internal/controlplane"
)

const (
	root    = "../.."
	folder  = root + "/charts/seatwarden"
	release = "seatwarden"
	system  = "seatwarden-system"
)

// plane has nothing of Seatwarden installed but what a test installs, which takes it
// away again: CRDs and roles are the cluster's.
var plane *controlplane.ControlPlane

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "chart:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	// Deleting CRDs deletes their objects: not on a cluster that somebody uses.
	if err := os.Unsetenv("SEATWARDEN_KUBECONFIG"); err != nil {
		return 1, err
	}
	plane, err = controlplane.Start(context.Background(), controlplane.Options{Progress: os.Stderr})
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, plane.Stop()) }()
	return m.Run(), nil
}

func kubectl(t *testing.T, g Gomega, args ...string) string {
	t.Helper()
	out, err := plane.Kubectl(t.Context(), args...)
	g.Expect(err).NotTo(HaveOccurred())
	return strings.TrimSpace(out)
}

// kubectlAfter is kubectl once the test is over.
func kubectlAfter(t *testing.T, args ...string) {
	t.Helper()
	if _, err := plane.Kubectl(context.WithoutCancel(t.Context()), args...); err != nil {
		t.Error(err)
	}
}

func load(g Gomega) *helmchart.Chart {
	loaded, err := loader.Load(folder)
	g.Expect(err).NotTo(HaveOccurred())
	return loaded
}

// valuesFiles are the matrix that the chart is rendered with.
func valuesFiles(g Gomega) map[string]map[string]any {
	paths, err := filepath.Glob(filepath.Join(folder, "ci", "*-values.yaml"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(paths).NotTo(BeEmpty())
	out := map[string]map[string]any{}
	for _, path := range paths {
		read, err := chartutil.ReadValuesFile(path)
		g.Expect(err).NotTo(HaveOccurred())
		out[strings.TrimSuffix(filepath.Base(path), "-values.yaml")] = read
	}
	return out
}

// render is `helm template` into the namespace.
func render(namespace string, loaded *helmchart.Chart, values map[string]any) (manifest, notes string, err error) {
	install := action.NewInstall(&action.Configuration{Log: func(string, ...any) {}})
	install.ReleaseName, install.Namespace = release, namespace
	install.DryRun, install.ClientOnly = true, true
	install.KubeVersion = &chartutil.KubeVersion{Version: "v1.37.2", Major: "1", Minor: "37"}
	rendered, err := install.Run(loaded, values)
	if err != nil {
		return "", "", err
	}
	return rendered.Manifest, rendered.Info.Notes, nil
}

// objects of a manifest, by kind, namespace and name.
func objects(g Gomega, manifest string) map[string]*unstructured.Unstructured {
	out := map[string]*unstructured.Unstructured{}
	decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(manifest), 4096)
	for {
		object := &unstructured.Unstructured{}
		err := decoder.Decode(&object.Object)
		if errors.Is(err, io.EOF) {
			return out
		}
		g.Expect(err).NotTo(HaveOccurred())
		if len(object.Object) > 0 {
			key := object.GetKind() + " " + object.GetNamespace() + "/" + object.GetName()
			g.Expect(out).NotTo(HaveKey(key))
			out[key] = object
		}
	}
}

// rendered are the objects of a default release in the namespace, but for these values.
func rendered(g Gomega, namespace string, values map[string]any) map[string]*unstructured.Unstructured {
	manifest, _, err := render(namespace, load(g), values)
	g.Expect(err).NotTo(HaveOccurred())
	return objects(g, manifest)
}

// deployment of some objects: there is one.
func deployment(g Gomega, all map[string]*unstructured.Unstructured) *unstructured.Unstructured {
	var found []*unstructured.Unstructured
	for _, object := range all {
		if object.GetKind() == "Deployment" {
			found = append(found, object)
		}
	}
	g.Expect(found).To(HaveLen(1))
	return found[0]
}

// at is the field of an object.
func at[T any](g Gomega, object *unstructured.Unstructured, fields ...string) T {
	value, found, err := unstructured.NestedFieldNoCopy(object.Object, fields...)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(found).To(BeTrue(), "%s has no %v", object.GetName(), fields)
	return value.(T)
}

// container is the operator's.
func container(g Gomega, deployment *unstructured.Unstructured) map[string]any {
	containers := at[[]any](g, deployment, "spec", "template", "spec", "containers")
	g.Expect(containers).To(HaveLen(1))
	return containers[0].(map[string]any)
}

// helm is Helm on the control plane, for releases in the namespace.
func helm(t *testing.T, g Gomega, namespace string) *action.Configuration {
	t.Helper()
	kubeconfig, cache := plane.Kubeconfig(), t.TempDir()
	flags := genericclioptions.NewConfigFlags(false)
	flags.KubeConfig, flags.Namespace, flags.CacheDir = &kubeconfig, &namespace, &cache
	config := &action.Configuration{}
	g.Expect(config.Init(flags, namespace, "secret", func(string, ...any) {})).To(Succeed())
	return config
}

// installer of a release, which is taken away after the test, with the CRDs.
func installer(t *testing.T, g Gomega, config *action.Configuration, namespace string) *action.Install {
	t.Helper()
	t.Cleanup(func() { cleanUp(t, config) })
	install := action.NewInstall(config)
	install.ReleaseName, install.Namespace, install.CreateNamespace = release, namespace, true
	return install
}

func cleanUp(t *testing.T, config *action.Configuration) {
	t.Helper()
	uninstall := action.NewUninstall(config)
	uninstall.IgnoreNotFound = true
	if _, err := uninstall.Run(release); err != nil {
		t.Error(err)
	}
	deleteCRDs(t)
}

func deleteCRDs(t *testing.T) {
	t.Helper()
	kubectlAfter(t, "delete", "--ignore-not-found", "-k", root+"/config/crd")
}

// asYAML is an input for kubectl.
func asYAML(g Gomega, object *unstructured.Unstructured) io.Reader {
	text, err := object.MarshalJSON()
	g.Expect(err).NotTo(HaveOccurred())
	return bytes.NewReader(text)
}
