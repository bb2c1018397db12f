package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/controlplane/process"
	"github.com/seatwarden/seatwarden/internal/standin"
)

func TestPlayStopsAtTheFirstStepThatDoesNotHold(t *testing.T) {
	g := NewWithT(t)
	out := &bytes.Buffer{}
	s := &story{environment: &environment{}, out: out}
	holds := step{"It holds", time.Minute, func(_ context.Context, s *story) error { s.tell("as %s\nsays", "told"); return nil }}
	fails := step{"It does not", time.Minute, func(context.Context, *story) error { return errors.New("for a reason") }}

	g.Expect(s.play(t.Context(), []step{holds, fails, holds})).To(MatchError(errTold))
	g.Expect(out.String()).To(MatchRegexp(`(?s)^ 1  It holds +0\.0 s\n      as told\n      says\n 2  It does not +FAILED\n\nfor a reason\n\ndemo: 1 of 3 steps held\n$`))

	out.Reset()
	g.Expect(s.play(t.Context(), []step{holds, holds})).To(Succeed())
	g.Expect(out.String()).To(HaveSuffix("\ndemo: 2 of 2 steps held\n"))
}

func TestPlayEndsAStepThatTakesTooLong(t *testing.T) {
	g := NewWithT(t)
	out := &bytes.Buffer{}
	waits := step{"It waits", 10 * time.Millisecond, func(ctx context.Context, _ *story) error {
		return eventually(ctx, func(context.Context) error { return errors.New("nothing came") })
	}}
	g.Expect((&story{environment: &environment{}, out: out}).play(t.Context(), []step{waits})).To(MatchError(errTold))
	g.Expect(out.String()).To(ContainSubstring("it does not hold after 10ms: nothing came"))
}

func TestTheTenantIsOneThatTheStandinTakes(t *testing.T) {
	g := NewWithT(t)
	e := &environment{dir: t.TempDir()}
	file, err := e.writeSeed()
	g.Expect(err).NotTo(HaveOccurred())
	seed, err := standin.ReadSeed(file)
	g.Expect(err).NotTo(HaveOccurred())
	auth0 := standin.New(t, standin.WithSeed(*seed))
	state := auth0.Snapshot()
	g.Expect(state.Clients).To(HaveLen(3))
	g.Expect(state.Connections).To(HaveLen(3))
	for _, connection := range state.Connections {
		g.Expect(connection.Directory).To(HaveLen(5+teamSize), connection.Name)
	}
	g.Expect(state.Bindings["post-login"]).To(HaveLen(1), "the guard")
}

func TestOneUpRunsInAFolder(t *testing.T) {
	g := NewWithT(t)
	dir := filepath.Join(t.TempDir(), ".up")
	g.Expect(os.MkdirAll(filepath.Join(dir, "logs"), 0o700)).To(Succeed())

	lock, err := takeLock(dir)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(filepath.Join(dir, "logs")).NotTo(BeADirectory(), "left by an earlier one")
	_, err = takeLock(dir)
	g.Expect(err).To(MatchError(ContainSubstring("make down")))

	other, err := os.Open(filepath.Join(dir, pidFile))
	g.Expect(err).NotTo(HaveOccurred())
	defer func() { _ = other.Close() }()
	g.Expect(running(other)).To(BeTrue())
	g.Expect(lock.Close()).To(Succeed())
	g.Expect(running(other)).To(BeFalse())
}

func TestNobodyWaitsForAProcessThatHasEnded(t *testing.T) {
	g := NewWithT(t)
	p, err := process.Start(t.TempDir(), "shell", "/bin/sh", nil, "-c", "exit 3")
	g.Expect(err).NotTo(HaveOccurred())
	g.Eventually(p.Exited()).Should(BeClosed())
	g.Expect(eventually(t.Context(), func(context.Context) error { return p.Alive() })).To(MatchError(process.ErrEnded))
}
