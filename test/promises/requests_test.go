package promises

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/test/world"
)

// The first request's mail is out and its answer lost; the second request comes
// before anybody has found that mail.
func TestOneMailRequestedBeforeTheMailIsFound(t *testing.T) {
	w := world.New(t)
	// Nobody looks unless asked.
	w.StartOperator(func(o *world.OperatorOptions) { o.LiveInterval = o.SettledInterval })
	w.CreateCustomer("acme", 2)
	jane := w.CreateMember("acme", "jane@acme.com")
	w.UntilMail("jane@acme.com", 1)
	w.UntilReason(jane, v1alpha1.ConditionActive, "False/Invited")
	w.Fault(standin.Fault{Method: http.MethodPost, Route: world.InvitationsRoute, Kind: standin.FaultDropAfter, Count: 1})
	w.RequestInvitation(jane)
	w.UntilMail("jane@acme.com", 2)
	second := w.RequestInvitation(jane)
	w.Reread(jane)
	w.UntilMail("jane@acme.com", 3)
	w.Until("the request is remembered", func(g Gomega) {
		g.Expect(w.Get(jane)).To(Succeed())
		g.Expect(jane.Status.LastHandledInviteRequest).To(Equal(second))
		g.Expect(jane.Status.Attempt).To(BeNil())
	})
	w.Auth0.Forward(time.Minute)
	w.Reread(jane)
	w.Expect(w.Mails("jane@acme.com")).To(HaveLen(3), "each request is answered once")
}

// A request to somebody who is in is answered by that, and invites nobody when
// the person is taken out of the organization afterwards.
func TestOneMailRequestedOfWhoIsIn(t *testing.T) {
	w := world.New(t)
	// The operator's clock is ahead, so that most of Auth0's lag is over at once.
	w.StartOperator(func(o *world.OperatorOptions) {
		o.Now = func() time.Time { return time.Now().Add(directory.Lag - 2*time.Second) }
	})
	w.CreateCustomer("acme", 2)
	jane := w.CreateMember("acme", "jane@acme.com")
	w.Join(jane)
	request := w.RequestInvitation(jane)
	w.Until("the request is handled", func(g Gomega) {
		g.Expect(w.Get(jane)).To(Succeed())
		g.Expect(jane.Status.LastHandledInviteRequest).To(Equal(request))
	})
	takeOut(w, jane)
	w.Reread(jane)
	w.Throughout("nobody asked for this after that", func(g Gomega) { g.Expect(w.Mails("jane@acme.com")).To(HaveLen(1)) })
}

// A request comes right after somebody was taken out, when the last look still
// shows them: it is not taken as answered by that, and answered by itself when
// Auth0's lag is over.
func TestOneMailRequestedOfWhoStillShows(t *testing.T) {
	w := world.New(t)
	// Nobody looks unless asked.
	w.StartOperator(func(o *world.OperatorOptions) { o.LiveInterval = o.SettledInterval })
	w.CreateCustomer("acme", 2)
	jane := w.CreateMember("acme", "jane@acme.com")
	accept := func(n int) {
		_, err := w.Accept(w.UntilMail("jane@acme.com", n))
		w.Expect(err).NotTo(HaveOccurred())
		w.Reread(jane)
		w.UntilReason(jane, v1alpha1.ConditionActive, "True/Joined")
	}
	accept(1)
	w.Auth0.Forward(2 * directory.Lag) // or everybody is believed who came lately
	w.Reread(jane)
	w.Expect(w.Engineer().RemoveMembers(w.Context(), w.OrganizationID("acme"), jane.Status.Users[0].UserID)).To(Succeed())
	w.RequestInvitation(jane)
	accept(2)
}

// A request that is refused is answered once, with a reason, and blocks no later one.
func TestOneMailRequestsThatAreRefused(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	w.CreateCustomer("acme", 2)
	jane := w.CreateMember("acme", "jane@acme.com")
	w.UntilMail("jane@acme.com", 1)
	old := time.Now().Add(-2 * time.Hour).UTC().Format(time.RFC3339)
	ask := func(value, reason string) {
		w.Annotate(jane, v1alpha1.AnnotationInviteRequestedAt, value)
		w.Until("the condition says why "+value+" is refused", func(g Gomega) {
			g.Expect(w.Reason(g, jane, v1alpha1.ConditionRequestRefused)).To(Equal("True/" + reason))
			g.Expect(meta.FindStatusCondition(jane.Status.Conditions, v1alpha1.ConditionRequestRefused).Message).To(ContainSubstring(value))
		})
	}
	ask("2099-12-01T00:00:00Z", v1alpha1.ReasonRequestInTheFuture)
	w.UntilWarned(jane, v1alpha1.ReasonRequestInTheFuture, "2099-12-01T00:00:00Z lies ahead")
	ask("now", v1alpha1.ReasonRequestUnreadable)
	ask(old, v1alpha1.ReasonRequestTooOld)
	w.UntilWarned(jane, v1alpha1.ReasonRequestTooOld, old+" is older than")
	// Another tool takes it away, and puts it back.
	w.Annotate(jane, v1alpha1.AnnotationInviteRequestedAt, "")
	w.Until("nothing is asked", func(g Gomega) {
		g.Expect(w.Get(jane)).To(Succeed())
		g.Expect(meta.FindStatusCondition(jane.Status.Conditions, v1alpha1.ConditionRequestRefused)).To(BeNil())
	})
	ask(old, v1alpha1.ReasonRequestTooOld)
	w.Reread(jane)
	w.Expect(w.Events(jane, "Warning", v1alpha1.ReasonRequestTooOld)).To(HaveLen(1), "answered once")
	w.Expect(w.Mails("jane@acme.com")).To(HaveLen(1))
	w.Expect(w.Reason(w, jane, v1alpha1.ConditionReady)).To(Equal("True/Reconciled"))

	seconds := strconv.FormatInt(time.Now().Add(2*time.Second).Unix(), 10)
	w.Annotate(jane, v1alpha1.AnnotationInviteRequestedAt, seconds)
	w.UntilMail("jane@acme.com", 2)
	w.Until("it says so", func(g Gomega) {
		g.Expect(w.Events(jane, "Normal", v1alpha1.ReasonRequestTakenUp)).To(ContainElement(ContainSubstring("=" + seconds + " is taken up")))
	})
	w.Until("nothing is refused any more", func(g Gomega) {
		g.Expect(w.Get(jane)).To(Succeed())
		g.Expect(meta.FindStatusCondition(jane.Status.Conditions, v1alpha1.ConditionRequestRefused)).To(BeNil())
	})
}

// Who had joined and was taken out by hand is invited anew on request; the link
// shows, dies in its time, and can be asked for again.
func TestOneMailInvitedAnewAfterTakenOut(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	customer := w.CreateCustomer("acme", 2)
	jane := w.CreateMember("acme", "jane@acme.com")
	w.Join(jane)
	takeOut(w, jane)
	w.RequestInvitation(jane)
	w.UntilMail("jane@acme.com", 2)
	w.UntilReason(jane, v1alpha1.ConditionActive, "False/Invited")
	w.Reread(jane)
	w.Expect(w.Reason(w, jane, v1alpha1.ConditionActive)).To(Equal("False/Invited"), "also when it is looked at again")
	w.UntilReason(jane, v1alpha1.ConditionReady, "True/Reconciled")

	w.Auth0.Forward(25 * time.Hour)
	w.UntilReason(jane, v1alpha1.ConditionActive, "False/Expired")
	w.Until("no live invitation is counted", func(g Gomega) {
		g.Expect(w.Get(customer)).To(Succeed())
		g.Expect(customer.Status.Seats.Invited).To(BeZero(), "the admin's is dead as well")
	})
	w.Expect(w.Mails("jane@acme.com")).To(HaveLen(2), "nothing is sent by itself")
	w.RequestInvitation(jane)
	_, err := w.Accept(w.UntilMail("jane@acme.com", 3))
	w.Expect(err).NotTo(HaveOccurred())
	w.UntilReason(jane, v1alpha1.ConditionActive, "True/Joined")
}

// takeOut takes somebody who has joined out of the organization by hand, and
// waits until it shows.
func takeOut(w *world.World, member *v1alpha1.Member) {
	w.Expect(w.Get(member)).To(Succeed())
	w.Expect(w.Engineer().RemoveMembers(w.Context(), w.OrganizationID("acme"), member.Status.Users[0].UserID)).To(Succeed())
	w.UntilForwarding("it shows when Auth0's lag is over", func(g Gomega) {
		g.Expect(w.Reason(g, member, v1alpha1.ConditionActive)).To(Equal("False/RemovedInAuth0"))
	})
}
