package status

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

// TestStatusOfAFeed: the status says which feed is in use, since when, and why no
// better one; it is not written at every news.
func TestStatusOfAFeed(t *testing.T) {
	g := NewWithT(t)
	tenant := &v1alpha1.Auth0Tenant{}
	since := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	derive := func(feed *TenantFeed) (string, string) {
		tenant.Status = Auth0Tenant(tenant, TenantFacts{Now: since, CredentialsChecked: true, Feed: feed})
		condition := meta.FindStatusCondition(tenant.Status.Conditions, v1alpha1.ConditionFeedHealthy)
		if condition == nil {
			return "", ""
		}
		return string(condition.Status) + "/" + condition.Reason, condition.Message
	}
	is, _ := derive(nil)
	g.Expect(is).To(BeEmpty(), "nothing is claimed before it is known")

	lacking := map[string]string{"EventStream": "ScopeMissing", "TenantLog": "ScopeMissing"}
	is, message := derive(&TenantFeed{Troubles: lacking})
	g.Expect(is).To(Equal("False/ScopeMissing"))
	g.Expect(message).To(And(ContainSubstring("read:events"), ContainSubstring("read:logs")))
	g.Expect(tenant.Status.Feed).To(BeNil())
	is, _ = derive(&TenantFeed{Troubles: map[string]string{"EventStream": "TooManyConnections", "TenantLog": "ScopeMissing"}})
	g.Expect(is).To(Equal("False/TooManyConnections"))
	is, _ = derive(&TenantFeed{Troubles: map[string]string{"EventStream": "NotInPlan", "TenantLog": "Unavailable"}})
	g.Expect(is).To(Equal("False/FeedUnavailable"))

	is, message = derive(&TenantFeed{Name: "TenantLog", Since: since, Troubles: map[string]string{"EventStream": "NotInPlan"}})
	g.Expect(is).To(Equal("True/TenantLog"))
	g.Expect(message).To(ContainSubstring("the event stream is not used: Auth0 refuses it"))
	g.Expect(tenant.Status.Feed.LastNewsAt).To(BeNil())
	for _, told := range []time.Duration{time.Minute, 2 * time.Minute, 50 * time.Minute} {
		derive(&TenantFeed{Name: "TenantLog", Since: since.Add(told), LastNewsAt: since.Add(told)})
		g.Expect(tenant.Status.Feed.Since.Time).To(Equal(since), "an operator that starts goes on with it")
		g.Expect(tenant.Status.Feed.LastNewsAt.Time).To(Equal(since.Add(time.Minute)))
	}
	derive(&TenantFeed{Name: "TenantLog", LastNewsAt: since.Add(2 * time.Hour)})
	g.Expect(tenant.Status.Feed.LastNewsAt.Time).To(Equal(since.Add(2 * time.Hour)))

	is, _ = derive(&TenantFeed{Name: "EventStream", Since: since.Add(time.Hour)})
	g.Expect(is).To(Equal("True/EventStream"))
	g.Expect(tenant.Status.Feed.Since.Time).To(Equal(since.Add(time.Hour)))
}
