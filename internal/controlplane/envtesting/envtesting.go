// Package envtesting gives a test binary one API server with Seatwarden's CRDs,
// and each test a namespace of its own on it.
//
//	func TestMain(m *testing.M) { os.Exit(envtesting.Run(m, envtesting.Options{})) }
//
//	func TestSomething(t *testing.T) {
//		namespace := envtesting.Namespace(t)
//		c, err := client.New(envtesting.Config(), client.Options{Scheme: scheme})
//		...
//	}
package envtesting

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/seatwarden/seatwarden/internal/controlplane"
)

// installWithin is how long the CRDs and the rest may take to be installed and
// served.
const installWithin = 2 * time.Minute

// Options say what a test binary runs on.
type Options struct {
	// ControllerManager also starts the controllers of Kubernetes, without which
	// nothing deletes a namespace or collects garbage.
	ControllerManager bool
	// Kustomizations are installed after the CRDs, in this order: folders below
	// config/, for instance "rbac" or "policy/deny". An admission policy takes a
	// moment to be in force after that.
	Kustomizations []string
}

// plane is the test binary's control plane; set by Run.
var plane *controlplane.ControlPlane

// Run starts the control plane, installs the CRDs of config/crd and what opts
// names, runs the tests and stops the control plane. It returns the exit code for
// TestMain: 1, with the reason on stderr, if something other than a test fails.
func Run(m *testing.M, opts Options) int {
	code, err := run(m, opts)
	if err != nil {
		fmt.Fprintln(os.Stderr, "envtesting:", err)
		return 1
	}
	return code
}

func run(m *testing.M, opts Options) (code int, err error) {
	ctx := context.Background()
	plane, err = controlplane.Start(ctx, controlplane.Options{ControllerManager: opts.ControllerManager, Progress: os.Stderr})
	if err != nil {
		return 1, err
	}
	defer func() {
		if stopErr := plane.Stop(); err == nil && stopErr != nil {
			err = stopErr
		}
	}()
	if err := install(ctx, opts.Kustomizations); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

// install applies the CRDs, waits until they are served, and applies the rest.
func install(ctx context.Context, kustomizations []string) error {
	ctx, cancel := context.WithTimeout(ctx, installWithin)
	defer cancel()
	root, err := controlplane.Root()
	if err != nil {
		return err
	}
	apply := func(folder string) error {
		_, err := plane.Kubectl(ctx, "apply", "--server-side", "-k", filepath.Join(root, "config", folder))
		return err
	}
	if err := apply("crd"); err != nil {
		return err
	}
	if err := UntilCRDsAreServed(ctx); err != nil {
		return err
	}
	for _, folder := range kustomizations {
		if err := apply(folder); err != nil {
			return err
		}
	}
	return nil
}

// UntilCRDsAreServed waits for all that there are. It asks again when kubectl fails, as
// it does at once over a CRD so new that it has no conditions.
func UntilCRDsAreServed(ctx context.Context) error {
	for {
		_, err := plane.Kubectl(ctx, "wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
		if err == nil || ctx.Err() != nil {
			return err
		}
	}
}

// ControlPlane returns the test binary's control plane.
func ControlPlane() *controlplane.ControlPlane { return plane }

// Config returns a cluster-admin's connection to it, without throttling.
func Config() *rest.Config { return plane.Config() }

// Namespace creates a namespace for the test. It is deleted after the test where
// a controller manager runs, which can do that, and otherwise left to the end of
// the control plane.
func Namespace(t testing.TB) string {
	t.Helper()
	client, err := kubernetes.NewForConfig(plane.Config())
	if err != nil {
		t.Fatal(err)
	}
	created, err := client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// The control plane may have been restarted.
		client, err := kubernetes.NewForConfig(plane.Config())
		if err != nil {
			t.Error(err)
			return
		}
		err = client.CoreV1().Namespaces().Delete(context.WithoutCancel(t.Context()), created.Name, metav1.DeleteOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			t.Error(err)
		}
	})
	return created.Name
}
