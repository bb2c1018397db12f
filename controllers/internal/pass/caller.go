package pass

import (
	"context"
	"sync"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/seatwarden/seatwarden/internal/auth0"
)

// Caller names to the rate budget who makes the calls of one pass: a controller's
// work on an object, which keeps its place from pass to pass, for a Customer,
// between whom the budget is shared evenly. turns are where it is called when its
// turn has come; nil for one that comes at the time that it was told.
func Caller(ctx context.Context, controller string, obj client.Object, customer string, turns *Turns) context.Context {
	caller := auth0.Caller{Key: controller + " " + obj.GetNamespace() + "/" + obj.GetName(), Flow: obj.GetNamespace() + "/" + customer, Pause: pauseOf(ctx)}
	if turns != nil {
		caller.Call = turns.call(reconcile.Request{NamespacedName: client.ObjectKeyFromObject(obj)})
	}
	return auth0.WithCaller(ctx, caller)
}

// Turns have a controller make another pass over an object whose turn at Auth0 has
// come.
type Turns struct {
	mu    sync.Mutex
	queue workqueue.TypedRateLimitingInterface[reconcile.Request]
}

// Source is what the controller watches them by.
func (t *Turns) Source() source.Source {
	return source.Func(func(_ context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.queue = queue
		return nil
	})
}

// call adds the object to the controller's queue; nil without a controller.
func (t *Turns) call(request reconcile.Request) func() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if queue := t.queue; queue != nil {
		return func() { queue.Add(request) }
	}
	return nil
}
