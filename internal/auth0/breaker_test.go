package auth0

import (
	"context"
	"net/http"
	"strconv"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// TestBreakerOutage: Auth0 is down for ten minutes, and five hundred callers want
// something. It is asked now and then; when it is back, all are served, and not at once.
func TestBreakerOutage(t *testing.T) {
	g := NewWithT(t)
	b, now := NewBudget(), someTime
	b.Declare(Limits{Plan: PlanEnterprise})
	back := now.Add(10 * time.Minute)
	told, done := map[int]time.Time{}, map[int]bool{}
	inVain, most := 0, 0
	for ; len(done) < 500 && now.Before(back.Add(10*time.Minute)); now = now.Add(100 * time.Millisecond) {
		answered := 0
		for i := range 500 {
			if done[i] || now.Before(told[i]) {
				continue
			}
			c := claim{group: groupOf(inviteRoute), place: place{key: strconv.Itoa(i), flow: strconv.Itoa(i % 20), lane: LaneInvitation}}
			if at, down := b.down(c, false, now); down {
				told[i] = at
				continue
			}
			wait, free := b.ask(c, now)
			if !free {
				told[i] = wait.at
				continue
			}
			if at, down := b.down(c, true, now); down {
				b.giveBack(c.group, now)
				told[i] = at
				continue
			}
			if now.Before(back) {
				inVain++
				b.answered(c.group, 0, quota{}, now)
				b.noteAnswer(c.group, http.StatusServiceUnavailable, now)
				told[i] = now.Add(time.Second)
				continue
			}
			answered++
			b.answered(c.group, 201, quota{}, now)
			b.noteAnswer(c.group, 201, now)
			done[i] = true
		}
		most = max(most, answered)
	}
	g.Expect(inVain).To(And(BeNumerically(">", 25), BeNumerically("<", 60)))
	g.Expect(done).To(HaveLen(500))
	g.Expect(now.Sub(back)).To(BeNumerically("<", 6*time.Minute), "500 at the rate of the limit, and no more than a little on top")
	g.Expect(most).To(BeNumerically("<=", 16))
}

func TestBreakerHoldsBack(t *testing.T) {
	g := NewWithT(t)
	f := newFakeAuth0(t)
	f.grantTokens()
	status := http.StatusServiceUnavailable
	f.mux.HandleFunc("POST "+invitationsPath, func(w http.ResponseWriter, _ *http.Request) { reply(w, status, map[string]any{"id": "uinv_1"}) })
	client := f.client(t)
	for range failuresInRow {
		g.Expect(KindOf(invite(t.Context(), client))).To(Equal(KindUnknown))
	}
	err := invite(t.Context(), client)
	g.Expect(DidNothing(err)).To(BeTrue())
	at, held := HeldUntil(err)
	g.Expect(held).To(BeTrue())
	g.Expect(at).To(BeTemporally("~", f.wall.Now(), 2*downFirst))
	g.Expect(f.requests()).To(HaveLen(failuresInRow))

	removal := WithLane(t.Context(), LaneRemoval)
	g.Expect(KindOf(invite(removal, client))).To(Equal(KindUnknown), "a removal tries")
	f.wall.Advance(2 * downFirst)
	status = http.StatusCreated
	_, held = HeldUntil(invite(t.Context(), client))
	g.Expect(held).To(BeFalse(), "one tries")
	_, held = HeldUntil(invite(t.Context(), client))
	g.Expect(held).To(BeFalse(), "and then all go")
}

// TestBreakerCountsWhatAuth0DoesInARow: what is not Auth0's doing, and failures
// between answers, hold nobody back.
func TestBreakerCountsWhatAuth0DoesInARow(t *testing.T) {
	for name, answers := range map[string]http.HandlerFunc{
		"refusals":          func(w http.ResponseWriter, _ *http.Request) { reply(w, 400, refusal(400, "no")) },
		"limits":            func(w http.ResponseWriter, _ *http.Request) { reply(w, 404, refusal(404, "none")) },
		"callers that went": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			f := newFakeAuth0(t)
			f.grantTokens()
			f.mux.HandleFunc("POST "+invitationsPath, answers)
			client := f.client(t)
			g.Expect(client.tokens).NotTo(BeNil())
			for range 3 * failuresInRow {
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				_, held := HeldUntil(invite(ctx, client))
				cancel()
				g.Expect(held).To(BeFalse())
			}
		})
	}
	g := NewWithT(t)
	b := NewBudget()
	for range 10 * failuresInRow {
		b.noteAnswer(groupOf(inviteRoute), 503, someTime)
		b.noteAnswer("GET /api/v2/roles", 200, someTime)
	}
	_, down := b.down(claim{group: groupOf(inviteRoute)}, true, someTime)
	g.Expect(down).To(BeFalse(), "one endpoint that fails does not make Auth0 down")
}

// TestBreakerLetsWhoHasPaidTry: a pass pays for its last call and then makes the first.
// When Auth0 is tried again, what was paid for does not hold back what is called.
func TestBreakerLetsWhoHasPaidTry(t *testing.T) {
	g := NewWithT(t)
	auth0 := newFakeAuth0(t)
	auth0.grantTokens()
	down := true
	auth0.mux.HandleFunc("GET /api/v2/organizations/name/{name}", func(w http.ResponseWriter, _ *http.Request) {
		if down {
			reply(w, http.StatusServiceUnavailable, "down")
			return
		}
		reply(w, http.StatusNotFound, refusal(http.StatusNotFound, "no such organization"))
	})
	client := auth0.client(t)
	for range failuresInRow {
		_, err := client.OrganizationByName(t.Context(), "acme")
		g.Expect(KindOf(err)).To(Equal(KindUnknown))
	}
	_, _, err := Reserve(t.Context(), client, "POST /api/v2/organizations")
	_, held := HeldUntil(err)
	g.Expect(held).To(BeTrue(), "Auth0 is down")

	down = false
	auth0.wall.Advance(downLongest)
	ctx, release, err := Reserve(WithCaller(t.Context(), Caller{Key: "a", Flow: "a"}), client, "POST /api/v2/organizations")
	g.Expect(err).NotTo(HaveOccurred())
	defer release()
	_, err = client.OrganizationByName(ctx, "acme")
	g.Expect(IsNotFound(err)).To(BeTrue(), "%v", err)
}
