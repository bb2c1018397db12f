package status

import (
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

// MemberFacts are what a pass over a Member found. Seat, attempt, invitation,
// users and withdrawal are read from the Member's own status.
type MemberFacts struct {
	Now     time.Time
	Problem *Problem
	// Removing names the step that a removal waits for, empty when there is none.
	Removing string
	// Mode in effect, and what Observe keeps from being done.
	Mode v1alpha1.Mode
	Plan Plan
	// SeatsFreeing: a removal in the Customer is under way, so that a seat may come.
	SeatsFreeing bool
	// Window is the reason of the Customer's ContractActive, empty when not known.
	Window string
	// Activating: the organization is on its way under the guard; nothing is sent.
	Activating bool
	// Looked: the pass came so far as to read whether the person is a member.
	Looked bool
	// Joined: the person is a member of the organization now.
	Joined bool
	// Blocked: Auth0 refuses the person, whose user is blocked there.
	Blocked bool
	// Confirmed: the person's grant was read back.
	Confirmed bool
	// Missing: the person had joined and is no member any more, and was not invited
	// since.
	Missing bool
	// Gone: every user that was the person's is in Auth0 no more. Withdrawn: we removed
	// the person under an earlier Member. Both go with Missing.
	Gone, Withdrawn bool
	// Guarded: the Customer says that the guard is in effect.
	Guarded bool
	// TakenAway: the person had joined an organization that is another's now, and
	// holds nothing there any more.
	TakenAway bool
}

// Member derives the status of a Member.
func Member(member *v1alpha1.Member, f MemberFacts) v1alpha1.MemberStatus {
	out := *member
	out.Status = memberStatus(member, f)
	out.Status.Summary = MemberSummary(&out)
	return out.Status
}

func memberStatus(member *v1alpha1.Member, f MemberFacts) v1alpha1.MemberStatus {
	if f.Mode == v1alpha1.ModePaused && f.Problem == nil && f.Removing == "" {
		return pausedMember(member, f)
	}
	out := *member.Status.DeepCopy()
	if f.Removing == "" && f.Problem.nothingNew(out.Conditions, out.ObservedGeneration, member.Generation, out.Attempt != nil) {
		return out
	}
	out.ObservedGeneration = member.Generation
	out.Planned, out.PlannedCount = f.Plan.listed(f.Mode, f.Problem, out.Planned, out.PlannedCount)
	if f.Plan.Access {
		f.Joined = false // what the pass believes rests on what was not done
	}
	c := build(out.Conditions, member.Generation, f.Now)
	state := memberState(&out, f)
	c.seatAssigned(out.Seat)
	if unseen(&out, f) {
		c.carry(v1alpha1.ConditionInvited)
		c.carry(v1alpha1.ConditionActive)
	} else {
		c.invited(f, state)
		c.set(v1alpha1.ConditionActive, truth(state.active), state.reason, state.message)
	}

	since := notReadySince(member.Status.Conditions, member.CreationTimestamp.Time, f.Now)
	switch {
	case f.Problem != nil:
		stalled := f.Problem.stalls(since, f.Now)
		c.summarize(!stalled, stalled, f.Problem.Reason, f.Problem.Message)
	case f.Mode == v1alpha1.ModeObserve && f.Removing == "":
		c.summarize(false, false, v1alpha1.ReasonObserving, planSummary(out.PlannedCount))
	case state.waits:
		stalled := !f.SeatsFreeing && f.Now.Sub(out.Seat.Since.Time) >= SeatPatience
		c.summarize(!stalled, stalled, state.reason, state.message)
	case state.stalled:
		c.summarize(false, true, state.reason, state.message)
	case state.pending || underWay(out.Attempt, state):
		c.summarize(true, false, state.reason, state.message)
	default:
		c.summarize(false, false, v1alpha1.ReasonReconciled, state.message)
	}
	out.Conditions = c.list
	return out
}

// underWay tells whether an attempt is work: its call may still land, or is about to
// be made. One that is on hold waits for the contract, as who was never tried does.
func underWay(attempt *v1alpha1.Attempt, s state) bool {
	return attempt != nil && (attempt.NotAfter != nil || s.reason != v1alpha1.ReasonOnHold)
}

// unseen: the pass ended before it looked at somebody who had joined, and the
// problem takes nothing from them. They are called what they were called before.
func unseen(s *v1alpha1.MemberStatus, f MemberFacts) bool {
	return f.Problem != nil && !f.Looked && !f.TakenAway && f.Removing == "" && !f.Problem.gone() && len(s.Users) > 0 &&
		s.Seat != nil && s.Seat.State == v1alpha1.SeatAssigned && meta.FindStatusCondition(s.Conditions, v1alpha1.ConditionActive) != nil
}

// state is where a person stands.
type state struct {
	reason, message string
	// active: can sign in. pending: the operator is at work. waits: for a seat.
	// stalled: a person must act.
	active, pending, waits, stalled bool
}

func memberState(s *v1alpha1.MemberStatus, f MemberFacts) state {
	switch {
	case f.Removing != "":
		return state{reason: v1alpha1.ReasonWithdrawing, message: f.Removing, pending: true}
	case s.Seat == nil && f.Problem != nil:
		return state{reason: f.Problem.Reason, message: f.Problem.Message}
	case s.Seat == nil:
		return state{reason: v1alpha1.ReasonSeatPending, message: "the Customer has not decided about a seat yet", pending: true}
	case s.Seat.State == v1alpha1.SeatWithdrawing:
		return state{reason: v1alpha1.ReasonSeatWithdrawing, message: s.Seat.Message, pending: true}
	case s.Seat.State == v1alpha1.SeatRefused:
		return state{reason: s.Seat.Reason, message: s.Seat.Message, stalled: true}
	case s.Seat.State == v1alpha1.SeatWaiting:
		return state{reason: s.Seat.Reason, message: s.Seat.Message, waits: true}
	case f.Problem != nil && f.Problem.gone():
		return state{reason: f.Problem.Reason, message: f.Problem.Message}
	case f.Plan.Access:
		return state{reason: v1alpha1.ReasonObserving, message: "mode is Observe: what lets the person in is planned and not done, see status.planned"}
	case f.Missing:
		return state{reason: v1alpha1.ReasonRemovedInAuth0, stalled: true,
			message: "the person had joined, and " + absence(f) + ": delete the Member, or ask for an invitation with the annotation " + v1alpha1.AnnotationInviteRequestedAt}
	case f.Joined && !f.Confirmed:
		return state{reason: v1alpha1.ReasonGranting, message: "the person has joined; the grant is being written", pending: true}
	case f.Joined && f.Blocked:
		return state{reason: v1alpha1.ReasonBlockedInAuth0, stalled: true,
			message: "the person has joined and keeps the seat, and their user is blocked in Auth0, which refuses the sign-in: unblock the user in Auth0, or delete the Member"}
	case f.Joined:
		return joined(f)
	}
	return notJoined(s, f)
}

// absence is why somebody who had joined is in no more, as far as it was looked at.
func absence(f MemberFacts) string {
	switch {
	case f.Withdrawn:
		return "was removed here when an earlier Member of the address was deleted"
	case f.Gone:
		return "their user is not in Auth0 any more: it was deleted there, or linked into another"
	}
	return "is no member of the organization any more"
}

func joined(f MemberFacts) state {
	if f.Window != "" && f.Window != v1alpha1.ReasonContractActive {
		return state{reason: f.Window, message: "the person has joined and is not to sign in: " + windowText[f.Window] + unguarded(f)}
	}
	return state{reason: v1alpha1.ReasonJoined, message: "the person has joined and can sign in", active: true}
}

var windowText = map[string]string{
	v1alpha1.ReasonContractNotStarted: "the contract has not started",
	v1alpha1.ReasonContractEnded:      "the contract has ended",
	v1alpha1.ReasonSuspended:          "the Customer is suspended",
}

// unguarded adds to why nobody is to sign in what does not keep them from it.
func unguarded(f MemberFacts) string {
	if f.Guarded {
		return ""
	}
	return "; no guard is in effect that would refuse the sign-in"
}

func notJoined(s *v1alpha1.MemberStatus, f MemberFacts) state {
	if s.Invitation != nil && (s.Attempt == nil || !s.Attempt.Invites) {
		switch s.Invitation.State {
		case v1alpha1.InvitationSent:
			return state{reason: v1alpha1.ReasonInvited, message: invited(s.Invitation.ExpiresAt.Time, f)}
		case v1alpha1.InvitationExpired:
			return state{reason: v1alpha1.ReasonExpired,
				message: "the link's time is over, and nobody was seen to join with it: ask for another with the annotation " + v1alpha1.AnnotationInviteRequestedAt}
		case v1alpha1.InvitationConsumed:
			return state{reason: v1alpha1.ReasonAcceptedByWrongAccount, stalled: true,
				message: usedUp(s.Invitation.UsedUpBy) + "; let the person use, or the identity provider give, the address of this Member, then ask for another with the annotation " + v1alpha1.AnnotationInviteRequestedAt}
		}
	}
	switch {
	case f.Window != "" && f.Window != v1alpha1.ReasonContractActive:
		return state{reason: v1alpha1.ReasonOnHold, message: "has a seat; nobody is invited now: " + windowText[f.Window]}
	case f.Activating:
		return state{reason: v1alpha1.ReasonOnHold, message: "has a seat; nobody is invited while the guard is being put in effect", pending: true}
	case f.Problem != nil && f.Problem.Class == Retry:
		return state{reason: v1alpha1.ReasonInviting, message: f.Problem.Message, pending: true}
	case f.Problem != nil:
		return state{reason: f.Problem.Reason, message: f.Problem.Message}
	}
	return state{reason: v1alpha1.ReasonInviting, message: "the person is being let in: by an invitation, unless they are known from before", pending: true}
}

// usedUp says what became of a link that was used up, and by which user if that is known.
func usedUp(by string) string {
	if by == "" {
		return "the link was used up by another account, or revoked in Auth0, and nobody joined: see in Auth0's log which account it was and what address Auth0 has for it"
	}
	return "the link was used up by Auth0 user " + by + ", and nobody joined: Auth0 has another address for that user, or none"
}

func invited(until time.Time, f MemberFacts) string {
	message := "invited; the link works until " + until.UTC().Format(time.RFC3339)
	if f.Window != "" && f.Window != v1alpha1.ReasonContractActive {
		message += ", and whoever uses it is not to sign in: " + windowText[f.Window] + unguarded(f)
	}
	return message
}

func (c *conditions) seatAssigned(seat *v1alpha1.MemberSeat) {
	switch {
	case seat == nil:
		c.set(v1alpha1.ConditionSeatAssigned, metav1.ConditionFalse, v1alpha1.ReasonSeatPending, "the Customer has not decided about a seat yet")
	case seat.State == v1alpha1.SeatAssigned:
		c.set(v1alpha1.ConditionSeatAssigned, metav1.ConditionTrue, v1alpha1.ReasonSeatAssigned, "holds a seat")
	default:
		c.set(v1alpha1.ConditionSeatAssigned, metav1.ConditionFalse, seat.Reason, seat.Message)
	}
}

func (c *conditions) invited(f MemberFacts, st state) {
	switch {
	case f.Joined:
		c.set(v1alpha1.ConditionInvited, metav1.ConditionTrue, v1alpha1.ReasonJoined, "the person has joined")
	case st.reason == v1alpha1.ReasonInvited:
		c.set(v1alpha1.ConditionInvited, metav1.ConditionTrue, v1alpha1.ReasonInvited, st.message)
	default:
		c.set(v1alpha1.ConditionInvited, metav1.ConditionFalse, st.reason, st.message)
	}
}
