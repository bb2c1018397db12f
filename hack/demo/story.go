package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/seatwarden/seatwarden/internal/controlplane/process"
)

// step is one thing that must hold.
type step struct {
	title string
	// within is how long it may take.
	within time.Duration
	// check returns once it holds; what it tells is printed under the title.
	check func(ctx context.Context, s *story) error
}

// story is a run of the steps, and what later steps know from earlier ones.
type story struct {
	*environment
	out  io.Writer
	told []string

	organization string
	it, jane     *employee
	bob          *employee
	// team is a list of people, held those of them whose removal was.
	team, held []*employee
	// hash of what was held last.
	hash string
	// expiredLink and usedLink are Jane's.
	expiredLink, usedLink string
}

// tell adds a line that is printed under the step's title when it holds.
func (s *story) tell(format string, args ...any) {
	s.told = append(s.told, strings.Split(strings.TrimRight(fmt.Sprintf(format, args...), "\n"), "\n")...)
}

// demo plays the story in a folder of its own. Of that only the logs stay, and
// only after a step that did not hold.
func demo(ctx context.Context, out io.Writer) error {
	dir, err := os.MkdirTemp("", "seatwarden-demo-")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	env, err := newEnvironment(dir, out)
	if err != nil {
		return err
	}
	if err := env.build(ctx); err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	held := (&story{environment: env, out: out}).play(ctx, steps)
	ended := env.stop()
	if held == nil || ctx.Err() != nil {
		ended = errors.Join(ended, os.RemoveAll(dir))
	} else {
		fmt.Fprintln(out, "the logs stay in", filepath.Join(dir, "logs"))
		ended = errors.Join(ended, removeAllBut(dir, "logs"))
	}
	if ended != nil {
		return fmt.Errorf("clean up: %w", ended)
	}
	return held
}

// play goes through the steps and stops at the first that does not hold, or when
// it is interrupted. The last line says how many held.
func (s *story) play(ctx context.Context, steps []step) error {
	began := time.Now()
	for i, step := range steps {
		fmt.Fprintf(s.out, "%2d  %-72s ", i+1, step.title)
		if err := s.try(ctx, step); err != nil {
			if ctx.Err() != nil {
				fmt.Fprintln(s.out, "\ninterrupted: ending what runs")
				return errTold
			}
			fmt.Fprintf(s.out, "FAILED\n\n%v\n\n", err)
			if s.operator != nil && !errors.Is(err, process.ErrEnded) {
				fmt.Fprintf(s.out, "the end of the operator's log:\n%s\n\n", s.operator.Tail(25))
			}
			fmt.Fprintf(s.out, "demo: %d of %d steps held\n", i, len(steps))
			return errTold
		}
	}
	fmt.Fprintf(s.out, "%82.1f s in all\n\ndemo: %d of %d steps held\n", time.Since(began).Seconds(), len(steps), len(steps))
	return nil
}

// try checks one step within its time and prints how long it took.
func (s *story) try(ctx context.Context, step step) error {
	began := time.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, step.within, fmt.Errorf("it does not hold after %s", step.within))
	defer cancel()
	s.told = nil
	if err := step.check(ctx, s); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%5.1f s\n", time.Since(began).Seconds())
	for _, line := range s.told {
		fmt.Fprintf(s.out, "      %s\n", line)
	}
	return nil
}

// removeAllBut deletes what lies in a folder, except one name.
func removeAllBut(dir, kept string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("delete what the run left: %w", err)
	}
	for _, entry := range entries {
		if entry.Name() == kept {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, entry.Name())); err != nil {
			return fmt.Errorf("delete what the run left: %w", err)
		}
	}
	return nil
}
