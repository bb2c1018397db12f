package standin

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/standin/management"
	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/traffic"
)

func TestLatenciesAreWaitedOutAfterTheEffectAndWithoutALock(t *testing.T) {
	g := NewWithT(t)
	var s *Server
	var mu sync.Mutex
	var slept []time.Duration
	s = New(t, func(o *Options) {
		o.Sleep = func(_ context.Context, d time.Duration) {
			// Snapshot needs the lock, and shows what the call did.
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

	g.Expect(s.Configure(func(settings *state.Settings) { settings.Latency = state.LatencyRecorded })).To(Succeed())
	g.Expect(a.post("/organizations", `{"name":"beta"}`)).To(Equal(http.StatusCreated))
	g.Expect(a.post("/organizations", `{"name":"beta"}`)).To(Equal(http.StatusConflict))
	mu.Lock()
	defer mu.Unlock()
	g.Expect(slept).To(HaveLen(2))
	g.Expect(slept).To(HaveEach(BeNumerically(">", 0)))
}

func TestLatenciesEndWithTheRequest(t *testing.T) {
	g := NewWithT(t)
	waiting := make(chan struct{})
	s := New(t, func(o *Options) {
		o.Sleep = func(ctx context.Context, _ time.Duration) { close(waiting); <-ctx.Done() }
	})
	a := newCaller(t, s)
	g.Expect(s.Configure(func(settings *state.Settings) { settings.Latency = state.LatencyRecorded })).To(Succeed())
	ctx, giveUp := context.WithCancel(t.Context())
	go func() { <-waiting; giveUp() }()
	_, err := a.send(ctx, http.MethodPost, "/organizations", `{"name":"acme"}`)
	g.Expect(err).To(MatchError(context.Canceled))
	g.Eventually(func() []traffic.AuditEntry { return s.Calls(http.MethodPost, "/api/v2/organizations") }, 5*time.Second).
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
	token, err := s.world.Keys.Sign(map[string]any{
		"iss": s.URL() + "/", "aud": s.URL() + "/api/v2/", "exp": s.world.Clock.Now().Add(time.Hour).Unix(),
		"azp": "test", "scope": strings.Join(management.Scopes(), " "),
	})
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return &caller{t: t, s: s, token: token}
}

// ManagementScopes are all that routes ask for.

func (a *caller) send(ctx context.Context, method, path, body string) (int, error) {
	request, err := http.NewRequestWithContext(ctx, method, a.s.URL()+traffic.ManagementPrefix+path, strings.NewReader(body))
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
