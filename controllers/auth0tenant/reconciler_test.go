package auth0tenant

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/status"
)

// TestOrdersTenantDeleted: a tenant that is deleted stays while somebody needs it.
func TestOrdersTenantDeleted(t *testing.T) {
	now := metav1.Now()
	deleted := metav1.ObjectMeta{Name: "default", DeletionTimestamp: &now, Finalizers: []string{v1alpha1.Finalizer}}
	given := func(change func(*v1alpha1.Member)) *v1alpha1.Member {
		member := &v1alpha1.Member{ObjectMeta: metav1.ObjectMeta{Name: "jane"}, Status: v1alpha1.MemberStatus{Tenant: "default"}}
		member.Spec.CustomerRef.Name = "acme"
		change(member)
		return member
	}
	customer := func(tenant string) *v1alpha1.Customer {
		c := &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Name: "acme"}}
		c.Spec.TenantRef.Name = tenant
		return c
	}
	leaving := given(func(m *v1alpha1.Member) { m.ObjectMeta = deleted })
	noKind := interceptor.Funcs{List: func(_ context.Context, _ client.WithWatch, _ client.ObjectList, _ ...client.ListOption) error {
		return apierrors.NewNotFound(v1alpha1.GroupVersion.WithResource("members").GroupResource(), "")
	}}
	for name, tc := range map[string]struct {
		cached, live []client.Object
		calls        interceptor.Funcs
		stays        bool
	}{
		"nobody":                            {},
		"a Customer":                        {cached: []client.Object{customer("default")}, stays: true},
		"another tenant's Customer":         {cached: []client.Object{customer("other")}},
		"a Member on its way out":           {cached: []client.Object{leaving}, stays: true},
		"… that the cache does not show so": {live: []client.Object{leaving}, stays: true},
		"a Member that is left":             {cached: []client.Object{given(func(*v1alpha1.Member) {})}, stays: true},
		"… and its Customer's in another":   {cached: []client.Object{given(func(*v1alpha1.Member) {}), customer("other")}, stays: true},
		"… and was let be":                  {cached: []client.Object{given(func(m *v1alpha1.Member) { m.Status.Seat = &v1alpha1.MemberSeat{Reason: v1alpha1.ReasonPaused} })}},
		"the CRDs are gone":                 {calls: noKind},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			tenant := &v1alpha1.Auth0Tenant{ObjectMeta: deleted}
			cached := clientOf(t, append(tc.cached, tenant.DeepCopy())...)
			r := &Reconciler{
				Client: cached, Live: interceptor.NewClient(clientOf(t, tc.live...), tc.calls), Directory: directory.New(),
				Recorder: events.NewFakeRecorder(10), Now: time.Now, Customers: pass.NewWaker(), Members: pass.NewWaker(),
			}
			_, err := r.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(tenant)})
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(cached.Get(t.Context(), client.ObjectKeyFromObject(tenant), tenant) == nil).To(Equal(tc.stays))
		})
	}
}

// TestOrdersTenantInUseWakesNobody: a tenant whose deletion waits has its Customers
// looked at once, and not at each of its own looks.
func TestOrdersTenantInUseWakesNobody(t *testing.T) {
	g := NewWithT(t)
	now := metav1.Now()
	tenant := &v1alpha1.Auth0Tenant{ObjectMeta: metav1.ObjectMeta{Name: "default", DeletionTimestamp: &now, Finalizers: []string{v1alpha1.Finalizer}}}
	tenant.Spec.Credentials.SecretRef.Name = "auth0"
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "auth0"}, Data: map[string][]byte{"clientSecret": []byte("s")}}
	customer := &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Name: "acme"}}
	customer.Spec.TenantRef.Name = "default"
	cluster, woken := clientOf(t, tenant, secret, customer), pass.NewWaker()
	news := woken.Subscribe()
	r := &Reconciler{
		Client: cluster, Live: cluster, Directory: directory.New(), Recorder: events.NewFakeRecorder(10), Now: time.Now,
		Customers: woken, Members: pass.NewWaker(),
		Connect: func(auth0.Options, func()) (auth0.API, error) { return &meanwhile{happens: func() {}}, nil },
	}
	look := func() {
		_, err := r.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(tenant)})
		g.Expect(err).NotTo(HaveOccurred())
	}
	look()
	g.Expect(news).To(Receive())
	for len(news) > 0 {
		<-news
	}
	look()
	look()
	g.Expect(news).NotTo(Receive())

	g.Expect(cluster.Delete(t.Context(), secret)).To(Succeed())
	look()
	_, usable := r.Directory.Tenant("default")
	g.Expect(usable).To(BeTrue(), "with the credentials that it had, so that its Customers can go")
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
			return &meanwhile{happens: func() { g.Expect(cluster.Create(t.Context(), customer)).To(Succeed()) }}, nil
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

func (*meanwhile) Scopes(context.Context) ([]string, error) { return requiredScopes, nil }

func (*meanwhile) Client(context.Context, string) (auth0.Application, error) {
	return auth0.Application{OrganizationUsage: "allow"}, nil
}

func (m *meanwhile) Probe(context.Context) error {
	m.happens()
	return nil
}

func clientOf(t *testing.T, objects ...client.Object) client.WithWatch {
	t.Helper()
	scheme := runtime.NewScheme()
	NewWithT(t).Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	NewWithT(t).Expect(corev1.AddToScheme(scheme)).To(Succeed())
	return fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).WithStatusSubresource(&v1alpha1.Auth0Tenant{}).
		WithIndex(&v1alpha1.Customer{}, IndexCustomerTenant, func(obj client.Object) []string {
			return []string{obj.(*v1alpha1.Customer).Spec.TenantRef.Name}
		}).Build()
}

// halfRead lists every object as one of which something cannot be read.
type halfRead struct{ client.Reader }

func (r halfRead) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	err := r.Reader.List(ctx, list, opts...)
	switch l := list.(type) {
	case *v1alpha1.CustomerList:
		for i := range l.Items {
			l.Items[i].Unreadable = "spec.tenantRef"
		}
	case *v1alpha1.MemberList:
		for i := range l.Items {
			l.Items[i].Unreadable = "status.tenant"
		}
	}
	return err
}

// TestHandsOffTenantStaysForWhatCannotBeRead: a Customer or a Member that was read
// without its tenant may need the one that is being deleted.
func TestHandsOffTenantStaysForWhatCannotBeRead(t *testing.T) {
	for name, object := range map[string]client.Object{
		"a Customer":           &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "acme"}},
		"a Member without one": &v1alpha1.Member{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "jane"}},
		"a Member on its way":  &v1alpha1.Member{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "jane", DeletionTimestamp: &metav1.Time{Time: time.Now()}, Finalizers: []string{v1alpha1.Finalizer}}},
	} {
		t.Run(name, func(t *testing.T) {
			g, facts := NewWithT(t), status.TenantFacts{}
			cluster := clientOf(t, object)
			g.Expect(countDependents(t.Context(), halfRead{cluster}, "default", &facts)).To(Succeed())
			g.Expect(facts.Deleting).To(BeTrue(), "it waits")
			g.Expect(countDependents(t.Context(), cluster, "default", &facts)).To(Succeed())
			g.Expect(facts.Deleting).To(BeFalse(), "what is read needs another")
		})
	}
}
