package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

func TestTableShowsGoalAndTheFigureBefore(t *testing.T) {
	g := NewWithT(t)
	file := filepath.Join(t.TempDir(), "before.json")
	same := figure{Row: "onboard", Size: "N=1", Name: "calls", Unit: "calls"}
	old, now := same, same
	old.Value, now.Value = 24, 9
	g.Expect(results{Commit: "abc", Machine: "2 cores", Figures: []figure{old}}.write(file)).To(Succeed())
	before, err := readResults(file)
	g.Expect(err).NotTo(HaveOccurred())
	var out strings.Builder
	other := figure{Row: "burst", Size: "free", Name: "use", Value: 95.5, Unit: "%"}.atLeast(95).because("of %s", "all")
	g.Expect(results{Machine: "2 cores", Figures: []figure{now.atMost(8), other}}.print(&out, before)).To(Succeed())
	var rows [][]string
	for line := range strings.Lines(out.String()) {
		rows = append(rows, strings.Fields(line))
	}
	g.Expect(out.String()).To(ContainSubstring("before: commit abc, 2 cores"))
	g.Expect(rows).To(ContainElements(
		[]string{"onboard", "N=1", "calls", "9", "24", "calls", "at", "most", "8", "(missed)"},
		[]string{"burst", "free", "use", "95.5", "-", "%", "at", "least", "95", "of", "all"},
	))
}

func TestPercentilesAreByNearestRank(t *testing.T) {
	g := NewWithT(t)
	took := []time.Duration{4, 1, 3, 2}
	g.Expect(percentile(took, 50)).To(BeEquivalentTo(2))
	g.Expect(percentile(took, 99)).To(BeEquivalentTo(4))
	g.Expect(percentile(nil, 50)).To(BeZero())
}

func TestCallsOfTheAPIServerAreNamedByTheirResource(t *testing.T) {
	g := NewWithT(t)
	for path, want := range map[string]string{
		"/apis/seatwarden.dev/v1alpha1/namespaces/acme/members/jane/status": "members/status",
		"/apis/seatwarden.dev/v1alpha1/namespaces/acme/members/jane":        "members",
		"/apis/seatwarden.dev/v1alpha1/members":                             "members",
		"/apis/seatwarden.dev/v1alpha1/auth0tenants/acme/status":            "auth0tenants/status",
		"/apis/events.k8s.io/v1/namespaces/acme/events":                     "events",
		"/api/v1/namespaces/kube-system":                                    "namespaces",
		"/api/v1/namespaces/acme/secrets/key":                               "secrets",
		"/api":                                                              "/api",
	} {
		g.Expect(resourceOf(path)).To(Equal(want), path)
	}
}

func TestCountsAreThoseSince(t *testing.T) {
	g := NewWithT(t)
	before := counters{Writes: map[string]int{"PATCH members": 2, "POST events": 1}, CPUSeconds: 1}
	now := counters{Writes: map[string]int{"PATCH members": 5, "POST events": 4, "PUT a": 1}, CPUSeconds: 3}
	did := now.since(before)
	g.Expect(did.writes()).To(Equal(4))
	g.Expect(did.events()).To(Equal(3))
	g.Expect(did.CPUSeconds).To(BeEquivalentTo(2))
}
