package gitops_test

import (
	"math/rand/v2"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kstatus "sigs.k8s.io/cli-utils/pkg/kstatus/status"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/status"
)

// passes is how many passes over an object of each kind are made up.
const passes = 1000

// TestStatusIsForThoseWhoWait: whatever passes find, in whatever order and combination,
// kstatus knows an end to each status: done, at work, or waiting for a person. And Argo
// CD takes the object for the same.
func TestStatusIsForThoseWhoWait(t *testing.T) {
	for name, next := range map[string]func(r *rand.Rand) func() client.Object{
		"Auth0Tenant": tenantWalk, "Customer": customerWalk, "Member": memberWalk, "Removal": removalWalk,
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			object := next(rand.New(rand.NewPCG(1, 2)))
			seen := map[kstatus.Status]int{}
			for range passes {
				conformant(g, object(), seen)
			}
			for _, each := range []kstatus.Status{kstatus.CurrentStatus, kstatus.InProgressStatus, kstatus.FailedStatus, kstatus.TerminatingStatus} {
				g.Expect(seen[each]).To(BeNumerically(">", 50), string(each))
			}
		})
	}
}

func conformant(g Gomega, object client.Object, seen map[kstatus.Status]int) {
	is := content(g, object)
	got := compute(g, is)
	seen[got]++
	words, _ := health(g, is)
	conditions := map[string]string{}
	for _, each := range conditionsOf(g, object) {
		condition := each.(map[string]any)
		conditions[condition["type"].(string)] = condition["status"].(string)
		g.Expect(condition["observedGeneration"]).To(BeNumerically("<=", object.GetGeneration()))
	}
	if got == kstatus.TerminatingStatus {
		g.Expect(words).To(Equal(progressing), "%v", is)
		return
	}
	g.Expect(waitsAs[words]).To(Equal(got), "Argo CD says %s of %v", words, is)
	if observed, _ := is["status"].(map[string]any)["observedGeneration"].(int64); observed != object.GetGeneration() {
		g.Expect(got).To(Equal(kstatus.InProgressStatus))
		return
	}
	// One of the three, and the two that are abnormal only while they are true.
	g.Expect(conditions).To(Or(
		And(HaveKeyWithValue("Ready", "True"), Not(HaveKey("Reconciling")), Not(HaveKey("Stalled"))),
		And(HaveKeyWithValue("Ready", "False"), HaveKeyWithValue("Reconciling", "True"), Not(HaveKey("Stalled"))),
		And(HaveKeyWithValue("Ready", "False"), Not(HaveKey("Reconciling")), HaveKeyWithValue("Stalled", "True")),
	), "%v", is)
}

func one[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

func coin(r *rand.Rand) bool { return r.IntN(2) == 0 }

func sometimes(r *rand.Rand) bool { return r.IntN(6) == 0 }

// problem is any that can stop a pass, mostly none.
func problem(r *rand.Rand) *status.Problem {
	if !sometimes(r) {
		return nil
	}
	reason := one(r, v1alpha1.ReasonAuth0Unavailable, v1alpha1.ReasonOrganizationMissing, v1alpha1.ReasonOrganizationConflict, v1alpha1.ReasonTenantNotFound)
	return &status.Problem{Class: one(r, status.Retry, status.Missing, status.Person), Reason: reason, Message: "m", Starting: sometimes(r)}
}

// next is what befalls an object before a pass: time, a change of its spec, a deletion.
func next(r *rand.Rand, clock *time.Time, object client.Object) {
	*clock = clock.Add(one(r, 0, time.Second, 2*time.Minute, 10*time.Minute))
	if sometimes(r) {
		object.SetGeneration(object.GetGeneration() + 1)
	}
	object.SetDeletionTimestamp(nil)
	if sometimes(r) {
		at := metav1.NewTime(*clock)
		object.SetDeletionTimestamp(&at)
	}
}

var modes = []v1alpha1.Mode{v1alpha1.ModeManage, v1alpha1.ModeManage, v1alpha1.ModeManage, v1alpha1.ModeObserve, v1alpha1.ModePaused}

func tenantWalk(r *rand.Rand) func() client.Object {
	tenant, clock := newTenant(), now
	return func() client.Object {
		next(r, &clock, tenant)
		tenant.Spec.Mode = one(r, modes...)
		facts := settledTenant()
		facts.Now, facts.Problem, facts.Deleting = clock, problem(r), tenant.DeletionTimestamp != nil && coin(r)
		facts.CredentialsChecked = facts.Problem == nil || coin(r)
		if sometimes(r) {
			facts.MissingScopes = []string{"read:users"}
		}
		if !sometimes(r) {
			tenant.Status = status.Auth0Tenant(tenant, facts)
		}
		return tenant
	}
}

func customerWalk(r *rand.Rand) func() client.Object {
	customer, clock := newCustomer(), now
	return func() client.Object {
		next(r, &clock, customer)
		customer.Status.OrganizationName = one(r, "acme", "acme", "acme", "acme", "acme", "beta")
		facts := settledCustomer()
		facts.Now, facts.Problem, facts.Mode = clock, problem(r), one(r, modes...)
		facts.OrganizationSynced, facts.ConnectionsSynced = facts.Problem == nil || coin(r), coin(r)
		facts.Guard = one(r, "", v1alpha1.GuardOff, v1alpha1.GuardReport, v1alpha1.GuardEnforce)
		facts.Guarded, facts.Undecided, facts.SeatsPending = !sometimes(r), coin(r), sometimes(r)
		facts.Window = one(r, "", v1alpha1.ReasonContractActive, v1alpha1.ReasonContractEnded, v1alpha1.ReasonSuspended)
		facts.Strangers, facts.Unconfirmed = one(r, 0, 2), one(r, 0, 1)
		facts.Seats = one(r, nil, &v1alpha1.SeatCounts{Used: 1}, &v1alpha1.SeatCounts{Used: 3, Waiting: 2}, &v1alpha1.SeatCounts{Used: 5})
		if sometimes(r) {
			facts.Held = &v1alpha1.HeldRemovals{Hash: "h", People: 9}
		}
		if customer.DeletionTimestamp != nil && coin(r) {
			facts.Deleting = "step"
		}
		if !sometimes(r) {
			customer.Status = status.Customer(customer, facts)
		}
		return customer
	}
}

func memberWalk(r *rand.Rand) func() client.Object {
	member, clock := newMember(), now
	return func() client.Object {
		next(r, &clock, member)
		since := metav1.NewTime(clock.Add(-one(r, time.Second, time.Hour)))
		state := one(r, v1alpha1.SeatAssigned, v1alpha1.SeatAssigned, v1alpha1.SeatAssigned, v1alpha1.SeatWaiting, v1alpha1.SeatRefused, v1alpha1.SeatWithdrawing)
		member.Status.Seat = one(r, nil, &v1alpha1.MemberSeat{State: state, Reason: "Why", Message: "m", Since: since}, member.Status.Seat)
		member.Status.Attempt = one(r, nil, nil, &v1alpha1.Attempt{ID: "a", Invites: coin(r)}, &v1alpha1.Attempt{ID: "a", NotAfter: &metav1.MicroTime{Time: clock}})
		member.Status.Invitation = nil
		if coin(r) {
			invited := one(r, v1alpha1.InvitationSent, v1alpha1.InvitationExpired, v1alpha1.InvitationConsumed)
			member.Status.Invitation = &v1alpha1.MemberInvitation{ID: "i", State: invited}
		}
		member.Status.Users = one(r, nil, []v1alpha1.MemberUser{{UserID: "u"}})
		facts := status.MemberFacts{
			Now: clock, Problem: problem(r), Mode: one(r, modes...), SeatsFreeing: coin(r), Activating: sometimes(r), Looked: coin(r), Joined: coin(r),
			Blocked: sometimes(r), Confirmed: !sometimes(r), Missing: sometimes(r), Gone: coin(r), Withdrawn: coin(r), Guarded: coin(r), TakenAway: sometimes(r),
			Window: one(r, "", v1alpha1.ReasonContractActive, v1alpha1.ReasonContractEnded), Plan: status.Plan{Access: sometimes(r)},
		}
		if member.DeletionTimestamp != nil && coin(r) {
			facts.Removing = "step"
		}
		if !sometimes(r) {
			member.Status = status.Member(member, facts)
		}
		return member
	}
}

func removalWalk(r *rand.Rand) func() client.Object {
	removal, clock := newRemoval(), now
	return func() client.Object {
		next(r, &clock, removal)
		removal.Status.State = one(r, "", v1alpha1.RemovalPending, v1alpha1.RemovalHeld, v1alpha1.RemovalRemoving,
			v1alpha1.RemovalRemoved, v1alpha1.RemovalDeleting, v1alpha1.RemovalDone)
		reason := one(r, v1alpha1.ReasonAwaitingApproval, v1alpha1.ReasonNamedAsAdmin, v1alpha1.ReasonDecisionLost)
		removal.Status.Decision = one(r, nil, &v1alpha1.RemovalDecision{Outcome: v1alpha1.DecisionHeld, Reason: reason})
		removal.Status.Outcome = one(r, "", v1alpha1.OutcomeTakenOver, v1alpha1.OutcomeRemoved, v1alpha1.OutcomeUserDeleted, v1alpha1.OutcomeUserKept, v1alpha1.OutcomeLeftAsIs)
		removal.Status.Withdrawal = one(r, nil, &v1alpha1.Withdrawal{TakenAt: &metav1.MicroTime{Time: clock}})
		if !sometimes(r) {
			removal.Status = status.Removal(removal, status.RemovalFacts{Now: clock, Problem: problem(r)})
		}
		return removal
	}
}
