package member

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

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/leaver"
	"github.com/seatwarden/seatwarden/controllers/internal/people"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

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

// deleted is a Member who had joined and is being deleted.
func deleted(name, email string) *v1alpha1.Member {
	now := metav1.NewTime(clock{}.Now())
	member := &v1alpha1.Member{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: name, UID: types.UID("m-" + name), DeletionTimestamp: &now, Finalizers: []string{v1alpha1.Finalizer}}}
	member.Spec = v1alpha1.MemberSpec{CustomerRef: v1alpha1.CustomerRef{Name: "acme"}, Email: v1alpha1.Email(email)}
	member.Status = v1alpha1.MemberStatus{Tenant: "default", OrganizationID: "org_1", Users: []v1alpha1.MemberUser{{UserID: "okta|" + name, Since: now}}}
	member.Status.Seat = &v1alpha1.MemberSeat{State: v1alpha1.SeatAssigned, OrganizationID: "org_1"}
	return member
}

// applied is a Member that was just applied, and has a seat.
func applied(name, email string) *v1alpha1.Member {
	member := deleted(name, email)
	member.DeletionTimestamp = nil
	member.Status = v1alpha1.MemberStatus{Seat: &v1alpha1.MemberSeat{State: v1alpha1.SeatAssigned, OrganizationID: "org_1"}}
	return member
}

// removalOf is the Removal, in a state, of a Member's person.
func removalOf(member *v1alpha1.Member, state v1alpha1.RemovalState) *v1alpha1.Removal {
	r := &v1alpha1.Removal{ObjectMeta: metav1.ObjectMeta{
		Namespace: "n", Name: leaver.Name("acme", people.Ref(member)), UID: types.UID("r-" + member.Name), Generation: 1, Finalizers: []string{v1alpha1.Finalizer},
	}}
	r.Spec = v1alpha1.RemovalSpec{
		CustomerRef: v1alpha1.RemovalCustomer{Name: "acme", UID: "u"}, Email: member.Spec.Email, Member: v1alpha1.RemovalMember{Name: member.Name, UID: member.UID},
		TenantRef: v1alpha1.TenantRef{Name: "default"}, OrganizationID: "org_1", RequestedAt: metav1.NewMicroTime(clock{}.Now()), Known: leaver.KnownOf(member.Status),
	}
	r.Status.State = state
	return r
}

// leavingIn lets Members go in a cluster of these objects.
func leavingIn(t *testing.T, api auth0.API, objects ...client.Object) (*Reconciler, client.WithWatch) {
	t.Helper()
	settings := &v1alpha1.Auth0Tenant{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
	settings.Spec.Namespaces = []v1alpha1.NamespaceGrant{{Name: "n"}}
	cluster := clusterOf(t, append(objects, settings, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "n"}})...)
	shared := directory.New()
	shared.Put("default", settings.Spec, api).Organization("org_1").SetKey("k")
	return &Reconciler{
		Client: cluster, Live: cluster, Directory: shared, Recorder: events.NewFakeRecorder(100), Now: clock{}.Now, SettledInterval: time.Minute,
	}, cluster
}

// leave makes one pass over a Member that is being deleted.
func leave(t *testing.T, r *Reconciler, member *v1alpha1.Member) ctrl.Result {
	t.Helper()
	result, err := (&LeavingReconciler{r}).Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(member)})
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return result
}

// removalIn is the Removal of a person as it stands in the cluster.
func removalIn(t *testing.T, cluster client.Client, email string) *v1alpha1.Removal {
	t.Helper()
	out := &v1alpha1.Removal{}
	NewWithT(t).Expect(cluster.Get(t.Context(), client.ObjectKey{Namespace: "n", Name: leaver.Name("acme", ownership.PersonRef(email))}, out)).To(Succeed())
	return out
}
