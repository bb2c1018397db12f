package pass

import (
	"errors"
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
