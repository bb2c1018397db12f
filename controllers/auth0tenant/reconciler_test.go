package auth0tenant

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

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
)

// TestOrdersTenantDeletedOnAnOldCache: the cache of Members lags behind that of
// Customers, and does not show yet that a Customer's last Member is on its way
// out. Without the tenant that Member could never go.
func TestOrdersTenantDeletedOnAnOldCache(t *testing.T) {
	g := NewWithT(t)
	now := metav1.Now()
	deleted := metav1.ObjectMeta{Name: "default", DeletionTimestamp: &now, Finalizers: []string{v1alpha1.Finalizer}}
	tenant := &v1alpha1.Auth0Tenant{ObjectMeta: deleted}
	leaving := &v1alpha1.Member{ObjectMeta: deleted, Status: v1alpha1.MemberStatus{Tenant: "default"}}
	cached, live := clientOf(t, tenant), clientOf(t, tenant, leaving)
	r := &Reconciler{
		Client: cached, Live: live, Directory: directory.New(), Recorder: events.NewFakeRecorder(10), Now: time.Now,
		Customers: pass.NewWaker(), Members: pass.NewWaker(),
	}
	_, err := r.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(tenant)})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(cached.Get(t.Context(), client.ObjectKeyFromObject(tenant), tenant)).To(Succeed(), "the tenant stays")

	r.Live = cached
	_, err = r.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(tenant)})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(cached.Get(t.Context(), client.ObjectKeyFromObject(tenant), tenant)).NotTo(Succeed(), "nobody needs it")
}

// TestOrdersTenantWakesWhoLookedTooEarly: a Customer is applied while its tenant
// is being looked at. It finds no tenant to use, and is looked at again at once.
func TestOrdersTenantWakesWhoLookedTooEarly(t *testing.T) {
	g := NewWithT(t)
	tenant := &v1alpha1.Auth0Tenant{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
	tenant.Spec.Credentials.SecretRef.Name = "auth0"
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "auth0"}, Data: map[string][]byte{"clientSecret": []byte("s")}}
	customer := &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Name: "acme"}}
	customer.Spec.TenantRef.Name = "default"
	cluster, woken := clientOf(t, tenant, secret), pass.NewWaker()
	news := woken.Subscribe()
	r := &Reconciler{
		Client: cluster, Live: cluster, Directory: directory.New(), Recorder: events.NewFakeRecorder(10), Now: time.Now,
		Customers: woken, Members: pass.NewWaker(),
		Connect: func(auth0.Options, func()) (auth0.API, error) {
			return meanwhile{happens: func() { g.Expect(cluster.Create(t.Context(), customer)).To(Succeed()) }}, nil
		},
	}
	_, err := r.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(tenant)})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(news).To(Receive(HaveField("Object.GetName()", "acme")))
}

// meanwhile is an Auth0 that answers, while something else happens.
type meanwhile struct {
	auth0.API

	happens func()
}

func (meanwhile) Scopes(context.Context) ([]string, error) { return nil, nil }

func (m meanwhile) Probe(context.Context) error {
	m.happens()
	return nil
}

func clientOf(t *testing.T, objects ...client.Object) client.Client {
	t.Helper()
	scheme := runtime.NewScheme()
	NewWithT(t).Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	NewWithT(t).Expect(corev1.AddToScheme(scheme)).To(Succeed())
	return fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).WithStatusSubresource(&v1alpha1.Auth0Tenant{}).
		WithIndex(&v1alpha1.Customer{}, IndexCustomerTenant, func(obj client.Object) []string {
			return []string{obj.(*v1alpha1.Customer).Spec.TenantRef.Name}
		}).Build()
}
