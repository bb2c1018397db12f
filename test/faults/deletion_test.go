package faults

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/test/world"
)

// joinedCustomer is acme with its admin and jane, both joined.
func joinedCustomer(w *world.World, change ...func(*v1alpha1.Customer)) (customer *v1alpha1.Customer, boss, jane *v1alpha1.Member) {
	w.Helper()
	customer = w.CreateCustomer("acme", 3, change...)
	boss = w.AdminMember(customer)
	w.Join(boss)
	jane = w.CreateMember("acme", "jane@acme.com")
	w.Join(jane)
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Reconciled")
	return customer, boss, jane
}

func withDelete(c *v1alpha1.Customer) { c.Spec.DeletionPolicy = v1alpha1.DeletionDelete }

// TestAccessDeletionRetain: the organization is let go of, its people stay and
// sign in; a Member deleted later goes at once and takes nothing; the Customer
// created again takes all of it up without a mail, and nobody is shut out for a
// moment.
func TestAccessDeletionRetain(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	customer, boss, jane := joinedCustomer(w)
	bob := w.CreateMember("acme", "bob@acme.com")
	w.Join(bob)
	id := w.OrganizationID("acme")
	end := w.Watch("everybody can sign in all along", func() error {
		for _, email := range []string{"boss@acme.com", "jane@acme.com", "bob@acme.com"} {
			if _, err := w.SignIn(id, email); err != nil {
				return err
			}
		}
		return nil
	})

	w.Expect(w.Client.Delete(t.Context(), customer)).To(Succeed())
	w.UntilGone(customer)
	w.UntilGone(boss)
	released, _ := w.Organization("acme")
	w.Expect(released.Metadata[ownership.MetadataOwner]).To(HavePrefix("released:"))
	w.Expect(released.Metadata[ownership.MetadataAccess]).To(HavePrefix("released"))
	w.UntilReason(jane, v1alpha1.ConditionReady, "False/CustomerNotFound")

	w.Expect(w.Client.Delete(t.Context(), bob)).To(Succeed())
	w.UntilGone(bob)

	again := w.CreateCustomer("acme", 3)
	w.UntilForwarding("taken up again", func(g Gomega) {
		g.Expect(w.Reason(g, again, v1alpha1.ConditionReady)).To(Equal("True/Reconciled"))
		g.Expect(w.Reason(g, again, v1alpha1.ConditionGuardInEffect)).To(Equal("True/GuardInEffect"))
		g.Expect(w.Reason(g, jane, v1alpha1.ConditionActive)).To(Equal("True/Joined"))
		g.Expect(w.Reason(g, w.AdminMember(again), v1alpha1.ConditionActive)).To(Equal("True/Joined"))
	})
	w.Expect(again.Status.OrganizationID).To(Equal(id))
	w.Expect(w.Auth0.Outbox().Mails()).To(HaveLen(3), "one for each of the three, at first")
	end()
}

// TestRemovalDeletionDelete: the organization goes; the Customer deletes the
// Members that it made, and waits for no other.
func TestRemovalDeletionDelete(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	customer, boss, jane := joinedCustomer(w, withDelete)
	id := w.OrganizationID("acme")
	w.Expect(w.Client.Delete(t.Context(), customer)).To(Succeed())
	w.UntilGone(customer)
	_, there := w.Organization("acme")
	w.Expect(there).To(BeFalse())
	w.UntilGone(boss)
	w.UntilReason(jane, v1alpha1.ConditionReady, "False/CustomerNotFound")
	w.UntilReason(jane, v1alpha1.ConditionActive, "False/CustomerDeleted")
	_, err := w.SignIn(id, "jane@acme.com")
	w.Expect(err).To(HaveOccurred())

	w.Expect(w.Client.Delete(t.Context(), jane)).To(Succeed())
	w.UntilGone(jane)
	w.Expect(w.Auth0.Snapshot().Users).To(HaveLen(3), "the users stay, and another's")
}

// TestRemovalDeletionMemberWithItsCustomer: a Member that is deleted while its
// Customer is follows the Customer's row, and none of them waits for ever.
func TestRemovalDeletionMemberWithItsCustomer(t *testing.T) {
	for _, policy := range []v1alpha1.DeletionPolicy{v1alpha1.DeletionRetain, v1alpha1.DeletionDelete} {
		t.Run(string(policy), func(t *testing.T) {
			w := world.New(t)
			w.StartOperator()
			customer, _, jane := joinedCustomer(w, func(c *v1alpha1.Customer) { c.Spec.DeletionPolicy = policy })
			id := w.OrganizationID("acme")
			w.Expect(w.Client.Delete(t.Context(), customer)).To(Succeed())
			w.Expect(w.Client.Delete(t.Context(), jane)).To(Succeed())
			w.UntilGone(jane)
			w.UntilGone(customer)
			_, err := w.SignIn(id, "jane@acme.com")
			w.Expect(err == nil).To(Equal(policy == v1alpha1.DeletionRetain))
		})
	}
}

// TestRemovalDeletionForced: a Customer whose finalizer was forced off leaves its
// organization marked; its Members say so and stay until a person settles it.
func TestRemovalDeletionForced(t *testing.T) {
	w := world.New(t)
	operator := w.StartOperator()
	customer, boss, jane := joinedCustomer(w)
	operator.Stop()
	w.Update(customer, func() { customer.Finalizers = nil })
	w.Expect(w.Client.Delete(t.Context(), customer)).To(Succeed())
	w.UntilGone(customer)
	w.StartOperator()

	w.Expect(w.Client.Delete(t.Context(), jane)).To(Succeed())
	w.UntilReason(jane, v1alpha1.ConditionStalled, "True/StillOwned")
	w.UntilWarned(jane, v1alpha1.ReasonStillOwned, "create the Customer again and delete it")
	w.Throughout("it stays, and nothing is taken", func(g Gomega) {
		g.Expect(w.Get(jane)).To(Succeed())
		_, err := w.SignIn(w.OrganizationID("acme"), "jane@acme.com")
		g.Expect(err).NotTo(HaveOccurred())
	})
	w.Expect(w.Get(boss)).To(Succeed(), "nobody else's Member goes")

	w.CreateCustomer("acme", 3)
	w.UntilRemoved(jane)
	w.AssertOut("acme", "jane@acme.com")
	w.UntilReason(boss, v1alpha1.ConditionActive, "True/Joined")
	w.Expect(w.Auth0.Outbox().Mails()).To(HaveLen(2))
}

// TestDeletionNothingGiven: a Member to whom nothing was given goes at once.
func TestDeletionNothingGiven(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	jane := w.CreateMember("acme", "jane@acme.com")
	w.UntilReason(jane, v1alpha1.ConditionReady, "False/CustomerNotFound")
	w.Expect(w.Client.Delete(t.Context(), jane)).To(Succeed())
	w.UntilGone(jane)
}

// TestDeletionOfWhatNeverWorked: a Customer that is refused has nothing in Auth0
// to let go of.
func TestDeletionOfWhatNeverWorked(t *testing.T) {
	for name, change := range map[string]func(w *world.World, c *v1alpha1.Customer){
		"somebody else's organization": func(w *world.World, _ *v1alpha1.Customer) {
			_, err := w.Auth0.AddOrganization(standin.OrganizationSeed{Name: "acme"})
			w.Expect(err).NotTo(HaveOccurred())
		},
		"a connection that is not there": func(_ *world.World, c *v1alpha1.Customer) { c.Spec.Connections[0].Name = "nowhere" },
	} {
		t.Run(name, func(t *testing.T) {
			w := world.New(t)
			w.StartOperator()
			customer := w.CreateCustomer("acme", 2, withDelete, func(c *v1alpha1.Customer) { change(w, c) })
			w.Until("it is refused", func(g Gomega) {
				g.Expect(w.Reason(g, customer, v1alpha1.ConditionStalled)).To(HavePrefix("True/"))
			})
			foreign, _ := w.Organization("acme")
			w.Expect(w.Client.Delete(t.Context(), customer)).To(Succeed())
			w.UntilGone(customer)
			w.Until("no Member stays", func(g Gomega) { g.Expect(w.Members()).To(BeEmpty()) })
			left, there := w.Organization("acme")
			w.Expect(there).To(Equal(foreign.Metadata[ownership.MetadataOwner] == ""))
			if there {
				w.Expect(left).To(Equal(foreign))
			}
		})
	}
}

// TestDeletionMissingScope: without delete:organizations the Customer stays and
// says why; it goes when the scope is granted.
func TestDeletionMissingScope(t *testing.T) {
	w := world.Bare(t)
	machine := limited(w, "delete:organizations")
	tenant := w.CreateTenant(func(tenant *v1alpha1.Auth0Tenant) { tenant.Spec.Credentials.ClientID = machine.ClientID })
	w.StartOperator(world.Sweeping)
	customer := w.CreateCustomer("acme", 2, withDelete)
	w.UntilReason(customer, v1alpha1.ConditionReady, "True/Reconciled")
	w.UntilReason(tenant, v1alpha1.ConditionReady, "True/Reconciled")
	w.Expect(w.Client.Delete(t.Context(), customer)).To(Succeed())
	w.UntilReason(customer, v1alpha1.ConditionStalled, "True/ScopeMissing")
	w.UntilWarned(customer, v1alpha1.ReasonScopeMissing, "delete:organizations")
	w.Expect(w.Auth0.SetScopes(machine.ClientID, standin.ManagementScopes()...)).To(Succeed())
	w.UntilGone(customer)
	_, there := w.Organization("acme")
	w.Expect(there).To(BeFalse())
}

// TestDeletionSaysWhatItWaitsFor: within moments a condition names the step.
func TestDeletionSaysWhatItWaitsFor(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	_, _, jane := joinedCustomer(w)
	w.Expect(w.Client.Delete(t.Context(), jane)).To(Succeed())
	w.Eventually(func(g Gomega) {
		removal := w.Removal("acme", string(jane.Spec.Email))
		g.Expect(removal).NotTo(BeNil())
		g.Expect(w.Reason(g, removal, v1alpha1.ConditionAccessRemoved)).To(Equal("False/Removing"))
		g.Expect(world.Conditions(removal)).To(ContainElement(And(HaveField("Type", "Ready"), HaveField("Message", Not(BeEmpty())))))
	}, world.Patience, "50ms").Should(Succeed())
	w.UntilRemoved(jane)
	w.AssertOut("acme", "jane@acme.com")
}

// TestRemovalDeletionOfAClosedContract: whom the contract keeps out stays out when
// the Customer is deleted, and is in again, without a mail, when it is applied
// with a contract that lets people in.
func TestRemovalDeletionOfAClosedContract(t *testing.T) {
	hour := metav1.NewTime(time.Now().Add(time.Hour).Truncate(time.Second))
	ago := metav1.NewTime(time.Now().Add(-time.Hour).Truncate(time.Second))
	for name, closing := range map[string]func(*v1alpha1.Customer){
		"ended":       func(c *v1alpha1.Customer) { c.Spec.Contract = &v1alpha1.Contract{EndTime: &ago} },
		"suspended":   func(c *v1alpha1.Customer) { c.Spec.Access = v1alpha1.AccessSuspended },
		"not started": func(c *v1alpha1.Customer) { c.Spec.Contract = &v1alpha1.Contract{StartTime: &hour} },
	} {
		t.Run(name, func(t *testing.T) {
			w := world.New(t)
			w.StartOperator()
			customer, _, jane := joinedCustomer(w)
			w.UntilReason(customer, v1alpha1.ConditionGuardInEffect, "True/GuardInEffect")
			id := w.OrganizationID("acme")
			w.Update(customer, func() { closing(customer) })
			refused := func(g Gomega) {
				_, err := w.SignIn(id, "jane@acme.com")
				g.Expect(err).To(HaveOccurred())
			}
			w.Until("she is refused", refused)
			w.Expect(w.Client.Delete(t.Context(), customer)).To(Succeed())
			w.UntilGone(customer)
			w.UntilTold(customer, v1alpha1.ReasonOrganizationLeftClosed, "stays closed")
			left, _ := w.Organization("acme")
			w.Expect(left.Metadata[ownership.MetadataOwner]).To(HavePrefix("released:"))
			w.Throughout("she stays out", refused)
			w.Auth0.Forward(2 * time.Hour)
			w.Throughout("and later on", refused)

			again := w.CreateCustomer("acme", 3)
			w.UntilForwarding("taken up again", func(g Gomega) {
				g.Expect(w.Reason(g, again, v1alpha1.ConditionGuardInEffect)).To(Equal("True/GuardInEffect"))
				g.Expect(w.Reason(g, jane, v1alpha1.ConditionActive)).To(Equal("True/Joined"))
			})
			_, err := w.SignIn(id, "jane@acme.com")
			w.Expect(err).NotTo(HaveOccurred())
			w.Expect(w.Auth0.Outbox().Mails()).To(HaveLen(2), "one for each of the two, at first")
		})
	}
}

// TestRemovalDeletionOfAClosedContractWithoutGuard: nothing in Auth0 keeps people
// out, and a Warning says so.
func TestRemovalDeletionOfAClosedContractWithoutGuard(t *testing.T) {
	w := world.Bare(t)
	w.CreateTenant(func(tenant *v1alpha1.Auth0Tenant) { tenant.Spec.Guard.Mode = v1alpha1.GuardOff })
	w.StartOperator()
	customer, _, _ := joinedCustomer(w)
	w.Update(customer, func() { customer.Spec.Access = v1alpha1.AccessSuspended })
	w.UntilReason(customer, v1alpha1.ConditionContractActive, "False/Suspended")
	w.Expect(w.Client.Delete(t.Context(), customer)).To(Succeed())
	w.UntilGone(customer)
	w.UntilWarned(customer, v1alpha1.ReasonOrganizationReleased, "nothing in Auth0 keeps its people out")
	organization, _ := w.Organization("acme")
	w.Expect(organization.Metadata).NotTo(HaveKey(ownership.MetadataAccess))
}
