package controlplane

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// The binaries that a Dir can hold.
const (
	Etcd              = "etcd"
	APIServer         = "kube-apiserver"
	ControllerManager = "kube-controller-manager"
	Kubectl           = "kubectl"
)

// packages are the binaries that are built and the Go packages they are built
// from, in this order.
var packages = []struct{ binary, path string }{
	{Etcd, "go.etcd.io/etcd/server/v3"},
	{APIServer, "k8s.io/kubernetes/cmd/kube-apiserver"},
	{ControllerManager, "k8s.io/kubernetes/cmd/kube-controller-manager"},
	{Kubectl, "k8s.io/kubernetes/cmd/kubectl"},
}

// modulePath is the project's Go module, by which its root is recognised.
const modulePath = "github.com/seatwarden/seatwarden"

// Dir is a folder that holds the control plane's binaries.
type Dir string

// Path returns where the binary of that name is, whether it exists or not.
func (d Dir) Path(binary string) string { return filepath.Join(string(d), binary) }

// require returns an error that names the first of the binaries that d lacks.
func (d Dir) require(binaries ...string) error {
	for _, binary := range binaries {
		if _, err := os.Stat(d.Path(binary)); err != nil {
			return fmt.Errorf("the control plane needs %s, which is not in %s (unset %s to have it built): %w",
				binary, d, envAssets, err)
		}
	}
	return nil
}

// Binaries returns the folder with etcd, kube-apiserver,
// kube-controller-manager and kubectl, and builds there what is missing, which
// it tells on progress: what is being built, and every ten seconds for how long.
// With all of them built it says nothing. Two callers at once, in one process or
// several, build once. KUBEBUILDER_ASSETS, if set, is returned as it is.
//
// The folder is named after the content of hack/tools/go.mod and go.sum, the
// platform, the Go version and the build flags. The working directory must be
// inside the project.
func Binaries(ctx context.Context, progress io.Writer) (Dir, error) {
	if assets := os.Getenv(envAssets); assets != "" {
		dir := Dir(assets)
		return dir, dir.require(Etcd, APIServer)
	}
	root, err := Root()
	if err != nil {
		return "", err
	}
	b := builder{tools: filepath.Join(root, "hack", "tools"), goTool: "go", progress: progress, every: 10 * time.Second}
	return b.ensure(ctx)
}

// Root returns the project's root folder: the nearest one above the working
// directory whose go.mod is the project's own.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the project's root: %w", err)
	}
	for {
		mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && bytes.HasPrefix(mod, []byte("module "+modulePath+"\n")) {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("the working directory is not inside the module %s: the control plane is built from its folder hack/tools", modulePath)
		}
		dir = parent
	}
}

// builder builds the binaries of one hack/tools folder.
type builder struct {
	tools    string        // the nested module
	goTool   string        // the go command
	progress io.Writer     // where it tells what it does
	every    time.Duration // how often it tells that it is still at it
}

// ensure returns the cached folder after building what it lacks.
func (b builder) ensure(ctx context.Context) (Dir, error) {
	ldflags, err := b.ldflags()
	if err != nil {
		return "", err
	}
	dir, err := b.cacheDir(ctx, ldflags)
	if err != nil {
		return "", err
	}
	if len(missing(dir)) == 0 {
		return dir, nil
	}
	if err := os.MkdirAll(string(dir), 0o750); err != nil {
		return "", fmt.Errorf("make the control plane's folder: %w", err)
	}
	unlock, err := b.lock(ctx, dir.Path(".lock"))
	if err != nil {
		return "", err
	}
	defer unlock()

	todo := missing(dir)
	if len(todo) == 0 { // another process built them while this one waited
		return dir, nil
	}
	b.say("building a Kubernetes control plane from its Go modules, once; some 8 minutes on two cores")
	for i, p := range todo {
		if err := b.build(ctx, dir, ldflags, p.path, p.binary, fmt.Sprintf("%d of %d", i+1, len(todo))); err != nil {
			return "", err
		}
	}
	b.say("control plane built in " + string(dir))
	return dir, nil
}

// missing lists what dir does not hold yet.
func missing(dir Dir) (todo []struct{ binary, path string }) {
	for _, p := range packages {
		if _, err := os.Stat(dir.Path(p.binary)); err != nil {
			todo = append(todo, p)
		}
	}
	return todo
}

var (
	kubernetesVersion = regexp.MustCompile(`(?m)^\s*k8s\.io/kubernetes (v(\d+)\.(\d+)\.\S+)`)
	etcdVersion       = regexp.MustCompile(`(?m)^\s*go\.etcd\.io/etcd/server/v3 (v\S+)`)
)

// versions returns the Kubernetes version (whole, major, minor) and the etcd
// version that hack/tools pins.
func (b builder) versions() (kubernetes []string, etcd string, err error) {
	mod, err := os.ReadFile(filepath.Join(b.tools, "go.mod"))
	if err != nil {
		return nil, "", fmt.Errorf("read the control plane's versions: %w", err)
	}
	k, e := kubernetesVersion.FindSubmatch(mod), etcdVersion.FindSubmatch(mod)
	if k == nil || e == nil {
		return nil, "", fmt.Errorf("%s does not require k8s.io/kubernetes and go.etcd.io/etcd/server/v3", filepath.Join(b.tools, "go.mod"))
	}
	return []string{string(k[1]), string(k[2]), string(k[3])}, string(e[1]), nil
}

// ldflags are the linker's flags. Kubernetes binaries learn their version from
// them; without it an API server calls itself v0.0.0.
func (b builder) ldflags() (string, error) {
	v, _, err := b.versions()
	if err != nil {
		return "", err
	}
	const x = " -X k8s.io/component-base/version."
	return "-s -w" + x + "gitVersion=" + v[0] + x + "gitMajor=" + v[1] + x + "gitMinor=" + v[2], nil
}

// cacheDir names the folder after everything the binaries depend on.
func (b builder) cacheDir(ctx context.Context, ldflags string) (Dir, error) {
	cache := os.Getenv(envCache)
	if cache == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("no folder to keep the control plane in; set %s to one: %w", envCache, err)
		}
		cache = filepath.Join(user, "seatwarden", "controlplane")
	}
	goVersion, err := exec.CommandContext(ctx, b.goTool, "env", "GOVERSION").Output()
	if err != nil {
		return "", fmt.Errorf("the control plane is built with Go, and `%s env GOVERSION` failed: %w", b.goTool, err)
	}
	sum := sha256.New()
	for _, file := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join(b.tools, file))
		if err != nil {
			return "", fmt.Errorf("read the control plane's versions: %w", err)
		}
		sum.Write(content)
	}
	fmt.Fprintf(sum, "%s/%s %s %s", runtime.GOOS, runtime.GOARCH, bytes.TrimSpace(goVersion), ldflags)
	abs, err := filepath.Abs(filepath.Join(cache, hex.EncodeToString(sum.Sum(nil))[:16]))
	if err != nil {
		return "", fmt.Errorf("name the control plane's folder: %w", err)
	}
	return Dir(abs), nil
}

// lock takes the exclusive lock on a file, waiting for whoever holds it.
func (b builder) lock(ctx context.Context, path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the control plane's folder: %w", err)
	}
	retry := time.NewTicker(100 * time.Millisecond)
	defer retry.Stop()
	for told := false; ; {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { _ = file.Close() }, nil // closing the file gives the lock back
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return nil, errors.Join(fmt.Errorf("lock the control plane's folder: %w", err), file.Close())
		}
		if !told {
			b.say("another process is building the control plane: waiting for it")
			told = true
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("waiting for another process to build the control plane: %w", context.Cause(ctx)), file.Close())
		case <-retry.C:
		}
	}
}

// build compiles one package to a temporary name and then renames it, so that a
// binary with its final name is always whole.
func (b builder) build(ctx context.Context, dir Dir, ldflags, pkg, binary, count string) error {
	started := time.Now()
	name := binary + " " + b.versionOf(binary)
	b.say(fmt.Sprintf("building %s (%s)", name, count))
	temp := dir.Path("." + binary + ".partial")
	var output bytes.Buffer
	cmd := exec.CommandContext(ctx, b.goTool, "build", "-C", b.tools, "-trimpath", "-buildvcs=false", "-ldflags", ldflags, "-o", temp, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=")
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("build %s: %w", name, err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	tick := time.NewTicker(b.every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			b.say(fmt.Sprintf("still building %s: %s", name, time.Since(started).Round(time.Second)))
		case err := <-done:
			if err != nil {
				return fmt.Errorf("build %s: %w\n%s", name, errors.Join(err, context.Cause(ctx)), tail(output.String()))
			}
			if err := os.Rename(temp, dir.Path(binary)); err != nil {
				return fmt.Errorf("build %s: %w", name, err)
			}
			return nil
		}
	}
}

// versionOf is the version of a binary, for people.
func (b builder) versionOf(binary string) string {
	kubernetes, etcd, err := b.versions()
	switch {
	case err != nil:
		return ""
	case binary == Etcd:
		return etcd
	default:
		return kubernetes[0]
	}
}

func (b builder) say(line string) {
	if b.progress != nil {
		_, _ = fmt.Fprintln(b.progress, "controlplane: "+line)
	}
}

// tailLines is how much of a failed process's output an error carries.
const tailLines = 20

// tail returns the last lines of a text.
func tail(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-tailLines):], "\n")
}
