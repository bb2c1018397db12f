package losses

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/test/world"
)

func wipeStatus(w *world.World, obj client.Object) {
	w.Helper()
	patch := client.RawPatch(types.MergePatchType, []byte(`{"status":null}`))
	w.Expect(w.Client.Status().Patch(w.Context(), obj, patch)).To(Succeed())
}

// looks is how often an organization's members were listed.
func looks(w *world.World) int {
	return len(w.Auth0.Calls(http.MethodGet, "/api/v2/organizations/{id}/members"))
}

// onceEach: nobody was mailed twice.
func onceEach(w *world.World) {
	w.Helper()
	for _, mail := range w.Auth0.Outbox().Mails() {
		w.Expect(w.Mails(mail.To)).To(HaveLen(1), "mails to %s", mail.To)
	}
}

// TestSeatsStatusWipedRightAfterAnAcceptance: the invitation is gone, and
// neither the list of members nor the search shows the person yet.
func TestSeatsStatusWipedRightAfterAnAcceptance(t *testing.T) {
	w := world.New(t)
	w.Expect(w.Auth0.Configure(func(s *standin.Settings) {
		s.MembersLag, s.SearchLag = standin.Duration(directory.Lag-5*time.Second), standin.Duration(directory.Lag-5*time.Second)
	})).To(Succeed())
	w.StartOperator()
	// After how many looks at the lists the status is lost.
	moments := []int{0, 1, 2, 4, 8}
	seats := len(moments) + 1
	w.CreateCustomer("acme", int32(seats))
	endWatch := w.WatchSeats("acme", seats)
	var people []*v1alpha1.Member
	for i := range moments {
		people = append(people, w.CreateMember("acme", fmt.Sprintf("person-%d@acme.com", i)))
	}
	for _, member := range people {
		w.UntilReason(member, v1alpha1.ConditionActive, "False/Invited")
	}
	w.UntilMail("boss@acme.com", 1)
	for i := range 3 {
		w.UntilReason(w.CreateMember("acme", fmt.Sprintf("late-%d@acme.com", i)), v1alpha1.ConditionSeatAssigned, "False/SeatLimitReached")
	}
	for i, member := range people {
		_, err := w.Accept(w.Mails(string(member.Spec.Email))[0])
		w.Expect(err).NotTo(HaveOccurred())
		from := looks(w)
		w.Until("the lists were read", func(g Gomega) { g.Expect(looks(w) - from).To(BeNumerically(">=", moments[i])) })
		for range 2 {
			wipeStatus(w, member)
			w.UntilReason(member, v1alpha1.ConditionSeatAssigned, "True/SeatAssigned")
		}
	}
	w.UntilForwarding("they are known again", func(g Gomega) {
		for _, member := range people {
			g.Expect(w.Reason(g, member, v1alpha1.ConditionActive)).To(Equal("True/Joined"))
		}
	})
	endWatch()
	onceEach(w)
	w.Expect(w.Auth0.Outbox().Mails()).To(HaveLen(seats))
}

// TestSeatsStatusWipedBeforeTheInvitationWasListed: the link is used before the
// next look at the organization, and then the status goes.
func TestSeatsStatusWipedBeforeTheInvitationWasListed(t *testing.T) {
	w := world.New(t)
	w.Expect(w.Auth0.Configure(func(s *standin.Settings) {
		s.MembersLag, s.SearchLag = standin.Duration(directory.Lag), standin.Duration(directory.Lag)
	})).To(Succeed())
	w.StartOperator(func(o *world.OperatorOptions) { o.LiveInterval = time.Minute })
	// Before Jane by age and by name, and so before her in the queue once the contract lets them.
	late := w.CreateMember("acme", "ann@elsewhere.com")
	customer := w.CreateCustomer("acme", 2)
	w.UntilReason(late, v1alpha1.ConditionSeatAssigned, "False/DomainNotAllowed")
	w.UntilMail("boss@acme.com", 1)
	w.UntilReason(w.AdminMember(customer), v1alpha1.ConditionActive, "False/Invited")
	endWatch := w.WatchSeats("acme", 2)

	held, release := w.Fault(standin.Fault{Method: http.MethodPost, Route: world.InvitationsRoute, Kind: standin.FaultHang})
	jane := w.CreateMember("acme", "jane@acme.com")
	w.UntilReason(jane, v1alpha1.ConditionSeatAssigned, "True/SeatAssigned")
	w.Update(customer, func() { customer.Spec.Domains = append(customer.Spec.Domains, "elsewhere.com") })
	w.UntilReason(late, v1alpha1.ConditionSeatAssigned, "False/SeatLimitReached")
	w.Until("the mail is about to go out", func(g Gomega) { g.Expect(w.Hits(held)).To(Equal(1)) })
	_, see := w.Fault(standin.Fault{Method: http.MethodGet, Route: world.InvitationsRoute, Kind: standin.FaultStatus, Status: http.StatusServiceUnavailable})
	release()
	_, err := w.Accept(w.UntilMail("jane@acme.com", 1))
	w.Expect(err).NotTo(HaveOccurred())
	w.UntilReason(jane, v1alpha1.ConditionActive, "False/Invited")
	see()
	wipeStatus(w, jane)
	w.UntilForwarding("the seat is where it was", func(g Gomega) {
		g.Expect(w.Reason(g, jane, v1alpha1.ConditionActive)).To(Equal("True/Joined"))
		g.Expect(w.Reason(g, late, v1alpha1.ConditionSeatAssigned)).To(Equal("False/SeatLimitReached"))
	})
	endWatch()
	w.Expect(w.Auth0.Outbox().Mails()).To(HaveLen(2))
}
