package docs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

// TestCommandsSayWhereTheyLog: a command that uses controller-runtime and says nowhere
// where to log has a stack trace printed into its output after half a minute.
func TestCommandsSayWhereTheyLog(t *testing.T) {
	g := NewWithT(t)
	const root = "../.."
	commands, err := filepath.Glob(filepath.Join(root, "hack", "*"))
	g.Expect(err).NotTo(HaveOccurred())
	tested := 0
	for _, dir := range append(commands, root) {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		g.Expect(err).NotTo(HaveOccurred())
		var source strings.Builder
		for _, file := range files {
			text, err := os.ReadFile(file)
			g.Expect(err).NotTo(HaveOccurred())
			if !strings.HasSuffix(file, "_test.go") {
				source.Write(text)
			}
		}
		if !strings.Contains(source.String(), `"sigs.k8s.io/controller-runtime`) {
			continue
		}
		tested++
		g.Expect(source.String()).To(ContainSubstring("ctrl.SetLogger("), "in %s", dir)
	}
	g.Expect(tested).To(BeNumerically(">=", 2), "the operator and the demo")
}
