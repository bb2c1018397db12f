package customer

import (
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/people"
)

// clusterOf is a cluster of these objects, with the fields by which they are listed.
func clusterOf(t *testing.T, objects ...client.Object) client.WithWatch {
	t.Helper()
	scheme := runtime.NewScheme()
	NewWithT(t).Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
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
