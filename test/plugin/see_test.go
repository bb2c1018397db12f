package plugin_test

import (
	"encoding/json"
	"testing"

	. "github.com/onsi/gomega"
	"sigs.k8s.io/yaml"
)

func TestStatusShowsAContract(t *testing.T) {
	s := newSeats(t, "sales.yaml")
	s.golden("status", true, "status", "acme")
	s.golden("status-verbose", true, "status", "acme", "-v")
	s.golden("status-held", true, "status", "beta")
}

func TestListShowsSeats(t *testing.T) {
	g := NewWithT(t)
	s := newSeats(t, "sales.yaml")
	s.golden("list", true, "list")
	everywhere, ok := s.run("list", "-A")
	g.Expect(ok).To(BeTrue())
	g.Expect(everywhere).To(MatchRegexp(`(?m)^NAMESPACE +NAME`))
	g.Expect(everywhere).To(MatchRegexp(`(?m)^sales +acme`))
}

func TestOutputForScripts(t *testing.T) {
	s := newSeats(t, "sales.yaml")
	for _, command := range [][]string{{"list"}, {"status", "acme"}} {
		g := NewWithT(t)
		text, ok := s.run(append(command, "-o", "json")...)
		g.Expect(ok).To(BeTrue())
		var fromJSON, fromYAML any
		g.Expect(json.Unmarshal([]byte(text), &fromJSON)).To(Succeed(), text)
		text, ok = s.run(append(command, "-o", "yaml")...)
		g.Expect(ok).To(BeTrue())
		g.Expect(yaml.Unmarshal([]byte(text), &fromYAML)).To(Succeed(), text)
		g.Expect(fromYAML).To(Equal(fromJSON))
	}
	g := NewWithT(t)
	out, ok := s.run("list", "-o", "xml")
	g.Expect(ok).To(BeFalse())
	g.Expect(out).To(ContainSubstring(`"xml", allowed formats are: json,table,yaml`))
}

func TestColourIsForTerminals(t *testing.T) {
	g := NewWithT(t)
	s := newSeats(t, "sales.yaml")
	plain, _ := s.run("status", "acme")
	g.Expect(plain).NotTo(ContainSubstring("\x1b"))
	colour, _ := s.run("status", "acme", "--color", "always")
	g.Expect(colour).To(ContainSubstring("\x1b[32mJoined\x1b[0m"))
}
