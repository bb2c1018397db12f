// Package innode plays Actions in Node, as Auth0 does: the second judge of what
// tests expect of them, beside the engine of package actions.
package innode

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"testing"
)

// Play gives the runs to testdata/harness.js of the test's package and returns the
// outcome of each. Without Node it skips the test, but in CI, where it fails it.
func Play[Outcome, Run any](t *testing.T, runs []Run) []Outcome {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("node is not on PATH")
		}
		t.Skip("node is not on PATH: the table ran in goja only")
	}
	input, err := json.Marshal(runs)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), node, "testdata/harness.js")
	command.Stdin = bytes.NewReader(input)
	output, err := command.Output()
	if err != nil {
		t.Fatalf("run node: %s", err)
	}
	var outcomes []Outcome
	if err := json.Unmarshal(output, &outcomes); err != nil {
		t.Fatal(err)
	}
	if len(outcomes) != len(runs) {
		t.Fatalf("node ran %d of %d", len(outcomes), len(runs))
	}
	return outcomes
}
