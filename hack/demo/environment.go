package main

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/controlplane"
	"github.com/seatwarden/seatwarden/internal/controlplane/process"
	"github.com/seatwarden/seatwarden/internal/guard"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/internal/standin/control"
)

// What config/ and auth0.yaml name.
const (
	namespace         = "default"
	operatorNamespace = "seatwarden-system"
	operatorAccount   = "seatwarden"
	credentialsSecret = "auth0-credentials" //nolint:gosec // its name
	operatorClient    = "seatwarden-operator"
	portalClient      = "seatwarden-portal"
	dashboardClient   = "dashboard"
)

// liveInterval is how often the operator looks whether somebody has joined. By
// default it is 10 seconds, which is long for whoever watches.
const liveInterval = 2 * time.Second

// tenant is the content of the stand-in.
//
//go:embed auth0.yaml
var tenant []byte

// environment is everything that the story is played on.
type environment struct {
	// root is the project's folder, dir that of this run.
	root, dir string
	// progress is told what is built.
	progress io.Writer

	plane *controlplane.ControlPlane
	kube  client.Client

	standin *process.Process
	control *control.Client
	// controlURL is the address of the stand-in's controls.
	controlURL string
	auth0      standin.Info
	// secrets of the machine-to-machine clients, by client id.
	secrets map[string]string

	operator *process.Process
}

func newEnvironment(dir string, progress io.Writer) (*environment, error) {
	root, err := controlplane.Root()
	if err != nil {
		return nil, err
	}
	return &environment{root: root, dir: dir, progress: progress}, nil
}

// logs is the folder with what the processes printed.
func (e *environment) logs() string { return filepath.Join(e.dir, "logs") }

// stop ends what runs, in the reverse order of its start.
func (e *environment) stop() error {
	errs := []error{e.operator.Stop(), e.standin.Stop()}
	if e.plane != nil {
		errs = append(errs, e.plane.Stop())
	}
	return errors.Join(errs...)
}

// build builds the control plane, the operator and the stand-in, where they are
// not built already.
func (e *environment) build(ctx context.Context) error {
	if os.Getenv("SEATWARDEN_KUBECONFIG") == "" {
		if _, err := controlplane.Binaries(ctx, e.progress); err != nil {
			return err
		}
	}
	fmt.Fprintln(e.progress, "building the operator and the stand-in for Auth0 (a minute or two the first time)")
	if err := os.MkdirAll(e.binary(""), 0o750); err != nil {
		return fmt.Errorf("build: %w", err)
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-o", e.binary("")+"/", ".", "./hack/standin")
	cmd.Dir, cmd.Stdout, cmd.Stderr = e.root, e.progress, e.progress
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("build the operator and the stand-in: %w", err)
	}
	return nil
}

// binary is where a built program is.
func (e *environment) binary(name string) string {
	return filepath.Join(e.root, ".cache", "demo", name)
}

// startControlPlane starts etcd, the API server and the controller manager.
func (e *environment) startControlPlane(ctx context.Context) error {
	var err error
	e.plane, err = controlplane.Start(ctx, controlplane.Options{
		Dir: filepath.Join(e.dir, "controlplane"), LogDir: e.logs(),
		ControllerManager: true, Progress: e.progress,
	})
	if err != nil {
		return err
	}
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return fmt.Errorf("register the kinds: %w", err)
	}
	e.kube, err = client.New(e.plane.Config(), client.Options{Scheme: scheme})
	if err != nil {
		return fmt.Errorf("connect to the API server: %w", err)
	}
	return nil
}

// install applies CRDs, roles and admission policies as they are shipped.
func (e *environment) install(ctx context.Context) error {
	if err := e.kustomize(ctx, "crd"); err != nil {
		return err
	}
	_, err := e.plane.Kubectl(ctx, "wait", "--for=condition=Established", "--timeout=60s",
		"crd/auth0tenants.seatwarden.dev", "crd/customers.seatwarden.dev", "crd/members.seatwarden.dev")
	if err != nil {
		return err
	}
	if err := e.kustomize(ctx, "rbac"); err != nil {
		return err
	}
	return e.kustomize(ctx, "policy/deny")
}

func (e *environment) kustomize(ctx context.Context, folder string) error {
	_, err := e.plane.Kubectl(ctx, "apply", "--server-side", "-k", filepath.Join(e.root, "config", folder))
	return err
}

var controlAddress = regexp.MustCompile(`(?m)^control +(http://\S+)$`)

// startStandin starts the stand-in with the tenant and the guard in it.
func (e *environment) startStandin(ctx context.Context) error {
	seed, err := e.writeSeed()
	if err != nil {
		return err
	}
	e.standin, err = process.Start(e.logs(), "standin", e.binary("standin"), nil, "serve",
		"--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--tls", "--ca-out", e.certificate(), "--state", seed)
	if err != nil {
		return err
	}
	err = eventually(ctx, func(ctx context.Context) error {
		if err := e.standin.Alive(); err != nil {
			return err
		}
		address := controlAddress.FindStringSubmatch(e.standin.Tail(5))
		if address == nil {
			return errors.New("the stand-in does not listen yet")
		}
		e.control, e.controlURL = control.New(address[1]), address[1]
		e.auth0, err = e.control.Info(ctx)
		return err
	})
	if err != nil {
		return err
	}
	return e.readSecrets(ctx)
}

// certificate is the file with the stand-in's certificate authority.
func (e *environment) certificate() string { return filepath.Join(e.dir, "auth0-ca.pem") }

// writeSeed writes the tenant with the guard rendered into it, and returns the file.
func (e *environment) writeSeed() (string, error) {
	var seed standin.Seed
	if err := yaml.UnmarshalStrict(tenant, &seed); err != nil {
		return "", fmt.Errorf("read the tenant: %w", err)
	}
	code, err := guard.Render(guard.Options{Applications: []string{portalClient}, Mode: guard.Enforce})
	if err != nil {
		return "", fmt.Errorf("render the guard: %w", err)
	}
	seed.Actions = []standin.ActionSeed{{Name: "seatwarden-guard", Code: code}}
	out, err := yaml.Marshal(seed)
	if err != nil {
		return "", fmt.Errorf("write the tenant: %w", err)
	}
	file := filepath.Join(e.dir, "auth0-tenant.yaml")
	if err := os.WriteFile(file, out, 0o600); err != nil {
		return "", fmt.Errorf("write the tenant: %w", err)
	}
	return file, nil
}

// readSecrets learns the secrets that the stand-in made for its clients.
func (e *environment) readSecrets(ctx context.Context) error {
	state, err := e.control.State(ctx)
	if err != nil {
		return err
	}
	e.secrets = map[string]string{}
	for _, c := range state.Clients {
		e.secrets[c.ClientID] = c.Secret
	}
	return nil
}

// createCredentials puts the operator's Auth0 credentials where it looks for them.
func (e *environment) createCredentials(ctx context.Context) error {
	secret, err := yaml.Marshal(corev1.Secret{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{Namespace: operatorNamespace, Name: credentialsSecret},
		StringData: map[string]string{"clientSecret": e.secrets[operatorClient]},
	})
	if err != nil {
		return fmt.Errorf("write the Secret with the credentials: %w", err)
	}
	_, err = e.plane.KubectlInput(ctx, bytes.NewReader(secret), "apply", "--server-side", "-f", "-")
	return err
}

// startOperator starts the operator with the rights of its ServiceAccount and no
// others. It trusts the stand-in's certificate authority.
func (e *environment) startOperator(ctx context.Context) error {
	kubeconfig, err := e.plane.KubeconfigFor(ctx, operatorNamespace, operatorAccount)
	if err != nil {
		return err
	}
	e.operator, err = process.Start(e.logs(), "operator", e.binary("seatwarden"),
		[]string{"KUBECONFIG=" + kubeconfig, "SSL_CERT_FILE=" + e.certificate()},
		"--namespace="+operatorNamespace, "--live-interval="+liveInterval.String(), "--metrics-bind-address=0", "--health-probe-bind-address=0", "--zap-time-encoding=rfc3339")
	return err
}

// eventually repeats a check until it passes or finds a process ended. When ctx
// ends before, the error says what the check found last.
func eventually(ctx context.Context, check func(context.Context) error) error {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	var last error
	for {
		found := check(ctx)
		if found == nil || errors.Is(found, process.ErrEnded) {
			return found
		}
		if last == nil || ctx.Err() == nil {
			last = found
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", context.Cause(ctx), last)
		case <-tick.C:
		}
	}
}
