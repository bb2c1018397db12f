package main

import (
	"context"
	"fmt"
	"time"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/standin"
)

// measureCrowd counts what one Customer of many people costs a Member, from its
// creation until all can sign in. Each joins as soon as the mail is there: an
// organization has 900 live invitations at most.
func measureCrowd(ctx context.Context, b *bench) (figures []figure, err error) {
	for _, people := range b.sized([]int{200}, []int{1000, 10_000}) {
		more, err := crowd(ctx, b, people)
		figures = append(figures, more...)
		if err != nil {
			return figures, err
		}
	}
	return figures, nil
}

func crowd(ctx context.Context, b *bench, people int) (figures []figure, err error) {
	w, err := b.newWorld(ctx, standin.ProfileUnlimited)
	if err != nil {
		return nil, err
	}
	defer func() { err = w.ended(ctx, err) }()
	before, err := w.counters(ctx, false)
	if err != nil {
		return nil, err
	}
	w.countCalls()
	began := time.Now()
	if err := w.apply(ctx, customerName(0), people); err != nil {
		return nil, err
	}
	for joined := 0; joined < people; {
		if err := w.untilMailed(ctx, 15*time.Minute, joined+1); err != nil {
			return nil, err
		}
		mails := w.auth0.Outbox().Mails()
		for _, mail := range mails[joined:] {
			if err := w.accept(ctx, mail); err != nil {
				return nil, err
			}
			joined++
			w.sayAtTimes("%d of %d people have joined", joined, people)
		}
	}
	if err := w.until(ctx, 15*time.Minute, "all Members are Active", func() (int, int) { return w.members.count(v1alpha1.ConditionActive), people }); err != nil {
		return nil, err
	}
	took := time.Since(began)
	after, err := w.counters(ctx, false)
	if err != nil {
		return nil, err
	}
	did, made, n := after.since(before), w.calls(), float64(people)
	w.details("writes", did.Writes)
	w.details("reconciles", did.Reconciles)
	size := fmt.Sprintf("one Customer of %d", people)
	return []figure{
		figure{Size: size, Name: "crowd, calls", Value: float64(made.all()) / n, Unit: "a Member"}.because("until all have joined and are Active; each joins when mailed"),
		{Size: size, Name: "crowd, writes to the API server without Events", Value: float64(did.writes()) / n, Unit: "a Member"},
		{Size: size, Name: "crowd, reconciles of all controllers", Value: float64(sum(did.Reconciles)) / n, Unit: "a Member"},
		{Size: size, Name: "crowd, CPU of the operator", Value: 1000 * did.CPUSeconds / n, Unit: "ms a Member"},
		{Size: size, Name: "crowd, time", Value: took.Seconds() * 1000 / n, Unit: "ms a Member"},
	}, nil
}
