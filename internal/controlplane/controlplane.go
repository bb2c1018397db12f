package controlplane

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/utils/ptr"

	"github.com/seatwarden/seatwarden/internal/controlplane/process"
)

// Options say how a control plane is started. The zero value starts etcd and an
// API server on data that Stop deletes.
type Options struct {
	// Dir is the folder for data, certificates, kubeconfigs and logs. It is made
	// if it does not exist, and left there by Stop; a control plane started again
	// on it finds its objects as they were. Empty: a temporary folder, deleted by
	// Stop.
	Dir string
	// ControllerManager also starts those of Kubernetes' controllers that matter to
	// custom resources (hack/tools/controller-manager): garbage collection, namespace
	// deletion, role aggregation, ServiceAccounts and the type checking of admission
	// policies. A kind whose CRD is installed after the start takes part
	// in garbage collection after up to 30 seconds.
	ControllerManager bool
	// Fsync makes etcd write through to the disk. Without it etcd is faster and
	// survives its own end, but not that of the machine.
	Fsync bool
	// LogDir is the folder for the processes' logs. Empty: Dir/logs.
	LogDir string
	// Progress is told what is built, if something is. Nil: nobody is told.
	Progress io.Writer
}

// ControlPlane is a running control plane, or an existing cluster that stands in
// for one (see the package's documentation). Its methods may be called by
// several goroutines, except Stop and Restart.
type ControlPlane struct {
	config     *rest.Config
	kubeconfig string
	kubectl    string
	dir        string
	deleteDir  bool
	opts       Options
	etcdURL    string
	processes  []*process.Process // in the order in which they were started
}

// Start starts a control plane and returns when it answers: its default
// namespace and its bootstrap roles are there. What it started before an error is
// stopped again; the error carries the end of the log of the process that failed.
// Ending ctx ends Start, not the control plane.
func Start(ctx context.Context, opts Options) (*ControlPlane, error) {
	cp, err := newControlPlane(opts)
	if err != nil {
		return nil, err
	}
	if existing := os.Getenv(envKubeconfig); existing != "" {
		err = cp.useExisting(ctx, existing, opts)
	} else {
		err = cp.start(ctx, opts)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start a control plane: %w", err), cp.Stop())
	}
	return cp, nil
}

// newControlPlane prepares the folders.
func newControlPlane(opts Options) (*ControlPlane, error) {
	cp := &ControlPlane{dir: opts.Dir, opts: opts}
	if cp.dir == "" {
		dir, err := os.MkdirTemp("", "seatwarden-controlplane-")
		if err != nil {
			return nil, fmt.Errorf("make the control plane's folder: %w", err)
		}
		cp.dir, cp.deleteDir = dir, true
	}
	abs, err := filepath.Abs(cp.dir)
	if err != nil {
		return nil, fmt.Errorf("make the control plane's folder: %w", err)
	}
	cp.dir = abs
	for _, dir := range []string{"etcd", "pki", "kubeconfigs", "logs"} {
		if err := os.MkdirAll(filepath.Join(cp.dir, dir), 0o700); err != nil {
			return nil, fmt.Errorf("make the control plane's folder: %w", err)
		}
	}
	return cp, nil
}

// useExisting connects to the cluster of the kubeconfig.
func (cp *ControlPlane) useExisting(ctx context.Context, kubeconfig string, opts Options) error {
	kubeconfig, err := filepath.Abs(kubeconfig)
	if err != nil {
		return fmt.Errorf("%s: %w", envKubeconfig, err)
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return fmt.Errorf("%s=%s: %w", envKubeconfig, kubeconfig, err)
	}
	config.QPS = -1
	cp.config, cp.kubeconfig = config, kubeconfig
	if cp.kubectl, err = exec.LookPath(Kubectl); err == nil {
		return nil
	}
	bin, err := Binaries(ctx, opts.Progress)
	cp.kubectl = bin[Kubectl]
	return err
}

// start starts the processes.
func (cp *ControlPlane) start(ctx context.Context, opts Options) error {
	bin, err := Binaries(ctx, opts.Progress)
	if err != nil {
		return err
	}
	cp.kubectl = bin[Kubectl]
	if opts.LogDir == "" {
		opts.LogDir = filepath.Join(cp.dir, "logs")
	}
	if err := os.MkdirAll(opts.LogDir, 0o700); err != nil {
		return fmt.Errorf("make the folder for logs: %w", err)
	}
	keys, err := newPKI(filepath.Join(cp.dir, "pki"))
	if err != nil {
		return err
	}
	if cp.etcdURL, err = cp.startEtcd(ctx, bin, opts); err != nil {
		return err
	}
	if err := cp.startAPIServer(ctx, bin, opts, keys, cp.etcdURL); err != nil {
		return err
	}
	if !opts.ControllerManager {
		return nil
	}
	return cp.startControllerManager(ctx, bin, opts, keys)
}

// startOnFreePorts starts a process on n ports that were free a moment ago, and
// again on others if one of them was taken in that moment.
func (cp *ControlPlane) startOnFreePorts(ctx context.Context, name, binary, logDir string, n int,
	args func(ports []string) []string, healthy func(ctx context.Context, ports []string) error,
) ([]string, error) {
	const attempts = 3
	var failed error
	for range attempts {
		ports, err := freePorts(n)
		if err != nil {
			return nil, err
		}
		p, err := process.Start(logDir, name, binary, nil, args(ports)...)
		if err != nil {
			return nil, err
		}
		failed = waitReady(ctx, p, func(ctx context.Context) error { return healthy(ctx, ports) })
		if failed == nil {
			cp.processes = append(cp.processes, p)
			return ports, nil
		}
		if err := p.Stop(); err != nil {
			return nil, errors.Join(failed, err)
		}
		if !strings.Contains(failed.Error(), "address already in use") {
			return nil, failed
		}
	}
	return nil, failed
}

// freePorts returns ports of 127.0.0.1 that nobody listens on.
func freePorts(n int) ([]string, error) {
	var ports []string
	for range n {
		listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // nothing to wait for: the kernel answers at once
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		defer func() { _ = listener.Close() }() // not before all are found: no port twice
		ports = append(ports, strconv.Itoa(listener.Addr().(*net.TCPAddr).Port))
	}
	return ports, nil
}

// Config returns the connection of a cluster-admin whose requests are not
// throttled on the client's side. It is the caller's own copy.
func (cp *ControlPlane) Config() *rest.Config { return rest.CopyConfig(cp.config) }

// Kubeconfig returns the path of a kubeconfig of a cluster-admin.
func (cp *ControlPlane) Kubeconfig() string { return cp.kubeconfig }

// Dir returns the folder that everything of this control plane lies in.
func (cp *ControlPlane) Dir() string { return cp.dir }

// KubeconfigFor writes a kubeconfig with a token of the ServiceAccount, which
// must exist, and returns its path: whoever uses it may do exactly what RBAC gives
// to that ServiceAccount. The token lasts 24 hours, or as long as the cluster
// allows; the namespace is the kubeconfig's default one.
func (cp *ControlPlane) KubeconfigFor(ctx context.Context, namespace, serviceAccount string) (string, error) {
	client, err := kubernetes.NewForConfig(cp.config)
	if err != nil {
		return "", fmt.Errorf("kubeconfig for ServiceAccount %s/%s: %w", namespace, serviceAccount, err)
	}
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{
		ExpirationSeconds: ptr.To(int64((24 * time.Hour).Seconds())),
	}}
	token, err := client.CoreV1().ServiceAccounts(namespace).CreateToken(ctx, serviceAccount, request, metav1.CreateOptions{})
	if err != nil {
		return "", fmt.Errorf("kubeconfig for ServiceAccount %s/%s: %w", namespace, serviceAccount, err)
	}
	path := filepath.Join(cp.dir, "kubeconfigs", namespace+"-"+serviceAccount+".kubeconfig")
	user := &clientcmdapi.AuthInfo{Token: token.Status.Token}
	return path, writeKubeconfig(path, cp.config, namespace, serviceAccount, user)
}

// writeKubeconfig writes a kubeconfig for the user to the server of config.
func writeKubeconfig(path string, config *rest.Config, namespace, name string, user *clientcmdapi.AuthInfo) error {
	ca := config.CAData
	if len(ca) == 0 && config.CAFile != "" {
		var err error
		if ca, err = os.ReadFile(config.CAFile); err != nil {
			return fmt.Errorf("write kubeconfig: %w", err)
		}
	}
	out := clientcmdapi.NewConfig()
	out.Clusters["seatwarden"] = &clientcmdapi.Cluster{
		Server: config.Host, CertificateAuthorityData: ca,
		TLSServerName: config.ServerName, InsecureSkipTLSVerify: config.Insecure,
	}
	out.AuthInfos[name] = user
	out.Contexts["seatwarden"] = &clientcmdapi.Context{Cluster: "seatwarden", AuthInfo: name, Namespace: namespace}
	out.CurrentContext = "seatwarden"
	if err := clientcmd.WriteToFile(*out, path); err != nil {
		return fmt.Errorf("write kubeconfig: %w", err)
	}
	return nil
}

// Kubectl runs kubectl as cluster-admin and returns what it prints on stdout.
// Where it fails, the error carries what it prints on stderr. It runs in the
// working directory of the caller and keeps its caches inside Dir.
func (cp *ControlPlane) Kubectl(ctx context.Context, args ...string) (string, error) {
	return cp.KubectlInput(ctx, nil, args...)
}

// KubectlInput is Kubectl with an input, for `kubectl apply -f -`.
func (cp *ControlPlane) KubectlInput(ctx context.Context, stdin io.Reader, args ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, cp.kubectl, args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+cp.kubeconfig, "KUBECACHEDIR="+filepath.Join(cp.dir, "kubectl-cache"))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, &stderr
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("kubectl %s: %w: %s",
			strings.Join(args, " "), errors.Join(err, context.Cause(ctx)), strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}

// KubectlPath returns the path of the kubectl that belongs to the cluster.
func (cp *ControlPlane) KubectlPath() string { return cp.kubectl }

// Stop ends the processes in the reverse order of their start, each within 20
// seconds, and deletes a temporary folder. An existing cluster it leaves alone.
// Stopping twice does nothing.
func (cp *ControlPlane) Stop() error {
	err := cp.stopProcesses()
	if cp.deleteDir {
		err = errors.Join(err, os.RemoveAll(cp.dir))
	}
	return err
}

func (cp *ControlPlane) stopProcesses() error {
	var errs []error
	for i := len(cp.processes) - 1; i >= 0; i-- {
		errs = append(errs, cp.processes[i].Stop())
	}
	cp.processes = nil
	return errors.Join(errs...)
}

// EtcdURL is where etcd is reached, past the API server; empty for a control plane
// that was not started here.
func (cp *ControlPlane) EtcdURL() string { return cp.etcdURL }

// Restart stops the processes, has between look at the folder of etcd's data or
// put it back to a copy, and starts them again, on other ports and with other
// certificates: Config, Kubeconfig and KubeconfigFor must be asked again. Where
// it fails, Stop is still needed. An existing cluster cannot be restarted.
func (cp *ControlPlane) Restart(ctx context.Context, between func(etcdData string) error) error {
	if len(cp.processes) == 0 {
		return errors.New("restart the control plane: it has no processes of its own")
	}
	if err := cp.stopProcesses(); err != nil {
		return fmt.Errorf("restart the control plane: %w", err)
	}
	if err := between(filepath.Join(cp.dir, "etcd")); err != nil {
		return fmt.Errorf("restart the control plane: %w", err)
	}
	if err := cp.start(ctx, cp.opts); err != nil {
		return fmt.Errorf("restart the control plane: %w", err)
	}
	return nil
}
