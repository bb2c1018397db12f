package traffic

import (
	"context"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// drawn returns n latencies of a route in order.
func drawn(l *latencies, method, template string, n int) []time.Duration {
	var out []time.Duration
	for range n {
		out = append(out, l.draw(&Endpoint{Method: method, Template: ManagementPrefix + template}))
	}
	return out
}

func TestLatenciesAreThoseOfTheRecordings(t *testing.T) {
	const calls = 4000
	for name, want := range RecordedLatencies {
		g := NewWithT(t)
		method, template, _ := strings.Cut(name, " ")
		all := drawn(newLatencies(nil), method, template, calls)
		slices.Sort(all)
		ms := func(at int) float64 { return float64(all[at]) / float64(time.Millisecond) }
		g.Expect(ms(calls/2)).To(BeNumerically("~", want.p50, want.p50/10), name)
		g.Expect(ms(calls*95/100)).To(BeNumerically("~", want.p95, want.p95/10), name)
		g.Expect(ms(calls-1)).To(BeNumerically("<=", latencyCap*want.p95), name)
	}
}

func TestEveryRecordedLatencyIsDocumented(t *testing.T) {
	g := NewWithT(t)
	page, err := os.ReadFile("../../../docs/standin.md")
	g.Expect(err).NotTo(HaveOccurred())
	for name, of := range RecordedLatencies {
		g.Expect(string(page)).To(ContainSubstring("| `%s` | %.0f | %.0f |", name, of.p50, of.p95))
	}
}

func TestLatenciesAreTheSameInEveryRun(t *testing.T) {
	g := NewWithT(t)
	alone, mixed := newLatencies(nil), newLatencies(nil)
	want := drawn(alone, http.MethodGet, "/roles", 5)
	var got []time.Duration
	for range 5 {
		drawn(mixed, http.MethodPost, "/roles", 3)
		got = append(got, drawn(mixed, http.MethodGet, "/roles", 1)...)
	}
	g.Expect(got).To(Equal(want), "calls of other routes do not alter it")
	slices.Sort(want)
	g.Expect(slices.Compact(want)).To(HaveLen(5), "and calls differ")
}

func TestLatencyEndsWithTheRequest(t *testing.T) {
	g := NewWithT(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	returned := make(chan struct{})
	go func() { defer close(returned); sleepFor(ended, time.Hour) }()
	g.Eventually(returned, 5*time.Second).Should(BeClosed())
}
