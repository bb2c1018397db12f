package pass

import (
	"time"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// maxBackOff is how long a failed pass waits at most: an outage of Auth0 is
// over for everybody soon after it is over. The library's own limit is 1,000 s.
const maxBackOff = 30 * time.Second

// firstBackOff is how long it waits at first: as long as the cache takes, as a rule,
// to show what somebody else wrote in between.
const firstBackOff = 25 * time.Millisecond

// BackOff is every controller's rate limiter.
func BackOff() workqueue.TypedRateLimiter[reconcile.Request] {
	return workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](firstBackOff, maxBackOff)
}
