package auth0tenant

import (
	"context"
	"errors"
	"maps"
	"sync/atomic"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
)

const (
	// holdOn is how long a feed that was followed is waited for before the next
	// better one, or none, is.
	holdOn = 10 * time.Second
	// steady is how long a connection must last for the one after it to be made at once.
	steady = time.Minute
	// firstRetry and longestRetry are how long a feed that failed is left alone;
	// firstRefusal and longestRefusal one that Auth0 refuses.
	firstRetry, longestRetry     = time.Second, 5 * time.Minute
	firstRefusal, longestRefusal = 15 * time.Second, time.Hour
)

// candidate is one of a tenant's feeds.
type candidate struct {
	name string
	feed auth0.Feed
	// granted: the credentials have its scope.
	granted  bool
	position string
	trouble  auth0.FeedTrouble
	failures int
	retryAt  time.Time
}

// follower follows the best of a tenant's feeds that can be had.
type follower struct {
	tenant *directory.Tenant
	// candidates, the better first.
	candidates []*candidate
	// wake has the Customers of organizations looked at, report the tenant's status.
	wake   func(ctx context.Context, organizations []string)
	report func()

	state directory.FeedState
	// slow: the next reading of the log is a long time off.
	slow atomic.Bool
}

// logPace reads the log often while something is expected of people.
func (f *follower) logPace(interval time.Duration) func() time.Duration {
	return func() time.Duration {
		idle := len(f.tenant.Pending()) == 0
		f.slow.Store(idle)
		if idle {
			return quietLog * interval
		}
		return interval
	}
}

// run follows until the context ends.
func (f *follower) run(ctx context.Context) {
	f.state, _ = f.tenant.Feed()
	for ctx.Err() == nil {
		best, wait := f.choose(time.Now())
		switch {
		case best != nil && wait <= 0:
			f.follow(ctx, best)
		case best != nil:
			pause(ctx, wait) // for the one that was followed
		default:
			f.use(ctx, "")
			pause(ctx, wait)
		}
	}
}

// choose is the best candidate that can be had now, or, after a wait, again.
func (f *follower) choose(now time.Time) (_ *candidate, wait time.Duration) {
	wait = longestRefusal
	for _, s := range f.candidates {
		if !s.granted || s.feed == nil {
			s.trouble = auth0.FeedScopeMissing
			continue
		}
		left := s.retryAt.Sub(now)
		if left <= 0 || f.state.Name == s.name && left <= holdOn {
			return s, left
		}
		wait = min(wait, left)
	}
	return nil, wait
}

// follow follows one candidate until it ends, a better one is to be tried again, or the
// log is to be read sooner than was thought.
func (f *follower) follow(ctx context.Context, s *candidate) {
	// With a place in the queue: everything else waits on what it tells.
	following, end := context.WithCancel(auth0.WithCaller(ctx, auth0.Caller{Key: "feed " + f.tenant.Name, Flow: "feed " + f.tenant.Name}))
	defer end()
	if again := f.betterAt(s); !again.IsZero() {
		timer := time.AfterFunc(time.Until(again), end)
		defer timer.Stop()
	}
	f.slow.Store(false)
	go f.hurry(following, end)
	began, connected := time.Now(), false
	err := s.feed.Follow(following, s.position, func(news auth0.News) {
		if !connected {
			connected, s.trouble = true, ""
			f.use(ctx, s.name)
		}
		if news.Position != "" || news.Gap {
			s.position = news.Position
		}
		f.tell(ctx, news)
	})
	if following.Err() != nil {
		return // we ended it
	}
	s.noteEnd(err, connected, time.Now(), began)
	if err != nil {
		log.FromContext(ctx).V(1).Info("The feed ended", "auth0tenant", f.tenant.Name, "feed", s.name, "error", err.Error())
	}
}

// betterAt is when a better candidate than the one is to be tried, zero for never.
func (f *follower) betterAt(than *candidate) (at time.Time) {
	for _, s := range f.candidates {
		if s == than {
			break
		}
		if s.granted && s.feed != nil && (at.IsZero() || s.retryAt.Before(at)) {
			at = s.retryAt
		}
	}
	return at
}

// hurry ends a slow reading of the log as soon as something is expected of people.
func (f *follower) hurry(ctx context.Context, end func()) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.tenant.Expects():
			if f.slow.Load() {
				end()
			}
		}
	}
}

// noteEnd decides when a candidate that ended is followed again.
func (s *candidate) noteEnd(err error, connected bool, now, began time.Time) {
	if connected && now.Sub(began) >= steady && !errors.Is(err, auth0.ErrFeedSilent) {
		s.failures = 0
	}
	at, limited := auth0.RetryAt(err)
	if !limited {
		s.failures++
	}
	trouble := auth0.FeedTroubleOf(err)
	if trouble == "" && !connected {
		trouble = auth0.FeedUnavailable
	}
	first, longest := firstRetry, longestRetry
	if trouble != "" && trouble != auth0.FeedUnavailable {
		first, longest = firstRefusal, longestRefusal
	}
	s.trouble = trouble
	s.retryAt = now.Add(min(longest, first<<min(max(0, s.failures-1), 20)))
	if limited {
		s.retryAt = at // it failed in nothing, and has a place
	}
}

// use makes a feed the one that is relied on, or none. Who relied on one that is
// gone is looked at as without it.
func (f *follower) use(ctx context.Context, name string) {
	troubles := f.troubles(name)
	known, ok := f.tenant.Feed()
	if ctx.Err() != nil || ok && known.Name == name && maps.Equal(troubles, known.Troubles) {
		return
	}
	if f.state.Name != name || f.state.Since.IsZero() {
		f.state.Since = f.tenant.Now()
	}
	f.state.Name, f.state.Troubles = name, troubles
	f.tenant.SetFeed(f.state)
	if known.Name != "" && name == "" {
		f.wake(ctx, f.tenant.Pending())
	}
	f.report()
}

// troubles are those of the candidates that are better than the one in use.
func (f *follower) troubles(name string) map[string]auth0.FeedTrouble {
	out := map[string]auth0.FeedTrouble{}
	for _, s := range f.candidates {
		if s.name == name {
			break
		}
		if s.trouble == "" {
			out[s.name] = auth0.FeedUnavailable
		} else {
			out[s.name] = s.trouble
		}
	}
	return out
}

func (f *follower) tell(ctx context.Context, news auth0.News) {
	if ctx.Err() == nil && len(news.Changes) > 0 {
		f.state.LastNewsAt = f.tenant.Now()
		f.tenant.SetFeed(f.state)
	}
	f.wake(ctx, f.tenant.Changed(news))
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
