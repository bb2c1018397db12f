package auth0

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// told collects what a feed tells, and ends it after so many times.
func told(ctx context.Context, feed Feed, from string, times int) (all []News, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	err = feed.Follow(ctx, from, func(news News) {
		all = append(all, news)
		if len(all) == times {
			cancel()
		}
	})
	return all, err
}

func noWait() time.Duration { return 0 }

// logs answers with the rows that come after each id.
func (f *fakeAuth0) logs(after map[string]string) {
	f.mux.HandleFunc("GET /api/v2/logs", func(w http.ResponseWriter, r *http.Request) {
		rows, known := after[r.URL.Query().Get("from")]
		if !known {
			reply(w, http.StatusBadRequest, refusal(http.StatusBadRequest, "unknown log id"))
			return
		}
		reply(w, http.StatusOK, rows)
	})
}

func TestTenantLogTellsWhatHappened(t *testing.T) {
	g := NewWithT(t)
	f := newFakeAuth0(t)
	f.grantTokens()
	at := f.wall.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	f.logs(map[string]string{
		"": `[{"log_id":"1","date":"` + at + `","type":"s"}]`,
		"1": `[
			{"log_id":"2","date":"` + at + `","type":"si","organization_id":"org_1","user_id":"okta|x|1"},
			{"log_id":"3","date":"` + at + `","type":"sapi","client_id":"operator","details":{"request":{"method":"patch","path":"/api/v2/organizations/org_2"}}},
			{"log_id":"4","date":"` + at + `","type":"sapi","client_id":"dashboard","details":{"request":{"method":"delete","path":"/api/v2/organizations/org_2/members"}}},
			{"log_id":"5","date":17,"type":"sapi"},
			{"log_id":"6","date":"` + at + `","type":"sapi","client_id":"dashboard","details":{"request":{"method":"patch","path":"/api/v2/users/okta%7Cx%7C2"}}},
			{"log_id":"7","date":"` + at + `","type":"fp"},
			{"log_id":"8","date":"` + at + `","type":"sdu","user_id":"okta|x|3"}]`,
		"8": `[]`,
	})
	all, err := told(t.Context(), NewTenantLog(f.client(t), noWait), "", 3)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(all[0].Gap).To(BeTrue(), "there was nothing to go on from")
	g.Expect(all[0].Changes).To(BeEmpty())
	when, _ := time.Parse(time.RFC3339, at)
	g.Expect(all[1].Gap).To(BeFalse())
	g.Expect(all[1].Changes).To(HaveExactElements(
		Change{Kind: ChangeInvitations, Organization: "org_1", User: "okta|x|1", At: when},
		Change{Kind: ChangeMembers, Organization: "org_1", User: "okta|x|1", At: when},
		Change{Kind: ChangeMembers, Organization: "org_2", At: when},
		Change{Kind: ChangeUser, User: "okta|x|2", At: when},
		Change{Kind: ChangeUser, User: "okta|x|3", At: when},
	), "what the operator wrote itself is no news")
	g.Expect(all[2]).To(Equal(News{Position: all[2].Position}))

	again, err := told(t.Context(), NewTenantLog(f.client(t), noWait), all[0].Position, 1)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(again[0].Changes).To(HaveLen(5), "a log is read on from where it was left")
}

func TestTenantLogSaysWhatItMayHaveMissed(t *testing.T) {
	g := NewWithT(t)
	f := newFakeAuth0(t)
	f.grantTokens()
	f.logs(map[string]string{"": `[{"log_id":"9","type":"s"}]`, "9": `[]`})
	client := f.client(t)
	position := func(id string, ago time.Duration) string {
		return logPosition{id: id, written: client.Now().Add(-ago), read: client.Now().Add(-ago)}.String()
	}
	for name, from := range map[string]string{
		"an entry that may have been aged": position("9", 21*time.Hour),
		"what is no position":              "nonsense",
	} {
		all, err := told(t.Context(), NewTenantLog(client, noWait), from, 1)
		g.Expect(err).NotTo(HaveOccurred(), name)
		g.Expect(all[0].Gap).To(BeTrue(), name)
		g.Expect(all[0].Position).To(HaveSuffix(" 9"), name)
	}
	for _, known := range []string{"9", "1"} {
		all, err := told(t.Context(), NewTenantLog(client, noWait), position(known, time.Minute), 1)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(all[0].Gap).To(BeFalse(), "what is newer than %s is all there, whether Auth0 knows it or not", known)
		g.Expect(all[0].Position).To(HaveSuffix(" 9"))
	}
}

// streams answers the event stream with a text.
func (f *fakeAuth0) streams(text string) {
	f.mux.HandleFunc("GET /api/v2/events", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("from") == "old" {
			reply(w, http.StatusGone, refusal(http.StatusGone, "Cursor points to data no longer available in the stream."))
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		reply(w, http.StatusOK, text)
	})
}

func eventText(id, kind, object string) string {
	return fmt.Sprintf("id: %s\nevent: %s\ndata: {\"offset\":%q,\"event\":{\"type\":%q,\"time\":\"2026-11-22T10:00:00Z\",\"data\":{\"object\":%s}}}\n\n", id, kind, id, kind, object)
}

func TestEventStreamTellsWhatHappened(t *testing.T) {
	g := NewWithT(t)
	f := newFakeAuth0(t)
	f.grantTokens()
	f.streams(": connected\nretry: 1000\n\n" +
		eventText("a", "organization.member.added", `{"organization":{"id":"org_1","name":"acme"},"user":{"user_id":"okta|x|1"}}`) +
		": heartbeat\n\n" +
		"id: b\nevent: offset-only\ndata: {\"offset\":\"b\"}\n\n" +
		eventText("c", "organization.updated", `{"id":"org_2","name":"beta"}`) +
		eventText("d", "user.updated", `{"user_id":"okta|x|2"}`) +
		eventText("e", "something.new", `{}`) +
		"id: f\nevent: user.deleted\ndata: no json\n\n")
	all, err := told(t.Context(), NewEventStream(f.client(t)), "", 99)
	g.Expect(err).NotTo(HaveOccurred(), "Auth0 ends connections now and then")
	when := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	g.Expect(all).To(HaveExactElements(
		News{Gap: true},
		News{Position: "a", Changes: []Change{{Kind: ChangeMembers, Organization: "org_1", User: "okta|x|1", At: when, MayBeOurs: true}}},
		News{Position: "b"},
		News{Position: "c", Changes: []Change{{Kind: ChangeOrganization, Organization: "org_2", At: when, MayBeOurs: true}}},
		News{Position: "d", Changes: []Change{{Kind: ChangeUser, User: "okta|x|2", At: when, MayBeOurs: true}}},
		News{Position: "e"},
		News{Position: "f"},
	))
	all, err = told(t.Context(), NewEventStream(f.client(t)), "a", 1)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(all[0]).To(Equal(News{Position: "a"}), "a stream is read on from where it was left")
	all, err = told(t.Context(), NewEventStream(f.client(t)), "old", 1)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(all[0]).To(Equal(News{Gap: true}), "what Auth0 does not keep any more is a gap")
}

func TestEventStreamThatFails(t *testing.T) {
	refused := func(code, message string) func(*fakeAuth0) {
		return func(f *fakeAuth0) {
			body := refusal(http.StatusForbidden, message)
			body["errorCode"] = code
			f.on("GET /api/v2/events", http.StatusForbidden, body)
		}
	}
	for name, c := range map[string]struct {
		answers func(*fakeAuth0)
		trouble FeedTrouble
	}{
		"a scope is missing":     {refused("insufficient_scope", "Insufficient scope"), FeedScopeMissing},
		"too many are connected": {refused("", "Too many concurrent connections"), FeedTooManyConnections},
		"the plan lacks it":      {refused("", "This feature is not enabled for this tenant"), FeedNotInPlan},
		"Auth0 is down": {func(f *fakeAuth0) {
			f.on("GET /api/v2/events", http.StatusServiceUnavailable, refusal(http.StatusServiceUnavailable, "down"))
		}, FeedUnavailable},
		"the connection breaks": {func(f *fakeAuth0) { f.mux.HandleFunc("GET /api/v2/events", hangUp) }, FeedUnavailable},
		"an error is told": {func(f *fakeAuth0) {
			f.streams("event: error\ndata: {\"error\":\"gone wrong\"}\n\n")
		}, FeedUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			f := newFakeAuth0(t)
			f.grantTokens()
			c.answers(f)
			_, err := told(t.Context(), NewEventStream(f.client(t)), "", 99)
			g.Expect(FeedTroubleOf(err)).To(Equal(c.trouble), "%v", err)
		})
	}
}

// TestEventStreamThatFallsSilentEnds: a connection on which nothing comes is ended,
// and one on which nothing ever came was none.
func TestEventStreamThatFallsSilentEnds(t *testing.T) {
	for text, want := range map[string][]News{":connected\n\n": {{Gap: true}}, "": nil} {
		g := NewWithT(t)
		f := newFakeAuth0(t)
		f.grantTokens()
		f.mux.HandleFunc("GET /api/v2/events", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusOK)
			_, _ = io.WriteString(w, text)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		})
		// Time for the first word on a slow machine, and little where none comes.
		stream := &eventStream{client: f.client(t), first: time.Duration(1+100*len(text)) * 50 * time.Millisecond, quiet: 50 * time.Millisecond}
		all, err := told(t.Context(), stream, "", 99)
		g.Expect(all).To(Equal(want), "%q", text)
		g.Expect(err).To(MatchError(ErrFeedSilent))
		g.Expect(FeedTroubleOf(err)).To(Equal(FeedUnavailable))
	}
}

func TestFeedEndsWithItsContext(t *testing.T) {
	g := NewWithT(t)
	f := newFakeAuth0(t)
	f.grantTokens()
	f.logs(map[string]string{"": `[{"log_id":"9","type":"s"}]`, "9": `[]`})
	all, err := told(t.Context(), NewTenantLog(f.client(t), func() time.Duration { return time.Hour }), "", 1)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(all).To(HaveLen(1))
}

// FuzzFeeds reads whatever a log entry or an event may hold.
func FuzzFeeds(f *testing.F) {
	f.Add("sapi", []byte(`{"log_id":"1","type":"sapi","details":{"request":{"method":"patch","path":"/api/v2/users/okta%7C1"}}}`))
	f.Add("organization.member.added", []byte(`{"event":{"time":"2026-11-22T10:00:00Z","data":{"object":{"organization":{"id":"org_1"}}}}}`))
	f.Fuzz(func(_ *testing.T, kind string, data []byte) {
		_, _ = changeOfEvent(kind, data)
		var entry logEntry
		if entry.UnmarshalJSON(data) == nil {
			_ = entry.changes("operator")
		}
		_ = parseLogPosition(string(data))
	})
}
