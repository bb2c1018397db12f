package main

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

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
	if err := w.crowd(ctx, customerName(0), people); err != nil {
		return nil, err
	}
	if err := w.allJoin(ctx, 0, people, 0); err != nil {
		return nil, err
	}
	return w.crowded(ctx, fmt.Sprintf("one Customer of %d", people), people, before, began)
}

// measureGrowth adds people to one Customer that has many already: each costs as much as
// in a small Customer where onboarding grows no worse than linearly.
func measureGrowth(ctx context.Context, b *bench) (figures []figure, err error) {
	for _, people := range b.sized([]int{500}, []int{9000}) {
		more, err := grow(ctx, b, people, b.few(100, 1000))
		figures = append(figures, more...)
		if err != nil {
			return figures, err
		}
	}
	return figures, nil
}

func grow(ctx context.Context, b *bench, has, more int) (figures []figure, err error) {
	w, err := b.newWorld(ctx, standin.ProfileUnlimited)
	if err != nil {
		return nil, err
	}
	defer func() { err = w.ended(ctx, err) }()
	if err := w.seed(ctx, 2, has); err != nil {
		return nil, err
	}
	if err := w.startOperator(ctx); err != nil {
		return nil, err
	}
	if _, err := w.untilStarted(ctx, 2, has+2); err != nil {
		return nil, err
	}
	before, err := w.counters(ctx, false)
	if err != nil {
		return nil, err
	}
	w.countCalls()
	mailed, active, began := len(w.auth0.Outbox().Mails()), w.members.count(v1alpha1.ConditionActive), time.Now()
	name := customerName(1)
	object := &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Namespace: w.name, Name: name}}
	if err := w.kube.Patch(ctx, object, client.RawPatch("application/merge-patch+json", fmt.Appendf(nil, `{"spec":{"seats":%d}}`, has+more))); err != nil {
		return nil, fmt.Errorf("raise the seats: %w", err)
	}
	if err := w.join(ctx, name, has, has+more); err != nil {
		return nil, err
	}
	if err := w.allJoin(ctx, mailed, more, active); err != nil {
		return nil, err
	}
	return w.crowded(ctx, fmt.Sprintf("%d more in a Customer of %d", more, has), more, before, began)
}

// allJoin has each of so many people join as soon as the mail is there, after those who
// were mailed and are Active already, and waits until all are.
func (w *world) allJoin(ctx context.Context, mailed, people, active int) error {
	for joined := 0; joined < people; {
		if err := w.untilMailed(ctx, 15*time.Minute, mailed+joined+1); err != nil {
			return err
		}
		mails := w.auth0.Outbox().Mails()
		for _, mail := range mails[mailed+joined:] {
			if err := w.accept(ctx, mail); err != nil {
				return err
			}
			joined++
			w.sayAtTimes("%d of %d people have joined", joined, people)
		}
	}
	return w.until(ctx, 15*time.Minute, "all Members are Active", func() (int, int) { return w.members.count(v1alpha1.ConditionActive) - active, people })
}

// crowded are the figures of so many people who have joined.
func (w *world) crowded(ctx context.Context, size string, people int, before counters, began time.Time) ([]figure, error) {
	took := time.Since(began)
	after, err := w.counters(ctx, false)
	if err != nil {
		return nil, err
	}
	did, made, n := after.since(before), w.calls(), float64(people)
	w.details("writes", did.Writes)
	w.details("reconciles", did.Reconciles)
	return []figure{
		figure{Size: size, Name: "crowd, calls", Value: float64(made.all()) / n, Unit: "a Member"}.because("until all have joined and are Active; each joins when mailed"),
		{Size: size, Name: "crowd, writes to the API server without Events", Value: float64(did.writes()) / n, Unit: "a Member"},
		{Size: size, Name: "crowd, reconciles of all controllers", Value: float64(sum(did.Reconciles)) / n, Unit: "a Member"},
		{Size: size, Name: "crowd, CPU of the operator", Value: 1000 * did.CPUSeconds / n, Unit: "ms a Member"},
		{Size: size, Name: "crowd, time", Value: took.Seconds() * 1000 / n, Unit: "ms a Member"},
	}, nil
}
