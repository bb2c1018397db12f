package argocd

import (
	"context"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/utils/ptr"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/controlplane"
	"github.com/seatwarden/seatwarden/internal/controlplane/envtesting"
)

func plane() *controlplane.ControlPlane { return envtesting.ControlPlane() }

func background(a *application) context.Context { return context.WithoutCancel(a.Context()) }

// TestArgoCDSyncsASeatList: what git holds is synced and called what it is, nothing that
// the operator writes is drift, and what git holds no more is removed.
func TestArgoCDSyncsASeatList(t *testing.T) {
	a := deploy(t)
	customer, jane, bob := a.CustomerObject("acme", 2), a.MemberObject("acme", "jane@acme.com"), a.MemberObject("acme", "bob@acme.com")
	a.commit(customer, jane)
	a.declare()
	a.until("Healthy") // it waits for clicks alone
	mail := a.UntilMail("jane@acme.com", 1)
	_, err := a.Accept(mail)
	a.Expect(err).NotTo(HaveOccurred())
	a.UntilReason(jane, v1alpha1.ConditionActive, "True/Joined")
	a.until("Healthy")

	a.kubectl("patch", "customer", "acme", "-n", a.Namespace, "--type=merge", "-p", `{"spec":{"seats":9}}`)
	a.Eventually(func(g Gomega) {
		g.Expect(a.Get(customer)).To(Succeed())
		g.Expect(customer.Spec.Seats).To(BeEquivalentTo(2))
	}, patience, "100ms").Should(Succeed(), "a change by hand is taken back")
	a.until("Healthy")

	a.commit(bob)
	a.until("Degraded") // the contract is full
	a.UntilReason(bob, v1alpha1.ConditionStalled, "True/SeatLimitReached")
	customer.Spec.Seats = 3
	a.commit(customer)
	a.until("Healthy")
	a.UntilMail("bob@acme.com", 1)

	a.drop(bob)
	a.until("Healthy")
	a.UntilGone(bob)
	a.AssertOut("acme", "bob@acme.com")

	eve := a.MemberObject("acme", "eve@foreign.example")
	a.commit(eve)
	a.until("Degraded") // the domain is not the contract's
	a.UntilReason(eve, v1alpha1.ConditionStalled, "True/DomainNotAllowed")
	a.Expect(a.Mails("eve@foreign.example")).To(BeEmpty())
	a.drop(eve)
	a.until("Healthy")
	a.Expect(a.Mails("jane@acme.com")).To(HaveLen(1))

	// The last object of all is not pruned by itself: nobody loses access for it.
	a.drop(customer, jane)
	a.Eventually(func() any { return a.status() }, patience, "100ms").Should(HaveKeyWithValue("conditions",
		ContainElement(HaveKeyWithValue("message", ContainSubstring("auto-sync will wipe out all resources")))))
	a.UntilReason(jane, v1alpha1.ConditionActive, "True/Joined")
}

// TestArgoCDPrunesManyAtOnce: of four people whom one commit drops the brake lets one go
// and holds the rest until somebody approves, by an action that is no drift.
func TestArgoCDPrunesManyAtOnce(t *testing.T) {
	a := deploy(t)
	customer := a.CustomerObject("acme", 9)
	customer.Spec.Removal.Brake = v1alpha1.Brake{People: ptr.To[int32](1), Percent: ptr.To[int32](1)}
	a.commit(customer)
	var members []*v1alpha1.Member
	for _, name := range []string{"p1", "p2", "p3", "p4"} {
		member := a.MemberObject("acme", name+"@acme.com")
		members = append(members, member)
		a.commit(member)
	}
	a.declare()
	a.until("Healthy")
	for _, member := range members {
		a.Join(member)
	}
	a.act(members[0], "reconcile")
	a.until("Healthy")

	for _, member := range members {
		a.Expect(a.Get(member)).To(Succeed())
	}
	a.drop(members[0], members[1], members[2], members[3])
	a.until("Healthy")
	a.Eventually(func(g Gomega) {
		g.Expect(a.Get(customer)).To(Succeed())
		g.Expect(customer.Status.HeldRemovals).To(HaveField("People", BeEquivalentTo(3)))
	}, patience, "100ms").Should(Succeed(), "three people are held")
	a.Expect(a.Holders("acme")).To(HaveLen(4), "three, and the admin")

	a.act(customer, "approve-removals")
	a.UntilForwarding("they are out", func(g Gomega) {
		g.Expect(a.Holders("acme")).To(HaveLen(1))
	})
	a.until("Healthy")
}

// TestArgoCDSendsAnInvitationAgain: an action that Argo CD offers, and does not take back.
func TestArgoCDSendsAnInvitationAgain(t *testing.T) {
	a := deploy(t)
	jane := a.MemberObject("acme", "jane@acme.com")
	a.commit(a.CustomerObject("acme", 2), jane)
	a.declare()
	a.UntilMail("jane@acme.com", 1)
	a.until("Healthy")
	a.act(jane, "send-invitation")
	a.UntilForwarding("it is sent again", func(g Gomega) {
		g.Expect(a.Mails("jane@acme.com")).To(HaveLen(2))
	})
	a.until("Healthy")
}
