package member

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/directory"
)

// TestRemovalOfAnAdminDroppedMeanwhile: an admin's Member is deleted, and while its
// pass looks around the contract ceases to name the admin. The Member stays until
// the person is out.
func TestRemovalOfAnAdminDroppedMeanwhile(t *testing.T) {
	g := NewWithT(t)
	now := metav1.Now()
	customer := &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "acme", UID: "u"}}
	customer.Spec.Admins = []v1alpha1.Admin{{Email: "joe@acme.com"}}
	customer.Status.OrganizationID = "org_1"
	joe := &v1alpha1.Member{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "joe", UID: "m", DeletionTimestamp: &now, Finalizers: []string{v1alpha1.Finalizer}}}
	joe.Spec = v1alpha1.MemberSpec{CustomerRef: v1alpha1.CustomerRef{Name: "acme"}, Email: "joe@acme.com"}
	joe.Status = v1alpha1.MemberStatus{Tenant: "default", OrganizationID: "org_1", Users: []v1alpha1.MemberUser{{UserID: "okta|1"}}}
	cluster := clusterOf(t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "n"}}, customer, joe)
	dropping := interceptor.NewClient(cluster, interceptor.Funcs{
		List: func(ctx context.Context, inner client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			g.Expect(cluster.Get(ctx, client.ObjectKeyFromObject(customer), customer)).To(Succeed())
			customer.Spec.Admins = []v1alpha1.Admin{{Email: "next@acme.com"}}
			g.Expect(cluster.Update(ctx, customer)).To(Succeed())
			return inner.List(ctx, list, opts...)
		},
	})
	r := &RemovalReconciler{&Reconciler{
		Client: cluster, Live: dropping, Directory: directory.New(), Recorder: events.NewFakeRecorder(10), Now: time.Now, SettledInterval: time.Minute,
	}}
	result, err := r.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(joe)})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(result.RequeueAfter).To(BeNumerically("~", time.Second, time.Second))
	g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(joe), joe)).To(Succeed())
	g.Expect(leaves(joe)).To(BeTrue(), "with our finalizer")
}

// TestOneMailAdminLeavesByAuth0sTime: whether a call may still be on its way is
// judged by Auth0's time, which this machine's clock may be hours from.
func TestOneMailAdminLeavesByAuth0sTime(t *testing.T) {
	for name, tc := range map[string]struct {
		ahead, left time.Duration
		released    bool
	}{
		"this clock is ahead, the call is on its way": {time.Hour, time.Second, false},
		"this clock is behind, the call is over":      {-time.Hour, -time.Hour / 2, true},
		"this clock is right, within the margin":      {0, -time.Second, false},
		"this clock is right, the call is long over":  {0, -time.Minute, true},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			notAfter := metav1.NewMicroTime(clock{}.Now().Add(tc.left))
			boss := &v1alpha1.Member{ObjectMeta: metav1.ObjectMeta{Name: "boss"}, Spec: v1alpha1.MemberSpec{Email: "boss@acme.com"}}
			boss.Status = v1alpha1.MemberStatus{Tenant: "default", Attempt: &v1alpha1.Attempt{ID: "a", NotAfter: &notAfter}}
			tenants := directory.New()
			tenants.Put("default", v1alpha1.Auth0TenantSpec{}, clock{})
			p := newPass(&Reconciler{Directory: tenants, Now: func() time.Time { return clock{}.Now().Add(tc.ahead) }}, boss)
			p.customer = &v1alpha1.Customer{}
			released, err := p.leaveToAdmins(t.Context())
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(released).To(Equal(tc.released))
		})
	}
}

func clusterOf(t *testing.T, objects ...client.Object) client.WithWatch {
	t.Helper()
	scheme := runtime.NewScheme()
	NewWithT(t).Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	NewWithT(t).Expect(corev1.AddToScheme(scheme)).To(Succeed())
	return fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).
		WithStatusSubresource(&v1alpha1.Customer{}, &v1alpha1.Member{}).
		WithIndex(&v1alpha1.Member{}, v1alpha1.FieldCustomerRef, func(obj client.Object) []string {
			return []string{obj.(*v1alpha1.Member).Spec.CustomerRef.Name}
		}).
		WithIndex(&v1alpha1.Member{}, indexPerson, personIndex).Build()
}

// TestRemovalHeirWhosePersonMovedOn: nobody hands over to a Member that is never
// given a seat.
func TestRemovalHeirWhosePersonMovedOn(t *testing.T) {
	g := NewWithT(t)
	heir := func(reason string) *v1alpha1.Member {
		return &v1alpha1.Member{Status: v1alpha1.MemberStatus{Seat: &v1alpha1.MemberSeat{Reason: reason}}}
	}
	g.Expect(takesOver(&v1alpha1.Member{})).To(BeTrue())
	g.Expect(takesOver(heir(v1alpha1.ReasonSeatLimitReached))).To(BeTrue())
	g.Expect(takesOver(heir(v1alpha1.ReasonDomainNotAllowed))).To(BeFalse())
	g.Expect(takesOver(heir(v1alpha1.ReasonPersonMovedOn))).To(BeFalse())
}
