package main

import (
	"context"
	"fmt"
	"time"

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
	w, err := b.settled(ctx, 1, people+1)
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
		figure{Size: size, Name: "removals, writes to the API server without Events", Value: float64(did.writes()) / n, Unit: "a person"}.atMost(6),
		{Size: size, Name: "removals, reconciles", Value: float64(sum(did.Reconciles)) / n, Unit: "a person"},
		{Size: size, Name: "removals, calls", Value: float64(made.all()) / n, Unit: "a person"},
		figure{Size: size, Name: "removals, until all Members are gone", Value: took.Seconds(), Unit: "s"}.because("without limits; a removal waits some 20 s for Auth0's lag"),
	}, nil
}

// measureApproval removes four of ten people, as it is, and by the approval of a
// removal that the brake held, which is to cost as much. What the Customer asks beside
// it differs by a few calls.
func measureApproval(ctx context.Context, b *bench) (figures []figure, err error) {
	const beside = 12
	ordinary, err := removeFour(ctx, b, false)
	if err != nil {
		return nil, err
	}
	approved, err := removeFour(ctx, b, true)
	if err != nil {
		return nil, err
	}
	const size = "4 of 10"
	return []figure{
		{Size: size, Name: "removal that is not held, calls until it is quiet again", Value: ordinary.calls, Unit: "calls"},
		figure{Size: size, Name: "approval, calls until it is quiet again", Value: approved.calls, Unit: "calls"}.atMost(ordinary.calls+beside).because("as many as when they are not held, and %d beside it", beside),
		figure{Size: size, Name: "approval, writes to the API server without Events", Value: approved.writes, Unit: "writes"}.atMost(6 * 4),
	}, nil
}

// spent is what something cost.
type spent struct{ calls, writes float64 }

// removeFour removes four of ten people; braked, they are held first, and what is
// counted begins with the approval.
func removeFour(ctx context.Context, b *bench, brakes bool) (did spent, err error) {
	const gone, people = 4, 10
	w, err := b.newWorld(ctx, standin.ProfileUnlimited)
	if err != nil {
		return did, err
	}
	defer func() { err = w.ended(ctx, err) }()
	name := customerName(0)
	braked := func(c *v1alpha1.Customer) {
		if brakes {
			c.Spec.Removal.Brake = v1alpha1.Brake{People: ptr.To[int32](0), Percent: ptr.To[int32](0)}
		}
	}
	if err := w.apply(ctx, name, people, braked); err != nil {
		return did, err
	}
	if err := w.untilMailed(ctx, 5*time.Minute, people); err != nil {
		return did, err
	}
	if err := w.acceptAll(ctx); err != nil {
		return did, err
	}
	if _, err := w.untilQuiet(ctx); err != nil {
		return did, err
	}
	begin := func() (counters, error) {
		w.countCalls()
		return w.counters(ctx, false)
	}
	before, err := begin()
	if err != nil {
		return did, err
	}
	for n := 1; n <= gone; n++ {
		if err := w.kube.Delete(ctx, w.member(name, n)); err != nil {
			return did, fmt.Errorf("delete a Member: %w", err)
		}
	}
	if brakes {
		if err := w.untilHeld(ctx, name, gone); err != nil {
			return did, err
		}
		if before, err = begin(); err != nil {
			return did, err
		}
		if err := w.approve(ctx, name); err != nil {
			return did, err
		}
	}
	err = w.until(ctx, 3*time.Minute, "all are certainly removed", func() (int, int) { return w.confirmed(ctx, name), gone })
	if err != nil {
		return did, err
	}
	if _, err := w.untilQuiet(ctx); err != nil {
		return did, err
	}
	after, err := w.counters(ctx, false)
	if err != nil {
		return did, err
	}
	w.details("approval writes", after.since(before).Writes)
	return spent{calls: float64(w.calls().all()), writes: float64(after.since(before).writes())}, nil
}

// confirmed are the people of a Customer whose removal is.
func (w *world) confirmed(ctx context.Context, name string) (people int) {
	list := &v1alpha1.RemovalList{}
	if w.kube.List(ctx, list, client.InNamespace(w.name), client.MatchingFields{v1alpha1.FieldCustomerRef: name}) != nil {
		return 0
	}
	for _, r := range list.Items {
		if r.Status.Withdrawal != nil && r.Status.Withdrawal.ConfirmedAt != nil {
			people++
		}
	}
	return people
}

// untilHeld waits until removals of a Customer are held, and everything is quiet.
func (w *world) untilHeld(ctx context.Context, name string, people int) error {
	customer := &v1alpha1.Customer{}
	err := w.until(ctx, 2*time.Minute, "the removals are held", func() (int, int) {
		if w.kube.Get(ctx, client.ObjectKey{Namespace: w.name, Name: name}, customer) != nil || customer.Status.HeldRemovals == nil {
			return 0, people
		}
		return int(customer.Status.HeldRemovals.People), people
	})
	if err == nil {
		_, err = w.untilQuiet(ctx)
	}
	return err
}

// approve approves what is held.
func (w *world) approve(ctx context.Context, name string) error {
	customer := &v1alpha1.Customer{}
	if err := w.kube.Get(ctx, client.ObjectKey{Namespace: w.name, Name: name}, customer); err != nil {
		return fmt.Errorf("read what is held: %w", err)
	}
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:%q}}}`, v1alpha1.AnnotationApproveRemovals, customer.Status.HeldRemovals.Hash)
	if err := w.kube.Patch(ctx, customer, client.RawPatch("application/merge-patch+json", patch)); err != nil {
		return fmt.Errorf("approve: %w", err)
	}
	return nil
}
