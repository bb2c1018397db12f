package controlplane

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

const goMod = `module example.com/tools

require (
	go.etcd.io/etcd/server/v3 v3.7.3
	k8s.io/kubernetes v1.37.2
)
`

// fakeGo stands in for the go command: it answers `go env GOVERSION`, and where
// asked to build it notes the packages in a file and runs body, with the output's
// folder in $out.
func fakeGo(t *testing.T, body string) (tool, calls string) {
	t.Helper()
	dir := t.TempDir()
	tool, calls = filepath.Join(dir, "go"), filepath.Join(dir, "calls")
	script(t, tool, `[ "$1" = env ] && { echo go1.26.8; exit 0; }
packages=
while [ $# -gt 0 ]; do
	case "$1" in -o) out=$2; shift;; */cmd/*|*/server/*|*/hack/*) packages="$packages $(basename "$1" | sed s/^v3/server/)";; esac
	shift
done
echo $packages >> "`+calls+`"
`+body)
	return tool, calls
}

// script writes a program.
func script(t *testing.T, path, body string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
}

// says writes a program that prints a text.
func says(t *testing.T, path, text string) { t.Helper(); script(t, path, "echo '"+text+"'") }

// builds is the body of a fake go command that builds what it is asked to.
const builds = `for p in $packages; do echo built > "$out/$p"; done`

// newBuilder returns a builder over a fake go command and an empty cache, on a machine
// without any binary, and without an index of prebuilt ones.
func newBuilder(t *testing.T, body string) (b builder, progress *bytes.Buffer, calls string) {
	t.Helper()
	t.Setenv(envCache, t.TempDir())
	t.Setenv("PATH", "/usr/bin:/bin")
	tools := t.TempDir()
	for name, content := range map[string]string{"go.mod": goMod, "go.sum": "sums\n", "controller-manager/main.go": "package main\n"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(tools, name)), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(tools, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	nothing := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(nothing.Close)
	tool, calls := fakeGo(t, body)
	progress = &bytes.Buffer{}
	return builder{tools: tools, goTool: tool, index: nothing.URL, progress: progress, every: time.Hour}, progress, calls
}

// content of a binary, without its last newline.
func content(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(string(content), "\n")
}

func TestBuildTellsWhatItBuildsOnceAndThenNothing(t *testing.T) {
	g := NewWithT(t)
	b, progress, calls := newBuilder(t, builds)

	paths, err := b.binaries(t.Context(), "")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(progress.String()).To(Equal(strings.Join([]string{
		"controlplane: no prebuilt archive, so it is built from Go modules: read the index of prebuilt binaries: " + b.index + " answers 404 Not Found",
		"controlplane: building etcd v3.7.3, kube-apiserver v1.37.2, controller-manager v1.37.2, kubectl v1.37.2",
		"controlplane: the control plane is in " + filepath.Dir(paths[Etcd]),
		"",
	}, "\n")))
	for _, binary := range []string{Etcd, APIServer, ControllerManager, Kubectl} {
		g.Expect(filepath.Base(paths[binary])).To(Equal(binary))
		g.Expect(content(t, paths[binary])).To(Equal("built"))
	}

	progress.Reset()
	g.Expect(b.binaries(t.Context(), "")).To(Equal(paths))
	g.Expect(progress.String()).To(BeEmpty())
	g.Expect(lines(t, calls)).To(Equal([]string{"server kube-apiserver controller-manager kubectl"}))
}

func TestBuildIsRepeatedWhenWhatIsBuiltChanges(t *testing.T) {
	for name, change := range map[string]struct{ file, content string }{
		"a version":             {"go.mod", strings.Replace(goMod, "v1.37.2", "v1.37.3", 1)},
		"a module's content":    {"go.sum", "others\n"},
		"our controllers":       {"controller-manager/main.go", "package main // changed\n"},
		"our controllers, anew": {"controller-manager/more.go", "package main\n"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			b, _, calls := newBuilder(t, builds)
			first, err := b.binaries(t.Context(), "")
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(os.WriteFile(filepath.Join(b.tools, change.file), []byte(change.content), 0o600)).To(Succeed())
			second, err := b.binaries(t.Context(), "")
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(second).NotTo(Equal(first))
			g.Expect(lines(t, calls)).To(HaveLen(2))
		})
	}
}

func TestBuildTellsThatItIsStillAtItAndHowFar(t *testing.T) {
	g := NewWithT(t)
	b, progress, _ := newBuilder(t, "echo k8s.io/one; echo k8s.io/two; sleep 0.3; "+builds)
	b.every = 100 * time.Millisecond
	_, err := b.binaries(t.Context(), "")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(progress.String()).To(MatchRegexp(`controlplane: still building etcd .*: \d+s, \d packages compiled\n`))
}

func TestBuildThatFailsSaysWhyAndLeavesNoBinary(t *testing.T) {
	g := NewWithT(t)
	b, _, _ := newBuilder(t, `echo half > "$out/server"; echo "no space left on device" >&2; exit 1`)
	_, err := b.binaries(t.Context(), "")
	g.Expect(err).To(MatchError(And(ContainSubstring("building etcd v3.7.3"), ContainSubstring("no space left on device"))))

	b.goTool, _ = fakeGo(t, builds)
	paths, err := b.binaries(t.Context(), "")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(content(t, paths[Etcd])).To(Equal("built"))
}

func TestBuildersAtOnceBuildOnce(t *testing.T) {
	g := NewWithT(t)
	b, _, calls := newBuilder(t, "sleep 0.05; "+builds)
	b.progress = nil
	var wait sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		wait.Go(func() { _, errs[i] = b.binaries(t.Context(), "") })
	}
	wait.Wait()
	g.Expect(errs).To(HaveEach(BeNil()))
	g.Expect(lines(t, calls)).To(HaveLen(1))
}

func TestWithoutGoTheMessageSaysSo(t *testing.T) {
	g := NewWithT(t)
	b, _, _ := newBuilder(t, "")
	b.goTool = filepath.Join(t.TempDir(), "go")
	_, err := b.binaries(t.Context(), "")
	g.Expect(err).To(MatchError(ContainSubstring("the control plane is built with Go")))
}

func TestOutsideTheProjectTheMessageSaysSo(t *testing.T) {
	g := NewWithT(t)
	t.Setenv(envAssets, "")
	t.Chdir(t.TempDir())
	_, err := Binaries(t.Context(), nil)
	g.Expect(err).To(MatchError(ContainSubstring("the working directory is not inside the module github.com/seatwarden/seatwarden")))
}

func TestGivenBinariesAreUsedWhereTheyAre(t *testing.T) {
	g := NewWithT(t)
	b, progress, calls := newBuilder(t, builds)
	assets := t.TempDir()
	_, err := b.binaries(t.Context(), assets)
	g.Expect(err).To(MatchError(ContainSubstring("the control plane needs etcd, which is not in KUBEBUILDER_ASSETS=" + assets)))

	says(t, filepath.Join(assets, Etcd), "etcd Version: 3.6.1")
	says(t, filepath.Join(assets, APIServer), "Kubernetes v1.37.0")
	paths, err := b.binaries(t.Context(), assets)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(paths[Etcd]).To(Equal(filepath.Join(assets, Etcd)))
	g.Expect(paths[APIServer]).To(Equal(filepath.Join(assets, APIServer)))
	g.Expect(lines(t, calls)).To(Equal([]string{"controller-manager kubectl"}), "what is not there is built")
	g.Expect(progress.String()).NotTo(ContainSubstring("was made for"))

	progress.Reset()
	says(t, filepath.Join(assets, APIServer), "Kubernetes v1.31.0")
	_, err = b.binaries(t.Context(), assets)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(progress.String()).To(ContainSubstring("is v1.31.0, and what follows was made for v1.37"))
}

func TestAnEnvtestStoreIsUsedWhereItsVersionFits(t *testing.T) {
	g := NewWithT(t)
	b, progress, calls := newBuilder(t, builds)
	store := t.TempDir()
	b.stores = []string{store}
	for version, says37 := range map[string]string{"1.36.4": "1.36.4", "1.37.0": "1.37.0", "1.37.9": "1.36.1" /* its name lies */} {
		dir := filepath.Join(store, version+"-linux-amd64")
		says(t, filepath.Join(dir, APIServer), "Kubernetes v"+says37)
		says(t, filepath.Join(dir, Etcd), "etcd of "+version)
		says(t, filepath.Join(dir, Kubectl), "kubectl of "+version)
	}
	paths, err := b.binaries(t.Context(), "")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(content(t, paths[APIServer])).To(ContainSubstring("Kubernetes v1.37.0"))
	g.Expect(content(t, paths[Etcd])).To(ContainSubstring("etcd of 1.37.0"))
	g.Expect(lines(t, calls)).To(Equal([]string{"controller-manager"}))
	g.Expect(progress.String()).To(ContainSubstring("taking etcd, kube-apiserver, kubectl from " + filepath.Join(store, "1.37.0-linux-amd64")))
	g.Expect(progress.String()).NotTo(ContainSubstring("prebuilt archive"), "nothing is missing that an archive has")

	g.Expect(os.RemoveAll(store)).To(Succeed())
	g.Expect(b.binaries(t.Context(), "")).To(Equal(paths), "what was taken stays")
	g.Expect(lines(t, calls)).To(HaveLen(1))
}

func TestBinariesInPathAreUsedWhereTheirVersionFits(t *testing.T) {
	g := NewWithT(t)
	b, _, calls := newBuilder(t, builds)
	bin := t.TempDir()
	says(t, filepath.Join(bin, Kubectl), "Client Version: v1.37.1\nKustomize Version: v5.7.1")
	says(t, filepath.Join(bin, Etcd), "etcd Version: 3.4.23\nGit SHA: Not provided")
	t.Setenv("PATH", bin+":/usr/bin:/bin")
	paths, err := b.binaries(t.Context(), "")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(content(t, paths[Kubectl])).To(ContainSubstring("v1.37.1"))
	g.Expect(lines(t, calls)).To(Equal([]string{"server kube-apiserver controller-manager"}))
}

// lines returns the lines of a file.
func lines(t *testing.T, path string) []string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(content), "\n"), "\n")
}
