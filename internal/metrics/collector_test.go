package metrics

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/expfmt"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

var now = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

// held is a cache of these objects. Whoever lists must not have them copied.
type held struct {
	client.Reader
	tenants   []v1alpha1.Auth0Tenant
	customers []v1alpha1.Customer
	members   []v1alpha1.Member
	removals  []v1alpha1.Removal
	fails     error
}

func (h *held) List(_ context.Context, into client.ObjectList, opts ...client.ListOption) error {
	asked := (&client.ListOptions{}).ApplyOptions(opts)
	if asked.UnsafeDisableDeepCopy == nil || !*asked.UnsafeDisableDeepCopy {
		return errors.New("100,000 objects would be copied")
	}
	switch into := into.(type) {
	case *v1alpha1.Auth0TenantList:
		into.Items = h.tenants
	case *v1alpha1.CustomerList:
		into.Items = h.customers
	case *v1alpha1.MemberList:
		into.Items = h.members
	case *v1alpha1.RemovalList:
		into.Items = h.removals
	}
	return h.fails
}

func collector(cache *held) *Collector {
	return &Collector{Cache: cache, Leads: func() bool { return true }, Now: func() time.Time { return now }}
}

func member(name string, state v1alpha1.InvitationState, sent time.Duration) v1alpha1.Member {
	m := v1alpha1.Member{
		ObjectMeta: metav1.ObjectMeta{Namespace: "sales", Name: name},
		Spec:       v1alpha1.MemberSpec{CustomerRef: v1alpha1.CustomerRef{Name: "acme"}, Email: v1alpha1.Email(name + "@acme.com")},
		Status: v1alpha1.MemberStatus{
			Seat: &v1alpha1.MemberSeat{State: v1alpha1.SeatAssigned},
			Conditions: []metav1.Condition{
				{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonInvited, Message: name + "@acme.com"},
				{Type: v1alpha1.ConditionActive, Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonInvited},
			},
		},
	}
	if state != "" {
		m.Status.Invitation = &v1alpha1.MemberInvitation{ID: "uinv_1", State: state, SentAt: metav1.NewTime(now.Add(-sent))}
	}
	return m
}

func removal(name string, state v1alpha1.RemovalState, requested time.Duration) v1alpha1.Removal {
	return v1alpha1.Removal{
		ObjectMeta: metav1.ObjectMeta{Namespace: "sales", Name: "acme-" + name},
		Spec: v1alpha1.RemovalSpec{
			CustomerRef: v1alpha1.RemovalCustomer{Name: "acme"}, Email: v1alpha1.Email(name + "@acme.com"), RequestedAt: metav1.NewMicroTime(now.Add(-requested)),
		},
		Status: v1alpha1.RemovalStatus{State: state, Conditions: []metav1.Condition{
			{Type: v1alpha1.ConditionAccessRemoved, Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonRemoving, Message: name + "@acme.com"},
		}},
	}
}

func world() *held {
	waiting := member("wait", "", 0)
	waiting.Status.Seat.State = v1alpha1.SeatWaiting
	nobodys := member("nobodys", v1alpha1.InvitationSent, time.Minute)
	nobodys.Spec.CustomerRef.Name = "gone"
	return &held{
		tenants: []v1alpha1.Auth0Tenant{{
			Spec:   v1alpha1.Auth0TenantSpec{Domain: "acme.eu.auth0.com"},
			Status: v1alpha1.Auth0TenantStatus{Feed: &v1alpha1.TenantFeed{Name: v1alpha1.FeedTenantLog}},
		}, {Spec: v1alpha1.Auth0TenantSpec{Domain: "acme.eu.auth0.com"}}},
		customers: []v1alpha1.Customer{{
			ObjectMeta: metav1.ObjectMeta{Namespace: "sales", Name: "acme"},
			Spec:       v1alpha1.CustomerSpec{Seats: 5},
			Status: v1alpha1.CustomerStatus{
				Seats:        &v1alpha1.SeatCounts{Used: 4, Active: 1, Invited: 2, Waiting: 1, Removing: 1},
				HeldRemovals: &v1alpha1.HeldRemovals{Hash: "h", People: 3},
				Unmanaged:    &v1alpha1.Unmanaged{Members: 2, Invitations: 1, Sample: []v1alpha1.UnmanagedPerson{{Email: "other@acme.com"}}},
			},
		}},
		members: []v1alpha1.Member{
			member("a", v1alpha1.InvitationAccepted, 8*24*time.Hour), member("b", v1alpha1.InvitationSent, time.Hour),
			member("c", v1alpha1.InvitationSent, time.Hour+time.Second), waiting, nobodys,
		},
		removals: []v1alpha1.Removal{
			removal("gone", v1alpha1.RemovalHeld, 2*time.Hour), removal("going", v1alpha1.RemovalRemoving, time.Minute), removal("asked", "", time.Second),
		},
	}
}

func TestMetricsCountWhatTheCacheHolds(t *testing.T) {
	g := NewWithT(t)
	for name, lines := range map[string]string{
		"seatwarden_objects":                 `{kind="Auth0Tenant"} 2|{kind="Customer"} 1|{kind="Member"} 5|{kind="Removal"} 3`,
		"seatwarden_conditions":              `{kind="Member",reason="Invited",status="False",type="Active"} 5|{kind="Member",reason="Invited",status="True",type="Ready"} 5|{kind="Removal",reason="Removing",status="False",type="AccessRemoved"} 3`,
		"seatwarden_customer_contract_seats": `{customer="acme",customer_namespace="sales"} 5`,
		"seatwarden_customer_used_seats":     `{customer="acme",customer_namespace="sales"} 4`,
		"seatwarden_customer_people": `{customer="acme",customer_namespace="sales",state="Active"} 1|{customer="acme",customer_namespace="sales",state="Assigned"} 3|` +
			`{customer="acme",customer_namespace="sales",state="Declared"} 4|{customer="acme",customer_namespace="sales",state="Held"} 3|` +
			`{customer="acme",customer_namespace="sales",state="Invited"} 2|{customer="acme",customer_namespace="sales",state="Removing"} 1|{customer="acme",customer_namespace="sales",state="Waiting"} 1`,
		"seatwarden_customer_unmanaged": `{customer="acme",customer_namespace="sales",holds="Grant"} 0|{customer="acme",customer_namespace="sales",holds="Invitation"} 1|{customer="acme",customer_namespace="sales",holds="Member"} 2`,
		"seatwarden_customer_invitations": `{customer="acme",customer_namespace="sales",state="Accepted"} 1|{customer="acme",customer_namespace="sales",state="Consumed"} 0|` +
			`{customer="acme",customer_namespace="sales",state="Expired"} 0|{customer="acme",customer_namespace="sales",state="Sent"} 2`,
		"seatwarden_auth0_feed": `{feed="EventStream",tenant="acme.eu.auth0.com"} 0|{feed="None",tenant="acme.eu.auth0.com"} 0|{feed="TenantLog",tenant="acme.eu.auth0.com"} 1`,
	} {
		var text strings.Builder
		for line := range strings.SplitSeq(lines, "|") {
			text.WriteString(name + line + "\n")
		}
		g.Expect(told(collector(world()), name)).To(Equal(text.String()))
	}
	for _, line := range []string{
		`seatwarden_invitations{age="1h",state="Sent"} 2`, `seatwarden_invitations{age="1d",state="Sent"} 1`,
		`seatwarden_invitations{age="older",state="Accepted"} 1`, `seatwarden_invitations{age="7d",state="Expired"} 0`,
		`seatwarden_removals{age="1d",state="Held"} 1`, `seatwarden_removals{age="1m",state="Removing"} 1`, `seatwarden_removals{age="1m",state="Pending"} 1`, `seatwarden_removals{age="older",state="Held"} 0`,
	} {
		g.Expect(told(collector(world()), "")).To(ContainSubstring(line + "\n"))
	}
	problems, err := testutil.CollectAndLint(collector(world()))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(problems).To(BeEmpty())
}

func TestSecretsNoPersonStandsInAMetric(t *testing.T) {
	g := NewWithT(t)
	g.Expect(told(collector(world()), "")).NotTo(ContainSubstring("@"))
}

// TestMetricsAreFewWhateverTheMembers: their number is that of Customers, not of people.
func TestMetricsAreFewWhateverTheMembers(t *testing.T) {
	g := NewWithT(t)
	few := world()
	many := world()
	for i := range 5000 {
		many.members = append(many.members, member(fmt.Sprintf("m%d", i), v1alpha1.InvitationSent, time.Hour))
		many.removals = append(many.removals, removal(fmt.Sprintf("m%d", i), v1alpha1.RemovalRemoved, time.Hour))
	}
	g.Expect(testutil.CollectAndCount(collector(many))).To(Equal(testutil.CollectAndCount(collector(few))))
}

// TestMetricsOfAReplicaThatWaits: it has none of the cluster, or each would count twice;
// nor has one whose cache cannot be read. The other metrics are told all the same.
func TestMetricsOfAReplicaThatWaits(t *testing.T) {
	g := NewWithT(t)
	waits := collector(world())
	waits.Leads = func() bool { return false }
	g.Expect(told(waits, "")).To(BeEmpty())
	broken := world()
	broken.fails = errors.New("the cache is not started")
	g.Expect(told(collector(broken), "")).To(BeEmpty())
}

// told is the text of a metric, of all where the name is empty.
func told(c *Collector, name string) string {
	registry := prometheus.NewRegistry()
	registry.MustRegister(c)
	families, err := registry.Gather()
	if err != nil {
		return err.Error()
	}
	var text, lines strings.Builder
	for _, family := range families {
		if name == "" || family.GetName() == name {
			if _, err := expfmt.MetricFamilyToText(&text, family); err != nil {
				return err.Error()
			}
		}
	}
	for line := range strings.Lines(text.String()) {
		if !strings.HasPrefix(line, "#") {
			lines.WriteString(line)
		}
	}
	return lines.String()
}

func many(customers, each int) *held {
	all := world()
	one, members := all.customers[0], all.members[:3]
	all.customers, all.members = nil, nil
	for i := range customers {
		one.Name = fmt.Sprintf("customer-%d", i)
		all.customers = append(all.customers, one)
		for j := range each {
			m := members[j%3]
			m.Spec.CustomerRef.Name = one.Name
			all.members = append(all.members, m)
		}
	}
	return all
}

// BenchmarkScrape is one scrape with 100,000 Members in 2,000 Customers.
func BenchmarkScrape(b *testing.B) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collector(many(2000, 50)))
	runtime.GC()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := registry.Gather(); err != nil {
			b.Fatal(err)
		}
	}
}
