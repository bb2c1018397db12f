package pass

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// TestRemovalHeldRemovals: the hash that approves is of who is held, on which
// occasion, and of nobody else.
func TestRemovalHeldRemovals(t *testing.T) {
	monday := metav1.NewMicroTime(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))
	tuesday := metav1.NewMicroTime(monday.Add(24 * time.Hour))
	line := func(email string, state v1alpha1.WithdrawalState, at metav1.MicroTime) v1alpha1.WithdrawnPerson {
		return v1alpha1.WithdrawnPerson{Person: ownership.PersonRef(email), State: state, RequestedAt: at}
	}
	jane := line("jane@acme.com", v1alpha1.WithdrawalHeld, monday)
	bob := line("bob@acme.com", v1alpha1.WithdrawalHeld, monday)
	reference, _ := HeldRemovals(customerWith(jane, bob))
	for name, tc := range map[string]struct {
		customer *v1alpha1.Customer
		people   int
		same     bool
	}{
		"in another order":       {customerWith(bob, jane), 2, true},
		"one of them":            {customerWith(jane), 1, false},
		"another person":         {customerWith(jane, line("eve@acme.com", v1alpha1.WithdrawalHeld, monday)), 2, false},
		"one more":               {customerWith(jane, bob, line("eve@acme.com", v1alpha1.WithdrawalHeld, monday)), 3, false},
		"held again another day": {customerWith(line("jane@acme.com", v1alpha1.WithdrawalHeld, tuesday), bob), 2, false},
		"who is being removed":   {customerWith(jane, bob, line("eve@acme.com", v1alpha1.WithdrawalWithdrawing, monday)), 2, true},
		"who was removed":        {customerWith(jane, bob, line("eve@acme.com", v1alpha1.WithdrawalRemoved, monday)), 2, true},
		"an admin":               {customerWith(jane, bob, line("Boss@acme.com", v1alpha1.WithdrawalHeld, monday)), 2, true},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			hash, people := HeldRemovals(tc.customer)
			g.Expect(people).To(Equal(tc.people))
			g.Expect(hash == reference).To(Equal(tc.same))
		})
	}
	hash, people := HeldRemovals(customerWith())
	NewWithT(t).Expect([]any{hash, people}).To(Equal([]any{"", 0}), "nothing is held")
}

func customerWith(withdrawn ...v1alpha1.WithdrawnPerson) *v1alpha1.Customer {
	return &v1alpha1.Customer{
		Spec:   v1alpha1.CustomerSpec{Admins: []v1alpha1.Admin{{Email: "boss@acme.com"}}},
		Status: v1alpha1.CustomerStatus{Withdrawn: withdrawn},
	}
}
