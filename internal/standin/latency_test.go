package standin

import (
	"context"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// drawn returns n latencies of a route in order.
func drawn(l *latencies, method, template string, n int) []time.Duration {
	var out []time.Duration
	for range n {
		out = append(out, l.draw(&route{method: method, template: managementPrefix + template}))
	}
	return out
}

func TestLatenciesAreThoseOfTheRecordings(t *testing.T) {
	const calls = 4000
	for name, want := range recordedLatencies {
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

func TestEveryRecordedLatencyIsOfARoute(t *testing.T) {
	var names []string
	for _, ro := range (&Server{}).routes().routes {
		names = append(names, ro.method+" "+strings.TrimPrefix(ro.template, managementPrefix))
	}
	for name := range recordedLatencies {
		NewWithT(t).Expect(names).To(ContainElement(name))
	}
}

func TestEveryRecordedLatencyIsDocumented(t *testing.T) {
	g := NewWithT(t)
	page, err := os.ReadFile("../../docs/standin.md")
	g.Expect(err).NotTo(HaveOccurred())
	for name, of := range recordedLatencies {
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

func TestLatenciesAreWaitedOutAfterTheEffectAndWithoutALock(t *testing.T) {
	g := NewWithT(t)
	var s *Server
	var mu sync.Mutex
	var slept []time.Duration
	s = New(t, func(o *Options) {
		o.Sleep = func(_ context.Context, d time.Duration) {
			// Snapshot needs Server.mu, and shows what the call did.
			if _, made := s.Snapshot().Organization("acme"); made {
				mu.Lock()
				defer mu.Unlock()
				slept = append(slept, d)
			}
		}
	})
	a := newCaller(t, s)
	g.Expect(a.post("/organizations", `{"name":"acme"}`)).To(Equal(http.StatusCreated))
	g.Expect(slept).To(BeEmpty(), "off unless asked for")

	g.Expect(s.Configure(func(settings *Settings) { settings.Latency = LatencyRecorded })).To(Succeed())
	g.Expect(a.post("/organizations", `{"name":"beta"}`)).To(Equal(http.StatusCreated))
	g.Expect(a.post("/organizations", `{"name":"beta"}`)).To(Equal(http.StatusConflict))
	mu.Lock()
	defer mu.Unlock()
	g.Expect(slept).To(Equal(drawn(newLatencies(nil), http.MethodPost, "/organizations", 2)))
}

func TestLatenciesEndWithTheRequest(t *testing.T) {
	g := NewWithT(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	returned := make(chan struct{})
	go func() { defer close(returned); sleepFor(ended, time.Hour) }()
	g.Eventually(returned, 5*time.Second).Should(BeClosed())

	waiting := make(chan struct{})
	s := New(t, func(o *Options) {
		o.Sleep = func(ctx context.Context, _ time.Duration) { close(waiting); <-ctx.Done() }
	})
	a := newCaller(t, s)
	g.Expect(s.Configure(func(settings *Settings) { settings.Latency = LatencyRecorded })).To(Succeed())
	ctx, giveUp := context.WithCancel(t.Context())
	go func() { <-waiting; giveUp() }()
	_, err := a.send(ctx, http.MethodPost, "/organizations", `{"name":"acme"}`)
	g.Expect(err).To(MatchError(context.Canceled))
	g.Eventually(func() []AuditEntry { return s.Calls(http.MethodPost, "/api/v2/organizations") }, 5*time.Second).
		Should(HaveLen(1), "the call has ended")
	_, made := s.Snapshot().Organization("acme")
	g.Expect(made).To(BeTrue(), "and was carried out")
}

// caller calls the Management API of a stand-in.
type caller struct {
	t     *testing.T
	s     *Server
	token string
}

func newCaller(t *testing.T, s *Server) *caller {
	t.Helper()
	token, err := s.keys.Sign(map[string]any{
		"iss": s.URL() + "/", "aud": s.URL() + "/api/v2/", "exp": s.clock.Now().Add(time.Hour).Unix(),
		"azp": "test", "scope": strings.Join(managementScopes(s), " "),
	})
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return &caller{t: t, s: s, token: token}
}

// managementScopes are all that routes ask for.
func managementScopes(s *Server) []string {
	var scopes []string
	for _, ro := range s.router.routes {
		scopes = append(scopes, ro.scopes...)
	}
	return scopes
}

func (a *caller) send(ctx context.Context, method, path, body string) (int, error) {
	request, err := http.NewRequestWithContext(ctx, method, a.s.URL()+managementPrefix+path, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Authorization", "Bearer "+a.token)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}

func (a *caller) post(path, body string) int {
	a.t.Helper()
	status, err := a.send(a.t.Context(), http.MethodPost, path, body)
	NewWithT(a.t).Expect(err).NotTo(HaveOccurred())
	return status
}
