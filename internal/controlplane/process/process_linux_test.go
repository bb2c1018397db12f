package process

import (
	"bufio"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// envParent makes TestProcessEndsWithItsParent play the parent.
const envParent = "SEATWARDEN_TEST_PARENT"

func TestProcessEndsWithItsParent(t *testing.T) {
	if os.Getenv(envParent) != "" {
		parent(t)
	}
	g := NewWithT(t)
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), envParent+"=1")
	out, err := cmd.StdoutPipe()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(cmd.Start()).To(Succeed())
	line, err := bufio.NewReader(out).ReadString('\n')
	g.Expect(err).NotTo(HaveOccurred())
	child, err := strconv.Atoi(strings.TrimSpace(line))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(syscall.Kill(child, 0)).To(Succeed(), "the child runs")

	g.Expect(cmd.Process.Kill()).To(Succeed())
	g.Expect(cmd.Wait()).To(MatchError("signal: killed"))
	g.Eventually(func() bool { return ended(child) }).WithTimeout(10 * time.Second).Should(BeTrue())
}

// parent starts a child, prints its process id and waits to be killed.
func parent(t *testing.T) {
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	p, err := Start(t.TempDir(), "child", sleep, nil, "300")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = os.Stdout.WriteString(strconv.Itoa(p.PID()) + "\n")
	<-p.Exited()
}

// ended is whether the process is gone, or dead and only not yet reaped by
// whoever inherited it.
func ended(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return true
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(state, "Z")
}
