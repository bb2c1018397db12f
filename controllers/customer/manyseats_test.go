package customer

import (
	"context"
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/seats"
)

// crowd is a Customer with some seats and more Members than these.
type crowd struct {
	client.WithWatch

	pass *customerPass
	// lists of Members past the cache.
	lists int
	// ledgers are how many lines each write of the Customer's status had.
	ledgers []int
	// written is called after each write of the Customer's status.
	written func()
}

func crowdOf(t *testing.T, seated int32, members int) *crowd {
	t.Helper()
	g := NewWithT(t)
	customer := &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "acme"}, Spec: v1alpha1.CustomerSpec{Seats: seated, Domains: []v1alpha1.DomainPattern{"acme.com"}}}
	objects := []client.Object{customer}
	for i := range members {
		name := fmt.Sprintf("m%04d", i)
		objects = append(objects, &v1alpha1.Member{
			ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: name, UID: types.UID(name), Finalizers: []string{v1alpha1.Finalizer}},
			Spec:       v1alpha1.MemberSpec{CustomerRef: v1alpha1.CustomerRef{Name: "acme"}, Email: v1alpha1.Email(name + "@acme.com")},
		})
	}
	c := &crowd{written: func() {}}
	c.WithWatch = clusterOf(t, objects...)
	live := interceptor.NewClient(c.WithWatch, interceptor.Funcs{
		List: func(ctx context.Context, inner client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			if _, members := list.(*v1alpha1.MemberList); members {
				c.lists++
			}
			return inner.List(ctx, list, opts...)
		},
	})
	writing := interceptor.NewClient(c.WithWatch, interceptor.Funcs{
		SubResourcePatch: func(ctx context.Context, inner client.Client, sub string, obj client.Object, patch client.Patch, opts ...client.SubResourcePatchOption) error {
			err := inner.SubResource(sub).Patch(ctx, obj, patch, opts...)
			if written, ok := obj.(*v1alpha1.Customer); ok && err == nil {
				c.ledgers = append(c.ledgers, len(written.Status.Assigning))
				c.written()
			}
			return err
		},
	})
	g.Expect(c.Get(t.Context(), client.ObjectKeyFromObject(customer), customer)).To(Succeed())
	tenant := directory.New().Put("default", v1alpha1.Auth0TenantSpec{Domain: "acme.eu.auth0.com"}, nobody{})
	c.pass = newPass(&Reconciler{Client: writing, Live: live, Recorder: events.NewFakeRecorder(100), Now: nobody{}.Now, LiveInterval: time.Second, SettledInterval: time.Minute}, customer)
	c.pass.tenant, c.pass.org = tenant, tenant.Organization("org_1")
	_, err := c.pass.org.Observe(t.Context(), tenant.Now())
	g.Expect(err).NotTo(HaveOccurred())
	c.pass.members = c.members(g)
	return c
}

func (c *crowd) members(g *WithT) []v1alpha1.Member {
	list := &v1alpha1.MemberList{}
	g.Expect(c.List(context.Background(), list)).To(Succeed())
	return list.Items
}

func (c *crowd) with(g *WithT, state v1alpha1.SeatState) (n int) {
	for _, member := range c.members(g) {
		if member.Status.Seat != nil && member.Status.Seat.State == state {
			n++
		}
	}
	return n
}

// TestSeatsOfManyByOneList: all seats go by one list, a hundred on the ledger at a
// time, and never more than there are.
func TestSeatsOfManyByOneList(t *testing.T) {
	g := NewWithT(t)
	c := crowdOf(t, 220, 250)
	g.Expect(c.pass.assignSeats(t.Context())).To(Succeed())
	g.Expect(c.with(g, v1alpha1.SeatAssigned)).To(Equal(220))
	g.Expect(c.with(g, v1alpha1.SeatWaiting)).To(Equal(30))
	g.Expect(c.lists).To(Equal(1))
	g.Expect(c.ledgers).To(Equal([]int{seats.MaxAssignments, seats.MaxAssignments, 20}))
	g.Expect(c.pass.customer.Status.Assigning).To(BeEmpty())
	g.Expect(c.pass.facts.SeatsPending).To(BeFalse())

	// Once the cache shows that, it is not even listed.
	c.pass.members = c.members(g)
	g.Expect(c.pass.assignSeats(t.Context())).To(Succeed())
	g.Expect(c.lists).To(Equal(1))
	g.Expect(c.pass.facts.Seats).To(And(HaveField("Used", BeEquivalentTo(220)), HaveField("Waiting", BeEquivalentTo(30))))
}

// TestSeatsLoweredBetweenTwoHundreds: the contract is changed while a round gives its
// first hundred seats. The round ends.
func TestSeatsLoweredBetweenTwoHundreds(t *testing.T) {
	g := NewWithT(t)
	c := crowdOf(t, 220, 250)
	c.written = func() {
		customer := &v1alpha1.Customer{}
		g.Expect(c.Get(t.Context(), client.ObjectKeyFromObject(c.pass.customer), customer)).To(Succeed())
		customer.Spec.Seats = seats.MaxAssignments
		g.Expect(c.Update(t.Context(), customer)).To(Succeed())
	}
	g.Expect(apierrors.IsConflict(c.pass.assignSeats(t.Context()))).To(BeTrue())
	g.Expect(c.with(g, v1alpha1.SeatAssigned)).To(Equal(seats.MaxAssignments))
}

// TestSeatsOfWhoChangedSinceTheList: nobody else gets the seat of somebody who was
// chosen and changed, until a later round has looked at them.
func TestSeatsOfWhoChangedSinceTheList(t *testing.T) {
	g := NewWithT(t)
	c := crowdOf(t, seats.MaxAssignments+1, seats.MaxAssignments+10)
	c.written = func() {
		c.written = func() {}
		first := &c.pass.members[0]
		first.Labels = map[string]string{"changed": "now"}
		g.Expect(c.Update(t.Context(), first)).To(Succeed())
	}
	g.Expect(c.pass.assignSeats(t.Context())).To(Succeed())
	g.Expect(c.with(g, v1alpha1.SeatAssigned)).To(Equal(seats.MaxAssignments))
	g.Expect(c.pass.facts.SeatsPending).To(BeTrue())
	g.Expect(c.pass.again).To(BeNumerically("<", time.Second), "another round looks at them")
}

// TestStatusManyChangesAreOnePass: Members that change while their Customer rests from
// a pass are looked at together after it.
func TestStatusManyChangesAreOnePass(t *testing.T) {
	g := NewWithT(t)
	now := nobody{}.Now()
	r := &Reconciler{Now: func() time.Time { return now }}
	member := &v1alpha1.Member{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "jane"}, Spec: v1alpha1.MemberSpec{CustomerRef: v1alpha1.CustomerRef{Name: "acme"}}}
	acme := types.NamespacedName{Namespace: "n", Name: "acme"}
	woken := func() time.Duration {
		queue := &delays{}
		r.rested().Update(t.Context(), event.UpdateEvent{ObjectOld: member, ObjectNew: member}, queue)
		g.Expect(queue.after).To(HaveKey(acme))
		return queue.after[acme]
	}
	g.Expect(woken()).To(BeZero())
	r.rest(acme, 1000)
	g.Expect(woken()).To(Equal(400 * time.Millisecond))
	now = now.Add(300 * time.Millisecond)
	g.Expect(woken()).To(Equal(100 * time.Millisecond))
	now = now.Add(time.Second)
	g.Expect(woken()).To(BeZero())
	r.rest(types.NamespacedName{Namespace: "n", Name: "beta"}, 1_000_000)
	g.Expect(r.resting).To(HaveLen(1), "who has rested is forgotten")
	g.Expect(r.restLeft(types.NamespacedName{Namespace: "n", Name: "beta"})).To(Equal(longestRest))
}

// delays is a queue that notes for how long.
type delays struct {
	workqueue.TypedRateLimitingInterface[reconcile.Request]

	after map[types.NamespacedName]time.Duration
}

func (d *delays) AddAfter(request reconcile.Request, after time.Duration) {
	d.after = map[types.NamespacedName]time.Duration{request.NamespacedName: after}
}
