package status

import (
	"fmt"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

const (
	grantRoute  = "PATCH /api/v2/users/{id}"
	inviteRoute = "POST /api/v2/organizations/{id}/invitations"
	joinRoute   = "POST /api/v2/organizations/{id}/members"
	rolesRoute  = "POST /api/v2/organizations/{id}/members/{user_id}/roles"
	renameRoute = "PATCH /api/v2/organizations/{id}"
	createRoute = "POST /api/v2/organizations"
	enableRoute = "POST /api/v2/organizations/{id}/enabled_connections"
)

func plan(routes ...string) Plan {
	var plan Plan
	for _, route := range routes {
		plan.Calls = append(plan.Calls, v1alpha1.PlannedCall{Route: route, About: "jane@acme.com"})
		switch route {
		case grantRoute, inviteRoute, joinRoute:
			plan.Access = true
		case renameRoute, createRoute:
			plan.Organization = true
		case enableRoute:
			plan.Connections = true
		}
	}
	return plan
}

func assigned(m *v1alpha1.Member) {
	m.Status.Seat = seat(v1alpha1.SeatAssigned, v1alpha1.ReasonSeatAssigned, time.Hour)
}

func contract() *v1alpha1.Customer {
	c := &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Generation: 3, CreationTimestamp: metav1.NewTime(now.Add(-time.Hour))}}
	c.Status.ObservedGeneration = 3
	return c
}

func TestAccessObserveOfAMember(t *testing.T) {
	for name, tc := range map[string]struct {
		facts         MemberFacts
		active, ready string
	}{
		"nothing is planned for who has joined":   {MemberFacts{Joined: true, Confirmed: true}, "True/Joined", "True/Observing"},
		"roles let nobody in":                     {MemberFacts{Joined: true, Confirmed: true, Plan: plan(rolesRoute)}, "True/Joined", "True/Observing"},
		"a grant that is planned is none":         {MemberFacts{Joined: true, Confirmed: true, Plan: plan(rolesRoute, grantRoute)}, "False/Observing", "True/Observing"},
		"nor is a membership":                     {MemberFacts{Joined: true, Confirmed: true, Plan: plan(joinRoute)}, "False/Observing", "True/Observing"},
		"nor an invitation":                       {MemberFacts{Plan: plan(inviteRoute)}, "False/Observing", "True/Observing"},
		"somebody who was taken out":              {MemberFacts{Missing: true}, "False/RemovedInAuth0", "True/Observing"},
		"what a person must mend shows as always": {MemberFacts{Joined: true, Confirmed: true, Problem: &Problem{Class: Person, Reason: "RoleNotFound", Message: "m"}}, "True/Joined", "False/RoleNotFound"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			tc.facts.Now, tc.facts.Mode, tc.facts.Looked = now, v1alpha1.ModeObserve, true
			out := Member(member(assigned), tc.facts)
			g.Expect(short(out.Conditions)).To(And(
				HaveKeyWithValue(v1alpha1.ConditionActive, tc.active), HaveKeyWithValue(v1alpha1.ConditionReady, tc.ready)))
			g.Expect(out.Planned).To(Equal(tc.facts.Plan.Calls))
			g.Expect(out.PlannedCount).To(BeEquivalentTo(len(tc.facts.Plan.Calls)))
		})
	}
}

func TestHandsOffPausedKeepsTheStatus(t *testing.T) {
	g := NewWithT(t)
	before := member(func(m *v1alpha1.Member) {
		assigned(m)
		m.Generation, m.Status.ObservedGeneration = 4, 3
		m.Status.Users = []v1alpha1.MemberUser{{UserID: "u1"}}
		m.Status.Planned, m.Status.PlannedCount = plan(grantRoute).Calls, 1
		for _, c := range []metav1.Condition{
			{Type: v1alpha1.ConditionActive, Status: "True", Reason: "Joined", Message: "m"},
			{Type: v1alpha1.ConditionReady, Status: "False", Reason: "RoleNotFound", Message: "m"},
			{Type: v1alpha1.ConditionStalled, Status: "True", Reason: "RoleNotFound", Message: "m"},
		} {
			meta.SetStatusCondition(&m.Status.Conditions, c)
		}
	})
	out := Member(before, MemberFacts{Now: now, Mode: v1alpha1.ModePaused})
	g.Expect(short(out.Conditions)).To(Equal(map[string]string{
		v1alpha1.ConditionActive: "True/Joined", v1alpha1.ConditionInvited: "False/Paused", v1alpha1.ConditionSeatAssigned: "True/SeatAssigned", v1alpha1.ConditionReady: "True/Paused",
	}))
	for _, c := range out.Conditions {
		g.Expect(c.ObservedGeneration).To(BeEquivalentTo(4), c.Type)
	}
	g.Expect(out.ObservedGeneration).To(BeEquivalentTo(4))
	g.Expect(out.Users).To(Equal(before.Status.Users))
	g.Expect(out.Planned).To(BeNil())
	g.Expect(out.PlannedCount).To(BeZero())
	g.Expect(short(Member(member(func(*v1alpha1.Member) {}), MemberFacts{Now: now, Mode: v1alpha1.ModePaused}).Conditions)).
		To(HaveKeyWithValue(v1alpha1.ConditionActive, "False/Paused"), "a Member nobody has looked at")
}

func TestObserveOfACustomer(t *testing.T) {
	synced := CustomerFacts{OrganizationSynced: true, ConnectionsSynced: true, Guard: v1alpha1.GuardEnforce, Guarded: true, Window: v1alpha1.ReasonContractActive}
	for name, tc := range map[string]struct {
		facts                            CustomerFacts
		plan                             Plan
		organization, connections, guard string
	}{
		"nothing is planned":             {synced, Plan{}, "True/OrganizationSynced", "True/NoConnections", "True/GuardInEffect"},
		"the organization would be made": {CustomerFacts{Guard: v1alpha1.GuardEnforce}, plan(createRoute), "False/Observing", "", ""},
		"… or changed":                   {synced, plan(renameRoute), "False/Observing", "True/NoConnections", ""},
		"a connection would":             {synced, plan(enableRoute), "True/OrganizationSynced", "False/Observing", "True/GuardInEffect"},
		"its Members would":              {synced, Plan{MembersCalls: plan(inviteRoute).Calls, MembersCount: 1}, "True/OrganizationSynced", "True/NoConnections", "True/GuardInEffect"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			tc.facts.Now, tc.facts.Mode, tc.facts.Plan = now, v1alpha1.ModeObserve, tc.plan
			said := short(Customer(contract(), tc.facts).Conditions)
			g.Expect(said[v1alpha1.ConditionReady]).To(Equal("True/Observing"))
			g.Expect(said[v1alpha1.ConditionOrganizationSynced]).To(Equal(tc.organization))
			g.Expect(said[v1alpha1.ConditionConnectionsSynced]).To(Equal(tc.connections))
			g.Expect(said[v1alpha1.ConditionGuardInEffect]).To(Equal(tc.guard))
		})
	}
}

func TestPlanOfACustomer(t *testing.T) {
	own, theirs := plan(renameRoute), make([]v1alpha1.PlannedCall, 30)
	for i := range theirs {
		theirs[i] = v1alpha1.PlannedCall{Route: inviteRoute, About: fmt.Sprintf("p%d@%s", i, strings.Repeat("é", 400))}
	}
	own.MembersCalls, own.MembersCount = theirs, 45
	facts := CustomerFacts{Now: now, Mode: v1alpha1.ModeObserve, OrganizationSynced: true, ConnectionsSynced: true, Plan: own}
	g := NewWithT(t)
	out := Customer(contract(), facts)
	g.Expect(out.PlannedCount).To(BeEquivalentTo(46))
	g.Expect(out.Planned).To(HaveLen(20))
	g.Expect(out.Planned[0].Route).To(Equal(renameRoute), "its own come first")
	g.Expect(len(out.Planned[1].About)).To(BeNumerically("<=", 512))
	g.Expect(out.Planned[1].About).To(HavePrefix("p0@éé"))
	g.Expect(meta.FindStatusCondition(out.Conditions, v1alpha1.ConditionReady).Message).To(ContainSubstring("46 calls are planned"))

	before := contract()
	before.Status = out
	facts.Plan, facts.Problem = Plan{}, &Problem{Class: Retry, Reason: "Auth0Unavailable", Message: "m"}
	before.Generation++
	g.Expect(Customer(before, facts).Planned).To(Equal(out.Planned), "a pass that ended before its time says nothing new")
	facts.Problem, facts.Mode = nil, v1alpha1.ModeManage
	g.Expect(Customer(before, facts).Planned).To(BeNil(), "Manage has no plan")
	g.Expect(Customer(before, facts).PlannedCount).To(BeZero())
	facts.Mode = v1alpha1.ModePaused
	g.Expect(Customer(before, facts).Planned).To(BeNil(), "nor has Paused")
}

func TestStricterMode(t *testing.T) {
	order := []v1alpha1.Mode{"", v1alpha1.ModeManage, v1alpha1.ModeObserve, v1alpha1.ModePaused}
	for i, a := range order {
		for j, b := range order {
			want := order[max(i, j)]
			if want == "" {
				want = v1alpha1.ModeManage
			}
			NewWithT(t).Expect(v1alpha1.StricterMode(a, b)).To(Equal(want), "%q and %q", a, b)
		}
	}
}

// TestAccessLostMark: without the marks that the guard reads it is not called in
// effect, whatever keeps them from being written back, and whatever is planned.
func TestAccessLostMark(t *testing.T) {
	inEffect := func(f CustomerFacts) (string, string) {
		c := contract()
		f.OrganizationSynced, f.Guard, f.Guarded = true, v1alpha1.GuardEnforce, true
		c.Status = Customer(c, CustomerFacts{OrganizationSynced: true, Guard: f.Guard, Guarded: true})
		c.Status = Customer(c, f)
		guard := meta.FindStatusCondition(c.Status.Conditions, v1alpha1.ConditionGuardInEffect)
		return string(guard.Status) + "/" + guard.Reason, guard.Message
	}
	for name, tc := range map[string]struct {
		f             CustomerFacts
		is, mentioned string
	}{
		"all stand":        {CustomerFacts{}, "True/GuardInEffect", "marked"},
		"a write failed":   {CustomerFacts{LostMarks: LostMarks{Keys: []string{ownership.MetadataAccess}, Access: true}, Problem: &Problem{Reason: v1alpha1.ReasonAuth0Unavailable}}, "False/MarkLost", "lets everybody in"},
		"Observe":          {CustomerFacts{LostMarks: LostMarks{Keys: []string{ownership.MetadataKey}, Key: true}, Mode: v1alpha1.ModeObserve, Plan: plan(renameRoute)}, "False/MarkLost", "refuses everybody"},
		"the owner's only": {CustomerFacts{LostMarks: LostMarks{Keys: []string{ownership.MetadataOwner}}}, "True/GuardInEffect", "marked"},
		"Paused":           {CustomerFacts{Mode: v1alpha1.ModePaused}, "Unknown/Paused", "nobody looks"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			is, message := inEffect(tc.f)
			g.Expect(is).To(Equal(tc.is))
			g.Expect(message).To(ContainSubstring(tc.mentioned))
		})
	}
}
