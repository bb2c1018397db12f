package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/standin"
)

// pendingWindow is how long calls are counted. The looks at Customers of whom no feed
// tells anything are spread over hours: what is counted has its part of them.
const pendingWindow = 2 * time.Minute

// measurePending counts the calls while each of M Customers has one link that nobody has
// clicked: with each feed, and without one under a plan's limits.
func measurePending(ctx context.Context, b *bench) (figures []figure, err error) {
	for _, customers := range b.sized([]int{20}, []int{20, 200, 1000}) {
		more, err := pending(ctx, b, customers)
		figures = append(figures, more...)
		if err != nil {
			return figures, err
		}
	}
	return figures, nil
}

func pending(ctx context.Context, b *bench, customers int) (figures []figure, err error) {
	w, err := b.newWorld(ctx, standin.ProfileUnlimited)
	if err != nil {
		return nil, err
	}
	defer func() { err = w.ended(ctx, err) }()
	for name := 0; name < customers; name += pendingAtOnce {
		group := burst{customers: min(pendingAtOnce, customers-name), people: 1, first: name}
		if err := group.apply(ctx, w); err != nil {
			return nil, err
		}
		w.sayAtTimes("%d of %d Customers are applied", name+group.customers, customers)
	}
	if err := w.untilMailed(ctx, 30*time.Minute, customers); err != nil {
		return nil, err
	}
	for _, without := range [][]string{nil, {"read:events"}, {"read:events", "read:logs"}} {
		if len(without) == 2 && customers > withoutLimits {
			break
		}
		f, err := w.pendingWith(ctx, customers, without)
		if err != nil {
			return figures, err
		}
		w.say("%s: %s %s", f.Size, number(f.Value), f.Unit)
		figures = append(figures, f)
	}
	more, err := w.pendingLimited(ctx, customers)
	return append(figures, more...), err
}

// pendingAtOnce is how many Customers are applied side by side.
const pendingAtOnce = 10

// withoutLimits is up to how many Customers are looked at without a feed and without
// limits: more are looked at all the time.
const withoutLimits = 20

// startWith starts the operator without some scopes, and waits until all that a start
// looks at was looked at.
func (w *world) startWith(ctx context.Context, customers int, without []string) error {
	scopes := slices.DeleteFunc(standin.ManagementScopes(), func(scope string) bool { return slices.Contains(without, scope) })
	if err := w.auth0.SetScopes(w.management.ClientID, scopes...); err != nil {
		return fmt.Errorf("change the operator's scopes: %w", err)
	}
	if err := w.operator.Stop(); err != nil {
		return err
	}
	if err := w.startOperator(ctx); err != nil {
		return err
	}
	started := func() (int, int) {
		now, err := w.counters(ctx, false)
		if err != nil {
			return 0, 2 * customers
		}
		return min(customers, now.Reconciles["customer"]) + min(customers, now.Reconciles["member"]), 2 * customers
	}
	if err := w.until(ctx, 10*time.Minute, "all are reconciled", started); err != nil {
		return err
	}
	return w.pause(ctx, time.Minute, "what a start is followed by is over")
}

// pendingWith counts the calls of an operator that has started without some scopes.
func (w *world) pendingWith(ctx context.Context, customers int, without []string) (f figure, err error) {
	if err := w.startWith(ctx, customers, without); err != nil {
		return f, err
	}
	w.countCalls()
	if err := w.pause(ctx, pendingWindow, "calls are counted"); err != nil {
		return f, err
	}
	feed := w.feed(ctx)
	f = figure{
		Size: fmt.Sprintf("%d Customers, %s", customers, feed), Name: "calls while each has one pending link",
		Value: float64(w.calls().all()) * float64(time.Hour) / float64(pendingWindow), Unit: "an hour",
	}.because("counted for %s in real time, without limits", pendingWindow)
	if feed != feedNone {
		f = f.atMost(1000)
	}
	return f, nil
}

// pendingLimited counts, without a feed and under a plan's limits, the calls that are
// refused, and how long an acceptance takes to show.
func (w *world) pendingLimited(ctx context.Context, customers int) ([]figure, error) {
	if err := w.startWith(ctx, customers, []string{"read:events", "read:logs"}); err != nil {
		return nil, err
	}
	if err := w.auth0.Configure(func(s *standin.Settings) { s.Profile = standin.ProfileEnterprise }); err != nil {
		return nil, err
	}
	if err := w.pause(ctx, time.Minute, "the limits are learned"); err != nil {
		return nil, err
	}
	w.countCalls()
	accepted := map[string]time.Time{}
	mails := w.auth0.Outbox().Mails()
	for i := range mails {
		// Ten of them, all over the Customers.
		if i%max(1, len(mails)/10) != 0 {
			continue
		}
		if err := w.accept(ctx, mails[i]); err != nil {
			return nil, err
		}
		accepted[mails[i].To] = time.Now()
	}
	began := time.Now()
	err := w.until(ctx, 20*time.Minute, "those who joined are Active", func() (int, int) { return w.members.count(v1alpha1.ConditionActive), len(accepted) })
	if err != nil {
		return nil, err
	}
	if left := time.Until(began.Add(pendingWindow)); left > 0 {
		if err := w.pause(ctx, left, "calls are counted"); err != nil {
			return nil, err
		}
	}
	window, made := time.Since(began), w.calls()
	var took []time.Duration
	for email, at := range accepted {
		took = append(took, w.members.at(v1alpha1.ConditionActive, email).Sub(at))
	}
	size := fmt.Sprintf("%d Customers, %s, enterprise", customers, w.feed(ctx))
	figures := []figure{
		{Size: size, Name: "calls while each has one pending link", Value: float64(made.all()) * float64(time.Hour) / float64(window), Unit: "an hour"},
		figure{Size: size, Name: "calls answered 429", Value: made.refusedPercent(), Unit: "%"}.atMost(0).because("of %d", made.all()),
	}
	return append(figures, waits(size, "acceptance to Active", took, 0, 0)...), nil
}
