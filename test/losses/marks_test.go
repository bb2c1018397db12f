package losses

import (
	"maps"
	"net/http"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/test/world"
)

// TestAccessLostMark: what somebody takes off the organization is written back with
// an Event, and as long as it is not, the Customer does not say that the guard is in
// effect: a suspended one is open.
func TestAccessLostMark(t *testing.T) {
	w := world.New(t)
	operator := w.StartOperator()
	customer := w.CreateCustomer("acme", 4)
	w.Join(w.CreateMember("acme", "jane@acme.com"))
	w.UntilReason(customer, v1alpha1.ConditionGuardInEffect, "True/GuardInEffect")
	w.Update(customer, func() { customer.Spec.Access = v1alpha1.AccessSuspended })
	w.UntilReason(customer, v1alpha1.ConditionContractActive, "False/Suspended")
	id := w.OrganizationID("acme")
	before, _ := w.Organization("acme")
	open := func() bool { _, err := w.SignIn(id, "jane@acme.com"); return err == nil }
	w.Expect(open()).To(BeFalse())
	restored := 0
	isRestored := func(text string) {
		w.Helper()
		restored++
		w.Until("it is written back, and told", func(g Gomega) {
			after, _ := w.Organization("acme")
			g.Expect(after.Metadata).To(Equal(before.Metadata))
			events := w.Events(customer, "Warning", v1alpha1.ReasonMarksRestored)
			g.Expect(events).To(HaveLen(restored))
			g.Expect(events).To(ContainElement(ContainSubstring(text)))
		})
		w.UntilReason(customer, v1alpha1.ConditionGuardInEffect, "True/GuardInEffect")
		w.Expect(open()).To(BeFalse())
	}
	lost := func(keys ...string) {
		w.Helper()
		loseMetadata(w, keys...)
		w.Reread(customer)
	}
	notInEffect := func(text string) {
		w.Helper()
		w.UntilReason(customer, v1alpha1.ConditionGuardInEffect, "False/MarkLost")
		w.Expect(meta.FindStatusCondition(customer.Status.Conditions, v1alpha1.ConditionGuardInEffect).Message).To(And(ContainSubstring("lets everybody in"), ContainSubstring(text)))
		w.Expect(open()).To(BeTrue())
	}

	lost(ownership.MetadataAccess)
	isRestored("lets everybody in")
	lost(ownership.MetadataOwner, ownership.MetadataSeats)
	isRestored(ownership.MetadataOwner + ", " + ownership.MetadataSeats)

	w.Log("nothing is written back under Observe")
	w.Update(customer, func() { customer.Spec.Mode = v1alpha1.ModeObserve })
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Observing")
	lost(ownership.MetadataAccess)
	notInEffect("Observe")
	operator.Stop()
	operator = w.StartOperator()
	w.Reread(customer)
	notInEffect("Observe")

	w.Log("the write fails")
	_, mend := w.Fault(standin.Fault{Method: http.MethodPatch, Route: "/api/v2/organizations/{id}", Kind: standin.FaultStatus, Status: http.StatusServiceUnavailable})
	w.Update(customer, func() { customer.Spec.Mode = v1alpha1.ModeManage })
	w.UntilReason(customer, v1alpha1.ConditionReady, "False/Auth0Unavailable")
	notInEffect("failed")
	mend()
	isRestored("lets everybody in")

	w.Log("nobody looks under Paused")
	w.Update(customer, func() { customer.Spec.Mode = v1alpha1.ModePaused })
	w.UntilReason(customer, v1alpha1.ConditionGuardInEffect, "Unknown/Paused")
	loseMetadata(w, ownership.MetadataAccess)
	w.Update(customer, func() { customer.Spec.Mode = v1alpha1.ModeManage })
	isRestored("lets everybody in")
	operator.Stop()
}

// TestAccessChangedMark: what somebody changes in our marks is written back with an
// Event. What the contract changes is none of that.
func TestAccessChangedMark(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	customer := w.CreateCustomer("acme", 4)
	w.Join(w.AdminMember(customer))
	w.UntilReason(customer, v1alpha1.ConditionGuardInEffect, "True/GuardInEffect")
	w.Update(customer, func() { customer.Spec.Seats, customer.Spec.Access = 3, v1alpha1.AccessSuspended })
	w.UntilReason(customer, v1alpha1.ConditionContractActive, "False/Suspended")
	w.Update(customer, func() { customer.Spec.Access = v1alpha1.AccessOpen })
	w.UntilReason(customer, v1alpha1.ConditionContractActive, "True/ContractActive")
	w.Reread(customer)
	w.Expect(w.Events(customer, "Warning", v1alpha1.ReasonMarksRestored)).To(BeEmpty())

	before, _ := w.Organization("acme")
	changed := maps.Clone(before.Metadata)
	changed[ownership.MetadataSeats] = "4000"
	changed[ownership.MetadataAccess] = ownership.Window{State: ownership.AccessSuspended}.String()
	w.Expect(changed[ownership.MetadataAccess]).NotTo(Equal(before.Metadata[ownership.MetadataAccess]))
	_, err := w.Engineer().UpdateOrganization(w.Context(), w.OrganizationID("acme"), auth0.OrganizationUpdate{Metadata: changed})
	w.Expect(err).NotTo(HaveOccurred())
	w.Reread(customer)
	w.Until("it is written back, and told", func(g Gomega) {
		after, _ := w.Organization("acme")
		g.Expect(after.Metadata).To(Equal(before.Metadata))
		g.Expect(w.Events(customer, "Warning", v1alpha1.ReasonMarksRestored)).To(ConsistOf(ContainSubstring(
			"seatwarden_seats, seatwarden_access was changed in the metadata of organization acme")))
	})
	_, err = w.SignIn(w.OrganizationID("acme"), "boss@acme.com")
	w.Expect(err).NotTo(HaveOccurred())
}
