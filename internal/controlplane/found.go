package controlplane

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"
)

// stores are the folders in which setup-envtest and its predecessors keep finished
// binaries, each a folder a version.
func stores() []string {
	if home, err := os.UserHomeDir(); err == nil {
		data := os.Getenv("XDG_DATA_HOME")
		if data == "" {
			data = filepath.Join(home, ".local", "share")
		}
		store := filepath.Join(data, "kubebuilder-envtest", "k8s")
		if runtime.GOOS == "darwin" {
			store = filepath.Join(home, "Library", "Application Support", "io.kubebuilder.envtest", "k8s")
		}
		return []string{store, "/usr/local/kubebuilder"}
	}
	return []string{"/usr/local/kubebuilder"}
}

// copyFound copies what the machine has of the binaries, in a version that fits: a
// whole set of a store, or single ones in PATH.
func (b builder) copyFound(ctx context.Context, dir string, versions map[string]string, wanted []string) error {
	wanted = withoutOurs(wanted)
	for _, set := range b.sets(versions[APIServer]) {
		if is, err := versionOf(ctx, filepath.Join(set, APIServer)); err != nil || minor(is) != minor(versions[APIServer]) {
			continue
		}
		if len(missing(set, wanted)) == 0 {
			return b.copyAll(dir, set, wanted)
		}
	}
	for _, binary := range wanted {
		path, err := exec.LookPath(binary)
		if err != nil {
			continue
		}
		if is, err := versionOf(ctx, path); err == nil && minor(is) == minor(versions[binary]) {
			if err := b.copyAll(dir, filepath.Dir(path), []string{binary}); err != nil {
				return err
			}
		}
	}
	return nil
}

// sets are the folders with an API server in the stores, the one of that very version
// first, then those with the latest names.
func (b builder) sets(version string) (sets []string) {
	for _, store := range b.stores {
		found, err := filepath.Glob(filepath.Join(store, "*", APIServer))
		if err != nil {
			continue // the store's name is no pattern: nothing can be found there
		}
		slices.Reverse(found)
		for _, path := range found {
			sets = append(sets, filepath.Dir(path))
		}
	}
	wanted := strings.TrimPrefix(version, "v") + "-"
	slices.SortStableFunc(sets, func(x, y string) int {
		return btoi(strings.HasPrefix(filepath.Base(y), wanted)) - btoi(strings.HasPrefix(filepath.Base(x), wanted))
	})
	return sets
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// copyAll copies binaries from one folder to another. A link would break, or change its
// version, with what it leads to.
func (b builder) copyAll(to, from string, binaries []string) error {
	for _, binary := range binaries {
		file, err := os.Open(filepath.Join(from, binary))
		if err != nil {
			return fmt.Errorf("copy %s: %w", binary, err)
		}
		err = place(to, binary, file)
		_ = file.Close()
		if err != nil {
			return err
		}
	}
	b.say("taking " + strings.Join(binaries, ", ") + " from " + from)
	return nil
}

var versionInOutput = regexp.MustCompile(`\bv?(\d+\.\d+\.\d+[-+.\w]*)`)

// versionOf runs a binary and returns the first version that it prints.
func versionOf(ctx context.Context, path string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	args := []string{"--version"}
	if filepath.Base(path) == Kubectl {
		args = []string{"version", "--client"}
	}
	out, err := exec.CommandContext(ctx, path, args...).Output()
	if err != nil {
		return "", fmt.Errorf("ask %s for its version: %w", path, err)
	}
	found := versionInOutput.FindSubmatch(out)
	if found == nil {
		return "", fmt.Errorf("ask %s for its version: it answers %q", path, out)
	}
	return "v" + string(found[1]), nil
}

// minor is a version without its patch: v1.37 of v1.37.2.
func minor(version string) string {
	parts := strings.SplitN(version, ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}

func orUnknown(version string) string {
	if version == "" {
		return "of an unknown version"
	}
	return version
}
