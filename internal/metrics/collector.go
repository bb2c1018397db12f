// Package metrics counts what the cache holds, when it is asked: nothing is kept in
// step, and no series outlives its object. Labels name Customers, never a person.
package metrics

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

// patience is how long one scrape may wait for a cache that is being filled.
const patience = 5 * time.Second

// The labels of a Customer. They are not called namespace, which Prometheus has for
// where the operator runs.
var ofCustomer = []string{"customer_namespace", "customer"}

var (
	objectsDesc = prometheus.NewDesc("seatwarden_objects",
		"Objects of a kind.", []string{"kind"}, nil)
	conditionsDesc = prometheus.NewDesc("seatwarden_conditions",
		"Objects of a kind that have a condition with this status and reason.", []string{"kind", "type", "status", "reason"}, nil)
	contractSeatsDesc = prometheus.NewDesc("seatwarden_customer_contract_seats",
		"Seats that the contract has, spec.seats.", ofCustomer, nil)
	usedSeatsDesc = prometheus.NewDesc("seatwarden_customer_used_seats",
		"Seats in use, those that are being taken back included.", ofCustomer, nil)
	peopleDesc = prometheus.NewDesc("seatwarden_customer_people",
		"People of a Customer: Declared (has a Member), Assigned (their Member has a seat), Active (can sign in), Invited (their link is alive), "+
			"Waiting (for a seat), Removing (access is being taken), Held (the removal waits for approval). One may be counted in several.", append(ofCustomer, "state"), nil)
	unmanagedDesc = prometheus.NewDesc("seatwarden_customer_unmanaged",
		"What people hold in the organization whom no Member declares: Member, Invitation, Grant.", append(ofCustomer, "holds"), nil)
	invitationsDesc = prometheus.NewDesc("seatwarden_customer_invitations",
		"Members by what became of their last invitation: Sent, Accepted, Expired, Consumed.", append(ofCustomer, "state"), nil)
	invitationAgesDesc = prometheus.NewDesc("seatwarden_invitations",
		"Members by what became of their last invitation, and by how long ago it was sent: up to 1h, 1d, 3d, 7d, or older.", []string{"state", "age"}, nil)
	removalAgesDesc = prometheus.NewDesc("seatwarden_removals",
		"Removals by state (Pending, Held, Removing, Removed, Deleting, Done), and by how long ago they were asked for: up to 1m, 10m, 1h, 1d, or older.", []string{"state", "age"}, nil)
	feedDesc = prometheus.NewDesc("seatwarden_auth0_feed",
		"1 for what tells of changes in Auth0: EventStream, TenantLog or None, by tenant domain.", []string{"tenant", "feed"}, nil)
)

// Collector counts what the cache holds. Its cost is one pass over the objects, which
// it neither copies nor keeps.
type Collector struct {
	// Cache is read; it is not written to, nor are its objects.
	Cache client.Reader
	// Leads tells whether this replica works. One that waits says nothing, or
	// everything would be counted twice.
	Leads func() bool
	// Now is the clock that ages are told by.
	Now func() time.Time
}

// Describe implements prometheus.Collector.
func (c *Collector) Describe(into chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{
		objectsDesc, conditionsDesc, contractSeatsDesc, usedSeatsDesc, peopleDesc, unmanagedDesc,
		invitationsDesc, invitationAgesDesc, removalAgesDesc, feedDesc,
	} {
		into <- desc
	}
}

// Collect implements prometheus.Collector. While the cache cannot be read it leaves its
// metrics out: those of the process are worth having without them.
func (c *Collector) Collect(into chan<- prometheus.Metric) {
	if !c.Leads() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	count := newTally(c.Now())
	if count.all(ctx, c.Cache) == nil {
		count.emit(into)
	}
}

// all goes once over each kind.
func (t *tally) all(ctx context.Context, cache client.Reader) error {
	tenants, customers, members, removals := &v1alpha1.Auth0TenantList{}, &v1alpha1.CustomerList{}, &v1alpha1.MemberList{}, &v1alpha1.RemovalList{}
	for _, list := range []client.ObjectList{tenants, customers, members, removals} {
		if err := cache.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
			return fmt.Errorf("list from the cache: %w", err)
		}
	}
	t.objects = map[string]int{
		"Auth0Tenant": len(tenants.Items), "Customer": len(customers.Items), "Member": len(members.Items), "Removal": len(removals.Items),
	}
	for i := range tenants.Items {
		t.tenant(&tenants.Items[i])
	}
	for i := range customers.Items {
		t.customer(&customers.Items[i])
	}
	for i := range members.Items {
		t.member(&members.Items[i])
	}
	for i := range removals.Items {
		t.removal(&removals.Items[i])
	}
	return nil
}
