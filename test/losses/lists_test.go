package losses

import (
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/test/world"
)

// seldom has the operator look seldom: each look reads thousands of invitations.
func seldom(o *world.OperatorOptions) { o.LiveInterval = 3 * time.Second }

// revoked puts invitations that let nobody in any more, as of people who were
// invited and given up, behind those that the organization has, and returns their ids.
func revoked(w *world.World, organization string, count int) (ids []string) {
	w.Helper()
	now, id := w.Auth0.Forward(0), w.OrganizationID(organization)
	for i := range count {
		invitation, err := w.Auth0.AddInvitation(id, standin.Invitation{
			InviteeEmail: fmt.Sprintf("given-up-%d@acme.com", i), InviterName: "somebody", CreatedAt: now, ExpiresAt: now,
		})
		w.Expect(err).NotTo(HaveOccurred())
		ids = append(ids, invitation.ID)
	}
	return ids
}

// TestOneMailListCutAtAThousand: the invitation of somebody who lost their status
// is older than the thousand that Auth0 lists.
func TestOneMailListCutAtAThousand(t *testing.T) {
	w := world.New(t)
	w.StartOperator(seldom)
	w.CreateCustomer("acme", 2)
	jane := w.CreateMember("acme", "jane@acme.com")
	w.UntilReason(jane, v1alpha1.ConditionActive, "False/Invited")
	revoked(w, "acme", 1100)
	invitation := jane.Status.Invitation
	wipeStatus(w, jane)
	w.Until("her invitation is known again", func(g Gomega) {
		g.Expect(w.Reason(g, jane, v1alpha1.ConditionActive)).To(Equal("False/Invited"))
		g.Expect(jane.Status.Invitation.ID).To(Equal(invitation.ID))
	})
	onceEach(w)
	w.Join(jane)
}

// hidden is a full Customer in which a live invitation to Jane, whose status is
// lost, lies beyond what Auth0 lists from either end, and somebody waits. restore
// deletes enough for all to be listed again.
func hidden(t *testing.T) (w *world.World, jane, late *v1alpha1.Member, restore func()) {
	w = world.New(t)
	operator := w.StartOperator(seldom)
	customer := w.CreateCustomer("acme", 2)
	w.UntilMail("boss@acme.com", 1)
	w.UntilReason(w.AdminMember(customer), v1alpha1.ConditionActive, "False/Invited")
	old := revoked(w, "acme", 1000)
	jane = w.CreateMember("acme", "jane@acme.com")
	w.UntilReason(jane, v1alpha1.ConditionActive, "False/Invited")
	late = w.CreateMember("acme", "late@acme.com")
	w.UntilReason(late, v1alpha1.ConditionSeatAssigned, "False/SeatLimitReached")
	// One that remembers what was listed before would know better.
	operator.Stop()
	revoked(w, "acme", 1000)
	wipeStatus(w, jane)
	w.StartOperator(seldom)
	return w, jane, late, func() {
		api, organization := w.Engineer(), w.OrganizationID("acme")
		for _, id := range old[:50] {
			w.Expect(api.DeleteInvitation(w.Context(), organization, id)).To(Succeed())
		}
	}
}

func TestSeatsListCutAtAThousand(t *testing.T) {
	w, jane, late, restore := hidden(t)
	endWatch := w.WatchSeats("acme", 2)
	w.UntilReason(jane, v1alpha1.ConditionSeatAssigned, "False/TooManyInvitations")
	w.UntilReason(late, v1alpha1.ConditionSeatAssigned, "False/TooManyInvitations")
	customer := &v1alpha1.Customer{}
	customer.Namespace, customer.Name = w.Namespace, "acme"
	w.UntilReason(customer, v1alpha1.ConditionSeatsExceeded, "True/TooManyInvitations")
	w.Expect(w.Mails("jane@acme.com")).To(HaveLen(1))
	w.Expect(w.Mails("late@acme.com")).To(BeEmpty())

	restore()
	w.UntilReason(jane, v1alpha1.ConditionActive, "False/Invited")
	w.UntilReason(late, v1alpha1.ConditionSeatAssigned, "False/SeatLimitReached")
	endWatch()
	onceEach(w)
	w.Join(jane)
}

// TestRemovalListCutAtAThousand: somebody of whom nothing is recorded is not said to
// be out while a link to them may be alive.
func TestRemovalListCutAtAThousand(t *testing.T) {
	w, jane, _, restore := hidden(t)
	w.UntilReason(jane, v1alpha1.ConditionSeatAssigned, "False/TooManyInvitations")
	w.Expect(w.Client.Delete(t.Context(), jane)).To(Succeed())
	w.UntilForwarding("all that is known was taken", func(g Gomega) {
		g.Expect(w.Reason(g, jane, v1alpha1.ConditionActive)).To(Equal("False/Withdrawing"))
		g.Expect(w.Reason(g, jane, v1alpha1.ConditionStalled)).To(Equal("True/TooManyInvitations"))
	})
	restore()
	w.Annotate(jane, v1alpha1.AnnotationReconcileRequestedAt, "now")
	w.UntilRemoved(jane)
	w.AssertOut("acme", "jane@acme.com")
	onceEach(w)
}
