package auth0tenant

import (
	"context"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/seatwarden/seatwarden/internal/auth0"
)

// prober keeps Auth0's time fresh by a light call a tenant, so that expiries
// are seen although nothing else is read. It runs on the leader only.
func (r *Reconciler) prober() manager.Runnable {
	return manager.RunnableFunc(func(ctx context.Context) error {
		ticker := time.NewTicker(r.ProbeInterval)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-ticker.C:
				r.probe(ctx)
			}
		}
	})
}

func (r *Reconciler) probe(ctx context.Context) {
	for name, api := range r.connections.all() {
		if err := api.Probe(ctx); err != nil {
			log.FromContext(ctx).V(1).Info("Failed to ask Auth0 for its time", "auth0tenant", name, "error", err.Error())
		}
	}
}

func (c *connections) all() map[string]auth0.API {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make(map[string]auth0.API, len(c.byName))
	for name, known := range c.byName {
		out[name] = known.api
	}
	return out
}
