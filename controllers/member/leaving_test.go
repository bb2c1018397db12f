package member

import (
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

// TestRemovalFullList: who is counted by the brake makes no room for others.
func TestRemovalFullList(t *testing.T) {
	at := metav1.NewMicroTime(time.Now())
	for name, tc := range map[string]struct {
		line v1alpha1.WithdrawnPerson
		fits bool
	}{
		"counted by the brake":             {v1alpha1.WithdrawnPerson{State: v1alpha1.WithdrawalRemoved}, false},
		"approved, and counted by nobody":  {v1alpha1.WithdrawnPerson{State: v1alpha1.WithdrawalRemoved, ApprovedAt: &at}, true},
		"approved, and still to come back": {v1alpha1.WithdrawnPerson{State: v1alpha1.WithdrawalWithdrawn, ApprovedAt: &at}, false},
		"held":                             {v1alpha1.WithdrawnPerson{State: v1alpha1.WithdrawalHeld}, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := &memberPass{customer: &v1alpha1.Customer{}}
			for i := range maxWithdrawn {
				line := tc.line
				line.Person, line.RequestedAt = fmt.Sprintf("%016d", i), at
				p.customer.Status.Withdrawn = append(p.customer.Status.Withdrawn, line)
			}
			NewWithT(t).Expect(p.enter(v1alpha1.WithdrawnPerson{Person: "another"})).To(Equal(tc.fits))
		})
	}
}
