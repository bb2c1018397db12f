package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin"
)

const leaderElect = "--leader-elect"

// measureTakeover kills the leader in the midst of sending mails, and looks at the
// replica that waits to take over.
func measureTakeover(ctx context.Context, b *bench) (figures []figure, err error) {
	s := burst{customers: 5, people: b.few(20, 100)}
	w, err := b.newWorld(ctx, standin.ProfileUnlimited)
	if err != nil {
		return nil, err
	}
	defer func() { err = w.ended(ctx, err) }()
	if err := w.operator.Stop(); err != nil {
		return nil, err
	}
	if err := w.startOperator(ctx, leaderElect); err != nil {
		return nil, err
	}
	leader := w.operator
	if err := w.until(ctx, time.Minute, "it leads", w.reconciled(ctx)); err != nil {
		return nil, err
	}
	standby, address, err := w.newOperator(ctx, leaderElect)
	if err != nil {
		return nil, err
	}
	if err := s.apply(ctx, w); err != nil {
		return nil, errors.Join(err, standby.Stop())
	}
	if err := w.untilMailed(ctx, 10*time.Minute, s.mails()/4); err != nil {
		return nil, errors.Join(err, standby.Stop())
	}
	w.operator, w.address = standby, address
	began := time.Now()
	if err := leader.Kill(); err != nil {
		return nil, err
	}
	mailed := len(w.auth0.Outbox().Mails())
	if err := w.until(ctx, 2*time.Minute, "the other one reconciles", w.reconciled(ctx)); err != nil {
		return nil, err
	}
	first := time.Since(began)
	if err := w.untilMailed(ctx, 10*time.Minute, s.mails()); err != nil {
		return nil, err
	}
	all := time.Since(began)
	if err := w.pause(ctx, 30*time.Second, "a second mail would come"); err != nil {
		return nil, err
	}
	times := map[string]int{}
	for _, mail := range w.auth0.Outbox().Mails() {
		times[mail.To]++
	}
	size := fmt.Sprintf("%d x %d", s.customers, s.people)
	how := fmt.Sprintf("killed after %d mails; a lease lasts 15 s", mailed)
	return []figure{
		figure{Size: size, Name: "takeover, until the first reconcile", Value: first.Seconds(), Unit: "s"}.atMost(20).because("%s", how),
		{Size: size, Name: "takeover, until all are mailed", Value: all.Seconds(), Unit: "s"},
		figure{Size: size, Name: "takeover, people mailed twice", Value: float64(len(w.auth0.Outbox().Mails()) - len(times)), Unit: "people"}.atMost(0),
	}, nil
}

// reconciled tells whether the operator has reconciled anything.
func (w *world) reconciled(ctx context.Context) func() (done, all int) {
	return func() (int, int) {
		now, err := w.counters(ctx, false)
		if err != nil || sum(now.Reconciles) == 0 {
			return 0, 1
		}
		return 1, 1
	}
}
