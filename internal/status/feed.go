package status

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

// newsKept is how much newer the last news must be to be written again: a feed
// tells something every few seconds.
const newsKept = time.Hour

// TenantFeed is what tells of changes in a tenant.
type TenantFeed struct {
	// Name is that of the feed in use, empty for none.
	Name              string
	Since, LastNewsAt time.Time
	// Troubles are why the better ones are not in use, by name: ScopeMissing,
	// NotInPlan, TooManyConnections, or another word for one that failed.
	Troubles map[string]string
}

// status is the feed as it is written, given how it was written last.
func (f TenantFeed) status(was *v1alpha1.TenantFeed) *v1alpha1.TenantFeed {
	if f.Name == "" {
		return nil
	}
	out := &v1alpha1.TenantFeed{Name: v1alpha1.FeedName(f.Name), Since: metav1.NewTime(f.Since.Truncate(time.Second))}
	if was != nil && was.Name == out.Name {
		out.Since, out.LastNewsAt = was.Since, was.LastNewsAt // an operator that starts goes on with it
	}
	if out.LastNewsAt == nil || f.LastNewsAt.Sub(out.LastNewsAt.Time) >= newsKept {
		if !f.LastNewsAt.IsZero() {
			at := metav1.NewTime(f.LastNewsAt.Truncate(time.Second))
			out.LastNewsAt = &at
		}
	}
	return out
}

// feed says which feed is in use, and why no better one.
func (c *conditions) feed(f TenantFeed) {
	stream, log := f.Troubles[string(v1alpha1.FeedEventStream)], f.Troubles[string(v1alpha1.FeedTenantLog)]
	switch v1alpha1.FeedName(f.Name) {
	case v1alpha1.FeedEventStream:
		c.set(v1alpha1.ConditionFeedHealthy, metav1.ConditionTrue, v1alpha1.ReasonEventStream, "Auth0's event stream tells what changes there")
		return
	case v1alpha1.FeedTenantLog:
		c.set(v1alpha1.ConditionFeedHealthy, metav1.ConditionTrue, v1alpha1.ReasonTenantLog,
			"the tenant log tells what changes in Auth0; the event stream is not used: "+whyNot(stream, "read:events"))
		return
	}
	reason := feedReason(log)
	if log == "" || reason == v1alpha1.ReasonScopeMissing {
		reason = feedReason(stream)
	}
	c.set(v1alpha1.ConditionFeedHealthy, metav1.ConditionFalse, reason,
		"nothing tells what changes in Auth0, so organizations are looked at in turn. The event stream: "+whyNot(stream, "read:events")+". The tenant log: "+whyNot(log, "read:logs"))
}

func feedReason(trouble string) string {
	switch trouble {
	case v1alpha1.ReasonScopeMissing, v1alpha1.ReasonNotInPlan, v1alpha1.ReasonTooManyConnections:
		return trouble
	}
	return v1alpha1.ReasonFeedUnavailable
}

func whyNot(trouble, scope string) string {
	switch feedReason(trouble) {
	case v1alpha1.ReasonScopeMissing:
		return "the scope " + scope + " is not granted"
	case v1alpha1.ReasonNotInPlan:
		return "Auth0 refuses it, as where the plan lacks it"
	case v1alpha1.ReasonTooManyConnections:
		return "as many connections are open as the plan allows; it is tried again"
	}
	return "it failed, and is tried again"
}
