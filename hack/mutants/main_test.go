package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

func TestEveryPromiseHasMutations(t *testing.T) {
	g := NewWithT(t)
	mutations, err := load("mutants.yaml")
	g.Expect(err).NotTo(HaveOccurred())
	count := map[string]int{}
	for _, m := range mutations {
		count[m.Promise]++
	}
	for _, promise := range promises {
		g.Expect(count[promise]).To(BeNumerically(">=", 2), promise)
	}
}

func TestListsAreChecked(t *testing.T) {
	const whole = "- {name: a, promise: Seats, file: a.go, find: x, replace: y, package: ./a, test: TestA, why: w}\n"
	for name, tc := range map[string]struct{ list, message string }{
		"whole":             {whole, ""},
		"the same name":     {whole + whole, "two mutations"},
		"unknown field":     {"- {name: a, finds: x}\n", "unknown field"},
		"something missing": {"- {name: a, promise: Seats}\n", "is missing"},
		"no such promise":   {"- {name: a, promise: Speed, file: a.go, find: x, package: ./a, test: TestA, why: w}\n", "none of the promises"},
		"a test's file":     {"- {name: a, promise: Seats, file: a_test.go, find: x, package: ./a, test: TestA, why: w}\n", "no test"},
		"outside":           {"- {name: a, promise: Seats, file: ../a.go, find: x, package: ./a, test: TestA, why: w}\n", "one of the project's"},
		"no change":         {"- {name: a, promise: Seats, file: a.go, find: x, replace: x, package: ./a, test: TestA, why: w}\n", "the same"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			path := filepath.Join(t.TempDir(), "list.yaml")
			g.Expect(os.WriteFile(path, []byte(tc.list), 0o600)).To(Succeed())
			_, err := load(path)
			if tc.message == "" {
				g.Expect(err).NotTo(HaveOccurred())
			} else {
				g.Expect(err).To(MatchError(ContainSubstring(tc.message)))
			}
		})
	}
}

// A module of three lines stands for the project.
func TestMutationsAreJudged(t *testing.T) {
	t.Chdir(t.TempDir())
	g := NewWithT(t)
	for name, text := range map[string]string{
		"go.mod": "module example.com/seats\n\ngo 1.26\n",
		"seats.go": `package seats

func free(seats, used int) bool { return used < seats }
`,
		"seats_test.go": `package seats

import "testing"

func TestFull(t *testing.T) {
	if free(3, 3) {
		t.Error("one too many")
	}
}

func TestNothing(*testing.T) {}

func TestBroken(t *testing.T) { t.Error("fails anyhow") }

func TestSkipped(t *testing.T) { t.Skip("not here") }
`,
	} {
		g.Expect(os.WriteFile(name, []byte(text), 0o600)).To(Succeed())
	}
	turned := func(test string) Mutation {
		return Mutation{Name: test, Promise: "Seats", File: "seats.go", Find: "used < seats", Replace: "used <= seats", Package: ".", Test: test}
	}
	stale, twice, unbuilt := turned("TestFull"), turned("TestFull"), turned("TestFull")
	stale.Find, twice.Find, unbuilt.Replace = "used > seats", "used", "used < chairs"
	for name, tc := range map[string]struct {
		mutation Mutation
		want     verdict
	}{
		"the test notices":             {turned("TestFull"), verdictKilled},
		"the test does not notice":     {turned("TestNothing"), verdictSurvived},
		"the test fails anyhow":        {turned("TestBroken"), verdictUnsound},
		"the test is skipped":          {turned("TestSkipped"), verdictUnsound},
		"there is no such test":        {turned("TestFul"), verdictUnsound},
		"its text is gone":             {stale, verdictStale},
		"its text stands there thrice": {twice, verdictStale},
		"it does not build":            {unbuilt, verdictBroken},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			got, err := run(t.Context(), tc.mutation, map[string]result{})
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(got.verdict).To(Equal(tc.want), got.detail)
		})
	}

	out := &bytes.Buffer{}
	g.Expect(runAll(t.Context(), out, []Mutation{turned("TestFull"), turned("TestNothing")})).To(MatchError(errTold))
	g.Expect(out.String()).To(HaveSuffix("\nmutants: 1 of 2 killed\n"))
	out.Reset()
	g.Expect(runAll(t.Context(), out, []Mutation{turned("TestFull")})).To(Succeed())
	g.Expect(out.String()).To(HaveSuffix("\nmutants: 1 of 1 killed\n"))
}

func TestATestThatHangsIsNotKilled(t *testing.T) {
	hung := read("--- FAIL: TestFull (0.10s)\npanic: test timed out after 6m0s\n", "TestFull", false, time.Minute)
	NewWithT(t).Expect(hung.verdict()).To(Equal(verdictBroken))
}
