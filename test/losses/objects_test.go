package losses

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/test/world"
)

// TestSeatsEverythingLostWhileNobodyRuns: with the operator stopped every status
// is wiped, or every object deleted by force and created again from its manifest,
// as a backup tool does: with a new UID, without status and owner references, and
// all at one time. Who waits comes first by name.
func TestSeatsEverythingLostWhileNobodyRuns(t *testing.T) {
	w := world.New(t)
	operator := w.StartOperator()
	customer := w.CreateCustomer("acme", 4)
	boss := w.AdminMember(customer)
	w.Join(boss)
	jane := w.CreateMember("acme", "jane@acme.com")
	w.Join(jane)
	bob := w.CreateMember("acme", "bob@acme.com")
	dora := w.CreateMember("acme", "dora@acme.com")
	w.UntilReason(bob, v1alpha1.ConditionActive, "False/Invited")
	w.UntilReason(dora, v1alpha1.ConditionActive, "False/Invited")
	aaron := w.CreateMember("acme", "aaron@acme.com")
	w.UntilReason(aaron, v1alpha1.ConditionSeatAssigned, "False/SeatLimitReached")
	eve := w.CreateMember("acme", "eve@elsewhere.com")
	w.UntilReason(eve, v1alpha1.ConditionSeatAssigned, "False/DomainNotAllowed")
	access := w.SampleAccess("acme")
	access.UntilSampled()
	endWatch := w.WatchSeats("acme", 4)

	asBefore := func(doraStands string) {
		w.Helper()
		w.UntilForwarding("everybody stands where they stood", func(g Gomega) {
			g.Expect(w.Reason(g, boss, v1alpha1.ConditionActive)).To(Equal("True/Joined"))
			g.Expect(w.Reason(g, jane, v1alpha1.ConditionActive)).To(Equal("True/Joined"))
			g.Expect(w.Reason(g, bob, v1alpha1.ConditionActive)).To(Equal("False/Invited"))
			g.Expect(w.Reason(g, dora, v1alpha1.ConditionActive)).To(Equal(doraStands))
			g.Expect(w.Reason(g, aaron, v1alpha1.ConditionSeatAssigned)).To(Equal("False/SeatLimitReached"))
			g.Expect(w.Reason(g, eve, v1alpha1.ConditionSeatAssigned)).To(Equal("False/DomainNotAllowed"))
			g.Expect(w.Reason(g, customer, v1alpha1.ConditionOrganizationSynced)).To(Equal("True/OrganizationSynced"))
		})
		onceEach(w)
		w.Expect(w.Auth0.Outbox().Mails()).To(HaveLen(4), "nobody is mailed anew")
	}
	doraStands := "False/Invited"
	for _, loss := range []func(){
		func() { wipeEverything(w) },
		func() { recreateEverything(w) },
		func() {
			_, err := w.Accept(w.Mails("dora@acme.com")[0])
			w.Expect(err).NotTo(HaveOccurred())
			doraStands = "True/Joined"
			recreateEverything(w)
		},
		func() { wipeEverything(w) },
	} {
		operator.Stop()
		loss()
		operator = w.StartOperator()
		asBefore(doraStands)
	}
	endWatch()
	_, err := w.Accept(w.Mails("bob@acme.com")[0])
	w.Expect(err).NotTo(HaveOccurred(), "a link that was sent before still works")
	w.UntilReason(bob, v1alpha1.ConditionActive, "True/Joined")
	access.End(4)
	w.Remove(jane)
	w.AssertOut("acme", "jane@acme.com")
	w.UntilMail("aaron@acme.com", 1)
}

// everything are all objects of the test, the tenant first.
func everything(w *world.World) []client.Object {
	w.Helper()
	tenant := &v1alpha1.Auth0Tenant{}
	w.Expect(w.Client.Get(w.Context(), client.ObjectKey{Name: w.Tenant}, tenant)).To(Succeed())
	all := []client.Object{tenant}
	customers := &v1alpha1.CustomerList{}
	w.Expect(w.Client.List(w.Context(), customers, client.InNamespace(w.Namespace))).To(Succeed())
	for i := range customers.Items {
		all = append(all, &customers.Items[i])
	}
	members := w.Members()
	for i := range members {
		all = append(all, &members[i])
	}
	return all
}

func wipeEverything(w *world.World) {
	w.Helper()
	for _, obj := range everything(w) {
		wipeStatus(w, obj)
	}
}

// recreateEverything deletes all objects by force and creates them again from
// their manifests, until all are of one age: a second, by the API server's times.
func recreateEverything(w *world.World) {
	w.Helper()
	w.Until("all are of one age", func(g Gomega) {
		all := everything(w)
		manifests := make([]client.Object, len(all))
		for i, obj := range all {
			manifests[i] = manifest(obj)
			w.Update(obj, func() { obj.SetFinalizers(nil) })
			w.Expect(w.Client.Delete(w.Context(), obj)).To(Succeed())
			w.UntilGone(obj)
		}
		w.Eventually(func() time.Duration { return time.Duration(time.Now().Nanosecond()) }, 2*time.Second, time.Millisecond).Should(BeNumerically("<", 100*time.Millisecond))
		for i, obj := range manifests {
			w.Expect(w.Client.Create(w.Context(), obj)).To(Succeed())
			w.Expect(obj.GetUID()).NotTo(Equal(all[i].GetUID()))
		}
		for _, obj := range manifests {
			g.Expect(obj.GetCreationTimestamp()).To(Equal(manifests[0].GetCreationTimestamp()))
		}
	})
}

// manifest is what a backup tool keeps of an object.
func manifest(obj client.Object) client.Object {
	kept := obj.DeepCopyObject().(client.Object)
	kept.SetUID("")
	kept.SetResourceVersion("")
	kept.SetGeneration(0)
	kept.SetManagedFields(nil)
	kept.SetOwnerReferences(nil)
	kept.SetFinalizers(nil)
	switch o := kept.(type) {
	case *v1alpha1.Auth0Tenant:
		o.Status = v1alpha1.Auth0TenantStatus{}
	case *v1alpha1.Customer:
		o.Status = v1alpha1.CustomerStatus{}
	case *v1alpha1.Member:
		o.Status = v1alpha1.MemberStatus{}
	}
	return kept
}
