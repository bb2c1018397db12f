package main

import (
	"context"
	"fmt"
	"time"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/standin"
)

// measureOnboarding counts what one Customer of N people costs from its creation
// until everybody's Member shows Invited. A Customer has no more than 900 links alive at
// once: of more people some must accept first.
func measureOnboarding(ctx context.Context, b *bench) (figures []figure, err error) {
	for _, people := range b.sized([]int{1, 10, 100}, []int{1, 10, 100, 900}) {
		more, err := onboard(ctx, b, people)
		figures = append(figures, more...)
		if err != nil {
			return figures, err
		}
	}
	return figures, nil
}

func onboard(ctx context.Context, b *bench, people int) (figures []figure, err error) {
	w, err := b.newWorld(ctx, standin.ProfileUnlimited)
	if err != nil {
		return nil, err
	}
	defer func() { err = w.ended(ctx, err) }()
	// What was read before a feed is followed is read again.
	if err := w.until(ctx, time.Minute, "a feed is followed", func() (int, int) {
		if w.feed(ctx) == feedNone {
			return 0, 1
		}
		return 1, 1
	}); err != nil {
		return nil, err
	}
	before, err := w.counters(ctx, false)
	if err != nil {
		return nil, err
	}
	w.countCalls()
	began := time.Now()
	if err := w.apply(ctx, customerName(0), people); err != nil {
		return nil, err
	}
	if err := w.untilMailed(ctx, 15*time.Minute, people); err != nil {
		return nil, err
	}
	took := time.Since(began)
	made := w.calls()
	if err := w.until(ctx, time.Minute, "all Members show Invited", func() (int, int) { return w.members.count(v1alpha1.ConditionInvited), people }); err != nil {
		return nil, err
	}
	after, err := w.counters(ctx, false)
	if err != nil {
		return nil, err
	}
	did, n := after.since(before), float64(people)
	size := fmt.Sprintf("N=%d", people)
	writes := figure{Size: size, Name: "writes to the API server without Events", Value: float64(did.writes()) / n, Unit: "a Member"}
	turns := figure{Size: size, Name: "reconciles of all controllers", Value: float64(sum(did.Reconciles)) / n, Unit: "a Member"}
	if people >= 100 {
		writes, turns = writes.atMost(4), turns.atMost(4)
	}
	w.details("writes", did.Writes)
	w.details("reads", did.Reads)
	w.details("reconciles", did.Reconciles)
	return []figure{
		figure{Size: size, Name: "calls until all are mailed", Value: float64(made.all()), Unit: "calls"}.atMost(6 + 2*n),
		writes, turns,
		{Size: size, Name: "Events", Value: float64(did.events()) / n, Unit: "a Member"},
		{Size: size, Name: "time until all are mailed, without limits", Value: took.Seconds(), Unit: "s"},
	}, nil
}
