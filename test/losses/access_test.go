package losses

import (
	"maps"
	"net/http"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/test/world"
)

// loseMetadata takes keys out of the organization's metadata by somebody else's hand.
func loseMetadata(w *world.World, keys ...string) {
	w.Helper()
	id := w.OrganizationID("acme")
	read, err := w.Engineer().Organization(w.Context(), id)
	w.Expect(err).NotTo(HaveOccurred())
	left := maps.Clone(read.Metadata)
	for _, key := range keys {
		w.Expect(left).To(HaveKey(key))
		delete(left, key)
	}
	_, err = w.Engineer().UpdateOrganization(w.Context(), id, auth0.OrganizationUpdate{Metadata: left})
	w.Expect(err).NotTo(HaveOccurred())
}

// outage has every call to the Management API fail, until mended.
func outage(w *world.World) (mend func()) {
	w.Helper()
	var ends []func()
	for _, route := range []string{"/api/v2/*", "/api/v2/*/*", "/api/v2/*/*/*", "/api/v2/*/*/*/*", "/api/v2/*/*/*/*/*"} {
		_, end := w.Fault(standin.Fault{Route: route, Kind: standin.FaultStatus, Status: http.StatusServiceUnavailable})
		ends = append(ends, end)
	}
	return func() {
		for _, end := range ends {
			end()
		}
	}
}

// TestAccessAllTheWay samples the sign-ins of everybody who is Active through all
// that happens to an operator, to Auth0, and to the guard's marks.
func TestAccessAllTheWay(t *testing.T) {
	w := world.Bare(t)
	tenant := w.CreateTenant(func(tenant *v1alpha1.Auth0Tenant) { tenant.Spec.Guard.Mode = v1alpha1.GuardOff })
	operator := w.StartOperator()
	customer := w.CreateCustomer("acme", 6)
	w.Join(w.AdminMember(customer))
	people := []*v1alpha1.Member{w.CreateMember("acme", "jane@acme.com"), w.CreateMember("acme", "bob@acme.com")}
	for _, member := range people {
		w.Join(member)
	}
	access := w.SampleAccess("acme")

	w.Log("the guard is put in effect")
	w.Update(tenant, func() { tenant.Spec.Guard.Mode = v1alpha1.GuardEnforce })
	w.UntilForwarding("the guard is in effect", func(g Gomega) {
		g.Expect(w.Reason(g, customer, v1alpha1.ConditionGuardInEffect)).To(Equal("True/GuardInEffect"))
	})
	before, _ := w.Organization("acme")
	marked := func(g Gomega) {
		after, _ := w.Organization("acme")
		g.Expect(after.Metadata).To(Equal(before.Metadata))
	}
	settled := func() {
		w.Helper()
		access.UntilSampled()
		for _, member := range people {
			w.UntilReason(member, v1alpha1.ConditionActive, "True/Joined")
			w.UntilReason(member, v1alpha1.ConditionReady, "True/Reconciled")
		}
	}
	settled()

	w.Log("the operator is restarted, with a request to look at everything")
	operator.Stop()
	access.UntilSampled()
	operator = w.StartOperator()
	w.Reread(customer)
	settled()

	w.Log("a roll-out: the next one begins before the last one ends")
	next := w.StartOperator()
	for _, member := range people {
		w.Reread(member)
	}
	operator.Stop()
	settled()

	w.Log("two operators at work, and marks are lost")
	second := w.StartOperator()
	for _, keys := range [][]string{
		{ownership.MetadataAccess}, {ownership.MetadataOwner}, {ownership.MetadataAccess, ownership.MetadataKey},
		{ownership.MetadataAccess, ownership.MetadataKey, ownership.MetadataOwner},
	} {
		loseMetadata(w, keys...)
		w.Reread(customer)
		w.Until("the mark is put back as it was", marked)
		settled()
	}
	second.Stop()

	w.Log("Auth0 is out of order, and an operator starts meanwhile")
	mend := outage(w)
	next.Stop()
	w.StartOperator()
	access.UntilSampled()
	w.Throughout("nobody is called anything else", func(g Gomega) {
		for _, member := range people {
			g.Expect(w.Reason(g, member, v1alpha1.ConditionActive)).To(Equal("True/Joined"))
		}
	})
	mend()
	w.Reread(customer)
	settled()
	w.Until("nothing has changed", marked)
	access.End(3)
	w.Expect(w.Auth0.Outbox().Mails()).To(HaveLen(3))
}
