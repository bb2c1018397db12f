package controllers

import (
	"context"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/customer"
	"github.com/seatwarden/seatwarden/controllers/internal/leaver"
	"github.com/seatwarden/seatwarden/controllers/internal/people"
	"github.com/seatwarden/seatwarden/controllers/removal"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// down is an Auth0 that tells the time and answers nothing else that a removal asks first.
type down struct{ auth0.API }

func (down) Now() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) }

func (down) Organization(context.Context, string) (auth0.Organization, error) {
	return auth0.Organization{}, &auth0.Error{Kind: auth0.KindUnknown}
}

// heldJane is a cluster in which the removal of jane is held, with the hash that approves it.
func heldJane(t *testing.T, scheme *runtime.Scheme) (cluster client.WithWatch, object *v1alpha1.Removal, hash string) {
	t.Helper()
	acme := &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "acme", UID: "u", Generation: 1}}
	acme.Spec.TenantRef.Name, acme.Status.OrganizationID, acme.Status.Removals = "default", "org_1", &v1alpha1.RemovalLedger{Round: 1}
	at := metav1.NewMicroTime(down{}.Now())
	object = &v1alpha1.Removal{ObjectMeta: metav1.ObjectMeta{
		Namespace: "n", Name: leaver.Name("acme", ownership.PersonRef("jane@acme.com")), UID: "r", Generation: 1, Finalizers: []string{v1alpha1.Finalizer},
	}}
	object.Spec = v1alpha1.RemovalSpec{
		CustomerRef: v1alpha1.RemovalCustomer{Name: "acme", UID: "u"}, Email: "jane@acme.com", Member: v1alpha1.RemovalMember{Name: "jane", UID: "m"},
		TenantRef: v1alpha1.TenantRef{Name: "default"}, OrganizationID: "org_1", RequestedAt: at,
	}
	object.Status.State = v1alpha1.RemovalHeld
	object.Status.Decision = &v1alpha1.RemovalDecision{Outcome: v1alpha1.DecisionHeld, Reason: v1alpha1.ReasonAwaitingApproval, At: at, Round: 1}
	hash, _ = leaver.HeldHash(acme, []v1alpha1.Removal{*object})
	byCustomer := func(obj client.Object) []string {
		if member, is := obj.(*v1alpha1.Member); is {
			return []string{member.Spec.CustomerRef.Name}
		}
		return []string{obj.(*v1alpha1.Removal).Spec.CustomerRef.Name}
	}
	tenant := &v1alpha1.Auth0Tenant{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
	cluster = fake.NewClientBuilder().WithScheme(scheme).WithObjects(acme, object, tenant).
		WithStatusSubresource(&v1alpha1.Customer{}, &v1alpha1.Member{}, &v1alpha1.Removal{}).
		WithIndex(&v1alpha1.Removal{}, v1alpha1.FieldCustomerRef, byCustomer).WithIndex(&v1alpha1.Member{}, v1alpha1.FieldCustomerRef, byCustomer).
		WithIndex(&v1alpha1.Member{}, people.IndexPerson, people.Index).Build()
	return cluster, object, hash
}

// TestRemovalApprovedAndAppliedAgainAtOnce: somebody approves a removal that is held while somebody else applies the
// person's Member again. Of the two exactly one wins: the person is removed or taken over, and neither both nor
// neither.
func TestRemovalApprovedAndAppliedAgainAtOnce(t *testing.T) {
	const times = 1000
	won, scheme := map[v1alpha1.RemovalState]int{}, runtime.NewScheme()
	NewWithT(t).Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	for turn := range times {
		won[approveAndApply(t, scheme, turn%12)]++
	}
	NewWithT(t).Expect(won[v1alpha1.RemovalRemoving] + won[v1alpha1.RemovalDone]).To(Equal(times))
	t.Logf("removed %d times, taken over %d times", won[v1alpha1.RemovalRemoving], won[v1alpha1.RemovalDone])
}

// approveAndApply does both at once, and returns what came of it. The Member comes so many reads later.
func approveAndApply(t *testing.T, scheme *runtime.Scheme, later int) v1alpha1.RemovalState {
	t.Helper()
	g := NewWithT(t)
	cluster, object, hash := heldJane(t, scheme)
	shared := directory.New()
	shared.Put("default", v1alpha1.Auth0TenantSpec{Namespaces: []v1alpha1.NamespaceGrant{{Name: "n"}}}, down{})
	round := func() {
		rounds := &customer.RemovalRounds{Client: cluster, Live: cluster, Directory: shared, Recorder: events.NewFakeRecorder(10), Now: down{}.Now}
		_, _ = rounds.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKey{Namespace: "n", Name: "acme"}}) // a conflict has it tried again
	}
	carry := func() {
		r := &removal.Reconciler{Client: cluster, Live: cluster, Directory: shared, Recorder: events.NewFakeRecorder(10), Now: down{}.Now}
		_, _ = r.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(object)})
	}
	approve := func() {
		acme := &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "acme"}}
		patch := []byte(`{"metadata":{"annotations":{"` + v1alpha1.AnnotationApproveRemovals + `":"` + hash + `"}}}`)
		g.Expect(cluster.Patch(t.Context(), acme, client.RawPatch("application/merge-patch+json", patch))).To(Succeed())
	}
	apply := func() {
		again := &v1alpha1.Member{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "jane", UID: "again", Finalizers: []string{v1alpha1.Finalizer}}}
		again.Spec = v1alpha1.MemberSpec{CustomerRef: v1alpha1.CustomerRef{Name: "acme"}, Email: "Jane@acme.com"}
		again.Status.Seat = &v1alpha1.MemberSeat{State: v1alpha1.SeatAssigned, OrganizationID: "org_1"}
		g.Expect(cluster.Create(t.Context(), again)).To(Succeed())
		g.Expect(cluster.Status().Update(t.Context(), again)).To(Succeed())
	}
	var both sync.WaitGroup
	both.Go(func() { approve(); round() })
	both.Go(func() {
		for range later {
			g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(object), &v1alpha1.Removal{})).To(Succeed())
		}
		apply()
		carry()
	})
	both.Wait()
	stands := &v1alpha1.Removal{}
	settled := func() bool {
		g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(object), stands)).To(Succeed())
		return stands.Status.State != v1alpha1.RemovalHeld
	}
	for range 3 { // who was told of a conflict comes back
		if !settled() {
			round()
			carry()
		}
	}
	g.Expect(settled()).To(BeTrue(), "neither of them won")
	admitted := stands.Status.Decision.Outcome == v1alpha1.DecisionAdmitted
	switch stands.Status.State {
	case v1alpha1.RemovalRemoving:
		g.Expect(admitted).To(BeTrue())
		g.Expect(stands.Status.Outcome).To(BeEmpty())
	case v1alpha1.RemovalDone:
		g.Expect(admitted).To(BeFalse(), "both of them won")
		g.Expect(stands.Status.Outcome).To(Equal(v1alpha1.OutcomeTakenOver))
		g.Expect(stands.Status.Withdrawal).To(BeNil())
	}
	return stands.Status.State
}
