package auth0

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// limited answers the pattern with 429 until the reset, and then with 204.
func (f *fakeAuth0) limited(pattern string, reset time.Time, offset time.Duration) {
	f.mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) {
		if !f.wall.Now().Before(reset) {
			reply(w, http.StatusNoContent, nil)
			return
		}
		w.Header().Set("x-ratelimit-limit", "10")
		w.Header().Set("x-ratelimit-remaining", "0")
		w.Header().Set("x-ratelimit-reset", strconv.FormatInt(reset.Add(offset).Unix(), 10))
		w.Header().Set("Date", f.wall.Now().Add(offset).UTC().Format(http.TimeFormat))
		reply(w, http.StatusTooManyRequests, refusal(http.StatusTooManyRequests, "Global limit has been reached"))
	})
}

func TestRemovalDoesNotWaitBehindOthers(t *testing.T) {
	g := NewWithT(t)
	auth0 := newFakeAuth0(t)
	auth0.grantTokens()
	reset := auth0.wall.Now().Add(30 * time.Second).Truncate(time.Second)
	auth0.limited("POST "+invitationsPath, reset, 0)
	auth0.on("GET /api/v2/roles", http.StatusOK, map[string]any{"roles": []any{}})
	auth0.on("DELETE /api/v2/organizations/org_1/members", http.StatusNoContent, nil)
	client := auth0.client(t)
	removal := WithLane(t.Context(), LaneRemoval)

	err := invite(t.Context(), client)
	g.Expect(KindOf(err)).To(Equal(KindRateLimited))
	at, limited := RetryAt(err)
	g.Expect(limited).To(BeTrue())
	g.Expect(at).To(BeTemporally("==", reset.Add(time.Second)), "everything else leaves removals a second")

	before := len(auth0.requests())
	_, err = client.Roles(t.Context())
	at, limited = RetryAt(err)
	g.Expect(limited).To(BeTrue(), "held back: %v", err)
	g.Expect(at).To(BeTemporally("==", reset.Add(time.Second)))
	g.Expect(auth0.requests()).To(HaveLen(before), "nothing was sent")
	g.Expect(client.RemoveMembers(removal, "org_1", "okta|1")).To(Succeed(), "a removal on another route goes at once")

	auth0.wall.Advance(reset.Sub(auth0.wall.Now()))
	_, err = client.Roles(t.Context())
	g.Expect(KindOf(err)).To(Equal(KindRateLimited))
	auth0.wall.Advance(time.Second)
	_, err = client.Roles(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
}

func TestRemovalThatWasLimitedItselfGoesAtTheReset(t *testing.T) {
	g := NewWithT(t)
	auth0 := newFakeAuth0(t)
	auth0.grantTokens()
	reset := auth0.wall.Now().Add(30 * time.Second).Truncate(time.Second)
	auth0.limited("DELETE /api/v2/organizations/org_1/members", reset, 0)
	client := auth0.client(t)
	removal := WithLane(t.Context(), LaneRemoval)

	for range 3 {
		err := client.RemoveMembers(removal, "org_1", "okta|1")
		at, limited := RetryAt(err)
		g.Expect(limited).To(BeTrue(), "%v", err)
		g.Expect(at).To(BeTemporally("==", reset))
	}
	g.Expect(auth0.requests()).To(HaveLen(1), "asked once, then held back")
	auth0.wall.Advance(reset.Sub(auth0.wall.Now()))
	g.Expect(client.RemoveMembers(removal, "org_1", "okta|1")).To(Succeed())
}

func TestResetIsInAuth0Time(t *testing.T) {
	g := NewWithT(t)
	auth0 := newFakeAuth0(t)
	auth0.grantTokens()
	reset := auth0.wall.Now().Add(30 * time.Second).Truncate(time.Second)
	auth0.limited("DELETE /api/v2/organizations/org_1/members", reset, 2*time.Hour)
	at, limited := RetryAt(auth0.client(t).RemoveMembers(t.Context(), "org_1", "okta|1"))
	g.Expect(limited).To(BeTrue())
	g.Expect(at).To(BeTemporally("~", reset.Add(time.Second), 2*time.Second), "by this machine's clock")
}

func TestResetTime(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	clock := NewClock(func() time.Time { return now })
	for name, c := range map[string]struct {
		header, value string
		want          time.Time
	}{
		"unix seconds":      {"x-ratelimit-reset", strconv.FormatInt(now.Unix()+7, 10), now.Add(7 * time.Second)},
		"in the past":       {"x-ratelimit-reset", strconv.FormatInt(now.Unix()-7, 10), now},
		"retry after":       {"Retry-After", "9", now.Add(9 * time.Second)},
		"retry after date":  {"Retry-After", now.Add(9 * time.Second).Format(http.TimeFormat), now.Add(9 * time.Second)},
		"nothing":           {"X", "", now.Add(time.Second)},
		"not a number":      {"x-ratelimit-reset", "soon", now.Add(time.Second)},
		"beyond all reason": {"x-ratelimit-reset", "99999999999", now.Add(gateLongest)},
	} {
		t.Run(name, func(t *testing.T) {
			header := http.Header{}
			header.Set(c.header, c.value)
			NewWithT(t).Expect(resetTime(header, clock, now)).To(BeTemporally("==", c.want))
		})
	}
}

func TestTokenLimitDoesNotCloseTheAPI(t *testing.T) {
	g := NewWithT(t)
	var gate gate
	now := time.Now()
	gate.close(tokenRoute, now.Add(time.Minute))
	_, closed := gate.opens(LaneDefault, "GET /api/v2/roles", now)
	g.Expect(closed).To(BeFalse())
	_, closed = gate.opens(LaneRemoval, tokenRoute, now)
	g.Expect(closed).To(BeTrue())
}
