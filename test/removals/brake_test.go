package removals

import (
	"fmt"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/utils/ptr"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/internal/standin/person"
	"github.com/seatwarden/seatwarden/test/world"
)

// staff are people who have joined, with a session each.
type staff struct {
	w        *world.World
	members  []*v1alpha1.Member
	sessions map[string]*person.Session
}

// hire creates Members for so many people, all at once, and has them join.
func hire(w *world.World, customer string, count int) *staff {
	s := &staff{w: w, sessions: map[string]*person.Session{}}
	for i := range count {
		s.members = append(s.members, w.CreateMember(customer, fmt.Sprintf("p%02d@acme.com", i)))
	}
	for _, member := range s.members {
		session, err := w.Accept(w.UntilMail(string(member.Spec.Email), 1))
		w.Expect(err).NotTo(HaveOccurred())
		s.sessions[string(member.Spec.Email)] = session
	}
	for _, member := range s.members {
		w.UntilReason(member, v1alpha1.ConditionActive, "True/Joined")
	}
	return s
}

// in counts whose sessions still work.
func (s *staff) in() (count int) {
	for _, session := range s.sessions {
		if _, err := session.Refresh(s.w.Context()); err == nil {
			count++
		}
	}
	return count
}

func (s *staff) fire(members []*v1alpha1.Member) {
	for _, member := range members {
		s.w.Expect(s.w.Client.Delete(s.w.Context(), member)).To(Succeed())
	}
	for _, member := range members {
		s.w.UntilRemoved(member)
	}
}

// declareAgain applies Members of the same addresses, under names of their own.
func (s *staff) declareAgain(members []*v1alpha1.Member) (again []*v1alpha1.Member) {
	for _, member := range members {
		again = append(again, s.w.CreateMember(member.Spec.CustomerRef.Name, string(member.Spec.Email), func(m *v1alpha1.Member) { m.Name = "again-" + member.Name }))
	}
	return again
}

func (s *staff) assertOneMailEach() {
	for _, member := range s.members {
		s.w.Expect(s.w.Mails(string(member.Spec.Email))).To(HaveLen(1), "mails to %s", member.Spec.Email)
	}
}

func held(w *world.World, customer *v1alpha1.Customer) *v1alpha1.HeldRemovals {
	w.Expect(w.Get(customer)).To(Succeed())
	return customer.Status.HeldRemovals
}

// untilHeld waits until so many people are held: the Customer says so a moment
// after their Members are gone.
func untilHeld(w *world.World, customer *v1alpha1.Customer, people int) *v1alpha1.HeldRemovals {
	w.Helper()
	w.Until(fmt.Sprintf("%d people are held", people), func(g Gomega) {
		g.Expect(held(w, customer)).To(HaveField("People", BeEquivalentTo(people)))
	})
	return customer.Status.HeldRemovals
}

// approve approves that so many people are held.
func approve(w *world.World, customer *v1alpha1.Customer, people int) {
	w.Helper()
	w.Annotate(customer, v1alpha1.AnnotationApproveRemovals, untilHeld(w, customer, people).Hash)
}

// TestRemovalBrakeHoldsHalfAList: of twelve people seven are deleted at once. Five
// go, two stay in until exactly that is approved, across a restart; and an
// approval is of what its author saw.
func TestRemovalBrakeHoldsHalfAList(t *testing.T) {
	w := world.New(t)
	operator := w.StartOperator()
	customer := w.CreateCustomer("acme", 20)
	people := hire(w, "acme", 14)

	people.fire(people.members[:7])
	w.UntilReason(customer, v1alpha1.ConditionRemovalsHeld, "True/AwaitingApproval")
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Reconciled")
	w.Expect(people.in()).To(Equal(9), "all but five still sign in")
	first := untilHeld(w, customer, 2)
	w.Until("held seats are in use, and those of who is gone are not", func(g Gomega) {
		g.Expect(held(w, customer)).To(Equal(first))
		g.Expect(customer.Status.Seats.Used).To(BeEquivalentTo(1 + 7 + 2))
	})

	operator.Stop()
	w.StartOperator()
	people.fire(people.members[7:8])
	untilHeld(w, customer, 3)
	w.Annotate(customer, v1alpha1.AnnotationApproveRemovals, first.Hash)
	w.UntilReason(customer, v1alpha1.ConditionRequestRefused, "True/ApprovalOutdated")
	w.UntilWarned(customer, v1alpha1.ReasonApprovalOutdated, "what is held now has the hash "+held(w, customer).Hash)
	w.Throughout("an approval of less approves nothing", func(g Gomega) { g.Expect(people.in()).To(Equal(9)) })

	approve(w, customer, 3)
	w.UntilForwarding("the approved removals are done", func(g Gomega) {
		g.Expect(held(w, customer)).To(BeNil())
		g.Expect(people.in()).To(Equal(6))
		g.Expect(meta.FindStatusCondition(customer.Status.Conditions, v1alpha1.ConditionRequestRefused)).To(BeNil())
		g.Expect(w.Removals("acme")).To(HaveEach(HaveField("Status.State", BeElementOf(v1alpha1.RemovalRemoved, v1alpha1.RemovalDone))))
	})
	for _, member := range people.members[:8] {
		w.AssertOut("acme", string(member.Spec.Email), people.sessions[string(member.Spec.Email)])
	}
}

// TestOneMailBrakeUndone: the whole list is deleted and applied again. Who was
// held never was out, who was removed comes back, and nobody is mailed.
func TestOneMailBrakeUndone(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	customer := w.CreateCustomer("acme", 12, longGrace)
	people := hire(w, "acme", 9)
	invited := w.CreateMember("acme", "later@acme.com")
	w.UntilReason(invited, v1alpha1.ConditionActive, "False/Invited")

	people.fire(people.members)
	w.Expect(people.in()).To(Equal(4))
	again := people.declareAgain(people.members)
	for _, member := range again {
		w.UntilReason(member, v1alpha1.ConditionActive, "True/Joined")
		_, err := w.SignIn(w.OrganizationID("acme"), string(member.Spec.Email))
		w.Expect(err).NotTo(HaveOccurred())
	}
	w.UntilForwarding("nothing is held, and nobody remembered", func(g Gomega) {
		g.Expect(held(w, customer)).To(BeNil())
		g.Expect(w.Removals("acme")).To(BeEmpty())
	})
	people.assertOneMailEach()
	w.Expect(w.Mails("later@acme.com")).To(HaveLen(1))
}

// TestRemovalGraceBringsBack: who had joined comes back without a mail, with the
// roles that are declared now; who had only been invited is mailed once more; and
// after the grace everybody is a stranger.
func TestRemovalGraceBringsBack(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	w.CreateCustomer("acme", 5, longGrace)
	jane, bob := w.CreateMember("acme", "jane@acme.com"), w.CreateMember("acme", "bob@acme.com")
	session := w.Join(jane)
	mail := w.UntilMail("bob@acme.com", 1)
	w.Remove(jane)
	w.Remove(bob)
	w.AssertOut("acme", "jane@acme.com", session)

	jane, bob = w.CreateMember("acme", "jane@acme.com"), w.CreateMember("acme", "bob@acme.com")
	w.UntilReason(jane, v1alpha1.ConditionActive, "True/Joined")
	_, err := w.SignIn(w.OrganizationID("acme"), "jane@acme.com")
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(w.Mails("jane@acme.com")).To(HaveLen(1), "no mail")
	_, err = w.Accept(mail)
	w.Expect(err).To(HaveOccurred(), "the old link is dead")
	w.UntilMail("bob@acme.com", 2)
	w.UntilReason(bob, v1alpha1.ConditionActive, "False/Invited")

	w.Remove(jane)
	w.Auth0.Forward(beyondGrace)
	w.UntilForwarding("the grace is over", func(g Gomega) {
		g.Expect(w.Removals("acme")).To(BeEmpty())
	})
	w.CreateMember("acme", "jane@acme.com")
	w.UntilMail("jane@acme.com", 2)
}

// TestRemovalOfAListRenamed: every Member of a list gets another name at once,
// deleted first or created first. Everybody is in afterwards, and nobody is mailed.
func TestRemovalOfAListRenamed(t *testing.T) {
	for _, order := range []string{"prune first", "create first"} {
		t.Run(order, func(t *testing.T) {
			w := world.New(t)
			w.StartOperator()
			customer := w.CreateCustomer("acme", 100, longGrace)
			people := hire(w, "acme", world.More(20, 50))
			end := w.WatchSeats("acme", 100)
			var again []*v1alpha1.Member
			if order == "create first" {
				again = people.declareAgain(people.members)
			}
			for _, member := range people.members {
				w.Expect(w.Client.Delete(t.Context(), member)).To(Succeed())
			}
			if order == "prune first" {
				again = people.declareAgain(people.members)
			}
			w.UntilForwarding("everybody is in under the new name", func(g Gomega) {
				for _, member := range again {
					g.Expect(w.Get(member)).To(Succeed())
					g.Expect(w.Reason(g, member, v1alpha1.ConditionActive)).To(Equal("True/Joined"), member.Name)
				}
				g.Expect(w.Members()).To(HaveLen(1 + len(people.members)))
			})
			for _, member := range again {
				_, err := w.SignIn(w.OrganizationID("acme"), string(member.Spec.Email))
				w.Expect(err).NotTo(HaveOccurred(), member.Name)
			}
			people.assertOneMailEach()
			w.Until("nothing is held", func(g Gomega) { g.Expect(held(w, customer)).To(BeNil()) })
			end()
		})
	}
}

// TestRemovalBrakeOfACustomersDeletion: with eight people (30 in the long run) the deletion of the
// organization waits for approval, and Retain undoes it.
func TestRemovalBrakeOfACustomersDeletion(t *testing.T) {
	for _, outcome := range []string{"approved", "undone"} {
		t.Run(outcome, func(t *testing.T) {
			w := world.New(t)
			w.StartOperator()
			customer := w.CreateCustomer("acme", 40, func(c *v1alpha1.Customer) { c.Spec.DeletionPolicy = v1alpha1.DeletionDelete })
			people := hire(w, "acme", world.More(8, 30))
			w.Expect(w.Client.Delete(t.Context(), customer)).To(Succeed())
			w.UntilReason(customer, v1alpha1.ConditionRemovalsHeld, "True/AwaitingApproval")
			for _, member := range people.members[:2] {
				w.Expect(w.Client.Delete(t.Context(), member)).To(Succeed())
			}
			w.Annotate(customer, v1alpha1.AnnotationApproveRemovals, "0123456789abcdef")
			w.UntilWarned(customer, v1alpha1.ReasonApprovalOutdated, "what is held now has the hash "+held(w, customer).Hash)
			w.Throughout("everybody is in", func(g Gomega) { g.Expect(people.in()).To(Equal(len(people.members))) })
			if outcome == "approved" {
				approve(w, customer, 1+len(people.members))
				w.UntilGone(customer)
				_, found := w.Organization("acme")
				w.Expect(found).To(BeFalse())
				return
			}
			w.Update(customer, func() { customer.Spec.DeletionPolicy = v1alpha1.DeletionRetain })
			w.UntilGone(customer)
			w.UntilGone(people.members[0])
			w.CreateCustomer("acme", 40)
			for _, member := range people.members[2:] {
				w.UntilReason(member, v1alpha1.ConditionActive, "True/Joined")
			}
			w.Expect(people.in()).To(BeNumerically(">=", len(people.members)-2))
			people.assertOneMailEach()
		})
	}
}

// TestRemovalBrakeCountsWhoIsNotDeclared: people whom others put into the
// organization go with it, and count.
func TestRemovalBrakeCountsWhoIsNotDeclared(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	customer := w.CreateCustomer("acme", 10, func(c *v1alpha1.Customer) { c.Spec.DeletionPolicy = v1alpha1.DeletionDelete })
	w.UntilMail("boss@acme.com", 1)
	for i := range 6 {
		user, err := w.Auth0.AddUser(standin.UserSeed{Connection: world.ConnectionName, Email: fmt.Sprintf("u%d@acme.com", i), EmailVerified: true})
		w.Expect(err).NotTo(HaveOccurred())
		w.Expect(w.Auth0.AddMember(w.OrganizationID("acme"), user.UserID)).To(Succeed())
	}
	w.Expect(w.Client.Delete(t.Context(), customer)).To(Succeed())
	w.UntilReason(customer, v1alpha1.ConditionRemovalsHeld, "True/AwaitingApproval")
	approve(w, customer, 7) // and the admin who was invited
	w.UntilGone(customer)
}

// TestRemovalBrakeOfATenant: what no Customer's brake holds, the tenant's does.
func TestRemovalBrakeOfATenant(t *testing.T) {
	w := world.Bare(t)
	w.CreateTenant(func(a *v1alpha1.Auth0Tenant) { a.Spec.Brake.People = ptr.To[int32](3) })
	w.StartOperator()
	acme, beta := w.CreateCustomer("acme", 10), w.CreateCustomer("beta", 10)
	first, second := hire(w, "acme", 3), w.CreateMember("beta", "bob@acme.com")
	session := w.Join(second)
	first.fire(first.members)
	w.Expect(held(w, acme)).To(BeNil())
	w.Expect(w.Client.Delete(t.Context(), second)).To(Succeed())
	w.UntilGone(second)
	w.UntilReason(beta, v1alpha1.ConditionRemovalsHeld, "True/AwaitingApproval")
	_, err := session.Refresh(t.Context())
	w.Expect(err).NotTo(HaveOccurred())
}

// TestRemovalDestroysTheUser after the grace, where that is asked for and the
// user is nobody else's.
func TestRemovalDestroysTheUser(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	customer := w.CreateCustomer("acme", 10, longGrace, deleteUsers)
	w.CreateCustomer("beta", 10, func(c *v1alpha1.Customer) { c.Spec.Connections = nil })
	jane, bob := w.CreateMember("acme", "jane@acme.com"), w.CreateMember("acme", "bob@acme.com")
	w.Join(jane)
	w.Join(bob)
	w.Expect(w.Get(jane)).To(Succeed())
	w.Expect(w.Get(bob)).To(Succeed())
	w.Expect(w.Engineer().AddMembers(t.Context(), w.OrganizationID("beta"), bob.Status.Users[0].UserID)).To(Succeed())

	w.Remove(jane)
	w.Remove(bob)
	_, err := w.Engineer().User(t.Context(), jane.Status.Users[0].UserID)
	w.Expect(err).NotTo(HaveOccurred(), "nothing is destroyed within the grace")
	w.Auth0.Forward(beyondGrace)
	w.UntilTold(customer, v1alpha1.ReasonUserDeleted, jane.Name)
	w.UntilTold(customer, v1alpha1.ReasonUserKept, "is a member of an organization")
	_, err = w.Engineer().User(t.Context(), jane.Status.Users[0].UserID)
	w.Expect(err).To(HaveOccurred())
	_, err = w.Engineer().User(t.Context(), bob.Status.Users[0].UserID)
	w.Expect(err).NotTo(HaveOccurred())
	again := w.CreateMember("acme", "jane@acme.com")
	w.UntilMail("jane@acme.com", 2)
	w.UntilReason(again, v1alpha1.ConditionActive, "False/Invited")
}
