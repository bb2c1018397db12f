package controlplane

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"sigs.k8s.io/yaml"
)

// indexURL is the index of prebuilt binaries that setup-envtest reads.
const indexURL = "https://raw.githubusercontent.com/kubernetes-sigs/controller-tools/HEAD/envtest-releases.yaml"

// How long is waited for the server of prebuilt archives. A build takes longer, but a
// network that lets nothing through should not delay it.
const (
	connectWithin = 5 * time.Second
	answerWithin  = 10 * time.Second
	fetchWithin   = 4 * time.Minute
)

// largest is more than an archive, or a binary in it, ever had.
const largest = 1 << 30

// releases is the index: archives by version and name.
type releases struct {
	Releases map[string]map[string]struct {
		Hash     string `json:"hash"` // SHA-512
		SelfLink string `json:"selfLink"`
	} `json:"releases"`
}

// fetch brings the binaries from the prebuilt archive of a version, or of the newest
// patch of it that there is one of.
func (b builder) fetch(ctx context.Context, dir, version string, binaries []string) error {
	ctx, cancel := context.WithTimeout(ctx, fetchWithin)
	defer cancel()
	client := archiveClient()
	var index releases
	if err := download(ctx, client, b.index, func(body io.Reader) error {
		content, err := io.ReadAll(io.LimitReader(body, 16<<20))
		if err != nil {
			return err
		}
		return yaml.Unmarshal(content, &index)
	}); err != nil {
		return fmt.Errorf("read the index of prebuilt binaries: %w", err)
	}
	release, ok := index.pick(version)
	name := fmt.Sprintf("envtest-%s-%s-%s.tar.gz", release, runtime.GOOS, runtime.GOARCH)
	archive, has := index.Releases[release][name]
	if !ok || !has {
		return fmt.Errorf("there is none of Kubernetes %s for %s/%s", minor(version), runtime.GOOS, runtime.GOARCH)
	}
	file, err := os.CreateTemp(dir, ".archive-")
	if err != nil {
		return fmt.Errorf("fetch %s: %w", name, err)
	}
	defer func() { _ = errors.Join(file.Close(), os.Remove(file.Name())) }()
	var size progressOf
	if err := b.doing("fetching "+name, func() error {
		return download(ctx, client, archive.SelfLink, func(body io.Reader) error {
			sum := sha512.New()
			if _, err := io.Copy(io.MultiWriter(file, sum, &size), io.LimitReader(body, largest)); err != nil {
				return err
			}
			if is := hex.EncodeToString(sum.Sum(nil)); is != archive.Hash {
				return fmt.Errorf("its SHA-512 is %s, and the index says %s", is, archive.Hash)
			}
			return nil
		})
	}, size.String); err != nil {
		return fmt.Errorf("fetch %s: %w", name, err)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("fetch %s: %w", name, err)
	}
	if err := unpack(file, dir, binaries); err != nil {
		return fmt.Errorf("unpack %s: %w", name, err)
	}
	return nil
}

// download hands what a URL answers to read.
func download(ctx context.Context, client *http.Client, url string, read func(io.Reader) error) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, response.Status)
	}
	return read(response.Body)
}

// archiveClient gives up early on a server that is not reached or does not answer.
func archiveClient() *http.Client {
	return &http.Client{Transport: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: connectWithin}).DialContext,
		TLSHandshakeTimeout:   connectWithin,
		ResponseHeaderTimeout: answerWithin,
	}}
}

// pick returns the version itself, or else the newest patch of the same minor version.
func (r releases) pick(version string) (string, bool) {
	if _, ok := r.Releases[version]; ok {
		return version, true
	}
	patch := regexp.MustCompile(`^` + regexp.QuoteMeta(minor(version)) + `\.(\d+)$`)
	best, found := -1, ""
	for release := range r.Releases {
		if match := patch.FindStringSubmatch(release); match != nil {
			if n, err := strconv.Atoi(match[1]); err == nil && n > best {
				best, found = n, release
			}
		}
	}
	return found, best >= 0
}

// unpack places the binaries of an archive in dir.
func unpack(archive io.Reader, dir string, binaries []string) error {
	unzipped, err := gzip.NewReader(archive)
	if err != nil {
		return err
	}
	left := slices.Clone(binaries)
	for files := tar.NewReader(unzipped); len(left) > 0; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("it lacks %s", strings.Join(left, ", "))
		}
		if err != nil {
			return err
		}
		binary := path.Base(header.Name)
		if header.Typeflag != tar.TypeReg || !slices.Contains(left, binary) {
			continue
		}
		if err := place(dir, binary, io.LimitReader(files, largest)); err != nil {
			return err
		}
		left = slices.DeleteFunc(left, func(other string) bool { return other == binary })
	}
	return nil
}

// progressOf counts bytes.
type progressOf struct{ bytes atomic.Int64 }

func (p *progressOf) Write(b []byte) (int, error) {
	p.bytes.Add(int64(len(b)))
	return len(b), nil
}

func (p *progressOf) String() string { return fmt.Sprintf("%d MB", p.bytes.Load()>>20) }
