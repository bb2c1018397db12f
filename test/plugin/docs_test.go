package plugin_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/cmd/kubectl-seats/commands"
)

// shown are the examples of the page that have output.
var shown = regexp.MustCompile("(?ms)^```\n(\\$ kubectl seats .*?)^```$")

func TestDocsShowWhatTheCommandsPrint(t *testing.T) {
	g := NewWithT(t)
	page, err := os.ReadFile("../../docs/kubectl-seats.md")
	g.Expect(err).NotTo(HaveOccurred())
	files, err := filepath.Glob("testdata/*.golden")
	g.Expect(err).NotTo(HaveOccurred())
	printed := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		g.Expect(err).NotTo(HaveOccurred())
		printed[string(text)] = file
	}
	for _, example := range shown.FindAllStringSubmatch(string(page), -1) {
		g.Expect(printed).To(HaveKey(example[1]), "no golden file has this example of the page")
	}
}

func TestDocsShowEveryCommand(t *testing.T) {
	g := NewWithT(t)
	page, err := os.ReadFile("../../docs/kubectl-seats.md")
	g.Expect(err).NotTo(HaveOccurred())
	for _, command := range commands.New(commands.Options{}).Commands() {
		if name := command.Name(); name != "help" && name != "completion" {
			g.Expect(string(page)).To(ContainSubstring("\n$ kubectl seats "+name), "the page shows no output of this command")
		}
	}
}
