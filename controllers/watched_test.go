package controllers

import (
	"context"
	"errors"
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

// TestWatchedNamespacesAreAllThatIsListed: a list of all that would be refused is one of
// each namespace, and kinds of the cluster are listed as ever.
func TestWatchedNamespacesAreAllThatIsListed(t *testing.T) {
	g := NewWithT(t)
	in := func(namespace, name string) client.Object {
		return &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	}
	kube := fake.NewClientBuilder().WithScheme(Scheme()).WithObjects(in("a", "one"), in("a", "two"), in("b", "three"), in("c", "four"),
		&v1alpha1.Auth0Tenant{ObjectMeta: metav1.ObjectMeta{Name: "default"}}).
		WithInterceptorFuncs(interceptor.Funcs{List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			_, tenants := list.(*v1alpha1.Auth0TenantList)
			if namespace := (&client.ListOptions{}).ApplyOptions(opts).Namespace; !tenants && namespace != "a" && namespace != "b" {
				return errors.New("forbidden in " + namespace)
			}
			return c.List(ctx, list, opts...)
		}}).Build()
	live := onlyIn(kube, []string{"a", "b"})
	customers, tenants := &v1alpha1.CustomerList{}, &v1alpha1.Auth0TenantList{}
	g.Expect(live.List(t.Context(), customers)).To(Succeed())
	var names []string
	for _, customer := range customers.Items {
		names = append(names, customer.Name)
	}
	g.Expect(names).To(ConsistOf("one", "two", "three"))
	g.Expect(live.List(t.Context(), customers, client.InNamespace("b"))).To(Succeed())
	g.Expect(customers.Items).To(HaveLen(1))
	g.Expect(live.List(t.Context(), tenants)).To(Succeed())
	g.Expect(tenants.Items).To(HaveLen(1))
	_, narrowed := onlyIn(kube, nil).(watchedReader)
	g.Expect(narrowed).To(BeFalse())
}
