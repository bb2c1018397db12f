package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/standin/control"
)

func TestServeRefusesFlagsThatContradictEachOther(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--ca-out", "x"}, "--ca-out needs --tls"},
		{[]string{"--client-id", "x"}, "go together"},
		{[]string{"--client-secret", "x"}, "go together"},
		{[]string{"--profile", "gold", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"}, "setting profile"},
		{[]string{"--latency", "slow", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"}, "setting latency"},
		{[]string{"--state", "none.yaml"}, "read the seed"},
		{[]string{"--listen", "nowhere"}, "listen as Auth0"},
		{[]string{"extra"}, "unknown command"},
	} {
		cmd := newCommand()
		cmd.SetArgs(append([]string{"serve"}, c.args...))
		cmd.SetOut(&bytes.Buffer{})
		NewWithT(t).Expect(cmd.ExecuteContext(t.Context())).To(MatchError(ContainSubstring(c.want)), "%q", c.args)
	}
}

func TestServeTakesFreePortsWhereTheDefaultsAreTaken(t *testing.T) {
	g := NewWithT(t)
	for _, address := range []string{defaultListen, defaultControl} {
		if held, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address); err == nil {
			defer func() { _ = held.Close() }()
		} // else somebody else has it, which is as well
	}
	var printed bytes.Buffer
	cmd := newCommand()
	cmd.SetArgs([]string{"serve"})
	cmd.SetOut(&printed)
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	g.Expect(cmd.ExecuteContext(ctx)).To(Succeed())
	g.Expect(printed.String()).To(MatchRegexp(`auth0 +http://127\.0\.0\.1:\d+\ncontrol +http://127\.0\.0\.1:\d+\n`))

	cmd.SetArgs([]string{"serve", "--control", defaultControl})
	g.Expect(cmd.ExecuteContext(ctx)).To(MatchError(ContainSubstring("listen for control")), "who asks for a port gets that one or is told")
}

func TestServePrintsItsAddressesAndEndsWhenInterrupted(t *testing.T) {
	g := NewWithT(t)
	reader, writer, err := os.Pipe()
	g.Expect(err).NotTo(HaveOccurred())
	ca := filepath.Join(t.TempDir(), "ca.pem")
	cmd := newCommand()
	cmd.SetOut(writer)
	cmd.SetArgs([]string{
		"serve", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--tls", "--ca-out", ca,
		"--client-id", "another", "--client-secret", "s", "--profile", "enterprise", "--state", "example-state.yaml",
	})
	ctx, interrupt := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- cmd.ExecuteContext(ctx)
		_ = writer.Close() // a command that failed prints nothing more
	}()

	buffer := make([]byte, 1024)
	var printed []byte
	for bytes.Count(printed, []byte("\n")) < 2 {
		n, err := reader.Read(buffer)
		g.Expect(err).NotTo(HaveOccurred())
		printed = append(printed, buffer[:n]...)
	}
	address := regexp.MustCompile(`control +(http://\S+)`).FindSubmatch(printed)
	g.Expect(address).NotTo(BeNil(), string(printed))
	g.Expect(os.ReadFile(ca)).To(HavePrefix("-----BEGIN CERTIFICATE-----"))
	interrupt()
	g.Eventually(done, 10*time.Second).Should(Receive(BeNil()))
	_, err = control.New(string(address[1])).Info(t.Context())
	g.Expect(err).To(HaveOccurred(), "nothing listens any more")
}
