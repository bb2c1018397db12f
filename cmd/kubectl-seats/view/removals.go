package view

import (
	"time"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// Removal is one person on the way out, or who went lately.
type Removal struct {
	Email  string    `json:"email"`
	Member string    `json:"member"`
	State  string    `json:"state"`
	Since  time.Time `json:"since"`
	// Restorable: a Member of the address brings the person back.
	Restorable bool `json:"restorable,omitempty"`
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

// Removals are the people of a Customer who are on their way out, and what of it is
// held. It is the one place that knows where these stand.
func Removals(customer *v1alpha1.Customer) (removals []Removal, held *Held) {
	for _, line := range customer.Status.Withdrawn {
		removals = append(removals, Removal{
			Email: line.Email, Member: line.Member, State: string(line.State), Since: line.RequestedAt.Time,
			Restorable: line.State == v1alpha1.WithdrawalWithdrawn || line.State == v1alpha1.WithdrawalHeld,
		})
	}
	if h := customer.Status.HeldRemovals; h != nil && h.People > 0 {
		of := h.Of
		if of == "" {
			of = v1alpha1.HeldPeople
		}
		held = &Held{Hash: h.Hash, People: int(h.People), Of: of}
	}
	return removals, held
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

// IsHeld tells whether nothing is taken from the person until somebody approves.
func (r *Removal) IsHeld() bool { return r.State == string(v1alpha1.WithdrawalHeld) }

// IsDone tells whether nothing lets the person in any more.
func (r *Removal) IsDone() bool {
	switch v1alpha1.WithdrawalState(r.State) {
	case v1alpha1.WithdrawalWithdrawn, v1alpha1.WithdrawalDestroying, v1alpha1.WithdrawalRemoved:
		return true
	}
	return false
}

// Meaning says in words what the state is.
func (r *Removal) Meaning() string {
	switch v1alpha1.WithdrawalState(r.State) {
	case v1alpha1.WithdrawalWithdrawing, v1alpha1.WithdrawalApproved:
		return "access is being taken"
	case v1alpha1.WithdrawalHeld:
		return "can sign in until somebody approves"
	case v1alpha1.WithdrawalWithdrawn:
		return "is out; a Member of the address brings the person back"
	case v1alpha1.WithdrawalDestroying:
		return "is out; the user is being deleted"
	case v1alpha1.WithdrawalRemoved:
		return "is out"
	}
	return ""
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
