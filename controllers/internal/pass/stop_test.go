package pass

import (
	"errors"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
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
