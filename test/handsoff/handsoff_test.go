package handsoff

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/test/world"
)

func TestHandsOffListFailsOnSecondPage(t *testing.T) {
	w := world.New(t)
	operator := w.StartOperator()
	customer := w.CreateCustomer("acme", 5)
	jane, bob := w.CreateMember("acme", "jane@acme.com"), w.CreateMember("acme", "bob@acme.com")
	w.Join(jane)
	w.Join(bob)
	w.UntilReason(w.AdminMember(customer), v1alpha1.ConditionActive, "False/Invited")
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Reconciled")
	operator.Stop()
	id := w.OrganizationID("acme")
	for i := range 150 {
		user, err := w.Auth0.AddUser(standin.UserSeed{Connection: world.ConnectionName, Email: fmt.Sprintf("other-%d@acme.com", i)})
		w.Expect(err).NotTo(HaveOccurred())
		w.Expect(w.Auth0.AddMember(id, user.UserID)).To(Succeed())
	}
	before := inAuth0(w)
	others, _ := w.Organization("acme")

	// The second page of the first look, then of the second, and so on: each
	// fault counts only the calls that no earlier one hits.
	const looks = 4
	members := standin.Fault{Method: http.MethodGet, Route: "/api/v2/organizations/{id}/members", Kind: standin.FaultStatus, Status: http.StatusInternalServerError, Count: 1}
	for i := range looks {
		members.Nth = i + 2
		w.Fault(members)
	}
	w.StartOperator()
	w.UntilReason(jane, v1alpha1.ConditionActive, "True/Joined")
	w.Until("every look has failed on its second page", func(g Gomega) {
		hit := 0
		for _, fault := range w.Auth0.Faults() {
			hit += fault.Hit
		}
		g.Expect(hit).To(Equal(looks))
	})
	w.Reread(customer)
	w.Expect(cmp.Diff(before, inAuth0(w))).To(BeEmpty(), "nothing was changed")
	w.Expect(w.Get(customer)).To(Succeed())
	w.Expect(*customer.Status.Seats).To(Equal(v1alpha1.SeatCounts{Used: 3, Active: 2, Invited: 1, Unmanaged: 150}))

	// A removal rests on the same list: it is not confirmed without it.
	members.Nth, members.Count = 2, 0
	_, mend := w.Fault(members)
	w.Expect(w.Client.Delete(t.Context(), bob)).To(Succeed())
	w.Auth0.Forward(time.Minute)
	w.Throughout("the removal is not confirmed", func(g Gomega) { g.Expect(w.Get(bob)).To(Succeed()) })
	left, _ := w.Organization("acme")
	w.Expect(left.Members).To(ContainElements(others.Members[2:]), "and nobody else goes")
	mend()
	w.UntilRemoved(bob)
	w.AssertOut("acme", "bob@acme.com")
	w.CreateMember("acme", "late@acme.com")
	w.UntilMail("late@acme.com", 1)
}

// inAuth0 is the state of the organization and of all users, to be compared.
func inAuth0(w *world.World) any {
	snapshot := w.Auth0.Snapshot()
	organization, _ := snapshot.Organization("acme")
	text, err := json.Marshal([]any{organization, snapshot.Users})
	w.Expect(err).NotTo(HaveOccurred())
	var state any
	w.Expect(json.Unmarshal(text, &state)).To(Succeed())
	return state
}

func TestHandsOffForeignThings(t *testing.T) {
	w := world.New(t)
	viewer, err := w.Auth0.AddRole(standin.Role{Name: "viewer"})
	w.Expect(err).NotTo(HaveOccurred())
	partner, err := w.Auth0.AddConnection(standin.Connection{Name: "partner", Strategy: "okta", ShowAsButton: true})
	w.Expect(err).NotTo(HaveOccurred())
	w.StartOperator()
	customer := w.CreateCustomer("acme", 5, func(c *v1alpha1.Customer) {
		c.Spec.Roles = &v1alpha1.CustomerRoles{Allowed: []v1alpha1.RoleName{"editor"}}
	})
	_, err = w.Auth0.AddRole(standin.Role{Name: "editor"})
	w.Expect(err).NotTo(HaveOccurred())
	jane := w.CreateMember("acme", "jane@acme.com")
	w.Join(jane)
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Reconciled")
	id := w.OrganizationID("acme")

	engineer := w.Engineer()
	read, err := engineer.Organization(t.Context(), id)
	w.Expect(err).NotTo(HaveOccurred())
	read.Metadata["team"] = "sales"
	_, err = engineer.UpdateOrganization(t.Context(), id, auth0.OrganizationUpdate{Metadata: read.Metadata})
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(engineer.EnableConnection(t.Context(), id, auth0.EnabledConnection{ConnectionID: partner.ID, AssignMembershipOnLogin: true, ShowAsButton: true})).To(Succeed())
	_, err = engineer.CreateInvitation(t.Context(), id, auth0.InvitationCreate{
		Email: "visitor@elsewhere.com", InviterName: "Somebody", ClientID: w.Login.ClientID, TTL: 48 * time.Hour,
	})
	w.Expect(err).NotTo(HaveOccurred())
	guest, err := w.Auth0.AddUser(standin.UserSeed{Connection: "partner", Email: "guest@elsewhere.com", AppMetadata: map[string]any{"crm": "7"}})
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(w.Auth0.AddMember(id, guest.UserID)).To(Succeed())
	w.Expect(engineer.AssignMemberRoles(t.Context(), id, guest.UserID, viewer.ID)).To(Succeed())
	w.Expect(w.Get(jane)).To(Succeed())
	janeID := jane.Status.Users[0].UserID
	w.Expect(engineer.SetAppMetadata(t.Context(), janeID, "crm", "8")).To(Succeed())
	w.Expect(engineer.AssignMemberRoles(t.Context(), id, janeID, viewer.ID)).To(Succeed())

	foreign := func(g Gomega) {
		snapshot := w.Auth0.Snapshot()
		organization, _ := snapshot.Organization("acme")
		g.Expect(organization.Metadata).To(HaveKeyWithValue("team", "sales"))
		g.Expect(organization.Members).To(ContainElements(guest.UserID, janeID))
		g.Expect(organization.MemberRoles).To(HaveKeyWithValue(guest.UserID, []string{viewer.ID}))
		g.Expect(organization.MemberRoles).To(HaveKeyWithValue(janeID, []string{viewer.ID}))
		g.Expect(organization.Connections).To(ContainElement(HaveValue(Equal(
			standin.EnabledConnection{ConnectionID: partner.ID, AssignMembershipOnLogin: true, ShowAsButton: true}))))
		g.Expect(organization.Invitations).To(ContainElement(HaveField("InviteeEmail", "visitor@elsewhere.com")))
		user, _ := snapshot.User(janeID)
		g.Expect(user.AppMetadata).To(HaveKeyWithValue("crm", "8"))
		user, _ = snapshot.User(guest.UserID)
		g.Expect(user.AppMetadata).To(Equal(map[string]any{"crm": "7"}))
	}
	foreign(w)
	bob := w.CreateMember("acme", "bob@acme.com")
	w.Join(bob)
	w.Remove(bob)
	w.Update(customer, func() { customer.Spec.Seats, customer.Spec.DisplayName = 9, "Acme renamed" })
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Reconciled")
	w.Reread(customer)
	foreign(w)

	w.Expect(w.Client.Delete(t.Context(), customer)).To(Succeed())
	w.UntilGone(customer)
	foreign(w)
	organization, _ := w.Organization("acme")
	w.Expect(organization.Metadata[ownership.MetadataAccess]).To(HavePrefix("released"))
	_, err = w.SignIn(id, "jane@acme.com")
	w.Expect(err).NotTo(HaveOccurred(), "who joined stays with what is retained")
}

func TestDomainsOutsideIsNeverInvited(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	customer := w.CreateCustomer("acme", 9, func(c *v1alpha1.Customer) {
		c.Spec.Domains = []v1alpha1.DomainPattern{"acme.com", "*.acme.com"}
	})
	for i, email := range []string{"eve@evil.com", "eve@acme.com.evil.com", "eve@notacme.com", "eve@sub.notacme.com"} {
		stray := w.CreateMember("acme", email, func(m *v1alpha1.Member) { m.Name = fmt.Sprintf("stray-%d", i) })
		w.UntilReason(stray, v1alpha1.ConditionSeatAssigned, "False/DomainNotAllowed")
		w.Expect(w.Mails(email)).To(BeEmpty())
	}
	joined := w.CreateMember("acme", "joined@eu.acme.com")
	session := w.Join(joined)
	invited := w.CreateMember("acme", "invited@eu.acme.com")
	w.UntilMail("invited@eu.acme.com", 1)
	w.UntilReason(invited, v1alpha1.ConditionActive, "False/Invited")

	w.Update(customer, func() { customer.Spec.Domains = []v1alpha1.DomainPattern{"acme.com"} })
	w.Reread(customer)
	w.RequestInvitation(invited)
	w.UntilReason(invited, v1alpha1.ConditionStalled, "True/DomainNotAllowed")
	late := w.CreateMember("acme", "late@eu.acme.com")
	w.UntilReason(late, v1alpha1.ConditionSeatAssigned, "False/DomainNotAllowed")
	w.Expect(w.Mails("invited@eu.acme.com")).To(HaveLen(1), "not invited again")
	w.Expect(w.Mails("late@eu.acme.com")).To(BeEmpty())
	_, err := w.SignIn(w.OrganizationID("acme"), "joined@eu.acme.com")
	w.Expect(err).NotTo(HaveOccurred(), "who has joined stays")
	for _, member := range []*v1alpha1.Member{joined, invited} {
		w.Remove(member)
	}
	w.AssertOut("acme", "joined@eu.acme.com", session)
	w.AssertOut("acme", "invited@eu.acme.com")
}
