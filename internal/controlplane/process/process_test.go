package process

import (
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"
)

func TestProcessesEndWhenTheyAreTold(t *testing.T) {
	g := NewWithT(t)
	dir := filepath.Join(t.TempDir(), "logs")
	p, err := Start(dir, "shell", "/bin/sh", []string{"GREETING=hello"}, "-c", `echo "$GREETING"; read -r never < /dev/zero`)
	g.Expect(err).NotTo(HaveOccurred())
	g.Eventually(func() string { return p.Tail(1) }).Should(Equal("hello"))
	g.Expect(p.Alive()).To(Succeed())
	g.Expect(p.Err()).To(Succeed())
	g.Expect(p.Kill()).To(Succeed())
	g.Expect(p.Exited()).To(BeClosed())
	g.Expect(p.Alive()).To(And(MatchError(ErrEnded), MatchError(ContainSubstring("hello"))))
	g.Expect(p.Err()).To(MatchError("signal: killed"))
	g.Expect(p.Stop()).To(Succeed(), "it has ended already")

	_, err = Start(dir, "nothing", filepath.Join(dir, "nothing"), nil)
	g.Expect(err).To(HaveOccurred())
}
