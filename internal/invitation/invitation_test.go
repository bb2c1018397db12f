package invitation

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

var (
	now   = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	alive = now.Add(time.Hour)
	dead  = now.Add(-time.Hour)
)

const lag = 15 * time.Second

func TestOneMailDecide(t *testing.T) {
	seen := func(id, attempt string, age time.Duration, expires time.Time) Seen {
		return Seen{ID: id, Attempt: attempt, CreatedAt: now.Add(-age), ExpiresAt: expires}
	}
	inFlight := &Attempt{ID: "a1", NotAfter: now.Add(5 * time.Second), Invites: true}
	late := &Attempt{ID: "a1", NotAfter: now.Add(-time.Minute), Invites: true}
	for name, tc := range map[string]struct {
		facts Facts
		want  Decision
	}{
		"never invited, not looked yet": {Facts{}, Decision{Step: Look}},
		"never invited":                 {Facts{ListedAt: now}, Decision{Step: Send}},
		"never invited, on hold":        {Facts{ListedAt: now, Hold: true}, Decision{Step: Held}},
		"status lost, a live invitation of ours is found": {
			Facts{ListedAt: now, Seen: []Seen{seen("old", "a0", time.Hour, dead), seen("u1", "a1", time.Minute, alive)}},
			Decision{Step: Adopt, Seen: seen("u1", "a1", time.Minute, alive)}},
		"status lost, only an expired one is found: not sent again by itself": {
			Facts{ListedAt: now, Seen: []Seen{seen("old", "a0", time.Hour, dead)}},
			Decision{Step: Adopt, Seen: seen("old", "a0", time.Hour, dead)}},

		"others have invited the person": {
			Facts{ListedAt: now, Foreign: []Seen{seen("f1", "", time.Hour, dead), seen("f2", "", time.Minute, alive)}},
			Decision{Step: Adopt, Seen: seen("f2", "", time.Minute, alive)}},
		"others have invited the person, and so have we": {
			Facts{ListedAt: now, Foreign: []Seen{seen("f1", "", time.Minute, alive)}, Seen: []Seen{seen("u1", "a1", time.Hour, alive)}},
			Decision{Step: Adopt, Seen: seen("u1", "a1", time.Hour, alive)}},
		"others had invited the person, and the link is dead": {
			Facts{ListedAt: now, Foreign: []Seen{seen("f1", "", time.Hour, now)}}, Decision{Step: Send}},
		"others' invitation was recorded, and is asked for again": {
			Facts{ListedAt: now, Foreign: []Seen{seen("f1", "", time.Hour, alive)}, Last: &Last{ID: "f1", State: Sent, ExpiresAt: alive}, Requested: true},
			Decision{Step: Send, Supersede: []string{"f1"}}},

		"an attempt on its way is left alone": {
			Facts{ListedAt: now, Attempt: inFlight}, Decision{Step: Wait, At: now.Add(5*time.Second + Margin)}},
		"the answer was lost, the invitation is there": {
			Facts{ListedAt: now, Attempt: inFlight, Seen: []Seen{seen("u1", "a1", time.Second, alive)}},
			Decision{Step: Adopt, Seen: seen("u1", "a1", time.Second, alive)}},
		"the fence has passed, but the look is older": {
			Facts{ListedAt: now.Add(-2 * time.Minute), Attempt: late}, Decision{Step: Look}},
		"the fence has passed and nothing is there": {
			Facts{ListedAt: now, Attempt: late}, Decision{Step: Send}},
		"never invited as far as a cut list shows": {Facts{ListedAt: now, Truncated: true}, Decision{Step: Unknown}},
		"a cut list shows the invitation": {
			Facts{ListedAt: now, Truncated: true, Seen: []Seen{seen("u1", "a1", time.Minute, alive)}},
			Decision{Step: Adopt, Seen: seen("u1", "a1", time.Minute, alive)}},
		"the fence has passed and a cut list shows nothing": {
			Facts{ListedAt: now, Attempt: late, Truncated: true}, Decision{Step: Unknown}},
		"a cut list, and an attempt that certainly did nothing": {
			Facts{ListedAt: now, Attempt: &Attempt{ID: "a1", Invites: true}, Truncated: true}, Decision{Step: Send}},
		"a cut list, and another is asked for": {
			Facts{ListedAt: now, Truncated: true, Last: &Last{ID: "u1", State: Expired, ExpiresAt: dead}, Requested: true},
			Decision{Step: Send, Supersede: []string{"u1"}}},
		"an attempt that certainly did nothing is made again at once": {
			Facts{ListedAt: now, Attempt: &Attempt{ID: "a1", Invites: true}}, Decision{Step: Send}},
		"an attempt that certainly did nothing, on hold": {
			Facts{ListedAt: now, Attempt: &Attempt{ID: "a1", Invites: true}, Hold: true}, Decision{Step: Held}},
		"an earlier attempt's invitation is not this one's": {
			Facts{ListedAt: now, Attempt: late, Seen: []Seen{seen("u0", "a0", time.Hour, dead)}},
			Decision{Step: Send, Supersede: []string{"u0"}}},
		"an attempt that grants does not stop the first invitation's decision": {
			Facts{ListedAt: now, Attempt: &Attempt{ID: "a1", NotAfter: now.Add(time.Second)}, Last: &Last{ID: "u1", State: Sent, ExpiresAt: alive}},
			Decision{Step: Wait, At: alive}},

		"the link is alive":      {Facts{ListedAt: now, Last: &Last{ID: "u1", State: Sent, ExpiresAt: alive}}, Decision{Step: Wait, At: alive}},
		"its last instant":       {Facts{Now: alive, ListedAt: now, Last: &Last{ID: "u1", State: Sent, ExpiresAt: alive}}, Decision{Step: Expire}},
		"it lingers in the list": {Facts{ListedAt: now, Last: &Last{ID: "u1", State: Sent, ExpiresAt: dead}, Seen: []Seen{seen("u1", "a1", time.Hour, dead)}}, Decision{Step: Expire}},
		"gone, perhaps accepted": {
			Facts{ListedAt: now, Last: &Last{ID: "u1", State: Sent, ExpiresAt: alive}, GoneSince: now.Add(-time.Second)},
			Decision{Step: Wait, At: now.Add(-time.Second + lag)}},
		"gone for long, but the members were listed before that": {
			Facts{ListedAt: now.Add(-time.Second), Last: &Last{ID: "u1", State: Sent, ExpiresAt: alive}, GoneSince: now.Add(-lag)},
			Decision{Step: Look}},
		"gone, and nobody joined in time": {
			Facts{ListedAt: now, Last: &Last{ID: "u1", State: Sent, ExpiresAt: alive}, GoneSince: now.Add(-lag)},
			Decision{Step: Consume}},
		"expired is not sent again by itself": {
			Facts{ListedAt: now, Last: &Last{ID: "u1", State: Expired, ExpiresAt: dead}}, Decision{Step: Nothing}},
		"expired, on request": {
			Facts{ListedAt: now, Last: &Last{ID: "u1", State: Expired, ExpiresAt: dead}, Requested: true},
			Decision{Step: Send, Supersede: []string{"u1"}}},
		"used up by a wrong account, on request": {
			Facts{ListedAt: now, Last: &Last{ID: "u1", State: Consumed, ExpiresAt: alive}, Requested: true},
			Decision{Step: Send, Supersede: []string{"u1"}}},
		"alive, on request: the old link goes first": {
			Facts{ListedAt: now, Last: &Last{ID: "u1", State: Sent, ExpiresAt: alive}, Seen: []Seen{seen("u1", "a1", time.Minute, alive)}, Requested: true},
			Decision{Step: Send, Supersede: []string{"u1"}}},
		"requested again while an attempt is on its way": {
			Facts{ListedAt: now, Attempt: inFlight, Requested: true}, Decision{Step: Wait, At: now.Add(5*time.Second + Margin)}},

		"had joined, was taken out by hand": {
			Facts{ListedAt: now, Joined: true, Last: &Last{ID: "u1", State: Accepted, ExpiresAt: alive}}, Decision{Step: Missing}},
		"had joined, was taken out, is asked back": {
			Facts{ListedAt: now, Joined: true, Last: &Last{ID: "u1", State: Accepted, ExpiresAt: alive}, Requested: true},
			Decision{Step: Send, Supersede: []string{"u1"}}},
		"had joined before the status was lost, was taken out": {Facts{ListedAt: now, Joined: true}, Decision{Step: Missing}},
		"had joined, was asked back, the link is alive": {
			Facts{ListedAt: now, Joined: true, Last: &Last{ID: "u2", State: Sent, ExpiresAt: alive}}, Decision{Step: Wait, At: alive}},
		"had joined, was asked back, and the link died": {
			Facts{ListedAt: now, Joined: true, Last: &Last{ID: "u2", State: Sent, ExpiresAt: dead}}, Decision{Step: Expire}},
		"had joined, was asked back, and used the link up with a wrong account": {
			Facts{ListedAt: now, Joined: true, Last: &Last{ID: "u2", State: Sent, ExpiresAt: alive}, GoneSince: now.Add(-lag)}, Decision{Step: Consume}},
		"had joined, was asked back, and it expired: not sent again by itself": {
			Facts{ListedAt: now, Joined: true, Last: &Last{ID: "u2", State: Expired, ExpiresAt: dead}}, Decision{Step: Nothing}},
		"had joined, is asked back once more": {
			Facts{ListedAt: now, Joined: true, Last: &Last{ID: "u2", State: Sent, ExpiresAt: alive}, Requested: true},
			Decision{Step: Send, Supersede: []string{"u2"}}},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.facts.Now.IsZero() {
				tc.facts.Now = now
			}
			tc.facts.Lag = lag
			NewWithT(t).Expect(Decide(tc.facts)).To(Equal(tc.want))
		})
	}
}
