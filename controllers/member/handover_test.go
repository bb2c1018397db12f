package member

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/people"
	"github.com/seatwarden/seatwarden/internal/directory"
)

// TestRemovalOfAnAdminDroppedMeanwhile: an admin's Member is deleted, and while its
// pass looks around the contract ceases to name the admin. The Member stays, and asks
// for a Removal: whoever is in is removed.
func TestRemovalOfAnAdminDroppedMeanwhile(t *testing.T) {
	g := NewWithT(t)
	customer := acme()
	customer.Spec.Admins = []v1alpha1.Admin{{Email: "joe@acme.com"}}
	joe := deleted("joe", "joe@acme.com")
	r, cluster := leavingIn(t, clock{}, customer, joe)
	r.Live = interceptor.NewClient(cluster, interceptor.Funcs{
		List: func(ctx context.Context, inner client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			g.Expect(cluster.Get(ctx, client.ObjectKeyFromObject(customer), customer)).To(Succeed())
			customer.Spec.Admins = []v1alpha1.Admin{{Email: "next@acme.com"}}
			g.Expect(cluster.Update(ctx, customer)).To(Succeed())
			return inner.List(ctx, list, opts...)
		},
	})
	leave(t, r, joe)
	g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(joe), joe)).To(Succeed())
	g.Expect(people.Leaves(joe)).To(BeTrue(), "with our finalizer")
	g.Expect(removalIn(t, cluster, "joe@acme.com").Spec.Known.Users).To(HaveLen(1))
}

// TestOneMailAdminLeavesByAuth0sTime: whether a call may still be on its way is
// judged by Auth0's time, which this machine's clock may be hours from.
func TestOneMailAdminLeavesByAuth0sTime(t *testing.T) {
	for name, tc := range map[string]struct {
		ahead, left time.Duration
		waits       bool
	}{
		"this clock is ahead, the call is on its way": {time.Hour, time.Second, true},
		"this clock is behind, the call is over":      {-time.Hour, -time.Hour / 2, false},
		"this clock is right, within the margin":      {0, -time.Second, true},
		"this clock is right, the call is long over":  {0, -time.Minute, false},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			notAfter := metav1.NewMicroTime(clock{}.Now().Add(tc.left))
			boss := &v1alpha1.Member{ObjectMeta: metav1.ObjectMeta{Name: "boss"}, Spec: v1alpha1.MemberSpec{Email: "boss@acme.com"}}
			boss.Status = v1alpha1.MemberStatus{Tenant: "default", Attempt: &v1alpha1.Attempt{ID: "a", NotAfter: &notAfter}}
			tenants := directory.New()
			tenants.Put("default", v1alpha1.Auth0TenantSpec{}, clock{})
			p := newPass(&Reconciler{Directory: tenants, Now: func() time.Time { return clock{}.Now().Add(tc.ahead) }}, boss)
			g.Expect(p.callOnItsWay()).To(Equal(tc.waits))
			g.Expect(p.again > 0).To(Equal(tc.waits), "and comes back then")
		})
	}
}
