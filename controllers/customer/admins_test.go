package customer

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

// TestRemovalAdminMadeTooLate: another operator lets the Customer go, generated
// Members and all, just before this one makes the admin's.
func TestRemovalAdminMadeTooLate(t *testing.T) {
	for name, late := range map[string]bool{"in time": false, "too late": true} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			scheme := runtime.NewScheme()
			g.Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
			customer := &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "acme", UID: "u"}}
			customer.Spec.Admins = []v1alpha1.Admin{{Email: "boss@acme.com"}}
			cluster := fake.NewClientBuilder().WithScheme(scheme).WithObjects(customer).
				WithIndex(&v1alpha1.Member{}, v1alpha1.FieldCustomerRef, func(obj client.Object) []string {
					return []string{obj.(*v1alpha1.Member).Spec.CustomerRef.Name}
				}).Build()
			creating := interceptor.NewClient(cluster, interceptor.Funcs{
				Create: func(ctx context.Context, inner client.WithWatch, obj client.Object, opts ...client.CreateOption) error {
					if late {
						g.Expect(cluster.Delete(ctx, customer.DeepCopy())).To(Succeed())
					}
					return inner.Create(ctx, obj, opts...)
				},
			})
			p := &customerPass{Reconciler: &Reconciler{Client: creating, Live: cluster, Now: time.Now}, customer: customer}
			g.Expect(p.declareAdmins(t.Context())).To(Succeed())
			members := &v1alpha1.MemberList{}
			g.Expect(cluster.List(t.Context(), members)).To(Succeed())
			g.Expect(len(members.Items) == 0).To(Equal(late))
		})
	}
}
