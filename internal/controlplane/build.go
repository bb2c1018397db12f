package controlplane

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync/atomic"
	"time"
)

// packages are what each binary is built from.
var packages = map[string]string{
	Etcd:              "go.etcd.io/etcd/server/v3",
	APIServer:         "k8s.io/kubernetes/cmd/kube-apiserver",
	ControllerManager: modulePath + "/hack/tools/controller-manager",
	Kubectl:           "k8s.io/kubernetes/cmd/kubectl",
}

// buildFlags spare the compiler what nobody needs here: debugger's tables, and
// optimising the large generated packages that hardly run.
var buildFlags = []string{
	"-trimpath", "-buildvcs=false",
	"-gcflags=all=-dwarf=false",
	"-gcflags=k8s.io/kubernetes/pkg/generated/...=-dwarf=false -N -l",
	"-gcflags=k8s.io/kubernetes/pkg/apis/...=-dwarf=false -l",
	"-gcflags=k8s.io/client-go/applyconfigurations/...=-dwarf=false -l",
	"-gcflags=k8s.io/client-go/informers/...=-dwarf=false -l",
	"-gcflags=k8s.io/client-go/kubernetes/...=-dwarf=false -l",
	"-gcflags=k8s.io/client-go/listers/...=-dwarf=false -l",
	"-gcflags=k8s.io/api/...=-dwarf=false -l",
}

// buildEnv sets cgo aside, so that no C compiler is needed, and has the compiler, which
// ends before its memory would matter, collect less garbage.
var buildEnv = []string{"CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=", "GOGC=800", "GOMEMLIMIT=2GiB"}

// builtName is the name that `go build` gives to the package's binary.
func builtName(binary string) string {
	pkg := packages[binary]
	if regexp.MustCompile(`/v\d+$`).MatchString(pkg) {
		pkg = path.Dir(pkg)
	}
	return path.Base(pkg)
}

// build compiles the binaries with one command, so that packages are compiled while
// others are linked.
func (b builder) build(ctx context.Context, dir string, versions map[string]string, binaries []string) error {
	temp, err := os.MkdirTemp(dir, ".build-")
	if err != nil {
		return fmt.Errorf("make the folder for the build: %w", err)
	}
	defer func() { _ = os.RemoveAll(temp) }()
	args := append([]string{"build", "-C", b.tools, "-v", "-ldflags", ldflags(versions), "-o", temp + "/"}, buildFlags...)
	var names []string
	for _, binary := range binaries {
		args = append(args, packages[binary])
		names = append(names, binary+" "+versions[binary])
	}
	var output counter
	cmd := exec.CommandContext(ctx, b.goTool, args...)
	cmd.Env = append(os.Environ(), buildEnv...)
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.WaitDelay = 10 * time.Second
	what := "building " + strings.Join(names, ", ")
	if err := b.doing(what, cmd.Run, output.String); err != nil {
		return fmt.Errorf("%s: %w\n%s", what, errors.Join(err, context.Cause(ctx)), tail(output.text.String()))
	}
	for _, binary := range binaries {
		if err := os.Rename(filepath.Join(temp, builtName(binary)), filepath.Join(dir, binary)); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	return nil
}

// counter keeps what `go build -v` prints, and counts its lines: one a package.
type counter struct {
	text  bytes.Buffer
	lines atomic.Int64
}

func (c *counter) Write(p []byte) (int, error) {
	c.lines.Add(int64(bytes.Count(p, []byte("\n"))))
	return c.text.Write(p)
}

// String says how far the build is.
func (c *counter) String() string { return fmt.Sprintf("%d packages compiled", c.lines.Load()) }

var pinned = map[string]*regexp.Regexp{
	APIServer: regexp.MustCompile(`(?m)^\s*k8s\.io/kubernetes (v\d+\.\d+\.\S+)`),
	Etcd:      regexp.MustCompile(`(?m)^\s*go\.etcd\.io/etcd/server/v3 (v\S+)`),
}

// versions are those that hack/tools pins.
func (b builder) versions() (map[string]string, error) {
	mod, err := os.ReadFile(filepath.Join(b.tools, "go.mod"))
	if err != nil {
		return nil, fmt.Errorf("read the control plane's versions: %w", err)
	}
	kubernetes, etcd := pinned[APIServer].FindSubmatch(mod), pinned[Etcd].FindSubmatch(mod)
	if kubernetes == nil || etcd == nil {
		return nil, fmt.Errorf("%s does not require k8s.io/kubernetes and go.etcd.io/etcd/server/v3", filepath.Join(b.tools, "go.mod"))
	}
	version := string(kubernetes[1])
	return map[string]string{Etcd: string(etcd[1]), APIServer: version, ControllerManager: version, Kubectl: version}, nil
}

// ldflags are the linker's flags. Kubernetes binaries learn their version from
// them; without it an API server calls itself v0.0.0.
func ldflags(versions map[string]string) string {
	const x = " -X k8s.io/component-base/version."
	version := versions[APIServer]
	major, rest, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	minor, _, _ := strings.Cut(rest, ".")
	return "-s -w" + x + "gitVersion=" + version + x + "gitMajor=" + major + x + "gitMinor=" + minor
}

// cacheDir names the folder after everything that is built.
func (b builder) cacheDir(ctx context.Context, versions map[string]string) (string, error) {
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
	sources, err := filepath.Glob(filepath.Join(b.tools, "controller-manager", "*.go"))
	if err != nil {
		return "", fmt.Errorf("find the controller-manager: %w", err)
	}
	sum := sha256.New()
	for _, file := range append([]string{filepath.Join(b.tools, "go.mod"), filepath.Join(b.tools, "go.sum")}, sources...) {
		content, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("read what the control plane is built from: %w", err)
		}
		fmt.Fprintf(sum, "%s %d\n%s", filepath.Base(file), len(content), content)
	}
	fmt.Fprintf(sum, "%s/%s %s %s %s", runtime.GOOS, runtime.GOARCH, bytes.TrimSpace(goVersion), ldflags(versions), buildFlags)
	abs, err := filepath.Abs(filepath.Join(cache, hex.EncodeToString(sum.Sum(nil))[:16]))
	if err != nil {
		return "", fmt.Errorf("name the control plane's folder: %w", err)
	}
	return abs, nil
}

// tailLines is how much of a failed process's output an error carries.
const tailLines = 20

// tail returns the last lines of a text.
func tail(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-tailLines):], "\n")
}
