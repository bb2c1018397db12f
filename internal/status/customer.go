package status

import (
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

// CustomerFacts are what a pass over a Customer found.
type CustomerFacts struct {
	Now     time.Time
	Problem *Problem
	// Deleting names the step that a deletion waits for, empty when it is not being deleted.
	Deleting string
	// Mode in effect, and what Observe keeps from being done.
	Mode v1alpha1.Mode
	Plan Plan

	// OrganizationSynced and ConnectionsSynced tell how far the pass came.
	OrganizationSynced bool
	ConnectionsSynced  bool
	// ConnectionsProblem is what stopped the connections; the pass went on.
	ConnectionsProblem *Problem
	// Window is the reason of ContractActive; Boundary is when that changes next.
	Window   string
	Boundary time.Time

	// Guard is the tenant's mode; Guarded whether the organization is under it.
	Guard   v1alpha1.GuardMode
	Guarded bool
	// LostMarks are the keys that somebody took out of the organization's metadata
	// and that are not written back.
	LostMarks LostMarks
	// Unconfirmed holders, while the organization is on its way under the guard.
	Unconfirmed int
	// Strangers are members of an adopted organization who would be shut out,
	// and keep it from being put under the guard until a person acts.
	Strangers int

	// Seats as counted in this pass, nil when it did not come so far.
	Seats *v1alpha1.SeatCounts
	// Unlisted says what keeps the seats in use from being known while people wait,
	// empty for nothing.
	Unlisted string
	// Unmanaged people, counted with the seats; nil for none.
	Unmanaged *v1alpha1.Unmanaged
	// Held removals that wait for approval, nil when none do.
	Held *v1alpha1.HeldRemovals
	// Undecided: a Member waits for its first decision about a seat, which a problem
	// keeps from being made.
	Undecided bool
	// SeatsPending: the ledger is not empty, or Members wait for their first decision.
	SeatsPending bool
}

// LostMarks are keys of the metadata that somebody took away.
type LostMarks struct {
	Keys []string
	// Access: the one that puts the organization under the guard is among them. Key:
	// the one that grants are held against is.
	Access, Key bool
}

// Customer derives the status of a Customer. The ledger and the ids in it are
// the pass's own and are kept.
func Customer(customer *v1alpha1.Customer, f CustomerFacts) v1alpha1.CustomerStatus {
	out := *customer
	out.Status = customerStatus(customer, f)
	out.Status.Summary = CustomerSummary(&out)
	return out.Status
}

func customerStatus(customer *v1alpha1.Customer, f CustomerFacts) v1alpha1.CustomerStatus {
	if f.Mode == v1alpha1.ModePaused && f.Problem == nil {
		return pausedCustomer(customer, f)
	}
	out := *customer.Status.DeepCopy()
	told := equality.Semantic.DeepEqual(out.HeldRemovals, f.Held)
	if told && f.Deleting == "" && len(f.LostMarks.Keys) == 0 && f.Problem.nothingNew(out.Conditions, out.ObservedGeneration, customer.Generation, f.Undecided) {
		return out
	}
	out.ObservedGeneration = customer.Generation
	if f.Seats != nil {
		out.Seats, out.Unmanaged = f.Seats, f.Unmanaged
	}
	out.Planned, out.PlannedCount = f.Plan.listed(f.Mode, f.Problem, out.Planned, out.PlannedCount)
	out.HeldRemovals = f.Held
	c := build(out.Conditions, customer.Generation, f.Now)
	c.removalsHeld(f.Held)
	renamed := ""
	if f.OrganizationSynced {
		renamed = renamedTo(customer, out.OrganizationName)
	}
	c.organization(f, out.OrganizationName, renamed)
	c.connections(customer, f)
	c.guard(f)
	c.contract(f)
	c.seats(customer.Spec.Seats, out.Seats, f.Unlisted)

	since := notReadySince(customer.Status.Conditions, customer.CreationTimestamp.Time, f.Now)
	switch {
	case f.Problem != nil:
		stalled := f.Problem.stalls(since, f.Now)
		c.summarize(!stalled, stalled, f.Problem.Reason, f.Problem.Message)
	case f.Deleting != "":
		c.summarize(true, false, v1alpha1.ReasonDeleting, f.Deleting)
	case f.Mode == v1alpha1.ModeObserve:
		c.summarize(false, false, v1alpha1.ReasonObserving, planSummary(out.PlannedCount))
	case renamed != "":
		c.summarize(false, true, v1alpha1.ReasonOrganizationRenamed, renamed)
	case f.Guard != v1alpha1.GuardOff && !f.Guarded && f.Strangers > 0:
		c.summarize(false, true, v1alpha1.ReasonUnmanagedMembers, strangers(f.Strangers))
	case f.Guard != v1alpha1.GuardOff && !f.Guarded:
		c.summarize(true, false, v1alpha1.ReasonActivating, activating(f.Unconfirmed))
	case f.SeatsPending:
		c.summarize(true, false, v1alpha1.ReasonProgressing, "seats are being assigned")
	default:
		c.summarize(false, false, v1alpha1.ReasonReconciled, seatSummary(customer.Spec.Seats, out.Seats, f.Unlisted))
	}
	out.Conditions = c.list
	return out
}

// renamedTo says that the organization has another name than the declared one,
// empty when it has not.
func renamedTo(customer *v1alpha1.Customer, name string) string {
	declared := customer.OrganizationName()
	if name == declared {
		return ""
	}
	return fmt.Sprintf("the organization is named %[1]s in Auth0, and %[2]s is declared; the contract goes on in it, and it is not renamed: name it %[2]s again in Auth0, or create a Customer of another name with spec.organization.name: %[1]s that takes it over",
		name, declared)
}

func (c *conditions) organization(f CustomerFacts, name, renamed string) {
	switch {
	case renamed != "":
		c.set(v1alpha1.ConditionOrganizationSynced, metav1.ConditionFalse, v1alpha1.ReasonOrganizationRenamed, renamed)
	case f.Plan.Organization:
		c.set(v1alpha1.ConditionOrganizationSynced, metav1.ConditionFalse, v1alpha1.ReasonObserving, "the organization is not as declared: see status.planned")
	case f.OrganizationSynced:
		c.set(v1alpha1.ConditionOrganizationSynced, metav1.ConditionTrue, v1alpha1.ReasonOrganizationSynced,
			fmt.Sprintf("organization %s is as declared", name))
	case f.Problem != nil:
		c.set(v1alpha1.ConditionOrganizationSynced, metav1.ConditionFalse, f.Problem.Reason, f.Problem.Message)
	}
}

func (c *conditions) connections(customer *v1alpha1.Customer, f CustomerFacts) {
	switch {
	case f.Plan.Connections:
		c.set(v1alpha1.ConditionConnectionsSynced, metav1.ConditionFalse, v1alpha1.ReasonObserving, "the connections are not as declared: see status.planned")
	case f.ConnectionsSynced && len(customer.Spec.Connections) == 0:
		c.set(v1alpha1.ConditionConnectionsSynced, metav1.ConditionTrue, v1alpha1.ReasonNoConnections,
			"spec.connections lists none: people sign in through what the organization has")
	case f.ConnectionsSynced:
		c.set(v1alpha1.ConditionConnectionsSynced, metav1.ConditionTrue, v1alpha1.ReasonConnectionsSynced, "connections are as declared")
	case f.ConnectionsProblem != nil:
		c.set(v1alpha1.ConditionConnectionsSynced, metav1.ConditionFalse, f.ConnectionsProblem.Reason, f.ConnectionsProblem.Message)
	}
}

func (c *conditions) contract(f CustomerFacts) {
	switch f.Window {
	case "":
	case v1alpha1.ReasonContractActive:
		c.set(v1alpha1.ConditionContractActive, metav1.ConditionTrue, f.Window, until("people may sign in", f.Boundary))
	case v1alpha1.ReasonContractNotStarted:
		c.set(v1alpha1.ConditionContractActive, metav1.ConditionFalse, f.Window, until(c.shut(), f.Boundary))
	case v1alpha1.ReasonContractEnded:
		c.set(v1alpha1.ConditionContractActive, metav1.ConditionFalse, f.Window, "the contract has ended: "+c.shut())
	default:
		c.set(v1alpha1.ConditionContractActive, metav1.ConditionFalse, f.Window, "spec.access is Suspended: "+c.shut())
	}
}

// shut says what holds while the contract lets nobody in.
func (c *conditions) shut() string {
	if meta.IsStatusConditionTrue(c.list, v1alpha1.ConditionGuardInEffect) {
		return "nobody is invited, and the guard is told to refuse everybody"
	}
	return "nobody is invited; people who are in the organization can sign in all the same, because the guard is not in effect"
}

func until(what string, boundary time.Time) string {
	if boundary.IsZero() {
		return what
	}
	return what + " until " + boundary.UTC().Format(time.RFC3339)
}

func (c *conditions) guard(f CustomerFacts) {
	switch {
	case f.Problem.anothers():
		// What stood here spoke of an organization that was ours.
		if meta.FindStatusCondition(c.list, v1alpha1.ConditionGuardInEffect) != nil {
			c.set(v1alpha1.ConditionGuardInEffect, metav1.ConditionFalse, f.Problem.Reason, f.Problem.Message)
		}
	case f.Guard != v1alpha1.GuardOff && WithoutMarks(f.LostMarks) != "":
		c.set(v1alpha1.ConditionGuardInEffect, metav1.ConditionFalse, v1alpha1.ReasonMarkLost, markLost(f))
	case f.Guard == "" || !f.OrganizationSynced:
	case f.Plan.Organization && !c.guardUnseen():
		// The mark may be what is planned.
		c.carry(v1alpha1.ConditionGuardInEffect)
	case f.Guard == v1alpha1.GuardOff:
		c.set(v1alpha1.ConditionGuardInEffect, metav1.ConditionFalse, v1alpha1.ReasonGuardOff,
			"the Auth0Tenant's guard is Off: the seat limit, the contract's time and access are not held inside Auth0")
	case !f.Guarded && f.Strangers > 0:
		c.set(v1alpha1.ConditionGuardInEffect, metav1.ConditionFalse, v1alpha1.ReasonUnmanagedMembers, strangers(f.Strangers))
	case !f.Guarded:
		c.set(v1alpha1.ConditionGuardInEffect, metav1.ConditionFalse, v1alpha1.ReasonActivating, activating(f.Unconfirmed))
	case f.Guard == v1alpha1.GuardReport:
		c.set(v1alpha1.ConditionGuardInEffect, metav1.ConditionFalse, v1alpha1.ReasonGuardReporting,
			"the organization is marked for the guard, which refuses nobody: the Action logs whom it would refuse, if you deployed it so; the operator does not look")
	default:
		c.set(v1alpha1.ConditionGuardInEffect, metav1.ConditionTrue, v1alpha1.ReasonGuardInEffect,
			"the organization is marked for the guard: the Action refuses whoever holds no seat, if you deployed it so; the operator does not look")
	}
}

// guardUnseen: what GuardInEffect says is of marks that were not there, or not looked at.
func (c *conditions) guardUnseen() bool {
	guard := meta.FindStatusCondition(c.list, v1alpha1.ConditionGuardInEffect)
	return guard != nil && (guard.Reason == v1alpha1.ReasonMarkLost || guard.Reason == v1alpha1.ReasonPaused)
}

// WithoutMarks says what the guard does while marks are missing, empty when it reads
// none of them.
func WithoutMarks(lost LostMarks) string {
	switch {
	case lost.Access:
		return "; while seatwarden_access is missing the guard lets everybody in, whatever the contract, access and seats say"
	case lost.Key:
		return "; while seatwarden_key is missing the guard refuses everybody"
	}
	return ""
}

func markLost(f CustomerFacts) string {
	remedy := "; writing it back failed and is tried again"
	if f.Mode == v1alpha1.ModeObserve {
		remedy = "; mode is Observe: set it to Manage to have it written back"
	}
	return "somebody took " + strings.Join(f.LostMarks.Keys, ", ") + " out of the organization's metadata" + WithoutMarks(f.LostMarks) + remedy
}

func strangers(people int) string {
	return fmt.Sprintf("the organization was adopted, and the guard would shut out %d of its members, for want of a seat: declare a Member for each, or remove them from the organization in Auth0; status.unmanaged names those whom nobody declares", people)
}

func activating(unconfirmed int) string {
	if unconfirmed > 0 {
		return counted(unconfirmed, "person's grant is", "people's grants are") + " being confirmed before the guard takes effect"
	}
	return "waiting out Auth0's lag before the guard takes effect; nothing is sent meanwhile"
}

func (c *conditions) seats(limit int32, counts *v1alpha1.SeatCounts, unlisted string) {
	switch {
	case counts == nil:
	case counts.Used > limit:
		c.present(v1alpha1.ConditionSeatsExceeded, true, v1alpha1.ReasonSeatLimitExceeded,
			fmt.Sprintf("%s in use and the contract has %d: nobody is removed; delete Members or raise spec.seats", counted(int(counts.Used), "seat is", "seats are"), limit))
	case counts.Waiting > 0 && unlisted != "":
		c.present(v1alpha1.ConditionSeatsExceeded, true, v1alpha1.ReasonTooManyInvitations, waiting(counts.Waiting)+": "+unlisted)
	case counts.Waiting > 0:
		c.present(v1alpha1.ConditionSeatsExceeded, true, v1alpha1.ReasonMembersWaiting, waiting(counts.Waiting))
	default:
		c.present(v1alpha1.ConditionSeatsExceeded, false, "", "")
	}
}

func (c *conditions) removalsHeld(held *v1alpha1.HeldRemovals) {
	if held == nil {
		c.set(v1alpha1.ConditionRemovalsHeld, metav1.ConditionFalse, v1alpha1.ReasonNothingHeld, "no removal waits for approval")
		return
	}
	people := counted(int(held.People), "person", "people")
	cause, undo := "more people were removed at once than the brake lets through: nothing is taken from "+people, "declare them again"
	switch held.Of {
	case v1alpha1.HeldOrganization:
		cause, undo = "deleting the organization would remove more people at once than the brake lets through: nothing is taken from "+people, "set spec.deletionPolicy to Retain"
	case v1alpha1.HeldUsers:
		cause, undo = "the organization is gone, and the users of more people would be deleted at once than the brake lets through: no user of "+people+" is deleted", "set spec.removal.user to Keep"
	}
	c.set(v1alpha1.ConditionRemovalsHeld, metav1.ConditionTrue, v1alpha1.ReasonAwaitingApproval, fmt.Sprintf(
		"%s; approve with the annotation %s=%s, or %s", cause, v1alpha1.AnnotationApproveRemovals, held.Hash, undo))
}

func seatSummary(limit int32, counts *v1alpha1.SeatCounts, unlisted string) string {
	switch {
	case counts == nil:
	case counts.Used <= limit && counts.Waiting > 0 && unlisted != "":
		return waiting(counts.Waiting) + ": " + unlisted
	case counts.Used <= limit && counts.Waiting > 0:
		return waiting(counts.Waiting)
	}
	return seatUse(limit, counts)
}

func waiting(people int32) string {
	return counted(int(people), "person waits", "people wait") + " for a seat"
}
