package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// testTimeout bounds one run of a test. A mutation that makes it hang for so
// long is not noticed by an assertion, and so not killed.
const testTimeout = 6 * time.Minute

// verdict is what became of a mutation.
type verdict string

const (
	// verdictKilled: the test failed, as it should.
	verdictKilled verdict = "killed"
	// verdictSurvived: the test passed; it does not guard this.
	verdictSurvived verdict = "SURVIVED"
	// verdictStale: the mutation no longer fits the code.
	verdictStale verdict = "DOES NOT APPLY"
	// verdictUnsound: the test fails, or does not run, without any mutation.
	verdictUnsound verdict = "FAILS WITHOUT IT"
	// verdictBroken: there is no such outcome of the test: the mutation does not
	// build, the test hung, or the suite could not start.
	verdictBroken verdict = "NO RESULT"
)

// overlay is a file with other content than it has on disk.
type overlay struct {
	file    string
	content []byte
}

// write makes the overlay file of the go command in a folder, and returns its name.
func (o *overlay) write(dir string) (string, error) {
	original, err := filepath.Abs(o.file)
	if err != nil {
		return "", fmt.Errorf("find %s: %w", o.file, err)
	}
	replacement := filepath.Join(dir, filepath.Base(o.file))
	if err := os.WriteFile(replacement, o.content, 0o600); err != nil {
		return "", fmt.Errorf("write the mutation: %w", err)
	}
	text, err := json.Marshal(map[string]any{"Replace": map[string]string{original: replacement}})
	if err != nil {
		return "", fmt.Errorf("encode the overlay: %w", err)
	}
	name := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(name, text, 0o600); err != nil {
		return "", fmt.Errorf("write the overlay: %w", err)
	}
	return name, nil
}

// result is one run of one test.
type result struct {
	// passed and failed: the test itself did, by its own word.
	passed, failed bool
	output         string
	took           time.Duration
}

// test runs one test, with the overlay if there is one. It fails only when no
// test can be run at all, or the context is done.
func test(ctx context.Context, pkg, name string, with *overlay) (result, error) {
	args := []string{"test", "-count=1", "-v", "-failfast", "-vet=off", "-timeout", testTimeout.String(), "-run", anchored(name)}
	if with != nil {
		dir, err := os.MkdirTemp("", "mutants-")
		if err != nil {
			return result{}, fmt.Errorf("make a folder: %w", err)
		}
		defer func() { _ = os.RemoveAll(dir) }()
		file, err := with.write(dir)
		if err != nil {
			return result{}, err
		}
		args = append(args, "-overlay", file)
	}
	cmd := exec.CommandContext(ctx, "go", append(args, pkg)...)
	// An interrupted test ends its control plane; a killed one leaves it.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = time.Minute
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	started := time.Now()
	err := cmd.Run()
	took := time.Since(started)
	if ctx.Err() != nil {
		return result{}, fmt.Errorf("interrupted: %w", ctx.Err())
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return result{}, fmt.Errorf("run go test: %w", err)
	}
	return read(output.String(), name, err == nil, took), nil
}

// read finds the test's own outcome in the output of go test -v: whether a
// package failed says less, as one that does not build has failed too.
func read(output, name string, succeeded bool, took time.Duration) result {
	says := func(what string) bool {
		return regexp.MustCompile(`(?m)^\s*--- ` + what + `: ` + regexp.QuoteMeta(name) + ` \(`).MatchString(output)
	}
	hung := strings.Contains(output, "panic: test timed out")
	return result{
		passed: succeeded && says("PASS"),
		failed: !succeeded && says("FAIL") && !hung,
		output: output,
		took:   took,
	}
}

func (r result) verdict() verdict {
	switch {
	case r.failed:
		return verdictKilled
	case r.passed:
		return verdictSurvived
	}
	return verdictBroken
}

// tail is the end of the output.
func (r result) tail() string {
	lines := strings.Split(strings.TrimSpace(r.output), "\n")
	return "        " + strings.Join(lines[max(0, len(lines)-20):], "\n        ")
}

// failure is where an assertion failed, with the beginning of what it says.
var failure = regexp.MustCompile(`(?m)^\s+(\w+\.go:\d+: .*(?:\n.*\S.*){0,3})`)

// firstFailure is what the test noticed first, for readers to see that it
// noticed the mutation and not something else.
func (r result) firstFailure() string {
	return "        " + strings.ReplaceAll(strings.TrimSpace(failure.FindString(r.output)), "\n", "\n        ")
}

// anchored is the pattern of -run that fits one test, or one of its cases, alone.
func anchored(name string) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}
