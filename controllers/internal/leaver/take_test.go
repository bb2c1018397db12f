package leaver

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/people"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
)

// clock is an Auth0 that only tells the time; every other call of the port panics.
type clock struct{ auth0.API }

func (clock) Now() time.Time { return monday.Time }

func clusterOf(t *testing.T, objects ...client.Object) client.Client {
	t.Helper()
	scheme := runtime.NewScheme()
	NewWithT(t).Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	return fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).
		WithIndex(&v1alpha1.Removal{}, v1alpha1.FieldCustomerRef, func(obj client.Object) []string {
			return []string{obj.(*v1alpha1.Removal).Spec.CustomerRef.Name}
		}).
		WithIndex(&v1alpha1.Member{}, v1alpha1.FieldCustomerRef, func(obj client.Object) []string {
			return []string{obj.(*v1alpha1.Member).Spec.CustomerRef.Name}
		}).
		WithIndex(&v1alpha1.Member{}, people.IndexPerson, people.Index).Build()
}

// TestAccessOfWhoWasDeclaredJustNow: whose profile it is, is read past the cache.
func TestAccessOfWhoWasDeclaredJustNow(t *testing.T) {
	g := NewWithT(t)
	member := func(name, email string) *v1alpha1.Member {
		m := &v1alpha1.Member{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: name, UID: types.UID(name)}}
		m.Spec = v1alpha1.MemberSpec{CustomerRef: v1alpha1.CustomerRef{Name: "acme"}, Email: v1alpha1.Email(email)}
		return m
	}
	gone, now := member("bob", "bob@acme.com"), metav1.NewTime(monday.Time)
	gone.DeletionTimestamp, gone.Finalizers = &now, []string{v1alpha1.Finalizer}
	customer := &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "acme"}}
	customer.Spec.Domains = []v1alpha1.DomainPattern{"acme.com"}
	taker := func() *Taker {
		tenant := directory.New().Put("default", v1alpha1.Auth0TenantSpec{}, clock{})
		return &Taker{
			Cached: clusterOf(t), Live: clusterOf(t, gone, member("jane-2", "Jane@acme.com"), member("janet", "janet@acme.com")),
			Tenant: tenant, Org: tenant.Organization("org_1"), Customer: customer, Now: clock{}.Now,
			Leaver: &Leaver{Person: people.Person{Email: "jane@acme.com"}},
		}
	}
	for email, want := range map[string]bool{
		"janet@acme.com": true,
		"bob@acme.com":   false, // who is leaving declares nobody
		"JANE@acme.com":  false,
		"eve@acme.com":   false,
	} {
		anothers, err := taker().anothers(t.Context(), auth0.User{ID: "u1", Email: email, EmailVerified: true})
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(anothers).To(Equal(want), email)
	}
}

// TestRemovalFoundByThePerson: a Removal of the name that is of somebody else, or of another
// Customer, is none of theirs.
func TestRemovalFoundByThePerson(t *testing.T) {
	g := NewWithT(t)
	jane := of("jane@acme.com", "")
	person := Ref(&jane)
	jane.Namespace, jane.Name, jane.Spec.CustomerRef.Name = "n", Name("acme", person), "acme"
	forged := of("eve@acme.com", "")
	forged.Namespace, forged.Name, forged.Spec.CustomerRef.Name = "n", Name("beta", person), "beta"
	elsewhere := of("jane@acme.com", "")
	elsewhere.Namespace, elsewhere.Name, elsewhere.Spec.CustomerRef.Name = "n", Name("gamma", person), "acme"
	cluster := clusterOf(t, &jane, &forged, &elsewhere)
	for customer, want := range map[string]bool{"acme": true, "beta": false, "gamma": false, "delta": false} {
		found, err := Find(t.Context(), cluster, "n", customer, person)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(found != nil).To(Equal(want), customer)
	}
	list, err := List(t.Context(), cluster, "n", "beta")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(list).To(ConsistOf(HaveField("Spec.Email", forged.Spec.Email)))
}
