// Package namespaces shows what deleting a whole namespace does. It has a control
// plane of its own, with the controller manager, which alone can delete one.
package namespaces

import (
	"net/http"
	"os"
	"testing"

	"github.com/go-logr/logr"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/controlplane/envtesting"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/test/world"
)

func TestMain(m *testing.M) {
	ctrl.SetLogger(logr.Discard()) // each operator logs to its test
	os.Exit(envtesting.Run(m, envtesting.Options{ControllerManager: true, Kustomizations: []string{"rbac"}}))
}

// TestRemovalNamespaceDeleted: the Customers' deletion policies decide, not the
// order in which Kubernetes deletes the objects; nothing keeps the namespace.
func TestRemovalNamespaceDeleted(t *testing.T) {
	for _, policy := range []v1alpha1.DeletionPolicy{v1alpha1.DeletionRetain, v1alpha1.DeletionDelete} {
		t.Run(string(policy), func(t *testing.T) {
			w := world.New(t)
			w.StartOperator()
			customer := w.CreateCustomer("acme", 3, func(c *v1alpha1.Customer) { c.Spec.DeletionPolicy = policy })
			w.Join(w.AdminMember(customer))
			jane := w.CreateMember("acme", "jane@acme.com")
			w.Join(jane)
			bob := w.CreateMember("acme", "bob@acme.com")
			w.UntilMail("bob@acme.com", 1)
			w.UntilReason(bob, v1alpha1.ConditionActive, "False/Invited")
			before, _ := w.Organization("acme")

			namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.Namespace}}
			w.Expect(w.Client.Delete(t.Context(), namespace)).To(Succeed())
			for _, obj := range []client.Object{customer, jane, bob, namespace} {
				w.UntilGone(obj)
			}
			after, there := w.Organization("acme")
			w.Expect(there).To(Equal(policy == v1alpha1.DeletionRetain))
			if there {
				w.Expect(after.Members).To(ConsistOf(before.Members), "its people stay")
				w.Expect(after.Metadata[ownership.MetadataOwner]).To(HavePrefix("released:"))
			}
			for _, email := range []string{"boss@acme.com", "jane@acme.com"} {
				_, err := w.SignIn(before.ID, email)
				w.Expect(err == nil).To(Equal(there), "%s signs in", email)
			}
		})
	}
}

// TestHandsOffNamespaceDeletedPaused: under Paused and Observe a namespace goes
// with everything in it, whatever the deletion policy, and Auth0 stays as it is.
func TestHandsOffNamespaceDeletedPaused(t *testing.T) {
	for _, mode := range []v1alpha1.Mode{v1alpha1.ModePaused, v1alpha1.ModeObserve} {
		t.Run(string(mode), func(t *testing.T) {
			w := world.New(t)
			w.StartOperator()
			customer := w.CreateCustomer("acme", 3, func(c *v1alpha1.Customer) { c.Spec.DeletionPolicy = v1alpha1.DeletionDelete })
			w.Join(w.AdminMember(customer))
			jane := w.CreateMember("acme", "jane@acme.com")
			w.Join(jane)
			w.UntilReason(customer, v1alpha1.ConditionReady, "True/Reconciled")
			w.Update(customer, func() { customer.Spec.Mode = mode })
			w.UntilReason(jane, v1alpha1.ConditionReady, "True/"+map[v1alpha1.Mode]string{
				v1alpha1.ModePaused: v1alpha1.ReasonPaused, v1alpha1.ModeObserve: v1alpha1.ReasonObserving}[mode])
			before, _ := w.Organization("acme")
			w.Auth0.ResetAudit()

			namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.Namespace}}
			w.Expect(w.Client.Delete(t.Context(), namespace)).To(Succeed())
			for _, obj := range []client.Object{customer, jane, namespace} {
				w.UntilGone(obj)
			}
			after, _ := w.Organization("acme")
			w.Expect(after).To(Equal(before), "our marker included")
			for _, entry := range w.Auth0.Audit() {
				w.Expect(entry.Method).To(Equal(http.MethodGet), entry.Route)
			}
			for _, email := range []string{"boss@acme.com", "jane@acme.com"} {
				_, err := w.SignIn(before.ID, email)
				w.Expect(err).NotTo(HaveOccurred(), email)
			}
		})
	}
}
