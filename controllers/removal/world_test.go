package removal

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/leaver"
	"github.com/seatwarden/seatwarden/controllers/internal/people"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// clock is an Auth0 that only tells the time; every other call of the port panics.
type clock struct{ auth0.API }

func (clock) Now() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) }

func clusterOf(t *testing.T, objects ...client.Object) client.WithWatch {
	t.Helper()
	scheme := runtime.NewScheme()
	NewWithT(t).Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	NewWithT(t).Expect(corev1.AddToScheme(scheme)).To(Succeed())
	return fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).
		WithStatusSubresource(&v1alpha1.Customer{}, &v1alpha1.Member{}, &v1alpha1.Removal{}).
		WithIndex(&v1alpha1.Removal{}, v1alpha1.FieldCustomerRef, func(obj client.Object) []string {
			return []string{obj.(*v1alpha1.Removal).Spec.CustomerRef.Name}
		}).
		WithIndex(&v1alpha1.Member{}, v1alpha1.FieldCustomerRef, func(obj client.Object) []string {
			return []string{obj.(*v1alpha1.Member).Spec.CustomerRef.Name}
		}).
		WithIndex(&v1alpha1.Member{}, people.IndexPerson, people.Index).Build()
}

func acme() *v1alpha1.Customer {
	customer := &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "acme", UID: "u", Generation: 1}}
	customer.Spec.TenantRef.Name, customer.Status.OrganizationID = "default", "org_1"
	return customer
}

// leaving is the Removal, in a state, of somebody who had joined.
func leaving(name string, state v1alpha1.RemovalState) *v1alpha1.Removal {
	email, at := name+"@acme.com", metav1.NewMicroTime(clock{}.Now())
	r := &v1alpha1.Removal{ObjectMeta: metav1.ObjectMeta{
		Namespace: "n", Name: leaver.Name("acme", ownership.PersonRef(email)), UID: types.UID("r-" + name), Generation: 1,
		Finalizers: []string{v1alpha1.Finalizer}, CreationTimestamp: metav1.NewTime(at.Time),
	}}
	r.Spec = v1alpha1.RemovalSpec{
		CustomerRef: v1alpha1.RemovalCustomer{Name: "acme", UID: "u"}, Email: v1alpha1.Email(email), Member: v1alpha1.RemovalMember{Name: name, UID: types.UID("m-" + name)},
		TenantRef: v1alpha1.TenantRef{Name: "default"}, OrganizationID: "org_1", RequestedAt: at,
		Known: v1alpha1.Known{Joined: true, Users: []v1alpha1.MemberUser{{UserID: "okta|" + email, Since: metav1.NewTime(at.Time)}}},
	}
	r.Status.State = state
	switch state {
	case v1alpha1.RemovalRemoving:
		r.Status.Decision = &v1alpha1.RemovalDecision{Outcome: v1alpha1.DecisionAdmitted, At: at, Round: 1}
	case v1alpha1.RemovalHeld:
		r.Status.Decision = &v1alpha1.RemovalDecision{Outcome: v1alpha1.DecisionHeld, Reason: v1alpha1.ReasonAwaitingApproval, At: at, Round: 1}
	case v1alpha1.RemovalRemoved, v1alpha1.RemovalDeleting:
		r.Status.Withdrawal = &v1alpha1.Withdrawal{StartedAt: at, ChangedAt: at, ConfirmedAt: &at}
	}
	return r
}

// member of the address of somebody, as it was just applied.
func member(name, email string, change ...func(*v1alpha1.Member)) *v1alpha1.Member {
	m := &v1alpha1.Member{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: name, UID: types.UID("m-" + name), Finalizers: []string{v1alpha1.Finalizer}}}
	m.Spec = v1alpha1.MemberSpec{CustomerRef: v1alpha1.CustomerRef{Name: "acme"}, Email: v1alpha1.Email(email)}
	for _, c := range change {
		c(m)
	}
	return m
}

func seated(m *v1alpha1.Member) {
	m.Status.Seat = &v1alpha1.MemberSeat{State: v1alpha1.SeatAssigned, OrganizationID: "org_1"}
}

func deleted(m *v1alpha1.Member) {
	now := metav1.NewTime(clock{}.Now())
	m.DeletionTimestamp = &now
}

// reconciler carries Removals out over a cluster of these objects.
func reconciler(t *testing.T, api auth0.API, now func() time.Time, objects ...client.Object) (*Reconciler, client.WithWatch) {
	t.Helper()
	settings := &v1alpha1.Auth0Tenant{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
	settings.Spec.Namespaces = []v1alpha1.NamespaceGrant{{Name: "n"}}
	cluster := clusterOf(t, append(objects, settings, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "n"}})...)
	shared := directory.New()
	shared.Put("default", settings.Spec, api).Organization("org_1").SetKey("k")
	return &Reconciler{Client: cluster, Live: cluster, Directory: shared, Recorder: events.NewFakeRecorder(100), Now: now}, cluster
}

func requestFor(r *v1alpha1.Removal) ctrl.Request {
	return ctrl.Request{NamespacedName: client.ObjectKeyFromObject(r)}
}

// until reconciles until the pass asks for another time, and returns for when.
func until(t *testing.T, r reconcile.Reconciler, of *v1alpha1.Removal) time.Duration {
	t.Helper()
	var result ctrl.Result
	for range 3 { // woken by others, again and again
		var err error
		result, err = r.Reconcile(t.Context(), requestFor(of))
		NewWithT(t).Expect(err).NotTo(HaveOccurred())
	}
	return result.RequeueAfter
}

// read is the Removal as it stands in the cluster.
func read(t *testing.T, cluster client.Client, of *v1alpha1.Removal) *v1alpha1.Removal {
	t.Helper()
	out := &v1alpha1.Removal{}
	NewWithT(t).Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(of), out)).To(Succeed())
	return out
}
