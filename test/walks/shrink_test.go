package walks

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// shrinkTries bounds how often a walk is walked again to find a shorter one.
const shrinkTries = 60

// shrink looks for few steps of a walk that fail as well: it leaves out halves,
// quarters and so on, and keeps what fails without them.
func shrink(t *testing.T, seed uint64, steps []step) {
	tries := 0
	fails := func(some []step) bool {
		tries++
		// The binary itself, in a process of its own: there a failure is an answer.
		again := exec.Command(os.Args[0], "-test.run", "^TestWalk$", "-walk.seed", fmt.Sprint(seed), "-walk.steps", fmt.Sprint(*length),
			"-walk.patience", "20s", "-walk.only", list(some))
		failed := again.Run() != nil
		t.Logf("shrink %d: %d steps, failed: %t", tries, len(some), failed)
		return failed
	}
	for parts := 2; len(steps) > 1 && tries < shrinkTries; {
		size, shorter := (len(steps)+parts-1)/parts, false
		for from := 0; from < len(steps) && tries < shrinkTries; from += size {
			if rest := slices.Delete(slices.Clone(steps), from, min(from+size, len(steps))); fails(rest) {
				steps, shorter = rest, true
				break
			}
		}
		switch {
		case shorter:
			parts = max(parts-1, 2)
		case size == 1:
			tries = shrinkTries // no step can be left out
		default:
			parts = min(2*parts, len(steps))
		}
	}
	for _, s := range steps {
		t.Log(s)
	}
	t.Logf("what is left fails too: -walk.seed %d -walk.steps %d -walk.only %s", seed, *length, list(steps))
}

// list names steps as -walk.only takes them.
func list(steps []step) string {
	names := make([]string, 0, len(steps))
	for _, s := range steps {
		names = append(names, fmt.Sprint(s.At))
	}
	return strings.Join(names, ",")
}

func TestChosenSteps(t *testing.T) {
	drawn := draw(1, 10)
	some, err := chosen(drawn, "2-4,9")
	if err != nil || list(some) != "2,3,4,9" {
		t.Errorf("chosen says %v, %v", some, err)
	}
	if _, err := chosen(drawn, "two"); err == nil {
		t.Error("a word is taken for a number")
	}
}
