package pass

import (
	"errors"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/auth0"
)

// TestMissingIsLookedForSeldomOnceStalled: what is missing is looked for often at
// first, and when a person must act as seldom as whatever else a person must change.
func TestMissingIsLookedForSeldomOnceStalled(t *testing.T) {
	g := NewWithT(t)
	stalled := []metav1.Condition{{Type: v1alpha1.ConditionStalled, Status: metav1.ConditionTrue}}
	after := func(err error, conditions []metav1.Condition) time.Duration {
		result, _ := Result(Slower(err, conditions), 0)
		return result.RequeueAfter
	}
	missing := Missing(v1alpha1.ReasonCustomerNotFound, "there is no Customer acme")
	g.Expect(after(missing, nil)).To(Equal(missingRetry))
	g.Expect(after(missing, stalled)).To(Equal(SlowRetry))
	g.Expect(after(missing, nil)).To(Equal(missingRetry), "the error itself is left as it is")
	g.Expect(after(Wait(v1alpha1.ReasonInviting, "m", time.Second), stalled)).To(Equal(time.Second))
	g.Expect(Slower(nil, stalled)).To(Succeed())
	g.Expect(Slower(errors.New("other"), stalled)).To(MatchError("other"))
}

// TestAccessFailedCallIsKnown: what failed of a call is known to who asks, though people
// are told less: what was read before is not trusted after it.
func TestAccessFailedCallIsKnown(t *testing.T) {
	g := NewWithT(t)
	for _, kind := range []auth0.Kind{auth0.KindUnknown, auth0.KindForbidden, auth0.KindInvalid} {
		err := Auth0("read it", &auth0.Error{Kind: kind}, time.Now())
		var failed *auth0.Error
		g.Expect(errors.As(err, &failed)).To(BeTrue(), "%s", kind)
		g.Expect(failed.Kind).To(Equal(kind))
	}
}

// TestLimitsLongRefusalIsSaidSeldom: a limit is refused for an hour, and the time of the
// next try moves each minute: what a person reads changes a few times, and never names
// a time that is over.
func TestLimitsLongRefusalIsSaidSeldom(t *testing.T) {
	g := NewWithT(t)
	began := time.Date(2026, 1, 1, 15, 0, 30, 0, time.UTC)
	said := map[string]bool{}
	for minute := range 60 {
		now := began.Add(time.Duration(minute) * time.Minute)
		err := Auth0("invite", &auth0.Error{Kind: auth0.KindRateLimited, RetryAt: now.Add(time.Minute), Limit: "invitations write"}, now)
		message := ProblemOf(err).Message
		said[message] = true
		var by time.Time
		for _, word := range strings.Fields(message) {
			if at, err := time.Parse("15:04", word); err == nil {
				by = now.Truncate(24 * time.Hour).Add(time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute)
			}
		}
		g.Expect(by).To(BeTemporally(">", now.Add(time.Minute)), message)
	}
	g.Expect(len(said)).To(BeNumerically("<=", 7))
}
