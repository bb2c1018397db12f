package removals

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/utils/ptr"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/test/world"
)

// TestRemovalTableShowsHeldAndTaken: the first table says that people are held and
// what to do, and counts them as being removed from the approval on.
func TestRemovalTableShowsHeldAndTaken(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	customer := w.CreateCustomer("acme", 5, func(c *v1alpha1.Customer) {
		c.Spec.Removal.Brake = v1alpha1.Brake{People: ptr.To(int32(0)), Percent: ptr.To(int32(0))}
	})
	people := hire(w, "acme", 2)
	people.fire(people.members)
	untilHeld(w, customer, 2)
	row := func(g Gomega, status, removing string) {
		row := w.Table(customer)
		g.Expect(row).To(HaveKeyWithValue("STATUS", status))
		g.Expect(row).To(HaveKeyWithValue("REMOVING", removing))
		g.Expect(row).To(HaveKeyWithValue("READY", "True"))
	}
	w.Until("they are held, and not on the way out", func(g Gomega) { row(g, "2 people held: approve or apply again", "0") })
	approve(w, customer, 2)
	w.Until("both are on the way out", func(g Gomega) { row(g, "3 of 5 seats used", "2") })
	w.UntilForwarding("they are out", func(g Gomega) { row(g, "1 of 5 seats used", "0") })
	w.Auth0.Forward(time.Minute)
	for _, member := range people.members {
		w.AssertOut("acme", string(member.Spec.Email))
	}
}
