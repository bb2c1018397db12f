package member

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/controllers/internal/people"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/status"
)

// onboarding is a new Member of a Customer, with a reconciler whose time is after it.
func onboarding(t *testing.T, after time.Duration, objects ...client.Object) (client.Client, *Reconciler, *v1alpha1.Member) {
	t.Helper()
	settings := &v1alpha1.Auth0Tenant{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
	settings.Spec.Namespaces = []v1alpha1.NamespaceGrant{{Name: "n"}}
	jane := &v1alpha1.Member{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "jane", UID: "m", Generation: 1, CreationTimestamp: metav1.NewTime(clock{}.Now())}}
	jane.Spec = v1alpha1.MemberSpec{CustomerRef: v1alpha1.CustomerRef{Name: "acme"}, Email: "jane@acme.com"}
	jane.Status.ObservedGeneration = -1
	cluster, shared := clusterOf(t, append(objects, settings, jane)...), directory.New()
	shared.Put("default", settings.Spec, clock{})
	return cluster, &Reconciler{
		Directory: shared, Client: cluster, Live: cluster, Recorder: events.NewFakeRecorder(10), SettledInterval: time.Minute,
		Now: func() time.Time { return clock{}.Now().Add(after) }, NewID: func() string { return "a1" },
	}, jane
}

func customerAcme() *v1alpha1.Customer {
	customer := &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "acme", UID: "u"}}
	customer.Spec.TenantRef.Name, customer.Spec.Domains = "default", []v1alpha1.DomainPattern{"acme.com"}
	return customer
}

// TestStatusNewMemberWaitsForTheFirstDecision: what is decided within seconds is not
// told before, and what does not come by itself is told at once.
func TestStatusNewMemberWaitsForTheFirstDecision(t *testing.T) {
	for name, test := range map[string]struct {
		after    time.Duration
		customer bool
		change   func(*v1alpha1.Member)
		told     string
	}{
		"just made":               {time.Second, true, nil, ""},
		"made a while ago":        {decisionPatience, true, nil, v1alpha1.ReasonCustomerNotReady},
		"this clock is behind":    {-time.Second, true, nil, v1alpha1.ReasonCustomerNotReady},
		"its Customer is missing": {time.Second, false, nil, v1alpha1.ReasonCustomerNotFound},
		"it was looked at before": {time.Second, true, func(m *v1alpha1.Member) { m.Status.ObservedGeneration = 1 }, v1alpha1.ReasonCustomerNotReady},
		"somebody asks to be told": {time.Second, true, func(m *v1alpha1.Member) {
			m.Annotations = map[string]string{v1alpha1.AnnotationReconcileRequestedAt: "now"}
		}, v1alpha1.ReasonCustomerNotReady},
		"something was given to it":       {time.Second, true, func(m *v1alpha1.Member) { m.Status.Attempt = &v1alpha1.Attempt{ID: "a"} }, v1alpha1.ReasonCustomerNotReady},
		"its status was lost, and it has": {time.Second, true, func(m *v1alpha1.Member) { m.Status.Users = []v1alpha1.MemberUser{{UserID: "okta|1"}} }, v1alpha1.ReasonCustomerNotReady},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			var objects []client.Object
			if test.customer {
				objects = append(objects, customerAcme())
			}
			cluster, r, jane := onboarding(t, test.after, objects...)
			if test.change != nil {
				g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(jane), jane)).To(Succeed())
				test.change(jane)
				changed := jane.Status
				g.Expect(cluster.Update(t.Context(), jane)).To(Succeed())
				jane.Status = changed
				g.Expect(cluster.Status().Update(t.Context(), jane)).To(Succeed())
			}
			result, err := r.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(jane)})
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(jane), jane)).To(Succeed())
			g.Expect(jane.Finalizers).To(ConsistOf(v1alpha1.Finalizer))
			if test.told == "" {
				g.Expect(jane.Status.Conditions).To(BeEmpty())
				g.Expect(jane.Status.ObservedGeneration).NotTo(Equal(jane.Generation), "it does not read as done")
				g.Expect(result.RequeueAfter).To(And(BeNumerically(">", 0), BeNumerically("<=", decisionPatience)))
				return
			}
			g.Expect(meta.FindStatusCondition(jane.Status.Conditions, v1alpha1.ConditionReady)).To(HaveField("Reason", test.told))
		})
	}
}

// TestStatusNewMemberWaitsForARound: a round that gives seats to many is waited for,
// and not for ever.
func TestStatusNewMemberWaitsForARound(t *testing.T) {
	g := NewWithT(t)
	customer := customerAcme()
	customer.Status.Assigning = []v1alpha1.SeatAssignment{{Name: "joe", UID: "j"}}
	for after, told := range map[time.Duration]bool{decisionPatience: false, status.SeatPatience: true} {
		cluster, r, jane := onboarding(t, after, customer.DeepCopy())
		result, err := r.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(jane)})
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(result.RequeueAfter).To(BeNumerically("<=", decisionPatience))
		g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(jane), jane)).To(Succeed())
		g.Expect(len(jane.Status.Conditions) > 0).To(Equal(told))
	}
}

// TestOneMailNoPassOverAnOldCache: while the cache does not show what this process
// wrote last, nothing is judged and nothing is asked of Auth0.
func TestOneMailNoPassOverAnOldCache(t *testing.T) {
	g := NewWithT(t)
	cluster, r, jane := onboarding(t, time.Hour, customerAcme())
	request := ctrl.Request{NamespacedName: client.ObjectKeyFromObject(jane)}
	g.Expect(cluster.Get(t.Context(), request.NamespacedName, jane)).To(Succeed())
	newer := jane.DeepCopy()
	newer.ResourceVersion = "1000000"
	r.written.note(newer, r.Now())

	result, err := r.Reconcile(t.Context(), request)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(result).To(Equal(pass.Again()))
	g.Expect(cluster.Get(t.Context(), request.NamespacedName, jane)).To(Succeed())
	g.Expect(jane.Finalizers).To(BeEmpty(), "nothing is done")

	r.written.note(jane, r.Now())
	_, err = r.Reconcile(t.Context(), request)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(cluster.Get(t.Context(), request.NamespacedName, jane)).To(Succeed())
	g.Expect(jane.Status.Conditions).NotTo(BeEmpty(), "the cache shows what was written")
	g.Expect(r.written.last[jane.UID].version).To(Equal(jane.ResourceVersion), "what the pass wrote is remembered")

	later := r.Now().Add(cacheLag + time.Second)
	g.Expect(r.written.ahead(&v1alpha1.Member{ObjectMeta: metav1.ObjectMeta{UID: "m", ResourceVersion: "1"}}, later)).To(BeFalse(), "a restored cluster counts anew")
	r.written.note(&v1alpha1.Member{ObjectMeta: metav1.ObjectMeta{UID: "other", ResourceVersion: "1"}}, later)
	g.Expect(r.written.last).To(HaveLen(1), "nothing is remembered for ever")
}

// TestStatusNewsOfAMember: our own finalizer is no news to who put it there, and its
// loss is.
func TestStatusNewsOfAMember(t *testing.T) {
	g := NewWithT(t)
	bare, kept := &v1alpha1.Member{}, &v1alpha1.Member{ObjectMeta: metav1.ObjectMeta{Finalizers: []string{v1alpha1.Finalizer}}}
	g.Expect(news.Update(event.UpdateEvent{ObjectOld: bare, ObjectNew: kept})).To(BeFalse())
	g.Expect(news.Update(event.UpdateEvent{ObjectOld: kept, ObjectNew: bare})).To(BeTrue())
	seated := kept.DeepCopy()
	seated.Status.Seat = &v1alpha1.MemberSeat{State: v1alpha1.SeatAssigned}
	g.Expect(news.Update(event.UpdateEvent{ObjectOld: kept, ObjectNew: seated})).To(BeTrue())
}

// TestStatusWakesWhoIsConcerned: what only those with a seat act on wakes nobody who
// waits for one, and what they say that they wait for does.
func TestStatusWakesWhoIsConcerned(t *testing.T) {
	g := NewWithT(t)
	waiting, seated := &v1alpha1.Member{}, &v1alpha1.Member{}
	seated.Status.Seat = &v1alpha1.MemberSeat{State: v1alpha1.SeatAssigned}
	g.Expect(waits(waiting)).To(BeTrue())
	g.Expect(hasDecision(waiting)).To(BeFalse())
	g.Expect(hasDecision(seated)).To(BeTrue())
	before, organization, suspended := customerAcme(), customerAcme(), customerAcme()
	organization.Status.OrganizationID = "org_1"
	suspended.Generation++
	g.Expect(concernsMembers.Update(event.UpdateEvent{ObjectOld: before, ObjectNew: organization})).To(BeTrue())
	g.Expect(concernsWaiting.Update(event.UpdateEvent{ObjectOld: before, ObjectNew: organization})).To(BeFalse())
	g.Expect(concernsWaiting.Update(event.UpdateEvent{ObjectOld: before, ObjectNew: suspended})).To(BeTrue())
}

// TestStatusEventsTellWhatCameOfIt: a Member's way to its invitation is one Event.
func TestStatusEventsTellWhatCameOfIt(t *testing.T) {
	g := NewWithT(t)
	recorder := events.NewFakeRecorder(10)
	var before []metav1.Condition
	for _, reason := range []string{v1alpha1.ReasonSeatPending, v1alpha1.ReasonInviting, v1alpha1.ReasonInvited, v1alpha1.ReasonGranting, v1alpha1.ReasonJoined} {
		after := []metav1.Condition{{Type: v1alpha1.ConditionActive, Reason: reason}}
		pass.Announce(recorder, &v1alpha1.Member{}, before, worthAnEvent(after), v1alpha1.ConditionActive)
		before = after
	}
	g.Expect(recorder.Events).To(Receive(HavePrefix("Normal Invited")))
	g.Expect(recorder.Events).To(Receive(HavePrefix("Normal Joined")))
	g.Expect(recorder.Events).NotTo(Receive())
}

// TestRemovalSiblingsOfOneAddress: those who declare the person are found in whatever
// spelling, and nobody else.
func TestRemovalSiblingsOfOneAddress(t *testing.T) {
	g := NewWithT(t)
	member := func(name, customer, email string) *v1alpha1.Member {
		m := &v1alpha1.Member{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: name, UID: types.UID(name)}}
		m.Spec = v1alpha1.MemberSpec{CustomerRef: v1alpha1.CustomerRef{Name: customer}, Email: v1alpha1.Email(email)}
		return m
	}
	same, other, elsewhere := member("same", "acme", "JANE@acme.com"), member("other", "acme", "joe@acme.com"), member("elsewhere", "beta", "jane@acme.com")
	_, r, jane := onboarding(t, 0, customerAcme(), same, other, elsewhere)
	found, err := newPass(r, jane).siblings(t.Context(), people.Ref(jane), people.Ref(jane))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(found).To(ConsistOf(HaveField("Name", "same")))
}
