package metrics

import (
	"cmp"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

var (
	invitationStates = []v1alpha1.InvitationState{
		v1alpha1.InvitationSent, v1alpha1.InvitationAccepted, v1alpha1.InvitationExpired, v1alpha1.InvitationConsumed,
	}
	removalStates = []v1alpha1.RemovalState{
		v1alpha1.RemovalPending, v1alpha1.RemovalHeld, v1alpha1.RemovalRemoving,
		v1alpha1.RemovalRemoved, v1alpha1.RemovalDeleting, v1alpha1.RemovalDone,
	}
	invitationAges = ages{{"1h", time.Hour}, {"1d", 24 * time.Hour}, {"3d", 3 * 24 * time.Hour}, {"7d", 7 * 24 * time.Hour}}
	removalAges    = ages{{"1m", time.Minute}, {"10m", 10 * time.Minute}, {"1h", time.Hour}, {"1d", 24 * time.Hour}}
)

// older is the age beyond the last of a list.
const older = "older"

// ages are what an age is told by: each up to its length, and longer than the one before.
type ages []struct {
	name string
	upTo time.Duration
}

func (a ages) of(age time.Duration) string {
	for _, is := range a {
		if age <= is.upTo {
			return is.name
		}
	}
	return older
}

func (a ages) names() (names []string) {
	for _, is := range a {
		names = append(names, is.name)
	}
	return append(names, older)
}

type (
	customerKey  struct{ namespace, name string }
	conditionKey struct {
		kind, of string
		status   metav1.ConditionStatus
		reason   string
	}
	agedKey struct{ state, age string }
)

// ofOne is what is counted of one Customer.
type ofOne struct {
	contract    int32
	seats       v1alpha1.SeatCounts
	held        int32
	declared    int
	assigned    int
	unmanaged   v1alpha1.Unmanaged
	invitations map[v1alpha1.InvitationState]int
}

// tally is what one pass over the cache counts.
type tally struct {
	now         time.Time
	objects     map[string]int
	conditions  map[conditionKey]int
	customers   map[customerKey]*ofOne
	invitations map[agedKey]int
	removals    map[agedKey]int
	feeds       map[string]string
}

func newTally(now time.Time) *tally {
	return &tally{
		now: now, conditions: map[conditionKey]int{}, customers: map[customerKey]*ofOne{},
		invitations: map[agedKey]int{}, removals: map[agedKey]int{}, feeds: map[string]string{},
	}
}

func (t *tally) has(kind string, conditions []metav1.Condition) {
	for i := range conditions {
		condition := &conditions[i]
		t.conditions[conditionKey{kind, condition.Type, condition.Status, condition.Reason}]++
	}
}

// noFeed is what tells of changes where no feed does: nothing.
const noFeed = "None"

func (t *tally) tenant(tenant *v1alpha1.Auth0Tenant) {
	t.has("Auth0Tenant", tenant.Status.Conditions)
	if feed := tenant.Status.Feed; feed != nil {
		t.feeds[tenant.Spec.Domain] = string(feed.Name)
		return
	}
	// Two Auth0Tenants may name one domain; the younger of them follows no feed.
	if t.feeds[tenant.Spec.Domain] == "" {
		t.feeds[tenant.Spec.Domain] = noFeed
	}
}

func (t *tally) customer(customer *v1alpha1.Customer) {
	t.has("Customer", customer.Status.Conditions)
	one := &ofOne{contract: customer.Spec.Seats, invitations: map[v1alpha1.InvitationState]int{}}
	if counts := customer.Status.Seats; counts != nil {
		one.seats = *counts
	}
	if held := customer.Status.HeldRemovals; held != nil {
		one.held = held.People
	}
	if unmanaged := customer.Status.Unmanaged; unmanaged != nil {
		one.unmanaged = *unmanaged
	}
	t.customers[customerKey{customer.Namespace, customer.Name}] = one
}

// member is counted with its Customer, if there is one: a Member may name any.
func (t *tally) member(member *v1alpha1.Member) {
	t.has("Member", member.Status.Conditions)
	one := t.customers[customerKey{member.Namespace, member.Spec.CustomerRef.Name}]
	if one != nil {
		one.declared++
		if seat := member.Status.Seat; seat != nil && seat.State == v1alpha1.SeatAssigned {
			one.assigned++
		}
	}
	invitation := member.Status.Invitation
	if invitation == nil {
		return
	}
	t.invitations[agedKey{string(invitation.State), invitationAges.of(t.now.Sub(invitation.SentAt.Time))}]++
	if one != nil {
		one.invitations[invitation.State]++
	}
}

// removal counts one without a state as what that means: Pending.
func (t *tally) removal(removal *v1alpha1.Removal) {
	t.has("Removal", removal.Status.Conditions)
	state := cmp.Or(removal.Status.State, v1alpha1.RemovalPending)
	t.removals[agedKey{string(state), removalAges.of(t.now.Sub(removal.Spec.RequestedAt.Time))}]++
}

// emit tells zeros too, so that what ends is seen to end; but for conditions, of which
// most combinations do not exist.
func (t *tally) emit(into chan<- prometheus.Metric) {
	gauge := func(desc *prometheus.Desc, value int, labels ...string) {
		into <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(value), labels...)
	}
	for kind, count := range t.objects {
		gauge(objectsDesc, count, kind)
	}
	for key, count := range t.conditions {
		gauge(conditionsDesc, count, key.kind, key.of, string(key.status), key.reason)
	}
	for key, one := range t.customers {
		one.emit(gauge, key)
	}
	for _, state := range invitationStates {
		for _, age := range invitationAges.names() {
			gauge(invitationAgesDesc, t.invitations[agedKey{string(state), age}], string(state), age)
		}
	}
	for _, state := range removalStates {
		for _, age := range removalAges.names() {
			gauge(removalAgesDesc, t.removals[agedKey{string(state), age}], string(state), age)
		}
	}
	for domain, inUse := range t.feeds {
		for _, feed := range []string{string(v1alpha1.FeedEventStream), string(v1alpha1.FeedTenantLog), noFeed} {
			value := 0
			if feed == inUse {
				value = 1
			}
			gauge(feedDesc, value, domain, feed)
		}
	}
}

func (o *ofOne) emit(gauge func(*prometheus.Desc, int, ...string), key customerKey) {
	gauge(contractSeatsDesc, int(o.contract), key.namespace, key.name)
	gauge(usedSeatsDesc, int(o.seats.Used), key.namespace, key.name)
	for state, count := range map[string]int{
		"Declared": o.declared, "Assigned": o.assigned, "Active": int(o.seats.Active), "Invited": int(o.seats.Invited),
		"Waiting": int(o.seats.Waiting), "Removing": int(o.seats.Removing), "Held": int(o.held),
	} {
		gauge(peopleDesc, count, key.namespace, key.name, state)
	}
	for holds, count := range map[v1alpha1.UnmanagedKind]int32{
		v1alpha1.UnmanagedMember: o.unmanaged.Members, v1alpha1.UnmanagedInvitation: o.unmanaged.Invitations, v1alpha1.UnmanagedGrant: o.unmanaged.Grants,
	} {
		gauge(unmanagedDesc, int(count), key.namespace, key.name, string(holds))
	}
	for _, state := range invitationStates {
		gauge(invitationsDesc, o.invitations[state], key.namespace, key.name, string(state))
	}
}
