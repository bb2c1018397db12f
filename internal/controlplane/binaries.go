package controlplane

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// The binaries of a control plane.
const (
	Etcd              = "etcd"
	APIServer         = "kube-apiserver"
	ControllerManager = "controller-manager"
	Kubectl           = "kubectl"
)

// modulePath is the project's Go module, by which its root is recognised.
const modulePath = "github.com/seatwarden/seatwarden"

// Paths say where each binary is.
type Paths map[string]string

// Binaries returns where etcd, kube-apiserver, kubectl and the controller-manager of
// hack/tools are. What is missing in the cache folder is copied from this machine,
// taken from the prebuilt archive or built from Go modules, in this order; it tells on
// progress what it does, and every ten seconds for how long. With all of them there it
// says nothing. Two callers at once, in one process or several, do it once. What
// KUBEBUILDER_ASSETS holds is used from there.
//
// The cache folder is named after what is built, the platform, the Go version and the
// build flags. The working directory must be inside the project.
func Binaries(ctx context.Context, progress io.Writer) (Paths, error) {
	root, err := Root()
	if err != nil {
		return nil, err
	}
	b := builder{
		tools: filepath.Join(root, "hack", "tools"), goTool: "go", index: indexURL, stores: stores(),
		progress: progress, every: 10 * time.Second,
	}
	return b.binaries(ctx, os.Getenv(envAssets))
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

// builder fills the cache folder of one hack/tools folder.
type builder struct {
	tools    string        // the nested module
	goTool   string        // the go command
	index    string        // the URL of the index of prebuilt archives
	stores   []string      // folders of folders with finished binaries
	progress io.Writer     // where it tells what it does
	every    time.Duration // how often it tells that it is still at it
}

// binaries takes from assets what it holds, and the rest from the cache folder.
func (b builder) binaries(ctx context.Context, assets string) (Paths, error) {
	versions, err := b.versions()
	if err != nil {
		return nil, err
	}
	paths := Paths{}
	if assets != "" {
		for _, binary := range []string{Etcd, APIServer, Kubectl} {
			path := filepath.Join(assets, binary)
			if _, err := os.Stat(path); err == nil {
				paths[binary] = path
			} else if binary != Kubectl {
				return nil, fmt.Errorf("the control plane needs %s, which is not in %s=%s; unset it to have another one found or built: %w",
					binary, envAssets, assets, err)
			}
		}
		if is, err := versionOf(ctx, paths[APIServer]); err != nil || minor(is) != minor(versions[APIServer]) {
			b.say(fmt.Sprintf("the kube-apiserver in %s=%s is %s, and what follows was made for %s", envAssets, assets, orUnknown(is), minor(versions[APIServer])))
		}
	}
	var wanted []string
	for _, binary := range []string{Etcd, APIServer, ControllerManager, Kubectl} {
		if paths[binary] == "" {
			wanted = append(wanted, binary)
		}
	}
	dir, err := b.ensure(ctx, versions, wanted)
	if err != nil {
		return nil, err
	}
	for _, binary := range wanted {
		paths[binary] = filepath.Join(dir, binary)
	}
	return paths, nil
}

// ensure returns the cache folder after bringing there what it lacks of the wanted
// binaries.
func (b builder) ensure(ctx context.Context, versions map[string]string, wanted []string) (string, error) {
	dir, err := b.cacheDir(ctx, versions)
	if err != nil {
		return "", err
	}
	if len(missing(dir, wanted)) == 0 {
		return dir, nil
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return "", fmt.Errorf("make the control plane's folder: %w", err)
	}
	unlock, err := b.lock(ctx, filepath.Join(dir, ".lock"))
	if err != nil {
		return "", err
	}
	defer unlock()

	if len(missing(dir, wanted)) == 0 { // another process brought them while this one waited
		return dir, nil
	}
	if err := b.copyFound(ctx, dir, versions, missing(dir, wanted)); err != nil {
		return "", err
	}
	if left := withoutOurs(missing(dir, wanted)); len(left) > 0 {
		if err := b.fetch(ctx, dir, versions[APIServer], left); err != nil {
			if ctx.Err() != nil {
				return "", fmt.Errorf("fetch the control plane: %w", context.Cause(ctx))
			}
			b.say(fmt.Sprintf("no prebuilt archive, so it is built from Go modules: %v", err))
		}
	}
	if left := missing(dir, wanted); len(left) > 0 {
		if err := b.build(ctx, dir, versions, left); err != nil {
			return "", err
		}
	}
	b.say("the control plane is in " + dir)
	return dir, nil
}

// missing lists which of the wanted binaries are not in dir.
func missing(dir string, wanted []string) (left []string) {
	for _, binary := range wanted {
		if _, err := os.Stat(filepath.Join(dir, binary)); err != nil {
			left = append(left, binary)
		}
	}
	return left
}

// withoutOurs leaves out the controller-manager, which nobody but this project has.
func withoutOurs(binaries []string) (left []string) {
	for _, binary := range binaries {
		if binary != ControllerManager {
			left = append(left, binary)
		}
	}
	return left
}

// place writes a binary under a temporary name and then renames it, so that one with
// its final name is always whole.
func place(dir, binary string, content io.Reader) (err error) {
	temp := filepath.Join(dir, "."+binary+".partial")
	file, err := os.OpenFile(temp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o700) //nolint:gosec // it is executed
	if err != nil {
		return fmt.Errorf("write %s: %w", binary, err)
	}
	_, err = io.Copy(file, content)
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write %s: %w", binary, err)
	}
	if err := os.Rename(temp, filepath.Join(dir, binary)); err != nil {
		return fmt.Errorf("write %s: %w", binary, err)
	}
	return nil
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

// doing runs something and tells every so often that it is still at it; done, where
// there is one, says how far.
func (b builder) doing(what string, do func() error, far func() string) error {
	started := time.Now()
	b.say(what)
	finished := make(chan error, 1)
	go func() { finished <- do() }()
	tick := time.NewTicker(b.every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			b.say(fmt.Sprintf("still %s: %s, %s", what, time.Since(started).Round(time.Second), far()))
		case err := <-finished:
			return err
		}
	}
}

func (b builder) say(line string) {
	if b.progress != nil {
		_, _ = fmt.Fprintln(b.progress, "controlplane: "+line)
	}
}
