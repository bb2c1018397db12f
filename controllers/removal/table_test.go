package removal

import (
	"cmp"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

// TestRemovalWhenItsCustomerGoes: what becomes of a Removal whose Customer rests, leaves, is gone or another.
func TestRemovalWhenItsCustomerGoes(t *testing.T) {
	now := metav1.NewTime(clock{}.Now())
	leaves := func(c *v1alpha1.Customer) { c.DeletionTimestamp, c.Finalizers = &now, []string{v1alpha1.Finalizer} }
	for name, tc := range map[string]struct {
		customer func(*v1alpha1.Customer) // nil: it is gone
		marker   string
		was      v1alpha1.RemovalState // empty: Held
		state    v1alpha1.RemovalState
		stalled  string
	}{
		"it stays":                  {customer: func(*v1alpha1.Customer) {}, marker: ours, state: v1alpha1.RemovalHeld},
		"observed":                  {customer: func(c *v1alpha1.Customer) { c.Spec.Mode = v1alpha1.ModeObserve }, state: v1alpha1.RemovalHeld},
		"leaves with Retain":        {customer: func(c *v1alpha1.Customer) { leaves(c); c.Spec.DeletionPolicy = v1alpha1.DeletionRetain }, state: v1alpha1.RemovalDone},
		"leaves with Delete":        {customer: func(c *v1alpha1.Customer) { leaves(c); c.Spec.DeletionPolicy = v1alpha1.DeletionDelete }, state: v1alpha1.RemovalHeld},
		"forced off":                {marker: ours, was: v1alpha1.RemovalRemoving, state: v1alpha1.RemovalRemoving, stalled: v1alpha1.ReasonStillOwned},
		"gone, released":            {marker: "released:" + ours, state: v1alpha1.RemovalDone},
		"gone, and another's":       {marker: anothers, state: v1alpha1.RemovalDone},
		"restored, under a new UID": {customer: func(c *v1alpha1.Customer) { c.UID = "anew" }, state: v1alpha1.RemovalHeld},
		"made anew, with another organization": {
			customer: func(c *v1alpha1.Customer) { c.UID, c.Status.OrganizationID = "anew", "org_2" }, state: v1alpha1.RemovalDone,
		},
		"made anew, and has none yet": {
			customer: func(c *v1alpha1.Customer) { c.UID, c.Status.OrganizationID = "anew", "" }, state: v1alpha1.RemovalHeld,
		},
		"forced off, and held":          {marker: ours, state: v1alpha1.RemovalHeld, stalled: v1alpha1.ReasonStillOwned},
		"forced off, the person is out": {marker: ours, was: v1alpha1.RemovalRemoved, state: v1alpha1.RemovalDone},
		"it moved to another organization": {
			customer: func(c *v1alpha1.Customer) { c.Status.OrganizationID = "org_2" }, state: v1alpha1.RemovalHeld,
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			jane := leaving("jane", cmp.Or(tc.was, v1alpha1.RemovalHeld))
			objects := []client.Object{jane}
			if tc.customer != nil {
				customer := acme()
				tc.customer(customer)
				objects = append(objects, customer)
			}
			api := markedAuth0{laggingAuth0: newLagging("jane@acme.com"), marker: tc.marker}
			r, cluster := reconciler(t, api, api.Now, objects...)
			stands, _ := onePass(t, r, cluster, jane)
			g.Expect(stands.Status.State).To(Equal(tc.state))
			if tc.state == v1alpha1.RemovalDone {
				g.Expect(stands.Status.Outcome).To(Equal(v1alpha1.OutcomeLeftAsIs))
			}
			if tc.stalled != "" {
				stalled := meta.FindStatusCondition(stands.Status.Conditions, v1alpha1.ConditionStalled)
				g.Expect(stalled).NotTo(BeNil())
				g.Expect(stalled.Reason).To(Equal(tc.stalled))
			}
			g.Expect(api.calls).NotTo(HaveKey("grant"), "nothing is taken")
			g.Expect(api.calls).NotTo(HaveKey("membership"))
		})
	}
}
