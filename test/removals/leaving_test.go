package removals

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/test/world"
)

// deleteUnseen applies a Member again and deletes it before any operator has done
// more than to put its finalizer on. None runs meanwhile.
func deleteUnseen(w *world.World, email, name string) *v1alpha1.Member {
	member := w.CreateMember("acme", email, func(m *v1alpha1.Member) { m.Name, m.Finalizers = name, []string{v1alpha1.Finalizer} })
	w.Expect(w.Client.Delete(w.Context(), member)).To(Succeed())
	return member
}

func holdAll(c *v1alpha1.Customer) {
	c.Spec.Removal.Brake = v1alpha1.Brake{People: ptr.To[int32](0), Percent: ptr.To[int32](0)}
}

// longGrace is one that is not over before a test wants that, however far Auth0's
// clock is put forward while the test waits for a removal; beyondGrace ends it.
func longGrace(c *v1alpha1.Customer) { c.Spec.Removal.Grace = &metav1.Duration{Duration: time.Hour} }

const beyondGrace = time.Hour + time.Minute

func deleteUsers(c *v1alpha1.Customer) { c.Spec.Removal.User = v1alpha1.RemovalUserDelete }

// TestRemovalRequestedAndDeclaredAgain: who is declared again before the Customer has decided about their
// removal keeps everything.
func TestRemovalRequestedAndDeclaredAgain(t *testing.T) {
	for name, admin := range map[string]bool{"by a Member": false, "as an admin": true} {
		t.Run(name, func(t *testing.T) {
			w := world.New(t)
			operator := w.StartOperator()
			customer := w.CreateCustomer("acme", 5)
			jane := w.CreateMember("acme", "jane@acme.com")
			session := w.Join(jane)
			operator.Stop()
			w.Expect(w.Client.Delete(t.Context(), jane)).To(Succeed())
			w.Expect(w.Get(jane)).To(Succeed())
			w.Expect(w.Get(customer)).To(Succeed())
			w.Expect(w.Client.Create(t.Context(), &v1alpha1.Removal{
				ObjectMeta: metav1.ObjectMeta{Namespace: w.Namespace, Name: "acme-" + ownership.PersonRef("jane@acme.com"), Finalizers: []string{v1alpha1.Finalizer}},
				Spec: v1alpha1.RemovalSpec{
					CustomerRef: v1alpha1.RemovalCustomer{Name: "acme", UID: customer.UID}, Email: "jane@acme.com", TenantRef: customer.Spec.TenantRef,
					Member: v1alpha1.RemovalMember{Name: jane.Name, UID: jane.UID}, RequestedAt: metav1.NowMicro(), OrganizationID: jane.Status.OrganizationID,
					Known: v1alpha1.Known{Joined: true, Invitation: jane.Status.Invitation, Users: jane.Status.Users},
				},
			})).To(Succeed())
			if admin {
				w.Update(customer, func() { customer.Spec.Admins = append(customer.Spec.Admins, v1alpha1.Admin{Email: "jane@acme.com"}) })
			} else {
				w.CreateMember("acme", "jane@acme.com", func(m *v1alpha1.Member) { m.Name = "jane-doe" })
			}
			w.StartOperator()
			w.UntilGone(jane)
			w.UntilForwarding("nobody is on the way out", func(g Gomega) { g.Expect(w.Removals("acme")).To(BeEmpty()) })
			_, err := session.Refresh(t.Context())
			w.Expect(err).NotTo(HaveOccurred(), "no session was ended")
			for _, member := range w.Members() {
				if member.Spec.Email == "jane@acme.com" {
					w.UntilReason(&member, v1alpha1.ConditionActive, "True/Joined")
				}
			}
			w.Expect(w.Mails("jane@acme.com")).To(HaveLen(1))
		})
	}
}

// TestRemovalDoneIsNotBegunAgain: somebody changes the Member right before its
// finalizer would go. The removal is done, and is not put before the brake anew.
func TestRemovalDoneIsNotBegunAgain(t *testing.T) {
	w := world.New(t)
	var between interposer
	w.StartOperator(func(o *world.OperatorOptions) { o.AfterAnswer = between.after })
	w.CreateCustomer("acme", 5, longGrace, func(c *v1alpha1.Customer) {
		c.Spec.Removal.Brake = v1alpha1.Brake{People: ptr.To[int32](1), Percent: ptr.To[int32](0)}
	})
	jane := w.CreateMember("acme", "jane@acme.com")
	session := w.Join(jane)
	w.Expect(w.Client.Delete(t.Context(), jane)).To(Succeed())
	taken := w.UntilTaken("acme", "jane@acme.com")
	confirming := func(r *http.Request) bool {
		return call("GET", "/roles")(r) && w.Auth0.Clock().Now().After(taken.Status.Withdrawal.ChangedAt.Add(20*time.Second))
	}
	changed := between.once(confirming, func() { w.Annotate(jane.DeepCopy(), "example.com/note", "on its way") })
	w.Auth0.Forward(30 * time.Second)
	w.Eventually(changed, world.Patience).Should(BeTrue(), "the moment comes")
	w.UntilRemoved(jane)
	w.Expect(w.Removal("acme", "jane@acme.com")).To(HaveField("Status.State", v1alpha1.RemovalRemoved))
	w.AssertOut("acme", "jane@acme.com", session)
}

// TestRemovalWithAForeignFinalizer: somebody else's finalizer keeps the Member,
// long after the person was removed. Who is declared again meanwhile comes back.
func TestRemovalWithAForeignFinalizer(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	w.CreateCustomer("acme", 5, longGrace)
	jane := w.CreateMember("acme", "jane@acme.com", func(m *v1alpha1.Member) { m.Finalizers = []string{"example.com/keep"} })
	session := w.Join(jane)
	w.Expect(w.Client.Delete(t.Context(), jane)).To(Succeed())
	w.UntilForwarding("the person is removed", func(g Gomega) {
		g.Expect(w.Get(jane)).To(Succeed())
		g.Expect(controllerutil.ContainsFinalizer(jane, v1alpha1.Finalizer)).To(BeFalse())
	})
	w.AssertOut("acme", "jane@acme.com", session)
	bob := w.CreateMember("acme", "bob@acme.com")
	w.Join(bob)
	w.Remove(bob)
	again := w.CreateMember("acme", "jane@acme.com", func(m *v1alpha1.Member) { m.Name = "jane-doe" })
	w.UntilForwarding("the person is back", func(g Gomega) {
		g.Expect(w.Reason(g, again, v1alpha1.ConditionActive)).To(Equal("True/Joined"))
	})
	w.Expect(w.Mails("jane@acme.com")).To(HaveLen(1))
	w.Update(jane, func() { jane.Finalizers = nil })
	w.Throughout("and stays", func(g Gomega) {
		_, err := w.SignIn(w.OrganizationID("acme"), "jane@acme.com")
		g.Expect(err).NotTo(HaveOccurred())
	})
}

// TestOneMailAppliedAndDeletedAgain: within the grace the Member is applied again,
// deleted before anything came of it, and applied once more.
func TestOneMailAppliedAndDeletedAgain(t *testing.T) {
	w := world.New(t)
	operator := w.StartOperator()
	w.CreateCustomer("acme", 5, longGrace)
	jane := w.CreateMember("acme", "jane@acme.com")
	w.Join(jane)
	w.Remove(jane)
	operator.Stop()
	unseen := deleteUnseen(w, "jane@acme.com", "jane")
	w.StartOperator()
	w.UntilRemoved(unseen)
	again := w.CreateMember("acme", "jane@acme.com")
	w.UntilForwarding("the person is back", func(g Gomega) {
		g.Expect(w.Reason(g, again, v1alpha1.ConditionActive)).To(Equal("True/Joined"))
	})
	w.Expect(w.Mails("jane@acme.com")).To(HaveLen(1))
}

// TestOneMailHeldAppliedAndDeletedAgain: the same for somebody whose removal is
// held, and approved later.
func TestOneMailHeldAppliedAndDeletedAgain(t *testing.T) {
	w := world.New(t)
	operator := w.StartOperator()
	customer := w.CreateCustomer("acme", 5, longGrace, holdAll)
	jane := w.CreateMember("acme", "jane@acme.com")
	session := w.Join(jane)
	w.Expect(w.Client.Delete(t.Context(), jane)).To(Succeed())
	w.UntilGone(jane)
	operator.Stop()
	unseen := deleteUnseen(w, "jane@acme.com", "jane")
	w.StartOperator()
	w.UntilGone(unseen)
	approve(w, customer, 1)
	w.UntilForwarding("the approved removal is done", func(g Gomega) {
		g.Expect(w.Removal("acme", "jane@acme.com")).To(HaveField("Status.State", v1alpha1.RemovalRemoved))
	})
	w.AssertOut("acme", "jane@acme.com", session)
	again := w.CreateMember("acme", "jane@acme.com")
	w.UntilForwarding("the person is back", func(g Gomega) {
		g.Expect(w.Reason(g, again, v1alpha1.ConditionActive)).To(Equal("True/Joined"))
	})
	w.Expect(w.Mails("jane@acme.com")).To(HaveLen(1))
}

// TestRemovalBrakeHoldsADuplicateToo: two Members of an address are deleted, of
// which one never held anything. What is held for the one is not taken for the other.
func TestRemovalBrakeHoldsADuplicateToo(t *testing.T) {
	w := world.New(t)
	operator := w.StartOperator()
	customer := w.CreateCustomer("acme", 5, holdAll)
	jane := w.CreateMember("acme", "jane@acme.com")
	session := w.Join(jane)
	duplicate := w.CreateMember("acme", "jane@acme.com", func(m *v1alpha1.Member) { m.Name = "a-duplicate" })
	w.UntilReason(duplicate, v1alpha1.ConditionSeatAssigned, "False/DuplicateEmail")
	operator.Stop()
	w.Expect(w.Client.Delete(t.Context(), jane)).To(Succeed())
	w.Expect(w.Client.Delete(t.Context(), duplicate)).To(Succeed())
	w.StartOperator()
	w.UntilRemoved(jane)
	w.UntilRemoved(duplicate)
	untilHeld(w, customer, 1)
	_, err := session.Refresh(t.Context())
	w.Expect(err).NotTo(HaveOccurred(), "nothing was taken")
}

const organizationRoute = "/api/v2/organizations/{id}"

// TestRemovalOfAnAdminDuringAnOutage: the admin's Member is deleted, which takes
// nothing while the contract names the admin, and the Member cannot come back
// because Auth0 is down. Then the contract names somebody else.
func TestRemovalOfAnAdminDuringAnOutage(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	customer := w.CreateCustomer("acme", 5)
	w.UntilMail("boss@acme.com", 1)
	boss := &w.Members()[0]
	session := w.Join(boss)
	w.Reread(customer) // no pass is under way that has read the organization already
	_, end := w.Fault(standin.Fault{Method: http.MethodGet, Route: organizationRoute, Kind: standin.FaultStatus, Status: http.StatusServiceUnavailable})
	w.Update(customer, func() { customer.Spec.Seats = 6 }) // what was read before is not enough for that
	w.UntilReason(customer, v1alpha1.ConditionReady, "False/Auth0Unavailable")
	w.Expect(w.Client.Delete(t.Context(), boss)).To(Succeed())
	w.UntilGone(boss)
	w.Expect(w.Members()).To(BeEmpty(), "the Member is not back yet")
	w.Expect(held(w, customer)).To(BeNil(), "the contract names the admin")
	w.Employ("chief@acme.com")
	w.Update(customer, func() { customer.Spec.Admins = []v1alpha1.Admin{{Email: "chief@acme.com"}} })
	end()
	approve(w, customer, 1)
	w.UntilForwarding("the approved removal is done", func(g Gomega) {
		g.Expect(w.Removal("acme", "boss@acme.com")).To(HaveField("Status.State", v1alpha1.RemovalRemoved))
	})
	w.AssertOut("acme", "boss@acme.com", session)
}

// TestRemovalApprovedOfWhoBecameAnAdmin: the contract names somebody whose removal
// is held, and the Member that the contract makes is not there yet. An approval
// is not of them.
func TestRemovalApprovedOfWhoBecameAnAdmin(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	customer := w.CreateCustomer("acme", 5, holdAll)
	jane, bob := w.CreateMember("acme", "jane@acme.com"), w.CreateMember("acme", "bob@acme.com")
	session := w.Join(jane)
	w.Join(bob)
	w.Expect(w.Client.Delete(t.Context(), jane)).To(Succeed())
	w.Expect(w.Client.Delete(t.Context(), bob)).To(Succeed())
	hash := untilHeld(w, customer, 2).Hash
	_, end := w.Fault(standin.Fault{Method: http.MethodGet, Route: organizationRoute, Kind: standin.FaultStatus, Status: http.StatusServiceUnavailable})
	w.Update(customer, func() {
		customer.Spec.Admins = append(customer.Spec.Admins, v1alpha1.Admin{Email: "jane@acme.com"})
		customer.Annotations = map[string]string{v1alpha1.AnnotationApproveRemovals: hash}
	})
	isHeld := func(g Gomega) {
		g.Expect(w.Removal("acme", "jane@acme.com")).To(HaveField("Status.State", v1alpha1.RemovalHeld))
	}
	w.Throughout("her removal is not approved", isHeld)
	approve(w, customer, 1) // his alone
	w.Until("it is", func(g Gomega) {
		g.Expect(w.Removal("acme", "bob@acme.com")).To(HaveField("Status.State", v1alpha1.RemovalRemoving))
	})
	w.Throughout("hers is not, with it", isHeld)
	end()
	w.UntilForwarding("the Member that the contract makes finds her", func(g Gomega) {
		g.Expect(w.Removal("acme", "jane@acme.com")).To(BeNil())
	})
	_, err := session.Refresh(t.Context())
	w.Expect(err).NotTo(HaveOccurred(), "nothing was taken")
}

// TestRemovalDestroyRefusedIsNoHotLoop: Auth0 refuses to delete a user.
func TestRemovalDestroyRefusedIsNoHotLoop(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	w.CreateCustomer("acme", 5, func(c *v1alpha1.Customer) {
		c.Spec.Removal.User, c.Spec.Removal.Grace = v1alpha1.RemovalUserDelete, &metav1.Duration{}
	})
	jane := w.CreateMember("acme", "jane@acme.com")
	w.Join(jane)
	w.Expect(w.Client.Delete(t.Context(), jane)).To(Succeed())
	w.UntilTaken("acme", "jane@acme.com")
	fault, _ := w.Fault(standin.Fault{Method: http.MethodDelete, Route: "/api/v2/users/{id}", Kind: standin.FaultStatus, Status: http.StatusBadRequest})
	// Once: each time that Auth0's clock jumps, everything is looked at.
	w.Auth0.Forward(30 * time.Second)
	w.UntilGone(jane)
	w.Until("it is tried", func(g Gomega) { g.Expect(w.Hits(fault)).To(BeNumerically(">", 0)) })
	w.Throughout("it is not tried over and over", func(g Gomega) { g.Expect(w.Hits(fault)).To(BeNumerically("<", 5)) })
}

// TestRemovalAcceptanceDuringAnOutage: the removal has begun and Auth0's API is
// down. The person, whose address the company spells in its own way, accepts just
// before it is back: the lists do not show them yet.
func TestRemovalAcceptanceDuringAnOutage(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	w.CreateCustomer("acme", 5)
	jane := w.CreateMember("acme", "jane.doe@acme.com")
	w.Employ("Jane.Doe@Acme.com")
	mail := w.UntilMail("jane.doe@acme.com", 1)
	w.UntilReason(jane, v1alpha1.ConditionActive, "False/Invited")
	_, end := w.Fault(standin.Fault{Method: http.MethodGet, Route: world.InvitationsRoute, Kind: standin.FaultStatus, Status: http.StatusServiceUnavailable})
	w.Expect(w.Client.Delete(t.Context(), jane)).To(Succeed())
	w.Until("the removal has begun", func(g Gomega) {
		g.Expect(w.Removal("acme", "jane.doe@acme.com")).To(HaveField("Status.State", v1alpha1.RemovalRemoving))
	})
	w.Auth0.Forward(time.Minute)
	w.Expect(w.Auth0.Configure(func(s *standin.Settings) {
		s.MembersLag, s.SearchLag = standin.Duration(10*time.Second), standin.Duration(10*time.Second)
	})).To(Succeed())
	session, err := w.Accept(mail)
	w.Expect(err).NotTo(HaveOccurred())
	end()
	w.Throughout("nothing is confirmed on what may lag", func(g Gomega) { g.Expect(w.Get(jane)).To(Succeed()) })
	w.UntilRemoved(jane)
	w.Auth0.Forward(time.Minute)
	w.AssertOut("acme", "jane.doe@acme.com", session)
}

// TestRemovalBrakeHoldsWhoWaits: members of an adopted organization for whom there
// is no seat can sign in until the guard takes effect. The brake counts them.
func TestRemovalBrakeHoldsWhoWaits(t *testing.T) {
	w := world.Bare(t)
	w.CreateTenant(func(a *v1alpha1.Auth0Tenant) { a.Spec.Namespaces[0].Adopt = []string{"acme"} })
	made, err := w.Auth0.AddOrganization(standin.OrganizationSeed{Name: "acme", Connections: []string{world.ConnectionName}})
	w.Expect(err).NotTo(HaveOccurred())
	id := made.ID
	for _, email := range []string{"boss@acme.com", "a@acme.com"} {
		w.Employ(email)
		user, err := w.Auth0.AddUser(standin.UserSeed{Connection: world.ConnectionName, Email: email, EmailVerified: true})
		w.Expect(err).NotTo(HaveOccurred())
		w.Expect(w.Auth0.AddMember(id, user.UserID)).To(Succeed())
	}
	session, err := w.SignIn(id, "a@acme.com")
	w.Expect(err).NotTo(HaveOccurred())
	w.StartOperator()
	customer := w.CreateCustomer("acme", 1, holdAll, func(c *v1alpha1.Customer) {
		c.Spec.Organization = &v1alpha1.OrganizationSpec{Adoption: v1alpha1.AdoptionIfListed}
	})
	waiting, stranger := w.CreateMember("acme", "a@acme.com"), w.CreateMember("acme", "nobody@acme.com")
	w.UntilReason(waiting, v1alpha1.ConditionSeatAssigned, "False/SeatLimitReached")
	w.UntilReason(stranger, v1alpha1.ConditionSeatAssigned, "False/SeatLimitReached")
	w.Remove(waiting)
	w.Remove(stranger)
	untilHeld(w, customer, 1) // who holds nothing is not held
	_, err = session.Refresh(t.Context())
	w.Expect(err).NotTo(HaveOccurred())
	approve(w, customer, 1)
	w.UntilForwarding("the approved removal is done", func(g Gomega) {
		g.Expect(w.Removal("acme", "a@acme.com")).To(HaveField("Status.State", v1alpha1.RemovalRemoved))
	})
	_, err = w.SignIn(id, "a@acme.com")
	w.Expect(err).To(HaveOccurred())
}

// TestAccessAfterATakerFroze: an operator freezes between two calls of a removal,
// another one ends it, and the person is brought back. What the first one still
// meant to take is not taken.
func TestAccessAfterATakerFroze(t *testing.T) {
	w := world.New(t)
	var between interposer
	var asleep atomic.Int64
	first := w.StartOperator(func(o *world.OperatorOptions) {
		o.AfterAnswer = between.after
		o.Now = func() time.Time { return time.Now().Add(time.Duration(asleep.Load())) }
	})
	editor, err := w.Auth0.AddRole(standin.Role{Name: "editor"})
	w.Expect(err).NotTo(HaveOccurred())
	w.CreateCustomer("acme", 5, longGrace)
	jane := w.CreateMember("acme", "jane@acme.com")
	w.Join(jane)
	w.Expect(w.Get(jane)).To(Succeed())
	w.Expect(w.Engineer().AssignMemberRoles(t.Context(), w.OrganizationID("acme"), jane.Status.Users[0].UserID, editor.ID)).To(Succeed())
	frozen, thaw := make(chan struct{}), make(chan struct{})
	between.once(call("DELETE", "/roles"), func() { close(frozen); <-thaw })
	w.Expect(w.Client.Delete(t.Context(), jane)).To(Succeed())
	w.Eventually(frozen, world.Patience).Should(BeClosed(), "the moment comes")

	w.StartOperator()
	w.UntilRemoved(jane)
	again := w.CreateMember("acme", "jane@acme.com", func(m *v1alpha1.Member) { m.Name = "jane-doe" })
	w.UntilForwarding("the person is back", func(g Gomega) {
		g.Expect(w.Reason(g, again, v1alpha1.ConditionActive)).To(Equal("True/Joined"))
		g.Expect(w.Removal("acme", "jane@acme.com")).To(BeNil())
	})
	w.Auth0.Forward(time.Minute)
	asleep.Store(int64(time.Minute))
	close(thaw)
	w.Throughout("the person signs in", func(g Gomega) {
		_, err := w.SignIn(w.OrganizationID("acme"), "jane@acme.com")
		g.Expect(err).NotTo(HaveOccurred())
	})
	first.Stop()
}

// TestAccessAfterADestroyerFroze: the same between the last look at a user that
// is to be deleted and its deletion.
func TestAccessAfterADestroyerFroze(t *testing.T) {
	w := world.New(t)
	var between interposer
	var asleep atomic.Int64
	w.StartOperator(func(o *world.OperatorOptions) {
		o.AfterAnswer = between.after
		o.Now = func() time.Time { return time.Now().Add(time.Duration(asleep.Load())) }
	})
	customer := w.CreateCustomer("acme", 5, longGrace, deleteUsers)
	jane := w.CreateMember("acme", "jane@acme.com")
	w.Join(jane)
	w.Remove(jane)
	frozen, thaw := make(chan struct{}), make(chan struct{})
	between.once(call("GET", "jane@acme.com/organizations"), func() { close(frozen); <-thaw })
	w.Auth0.Forward(beyondGrace)
	w.Eventually(frozen, world.Patience).Should(BeClosed(), "the moment comes")

	w.StartOperator()
	w.UntilTold(customer, v1alpha1.ReasonUserDeleted, jane.Name)
	again := w.CreateMember("acme", "jane@acme.com")
	_, err := w.Accept(w.UntilMail("jane@acme.com", 2))
	w.Expect(err).NotTo(HaveOccurred())
	w.UntilForwarding("the person is known", func(g Gomega) {
		g.Expect(w.Reason(g, again, v1alpha1.ConditionActive)).To(Equal("True/Joined"))
	})
	w.Auth0.Forward(time.Minute)
	asleep.Store(int64(time.Minute))
	close(thaw)
	w.Throughout("the person signs in", func(g Gomega) {
		_, err := w.SignIn(w.OrganizationID("acme"), "jane@acme.com")
		g.Expect(err).NotTo(HaveOccurred())
	})
}
