package auth0tenant

import (
	"context"
	"slices"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/status"
)

// lookForTenants is how often the tenants are counted whose feeds are to be followed.
const lookForTenants = time.Second

// quietLog is how many times slower the tenant log is read while nothing is
// expected of people.
const quietLog = 6

// feedKey is what a feed is followed with: when it changes, it is followed anew.
type feedKey struct {
	tenant       *directory.Tenant
	api          auth0.API
	events, logs bool
}

// feeds follows one feed a tenant.
type feeds struct {
	*Reconciler
	running map[feedKey]context.CancelFunc
	group   sync.WaitGroup
}

// follow keeps the feeds of all tenants. It runs on the leader only.
func (r *Reconciler) follow() manager.Runnable {
	return manager.RunnableFunc(func(ctx context.Context) error {
		f := &feeds{Reconciler: r, running: map[feedKey]context.CancelFunc{}}
		ticker := time.NewTicker(lookForTenants)
		defer ticker.Stop()
		for {
			f.sync(ctx)
			select {
			case <-ctx.Done():
				f.group.Wait()
				return nil
			case <-r.usable:
			case <-ticker.C:
			}
		}
	})
}

// sync follows the tenants that can be used, and no other.
func (f *feeds) sync(ctx context.Context) {
	wanted := map[feedKey]bool{}
	for _, tenant := range f.Directory.Usable() {
		if tenant.Spec().Mode == v1alpha1.ModePaused {
			continue
		}
		scopes := tenant.Scopes()
		wanted[feedKey{tenant, tenant.API(), slices.Contains(scopes, scopeEvents), slices.Contains(scopes, scopeLogs)}] = true
	}
	for key, stop := range f.running {
		if !wanted[key] {
			stop()
			delete(f.running, key)
		}
	}
	for key := range wanted {
		if f.running[key] == nil {
			followed, stop := context.WithCancel(ctx)
			f.running[key] = stop
			f.group.Go(func() { f.follower(key).run(followed) })
		}
	}
}

// follower of a tenant's feeds, the better first.
func (f *feeds) follower(key feedKey) *follower {
	out := &follower{tenant: key.tenant}
	out.candidates = []*candidate{
		{name: auth0.FeedEventStream, feed: auth0.NewEventStream(key.api), granted: key.events},
		{name: auth0.FeedTenantLog, feed: auth0.NewTenantLog(key.api, out.logPace(f.LiveInterval)), granted: key.logs},
	}
	out.wake = func(ctx context.Context, ids []string) { f.wakeCustomersOf(ctx, ids) }
	out.report = func() {
		f.feedNews.Wake(&v1alpha1.Auth0Tenant{ObjectMeta: metav1.ObjectMeta{Name: key.tenant.Name}})
	}
	return out
}

// wakeCustomersOf has the Customers of organizations looked at.
func (r *Reconciler) wakeCustomersOf(ctx context.Context, ids []string) {
	for _, id := range ids {
		list := &v1alpha1.CustomerList{}
		if err := r.Client.List(ctx, list, client.MatchingFields{indexCustomerOrganization: id}); err != nil {
			log.FromContext(ctx).Error(err, "Failed to find the Customer of an organization that changed")
			return
		}
		for i := range list.Items {
			r.Customers.Wake(&list.Items[i])
		}
	}
}

// feedFacts is how the tenant's feed does, nil while that is not known.
func feedFacts(tenant *directory.Tenant) *status.TenantFeed {
	state, known := tenant.Feed()
	if !known {
		return nil
	}
	out := &status.TenantFeed{Name: state.Name, Since: state.Since, LastNewsAt: state.LastNewsAt, Troubles: map[string]string{}}
	for name, trouble := range state.Troubles {
		out.Troubles[name] = string(trouble)
	}
	return out
}
