package promises

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/test/world"
)

// untilTable waits until kubectl prints so of an object.
func untilTable(w *world.World, obj client.Object, want map[string]string) {
	w.Helper()
	w.Until("kubectl get says "+want["STATUS"], func(g Gomega) {
		row := w.Table(obj)
		for column, value := range want {
			g.Expect(row).To(HaveKeyWithValue(column, value))
		}
	})
}

// TestSeatsTableSaysWhatMatters: the first table that people look at has the most
// urgent thing, and the Customer stays Ready where nothing is left to do.
func TestSeatsTableSaysWhatMatters(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	customer := w.CreateCustomer("acme", 2)
	w.Join(w.AdminMember(customer))
	jane := w.CreateMember("acme", "jane@acme.com")
	w.Join(jane)
	untilTable(w, customer, map[string]string{"STATUS": "2 of 2 seats used", "READY": "True", "USED": "2", "ACTIVE": "2"})
	untilTable(w, jane, map[string]string{"STATUS": "can sign in", "READY": "True"})
	late := w.CreateMember("acme", "late@acme.com")
	untilTable(w, customer, map[string]string{"STATUS": "1 person waits for a seat", "READY": "True", "WAITING": "1"})
	untilTable(w, late, map[string]string{"STATUS": "waits for a seat", "READY": "False"})

	w.Update(customer, func() { customer.Spec.Seats = 1 })
	untilTable(w, customer, map[string]string{"STATUS": "2 of 1 seats used, 1 person waits for a seat", "READY": "True"})
	w.Update(customer, func() { customer.Spec.Access = v1alpha1.AccessSuspended })
	untilTable(w, customer, map[string]string{"STATUS": "suspended, 2 of 1 seats used", "READY": "True", "USED": "2", "ACTIVE": "0"})
	w.Update(customer, func() {
		end := metav1.NewTime(time.Now().Add(-time.Hour).Truncate(time.Second))
		customer.Spec.Access, customer.Spec.Contract = v1alpha1.AccessOpen, &v1alpha1.Contract{EndTime: &end}
	})
	untilTable(w, customer, map[string]string{"STATUS": "the contract has ended, 2 of 1 seats used", "READY": "True", "ACTIVE": "0"})
	untilTable(w, jane, map[string]string{"STATUS": "the contract has ended", "READY": "True"})
	w.Update(customer, func() { customer.Spec.Contract, customer.Spec.Seats = nil, 3 })
	untilTable(w, customer, map[string]string{"STATUS": "3 of 3 seats used", "ACTIVE": "2", "INVITED": "1", "WAITING": "0"})
	w.Update(customer, func() { customer.Spec.Mode = v1alpha1.ModePaused })
	untilTable(w, customer, map[string]string{"STATUS": "Paused: nothing is done", "READY": "True"})
}

// TestSeatsTableCountsGrantsThatNobodyDeclares: a seat that is used by a grant
// without a Member is seen in the table.
func TestSeatsTableCountsGrantsThatNobodyDeclares(t *testing.T) {
	w := world.New(t)
	operator := w.StartOperator()
	customer := w.CreateCustomer("acme", 3)
	w.Join(w.AdminMember(customer))
	bob := w.CreateMember("acme", "bob@acme.com")
	w.Join(bob)
	jane := w.CreateMember("acme", "jane@acme.com")
	w.UntilMail("jane@acme.com", 1)
	untilTable(w, customer, map[string]string{"STATUS": "3 of 3 seats used", "UNMANAGED": "0"})
	operator.Stop() // or it would put the finalizers back
	for _, member := range []*v1alpha1.Member{bob, jane} {
		w.Update(member, func() { member.Finalizers = nil })
		w.Expect(w.Client.Delete(w.Context(), member)).To(Succeed())
	}
	w.StartOperator()
	// Bob is a member of the organization, and one person all the same.
	untilTable(w, customer, map[string]string{"STATUS": "2 grants that nobody declares", "READY": "True", "USED": "3", "UNMANAGED": "2"})
}
