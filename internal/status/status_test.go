package status

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// short is each condition as "<status>/<reason>", without its messages.
func short(list []metav1.Condition) map[string]string {
	out := map[string]string{}
	for _, c := range list {
		out[c.Type] = string(c.Status) + "/" + c.Reason
	}
	return out
}

// obeysKstatus holds for every status that this package derives.
func obeysKstatus(g Gomega, list []metav1.Condition, generation int64) {
	ready := meta.FindStatusCondition(list, v1alpha1.ConditionReady)
	g.Expect(ready).NotTo(BeNil(), "Ready is always present")
	reconciling := meta.FindStatusCondition(list, v1alpha1.ConditionReconciling)
	stalled := meta.FindStatusCondition(list, v1alpha1.ConditionStalled)
	g.Expect(reconciling != nil && stalled != nil).To(BeFalse(), "only one of Reconciling and Stalled")
	for _, abnormal := range []*metav1.Condition{reconciling, stalled} {
		if abnormal != nil {
			g.Expect(abnormal.Status).To(Equal(metav1.ConditionTrue), "present only when true")
			g.Expect(ready.Status).To(Equal(metav1.ConditionFalse), "not ready while "+abnormal.Type)
		}
	}
	for _, c := range list {
		g.Expect(c.ObservedGeneration).To(Equal(generation), c.Type)
		g.Expect(c.Message).NotTo(BeEmpty(), c.Type)
	}
}

func member(change func(*v1alpha1.Member)) *v1alpha1.Member {
	m := &v1alpha1.Member{ObjectMeta: metav1.ObjectMeta{Generation: 3, CreationTimestamp: metav1.NewTime(now.Add(-time.Hour))}}
	m.Status.ObservedGeneration = -1
	change(m)
	return m
}

func seat(state v1alpha1.SeatState, reason string, age time.Duration) *v1alpha1.MemberSeat {
	return &v1alpha1.MemberSeat{State: state, Reason: reason, Message: "why", Since: metav1.NewTime(now.Add(-age))}
}

func TestMember(t *testing.T) {
	assigned := seat(v1alpha1.SeatAssigned, "SeatAssigned", time.Hour)
	invitation := func(state v1alpha1.InvitationState) *v1alpha1.MemberInvitation {
		return &v1alpha1.MemberInvitation{ID: "u1", State: state, ExpiresAt: metav1.NewTime(now.Add(time.Hour))}
	}
	for name, tc := range map[string]struct {
		member func(*v1alpha1.Member)
		facts  MemberFacts
		want   map[string]string
	}{
		"no seat decided": {
			func(*v1alpha1.Member) {}, MemberFacts{},
			map[string]string{"Ready": "False/SeatPending", "Reconciling": "True/SeatPending", "SeatAssigned": "False/SeatPending", "Invited": "False/SeatPending", "Active": "False/SeatPending"}},
		"waits for a seat, at first": {
			func(m *v1alpha1.Member) {
				m.Status.Seat = seat(v1alpha1.SeatWaiting, "SeatLimitReached", 59*time.Second)
			}, MemberFacts{},
			map[string]string{"Ready": "False/SeatLimitReached", "Reconciling": "True/SeatLimitReached", "SeatAssigned": "False/SeatLimitReached", "Invited": "False/SeatLimitReached", "Active": "False/SeatLimitReached"}},
		"waits for a seat, after a minute": {
			func(m *v1alpha1.Member) { m.Status.Seat = seat(v1alpha1.SeatWaiting, "SeatLimitReached", time.Minute) }, MemberFacts{},
			map[string]string{"Ready": "False/SeatLimitReached", "Stalled": "True/SeatLimitReached", "SeatAssigned": "False/SeatLimitReached", "Invited": "False/SeatLimitReached", "Active": "False/SeatLimitReached"}},
		"waits for a seat while somebody is being removed": {
			func(m *v1alpha1.Member) { m.Status.Seat = seat(v1alpha1.SeatWaiting, "SeatLimitReached", time.Hour) }, MemberFacts{SeatsFreeing: true},
			map[string]string{"Ready": "False/SeatLimitReached", "Reconciling": "True/SeatLimitReached", "SeatAssigned": "False/SeatLimitReached", "Invited": "False/SeatLimitReached", "Active": "False/SeatLimitReached"}},
		"refused": {
			func(m *v1alpha1.Member) { m.Status.Seat = seat(v1alpha1.SeatRefused, "DuplicateEmail", 0) }, MemberFacts{},
			map[string]string{"Ready": "False/DuplicateEmail", "Stalled": "True/DuplicateEmail", "SeatAssigned": "False/DuplicateEmail", "Invited": "False/DuplicateEmail", "Active": "False/DuplicateEmail"}},
		"about to be invited": {
			func(m *v1alpha1.Member) {
				m.Status.Seat, m.Status.Attempt = assigned, &v1alpha1.Attempt{ID: "a", Invites: true}
			}, MemberFacts{},
			map[string]string{"Ready": "False/Inviting", "Reconciling": "True/Inviting", "SeatAssigned": "True/SeatAssigned", "Invited": "False/Inviting", "Active": "False/Inviting"}},
		"invited is ready: it waits for a click": {
			func(m *v1alpha1.Member) { m.Status.Seat, m.Status.Invitation = assigned, invitation("Sent") }, MemberFacts{},
			map[string]string{"Ready": "True/Reconciled", "SeatAssigned": "True/SeatAssigned", "Invited": "True/Invited", "Active": "False/Invited"}},
		"expired": {
			func(m *v1alpha1.Member) { m.Status.Seat, m.Status.Invitation = assigned, invitation("Expired") }, MemberFacts{},
			map[string]string{"Ready": "True/Reconciled", "SeatAssigned": "True/SeatAssigned", "Invited": "False/Expired", "Active": "False/Expired"}},
		"expired, and being sent again": {
			func(m *v1alpha1.Member) {
				m.Status.Seat, m.Status.Invitation, m.Status.Attempt = assigned, invitation("Expired"), &v1alpha1.Attempt{ID: "a", Invites: true}
			}, MemberFacts{},
			map[string]string{"Ready": "False/Inviting", "Reconciling": "True/Inviting", "SeatAssigned": "True/SeatAssigned", "Invited": "False/Inviting", "Active": "False/Inviting"}},
		"used up by a wrong account: a person must act": {
			func(m *v1alpha1.Member) { m.Status.Seat, m.Status.Invitation = assigned, invitation("Consumed") }, MemberFacts{},
			map[string]string{"Ready": "False/AcceptedByWrongAccount", "Stalled": "True/AcceptedByWrongAccount", "SeatAssigned": "True/SeatAssigned", "Invited": "False/AcceptedByWrongAccount", "Active": "False/AcceptedByWrongAccount"}},
		"joined, grant not confirmed": {
			func(m *v1alpha1.Member) { m.Status.Seat, m.Status.Invitation = assigned, invitation("Accepted") }, MemberFacts{Joined: true},
			map[string]string{"Ready": "False/Granting", "Reconciling": "True/Granting", "SeatAssigned": "True/SeatAssigned", "Invited": "True/Joined", "Active": "False/Granting"}},
		"joined": {
			func(m *v1alpha1.Member) { m.Status.Seat = assigned }, MemberFacts{Joined: true, Confirmed: true, Window: "ContractActive"},
			map[string]string{"Ready": "True/Reconciled", "SeatAssigned": "True/SeatAssigned", "Invited": "True/Joined", "Active": "True/Joined"}},
		"joined, suspended: cannot sign in, nothing left to do": {
			func(m *v1alpha1.Member) { m.Status.Seat = assigned }, MemberFacts{Joined: true, Confirmed: true, Window: "Suspended"},
			map[string]string{"Ready": "True/Reconciled", "SeatAssigned": "True/SeatAssigned", "Invited": "True/Joined", "Active": "False/Suspended"}},
		"before the contract starts": {
			func(m *v1alpha1.Member) { m.Status.Seat = assigned }, MemberFacts{Window: "ContractNotStarted"},
			map[string]string{"Ready": "True/Reconciled", "SeatAssigned": "True/SeatAssigned", "Invited": "False/OnHold", "Active": "False/OnHold"}},
		"an invitation is meant, and held: the contract lets nobody be invited": {
			func(m *v1alpha1.Member) {
				m.Status.Seat, m.Status.Attempt = assigned, &v1alpha1.Attempt{ID: "a", Invites: true}
			}, MemberFacts{Window: "Suspended"},
			map[string]string{"Ready": "True/Reconciled", "SeatAssigned": "True/SeatAssigned", "Invited": "False/OnHold", "Active": "False/OnHold"}},
		"suspended, and a call may still land": {
			func(m *v1alpha1.Member) {
				m.Status.Seat, m.Status.Attempt = assigned, &v1alpha1.Attempt{ID: "a", Invites: true, NotAfter: ptr.To(metav1.NewMicroTime(now))}
			}, MemberFacts{Window: "Suspended"},
			map[string]string{"Ready": "False/OnHold", "Reconciling": "True/OnHold", "SeatAssigned": "True/SeatAssigned", "Invited": "False/OnHold", "Active": "False/OnHold"}},
		"while the guard is put in effect": {
			func(m *v1alpha1.Member) { m.Status.Seat = assigned }, MemberFacts{Window: "ContractActive", Activating: true},
			map[string]string{"Ready": "False/OnHold", "Reconciling": "True/OnHold", "SeatAssigned": "True/SeatAssigned", "Invited": "False/OnHold", "Active": "False/OnHold"}},
		"taken out by hand": {
			func(m *v1alpha1.Member) { m.Status.Seat = assigned }, MemberFacts{Missing: true},
			map[string]string{"Ready": "False/RemovedInAuth0", "Stalled": "True/RemovedInAuth0", "SeatAssigned": "True/SeatAssigned", "Invited": "False/RemovedInAuth0", "Active": "False/RemovedInAuth0"}},
		"being removed": {
			func(m *v1alpha1.Member) { m.Status.Seat, m.Status.Invitation = assigned, invitation("Sent") }, MemberFacts{Removing: "step"},
			map[string]string{"Ready": "False/Withdrawing", "Reconciling": "True/Withdrawing", "SeatAssigned": "True/SeatAssigned", "Invited": "False/Withdrawing", "Active": "False/Withdrawing"}},
		"no Customer yet": {
			func(m *v1alpha1.Member) { m.CreationTimestamp = metav1.NewTime(now.Add(-time.Minute)) },
			MemberFacts{Problem: &Problem{Class: Missing, Reason: "CustomerNotFound", Message: "m"}},
			map[string]string{"Ready": "False/CustomerNotFound", "Reconciling": "True/CustomerNotFound", "SeatAssigned": "False/SeatPending", "Invited": "False/CustomerNotFound", "Active": "False/CustomerNotFound"}},
		"no Customer for five minutes": {
			func(m *v1alpha1.Member) { m.CreationTimestamp = metav1.NewTime(now.Add(-5 * time.Minute)) },
			MemberFacts{Problem: &Problem{Class: Missing, Reason: "CustomerNotFound", Message: "m"}},
			map[string]string{"Ready": "False/CustomerNotFound", "Stalled": "True/CustomerNotFound", "SeatAssigned": "False/SeatPending", "Invited": "False/CustomerNotFound", "Active": "False/CustomerNotFound"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			m := member(tc.member)
			tc.facts.Now = now
			got := Member(m, tc.facts)
			g.Expect(short(got.Conditions)).To(Equal(tc.want))
			g.Expect(got.ObservedGeneration).To(Equal(m.Generation))
			obeysKstatus(g, got.Conditions, m.Generation)
		})
	}
}

func TestAnOutageRewritesNothingSettled(t *testing.T) {
	g := NewWithT(t)
	outage := &Problem{Class: Retry, Reason: v1alpha1.ReasonAuth0Unavailable, Message: "m"}

	m := member(func(m *v1alpha1.Member) { m.Status.Seat = seat(v1alpha1.SeatAssigned, "SeatAssigned", time.Hour) })
	m.Status = Member(m, MemberFacts{Now: now.Add(-time.Minute), Joined: true, Confirmed: true})
	g.Expect(Member(m, MemberFacts{Now: now, Problem: outage})).To(Equal(m.Status), "a settled Member")

	m.Generation++
	g.Expect(short(Member(m, MemberFacts{Now: now, Problem: outage}).Conditions)).To(HaveKeyWithValue("Ready", "False/Auth0Unavailable"), "a changed one")

	starting := &Problem{Class: Retry, Reason: v1alpha1.ReasonTenantNotReady, Message: "m", Starting: true}
	waiting := member(func(m *v1alpha1.Member) {
		m.Status.Seat = seat(v1alpha1.SeatWaiting, "SeatLimitReached", 10*time.Second)
	})
	waiting.Status = Member(waiting, MemberFacts{Now: now.Add(-time.Second)})
	g.Expect(Member(waiting, MemberFacts{Now: now, Problem: starting})).To(Equal(waiting.Status), "one that waits, when the operator starts")
	unseen := member(func(*v1alpha1.Member) {})
	g.Expect(short(Member(unseen, MemberFacts{Now: now, Problem: starting}).Conditions)).To(HaveKeyWithValue("Ready", "False/TenantNotReady"), "one that nobody has seen")

	c := customer(1)
	c.Status = Customer(c, CustomerFacts{Now: now.Add(-time.Minute), OrganizationSynced: true, ConnectionsSynced: true, Guard: v1alpha1.GuardOff, Seats: &v1alpha1.SeatCounts{}})
	g.Expect(Customer(c, CustomerFacts{Now: now, Problem: outage})).To(Equal(c.Status), "a settled Customer")
	g.Expect(short(Customer(c, CustomerFacts{Now: now, Problem: outage, Undecided: true}).Conditions)).To(HaveKeyWithValue("Ready", "False/Auth0Unavailable"), "one whose Member waits for a decision")
	g.Expect(short(Customer(c, CustomerFacts{Now: now, Problem: outage, Deleting: "step"}).Conditions)).To(HaveKeyWithValue("Ready", "False/Auth0Unavailable"), "one that is being deleted")
}

func customer(seats int32) *v1alpha1.Customer {
	c := &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Generation: 2, CreationTimestamp: metav1.NewTime(now.Add(-time.Hour))}}
	c.Spec.Seats = seats
	return c
}

func TestCustomer(t *testing.T) {
	synced := func(change func(*CustomerFacts)) CustomerFacts {
		f := CustomerFacts{Now: now, OrganizationSynced: true, ConnectionsSynced: true, Window: "ContractActive", Guard: v1alpha1.GuardEnforce, Guarded: true, Seats: &v1alpha1.SeatCounts{Used: 2, Active: 2}}
		change(&f)
		return f
	}
	common := func(more ...string) map[string]string {
		out := map[string]string{"Ready": "True/Reconciled", "OrganizationSynced": "True/OrganizationSynced", "ConnectionsSynced": "True/NoConnections", "ContractActive": "True/ContractActive", "GuardInEffect": "True/GuardInEffect"}
		for i := 0; i < len(more); i += 2 {
			out[more[i]] = more[i+1]
		}
		return out
	}
	for name, tc := range map[string]struct {
		facts   CustomerFacts
		want    map[string]string
		summary string
	}{
		"settled": {synced(func(*CustomerFacts) {}), common(), "2 of 3 seats used"},
		"people wait: ready, and said": {synced(func(f *CustomerFacts) { f.Seats = &v1alpha1.SeatCounts{Used: 3, Waiting: 2} }),
			common("SeatsExceeded", "True/MembersWaiting"), "2 people wait for a seat"},
		"more seats in use than the contract has": {synced(func(f *CustomerFacts) { f.Seats = &v1alpha1.SeatCounts{Used: 5} }),
			common("SeatsExceeded", "True/SeatLimitExceeded"), "5 of 3 seats used"},
		"ended":         {synced(func(f *CustomerFacts) { f.Window = "ContractEnded" }), common("ContractActive", "False/ContractEnded"), "2 of 3 seats used"},
		"no guard":      {synced(func(f *CustomerFacts) { f.Guard, f.Guarded = v1alpha1.GuardOff, false }), common("GuardInEffect", "False/GuardOff"), "2 of 3 seats used"},
		"guard reports": {synced(func(f *CustomerFacts) { f.Guard = v1alpha1.GuardReport }), common("GuardInEffect", "False/GuardReporting"), "2 of 3 seats used"},
		"on the way under the guard": {synced(func(f *CustomerFacts) { f.Guarded, f.Unconfirmed = false, 2 }),
			common("GuardInEffect", "False/Activating", "Ready", "False/Activating", "Reconciling", "True/Activating"), "2 people's grants are being confirmed before the guard takes effect"},
		"members of an adopted organization keep the guard off: a person must act": {synced(func(f *CustomerFacts) { f.Guarded, f.Strangers = false, 2 }),
			common("GuardInEffect", "False/UnmanagedMembers", "Ready", "False/UnmanagedMembers", "Stalled", "True/UnmanagedMembers"), strangers(2)},
		"members of an adopted organization, and seats to give: still stalled": {synced(func(f *CustomerFacts) { f.Guarded, f.Strangers, f.SeatsPending = false, 2, true }),
			common("GuardInEffect", "False/UnmanagedMembers", "Ready", "False/UnmanagedMembers", "Stalled", "True/UnmanagedMembers"), strangers(2)},
		"members of an adopted organization, and a holder to confirm: still stalled": {synced(func(f *CustomerFacts) { f.Guarded, f.Strangers, f.Unconfirmed = false, 2, 1 }),
			common("GuardInEffect", "False/UnmanagedMembers", "Ready", "False/UnmanagedMembers", "Stalled", "True/UnmanagedMembers"), strangers(2)},
		"a holder to confirm": {synced(func(f *CustomerFacts) { f.Guarded, f.Unconfirmed = false, 1 }),
			common("GuardInEffect", "False/Activating", "Ready", "False/Activating", "Reconciling", "True/Activating"), "1 person's grant is being confirmed before the guard takes effect"},
		"a conflict says nothing of a guard that never was": {CustomerFacts{Now: now, Guard: v1alpha1.GuardEnforce, Problem: &Problem{Class: Person, Reason: "OrganizationConflict", Message: "m"}},
			map[string]string{"Ready": "False/OrganizationConflict", "Stalled": "True/OrganizationConflict", "OrganizationSynced": "False/OrganizationConflict"}, "m"},
		"a connection that is not there": {synced(func(f *CustomerFacts) {
			f.Problem = &Problem{Class: Person, Reason: "ConnectionNotFound", Message: "m"}
			f.ConnectionsSynced, f.ConnectionsProblem = false, f.Problem
		}), common("ConnectionsSynced", "False/ConnectionNotFound", "Ready", "False/ConnectionNotFound", "Stalled", "True/ConnectionNotFound"), "m"},
		"no tenant yet": {CustomerFacts{Now: now.Add(-59 * time.Minute), Problem: &Problem{Class: Missing, Reason: "TenantNotFound", Message: "m"}},
			map[string]string{"Ready": "False/TenantNotFound", "Reconciling": "True/TenantNotFound", "OrganizationSynced": "False/TenantNotFound"}, "m"},
		"a pass that ended early says nothing of the guard": {CustomerFacts{Now: now, Guard: v1alpha1.GuardEnforce, Problem: &Problem{Class: Retry, Reason: "Auth0Unavailable", Message: "m"}},
			map[string]string{"Ready": "False/Auth0Unavailable", "Reconciling": "True/Auth0Unavailable", "OrganizationSynced": "False/Auth0Unavailable"}, "m"},
		"being deleted": {synced(func(f *CustomerFacts) { f.Deleting, f.Window = "step", "" }),
			map[string]string{"Ready": "False/Deleting", "Reconciling": "True/Deleting", "OrganizationSynced": "True/OrganizationSynced", "ConnectionsSynced": "True/NoConnections", "GuardInEffect": "True/GuardInEffect"}, "step"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			c := customer(3)
			got := Customer(c, tc.facts)
			tc.want["RemovalsHeld"] = "False/NothingHeld"
			g.Expect(short(got.Conditions)).To(Equal(tc.want))
			g.Expect(meta.FindStatusCondition(got.Conditions, "Ready").Message).To(Equal(tc.summary))
			obeysKstatus(g, got.Conditions, c.Generation)
		})
	}
}

// TestRemovalsHeldSayHowToUndo: Members are declared again, an organization's
// deletion is undone by Retain, and that of the users of one that is gone by Keep.
func TestRemovalsHeldSayHowToUndo(t *testing.T) {
	for of, want := range map[v1alpha1.HeldKind]string{
		v1alpha1.HeldPeople:       "more people were removed at once than the brake lets through: nothing is taken from 1 person; approve with the annotation seatwarden.dev/approve-removals=abc, or declare them again",
		v1alpha1.HeldUsers:        "the organization is gone, and the users of more people would be deleted at once than the brake lets through: no user of 1 person is deleted; approve with the annotation seatwarden.dev/approve-removals=abc, or set spec.removal.user to Keep",
		v1alpha1.HeldOrganization: "deleting the organization would remove more people at once than the brake lets through: nothing is taken from 1 person; approve with the annotation seatwarden.dev/approve-removals=abc, or set spec.deletionPolicy to Retain",
	} {
		g := NewWithT(t)
		out := Customer(customer(3), CustomerFacts{Now: now, Held: &v1alpha1.HeldRemovals{Hash: "abc", People: 1, Of: of}})
		held := meta.FindStatusCondition(out.Conditions, v1alpha1.ConditionRemovalsHeld)
		g.Expect(held).To(HaveValue(And(HaveField("Status", metav1.ConditionTrue), HaveField("Message", want))))
	}
}

// TestRemovalsHeldCanBeWaitedFor: `kubectl wait --for=condition=RemovalsHeld=False` returns
// when what was held is approved or undone, and where nothing ever was.
func TestRemovalsHeldCanBeWaitedFor(t *testing.T) {
	g := NewWithT(t)
	c := customer(3)
	for _, held := range []*v1alpha1.HeldRemovals{nil, {Hash: "abc", People: 1}, nil} {
		want := "False/NothingHeld"
		if held != nil {
			want = "True/AwaitingApproval"
		}
		c.Status = Customer(c, CustomerFacts{Now: now, Held: held})
		g.Expect(short(c.Status.Conditions)).To(HaveKeyWithValue("RemovalsHeld", want))
	}
}

func TestHandsOffAnothersOrganization(t *testing.T) {
	conflict := &Problem{Class: Person, Reason: v1alpha1.ReasonOrganizationConflict, Message: "m"}
	t.Run("the Customer claims no guard in it", func(t *testing.T) {
		g := NewWithT(t)
		c := customer(3)
		c.Status = Customer(c, CustomerFacts{Now: now, OrganizationSynced: true, ConnectionsSynced: true, Guard: v1alpha1.GuardEnforce, Guarded: true, Seats: &v1alpha1.SeatCounts{}})
		g.Expect(short(c.Status.Conditions)).To(HaveKeyWithValue("GuardInEffect", "True/GuardInEffect"))
		got := Customer(c, CustomerFacts{Now: now, Guard: v1alpha1.GuardEnforce, Problem: conflict})
		g.Expect(short(got.Conditions)).To(HaveKeyWithValue("GuardInEffect", "False/OrganizationConflict"))
		obeysKstatus(g, got.Conditions, c.Generation)
	})
	for name, tc := range map[string]struct {
		takenAway bool
		active    string
	}{
		"who holds the grant can sign in":           {false, "True/Joined"},
		"who holds it no more is not called active": {true, "False/OrganizationConflict"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			m := member(func(m *v1alpha1.Member) {
				m.Status.Seat = seat(v1alpha1.SeatAssigned, "SeatAssigned", time.Hour)
				m.Status.Users = []v1alpha1.MemberUser{{UserID: "u1"}}
			})
			m.Status = Member(m, MemberFacts{Now: now, Looked: true, Joined: true, Confirmed: true})
			got := Member(m, MemberFacts{Now: now, Problem: conflict, TakenAway: tc.takenAway})
			g.Expect(short(got.Conditions)).To(HaveKeyWithValue("Active", tc.active))
			g.Expect(short(got.Conditions)).To(HaveKeyWithValue("Ready", "False/OrganizationConflict"))
			obeysKstatus(g, got.Conditions, m.Generation)
		})
	}
}

// TestAuth0TenantInUse: the message says who is waited for, and what hinders them.
func TestAuth0TenantInUse(t *testing.T) {
	g := NewWithT(t)
	g.Expect(inUse(TenantFacts{Customers: 2, Left: 1, Leaving: 3})).To(HavePrefix("being deleted; 2 Customers refer to it"))
	g.Expect(inUse(TenantFacts{Left: 1, Leaving: 3})).To(HavePrefix("being deleted; 1 Member holds something here"))
	g.Expect(inUse(TenantFacts{Leaving: 3})).To(HavePrefix("being deleted; 3 Members are on the way out"))
	g.Expect(inUse(TenantFacts{Customers: 1})).To(Equal("being deleted; 1 Customer refers to it: delete that first"))
	g.Expect(inUse(TenantFacts{Customers: 2, Problem: &Problem{Message: "there is no Secret"}})).To(HaveSuffix(
		"delete them first. They cannot go while there is no Secret (or set spec.mode to Paused: then they go, and Auth0 stays as it is)"))
}

func TestAuth0Tenant(t *testing.T) {
	for name, tc := range map[string]struct {
		facts TenantFacts
		want  map[string]string
	}{
		"usable": {TenantFacts{CredentialsChecked: true},
			map[string]string{"Ready": "True/Reconciled", "CredentialsValid": "True/CredentialsAccepted", "ScopesGranted": "True/ScopesGranted", "GuardDeployed": "Unknown/DeployedExternally"}},
		"scopes are missing": {TenantFacts{CredentialsChecked: true, MissingScopes: []string{"read:users"}},
			map[string]string{"Ready": "False/ScopesMissing", "Stalled": "True/ScopesMissing", "CredentialsValid": "True/CredentialsAccepted", "ScopesGranted": "False/ScopesMissing", "GuardDeployed": "Unknown/DeployedExternally"}},
		"credentials refused": {TenantFacts{Problem: &Problem{Class: Person, Reason: "CredentialsRejected", Message: "m"}},
			map[string]string{"Ready": "False/CredentialsRejected", "Stalled": "True/CredentialsRejected", "CredentialsValid": "False/CredentialsRejected", "ScopesGranted": "Unknown/CredentialsRejected", "GuardDeployed": "Unknown/DeployedExternally"}},
		"in use": {TenantFacts{CredentialsChecked: true, Deleting: true, Customers: 2},
			map[string]string{"Ready": "False/InUse", "Reconciling": "True/InUse", "CredentialsValid": "True/CredentialsAccepted", "ScopesGranted": "True/ScopesGranted", "GuardDeployed": "Unknown/DeployedExternally"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			tenant := &v1alpha1.Auth0Tenant{ObjectMeta: metav1.ObjectMeta{Generation: 1, CreationTimestamp: metav1.NewTime(now)}}
			tenant.Spec.Guard.Mode = v1alpha1.GuardEnforce
			tc.facts.Now = now
			got := Auth0Tenant(tenant, tc.facts)
			g.Expect(short(got.Conditions)).To(Equal(tc.want))
			obeysKstatus(g, got.Conditions, 1)
		})
	}
}
