package losses

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/test/world"
)

// TestRemovalEtcdRestored: API server, etcd and operator stop, and etcd's data is
// put back to a copy from before somebody who had joined was removed, somebody
// who was invited accepted, and somebody else came in on the free seat. Auth0 is
// the record: nobody is let in again, mailed, or shut out by the old objects.
func TestRemovalEtcdRestored(t *testing.T) {
	w := world.New(t)
	operator := w.StartOperator()
	customer := w.CreateCustomer("acme", 3)
	w.Join(w.AdminMember(customer))
	jane := w.CreateMember("acme", "jane@acme.com")
	janesSession := w.Join(jane)
	bob := w.CreateMember("acme", "bob@acme.com")
	w.UntilReason(bob, v1alpha1.ConditionActive, "False/Invited")
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Reconciled")
	operator.Stop()
	restore := w.BackUp()

	access := w.SampleAccess("acme")
	access.UntilSampled()
	access.Except("jane@acme.com")
	operator = w.StartOperator()
	w.Remove(jane)
	_, err := w.Accept(w.Mails("bob@acme.com")[0])
	w.Expect(err).NotTo(HaveOccurred())
	w.UntilReason(bob, v1alpha1.ConditionActive, "True/Joined")
	dave := w.CreateMember("acme", "dave@acme.com")
	w.Join(dave)
	operator.Stop()
	restore()
	w.RecognisesMore("acme") // dave's grant, beside jane's old status

	w.Expect(w.Get(dave)).NotTo(Succeed(), "the objects are the old ones")
	w.Expect(w.Reason(w, jane, v1alpha1.ConditionActive)).To(Equal("True/Joined"), "and so are the statuses")
	w.Expect(w.Reason(w, bob, v1alpha1.ConditionActive)).To(Equal("False/Invited"))
	operator = w.StartOperator()
	w.UntilReason(jane, v1alpha1.ConditionActive, "False/RemovedInAuth0")
	w.UntilReason(bob, v1alpha1.ConditionActive, "True/Joined")
	w.Until("who has a grant and no Member is counted", func(g Gomega) {
		g.Expect(w.Get(customer)).To(Succeed())
		g.Expect(customer.Status.Seats.Active).To(BeEquivalentTo(2))
	})
	w.AssertOut("acme", "jane@acme.com", janesSession)
	w.Expect(w.Holders("acme")).To(HaveLen(3), "no seat too many")
	onceEach(w)
	w.Expect(w.Auth0.Outbox().Mails()).To(HaveLen(4), "the three, and dave")

	// The objects that the old data lack are applied again.
	dave = w.CreateMember("acme", "dave@acme.com")
	w.UntilReason(dave, v1alpha1.ConditionActive, "True/Joined")
	access.End(4)
	w.Remove(jane)
	w.Expect(w.Auth0.Outbox().Mails()).To(HaveLen(4))
	operator.Stop()
}
