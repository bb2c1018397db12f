package auth0

import (
	"net/http"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

func stamped(at time.Time) http.Header {
	return http.Header{"Date": {at.UTC().Format(http.TimeFormat)}}
}

func TestClockFollowsAuth0(t *testing.T) {
	wall := time.Date(2026, 11, 22, 12, 0, 0, 300e6, time.UTC)
	for name, c := range map[string]struct {
		ahead     time.Duration
		roundTrip time.Duration
		moved     bool
		told      int
	}{
		"agrees":                            {0, 0, false, 0},
		"within the band":                   {time.Second, 0, false, 0},
		"behind within the band":            {-time.Second, 0, false, 0},
		"an hour ahead":                     {time.Hour, 50 * time.Millisecond, true, 1},
		"an hour behind":                    {-time.Hour, 50 * time.Millisecond, true, 1},
		"two seconds off, a slow answer":    {2 * time.Second, 10 * time.Second, false, 0},
		"twenty seconds off, a slow answer": {20 * time.Second, 10 * time.Second, true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			clock := NewClock(func() time.Time { return wall })
			told := 0
			clock.OnJump(func() { told++ })
			clock.observe(stamped(wall.Add(c.ahead)), wall.Add(-c.roundTrip/2), wall.Add(c.roundTrip/2))
			if c.moved {
				g.Expect(clock.Offset()).To(BeNumerically("~", c.ahead, time.Second))
			} else {
				g.Expect(clock.Offset()).To(BeZero())
			}
			g.Expect(told).To(Equal(c.told))
		})
	}
}

func TestClockDoesNotTremble(t *testing.T) {
	g := NewWithT(t)
	wall := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	clock := NewClock(func() time.Time { return wall })
	told := 0
	clock.OnJump(func() { told++ })
	clock.observe(stamped(wall.Add(time.Hour)), wall, wall)
	first := clock.Offset()
	for range 100 {
		wall = wall.Add(170 * time.Millisecond)
		clock.observe(stamped(wall.Add(time.Hour)), wall.Add(-80*time.Millisecond), wall)
		g.Expect(clock.Offset()).To(Equal(first))
	}
	g.Expect(told).To(Equal(1))
}

func TestClockIgnoresWhatSaysNothing(t *testing.T) {
	g := NewWithT(t)
	wall := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	clock := NewClock(func() time.Time { return wall })
	fromCache := stamped(wall.Add(-time.Hour))
	fromCache.Set("Age", "3600")
	clock.observe(fromCache, wall, wall)
	clock.observe(http.Header{}, wall, wall)
	clock.observe(http.Header{"Date": {"yesterday"}}, wall, wall)
	clock.observe(stamped(wall.Add(time.Hour)), wall.Add(time.Minute), wall) // the wall clock was put back meanwhile
	g.Expect(clock.Offset()).To(BeZero())
}

func TestProbeLearnsTheTimeWithoutAToken(t *testing.T) {
	g := NewWithT(t)
	auth0 := newFakeAuth0(t)
	auth0.mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", auth0.wall.Now().Add(24*time.Hour).UTC().Format(http.TimeFormat))
		reply(w, http.StatusOK, "{}")
	})
	client := auth0.client(t)
	told := make(chan struct{}, 1)
	client.Clock().OnJump(func() { told <- struct{}{} })
	g.Expect(client.Probe(t.Context())).To(Succeed())
	g.Expect(client.Now()).To(BeTemporally("~", auth0.wall.Now().Add(24*time.Hour), 2*time.Second))
	g.Expect(told).To(Receive())
	g.Expect(auth0.tokenRequests()).To(BeEmpty())
}
