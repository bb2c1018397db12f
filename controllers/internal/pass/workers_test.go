package pass

import (
	"context"
	"fmt"
	"testing"

	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/auth0"
)

// TestWorkersPausedPassHoldsNobodyUp: with one worker, a pass that waits for its turn
// at Auth0 lets the next go, and goes on when its turn has come. One that does not wait
// keeps the worker.
func TestWorkersPausedPassHoldsNobodyUp(t *testing.T) {
	g := NewWithT(t)
	workers := NewWorkers(1)
	steps, turn := make(chan string), make(chan struct{})
	reconciler := workers.Work(reconcile.Func(func(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
		if req.Name == "waits" {
			ctx = Caller(ctx, "test", &v1alpha1.Customer{}, "c", nil)
			resume := auth0.Pause(ctx)
			steps <- "waits"
			<-turn
			resume()
		}
		steps <- req.Name + " is done"
		return reconcile.Result{}, nil
	}))
	pass := func(name string) {
		go func() {
			req := reconcile.Request{}
			req.Name = name
			if _, err := reconciler.Reconcile(t.Context(), req); err != nil {
				steps <- fmt.Sprint(err)
			}
		}()
	}
	pass("waits")
	g.Expect(<-steps).To(Equal("waits"))
	pass("other")
	g.Expect(<-steps).To(Equal("other is done"))
	close(turn)
	g.Expect(<-steps).To(Equal("waits is done"))
	workers.begin()
	pass("third")
	g.Consistently(steps, "50ms").ShouldNot(Receive())
	workers.end()
	g.Expect(<-steps).To(Equal("third is done"))
}
