package controlplane

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	. "github.com/onsi/gomega"
)

// archive is one as the ecosystem's releases are, with these binaries.
func archive(t *testing.T, binaries ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	files := tar.NewWriter(zipped)
	for _, binary := range binaries {
		content := "prebuilt " + binary
		header := &tar.Header{Name: "controller-tools/envtest/" + binary, Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(content))}
		if err := files.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := files.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := files.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// serve has the builder find an index with an archive for each version, and returns
// which archives were asked for.
func (b *builder) serve(t *testing.T, content []byte, hash string, versions ...string) *[]string {
	t.Helper()
	var asked []string
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/index" {
			asked = append(asked, r.URL.Path)
			_, _ = w.Write(content)
			return
		}
		fmt.Fprintln(w, "releases:")
		for _, version := range versions {
			name := fmt.Sprintf("envtest-%s-%s-%s.tar.gz", version, runtime.GOOS, runtime.GOARCH)
			fmt.Fprintf(w, "  %s:\n    %s:\n      hash: %s\n      selfLink: %s/%s\n", version, name, hash, server.URL, name)
		}
	}))
	t.Cleanup(server.Close)
	b.index = server.URL + "/index"
	return &asked
}

func sha(content []byte) string {
	sum := sha512.Sum512(content)
	return hex.EncodeToString(sum[:])
}

func TestThePrebuiltArchiveOfTheVersionIsTaken(t *testing.T) {
	for name, test := range map[string]struct {
		versions []string
		taken    string
	}{
		"the very version":             {[]string{"v1.36.9", "v1.37.0", "v1.37.2", "v1.37.10"}, "v1.37.2"},
		"or the newest of its patches": {[]string{"v1.37.9", "v1.37.10", "v1.37.11-rc.0", "v1.38.0", "v1.370.0"}, "v1.37.10"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			b, progress, calls := newBuilder(t, builds)
			content37 := archive(t, "etcd", "kube-apiserver", "kubectl")
			asked := b.serve(t, content37, sha(content37), test.versions...)
			paths, err := b.binaries(t.Context(), "")
			g.Expect(err).NotTo(HaveOccurred())
			archive := fmt.Sprintf("envtest-%s-%s-%s.tar.gz", test.taken, runtime.GOOS, runtime.GOARCH)
			g.Expect(*asked).To(Equal([]string{"/" + archive}))
			for _, binary := range []string{Etcd, APIServer, Kubectl} {
				g.Expect(content(t, paths[binary])).To(Equal("prebuilt " + binary))
				info, err := os.Stat(paths[binary])
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect(info.Mode().Perm() & 0o100).NotTo(BeZero())
			}
			g.Expect(lines(t, calls)).To(Equal([]string{"controller-manager"}), "the archive lacks it")
			g.Expect(progress.String()).To(ContainSubstring("controlplane: fetching " + archive + "\n"))

			_, err = b.binaries(t.Context(), "")
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(*asked).To(HaveLen(1))
		})
	}
}

func TestWithoutAPrebuiltArchiveALineSaysWhyAndItIsBuilt(t *testing.T) {
	whole := archive(t, "etcd", "kube-apiserver", "kubectl")
	partly := archive(t, "etcd", "kubectl")
	for name, test := range map[string]struct {
		serve func(t *testing.T, b *builder)
		says  string
	}{
		"nobody listens":      {func(_ *testing.T, b *builder) { b.index = "http://127.0.0.1:1/" }, "connection refused"},
		"no such minor":       {func(t *testing.T, b *builder) { b.serve(t, whole, sha(whole), "v1.36.0", "v1.38.0") }, "there is none of Kubernetes v1.37 for "},
		"another checksum":    {func(t *testing.T, b *builder) { b.serve(t, whole, sha(nil), "v1.37.2") }, "and the index says cf83e1357eefb8bd"},
		"a binary is lacking": {func(t *testing.T, b *builder) { b.serve(t, partly, sha(partly), "v1.37.2") }, "it lacks kube-apiserver"},
		"no archive but a page": {func(t *testing.T, b *builder) {
			b.serve(t, []byte("<html>"), sha([]byte("<html>")), "v1.37.2")
		}, "unpack envtest-v1.37.2"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			b, progress, calls := newBuilder(t, builds)
			test.serve(t, &b)
			paths, err := b.binaries(t.Context(), "")
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(progress.String()).To(MatchRegexp(`controlplane: no prebuilt archive, so it is built from Go modules: .*` + test.says))
			g.Expect(content(t, paths[APIServer])).To(Equal("built"))
			g.Expect(lines(t, calls)).To(HaveLen(1))
			left, err := filepath.Glob(filepath.Join(filepath.Dir(paths[APIServer]), ".*"))
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(left).To(ConsistOf(HaveSuffix(".lock")), "nothing half is left")
		})
	}
}

func TestAnArchiveFollowedByAStopIsNotBuilt(t *testing.T) {
	g := NewWithT(t)
	b, _, _ := newBuilder(t, "exit 1")
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() }))
	defer server.Close()
	b.index = server.URL
	_, err := b.binaries(ctx, "")
	g.Expect(err).To(MatchError(context.Canceled))
}
