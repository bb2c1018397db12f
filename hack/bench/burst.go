package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin"
)

// burst is a number of Customers that are applied at once.
type burst struct {
	profile           string
	customers, people int
	// bucket is the one that an invitation waits for.
	bucket string
	// first is the number of the first of the Customers.
	first int
	// faster is how many times as fast as the profile's the limits refill; 0 for as fast.
	faster int
	// crowds: the Members are too many to be created one by one.
	crowds bool
}

func (s burst) mails() int { return s.customers * s.people }

func (s burst) size() string {
	size := fmt.Sprintf("%s, %d x %d", s.profile, s.customers, s.people)
	if s.faster > 1 {
		size += fmt.Sprintf(", %d times as fast", s.faster)
	}
	return size
}

// measureBurst applies several Customers at once under a plan's limits.
func measureBurst(size func(*bench) burst) func(context.Context, *bench) ([]figure, error) {
	return func(ctx context.Context, b *bench) ([]figure, error) { return size(b).measure(ctx, b) }
}

func freeBurst(*bench) burst {
	return burst{profile: standin.ProfileFree, customers: 3, people: 5, bucket: "global"}
}

func professionalBurst(b *bench) burst {
	return burst{profile: standin.ProfileProfessional, customers: b.few(5, 10), people: b.few(12, 30), bucket: "other"}
}

func enterpriseBurst(b *bench) burst {
	return burst{profile: standin.ProfileEnterprise, customers: b.few(5, 10), people: b.few(24, 60), bucket: "write-invitations"}
}

// manyBurst would take 25 minutes in the large form: its limits refill four times as fast,
// and the operator is told so.
func manyBurst(b *bench) burst {
	return burst{profile: standin.ProfileEnterprise, customers: b.few(10, 50), people: b.few(20, 100), bucket: "write-invitations", faster: 4, crowds: true}
}

// limits gives the operator all of the limits, which may refill faster.
func (s burst) limits(ctx context.Context, w *world) error {
	if s.faster < 2 {
		return w.takeAll(ctx, "")
	}
	if err := w.auth0.Configure(func(settings *standin.Settings) { settings.OtherClients = 100 - 100*s.faster }); err != nil {
		return fmt.Errorf("have the limits refill faster: %w", err)
	}
	var buckets []string
	for name, perMinute := range map[string]int{
		"global": 960, "organizations list": 100, "organization read": 100, "organization read by name": 200, "organizations write": 150,
		"organization members read": 500, "organization members write": 200, "user organizations read": 500,
		"invitations read": 200, "invitations write": 200, "organization member roles read": 200, "organization member roles write": 200,
		"organization connections read": 100, "organization connections write": 150,
	} {
		burst := map[string]int{"global": 50, "organizations write": 5, "organization connections write": 5}[name]
		if burst == 0 {
			burst = map[int]int{100: 10, 200: 20, 500: 40}[perMinute]
		}
		buckets = append(buckets, fmt.Sprintf(`{"name":%q,"burst":%d,"perMinute":%d}`, name, burst, perMinute*s.faster))
	}
	return w.takeAll(ctx, fmt.Sprintf(`"buckets":[%s],`, strings.Join(buckets, ",")))
}

func (s burst) measure(ctx context.Context, b *bench) (figures []figure, err error) {
	w, err := b.newWorld(ctx, s.profile)
	if err != nil {
		return nil, err
	}
	defer func() { err = w.ended(ctx, err) }()
	if err := s.limits(ctx, w); err != nil {
		return nil, err
	}
	before := w.auth0.BucketUse(s.bucket)
	idle, err := w.counters(ctx, false)
	if err != nil {
		return nil, err
	}
	w.countCalls()
	began := time.Now()
	idleFor := w.firstTaken(ctx, s.bucket, before.Taken)
	if err := s.apply(ctx, w); err != nil {
		return nil, err
	}
	applied := time.Since(began)
	before.PerMinute *= float64(max(1, s.faster))
	// Four times as long as the limit allows is long enough to be told so.
	atBest := time.Duration(math.Max(0, float64(s.mails())-before.Burst) / before.PerMinute * float64(time.Minute))
	evenness := -1.0
	err = w.until(ctx, max(4*atBest, 4*time.Minute), "all are mailed", func() (int, int) {
		mails := w.auth0.Outbox().Mails()
		if n := len(mails); n > s.customers && n <= s.mails()/2 {
			evenness = s.evenness(mails)
		}
		return len(mails), s.mails()
	})
	took, use := time.Since(began), w.auth0.BucketUse(s.bucket)
	use.PerMinute = before.PerMinute
	if err != nil && !errors.Is(err, errTooLong) {
		return nil, err
	}
	made := w.calls()
	busy, err := w.counters(ctx, false)
	if err != nil {
		return nil, err
	}
	did, first := busy.since(idle), <-idleFor
	w.details("writes", did.Writes)
	w.details("reconciles", did.Reconciles)
	mailed := len(w.auth0.Outbox().Mails())
	offered := use.Burst + use.PerMinute*took.Minutes()
	size := s.size()
	figures = []figure{
		figure{Size: size, Name: "people mailed", Value: float64(mailed), Unit: "mails"}.atLeast(float64(s.mails())).because("within %s, applied within %s", took.Round(time.Second), applied.Round(time.Second)),
		figure{Size: size, Name: "use of the bucket " + s.bucket, Value: 100 * float64(use.Taken-before.Taken) / offered, Unit: "%"}.
			atLeast(95).because("of its burst and what it refilled until the last mail"),
		figure{Size: size, Name: "invitations in the bucket", Value: 100 * float64(mailed) / offered, Unit: "%"}.
			because("of the same"),
		figure{Size: size, Name: "calls answered 429", Value: made.refusedPercent(), Unit: "%"}.atMost(0.1).because("of %d", made.all()),
	}
	if mailed == s.mails() {
		figures = append(figures, figure{Size: size, Name: "time until all are mailed", Value: took.Seconds(), Unit: "s"}.
			because("%d invitations alone would take the limit %s", s.mails(), atBest.Round(time.Second)))
		figures = append(figures, s.costs(took, first, use.PerMinute, made, did)...)
	}
	if evenness >= 0 && mailed >= s.mails()/2 {
		figures = append(figures, figure{Size: size, Name: "evenness", Value: evenness, Unit: "ratio"}.
			because("mails of the Customer with the fewest to those of the one with the most, when half were sent"))
	}
	return figures, nil
}

// costs are the figures of a burst whose people were all mailed.
func (s burst) costs(took, first time.Duration, perMinute float64, made calls, did counters) []figure {
	size, mails := s.size(), float64(s.mails())
	return []figure{
		figure{Size: size, Name: "time until the first call", Value: first.Seconds(), Unit: "s"}.
			because("a full bucket loses what it refills meanwhile, here %.1f calls", perMinute*first.Minutes()),
		{Size: size, Name: "calls in all", Value: float64(made.all()) / mails, Unit: "a mail"},
		{Size: size, Name: "writes to the API server without Events", Value: float64(did.writes()) / mails, Unit: "a Member"},
		{Size: size, Name: "reconciles of all controllers", Value: float64(sum(did.Reconciles)) / mails, Unit: "a Member"},
		{Size: size, Name: "CPU of the operator", Value: 100 * did.CPUSeconds / took.Seconds(), Unit: "% of a core"},
	}
}

// firstTaken tells how long it is until something is taken from a bucket.
func (w *world) firstTaken(ctx context.Context, bucket string, before int) <-chan time.Duration {
	began, told := time.Now(), make(chan time.Duration, 1)
	go func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for w.auth0.BucketUse(bucket).Taken <= before && ctx.Err() == nil && time.Since(began) < time.Minute {
			<-tick.C
		}
		told <- time.Since(began)
	}()
	return told
}

// apply creates the Customers side by side: one that were created last would be
// mailed last.
func (s burst) apply(ctx context.Context, w *world) error {
	failed := make(chan error, s.customers)
	for i := range s.customers {
		apply := func() error { return w.apply(ctx, customerName(s.first+i), s.people) }
		if s.crowds {
			apply = func() error { return w.crowd(ctx, customerName(s.first+i), s.people) }
		}
		go func() { failed <- apply() }()
	}
	var errs []error
	for range s.customers {
		errs = append(errs, <-failed)
	}
	return errors.Join(errs...)
}

// evenness is the ratio of the fewest mails of a Customer to the most.
func (s burst) evenness(mails []standin.Mail) float64 {
	counts := map[string]int{}
	for _, mail := range mails {
		counts[mail.OrganizationID]++
	}
	if len(counts) < s.customers {
		return 0
	}
	fewest, most := math.MaxInt, 0
	for _, n := range counts {
		fewest, most = min(fewest, n), max(most, n)
	}
	return float64(fewest) / float64(most)
}
