package handsoff

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/test/world"
)

// reads are the calls to the Management API that changed nothing.
func reads(w *world.World) (calls []string) {
	for _, entry := range w.Auth0.Audit() {
		if entry.Method == http.MethodGet && strings.HasPrefix(entry.Route, "/api/v2/") {
			calls = append(calls, entry.Route)
		}
	}
	return calls
}

func setMode(w *world.World, customer *v1alpha1.Customer, mode v1alpha1.Mode) {
	w.Helper()
	w.Update(customer, func() { customer.Spec.Mode = mode })
}

// planned are a Customer's planned calls, as "route about".
func planned(g Gomega, w *world.World, customer *v1alpha1.Customer) (out []string) {
	g.ExpectWithOffset(1, w.Get(customer)).To(Succeed())
	for _, call := range customer.Status.Planned {
		out = append(out, call.Route+" "+call.About)
	}
	g.ExpectWithOffset(1, customer.Status.PlannedCount).To(BeNumerically(">=", len(out)))
	return out
}

// TestHandsOffObserveANewContract: everything is said and nothing is done, and
// Manage then does it once.
func TestHandsOffObserveANewContract(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	w.UntilReason(w.TenantObject(), v1alpha1.ConditionReady, "True/Reconciled")
	w.Auth0.ResetAudit()
	customer := w.CreateCustomer("acme", 3, func(c *v1alpha1.Customer) { c.Spec.Mode = v1alpha1.ModeObserve })
	jane := w.CreateMember("acme", "jane@acme.com")
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Observing")
	w.UntilReason(jane, v1alpha1.ConditionReady, "True/Observing")
	w.Expect(planned(w, w, customer)).To(Equal([]string{"POST /api/v2/organizations acme"}))
	w.Expect(customer.Status.OrganizationID).To(BeEmpty())
	w.Expect(w.Reason(w, customer, v1alpha1.ConditionOrganizationSynced)).To(Equal("False/Observing"))
	w.Expect(w.Get(jane)).To(Succeed())
	w.Expect(jane.Status.Attempt).To(BeNil())
	w.Reread(customer)
	w.Reread(jane)
	w.Expect(writes(w)).To(BeEmpty())
	_, there := w.Organization("acme")
	w.Expect(there).To(BeFalse())

	setMode(w, customer, v1alpha1.ModeManage)
	w.Join(jane)
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Reconciled")
	w.Expect(planned(w, w, customer)).To(BeEmpty(), "the plan disappears")
	w.Expect(customer.Status.PlannedCount).To(BeZero())
	w.Expect(w.Mails("jane@acme.com")).To(HaveLen(1))
}

// TestHandsOffObserveNamesEveryCall: of a Customer that is managed, and of its
// Members; a plan that stays the same is written and told once.
func TestHandsOffObserveNamesEveryCall(t *testing.T) {
	w := world.New(t)
	operator := w.StartOperator()
	reader, err := w.Auth0.AddRole(standin.Role{Name: "reader"})
	w.Expect(err).NotTo(HaveOccurred())
	_, err = w.Auth0.AddConnection(standin.Connection{Name: "partner", Strategy: "okta"})
	w.Expect(err).NotTo(HaveOccurred())
	customer := w.CreateCustomer("acme", 5, func(c *v1alpha1.Customer) {
		c.Spec.Roles = &v1alpha1.CustomerRoles{Allowed: []v1alpha1.RoleName{"reader"}}
	})
	boss, jane := w.AdminMember(customer), w.CreateMember("acme", "jane@acme.com")
	w.Join(boss)
	w.Join(jane)
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Reconciled")

	setMode(w, customer, v1alpha1.ModeObserve)
	w.UntilTold(customer, v1alpha1.ReasonObserving, "nothing would be")
	w.Expect(w.Get(customer)).To(Succeed())
	for _, member := range []*v1alpha1.Member{boss, jane} {
		w.UntilReason(member, v1alpha1.ConditionReady, "True/Observing")
	}
	w.Expect(w.Reason(w, jane, v1alpha1.ConditionActive)).To(Equal("True/Joined"))
	connections := customer.Status.Connections
	w.Auth0.ResetAudit()

	w.Update(customer, func() {
		customer.Spec.DisplayName, customer.Spec.Seats = "Acme renamed", 6
		customer.Spec.Connections = append(customer.Spec.Connections, v1alpha1.Connection{Name: "partner", Type: v1alpha1.ConnectionExisting})
	})
	w.Update(jane, func() { jane.Spec.Roles = []v1alpha1.RoleName{"reader"} })
	bob := w.CreateMember("acme", "bob@acme.com")
	want := []string{
		"PATCH /api/v2/organizations/{id} acme: display_name, seatwarden_seats",
		"POST /api/v2/organizations/{id}/enabled_connections partner",
		"POST /api/v2/organizations/{id}/invitations bob@acme.com",
		"POST /api/v2/organizations/{id}/members/{user_id}/roles jane@acme.com: reader",
	}
	w.Until("the plan is complete", func(g Gomega) { g.Expect(planned(g, w, customer)).To(Equal(want)) })
	w.Expect(customer.Status.PlannedCount).To(BeEquivalentTo(4))
	w.Expect(customer.Status.Connections).To(Equal(connections))
	w.UntilReason(bob, v1alpha1.ConditionActive, "False/Observing")
	w.Expect(bob.Status.Seat.State).To(Equal(v1alpha1.SeatAssigned), "seats are given in Kubernetes as always")
	w.Expect(bob.Status.Attempt).To(BeNil())
	w.Expect(bob.Status.Invitation).To(BeNil())
	w.Expect(w.Reason(w, jane, v1alpha1.ConditionActive)).To(Equal("True/Joined"), "roles do not let anybody in")
	for kind, want := range map[string]string{v1alpha1.ConditionOrganizationSynced: "False/Observing", v1alpha1.ConditionConnectionsSynced: "False/Observing"} {
		w.Expect(w.Reason(w, customer, kind)).To(Equal(want))
	}
	_, err = w.SignIn(w.OrganizationID("acme"), "jane@acme.com")
	w.Expect(err).NotTo(HaveOccurred())

	w.Reread(customer)
	w.Reread(bob)
	w.Until("the change of the plan is told", func(g Gomega) {
		g.Expect(len(w.Events(customer, "Normal", v1alpha1.ReasonObserving))).To(BeNumerically(">=", 2))
	})
	told, versions := len(w.Events(customer, "Normal", v1alpha1.ReasonObserving)), w.Versions()
	for range 3 {
		w.Auth0.Forward(time.Minute)
	}
	w.Throughout("a plan that stays the same is neither written nor told again", func(g Gomega) {
		g.Expect(w.Versions()).To(Equal(versions))
		g.Expect(w.Events(customer, "Normal", v1alpha1.ReasonObserving)).To(HaveLen(told))
	})
	w.Expect(writes(w)).To(BeEmpty())

	operator.Stop()
	w.Auth0.ResetAudit()
	w.StartOperator()
	w.Until("the new process has looked at everything", func(g Gomega) {
		g.Expect(reads(w)).To(ContainElement("/api/v2/organizations/{id}/members/{user_id}/roles"))
	})
	w.Throughout("and says what the old one said", func(g Gomega) { g.Expect(w.Versions()).To(Equal(versions)) })
	w.Expect(writes(w)).To(BeEmpty())

	setMode(w, customer, v1alpha1.ModeManage)
	w.Join(bob)
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Reconciled")
	w.Expect(planned(w, w, customer)).To(BeEmpty())
	w.Until("what was planned is done", func(g Gomega) {
		organization, _ := w.Organization("acme")
		g.Expect(organization.DisplayName).To(Equal("Acme renamed"))
		g.Expect(organization.Connections).To(HaveLen(2))
		g.Expect(w.Get(jane)).To(Succeed())
		g.Expect(organization.MemberRoles[jane.Status.Users[0].UserID]).To(ConsistOf(reader.ID))
	})
	for _, email := range []string{"boss@acme.com", "jane@acme.com", "bob@acme.com"} {
		w.Expect(w.Mails(email)).To(HaveLen(1), email)
	}
}

// TestAccessObserveCallsNobodyActiveWhoIsNot: a grant that is only planned lets
// nobody in.
func TestAccessObserveCallsNobodyActiveWhoIsNot(t *testing.T) {
	w := world.New(t)
	w.StartOperator(world.Sweeping)
	customer := w.CreateCustomer("acme", 3)
	jane := w.CreateMember("acme", "jane@acme.com")
	w.Join(jane)
	w.UntilReason(w.AdminMember(customer), v1alpha1.ConditionActive, "False/Invited")
	setMode(w, customer, v1alpha1.ModeObserve)
	w.UntilReason(jane, v1alpha1.ConditionReady, "True/Observing")
	w.Auth0.ResetAudit()
	w.Expect(w.Get(jane)).To(Succeed())
	user, id := jane.Status.Users[0].UserID, w.OrganizationID("acme")
	w.Expect(w.Engineer().ClearAppMetadata(t.Context(), user, ownership.GrantKey(id))).To(Succeed())
	w.UntilReason(jane, v1alpha1.ConditionActive, "False/Observing")
	w.Expect(jane.Status.Planned).To(Equal([]v1alpha1.PlannedCall{{Route: "PATCH /api/v2/users/{id}", About: "jane@acme.com"}}))
	w.Expect(jane.Status.Users).To(HaveLen(1))
	w.Expect(writes(w)).To(Equal([]string{"PATCH /api/v2/users/{id}"}), "the engineer's alone")
	_, err := w.SignIn(id, "jane@acme.com")
	w.Expect(err).To(HaveOccurred())

	setMode(w, customer, v1alpha1.ModeManage)
	w.UntilReason(jane, v1alpha1.ConditionActive, "True/Joined")
	_, err = w.SignIn(id, "jane@acme.com")
	w.Expect(err).NotTo(HaveOccurred())
}

// TestAccessPaused: nothing is done and nothing read, whoever can sign in can
// still, and the stricter mode wins.
func TestAccessPaused(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	customer := w.CreateCustomer("acme", 2)
	jane := w.CreateMember("acme", "jane@acme.com")
	w.Join(jane)
	boss := w.AdminMember(customer)
	w.UntilMail("boss@acme.com", 1)
	w.UntilReason(boss, v1alpha1.ConditionActive, "False/Invited")
	w.Until("everybody is counted", func(g Gomega) {
		g.Expect(w.Get(customer)).To(Succeed())
		g.Expect(customer.Status.Seats).To(HaveValue(Equal(v1alpha1.SeatCounts{Used: 2, Active: 1, Invited: 1})))
	})
	was := customer.Status
	setMode(w, customer, v1alpha1.ModeObserve)
	tenant := w.TenantObject()
	w.Update(tenant, func() { tenant.Spec.Mode = v1alpha1.ModePaused })
	for _, obj := range []*v1alpha1.Member{jane, boss} {
		w.UntilReason(obj, v1alpha1.ConditionReady, "True/Paused")
	}
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Paused")
	w.Until("the tenant was looked at", func(g Gomega) {
		g.Expect(w.Get(tenant)).To(Succeed())
		g.Expect(tenant.Status.ObservedGeneration).To(Equal(tenant.Generation))
	})
	w.Auth0.ResetAudit()

	w.Update(customer, func() { customer.Spec.Seats, customer.Spec.DisplayName = 3, "Renamed" })
	late := w.CreateMember("acme", "late@acme.com")
	w.UntilReason(late, v1alpha1.ConditionActive, "False/Paused")
	w.RequestInvitation(boss)
	w.Reread(customer)
	w.Reread(jane)
	w.Expect(w.Reason(w, jane, v1alpha1.ConditionActive)).To(Equal("True/Joined"))
	w.Expect(w.Reason(w, boss, v1alpha1.ConditionActive)).To(Equal("False/Invited"))
	w.Expect(w.Get(late)).To(Succeed())
	w.Expect(late.Status.Seat).To(BeNil(), "no seat is given")
	w.Expect(w.Get(customer)).To(Succeed())
	for _, obj := range []struct{ is, was any }{
		{customer.Status.OrganizationID, was.OrganizationID}, {customer.Status.Connections, was.Connections}, {customer.Status.Seats, was.Seats},
	} {
		w.Expect(obj.is).To(Equal(obj.was), "the status keeps everything")
	}
	session, err := w.SignIn(w.OrganizationID("acme"), "jane@acme.com")
	w.Expect(err).NotTo(HaveOccurred())
	_, err = session.Refresh(t.Context())
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(writes(w)).To(BeEmpty())
	w.Expect(reads(w)).NotTo(ContainElement(Or(ContainSubstring("organizations"), ContainSubstring("users"))), "not even a look")

	_, err = w.Accept(w.Mails("boss@acme.com")[0])
	w.Expect(err).NotTo(HaveOccurred(), "a link that is out works")
	w.Update(tenant, func() { tenant.Spec.Mode = v1alpha1.ModeManage })
	setMode(w, customer, v1alpha1.ModeManage)
	w.UntilReason(boss, v1alpha1.ConditionActive, "True/Joined")
	w.Join(late)
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Reconciled")
	for _, email := range []string{"boss@acme.com", "jane@acme.com", "late@acme.com"} {
		w.Expect(w.Mails(email)).To(HaveLen(1), email)
	}
}

// peopled is a Customer whose admin and jane have joined and bob is invited.
func peopled(w *world.World, change ...func(*v1alpha1.Customer)) (customer *v1alpha1.Customer, people []*v1alpha1.Member) {
	w.Helper()
	customer = w.CreateCustomer("acme", 3, change...)
	boss, jane, bob := w.AdminMember(customer), w.CreateMember("acme", "jane@acme.com"), w.CreateMember("acme", "bob@acme.com")
	w.Join(boss)
	w.Join(jane)
	w.UntilMail("bob@acme.com", 1)
	w.UntilReason(bob, v1alpha1.ConditionActive, "False/Invited")
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Reconciled")
	return customer, []*v1alpha1.Member{boss, jane, bob}
}

// expectPeopled: they are in again, nobody was mailed twice, and those who had
// joined were never out.
func expectPeopled(w *world.World, people ...*v1alpha1.Member) {
	w.Helper()
	w.UntilReason(people[0], v1alpha1.ConditionActive, "True/Joined")
	w.UntilReason(people[1], v1alpha1.ConditionActive, "True/Joined")
	w.UntilReason(people[2], v1alpha1.ConditionActive, "False/Invited")
	_, err := w.Accept(w.Mails("bob@acme.com")[0])
	w.Expect(err).NotTo(HaveOccurred(), "the link that is out works")
	w.UntilReason(people[2], v1alpha1.ConditionActive, "True/Joined")
	for _, email := range []string{"boss@acme.com", "jane@acme.com", "bob@acme.com"} {
		w.Expect(w.Mails(email)).To(HaveLen(1), email)
		_, err := w.SignIn(w.OrganizationID("acme"), email)
		w.Expect(err).NotTo(HaveOccurred(), email)
	}
}

// butSignIns is a state without what signing in changes of a user.
func butSignIns(state any) any {
	users, _ := state.([]any)[1].([]any)
	for _, user := range users {
		for _, field := range []string{"logins_count", "last_login", "updated_at"} {
			delete(user.(map[string]any), field)
		}
	}
	return state
}

// anew is an object as its manifest has it.
func anew(meta metav1.ObjectMeta) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: meta.Namespace, Name: meta.Name}
}

// watchSignIns checks beside the test that who joined can sign in.
func watchSignIns(w *world.World, emails ...string) (end func()) {
	id := w.OrganizationID("acme")
	return w.Watch("who joined signs in", func() error {
		for _, email := range emails {
			if _, err := w.SignIn(id, email); err != nil {
				return err
			}
		}
		return nil
	})
}

// TestHandsOffPausedUninstall: everything is deleted at once, as kubectl delete -f
// does, whatever the deletion policy; Auth0 stays as it is, and whoever installs
// again finds everybody.
func TestHandsOffPausedUninstall(t *testing.T) {
	for name, test := range map[string]struct {
		tenant, customer v1alpha1.Mode
		reason           string
		membersFirst     bool
	}{
		"the tenant paused":                  {v1alpha1.ModePaused, v1alpha1.ModeManage, v1alpha1.ReasonPaused, false},
		"the Customer paused, Members first": {v1alpha1.ModeManage, v1alpha1.ModePaused, v1alpha1.ReasonPaused, true},
		"the Customer observed":              {v1alpha1.ModeManage, v1alpha1.ModeObserve, v1alpha1.ReasonObserving, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := world.New(t)
			w.StartOperator()
			customer, people := peopled(w, func(c *v1alpha1.Customer) { c.Spec.DeletionPolicy = v1alpha1.DeletionDelete })
			tenant := w.TenantObject()
			w.Update(tenant, func() { tenant.Spec.Mode = test.tenant })
			setMode(w, customer, test.customer)
			w.UntilReason(customer, v1alpha1.ConditionReady, "True/"+test.reason)
			before := butSignIns(inAuth0(w))
			end := watchSignIns(w, "boss@acme.com", "jane@acme.com")
			w.Auth0.ResetAudit()

			members := func() {
				for _, member := range people[1:] {
					w.Expect(w.Client.Delete(t.Context(), member)).To(Succeed())
				}
			}
			if test.membersFirst {
				members()
			}
			w.Expect(w.Client.Delete(t.Context(), customer)).To(Succeed())
			w.Expect(w.Client.Delete(t.Context(), tenant)).To(Succeed())
			if !test.membersFirst {
				w.UntilGone(customer)
				members()
			}
			for _, member := range people {
				w.UntilGone(member)
			}
			w.UntilGone(customer)
			w.UntilGone(tenant)
			w.Expect(writes(w)).To(BeEmpty())
			w.Expect(cmp.Diff(before, butSignIns(inAuth0(w)))).To(BeEmpty(), "our marker included")

			w.CreateTenant()
			again := &v1alpha1.Customer{ObjectMeta: anew(customer.ObjectMeta), Spec: customer.Spec}
			again.Spec.Mode = v1alpha1.ModeManage
			w.Expect(w.Client.Create(t.Context(), again)).To(Succeed())
			jane, bob := w.CreateMember("acme", "jane@acme.com"), w.CreateMember("acme", "bob@acme.com")
			expectPeopled(w, w.AdminMember(again), jane, bob)
			end()
		})
	}
}

// TestHandsOffPausedMembersLeftBehind: Members whose Customer went under Paused
// wait for another; when they are deleted nothing is taken.
func TestHandsOffPausedMembersLeftBehind(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	customer, people := peopled(w)
	setMode(w, customer, v1alpha1.ModePaused)
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Paused")
	w.Expect(w.Client.Delete(t.Context(), customer)).To(Succeed())
	w.UntilGone(customer)
	w.UntilGone(people[0])
	before := inAuth0(w)
	jane, bob := people[1], people[2]
	w.UntilReason(jane, v1alpha1.ConditionReady, "False/CustomerNotFound")
	w.Expect(w.Reason(w, jane, v1alpha1.ConditionSeatAssigned)).To(Equal("False/Paused"))
	w.Expect(w.Client.Delete(t.Context(), jane)).To(Succeed())
	w.UntilGone(jane)
	w.Expect(cmp.Diff(before, inAuth0(w))).To(BeEmpty())
	_, err := w.SignIn(w.OrganizationID("acme"), "jane@acme.com")
	w.Expect(err).NotTo(HaveOccurred())

	again := &v1alpha1.Customer{ObjectMeta: anew(customer.ObjectMeta), Spec: customer.Spec}
	again.Spec.Mode = v1alpha1.ModeManage
	w.Expect(w.Client.Create(t.Context(), again)).To(Succeed())
	expectPeopled(w, w.AdminMember(again), w.CreateMember("acme", "jane@acme.com"), bob)
}

// TestRemovalAfterPausedIsARemoval: a Member that stayed is removed as always once
// its Customer is managed again.
func TestRemovalAfterPausedIsARemoval(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	customer, people := peopled(w)
	setMode(w, customer, v1alpha1.ModePaused)
	w.UntilReason(people[1], v1alpha1.ConditionReady, "True/Paused")
	setMode(w, customer, v1alpha1.ModeManage)
	w.UntilReason(people[1], v1alpha1.ConditionReady, "True/Reconciled")
	w.Remove(people[1])
	w.AssertOut("acme", "jane@acme.com")
}

// TestHandsOffObserveAdoption: what adopting would write is named, and the
// organization stays nobody's.
func TestHandsOffObserveAdoption(t *testing.T) {
	w, _ := adoptable(t, "jane@acme.com")
	w.Auth0.ResetAudit()
	before := inAuth0(w)
	w.StartOperator()
	customer := w.CreateCustomer("acme", 5, adopting, func(c *v1alpha1.Customer) { c.Spec.Mode = v1alpha1.ModeObserve })
	jane := w.CreateMember("acme", "jane@acme.com")
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Observing")
	w.UntilReason(jane, v1alpha1.ConditionReady, "True/Observing")
	w.Reread(customer)
	w.Expect(planned(w, w, customer)).To(HaveExactElements(And(
		HavePrefix("PATCH /api/v2/organizations/{id} acme: "), ContainSubstring(ownership.MetadataAdopted), ContainSubstring(ownership.MetadataOwner))))
	w.Expect(customer.Status.OrganizationID).To(BeEmpty())
	w.Expect(writes(w)).To(BeEmpty())
	w.Expect(cmp.Diff(before, inAuth0(w))).To(BeEmpty())

	setMode(w, customer, v1alpha1.ModeManage)
	w.UntilReason(jane, v1alpha1.ConditionActive, "True/Joined")
	w.Expect(w.Mails("jane@acme.com")).To(BeEmpty())
}

// TestHandsOffObserveMovesNamespace: the old Customer rests, the new one says what
// it would do, takes over, and the old one goes. Nobody notices.
func TestHandsOffObserveMovesNamespace(t *testing.T) {
	w := world.Bare(t)
	elsewhere := w.Annex()
	w.CreateTenant(admitting(elsewhere))
	w.StartOperator()
	customer, people := peopled(w)
	end := watchSignIns(w, "boss@acme.com", "jane@acme.com")
	setMode(w, customer, v1alpha1.ModePaused)
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Paused")
	w.Auth0.ResetAudit()

	moved := w.CreateCustomer("acme", 3, customerIn(elsewhere), func(c *v1alpha1.Customer) {
		c.Spec.Mode = v1alpha1.ModeObserve
		c.Annotations = map[string]string{v1alpha1.AnnotationTakeOver: "test/" + w.Namespace + "/acme"}
	})
	jane, bob := w.CreateMember("acme", "jane@acme.com", memberIn(elsewhere)), w.CreateMember("acme", "bob@acme.com", memberIn(elsewhere))
	w.UntilReason(moved, v1alpha1.ConditionReady, "True/Observing")
	w.Expect(planned(w, w, moved)).To(Equal([]string{"PATCH /api/v2/organizations/{id} acme: " + ownership.MetadataOwner}))
	w.Expect(writes(w)).To(BeEmpty())
	setMode(w, moved, v1alpha1.ModeManage)
	w.UntilReason(moved, v1alpha1.ConditionReady, "True/Reconciled")
	for _, member := range people[1:] {
		w.Expect(w.Client.Delete(t.Context(), member)).To(Succeed())
	}
	w.Expect(w.Client.Delete(t.Context(), customer)).To(Succeed())
	for _, member := range people {
		w.UntilGone(member)
	}
	w.UntilGone(customer)
	expectPeopled(w, w.AdminMember(moved), jane, bob)
	end()
	w.Expect(metadataOf(w)).To(HaveKeyWithValue(ownership.MetadataOwner, "test/"+elsewhere+"/acme"))
}

// TestHandsOffRetireCluster: a cluster is emptied under a paused tenant and goes;
// another, with a name of its own, takes over.
func TestHandsOffRetireCluster(t *testing.T) {
	w := world.Bare(t)
	elsewhere := w.Annex()
	tenant := w.CreateTenant()
	east := w.StartOperator(func(o *world.OperatorOptions) { o.Instance, o.Namespaces = "east", []string{w.Namespace} })
	customer, people := peopled(w, func(c *v1alpha1.Customer) { c.Spec.DeletionPolicy = v1alpha1.DeletionDelete })
	end := watchSignIns(w, "boss@acme.com", "jane@acme.com")
	w.Update(tenant, func() { tenant.Spec.Mode = v1alpha1.ModePaused })
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Paused")
	w.Auth0.ResetAudit()
	w.Expect(w.Client.Delete(t.Context(), tenant)).To(Succeed())
	w.UntilReason(tenant, v1alpha1.ConditionReady, "False/InUse")
	w.Expect(w.Client.Delete(t.Context(), customer)).To(Succeed())
	w.UntilGone(customer)
	w.UntilGone(tenant)
	for _, member := range people[1:] {
		w.Expect(w.Client.Delete(t.Context(), member)).To(Succeed())
	}
	for _, member := range people {
		w.UntilGone(member)
	}
	east.Stop()
	w.Expect(writes(w)).To(BeEmpty())

	w.CreateTenant(admitting(elsewhere))
	w.StartOperator(func(o *world.OperatorOptions) { o.Instance, o.Namespaces = "west", []string{elsewhere} })
	west := w.CreateCustomer("acme", 3, customerIn(elsewhere))
	jane, bob := w.CreateMember("acme", "jane@acme.com", memberIn(elsewhere)), w.CreateMember("acme", "bob@acme.com", memberIn(elsewhere))
	w.UntilReason(west, v1alpha1.ConditionStalled, "True/OrganizationConflict")
	w.Annotate(west, v1alpha1.AnnotationTakeOver, "east/"+w.Namespace+"/acme")
	expectPeopled(w, w.AdminMember(west), jane, bob)
	end()
}

// TestRemovalBegunBeforePaused: the Member goes at once with what is not taken
// left where it is; what was begun is finished under Manage.
func TestRemovalBegunBeforePaused(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	customer, people := peopled(w)
	jane := people[1]
	w.Expect(w.Client.Delete(t.Context(), jane)).To(Succeed())
	w.Until("the removal has begun", func(g Gomega) {
		g.Expect(w.Removal("acme", string(jane.Spec.Email))).To(HaveField("Status.State", v1alpha1.RemovalRemoving))
	})
	setMode(w, customer, v1alpha1.ModePaused)
	w.UntilGone(jane)
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Paused")
	w.Auth0.ResetAudit()
	w.Auth0.Forward(time.Hour)
	w.Throughout("nothing more is done", func(g Gomega) { g.Expect(writes(w)).To(BeEmpty()) })
	w.Expect(w.Removals("acme")).To(HaveLen(1))

	setMode(w, customer, v1alpha1.ModeManage)
	w.Until("it is finished", func(g Gomega) {
		w.Auth0.Forward(5 * time.Second)
		if removal := w.Removal("acme", string(jane.Spec.Email)); removal != nil {
			g.Expect(removal.Status.State).To(BeElementOf(v1alpha1.RemovalRemoved, v1alpha1.RemovalDone))
		}
	})
	w.AssertOut("acme", "jane@acme.com")
}

// TestRemovalHeldIsApprovedUnderManageOnly: an approval under Paused or Observe
// takes nothing, and counts when the Customer is managed again.
func TestRemovalHeldIsApprovedUnderManageOnly(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	customer, people := peopled(w, func(c *v1alpha1.Customer) {
		c.Spec.Removal.Brake = v1alpha1.Brake{People: ptr.To(int32(0)), Percent: ptr.To(int32(0))}
	})
	w.Expect(w.Client.Delete(t.Context(), people[1])).To(Succeed())
	w.UntilGone(people[1])
	w.UntilReason(customer, v1alpha1.ConditionRemovalsHeld, "True/AwaitingApproval")
	w.Expect(w.Get(customer)).To(Succeed())
	hash, id := customer.Status.HeldRemovals.Hash, w.OrganizationID("acme")
	for _, mode := range []v1alpha1.Mode{v1alpha1.ModePaused, v1alpha1.ModeObserve} {
		setMode(w, customer, mode)
		w.Auth0.ResetAudit()
		w.Annotate(customer, v1alpha1.AnnotationApproveRemovals, hash)
		w.Throughout("nobody is removed under "+string(mode), func(g Gomega) {
			g.Expect(writes(w)).To(BeEmpty())
			g.Expect(w.Reason(g, customer, v1alpha1.ConditionRemovalsHeld)).To(Equal("True/AwaitingApproval"))
		})
		_, err := w.SignIn(id, "jane@acme.com")
		w.Expect(err).NotTo(HaveOccurred())
	}
	setMode(w, customer, v1alpha1.ModeManage)
	w.UntilReason(customer, v1alpha1.ConditionRemovalsHeld, "False/NothingHeld")
	w.Until("she is out", func(g Gomega) {
		_, err := w.SignIn(id, "jane@acme.com")
		g.Expect(err).To(HaveOccurred())
	})
}

// TestRemovalHeldIsApprovedUnderAPausedTenant: the same where the Auth0Tenant is paused: when it is managed
// again, its Customers' approvals count.
func TestRemovalHeldIsApprovedUnderAPausedTenant(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	customer, people := peopled(w, func(c *v1alpha1.Customer) {
		c.Spec.Removal.Brake = v1alpha1.Brake{People: ptr.To(int32(0)), Percent: ptr.To(int32(0))}
	})
	w.Expect(w.Client.Delete(t.Context(), people[1])).To(Succeed())
	w.UntilGone(people[1])
	w.UntilReason(customer, v1alpha1.ConditionRemovalsHeld, "True/AwaitingApproval")
	w.Expect(w.Get(customer)).To(Succeed())
	tenant := &v1alpha1.Auth0Tenant{ObjectMeta: metav1.ObjectMeta{Name: customer.Spec.TenantRef.Name}}
	w.Update(tenant, func() { tenant.Spec.Mode = v1alpha1.ModePaused })
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Paused")
	w.Annotate(customer, v1alpha1.AnnotationApproveRemovals, customer.Status.HeldRemovals.Hash)
	w.Throughout("nobody is removed", func(g Gomega) {
		g.Expect(w.Reason(g, customer, v1alpha1.ConditionRemovalsHeld)).To(Equal("True/AwaitingApproval"))
	})
	w.Update(tenant, func() { tenant.Spec.Mode = v1alpha1.ModeManage })
	w.UntilReason(customer, v1alpha1.ConditionRemovalsHeld, "False/NothingHeld")
	w.Until("she is out", func(g Gomega) {
		_, err := w.SignIn(w.OrganizationID("acme"), "jane@acme.com")
		g.Expect(err).To(HaveOccurred())
	})
}
