package standin

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/dashboard"
	"github.com/seatwarden/seatwarden/internal/standin/management"
	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/traffic"
)

var soakCalls = flag.Int("soak", 0, "how many calls TestMemoryStaysFlat makes; make bench-standin sets it")

// load makes calls as an operator does: each round is a person's way into an
// organization and out of it.
type load struct {
	send  func(method, path, body string) (int, []byte)
	round int
	org   string
	calls int
}

func (l *load) must(want int, method, path, body string) []byte {
	status, answer := l.send(method, path, body)
	l.calls++
	if status != want {
		panic(fmt.Sprintf("%s %s: %d %s", method, path, status, answer)) //nolint:forbidigo // ends the benchmark with the answer
	}
	return answer
}

func (l *load) id(answer []byte, key string) string {
	var object map[string]any
	if err := json.Unmarshal(answer, &object); err != nil {
		panic(err) //nolint:forbidigo // the answer was a success
	}
	id, _ := object[key].(string)
	return id
}

// person is one round of ten calls.
func (l *load) person() {
	if l.round%100 == 0 {
		if l.org != "" {
			l.must(204, "DELETE", "/organizations/"+l.org, "")
		}
		l.org = l.id(l.must(201, "POST", "/organizations", fmt.Sprintf(`{"name":"o-%d"}`, l.round)), "id")
	}
	l.round++
	organization := "/organizations/" + l.org
	email := fmt.Sprintf("p%d@acme.com", l.round)
	invitation := l.id(l.must(201, "POST", organization+"/invitations",
		fmt.Sprintf(`{"inviter":{"name":"i"},"invitee":{"email":%q},"client_id":"app","ttl_sec":86400}`, email)), "id")
	l.must(200, "GET", organization+"/invitations?per_page=50", "")
	user := l.id(l.must(201, "POST", "/users",
		fmt.Sprintf(`{"connection":"staff","email":%q,"password":"x","app_metadata":{"seat":"1"}}`, email)), "user_id")
	path := "/users/" + url.PathEscape(user)
	l.must(204, "POST", organization+"/members", fmt.Sprintf(`{"members":[%q]}`, user))
	l.must(200, "GET", organization+"/members?take=100", "")
	l.must(200, "PATCH", path, `{"app_metadata":{"seat":"2"}}`)
	l.must(200, "GET", path+"/organizations", "")
	l.must(204, "DELETE", organization+"/invitations/"+invitation, "")
	l.must(204, "DELETE", organization+"/members", fmt.Sprintf(`{"members":[%q]}`, user))
	l.must(204, "DELETE", path, "")
}

// loadWorld is a stand-in with what a load needs, and a token for it.
func loadWorld(tb testing.TB) (*Server, string) {
	tb.Helper()
	s := New(tb, WithSeed(dashboard.Seed{TenantSeed: dashboard.TenantSeed{
		Connections: []state.Connection{{Name: "staff", Strategy: state.StrategyDatabase}},
		Clients:     []state.Client{{ClientID: "app", OrganizationUsage: "allow"}},
	}}))
	issuer := s.world.Issuer(s.world.Main)
	token, err := s.world.Keys.Sign(map[string]any{
		"iss": issuer, "aud": issuer + "api/v2/", "azp": "load", "exp": s.world.Clock.Now().Add(24 * time.Hour).Unix(),
		"scope": strings.Join(management.Scopes(), " "),
	})
	if err != nil {
		tb.Fatal(err)
	}
	return s, token
}

// BenchmarkManagementAPI measures calls over HTTP, client and server on one
// core. It reports calls/s; the promise is 2,000.
func BenchmarkManagementAPI(b *testing.B) {
	s, token := loadWorld(b)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	l := &load{send: func(method, path, body string) (int, []byte) {
		request, err := http.NewRequestWithContext(b.Context(), method, s.URL()+traffic.ManagementPrefix+path, strings.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+token)
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			b.Fatal(err)
		}
		answer, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil {
			b.Fatal(err)
		}
		return response.StatusCode, answer
	}}
	b.ResetTimer()
	for l.calls < b.N {
		l.person()
	}
	b.ReportMetric(float64(l.calls)/b.Elapsed().Seconds(), "calls/s")
}

// TestMemoryStaysFlat makes very many calls and compares the heap at two fifths
// of them, when all that is remembered is full, with the heap at the end.
func TestMemoryStaysFlat(t *testing.T) {
	if *soakCalls == 0 {
		t.Skip("takes minutes: make bench runs it")
	}
	s, token := loadWorld(t)
	l := &load{send: func(method, path, body string) (int, []byte) {
		request := httptest.NewRequest(method, traffic.ManagementPrefix+path, strings.NewReader(body))
		request.Host = s.Domain()
		request.Header.Set("Authorization", "Bearer "+token)
		request.Header.Set("Content-Type", "application/json")
		recorder := httptest.NewRecorder()
		s.ServeHTTP(recorder, request)
		return recorder.Code, recorder.Body.Bytes()
	}}
	var samples []uint64
	for part := 1; part <= 5; part++ {
		for l.calls < *soakCalls*part/5 {
			l.person()
		}
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		samples = append(samples, stats.HeapAlloc)
		t.Logf("%9d calls: %d MiB", l.calls, stats.HeapAlloc>>20)
	}
	const slack = 16 << 20 // what is remembered is cut back in steps
	if first, last := samples[1], samples[len(samples)-1]; last > first+first/4+slack {
		t.Errorf("the heap grew from %d to %d bytes", first, last)
	}
}
