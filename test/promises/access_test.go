package promises

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/internal/standin/person"
	"github.com/seatwarden/seatwarden/test/world"
)

// joinAll has people join and returns what their application holds.
func joinAll(w *world.World, emails ...string) map[string]*person.Session {
	sessions := map[string]*person.Session{}
	for _, email := range emails {
		sessions[email] = w.Join(w.CreateMember("acme", email))
	}
	return sessions
}

// stranger is in the organization by somebody else's hand and holds no seat.
func stranger(w *world.World) (email string) {
	email = "stranger@acme.com"
	w.Employ(email)
	user, err := w.Auth0.AddUser(standin.UserSeed{Connection: world.ConnectionName, Email: email, EmailVerified: true})
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(w.Auth0.AddMember(w.OrganizationID("acme"), user.UserID)).To(Succeed())
	return email
}

func TestAccessWhileOperatorIsDownAndRestarted(t *testing.T) {
	w := world.New(t)
	operator := w.StartOperator()
	customer := w.CreateCustomer("acme", 5)
	sessions := joinAll(w, "jane@acme.com", "bob@acme.com")
	w.UntilMail("boss@acme.com", 1)
	w.UntilReason(customer, v1alpha1.ConditionGuardInEffect, "True/GuardInEffect")
	end := w.WatchSessions(sessions)
	operator.Stop()
	w.Throughout("nobody runs", func(g Gomega) { g.Expect(w.Holders("acme")).To(HaveLen(3)) })
	w.StartOperator()
	w.Reread(customer)
	w.Auth0.Forward(time.Minute)
	w.Reread(customer)
	end()
	for i, members := 0, w.Members(); i < len(members); i++ {
		if members[i].Spec.Email != "boss@acme.com" {
			w.UntilReason(&members[i], v1alpha1.ConditionActive, "True/Joined")
		}
	}
}

func TestAccessActivation(t *testing.T) {
	w := world.Bare(t)
	tenant := w.CreateTenant(func(tenant *v1alpha1.Auth0Tenant) { tenant.Spec.Guard.Mode = v1alpha1.GuardOff })
	w.StartOperator()
	customer := w.CreateCustomer("acme", 8)
	sessions := joinAll(w, "a@acme.com", "b@acme.com", "c@acme.com", "d@acme.com", "e@acme.com")
	invited := w.CreateMember("acme", "late@acme.com")
	mail := w.UntilMail("late@acme.com", 1)
	guest := stranger(w)
	_, err := w.SignIn(w.OrganizationID("acme"), guest)
	w.Expect(err).NotTo(HaveOccurred(), "without the guard a member is let in")

	end := w.WatchSessions(sessions)
	w.LoseGrant("acme", "a@acme.com")
	w.Update(tenant, func() { tenant.Spec.Guard.Mode = v1alpha1.GuardEnforce })
	w.UntilForwarding("the guard takes effect", func(g Gomega) {
		g.Expect(w.Reason(g, customer, v1alpha1.ConditionGuardInEffect)).To(Equal("True/GuardInEffect"))
	})
	w.Throughout("holders get in", func(g Gomega) {
		_, err := w.SignIn(w.OrganizationID("acme"), guest)
		g.Expect(err).To(HaveOccurred(), "the stranger is refused")
	})
	end()
	_, err = w.Accept(mail)
	w.Expect(err).NotTo(HaveOccurred(), "a link that was sent before the guard works")
	w.UntilReason(invited, v1alpha1.ConditionActive, "True/Joined")
	_, err = w.SignIn(w.OrganizationID("acme"), "late@acme.com")
	w.Expect(err).NotTo(HaveOccurred())
}

func TestAccessInvitationMetadataSwitches(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	customer := w.CreateCustomer("acme", 40)
	w.UntilReason(customer, v1alpha1.ConditionGuardInEffect, "True/GuardInEffect")
	type guest struct {
		member   *v1alpha1.Member
		switches standin.InvitationMetadata
	}
	var guests []guest
	invite := func(existing bool, switches standin.InvitationMetadata) {
		email := fmt.Sprintf("person-%d@acme.com", len(guests))
		if existing {
			_, err := w.Auth0.AddUser(standin.UserSeed{Connection: world.ConnectionName, Email: email, EmailVerified: true, AppMetadata: map[string]any{"crm": "7"}})
			w.Expect(err).NotTo(HaveOccurred())
		}
		guests = append(guests, guest{w.CreateMember("acme", email), switches})
	}
	for _, visible := range []string{standin.VisibleSameSignIn, standin.VisibleNextSignIn} {
		for _, fresh := range []string{standin.MetadataApplied, standin.MetadataIgnored} {
			for _, existing := range []string{standin.MetadataMerged, standin.MetadataReplaced, standin.MetadataIgnored} {
				switches := standin.InvitationMetadata{New: fresh, Existing: existing, Visible: visible}
				invite(false, switches)
				invite(true, switches)
			}
		}
	}
	for _, g := range guests {
		mail := w.UntilMail(string(g.member.Spec.Email), 1)
		w.Expect(w.Auth0.Configure(func(s *standin.Settings) { s.InvitationMetadata = g.switches })).To(Succeed())
		// The first sign-in may be refused where the grant does not show at once.
		if _, err := w.Accept(mail); err != nil {
			safe := g.switches == standin.DefaultSettings().InvitationMetadata
			w.Expect(safe).To(BeFalse(), "%+v: %v", g.switches, err)
		}
	}
	for _, g := range guests {
		w.UntilReason(g.member, v1alpha1.ConditionActive, "True/Joined")
		_, err := w.SignIn(w.OrganizationID("acme"), string(g.member.Spec.Email))
		w.Expect(err).NotTo(HaveOccurred(), "%s is Active under %+v", g.member.Name, g.switches)
		w.Expect(w.Mails(string(g.member.Spec.Email))).To(HaveLen(1))
	}
}

func TestAccessLostMark(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	customer := w.CreateCustomer("acme", 5)
	sessions := joinAll(w, "jane@acme.com", "bob@acme.com")
	w.UntilReason(boss(w), v1alpha1.ConditionActive, "False/Invited") // a live link, so that Auth0 is looked at often
	w.UntilReason(customer, v1alpha1.ConditionGuardInEffect, "True/GuardInEffect")
	guest := stranger(w)
	before, _ := w.Organization("acme")
	end := w.WatchSessions(sessions)
	for range 3 {
		_, err := w.Engineer().UpdateOrganization(t.Context(), before.ID, auth0.OrganizationUpdate{Metadata: map[string]string{"team": "sales"}})
		w.Expect(err).NotTo(HaveOccurred())
		// At once, and not by an activation, which waits out Auth0's lag.
		w.Eventually(func(g Gomega) {
			after, _ := w.Organization("acme")
			g.Expect(after.Metadata).To(HaveKeyWithValue("team", "sales"))
			for key, value := range before.Metadata {
				g.Expect(after.Metadata).To(HaveKeyWithValue(key, value))
			}
		}, directory.Lag*2/3, "50ms").Should(Succeed(), "the mark is put back beside what is another's")
		_, err = w.SignIn(before.ID, guest)
		w.Expect(err).To(HaveOccurred(), "the guard refuses the stranger again")
	}
	end()
}

// TestAccessOpenedAgain: nobody is called active, or invited, before the guard
// knows that access is open, however long that takes to reach it.
func TestAccessOpenedAgain(t *testing.T) {
	const route = "/api/v2/organizations/{id}"
	w := world.New(t)
	w.StartOperator()
	customer := w.CreateCustomer("acme", 5)
	jane := w.CreateMember("acme", "jane@acme.com")
	w.Join(jane)
	w.UntilReason(customer, v1alpha1.ConditionGuardInEffect, "True/GuardInEffect")
	id := w.OrganizationID("acme")
	access := func(access v1alpha1.Access) { w.Update(customer, func() { customer.Spec.Access = access }) }
	access(v1alpha1.AccessSuspended)
	w.UntilReason(jane, v1alpha1.ConditionActive, "False/Suspended")
	late := w.CreateMember("acme", "late@acme.com")
	w.UntilReason(late, v1alpha1.ConditionActive, "False/OnHold")
	w.Reread(customer)

	slow, arrive := w.Fault(standin.Fault{Method: http.MethodPatch, Route: route, Kind: standin.FaultHang})
	access(v1alpha1.AccessOpen)
	w.Until("the call is on its way", func(g Gomega) { g.Expect(w.Hits(slow)).To(BeNumerically(">=", 1)) })
	w.Reread(jane)
	w.Expect(w.Reason(w, jane, v1alpha1.ConditionActive)).To(Equal("False/Suspended"))
	w.Reread(late)
	w.Expect(w.Reason(w, late, v1alpha1.ConditionActive)).To(Equal("False/OnHold"))
	w.Expect(w.Mails("late@acme.com")).To(BeEmpty())
	arrive()
	w.UntilReason(jane, v1alpha1.ConditionActive, "True/Joined")
	_, err := w.SignIn(id, "jane@acme.com")
	w.Expect(err).NotTo(HaveOccurred())
	_, err = w.Accept(w.UntilMail("late@acme.com", 1))
	w.Expect(err).NotTo(HaveOccurred())

	// The guard was told that access is suspended, and the operator not that it was.
	slow, answer := w.Fault(standin.Fault{Method: http.MethodPatch, Route: route, Kind: standin.FaultHangAfter, Count: 1})
	access(v1alpha1.AccessSuspended)
	w.Until("the answer is on its way", func(g Gomega) { g.Expect(w.Hits(slow)).To(Equal(1)) })
	w.UntilReason(jane, v1alpha1.ConditionActive, "False/Suspended")
	access(v1alpha1.AccessOpen)
	w.Throughout("nobody is called active who is refused", func(g Gomega) {
		if w.Reason(g, jane, v1alpha1.ConditionActive) == "True/Joined" {
			_, err := w.SignIn(id, "jane@acme.com")
			g.Expect(err).NotTo(HaveOccurred())
		}
	})
	answer()
	w.UntilReason(jane, v1alpha1.ConditionActive, "True/Joined")

	slow, arrive = w.Fault(standin.Fault{Method: http.MethodPatch, Route: route, Kind: standin.FaultHang})
	w.Update(customer, func() { customer.Spec.Seats++ })
	w.Until("the call is on its way", func(g Gomega) { g.Expect(w.Hits(slow)).To(BeNumerically(">=", 1)) })
	w.Reread(jane)
	w.Expect(w.Reason(w, jane, v1alpha1.ConditionActive)).To(Equal("True/Joined"), "another edit shuts nobody out")
	arrive()
}
