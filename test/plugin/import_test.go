package plugin_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/cmd/kubectl-seats/people"
)

func TestImportGivesEachRowItsResult(t *testing.T) {
	g := NewWithT(t)
	s := newSeats(t, "sales.yaml")
	s.golden("import-dry-run", false, "import", "acme", "-f", "testdata/people.csv", "--dry-run")
	g.Expect(s.member("acme-kim")).To(BeNil())
	s.golden("import", false, "import", "acme", "-f", "testdata/people.csv")
	g.Expect(s.member("acme-kim").Spec.Roles).To(Equal([]v1alpha1.RoleName{"Reader"}))
	g.Expect(s.member("acme-max")).NotTo(BeNil(), "a bad row keeps nobody else out")
	g.Expect(s.member("acme-ray")).To(BeNil())
	again, _ := s.run("import", "acme", "-f", "testdata/people.csv")
	g.Expect(again).To(HaveSuffix("0 created, 3 declared already, 5 refused\n"))
}

func TestImportRefusesAWholeFileBeforeAnybodyIsDeclared(t *testing.T) {
	s := newSeats(t, "sales.yaml")
	for says, text := range map[string]string{
		"error: the file is no CSV: parse error on line 3":               "email\nkim@acme.com\n\"lee@acme.com\n",
		"error: the file has more than 4 MiB: split it":                  "email\n" + strings.Repeat("kim@acme.com\n", people.LargestFile/12),
		"error: the header names no column email (it has: kim@acme.com)": "kim@acme.com\n",
	} {
		g := NewWithT(t)
		file := filepath.Join(t.TempDir(), "people.csv")
		g.Expect(os.WriteFile(file, []byte(text), 0o600)).To(Succeed())
		out, ok := s.run("import", "acme", "-f", file)
		g.Expect(ok).To(BeFalse())
		g.Expect(out).To(HavePrefix(says))
		g.Expect(out).To(HaveSuffix("; nobody is declared\n"))
		g.Expect(s.member("acme-kim")).To(BeNil())
	}
}

func TestImportReadsWhatIsPipedIn(t *testing.T) {
	g := NewWithT(t)
	s := newSeats(t, "sales.yaml")
	s.stdin = "\xef\xbb\xbfe-mail;rolle\r\nkim@acme.com;Reader|Portal Admin\r\n"
	out, ok := s.run("import", "acme", "-f", "-", "-o", "json")
	g.Expect(ok).To(BeTrue(), out)
	g.Expect(out).To(ContainSubstring(`"result": "created"`))
	g.Expect(s.member("acme-kim").Spec.Roles).To(ConsistOf(v1alpha1.RoleName("Reader"), v1alpha1.RoleName("Portal Admin")))
}

func TestImportSaysThatThereIsNoFile(t *testing.T) {
	g := NewWithT(t)
	s := newSeats(t, "sales.yaml")
	out, ok := s.run("import", "acme", "-f", "testdata/none.csv")
	g.Expect(ok).To(BeFalse())
	g.Expect(out).To(Equal("error: the file \"testdata/none.csv\" cannot be read: no such file or directory\n"))
}
