package main

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/standin"
)

// measureRemovals deletes many Members of one Customer at once.
func measureRemovals(ctx context.Context, b *bench) (figures []figure, err error) {
	for _, people := range b.sized([]int{40}, []int{200, 2000}) {
		more, err := removeAll(ctx, b, people)
		figures = append(figures, more...)
		if err != nil {
			return figures, err
		}
	}
	return figures, nil
}

func removeAll(ctx context.Context, b *bench, people int) (figures []figure, err error) {
	w, _, err := b.settled(ctx, 1, people+1)
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
	for n := 1; n <= people; n++ {
		if err := w.kube.Delete(ctx, w.member(customerName(0), n)); err != nil {
			return nil, fmt.Errorf("delete a Member: %w", err)
		}
	}
	if err := w.until(ctx, 30*time.Minute, "all Members are gone", func() (int, int) { return w.members.countGone(), people }); err != nil {
		return nil, err
	}
	took := time.Since(began)
	if _, err := w.untilQuiet(ctx); err != nil {
		return nil, err
	}
	after, err := w.counters(ctx, false)
	if err != nil {
		return nil, err
	}
	made := w.calls()
	did, n, size := after.since(before), float64(people), fmt.Sprintf("%d people", people)
	w.details("removals writes", did.Writes)
	w.details("removals reconciles", did.Reconciles)
	return []figure{
		{Size: size, Name: "removals, writes to the API server without Events", Value: float64(did.writes()) / n, Unit: "a person"},
		{Size: size, Name: "removals, reconciles", Value: float64(sum(did.Reconciles)) / n, Unit: "a person"},
		{Size: size, Name: "removals, calls", Value: float64(made.all()) / n, Unit: "a person"},
		figure{Size: size, Name: "removals, until all Members are gone", Value: took.Seconds(), Unit: "s"}.because("without limits; a removal waits some 20 s for Auth0's lag"),
	}, nil
}

// measureApproval counts the calls after the approval of four people whom the
// brake held.
func measureApproval(ctx context.Context, b *bench) (figures []figure, err error) {
	const held, people = 4, 10
	w, err := b.newWorld(ctx, standin.ProfileUnlimited)
	if err != nil {
		return nil, err
	}
	defer func() { err = w.ended(ctx, err) }()
	name := customerName(0)
	braked := func(c *v1alpha1.Customer) {
		c.Spec.Removal.Brake = v1alpha1.Brake{People: ptr.To[int32](0), Percent: ptr.To[int32](0)}
	}
	if err := w.apply(ctx, name, people, braked); err != nil {
		return nil, err
	}
	if err := w.untilMailed(ctx, 5*time.Minute, people); err != nil {
		return nil, err
	}
	if err := w.acceptAll(ctx); err != nil {
		return nil, err
	}
	for n := 1; n <= held; n++ {
		if err := w.kube.Delete(ctx, w.member(name, n)); err != nil {
			return nil, fmt.Errorf("delete a Member: %w", err)
		}
	}
	customer := &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Namespace: w.name, Name: name}}
	err = w.until(ctx, 2*time.Minute, "the removals are held", func() (int, int) {
		if w.kube.Get(ctx, client.ObjectKeyFromObject(customer), customer) != nil || customer.Status.HeldRemovals == nil {
			return 0, held
		}
		return int(customer.Status.HeldRemovals.People), held
	})
	if err != nil {
		return nil, err
	}
	if _, err := w.untilQuiet(ctx); err != nil {
		return nil, err
	}
	w.countCalls()
	before, err := w.counters(ctx, false)
	if err != nil {
		return nil, err
	}
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:%q}}}`, v1alpha1.AnnotationApproveRemovals, customer.Status.HeldRemovals.Hash)
	if err := w.kube.Patch(ctx, customer, client.RawPatch("application/merge-patch+json", patch)); err != nil {
		return nil, fmt.Errorf("approve: %w", err)
	}
	err = w.until(ctx, 3*time.Minute, "all are removed", func() (int, int) {
		organization, _ := w.auth0.Snapshot().Organization(name)
		return people - len(organization.Members), held
	})
	if err != nil {
		return nil, err
	}
	if _, err := w.untilQuiet(ctx); err != nil {
		return nil, err
	}
	after, err := w.counters(ctx, false)
	if err != nil {
		return nil, err
	}
	made := w.calls()
	w.details("approval writes", after.since(before).Writes)
	did, size := after.since(before), fmt.Sprintf("%d held of %d", held, people)
	return []figure{
		{Size: size, Name: "approval, calls until it is quiet again", Value: float64(made.all()), Unit: "calls"},
		{Size: size, Name: "approval, writes to the API server without Events", Value: float64(did.writes()), Unit: "writes"},
	}, nil
}
