package main

import (
	"context"
	"fmt"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin"
)

// settled is a world of Customers whose people have all joined.
func (b *bench) settled(ctx context.Context, customers, people int) (w *world, err error) {
	w, err = b.newWorld(ctx, standin.ProfileUnlimited)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = w.ended(ctx, err)
		}
	}()
	for i := range customers {
		if err := w.apply(ctx, customerName(i), people); err != nil {
			return nil, err
		}
	}
	if err := w.untilMailed(ctx, 30*time.Minute, customers*people); err != nil {
		return nil, err
	}
	if err := w.acceptAll(ctx); err != nil {
		return nil, err
	}
	_, err = w.untilQuiet(ctx)
	return w, err
}

// quietFor is how long nothing is reconciled when all has settled.
const quietFor = 15 * time.Second

// untilQuiet waits until nothing was reconciled for a while, and returns when the
// last was. The Auth0Tenant, which is looked at every minute, does not count.
func (w *world) untilQuiet(ctx context.Context) (since time.Time, err error) {
	last := -1
	err = w.until(ctx, 10*time.Minute, "nothing is reconciled any more", func() (int, int) {
		now, failed := w.counters(ctx, false)
		if failed != nil {
			err = failed
			return 1, 1
		}
		turns := 0
		for controller, n := range now.Reconciles {
			if controller != "auth0tenant" {
				turns += n
			}
		}
		if turns != last {
			last, since = turns, time.Now()
		}
		return int(time.Since(since).Seconds()), int(quietFor.Seconds())
	})
	return since, err
}

// untilStarted waits until an operator that starts has looked at all there is and it is
// quiet, and returns when the last was reconciled.
func (w *world) untilStarted(ctx context.Context, customers, members int) (since time.Time, err error) {
	err = w.until(ctx, 20*time.Minute, "all are reconciled", func() (int, int) {
		now, failed := w.counters(ctx, false)
		if failed != nil {
			return 0, customers + members
		}
		return min(customers, now.Reconciles["customer"]) + min(members, now.Reconciles["member"]), customers + members
	})
	if err != nil {
		return since, err
	}
	return w.untilQuiet(ctx)
}

// eachSettled is how many people a Customer of the settled row has.
const eachSettled = 50

// measureSettled looks at an operator that has nothing to do: what a start costs, its
// memory, its CPU and its calls.
func measureSettled(ctx context.Context, b *bench) (figures []figure, err error) {
	for _, people := range b.sized([]int{200}, []int{100_000}) {
		more, err := settle(ctx, b, max(1, people/eachSettled), min(people, eachSettled))
		figures = append(figures, more...)
		if err != nil {
			return figures, err
		}
	}
	return figures, nil
}

func settle(ctx context.Context, b *bench, customers, people int) (figures []figure, err error) {
	w, err := b.newWorld(ctx, standin.ProfileUnlimited)
	if err != nil {
		return nil, err
	}
	defer func() { err = w.ended(ctx, err) }()
	empty, err := w.counters(ctx, true)
	if err != nil {
		return nil, err
	}
	if err := w.seed(ctx, customers, people); err != nil {
		return nil, err
	}
	members := (customers-1)*people + 2
	size := fmt.Sprintf("%d Members", members)
	figures, err = w.restart(ctx, size, customers, members)
	if err != nil {
		return figures, err
	}
	more, err := w.atRest(ctx, size, members, empty)
	return append(figures, more...), err
}

// atRest looks at an operator that has nothing to do.
func (w *world) atRest(ctx context.Context, size string, members int, empty counters) (figures []figure, err error) {
	full, err := w.counters(ctx, true)
	if err != nil {
		return nil, err
	}
	window := time.Minute
	w.countCalls()
	if err := w.pause(ctx, window, "CPU is counted"); err != nil {
		return nil, err
	}
	idle, err := w.counters(ctx, false)
	if err != nil {
		return nil, err
	}
	made := w.calls()
	did := idle.since(full)
	return []figure{
		figure{
			Size: size, Name: "heap a settled Member", Value: (float64(full.HeapBytes) - float64(empty.HeapBytes)) / 1000 / float64(members), Unit: "kB",
		}.atMost(4).because("heap alive after a garbage collection, less that with no Member (%.1f MB)", float64(empty.HeapBytes)/1e6),
		figure{Size: size, Name: "resident memory, settled", Value: float64(idle.ResidentBytes) / 1e6, Unit: "MB"}.atMost(600),
		figure{Size: size, Name: "resident memory, at most", Value: float64(idle.PeakResidentBytes) / 1e6, Unit: "MB"}.because("since the start"),
		figure{Size: size, Name: "CPU, settled", Value: 100 * did.CPUSeconds / window.Seconds(), Unit: "% of a core"}.atMost(2).because("over %s", window),
		figure{Size: size, Name: "calls, settled", Value: float64(made.all()) * float64(time.Hour/window), Unit: "an hour"}.because("over %s, without the slow look", window),
	}, nil
}

// measureLimitedRestart starts an operator under a plan's limits, of which it uses all:
// the listing takes what the limits allow, and the rest is to take no longer than a minute.
func measureLimitedRestart(ctx context.Context, b *bench) (figures []figure, err error) {
	for _, people := range b.sized([]int{1000}, []int{100_000}) {
		more, err := limitedRestart(ctx, b, people/eachSettled)
		figures = append(figures, more...)
		if err != nil {
			return figures, err
		}
	}
	return figures, nil
}

// listedAMinute is how many organizations Enterprise's limits let be listed in a minute:
// each is read once, and so are the connections of each, 100 times a minute at most.
const listedAMinute = 100

func limitedRestart(ctx context.Context, b *bench, customers int) (figures []figure, err error) {
	w, err := b.newWorld(ctx, standin.ProfileUnlimited)
	if err != nil {
		return nil, err
	}
	defer func() { err = w.ended(ctx, err) }()
	if err := w.takeAll(ctx, ""); err != nil {
		return nil, err
	}
	if err := w.seed(ctx, customers, eachSettled); err != nil {
		return nil, err
	}
	if err := w.auth0.Configure(func(s *standin.Settings) { s.Profile = standin.ProfileEnterprise }); err != nil {
		return nil, err
	}
	members := (customers-1)*eachSettled + 2
	size := fmt.Sprintf("enterprise, %d Members", members)
	figures, err = w.restart(ctx, size, customers, members)
	if err != nil {
		return nil, err
	}
	listing := float64(max(0, customers-10)) / listedAMinute * 60
	figures[0] = figures[0].atMost(60+listing).because("%.0f s of it are what the limits take for %d organizations and their connections", listing, customers)
	figures = append(figures, figure{Size: size, Name: "restart, calls answered 429", Value: w.calls().refusedPercent(), Unit: "%"}.atMost(0.1))
	return figures, nil
}

// restart starts the operator, and ends the one that runs.
func (w *world) restart(ctx context.Context, size string, customers, members int) ([]figure, error) {
	if w.operator != nil {
		if err := w.operator.Stop(); err != nil {
			return nil, err
		}
	}
	w.countCalls()
	began := time.Now()
	if err := w.startOperator(ctx); err != nil {
		return nil, err
	}
	since, err := w.untilStarted(ctx, customers, members)
	if err != nil {
		return nil, err
	}
	did, err := w.counters(ctx, false)
	if err != nil {
		return nil, err
	}
	made := w.calls()
	w.details("restart writes", did.Writes)
	w.details("restart reconciles", did.Reconciles)
	return []figure{
		figure{Size: size, Name: "restart until settled", Value: since.Sub(began).Seconds(), Unit: "s"}.atMost(60).because("without limits"),
		{Size: size, Name: "restart, CPU", Value: did.CPUSeconds, Unit: "s of a core"},
		{Size: size, Name: "restart, calls", Value: float64(made.all()), Unit: "calls"},
		{Size: size, Name: "restart, reconciles of Members", Value: float64(did.Reconciles["member"]), Unit: "reconciles"},
		figure{Size: size, Name: "restart, writes to Auth0", Value: float64(made.writing()), Unit: "calls"}.atMost(0),
		figure{Size: size, Name: "restart, writes to the API server with Events", Value: float64(sum(did.Writes)), Unit: "writes"}.atMost(0),
	}, nil
}

// shape is a number of Customers of so many people each.
type shape struct{ customers, people int }

// pageSize is how many rows Auth0 lists in one call.
const pageSize = 100

// fewest calls that list all: of each organization itself, its connections, its
// invitations, its members and the grants. Behind the last members Auth0 names one page
// more, which may be empty, and only that page tells.
func (s shape) fewest() int {
	return s.customers * (4 + 2*((s.people+pageSize-1)/pageSize))
}

// measureList counts the calls of a start, which lists everything.
func measureList(ctx context.Context, b *bench) (figures []figure, err error) {
	shapes := []shape{{10, 50}, {2, 1200}}
	if b.large {
		shapes = []shape{{1000, 50}, {10, 10_000}}
	}
	for _, s := range shapes {
		f, err := s.list(ctx, b)
		if err != nil {
			return figures, err
		}
		figures = append(figures, f...)
	}
	return figures, nil
}

func (s shape) list(ctx context.Context, b *bench) (figures []figure, err error) {
	w, err := b.newWorld(ctx, standin.ProfileUnlimited)
	if err != nil {
		return nil, err
	}
	defer func() { err = w.ended(ctx, err) }()
	if err := w.seed(ctx, s.customers+1, s.people); err != nil {
		return nil, err
	}
	w.countCalls()
	if err := w.startOperator(ctx); err != nil {
		return nil, err
	}
	if _, err := w.untilStarted(ctx, s.customers+1, s.customers*s.people+2); err != nil {
		return nil, err
	}
	made, fewest := w.calls().all(), s.fewest()+shape{1, 2}.fewest()
	return []figure{figure{
		Size: fmt.Sprintf("%d Customers of %d", s.customers, s.people), Name: "calls of a full list", Value: float64(made) / float64(fewest), Unit: "of the fewest",
	}.atMost(1.05).because("%d calls from a start until nothing is reconciled any more, %d pages of %d would do", made, fewest, pageSize)}, nil
}
