package customer

import (
	"context"
	"errors"
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/seats"
)

// contract is the pass of a Customer with one seat, for which Jane has a Member.
func contract(t *testing.T) (p *customerPass, jane *v1alpha1.Member) {
	t.Helper()
	scheme := runtime.NewScheme()
	NewWithT(t).Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	customer := &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "acme"}, Spec: v1alpha1.CustomerSpec{Seats: 1}}
	jane = &v1alpha1.Member{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "jane"}}
	cluster := fake.NewClientBuilder().WithScheme(scheme).WithObjects(customer, jane).
		WithStatusSubresource(&v1alpha1.Customer{}, &v1alpha1.Member{}).Build()
	NewWithT(t).Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(customer), customer)).To(Succeed())
	NewWithT(t).Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(jane), jane)).To(Succeed())
	tenant := directory.New().Put("default", v1alpha1.Auth0TenantSpec{Domain: "acme.eu.auth0.com"}, nobody{})
	p = newPass(&Reconciler{Client: cluster, Live: cluster, Recorder: events.NewFakeRecorder(10), Now: nobody{}.Now}, customer)
	p.tenant, p.org = tenant, tenant.Organization("org_1")
	return p, jane
}

// TestSeatsMessageGoesWithTheWaiting: whoever waited and gets a seat is not told
// any more that there is none.
func TestSeatsMessageGoesWithTheWaiting(t *testing.T) {
	g := NewWithT(t)
	p, jane := contract(t)
	write := func(state seats.State, reason seats.Reason) {
		entry := seats.Entry{Name: "jane", ResourceVersion: jane.ResourceVersion}
		_, err := p.writeSeat(t.Context(), seats.Decision{Entry: entry, State: state, Reason: reason})
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(p.Live.Get(t.Context(), client.ObjectKeyFromObject(jane), jane)).To(Succeed())
	}
	write(seats.Waiting, seats.SeatLimitReached)
	g.Expect(jane.Status.Seat.Message).To(ContainSubstring("the one seat of Customer acme is in use"))
	write(seats.Assigned, seats.SeatAssigned)
	g.Expect(*jane.Status.Seat).To(Equal(v1alpha1.MemberSeat{
		State: v1alpha1.SeatAssigned, OrganizationID: "org_1", Reason: string(seats.SeatAssigned), Since: jane.Status.Seat.Since,
	}))
}

// TestSeatsAssignedWithConnectionsInTrouble: a pass that gives seats although the
// connections are not as declared has not dealt with what was asked of it.
func TestSeatsAssignedWithConnectionsInTrouble(t *testing.T) {
	g := NewWithT(t)
	p, jane := contract(t)
	p.customer.Annotations = map[string]string{v1alpha1.AnnotationReconcileRequestedAt: "now"}
	p.connectionsErr = pass.Person(v1alpha1.ReasonConnectionNotFound, "Auth0 has no connection okta")
	g.Expect(p.assign(t.Context(), []seats.Entry{{Name: "jane", ResourceVersion: jane.ResourceVersion}}, nil)).To(Succeed())
	g.Expect(p.Live.Get(t.Context(), client.ObjectKeyFromObject(jane), jane)).To(Succeed())
	g.Expect(jane.Status.Seat.State).To(Equal(v1alpha1.SeatAssigned))
	written := &v1alpha1.Customer{}
	g.Expect(p.Live.Get(t.Context(), client.ObjectKeyFromObject(p.customer), written)).To(Succeed())
	g.Expect(written.Status.Assigning).To(HaveLen(1))
	g.Expect(written.Status.LastHandledReconcileAt).To(BeEmpty())
}

// TestStatusStaysStalledWhileSeatsAreGiven: connections that a person must correct
// are told of once, however many seats are given meanwhile.
func TestStatusStaysStalledWhileSeatsAreGiven(t *testing.T) {
	g := NewWithT(t)
	first, jane := contract(t)
	recorder := events.NewFakeRecorder(10)
	first.Recorder = recorder
	notFound := pass.Person(v1alpha1.ReasonConnectionNotFound, "Auth0 has no connection okta")
	_, err := first.finish(t.Context(), notFound)
	g.Expect(err).NotTo(HaveOccurred())
	for range 2 {
		g.Expect(first.Live.Get(t.Context(), client.ObjectKeyFromObject(jane), jane)).To(Succeed())
		next := newPass(first.Reconciler, first.customer.DeepCopy())
		next.tenant, next.org, next.connectionsErr = first.tenant, first.org, notFound
		g.Expect(next.assign(t.Context(), []seats.Entry{{Name: "jane", ResourceVersion: jane.ResourceVersion}}, nil)).To(Succeed())
		_, err := next.finish(t.Context(), next.connectionsErr)
		g.Expect(err).NotTo(HaveOccurred())
		first.customer = next.customer
	}
	g.Expect(recorder.Events).To(HaveLen(1))
	g.Expect(<-recorder.Events).To(HavePrefix("Warning ConnectionNotFound"))
}

// TestSeatsOfWhoCannotBeRead: Members that were read without their address keep their
// seats, each one, and nothing is decided about them.
func TestSeatsOfWhoCannotBeRead(t *testing.T) {
	g := NewWithT(t)
	p, jane := contract(t)
	_, err := p.org.Observe(t.Context(), p.tenant.Now())
	g.Expect(err).NotTo(HaveOccurred())
	members := []v1alpha1.Member{*jane, *jane, *jane}
	for i, name := range []string{"a", "b", "c"} {
		members[i].Name, members[i].Unreadable = name, "spec.email"
		members[i].Status.Seat = &v1alpha1.MemberSeat{State: v1alpha1.SeatAssigned, OrganizationID: "org_1"}
	}
	members[2].Status.Seat.State = v1alpha1.SeatWaiting
	plan := seats.Decide(p.seatFacts(members))
	g.Expect(plan.InUse).To(Equal(2))
	g.Expect(plan.Decide).To(BeEmpty())
	g.Expect(plan.Assign).To(BeEmpty())
}

// noReader reads nothing past the cache.
type noReader struct{ client.Reader }

var errLive = errors.New("read past the cache")

func (noReader) List(context.Context, client.ObjectList, ...client.ListOption) error { return errLive }

// TestSeatsAreGivenByALiveList: the cache may be old. Where it shows nothing to decide,
// nothing is, and no list past it is needed; a seat is given by a live list only.
func TestSeatsAreGivenByALiveList(t *testing.T) {
	for name, its := range map[string]struct {
		seat   *v1alpha1.MemberSeat
		ledger []v1alpha1.SeatAssignment
		live   bool
	}{
		"settled":                      {seat: &v1alpha1.MemberSeat{State: v1alpha1.SeatAssigned, OrganizationID: "org_1"}},
		"without a seat":               {live: true},
		"waits":                        {seat: &v1alpha1.MemberSeat{State: v1alpha1.SeatWaiting, OrganizationID: "org_1"}, live: true},
		"seat in another organization": {seat: &v1alpha1.MemberSeat{State: v1alpha1.SeatAssigned, OrganizationID: "org_2"}, live: true},
		"ledger left":                  {seat: &v1alpha1.MemberSeat{State: v1alpha1.SeatAssigned, OrganizationID: "org_1"}, ledger: []v1alpha1.SeatAssignment{{Name: "jane"}}, live: true},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			p, jane := contract(t)
			now, looks, cut, holders := nobody{}.Now(), 0, false, []auth0.User(nil)
			p.tenant = directory.New().Put("default", v1alpha1.Auth0TenantSpec{}, lists{now: &now, looks: &looks, cut: &cut, holders: &holders})
			p.org = p.tenant.Organization("org_1")
			_, err := p.org.Observe(t.Context(), now)
			g.Expect(err).NotTo(HaveOccurred())
			p.customer.Spec.Domains = []v1alpha1.DomainPattern{"acme.com"}
			p.customer.Status.Assigning = its.ledger
			jane.Spec.Email, jane.Status.Seat = "jane@acme.com", its.seat
			jane.Finalizers = []string{v1alpha1.Finalizer}
			p.members, p.Live = []v1alpha1.Member{*jane}, noReader{}
			err = p.assignSeats(t.Context())
			if its.live {
				g.Expect(err).To(MatchError(errLive))
				g.Expect(p.facts.SeatsPending).To(BeTrue())
				return
			}
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(p.facts.SeatsPending).To(BeFalse())
			g.Expect(p.facts.Seats.Used).To(BeEquivalentTo(1))
		})
	}
}
