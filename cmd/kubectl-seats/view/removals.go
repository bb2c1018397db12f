package view

import (
	"cmp"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// Removal is one person on the way out, or who went lately.
type Removal struct {
	Name   string    `json:"name"`
	Email  string    `json:"email"`
	Member string    `json:"member"`
	State  string    `json:"state"`
	Since  time.Time `json:"since"`
	// Restorable: a Member of the address brings the person back.
	Restorable bool `json:"restorable,omitempty"`
	// HeldFor is why it is held.
	HeldFor string `json:"heldFor,omitempty"`
	// Outcome is what came of it, once it is done.
	Outcome string `json:"outcome,omitempty"`
	// Message is what the operator says of it.
	Message string `json:"message,omitempty"`
}

// Held is what the brake holds until a person approves it.
type Held struct {
	// Hash is what the annotation that approves must quote.
	Hash string `json:"hash"`
	// People who are held.
	People int `json:"people"`
	// Of says what is held: People, Organization or Users.
	Of v1alpha1.HeldKind `json:"of"`
}

// HeldOf is what is held of a Customer, nil for nothing.
func HeldOf(customer *v1alpha1.Customer) *Held {
	h := customer.Status.HeldRemovals
	if h == nil || h.People == 0 {
		return nil
	}
	return &Held{Hash: h.Hash, People: int(h.People), Of: cmp.Or(h.Of, v1alpha1.HeldPeople)}
}

// Removals are the rows of Removals.
func Removals(removals []v1alpha1.Removal) []Removal {
	var rows []Removal
	for i := range removals {
		rows = append(rows, ofRemoval(&removals[i]))
	}
	return rows
}

func ofRemoval(removal *v1alpha1.Removal) Removal {
	spec, status := &removal.Spec, &removal.Status
	state := cmp.Or(status.State, v1alpha1.RemovalPending)
	row := Removal{
		Name: removal.Name, Email: string(spec.Email), Member: spec.Member.Name, State: string(state), Since: spec.RequestedAt.Time,
		Restorable: state == v1alpha1.RemovalRemoved || state == v1alpha1.RemovalHeld, Outcome: string(status.Outcome),
	}
	if status.Decision != nil && row.IsHeld() {
		row.HeldFor = status.Decision.Reason
	}
	if ready := meta.FindStatusCondition(status.Conditions, v1alpha1.ConditionReady); ready != nil {
		row.Message = ready.Message
	}
	return row
}

// RemovalOf is the removal of a person, nil when there is none.
func RemovalOf(removals []Removal, email string) *Removal {
	for i := range removals {
		if SamePerson(removals[i].Email, email) {
			return &removals[i]
		}
	}
	return nil
}

// IsHeld tells whether nothing is taken from the person for now.
func (r *Removal) IsHeld() bool { return r.State == string(v1alpha1.RemovalHeld) }

// AwaitsApproval tells whether nothing is taken until somebody approves.
func (r *Removal) AwaitsApproval() bool {
	return r.IsHeld() && r.HeldFor != v1alpha1.ReasonNamedAsAdmin
}

// IsUnderWay tells whether the operator is at work, and has not confirmed it.
func (r *Removal) IsUnderWay() bool {
	return r.State == string(v1alpha1.RemovalPending) || r.State == string(v1alpha1.RemovalRemoving)
}

// IsDone tells whether nothing lets the person in any more.
func (r *Removal) IsDone() bool {
	switch v1alpha1.RemovalState(r.State) {
	case v1alpha1.RemovalRemoved, v1alpha1.RemovalDeleting:
		return true
	case v1alpha1.RemovalDone:
		return r.Outcome != string(v1alpha1.OutcomeTakenOver) && r.Outcome != string(v1alpha1.OutcomeLeftAsIs)
	}
	return false
}

// Meaning says in words what the state is.
func (r *Removal) Meaning() string {
	switch v1alpha1.RemovalState(r.State) {
	case v1alpha1.RemovalPending:
		return cmp.Or(r.Message, "nothing is taken yet")
	case v1alpha1.RemovalHeld:
		if !r.AwaitsApproval() {
			return "can sign in: the contract names an admin"
		}
		return "can sign in until somebody approves"
	case v1alpha1.RemovalRemoving:
		return cmp.Or(r.Message, "access is being taken")
	case v1alpha1.RemovalRemoved:
		return "is out; a Member of the address brings the person back"
	case v1alpha1.RemovalDeleting:
		return "is out; the user is being deleted"
	case v1alpha1.RemovalDone:
		return r.ended()
	}
	return ""
}

// ended says what came of it.
func (r *Removal) ended() string {
	switch v1alpha1.RemovalOutcome(r.Outcome) {
	case v1alpha1.OutcomeTakenOver:
		return "a Member of the address has this person"
	case v1alpha1.OutcomeLeftAsIs:
		return "nothing more is taken: the organization is not the Customer's any more"
	case v1alpha1.OutcomeUserDeleted:
		return "is out; the user is deleted"
	}
	return "is out"
}

func (r *Removal) tone() Tone {
	switch {
	case r.IsHeld():
		return Bad
	case r.IsDone():
		return Good
	}
	return Pending
}

// SamePerson tells whether two addresses are one person's.
func SamePerson(a, b string) bool { return ownership.PersonRef(a) == ownership.PersonRef(b) }
