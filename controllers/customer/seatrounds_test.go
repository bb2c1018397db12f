package customer

import (
	"cmp"
	"context"
	"errors"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// looked counts the looks at an organization in which nobody is.
type looked struct {
	nobody

	looks *int
}

func (l looked) Invitations(context.Context, string) ([]auth0.Invitation, bool, error) {
	*l.looks++
	return nil, false, nil
}

// TestSeatsLookUnlessNobodyElseGave: a round looks at Auth0 before it gives seats, as
// whoever lost their status may hold one; but for one that follows a round of this
// process after which nobody else wrote the Customer, and everybody kept their seat.
func TestSeatsLookUnlessNobodyElseGave(t *testing.T) {
	seated := func(uid string) v1alpha1.Member {
		return v1alpha1.Member{
			ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: uid, UID: types.UID(uid), Finalizers: []string{v1alpha1.Finalizer}},
			Spec:       v1alpha1.MemberSpec{Email: v1alpha1.Email(uid + "@acme.example")},
			Status:     v1alpha1.MemberStatus{Seat: &v1alpha1.MemberSeat{State: v1alpha1.SeatAssigned, OrganizationID: "org_1"}},
		}
	}
	another := errors.New("the status was not written")
	for name, test := range map[string]struct {
		made   bool
		ended  error
		change func(customer *v1alpha1.Customer, members []v1alpha1.Member) []v1alpha1.Member
		// settled is how often what nobody told of is looked for; an hour if it is zero.
		settled time.Duration
		looks   int
	}{
		"this process made the organization": {made: true},
		"as the round left it":               {},
		"it was looked at long ago":          {settled: time.Minute, looks: 1},
		"the Customer was written":           {looks: 1, change: func(c *v1alpha1.Customer, m []v1alpha1.Member) []v1alpha1.Member { c.ResourceVersion = "8"; return m }},
		"a status was lost":                  {looks: 1, change: func(_ *v1alpha1.Customer, m []v1alpha1.Member) []v1alpha1.Member { m[0].Status.Seat = nil; return m }},
		"a Member is gone":                   {looks: 1, change: func(_ *v1alpha1.Customer, m []v1alpha1.Member) []v1alpha1.Member { return m[1:] }},
		"a Member was made anew":             {looks: 1, change: func(_ *v1alpha1.Customer, m []v1alpha1.Member) []v1alpha1.Member { m[0].UID = "anew"; return m }},
		"somebody else gave a seat":          {looks: 1, change: func(_ *v1alpha1.Customer, m []v1alpha1.Member) []v1alpha1.Member { return append(m, seated("eve")) }},
		"the round failed":                   {looks: 1, ended: another},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			looks := 0
			tenant := directory.New().Put("default", v1alpha1.Auth0TenantSpec{Domain: "acme.eu.auth0.com"}, looked{looks: &looks})
			org := tenant.Organization("org_1")
			org.NoteMade(auth0.Organization{ID: "org_1"}, tenant.Now().Add(-time.Minute))
			members := []v1alpha1.Member{seated("bob"), seated("carl")}
			last, _ := contract(t)
			last.org, last.customer.ResourceVersion = org, "7"
			last.seatsKnown, last.seated = true, []string{"carl", "bob"}
			last.noteRound(test.ended)

			p, jane := contract(t)
			p.tenant, p.org, p.made, p.customer.Spec.Seats = tenant, org, test.made, 5
			p.SettledInterval = cmp.Or(test.settled, time.Hour)
			p.customer.ResourceVersion, p.customer.Spec.Domains = "7", []v1alpha1.DomainPattern{"acme.example"}
			if test.change != nil {
				members = test.change(p.customer, members)
			}
			p.read = p.customer.ResourceVersion
			jane.UID, jane.Spec.Email, jane.Finalizers = "jane", "jane@acme.example", []string{v1alpha1.Finalizer}
			plan, err := p.plan(t.Context(), append(members, *jane))
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(plan.Assign).NotTo(BeEmpty())
			g.Expect(looks).To(Equal(test.looks))
		})
	}
}

// TestSeatsRoundIsNotedWithWhomItGave: whom a round gave a seat has one when the next
// round begins.
func TestSeatsRoundIsNotedWithWhomItGave(t *testing.T) {
	g := NewWithT(t)
	looks := 0
	p, jane := contract(t)
	tenant := directory.New().Put("default", v1alpha1.Auth0TenantSpec{Domain: "acme.eu.auth0.com"}, looked{looks: &looks})
	p.tenant, p.org, p.made = tenant, tenant.Organization("org_1"), true
	p.org.NoteMade(auth0.Organization{ID: "org_1"}, tenant.Now().Add(-time.Minute))
	p.customer.Spec.Domains = []v1alpha1.DomainPattern{"acme.example"}
	listed := *jane
	listed.UID, listed.Spec.Email, listed.Finalizers = "jane", "jane@acme.example", []string{v1alpha1.Finalizer}
	plan, err := p.plan(t.Context(), []v1alpha1.Member{listed})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(plan.Assign).To(HaveLen(1))
	g.Expect(p.assign(t.Context(), plan.Assign, nil)).To(Succeed())
	_, err = p.finish(t.Context(), nil)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(p.customer.ResourceVersion).NotTo(Equal(p.read))
	g.Expect(p.org.RoundStands(p.customer.ResourceVersion, []string{"jane"})).To(BeTrue())
	g.Expect(p.org.RoundStands(p.read, []string{"jane"})).To(BeFalse())
	g.Expect(looks).To(BeZero())
}

// created is an Auth0 that has no organization, and keeps what is made.
type created struct {
	nobody

	made *auth0.OrganizationCreate
}

func (created) OrganizationByName(context.Context, string) (auth0.Organization, error) {
	return auth0.Organization{}, &auth0.Error{Kind: auth0.KindNotFound}
}

func (created) ListOrganizations(context.Context) ([]auth0.Organization, error) { return nil, nil }

func (c created) CreateOrganization(_ context.Context, create auth0.OrganizationCreate) (auth0.Organization, error) {
	*c.made = create
	return auth0.Organization{ID: "org_new", Name: create.Name, DisplayName: create.DisplayName, Metadata: create.Metadata}, nil
}

// TestHandsOffOrganizationIsMadeWhole: an organization is made with all our marks in
// one call, so that nothing is left to write, and is known to be empty.
func TestHandsOffOrganizationIsMadeWhole(t *testing.T) {
	g := NewWithT(t)
	made := auth0.OrganizationCreate{}
	p, _ := contract(t)
	p.tenant = directory.New().Put("default", v1alpha1.Auth0TenantSpec{Domain: "acme.eu.auth0.com"}, created{made: &made})
	p.InstanceKey, p.facts.Guard = []byte("a key of the instance"), v1alpha1.GuardEnforce
	g.Expect(p.findOrganization(t.Context())).To(Succeed())
	g.Expect(p.syncOrganization(t.Context())).To(Succeed(), "no other call is made")
	g.Expect(ownership.Marker(made.Metadata)).To(Equal(p.owner().String()))
	g.Expect(ownership.Guarded(made.Metadata)).To(BeTrue())
	g.Expect(made.Metadata).To(HaveKeyWithValue(ownership.MetadataSeats, "1"))
	g.Expect(made.Metadata[ownership.MetadataKey]).To(HaveLen(32))
	g.Expect(p.org.Key()).To(Equal(made.Metadata[ownership.MetadataKey]))
	g.Expect(p.facts.Guarded).To(BeTrue())
	g.Expect(p.org.Latest()).NotTo(BeNil())
	enabled, at, _ := p.org.Connections()
	g.Expect(enabled).To(BeEmpty())
	g.Expect(at).NotTo(BeZero())
}
