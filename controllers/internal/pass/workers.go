package pass

import (
	"context"
	"sync"

	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// spare is how many passes a controller may have under way for each of its workers:
// one that waits for its turn at Auth0 is no work.
const spare = 16

// Workers are a controller's. One whose pass waits for its turn at Auth0 takes up
// another: it holds nobody else up.
type Workers struct {
	mu         sync.Mutex
	free       *sync.Cond
	busy, most int
}

// NewWorkers makes so many.
func NewWorkers(most int) *Workers {
	w := &Workers{most: most}
	w.free = sync.NewCond(&w.mu)
	return w
}

// Passes is how many passes the controller is to have under way at most.
func (w *Workers) Passes() int { return spare * w.most }

// begin waits for a worker.
func (w *Workers) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.busy >= w.most {
		w.free.Wait()
	}
	w.busy++
}

func (w *Workers) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.busy--
	w.free.Signal()
}

// pause leaves the worker to others until resume. A pass that goes on does not wait
// for one: what it holds others may wait for.
func (w *Workers) pause() (resume func()) {
	w.end()
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.busy++
	}
}

type workersKey struct{}

// Work has the reconciler's passes done by the workers.
func (w *Workers) Work(r reconcile.Reconciler) reconcile.Reconciler {
	return reconcile.Func(func(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
		w.begin()
		defer w.end()
		return r.Reconcile(context.WithValue(ctx, workersKey{}, w), req)
	})
}

// pauseOf is how the pass of a context leaves its worker to others, nil where it has
// none.
func pauseOf(ctx context.Context) func() (resume func()) {
	if workers, ok := ctx.Value(workersKey{}).(*Workers); ok {
		return workers.pause
	}
	return nil
}
