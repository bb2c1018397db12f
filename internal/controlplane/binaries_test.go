package controlplane

import (
	"bytes"
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
// asked to build it notes that in a file and runs body, with the output's path
// in $out.
func fakeGo(t *testing.T, body string) (tool, calls string) {
	t.Helper()
	dir := t.TempDir()
	tool, calls = filepath.Join(dir, "go"), filepath.Join(dir, "calls")
	script := `#!/bin/sh
[ "$1" = env ] && { echo go1.26.8; exit 0; }
while [ $# -gt 1 ]; do [ "$1" = -o ] && out=$2; shift; done
echo "$1" >> "` + calls + `"
` + body + "\n"
	if err := os.WriteFile(tool, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return tool, calls
}

// newBuilder returns a builder over a fake go command and an empty cache.
func newBuilder(t *testing.T, body string) (b builder, progress *bytes.Buffer, calls string) {
	t.Helper()
	t.Setenv(envCache, t.TempDir())
	tools := t.TempDir()
	for name, content := range map[string]string{"go.mod": goMod, "go.sum": "sums\n"} {
		if err := os.WriteFile(filepath.Join(tools, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tool, calls := fakeGo(t, body)
	progress = &bytes.Buffer{}
	return builder{tools: tools, goTool: tool, progress: progress, every: time.Hour}, progress, calls
}

func TestBuildTellsWhatItBuildsOnceAndThenNothing(t *testing.T) {
	g := NewWithT(t)
	b, progress, calls := newBuilder(t, `echo binary > "$out"`)

	dir, err := b.ensure(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(progress.String()).To(Equal(strings.Join([]string{
		"controlplane: building a Kubernetes control plane from its Go modules, once; some 8 minutes on two cores",
		"controlplane: building etcd v3.7.3 (1 of 4)",
		"controlplane: building kube-apiserver v1.37.2 (2 of 4)",
		"controlplane: building kube-controller-manager v1.37.2 (3 of 4)",
		"controlplane: building kubectl v1.37.2 (4 of 4)",
		"controlplane: control plane built in " + string(dir),
		"",
	}, "\n")))
	g.Expect(dir.require(Etcd, APIServer, ControllerManager, Kubectl)).To(Succeed())

	progress.Reset()
	g.Expect(b.ensure(t.Context())).To(Equal(dir))
	g.Expect(progress.String()).To(BeEmpty())
	g.Expect(lines(t, calls)).To(HaveLen(4))
}

func TestBuildIsRepeatedWhenAVersionChanges(t *testing.T) {
	g := NewWithT(t)
	b, _, calls := newBuilder(t, `echo binary > "$out"`)
	first, err := b.ensure(t.Context())
	g.Expect(err).NotTo(HaveOccurred())

	changed := strings.Replace(goMod, "v1.37.2", "v1.37.3", 1)
	g.Expect(os.WriteFile(filepath.Join(b.tools, "go.mod"), []byte(changed), 0o600)).To(Succeed())
	second, err := b.ensure(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(second).NotTo(Equal(first))
	g.Expect(lines(t, calls)).To(HaveLen(8))
}

func TestBuildTellsThatItIsStillAtIt(t *testing.T) {
	g := NewWithT(t)
	b, progress, _ := newBuilder(t, `sleep 0.2; echo binary > "$out"`)
	b.every = 50 * time.Millisecond
	_, err := b.ensure(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(progress.String()).To(ContainSubstring("controlplane: still building kube-apiserver v1.37.2: 0s\n"))
}

func TestBuildThatFailsSaysWhyAndLeavesNoBinary(t *testing.T) {
	g := NewWithT(t)
	b, _, _ := newBuilder(t, `echo half > "$out"; echo "no space left on device" >&2; exit 1`)
	_, err := b.ensure(t.Context())
	g.Expect(err).To(MatchError(And(ContainSubstring("build etcd v3.7.3"), ContainSubstring("no space left on device"))))

	b.goTool, _ = fakeGo(t, `echo binary > "$out"`)
	dir, err := b.ensure(t.Context())
	g.Expect(err).NotTo(HaveOccurred(), "a later build goes on where the first one ended")
	g.Expect(os.ReadFile(dir.Path(Etcd))).To(Equal([]byte("binary\n")))
}

func TestBuildersAtOnceBuildOnce(t *testing.T) {
	g := NewWithT(t)
	b, _, calls := newBuilder(t, `sleep 0.05; echo binary > "$out"`)
	b.progress = nil
	var wait sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		wait.Go(func() { _, errs[i] = b.ensure(t.Context()) })
	}
	wait.Wait()
	g.Expect(errs).To(HaveEach(BeNil()))
	g.Expect(lines(t, calls)).To(HaveLen(4))
}

func TestWithoutGoTheMessageSaysSo(t *testing.T) {
	g := NewWithT(t)
	b, _, _ := newBuilder(t, "")
	b.goTool = filepath.Join(t.TempDir(), "go")
	_, err := b.ensure(t.Context())
	g.Expect(err).To(MatchError(ContainSubstring("the control plane is built with Go")))
}

func TestOutsideTheProjectTheMessageSaysSo(t *testing.T) {
	g := NewWithT(t)
	t.Setenv(envAssets, "")
	t.Chdir(t.TempDir())
	_, err := Binaries(t.Context(), nil)
	g.Expect(err).To(MatchError(ContainSubstring("the working directory is not inside the module github.com/seatwarden/seatwarden")))
}

func TestGivenBinariesAreUsedAndChecked(t *testing.T) {
	g := NewWithT(t)
	dir := t.TempDir()
	t.Setenv(envAssets, dir)
	_, err := Binaries(t.Context(), nil)
	g.Expect(err).To(MatchError(ContainSubstring("the control plane needs etcd, which is not in " + dir)))

	for _, binary := range []string{Etcd, APIServer} {
		g.Expect(os.WriteFile(filepath.Join(dir, binary), nil, 0o600)).To(Succeed())
	}
	g.Expect(Binaries(t.Context(), nil)).To(Equal(Dir(dir)))

	_, err = Start(t.Context(), Options{ControllerManager: true})
	g.Expect(err).To(MatchError(ContainSubstring("needs kube-controller-manager, which is not in " + dir)))
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
