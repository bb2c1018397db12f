package auth0_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/internal/standin/person"
)

// follower follows a feed as the operator does: again from the last position,
// whatever ended it.
type follower struct {
	mu        sync.Mutex
	changes   []auth0.Change
	gaps      int
	connected int
	troubles  []auth0.FeedTrouble
}

func (w *world) follow(t *testing.T, feed auth0.Feed) *follower {
	t.Helper()
	f := &follower{}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		position := ""
		for ctx.Err() == nil {
			first := true
			err := feed.Follow(ctx, position, func(news auth0.News) {
				f.mu.Lock()
				defer f.mu.Unlock()
				if first {
					f.connected++
				}
				first = false
				f.changes = append(f.changes, news.Changes...)
				if news.Gap {
					f.gaps++
				}
				if news.Position != "" {
					position = news.Position
				}
			})
			if trouble := auth0.FeedTroubleOf(err); trouble != "" {
				f.mu.Lock()
				f.troubles = append(f.troubles, trouble)
				f.mu.Unlock()
			}
			pause(ctx, 20*time.Millisecond)
		}
	}()
	t.Cleanup(func() { cancel(); <-ended })
	return f
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

func often() time.Duration { return 10 * time.Millisecond }

// seen are the organizations of which a change was told, in order.
func (f *follower) seen() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, change := range f.changes {
		if change.Organization != "" {
			out = append(out, change.Organization)
		}
	}
	return out
}

func (f *follower) numbers() (gaps, connected int, troubles []auth0.FeedTrouble) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.gaps, f.connected, slices.Compact(slices.Clone(f.troubles))
}

func (f *follower) gapsNow() int      { gaps, _, _ := f.numbers(); return gaps }
func (f *follower) connectedNow() int { _, connected, _ := f.numbers(); return connected }
func (f *follower) troublesNow() []auth0.FeedTrouble {
	_, _, troubles := f.numbers()
	return troubles
}

// dashboard is another client of the tenant, whose writes are news.
func (w *world) dashboard(t *testing.T) *auth0.Client {
	t.Helper()
	g := NewWithT(t)
	other, err := w.AddManagementClient()
	g.Expect(err).NotTo(HaveOccurred())
	opts := w.opts
	opts.ClientID, opts.ClientSecret = other.ClientID, other.Secret
	client, err := auth0.New(opts)
	g.Expect(err).NotTo(HaveOccurred())
	return client
}

// change makes an organization and changes it: of its making the log does not
// tell the id.
func change(t *testing.T, dashboard *auth0.Client, n int) (id string) {
	t.Helper()
	g := NewWithT(t)
	org, err := dashboard.CreateOrganization(t.Context(), auth0.OrganizationCreate{Name: fmt.Sprintf("org-%d", n)})
	g.Expect(err).NotTo(HaveOccurred())
	update(t, dashboard, org.ID)
	return org.ID
}

func update(t *testing.T, dashboard *auth0.Client, id string) {
	t.Helper()
	name := "Acme"
	_, err := dashboard.UpdateOrganization(t.Context(), id, auth0.OrganizationUpdate{DisplayName: &name})
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
}

// feedWorld has prompt logs and quick streams.
func feedWorld(t *testing.T, settings ...func(*standin.Settings)) (*world, *auth0.Client) {
	t.Helper()
	w := newWorld(t, standin.WithSettings(func(s *standin.Settings) {
		s.LogsLag, s.EventHeartbeat = 0, standin.Duration(20*time.Millisecond)
		for _, set := range settings {
			set(s)
		}
	}))
	return w, w.dashboard(t)
}

const patience = 20 * time.Second

func TestEventStreamThroughFaults(t *testing.T) {
	for name, fault := range map[string]standin.Fault{
		"it ends":         {Kind: standin.FaultEndStream, Messages: 2},
		"it is cut":       {Kind: standin.FaultCutStream, Messages: 2},
		"it errs":         {Kind: standin.FaultErrorStream, Messages: 2},
		"it times out":    {Kind: standin.FaultErrorStream, Messages: 2, ErrorCode: "connection_timeout"},
		"it repeats":      {Kind: standin.FaultRepeatEvents},
		"it is refused":   {Kind: standin.FaultStatus, Status: 503, Route: "/api/v2/events", Nth: 2, Count: 3},
		"it is dropped":   {Kind: standin.FaultDropAfter, Route: "/api/v2/events", Nth: 2, Count: 2},
		"it is unlimited": {Kind: standin.FaultStatus, Status: 429, WithoutHeaders: true, Route: "/api/v2/events", Nth: 2, Count: 1},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			w, dashboard := feedWorld(t, func(s *standin.Settings) { s.EventConnectionTime = standin.Duration(300 * time.Millisecond) })
			_, err := w.AddFault(fault)
			g.Expect(err).NotTo(HaveOccurred())
			f := w.follow(t, auth0.NewEventStream(w.api))
			g.Eventually(f.connectedNow, patience).Should(BeNumerically(">=", 1))
			var made []string
			for n := range 6 {
				made = append(made, change(t, dashboard, n))
			}
			told := func() []string { return slices.Compact(f.seen()) }
			g.Eventually(func() bool { return f.gapsNow() > 1 || slices.Equal(told(), made) }, patience).Should(BeTrue(),
				"told %v of %v", told, made)
			g.Eventually(f.connectedNow, patience).Should(BeNumerically(">", 1), "it is followed on")
		})
	}
}

func TestEventStreamThatLosesAndReorders(t *testing.T) {
	for name, kind := range map[string]string{"loses": standin.FaultLoseEvent, "reorders": standin.FaultReorderEvents} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			w, dashboard := feedWorld(t)
			f := w.follow(t, auth0.NewEventStream(w.api))
			_, err := w.AddFault(standin.Fault{Kind: kind})
			g.Expect(err).NotTo(HaveOccurred())
			g.Eventually(f.connectedNow, patience).Should(Equal(1))
			var made []string
			for n := range 4 {
				made = append(made, change(t, dashboard, n))
			}
			g.Eventually(func() int { return len(f.seen()) }, patience).Should(BeNumerically(">=", 3))
			g.Expect(f.seen()).To(HaveEach(BeElementOf(made)), "what is told is true")
		})
	}
}

func TestEventStreamListsAgainFromAnOldPosition(t *testing.T) {
	stream := standin.Fault{Route: "/api/v2/events", Nth: 2, Count: 1}
	for name, set := range map[string]func(*standin.Fault){
		"it is gone":             func(f *standin.Fault) { f.Kind, f.Status = standin.FaultStatus, http.StatusGone },
		"it is not understood":   func(f *standin.Fault) { f.Kind, f.Status = standin.FaultStatus, http.StatusBadRequest },
		"it is told on the way":  func(f *standin.Fault) { f.Kind, f.ErrorCode = standin.FaultErrorStream, "cursor_expired" },
		"it is no cursor at all": func(f *standin.Fault) { f.Kind, f.ErrorCode = standin.FaultErrorStream, "invalid_cursor" },
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			w, _ := feedWorld(t, func(s *standin.Settings) { s.EventConnectionTime = standin.Duration(200 * time.Millisecond) })
			fault := stream
			set(&fault)
			_, err := w.AddFault(fault)
			g.Expect(err).NotTo(HaveOccurred())
			f := w.follow(t, auth0.NewEventStream(w.api))
			g.Eventually(f.gapsNow, patience).Should(Equal(2))
			g.Eventually(f.connectedNow, patience).Should(BeNumerically(">", 3), "and it goes on")
			g.Expect(f.gapsNow()).To(Equal(2))
			g.Expect(f.troublesNow()).To(BeEmpty())
		})
	}
}

func TestEventStreamSaysWhyNot(t *testing.T) {
	g := NewWithT(t)
	w, dashboard := feedWorld(t, func(s *standin.Settings) { s.Profile, s.EventConnections = standin.ProfileUnlimited, 1 })
	other := w.follow(t, auth0.NewEventStream(dashboard))
	g.Eventually(other.connectedNow, patience).Should(Equal(1))
	f := w.follow(t, auth0.NewEventStream(w.api))
	g.Eventually(f.troublesNow, patience).Should(Equal([]auth0.FeedTrouble{auth0.FeedTooManyConnections}))
	g.Expect(w.Configure(func(s *standin.Settings) { s.EventConnections, s.EventsAccess = 8, standin.EventsRefused })).To(Succeed())
	g.Eventually(f.troublesNow, patience).Should(HaveExactElements(auth0.FeedTooManyConnections, auth0.FeedNotInPlan))
	g.Expect(w.Configure(func(s *standin.Settings) { s.EventsAccess = standin.EventsOpen })).To(Succeed())
	g.Eventually(f.connectedNow, patience).Should(Equal(1), "and it is had as soon as it can be")
}

func TestEventStreamOutlivesItsToken(t *testing.T) {
	g := NewWithT(t)
	w, dashboard := feedWorld(t, func(s *standin.Settings) { s.EventConnectionTime = standin.Duration(100 * time.Hour) })
	f := w.follow(t, auth0.NewEventStream(w.api))
	g.Eventually(f.connectedNow, patience).Should(Equal(1))
	w.Forward(23 * time.Hour)
	before := change(t, dashboard, 1)
	w.Forward(2 * time.Hour)
	g.Eventually(f.connectedNow, patience).Should(BeNumerically(">", 1))
	after := change(t, w.dashboard(t), 2)
	g.Eventually(func() []string { return slices.Compact(f.seen()) }, patience).Should(Equal([]string{before, after}))
}

func TestTenantLogThroughFaults(t *testing.T) {
	logs := "/api/v2/logs"
	for name, fault := range map[string]standin.Fault{
		"it fails":      {Kind: standin.FaultStatus, Status: 500, Route: logs, Nth: 2, Count: 3},
		"it is limited": {Kind: standin.FaultStatus, Status: 429, WithoutHeaders: true, Bucket: "read-logs", Nth: 2, Count: 1},
		"it is lost":    {Kind: standin.FaultDropAfter, Route: logs, Nth: 3, Count: 3},
		"it is late":    {Kind: standin.FaultDelay, Route: logs, Delay: standin.Duration(100 * time.Millisecond), Count: 3},
		"once refused":  {Kind: standin.FaultStatus, Status: 400, Route: logs, Nth: 4, Count: 1},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			w, dashboard := feedWorld(t)
			_, err := w.AddFault(fault)
			g.Expect(err).NotTo(HaveOccurred())
			f := w.follow(t, auth0.NewTenantLog(w.api, often))
			g.Eventually(f.connectedNow, patience).Should(BeNumerically(">=", 1))
			var made []string
			for n := range 5 {
				made = append(made, change(t, dashboard, n))
			}
			g.Eventually(func() bool { return f.gapsNow() > 1 || len(slices.Compact(f.seen())) == len(made) }, patience).Should(BeTrue())
			last := change(t, dashboard, 9)
			g.Eventually(f.seen, patience).Should(ContainElement(last), "and it goes on")
			g.Expect(f.gapsNow()).To(BeNumerically("<=", 2), "nothing is listed again and again")
		})
	}
}

func TestTenantLogReadsManyEntriesAtOnce(t *testing.T) {
	g := NewWithT(t)
	w, dashboard := feedWorld(t)
	org := change(t, dashboard, 1)
	var readings int
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var told int
	err := auth0.NewTenantLog(w.api, func() time.Duration { readings++; return 0 }).Follow(ctx, "", func(news auth0.News) {
		if news.Gap {
			for range 230 {
				update(t, dashboard, org)
			}
		}
		if told += len(news.Changes); told >= 230 {
			cancel()
		}
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(told).To(BeNumerically(">=", 230))
	g.Expect(readings).To(BeNumerically("<=", 2), "a full page is followed by the next at once")
}

func TestTenantLogOfAQuietTenant(t *testing.T) {
	for _, unknown := range []string{standin.LogContinues, standin.LogRefused, standin.LogEmpty} {
		t.Run(unknown, func(t *testing.T) {
			g := NewWithT(t)
			w, dashboard := feedWorld(t, func(s *standin.Settings) { s.UnknownLogID, s.LogsRetention = unknown, standin.Duration(24*time.Hour) })
			f := w.follow(t, auth0.NewTenantLog(w.api, often))
			readings := func() int { return len(w.Calls(http.MethodGet, "/api/v2/logs")) }
			// One may be under way, and one be refused for its token: the third comes behind
			// a whole one.
			readOn := func() { g.Eventually(readings, patience).Should(BeNumerically(">", readings()+2)) }
			readOn()
			g.Expect(f.gapsNow()).To(Equal(1), "an empty log is listed for once")
			first := change(t, dashboard, 1)
			g.Eventually(f.seen, patience).Should(Equal([]string{first}), "and its first entry is told")
			for range 4 {
				w.Forward(12 * time.Hour)
				readOn()
			}
			second := change(t, dashboard, 2)
			g.Eventually(f.seen, patience).Should(Equal([]string{first, second}), "although the last entry is kept no more")
			g.Expect(f.gapsNow()).To(Equal(1))
			g.Expect(f.troublesNow()).To(BeEmpty())
		})
	}
}

func TestTenantLogThatWasNotReadForLong(t *testing.T) {
	g := NewWithT(t)
	w, dashboard := feedWorld(t)
	change(t, dashboard, 1)
	position := ""
	var gaps []bool
	once := func() {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		g.Expect(auth0.NewTenantLog(w.api, often).Follow(ctx, position, func(news auth0.News) {
			if ctx.Err() == nil {
				position, gaps = news.Position, append(gaps, news.Gap)
			}
			cancel()
		})).To(Succeed())
	}
	once()
	once()
	w.Forward(25 * time.Hour)
	once()
	once()
	g.Expect(gaps).To(Equal([]bool{true, false, true, false}))
}

func TestTenantLogTellsOfInvitations(t *testing.T) {
	g := NewWithT(t)
	w, dashboard := feedWorld(t)
	_, err := w.AddConnection(standin.Connection{Name: "acme-okta", Strategy: "okta", Directory: []standin.IdPPerson{{Email: "jane@acme.com"}, {Email: "eve@acme.com"}}})
	g.Expect(err).NotTo(HaveOccurred())
	seeded, err := w.Seed(standin.Seed{TenantSeed: standin.TenantSeed{Organizations: []standin.OrganizationSeed{{Name: "acme", Connections: []string{"acme-okta"}}}}})
	g.Expect(err).NotTo(HaveOccurred())
	org := seeded.Organizations[0].ID
	f := w.follow(t, auth0.NewTenantLog(w.api, often))
	g.Eventually(f.connectedNow, patience).Should(Equal(1))
	open := func(as string) {
		_, err := dashboard.CreateInvitation(t.Context(), org, auth0.InvitationCreate{
			Email: "jane@acme.com", InviterName: "Acme", ClientID: w.app.ClientID, TTL: time.Hour,
		})
		g.Expect(err).NotTo(HaveOccurred())
		mails := w.Outbox().MailsTo("jane@acme.com")
		p, err := person.New(person.Options{CAPEM: w.CAPEM()})
		g.Expect(err).NotTo(HaveOccurred())
		_, _ = p.OpenLink(t.Context(), mails[len(mails)-1].Link, person.As{Connection: "acme-okta", Email: as})
	}
	told := func(user string) func() []auth0.Change {
		return func() (out []auth0.Change) {
			f.mu.Lock()
			defer f.mu.Unlock()
			for _, c := range f.changes {
				if c.User == user {
					out = append(out, c)
				}
			}
			return out
		}
	}
	of := func(kind auth0.ChangeKind) any {
		return And(HaveField("Kind", kind), HaveField("Organization", org), HaveField("At", BeTemporally("~", w.Clock().Now(), time.Minute)))
	}
	open("eve@acme.com")
	g.Eventually(told("okta|acme-okta|eve@acme.com"), patience).Should(ContainElement(of(auth0.ChangeInvitations)), "used up by the wrong account")
	open("jane@acme.com")
	g.Eventually(told("okta|acme-okta|jane@acme.com"), patience).Should(ContainElements(of(auth0.ChangeInvitations), of(auth0.ChangeMembers)))
}
