package auth0

import (
	"context"
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
	auth0.limited("DELETE /api/v2/organizations/org_1/members", reset, 0)
	auth0.on("GET /api/v2/roles", http.StatusOK, map[string]any{"roles": []any{}})
	client := auth0.client(t)
	removal := WithLane(t.Context(), LaneRemoval)

	err := client.RemoveMembers(removal, "org_1", "okta|1")
	g.Expect(KindOf(err)).To(Equal(KindRateLimited))
	g.Expect(LimitOf(err)).To(Equal("global"))
	before := len(auth0.requests())
	_, err = client.Roles(t.Context())
	at, limited := RetryAt(err)
	g.Expect(limited).To(BeTrue(), "held back: %v", err)
	g.Expect(at).To(BeTemporally(">=", reset.Add(time.Second)), "everything else leaves removals a second")
	g.Expect(auth0.requests()).To(HaveLen(before), "nothing was sent")

	auth0.wall.Advance(reset.Sub(auth0.wall.Now()))
	g.Expect(client.RemoveMembers(removal, "org_1", "okta|1")).To(Succeed(), "the first call is a removal")
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
	at, limited := RetryAt(auth0.client(t).RemoveMembers(WithLane(t.Context(), LaneRemoval), "org_1", "okta|1"))
	g.Expect(limited).To(BeTrue())
	g.Expect(at).To(BeTemporally("~", reset, 2*time.Second), "by this machine's clock")
}

func TestResetTime(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	clock := NewClock(func() time.Time { return now })
	for name, c := range map[string]struct {
		header, value string
		want          time.Time
	}{
		"unix seconds":     {"x-ratelimit-reset", strconv.FormatInt(now.Unix()+7, 10), now.Add(7 * time.Second)},
		"retry after":      {"Retry-After", "9", now.Add(9 * time.Second)},
		"retry after date": {"Retry-After", now.Add(9 * time.Second).Format(http.TimeFormat), now.Add(9 * time.Second)},
		"nothing":          {"X", "", time.Time{}},
		"not a number":     {"x-ratelimit-reset", "soon", time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			header := http.Header{}
			header.Set(c.header, c.value)
			NewWithT(t).Expect(resetTime(header, clock, now)).To(BeTemporally("==", c.want))
		})
	}
}

// TestBudgetPassGoesOn: a pass that has begun waits a little for its next call,
// one that has not is told when to come back.
func TestBudgetPassGoesOn(t *testing.T) {
	g := NewWithT(t)
	auth0 := newFakeAuth0(t)
	auth0.grantTokens()
	auth0.mux.HandleFunc("GET /api/v2/roles", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("x-ratelimit-limit", "2")
		w.Header().Set("x-ratelimit-remaining", "0")
		reply(w, http.StatusOK, map[string]any{"roles": []any{}})
	})
	client := auth0.client(t)
	var slept time.Duration
	client.wire.sleep = func(_ context.Context, d time.Duration) { slept += d; auth0.wall.Advance(d) }
	first := WithCaller(t.Context(), Caller{Key: "a"})
	for range 4 {
		_, err := client.Roles(first)
		g.Expect(err).NotTo(HaveOccurred())
	}
	g.Expect(slept).To(BeNumerically("~", 3*625*time.Millisecond, time.Second))
	before := slept
	_, err := client.Roles(WithCaller(t.Context(), Caller{Key: "b"}))
	g.Expect(KindOf(err)).To(Equal(KindRateLimited))
	g.Expect(slept).To(Equal(before), "no worker sleeps before its pass has begun")
}

// TestBudgetReserves: the last call of a pass is paid for before the first is made.
func TestBudgetReserves(t *testing.T) {
	g := NewWithT(t)
	auth0 := newFakeAuth0(t)
	client := auth0.client(t)
	budget := client.wire.budget
	budget.answered(groupOf(inviteRoute), http.StatusOK, quota{named: true, limit: 10, remaining: 9}, auth0.wall.Now())
	_, release, err := Reserve(t.Context(), client, inviteRoute)
	g.Expect(err).NotTo(HaveOccurred())
	left := budget.buckets[bucketOther].level
	release()
	g.Expect(budget.buckets[bucketOther].level).To(Equal(left+1), "given back")
	ctx, release, err := Reserve(t.Context(), client, inviteRoute)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(client.wire.admit(ctx, inviteRoute, true)).To(Succeed())
	release()
	g.Expect(budget.buckets[bucketOther].level).To(Equal(left), "used")
}

// TestBudgetReservedPassGoesOn: a pass that has paid for its last call waits a little
// for those that lead to it: on a small plan it would pay for ever otherwise.
func TestBudgetReservedPassGoesOn(t *testing.T) {
	g := NewWithT(t)
	auth0 := newFakeAuth0(t)
	client := auth0.client(t)
	client.wire.sleep = func(_ context.Context, d time.Duration) { auth0.wall.Advance(d) }
	budget := client.wire.budget
	budget.answered(groupOf(inviteRoute), http.StatusOK, quota{named: true, limit: 2, remaining: 2}, auth0.wall.Now())
	ctx, release, err := Reserve(WithCaller(t.Context(), Caller{Key: "a"}), client, inviteRoute)
	g.Expect(err).NotTo(HaveOccurred())
	defer release()
	g.Expect(client.wire.admit(ctx, "GET /api/v2/users-by-email", true)).To(Succeed())
	g.Expect(client.wire.admit(ctx, inviteRoute, true)).To(Succeed())
}
