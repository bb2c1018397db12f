package handsoff

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/internal/standin/person"
	"github.com/seatwarden/seatwarden/test/world"
)

// legacy is an organization acme that somebody else made before, with a role, a
// partner's connection and people: each is a member by their hand.
func legacy(w *world.World, people ...string) (id string) {
	partner, err := w.Auth0.AddConnection(standin.Connection{Name: "partner", Strategy: "okta", ShowAsButton: true})
	w.Expect(err).NotTo(HaveOccurred())
	viewer, err := w.Auth0.AddRole(standin.Role{Name: "viewer"})
	w.Expect(err).NotTo(HaveOccurred())
	made, err := w.Auth0.AddOrganization(standin.OrganizationSeed{
		Name: "acme", DisplayName: "Acme of old", Metadata: map[string]string{"crm_id": "42", "note": "zwölf \"Stück\" <b>"},
		Connections: []string{"partner", world.ConnectionName},
	})
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(w.Engineer().UpdateEnabledConnection(w.Context(), made.ID, auth0.EnabledConnection{ConnectionID: partner.ID, AssignMembershipOnLogin: true})).To(Succeed())
	for _, email := range people {
		user := resident(w, made.ID, email)
		w.Expect(w.Engineer().AssignMemberRoles(w.Context(), made.ID, user, viewer.ID)).To(Succeed())
	}
	return made.ID
}

// resident makes somebody of the company a member by somebody else's hand.
func resident(w *world.World, organizationID, email string) (userID string) {
	w.Employ(email)
	user, err := w.Auth0.AddUser(standin.UserSeed{
		Connection: world.ConnectionName, Email: email, EmailVerified: true, AppMetadata: map[string]any{"crm": email},
	})
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(w.Auth0.AddMember(organizationID, user.UserID)).To(Succeed())
	return user.UserID
}

// inviteByHand sends somebody else's invitation.
func inviteByHand(w *world.World, organizationID, email string, ttl time.Duration) {
	_, err := w.Engineer().CreateInvitation(w.Context(), organizationID, auth0.InvitationCreate{
		Email: email, InviterName: "Somebody", ClientID: w.Login.ClientID, TTL: ttl,
	})
	w.Expect(err).NotTo(HaveOccurred())
}

// adopting wants the organization that exists, with the display name it has.
func adopting(c *v1alpha1.Customer) {
	c.Spec.Organization = &v1alpha1.OrganizationSpec{Adoption: v1alpha1.AdoptionIfListed}
	c.Spec.DisplayName = ""
}

// listing lets the world's namespaces adopt acme.
func listing(namespaces ...string) func(*v1alpha1.Auth0Tenant) {
	return func(tenant *v1alpha1.Auth0Tenant) {
		for _, namespace := range namespaces {
			tenant.Spec.Namespaces = append(tenant.Spec.Namespaces, v1alpha1.NamespaceGrant{Name: namespace, Trust: v1alpha1.TrustFull})
		}
		for i := range tenant.Spec.Namespaces {
			tenant.Spec.Namespaces[i].Adopt = []string{"acme"}
		}
	}
}

// adoptable is a world in which acme exists and may be adopted.
func adoptable(t *testing.T, people ...string) (w *world.World, organizationID string) {
	w = world.Bare(t)
	id := legacy(w, people...)
	w.CreateTenant(listing())
	return w, id
}

// theirs is everything in the organization and about its people that is not
// ours: without our keys, and without what a sign-in changes.
func theirs(w *world.World) any {
	snapshot := w.Auth0.Snapshot()
	organization, ok := snapshot.Organization("acme")
	w.Expect(ok).To(BeTrue())
	organization.Metadata = maps.Clone(organization.Metadata)
	maps.DeleteFunc(organization.Metadata, func(key string, _ string) bool { return strings.HasPrefix(key, "seatwarden_") })
	var users []standin.User
	for _, user := range snapshot.Users {
		user.AppMetadata = maps.Clone(user.AppMetadata)
		maps.DeleteFunc(user.AppMetadata, func(key string, _ any) bool { return strings.HasPrefix(key, "seatwarden_") })
		user.UpdatedAt, user.LastLogin, user.LastIP, user.LoginsCount = time.Time{}, time.Time{}, "", 0
		users = append(users, user)
	}
	text, err := json.Marshal([]any{organization, users})
	w.Expect(err).NotTo(HaveOccurred())
	var state any
	w.Expect(json.Unmarshal(text, &state)).To(Succeed())
	return state
}

// writes are the calls that changed something in Auth0.
func writes(w *world.World) (calls []string) {
	for _, entry := range w.Auth0.Audit() {
		if entry.Method != http.MethodGet && strings.HasPrefix(entry.Route, "/api/v2/") {
			calls = append(calls, entry.Method+" "+entry.Route)
		}
	}
	return calls
}

// metadataOf are the organization's metadata.
func metadataOf(w *world.World) map[string]string {
	organization, ok := w.Organization("acme")
	w.Expect(ok).To(BeTrue())
	return organization.Metadata
}

// messageOf is the message of an object's condition.
func messageOf(w *world.World, obj client.Object, condition string) string {
	w.Expect(w.Get(obj)).To(Succeed())
	for _, c := range world.Conditions(obj) {
		if c.Type == condition {
			return c.Message
		}
	}
	return ""
}

func TestHandsOffAdoption(t *testing.T) {
	w := world.Bare(t)
	id := legacy(w, "jane@acme.com", "bob@acme.com", "boss@acme.com")
	inviteByHand(w, id, "visitor@elsewhere.com", 48*time.Hour)
	tenant := w.CreateTenant()
	before := theirs(w)
	w.Auth0.ResetAudit()
	w.StartOperator()

	customer := w.CreateCustomer("acme", 5, func(c *v1alpha1.Customer) { c.Spec.DisplayName = "" })
	w.UntilReason(customer, v1alpha1.ConditionStalled, "True/OrganizationConflict")
	w.Expect(messageOf(w, customer, v1alpha1.ConditionReady)).To(ContainSubstring("IfListed"))
	w.Update(customer, func() { adopting(customer) })
	w.UntilReason(customer, v1alpha1.ConditionStalled, "True/AdoptionNotListed")
	w.Expect(messageOf(w, customer, v1alpha1.ConditionReady)).To(And(ContainSubstring("add acme to adopt"), ContainSubstring(w.Namespace), ContainSubstring(w.Tenant)))
	w.Expect(writes(w)).To(BeEmpty(), "nobody's organization is touched before both sides want it")

	w.Update(tenant, func() { listing()(tenant) })
	w.UntilReason(customer, v1alpha1.ConditionOrganizationSynced, "True/OrganizationSynced")
	w.UntilReason(w.AdminMember(customer), v1alpha1.ConditionActive, "True/Joined")
	w.UntilReason(customer, v1alpha1.ConditionStalled, "True/UnmanagedMembers")
	w.UntilReason(customer, v1alpha1.ConditionGuardInEffect, "False/UnmanagedMembers")
	marks := metadataOf(w)
	w.Expect(marks).To(HaveKeyWithValue(ownership.MetadataOwner, "test/"+w.Namespace+"/acme"))
	w.Expect(marks).To(HaveKeyWithValue(ownership.MetadataAccess, "released,,"))
	w.Expect(marks[ownership.MetadataKey]).NotTo(BeEmpty())
	_, err := time.Parse(time.RFC3339, marks[ownership.MetadataAdopted])
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(cmp.Diff(before, theirs(w))).To(BeEmpty(), "what came with it stays as it was")

	jane := w.CreateMember("acme", "jane@acme.com")
	w.UntilReason(jane, v1alpha1.ConditionActive, "True/Joined")
	w.Remove(jane)
	w.AssertOut("acme", "jane@acme.com")
	organization, _ := w.Organization("acme")
	w.Expect(organization.Members).To(HaveLen(2), "and nobody else goes")
	w.Expect(organization.DisplayName).To(Equal("Acme of old"))
	w.Update(customer, func() { customer.Spec.DisplayName = "Acme AG" })
	w.Until("the declared name is written", func(g Gomega) {
		organization, _ := w.Organization("acme")
		g.Expect(organization.DisplayName).To(Equal("Acme AG"))
	})
	w.Expect(w.Auth0.Outbox().MailsTo("boss@acme.com")).To(BeEmpty())
}

func TestHandsOffAdoptionWithoutRoom(t *testing.T) {
	w, id := adoptable(t)
	metadata := map[string]string{}
	for i := range 22 {
		metadata[fmt.Sprintf("key_%d", i)] = "theirs"
	}
	_, err := w.Engineer().UpdateOrganization(t.Context(), id, auth0.OrganizationUpdate{Metadata: metadata})
	w.Expect(err).NotTo(HaveOccurred())
	before := inAuth0(w)
	w.StartOperator()
	customer := w.CreateCustomer("acme", 5, adopting)
	w.UntilReason(customer, v1alpha1.ConditionStalled, "True/RejectedByAuth0")
	w.Expect(messageOf(w, customer, v1alpha1.ConditionReady)).To(ContainSubstring("take 2 of the others away"))
	w.Expect(cmp.Diff(before, inAuth0(w))).To(BeEmpty())
	delete(metadata, "key_0")
	delete(metadata, "key_1")
	_, err = w.Engineer().UpdateOrganization(t.Context(), id, auth0.OrganizationUpdate{Metadata: metadata})
	w.Expect(err).NotTo(HaveOccurred())
	w.Reread(customer)
	w.UntilReason(customer, v1alpha1.ConditionOrganizationSynced, "True/OrganizationSynced")
}

func TestAccessAdoption(t *testing.T) {
	people := []string{"boss@acme.com", "jane@acme.com", "bob@acme.com", "guest@acme.com"}
	w, id := adoptable(t, people...)
	sessions := map[string]*person.Session{}
	for _, email := range people {
		session, err := w.SignIn(id, email)
		w.Expect(err).NotTo(HaveOccurred())
		sessions[email] = session
	}
	end := w.WatchSessions(sessions)
	w.StartOperator()
	customer := w.CreateCustomer("acme", 5, adopting)
	for _, email := range people[1:3] {
		w.UntilReason(w.CreateMember("acme", email), v1alpha1.ConditionActive, "True/Joined")
	}
	w.UntilForwarding("the guard waits for the guest", func(g Gomega) {
		g.Expect(w.Reason(g, customer, v1alpha1.ConditionGuardInEffect)).To(Equal("False/UnmanagedMembers"))
		g.Expect(messageOf(w, customer, v1alpha1.ConditionGuardInEffect)).To(ContainSubstring("shut out 1 of its members"))
		g.Expect(w.Reason(g, customer, v1alpha1.ConditionReady)).To(Equal("False/UnmanagedMembers"))
		g.Expect(customer.Status.Summary).To(Equal("the guard waits: members hold no seat"))
	})
	w.Auth0.Forward(time.Minute)
	w.Reread(customer)
	w.UntilReason(customer, v1alpha1.ConditionGuardInEffect, "False/UnmanagedMembers")

	w.UntilReason(w.CreateMember("acme", "guest@acme.com"), v1alpha1.ConditionActive, "True/Joined")
	w.UntilForwarding("the guard takes effect", func(g Gomega) {
		g.Expect(w.Reason(g, customer, v1alpha1.ConditionGuardInEffect)).To(Equal("True/GuardInEffect"))
	})
	w.Expect(metadataOf(w)).To(HaveKeyWithValue(ownership.MetadataAccess, "open,,"))

	// From then on it holds against whoever comes later.
	resident(w, id, "late@acme.com")
	w.Reread(customer)
	w.UntilReason(customer, v1alpha1.ConditionGuardInEffect, "True/GuardInEffect")
	_, err := w.SignIn(id, "late@acme.com")
	w.Expect(err).To(HaveOccurred(), "a later stranger is refused")
	end()
	for _, email := range people {
		w.Expect(w.Mails(email)).To(BeEmpty(), "nobody is invited again")
	}
}

func TestOneMailAdoption(t *testing.T) {
	w, id := adoptable(t, "boss@acme.com", "jane@acme.com")
	for _, email := range []string{"late@acme.com", "slow@acme.com", "again@acme.com"} {
		w.Employ(email)
		inviteByHand(w, id, email, time.Hour)
	}
	before := theirs(w)
	w.StartOperator()
	customer := w.CreateCustomer("acme", 9, adopting)
	w.UntilReason(w.CreateMember("acme", "Jane@acme.com"), v1alpha1.ConditionActive, "True/Joined")
	late, slow, again := w.CreateMember("acme", "Late@acme.com"), w.CreateMember("acme", "slow@acme.com"), w.CreateMember("acme", "again@acme.com")
	for _, member := range []*v1alpha1.Member{late, slow, again} {
		w.UntilReason(member, v1alpha1.ConditionActive, "False/Invited")
		w.Expect(member.Status.Attempt).To(BeNil())
		w.Expect(member.Status.Invitation.Attempt).To(BeEmpty(), "it is not ours")
	}
	fresh := w.CreateMember("acme", "fresh@acme.com")
	w.UntilMail("fresh@acme.com", 1)
	w.Expect(w.Mails("jane@acme.com")).To(BeEmpty())
	w.Remove(fresh)
	w.Expect(cmp.Diff(before, theirs(w))).To(BeEmpty(), "others' invitations stay as they were")

	w.Expect(w.Client.SubResource("status").Patch(t.Context(), late, client.RawPatch("application/merge-patch+json", []byte(`{"status":{"invitation":null}}`)))).To(Succeed())
	w.Reread(late)
	w.UntilReason(late, v1alpha1.ConditionActive, "False/Invited")
	// An invitation that others sent carries no grant: where the guard is in
	// effect the first sign-in may come too early.
	if _, err := w.Accept(w.UntilMail("late@acme.com", 1)); err != nil {
		w.Expect(err).To(MatchError(ContainSubstring("sign in again in a moment")))
	}
	w.UntilReason(late, v1alpha1.ConditionActive, "True/Joined")
	_, err := w.SignIn(id, "late@acme.com")
	w.Expect(err).NotTo(HaveOccurred())

	w.RequestInvitation(again)
	_, err = w.Accept(w.UntilMail("again@acme.com", 2))
	w.Expect(err).NotTo(HaveOccurred())
	_, err = w.Accept(w.Mails("again@acme.com")[0])
	w.Expect(err).To(HaveOccurred(), "the link that others sent was superseded")
	w.UntilReason(again, v1alpha1.ConditionActive, "True/Joined")

	w.Auth0.Forward(2 * time.Hour)
	w.UntilReason(slow, v1alpha1.ConditionActive, "False/Expired")
	w.Expect(w.Mails("slow@acme.com")).To(HaveLen(1), "not sent again by itself")
	w.RequestInvitation(slow)
	w.UntilMail("slow@acme.com", 2)
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Reconciled")
	w.Expect(w.Mails("late@acme.com")).To(HaveLen(1))
}

func TestHandsOffAdoptedNeverDeleted(t *testing.T) {
	w, id := adoptable(t, "boss@acme.com", "jane@acme.com")
	w.StartOperator()
	adopt := func() *v1alpha1.Customer {
		customer := w.CreateCustomer("acme", 5, adopting, func(c *v1alpha1.Customer) { c.Spec.DeletionPolicy = v1alpha1.DeletionDelete })
		w.UntilReason(customer, v1alpha1.ConditionOrganizationSynced, "True/OrganizationSynced")
		w.UntilReason(w.AdminMember(customer), v1alpha1.ConditionActive, "True/Joined")
		return customer
	}
	// Whoever takes the organization up again must find that it was adopted.
	for _, lost := range []string{"nothing", "the metadata", "the metadata, and wished for no more,", "the status", "the metadata"} {
		name := lost + " is lost"
		customer := adopt()
		jane := w.CreateMember("acme", "jane@acme.com")
		w.UntilReason(jane, v1alpha1.ConditionActive, "True/Joined")
		boss := w.AdminMember(customer)
		switch lost {
		case "the status":
			w.Expect(w.Client.SubResource("status").Patch(t.Context(), customer, client.RawPatch("application/merge-patch+json", []byte(`{"status":null}`)))).To(Succeed())
		case "the metadata", "the metadata, and wished for no more,":
			_, err := w.Engineer().UpdateOrganization(t.Context(), id, auth0.OrganizationUpdate{Metadata: map[string]string{"crm_id": "42"}})
			w.Expect(err).NotTo(HaveOccurred())
		}
		before := theirs(w)
		if lost == "the metadata, and wished for no more," {
			w.Update(customer, func() { customer.Spec.Organization.Adoption = v1alpha1.AdoptionNever })
		}
		w.Expect(w.Client.Delete(t.Context(), customer)).To(Succeed(), name)
		w.UntilGone(customer)
		w.UntilGone(boss)
		w.Remove(jane)
		w.Expect(cmp.Diff(before, theirs(w))).To(BeEmpty(), name)
		w.Expect(metadataOf(w)).To(HaveKeyWithValue(ownership.MetadataOwner, "released:test/"+w.Namespace+"/acme"), name)
		w.Expect(metadataOf(w)).To(HaveKey(ownership.MetadataAdopted), name)
		for _, email := range []string{"jane@acme.com", "boss@acme.com"} {
			_, err := w.SignIn(id, email)
			w.Expect(err).NotTo(HaveOccurred(), name)
		}
	}
}

func TestHandsOffOwnIsNoAdoption(t *testing.T) {
	w := world.Bare(t)
	w.CreateTenant(listing())
	w.StartOperator()
	customer := w.CreateCustomer("acme", 5, adopting, func(c *v1alpha1.Customer) { c.Spec.DeletionPolicy = v1alpha1.DeletionDelete })
	w.UntilReason(customer, v1alpha1.ConditionGuardInEffect, "True/GuardInEffect")
	w.Expect(metadataOf(w)).NotTo(HaveKey(ownership.MetadataAdopted))
	w.Expect(w.Client.Delete(t.Context(), customer)).To(Succeed())
	w.UntilGone(customer)
	_, ok := w.Organization("acme")
	w.Expect(ok).To(BeFalse(), "what was made here is deleted here")
}

func TestSeatsAdoption(t *testing.T) {
	people := []string{"boss@acme.com", "a@acme.com", "b@acme.com", "c@acme.com", "d@acme.com"}
	w, id := adoptable(t, people...)
	sessions := map[string]*person.Session{}
	for _, email := range people {
		session, err := w.SignIn(id, email)
		w.Expect(err).NotTo(HaveOccurred())
		sessions[email] = session
	}
	endAccess, endSeats := w.WatchSessions(sessions), w.WatchSeats("acme", 3)
	w.StartOperator()
	customer := w.CreateCustomer("acme", 3, adopting)
	var members []*v1alpha1.Member
	for _, email := range people[1:] {
		members = append(members, w.CreateMember("acme", email))
	}
	w.Until("three have a seat and two wait", func(g Gomega) {
		g.Expect(w.Get(customer)).To(Succeed())
		g.Expect(customer.Status.Seats).To(HaveValue(Equal(v1alpha1.SeatCounts{Used: 3, Active: 3, Waiting: 2})))
		g.Expect(w.Reason(g, customer, v1alpha1.ConditionGuardInEffect)).To(Equal("False/UnmanagedMembers"))
		g.Expect(messageOf(w, customer, v1alpha1.ConditionGuardInEffect)).To(ContainSubstring("shut out 2 of its members"))
	})
	w.Auth0.Forward(time.Minute)
	w.Reread(customer)
	w.UntilReason(customer, v1alpha1.ConditionGuardInEffect, "False/UnmanagedMembers")
	endSeats()
	w.Update(customer, func() { customer.Spec.Seats = 5 })
	w.UntilForwarding("the guard takes effect", func(g Gomega) {
		g.Expect(w.Reason(g, customer, v1alpha1.ConditionGuardInEffect)).To(Equal("True/GuardInEffect"))
	})
	endAccess()
	for _, member := range members {
		w.UntilReason(member, v1alpha1.ConditionActive, "True/Joined")
		w.Expect(w.Mails(string(member.Spec.Email))).To(BeEmpty())
	}
}

func TestHandsOffUnmanagedReported(t *testing.T) {
	w := world.New(t)
	operator := w.StartOperator()
	customer := w.CreateCustomer("acme", 9)
	jane, bob := w.CreateMember("acme", "jane@acme.com"), w.CreateMember("acme", "bob@acme.com")
	w.Join(jane)
	w.Join(bob)
	w.UntilMail("boss@acme.com", 1)
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Reconciled")
	w.Reread(customer)
	w.Expect(w.Get(customer)).To(Succeed())
	w.Expect(customer.Status.Unmanaged).To(BeNil())

	id := w.OrganizationID("acme")
	guest := resident(w, id, "guest@acme.com")
	inviteByHand(w, id, "visitor@elsewhere.com", time.Hour)
	inviteByHand(w, id, "Jane@acme.com", time.Hour) // a Member declares her
	w.Expect(w.Get(bob)).To(Succeed())
	orphan := bob.Status.Users[0].UserID
	operator.Stop() // or it would put the finalizer back
	w.Expect(w.Client.Patch(t.Context(), bob, client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"finalizers":null}}`)))).To(Succeed())
	w.Expect(w.Client.Delete(t.Context(), bob)).To(Succeed())
	before := inAuth0(w)
	w.StartOperator()
	w.Auth0.Forward(time.Minute)
	w.Until("they are reported", func(g Gomega) {
		w.Reread(customer)
		g.Expect(w.Get(customer)).To(Succeed())
		g.Expect(customer.Status.Unmanaged).NotTo(BeNil())
		g.Expect(customer.Status.Unmanaged.Members).To(Equal(int32(2)))
		g.Expect(customer.Status.Unmanaged.Invitations).To(Equal(int32(1)))
		g.Expect(customer.Status.Unmanaged.Grants).To(Equal(int32(1)))
		g.Expect(customer.Status.Unmanaged.Sample).To(ConsistOf(
			v1alpha1.UnmanagedPerson{Kind: v1alpha1.UnmanagedMember, ID: guest, Email: "guest@acme.com"},
			v1alpha1.UnmanagedPerson{Kind: v1alpha1.UnmanagedMember, ID: orphan, Email: "bob@acme.com"},
			v1alpha1.UnmanagedPerson{Kind: v1alpha1.UnmanagedGrant, ID: orphan, Email: "bob@acme.com"},
			And(HaveField("Kind", v1alpha1.UnmanagedInvitation), HaveField("Email", "visitor@elsewhere.com")),
		))
		g.Expect(customer.Status.Seats.Unmanaged).To(Equal(int32(2)))
	})
	sample := customer.Status.Unmanaged.Sample
	w.Reread(customer)
	w.Expect(w.Get(customer)).To(Succeed())
	w.Expect(customer.Status.Unmanaged.Sample).To(Equal(sample), "in the same order")
	w.Expect(cmp.Diff(before, inAuth0(w))).To(BeEmpty(), "nothing is done about them")
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Reconciled")

	w.Expect(w.Engineer().RemoveMembers(t.Context(), id, guest)).To(Succeed())
	w.CreateMember("acme", "bob@acme.com")
	w.Auth0.Forward(2 * time.Hour)
	w.Until("nobody is left", func(g Gomega) {
		w.Reread(customer)
		g.Expect(w.Get(customer)).To(Succeed())
		g.Expect(customer.Status.Unmanaged).To(BeNil())
	})
	w.Expect(w.Mails("bob@acme.com")).To(HaveLen(1), "who is declared again is not invited again")
}
