package faults

import (
	"net/http"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/test/world"
)

const (
	recordRoute      = "/api/v2/organizations/{id}"
	connectionsRoute = "/api/v2/organizations/{id}/enabled_connections"
)

// TestLimitsLooksShareAReading: while a link is alive, Auth0 is asked for people at
// each look, and for what hardly ever changes once in many.
func TestLimitsLooksShareAReading(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	customer := w.CreateCustomer("acme", 3)
	w.UntilMail("boss@acme.com", 1)
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Reconciled")
	w.Auth0.ResetAudit()
	const looks = 30
	w.Until("there are looks", func(g Gomega) {
		g.Expect(len(w.Auth0.Calls("GET", world.InvitationsRoute))).To(BeNumerically(">=", looks))
	})
	w.Expect(len(w.Auth0.Calls("GET", recordRoute))).To(BeNumerically("<=", looks/8), "readings of the organization")
	w.Expect(len(w.Auth0.Calls("GET", connectionsRoute))).To(BeNumerically("<=", looks/8), "readings of its connections")
}

// TestLimitsOnboardingSharesAReading: so do the passes that the Members' own news
// bring about, and nobody looks for people again whom a round has just looked at.
func TestLimitsOnboardingSharesAReading(t *testing.T) {
	w := world.New(t)
	w.StartOperator(func(o *world.OperatorOptions) { o.LiveInterval = o.SettledInterval })
	w.CreateCustomer("acme", 20)
	var emails []string
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"} {
		emails = append(emails, name+"@acme.com")
		w.CreateMember("acme", name+"@acme.com")
	}
	for _, email := range emails {
		w.UntilMail(email, 1)
	}
	w.Expect(len(w.Auth0.Calls("GET", recordRoute))).To(BeNumerically("<=", 4), "readings of the organization")
	w.Expect(len(w.Auth0.Calls("GET", connectionsRoute))).To(BeNumerically("<=", 3), "readings of its connections")
	t.Log("looks", len(w.Auth0.Calls("GET", world.InvitationsRoute)), "calls", len(w.Auth0.Audit()))
	w.Expect(len(w.Auth0.Calls("GET", world.InvitationsRoute))).To(BeNumerically("<=", len(emails)), "looks at people")
}

// TestFaultsOrganizationDeletedWhileShared: an organization that was deleted in
// Auth0 after it was read is called missing as soon as a call says so.
func TestFaultsOrganizationDeletedWhileShared(t *testing.T) {
	w := world.New(t)
	w.StartOperator(func(o *world.OperatorOptions) {
		o.LiveInterval, o.SettledInterval = o.SettledInterval, 2*o.SettledInterval
	})
	customer := w.CreateCustomer("acme", 3)
	w.UntilMail("boss@acme.com", 1)
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Reconciled")
	w.InDashboard(http.MethodDelete, "/organizations/"+w.OrganizationID("acme"), "")
	jane := w.CreateMember("acme", "jane@acme.com")
	w.UntilReason(customer, v1alpha1.ConditionReady, "False/OrganizationMissing")
	w.UntilReason(jane, v1alpha1.ConditionReady, "False/OrganizationMissing")
}
