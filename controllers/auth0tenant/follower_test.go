package auth0tenant

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
)

// timed is an Auth0 of which only the time is asked.
type timed struct{ auth0.API }

func (timed) Now() time.Time { return time.Now() }

var (
	errNotInPlan = &auth0.Error{Kind: auth0.KindForbidden, Detail: "not available"}
	errDown      = errors.New("no answer")
)

// played is a feed that does what each connection is to do.
type played struct {
	name string
	// connections: what each does; the last is repeated.
	connections []func(ctx context.Context, tell func(auth0.News)) error

	mu    sync.Mutex
	asked []string
}

func (p *played) Name() string { return p.name }

func (p *played) Follow(ctx context.Context, from string, tell func(auth0.News)) error {
	p.mu.Lock()
	p.asked = append(p.asked, from)
	does := p.connections[min(len(p.asked), len(p.connections))-1]
	p.mu.Unlock()
	return does(ctx, tell)
}

// froms are the positions from which it was followed.
func (p *played) froms() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.asked)
}

func refuses(err error) func(context.Context, func(auth0.News)) error {
	return func(context.Context, func(auth0.News)) error { return err }
}

// works connects, and ends with an error after a time, zero for never.
func works(position string, lasts time.Duration, err error) func(context.Context, func(auth0.News)) error {
	return func(ctx context.Context, tell func(auth0.News)) error {
		tell(auth0.News{Position: position})
		if lasts > 0 {
			pause(ctx, lasts)
			return err
		}
		<-ctx.Done()
		return nil
	}
}

type script = []func(context.Context, func(auth0.News)) error

// following plays feeds for a while and returns what came of it.
func following(t *testing.T, stream, log *played, during func(tenant *directory.Tenant, at func(time.Duration))) (reports int, woken []string) {
	t.Helper()
	tenant := directory.New().Put("default", v1alpha1.Auth0TenantSpec{Domain: "acme.eu.auth0.com"}, timed{})
	tenant.Organization("org_1").SetPending(true)
	f := &follower{tenant: tenant, report: func() { reports++ }, wake: func(_ context.Context, ids []string) { woken = append(woken, ids...) }}
	f.candidates = []*candidate{{name: auth0.FeedEventStream, granted: stream != nil}, {name: auth0.FeedTenantLog, granted: log != nil}}
	for i, feed := range []*played{stream, log} {
		if feed != nil {
			f.candidates[i].feed = feed
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	began := time.Now()
	go func() { f.run(ctx); close(done) }()
	during(tenant, func(at time.Duration) {
		pause(t.Context(), time.Until(began.Add(at))) // of the bubble's own time
		synctest.Wait()
	})
	cancel()
	<-done
	return reports, woken
}

func nameOf(tenant *directory.Tenant) string {
	state, _ := tenant.Feed()
	return state.Name
}

// TestFeedBetterOneIsTriedAgain: the log is followed where the stream is refused,
// and the stream as soon as it is to be had, from where each was left.
func TestFeedBetterOneIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		stream := &played{name: auth0.FeedEventStream, connections: script{refuses(errNotInPlan), refuses(errNotInPlan), works("s1", 0, nil)}}
		log := &played{name: auth0.FeedTenantLog, connections: script{works("l1", 0, nil)}}
		reports, woken := following(t, stream, log, func(tenant *directory.Tenant, at func(time.Duration)) {
			at(time.Second)
			g.Expect(nameOf(tenant)).To(Equal(auth0.FeedTenantLog))
			state, _ := tenant.Feed()
			g.Expect(state.Troubles).To(Equal(map[string]auth0.FeedTrouble{auth0.FeedEventStream: auth0.FeedNotInPlan}))
			at(40 * time.Second)
			g.Expect(stream.froms()).To(HaveLen(2), "not at once")
			at(time.Minute)
			g.Expect(nameOf(tenant)).To(Equal(auth0.FeedEventStream))
		})
		g.Expect(log.froms()).To(Equal([]string{"", "l1"}), "nothing is missed between")
		g.Expect(reports).To(Equal(2), "the status is written when something changes, and not at each try")
		g.Expect(woken).To(BeEmpty())
	})
}

// TestFeedThatEndsIsResumed: a connection that ends is made again from where it was,
// and nobody hears of it; one that flaps is left alone for longer each time.
func TestFeedThatEndsIsResumed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		stream := &played{name: auth0.FeedEventStream, connections: script{works("s1", time.Hour, nil), works("s2", time.Hour, errDown), works("s3", time.Second, nil)}}
		reports, woken := following(t, stream, nil, func(tenant *directory.Tenant, at func(time.Duration)) {
			at(90 * time.Minute)
			g.Expect(stream.froms()).To(Equal([]string{"", "s1"}))
			at(119 * time.Minute)
			g.Expect(nameOf(tenant)).To(Equal(auth0.FeedEventStream))
		})
		g.Expect(reports).To(Equal(1))
		g.Expect(woken).To(BeEmpty())

		flapping := &played{name: auth0.FeedEventStream, connections: script{works("s1", time.Second, nil)}}
		following(t, flapping, nil, func(_ *directory.Tenant, at func(time.Duration)) { at(time.Hour) })
		g.Expect(len(flapping.froms())).To(BeNumerically("<", 30))
	})
}

// TestFeedThatFallsSilentIsNotReliedOn: a stream on which nothing comes, however long
// its connections last, is tried less and less often, and the log is followed between.
func TestFeedThatFallsSilentIsNotReliedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		silent := func(ctx context.Context, tell func(auth0.News)) error {
			tell(auth0.News{Gap: true})
			pause(ctx, 90*time.Second)
			return auth0.ErrFeedSilent
		}
		stream := &played{name: auth0.FeedEventStream, connections: script{silent}}
		log := &played{name: auth0.FeedTenantLog, connections: script{works("l1", 0, nil)}}
		following(t, stream, log, func(tenant *directory.Tenant, at func(time.Duration)) {
			at(10 * time.Hour)
		})
		g.Expect(len(stream.froms())).To(BeNumerically("<", 100), "it would be 400 times, and a gap each time")
		g.Expect(len(log.froms())).To(BeNumerically(">", 50))
	})
}

// TestFeedThatIsLost: who relied on a feed that is gone is looked at as without it,
// and the status says so.
func TestFeedThatIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		stream := &played{name: auth0.FeedEventStream, connections: script{works("s1", time.Hour, errDown), refuses(errDown)}}
		_, woken := following(t, stream, nil, func(tenant *directory.Tenant, at func(time.Duration)) {
			at(time.Hour + 5*time.Second)
			g.Expect(nameOf(tenant)).To(Equal(auth0.FeedEventStream), "it is waited for a little")
			at(time.Hour + time.Minute)
			g.Expect(nameOf(tenant)).To(BeEmpty())
			_, followed := tenant.Resync(time.Hour)
			g.Expect(followed).To(BeFalse())
			state, known := tenant.Feed()
			g.Expect(known).To(BeTrue())
			g.Expect(state.Troubles).To(Equal(map[string]auth0.FeedTrouble{
				auth0.FeedEventStream: auth0.FeedUnavailable, auth0.FeedTenantLog: auth0.FeedScopeMissing,
			}))
		})
		g.Expect(woken).To(ConsistOf("org_1"))
	})
}

// TestFeedLogIsHurried: while nothing is expected the log is read seldom, and at
// once when something is.
func TestFeedLogIsHurried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		tenant := directory.New().Put("default", v1alpha1.Auth0TenantSpec{Domain: "acme.eu.auth0.com"}, timed{})
		f := &follower{tenant: tenant, report: func() {}, wake: func(context.Context, []string) {}}
		pace := f.logPace(10 * time.Second)
		var readings atomic.Int32
		log := &played{name: auth0.FeedTenantLog, connections: script{func(ctx context.Context, tell func(auth0.News)) error {
			for ctx.Err() == nil {
				readings.Add(1)
				tell(auth0.News{Position: "l1"})
				pause(ctx, pace())
			}
			return nil
		}}}
		f.candidates = []*candidate{{name: auth0.FeedTenantLog, granted: true, feed: log}}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go f.run(ctx)
		pause(t.Context(), 301*time.Second)
		g.Expect(readings.Load()).To(BeEquivalentTo(6), "one a minute")
		tenant.Organization("org_1").SetPending(true)
		synctest.Wait()
		g.Expect(readings.Load()).To(BeEquivalentTo(7), "at once")
		pause(t.Context(), 61*time.Second)
		g.Expect(readings.Load()).To(BeEquivalentTo(13), "six a minute")
	})
}

// TestFollowerComesWhenItsTurnIs: a feed that waits for Auth0's limits has failed in
// nothing. It has a place, and comes neither later nor more and more seldom.
func TestFollowerComesWhenItsTurnIs(t *testing.T) {
	g := NewWithT(t)
	now := time.Now()
	s := &candidate{name: "log"}
	for range 5 {
		s.noteEnd(&auth0.Error{Kind: auth0.KindRateLimited, RetryAt: now.Add(300 * time.Millisecond)}, false, now, now)
		g.Expect(s.retryAt).To(Equal(now.Add(300 * time.Millisecond)))
	}
	s.noteEnd(&auth0.Error{Kind: auth0.KindUnknown}, false, now, now)
	g.Expect(s.retryAt).To(Equal(now.Add(firstRetry)))
}
