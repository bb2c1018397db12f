package promises

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/invitation"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/internal/standin/person"
	"github.com/seatwarden/seatwarden/test/world"
)

// boss is the Member that the Customer's admin gets by itself.
func boss(w *world.World) *v1alpha1.Member {
	var found *v1alpha1.Member
	w.Until("the admin has a Member", func(g Gomega) {
		for _, member := range w.Members() {
			if member.Spec.Email == "boss@acme.com" {
				found = &member
			}
		}
		g.Expect(found).NotTo(BeNil())
	})
	return found
}

// oneMail asserts that a person was sent one mail and that its link works, also
// when every attempt has long been over.
func oneMail(w *world.World, member *v1alpha1.Member) {
	email := string(member.Spec.Email)
	w.UntilForwarding("the invitation is known", func(g Gomega) {
		g.Expect(w.Reason(g, member, v1alpha1.ConditionActive)).To(Equal("False/Invited"))
	})
	w.Auth0.Forward(invitation.Validity + 2*invitation.Margin)
	w.Reread(member)
	w.Expect(w.Mails(email)).To(HaveLen(1))
	w.Join(member)
	w.Expect(w.Mails(email)).To(HaveLen(1))
}

func TestOneMailKilledBetweenPostAndStatusWrite(t *testing.T) {
	w := world.New(t)
	var operator atomic.Pointer[world.Operator]
	killed := make(chan struct{})
	operator.Store(w.StartOperator(func(o *world.OperatorOptions) {
		o.AfterAnswer = func(r *http.Request, _ *http.Response) {
			if isInvitationPost(r) {
				operator.Load().Kill()
				close(killed)
			}
		}
	}))
	w.CreateCustomer("acme", 2)
	w.Eventually(killed, world.Patience).Should(BeClosed())
	operator.Load().Stop()
	member := boss(w)
	w.Expect(member.Status.Invitation).To(BeNil(), "the first operator did not write what it had sent")
	w.StartOperator()
	oneMail(w, member)
}

// Of three people's calls one loses its answer, one never arrives, and one is
// answered with an error of Auth0's own.
func TestOneMailAnswerLostCallLost5xx(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	var faults []string
	for _, fault := range []standin.Fault{
		{Kind: standin.FaultDropAfter}, {Kind: standin.FaultDropBefore}, {Kind: standin.FaultStatus, Status: http.StatusServiceUnavailable},
	} {
		fault.Method, fault.Route, fault.Count = http.MethodPost, world.InvitationsRoute, 1
		id, _ := w.Fault(fault)
		faults = append(faults, id)
	}
	w.CreateCustomer("acme", 3)
	people := []*v1alpha1.Member{w.CreateMember("acme", "jane@acme.com"), w.CreateMember("acme", "bob@acme.com"), boss(w)}
	w.Until("every call has its trouble", func(g Gomega) {
		for _, id := range faults {
			g.Expect(w.Hits(id)).To(Equal(1))
		}
	})
	for _, member := range people {
		oneMail(w, member)
	}
}

// The first call hangs before its effect, which comes after the caller has
// gone; the second hangs after it.
func TestOneMailHangingPost(t *testing.T) {
	w := world.New(t)
	var gaveUp atomic.Int32
	w.StartOperator(func(o *world.OperatorOptions) {
		o.NoAnswer = func(r *http.Request) {
			if isInvitationPost(r) {
				gaveUp.Add(1)
			}
		}
	})
	before, release := w.Fault(standin.Fault{Method: http.MethodPost, Route: world.InvitationsRoute, Kind: standin.FaultHang, Count: 1})
	after, _ := w.Fault(standin.Fault{Method: http.MethodPost, Route: world.InvitationsRoute, Kind: standin.FaultHangAfter, Count: 1})
	w.CreateCustomer("acme", 2)
	jane := w.CreateMember("acme", "jane@acme.com")
	w.Until("both calls hang", func(g Gomega) {
		g.Expect(w.Hits(before) + w.Hits(after)).To(Equal(2))
		g.Expect(w.Auth0.Outbox().Mails()).To(HaveLen(1), "one of them after its effect")
	})
	w.Eventually(gaveUp.Load, world.Patience).Should(BeEquivalentTo(2), "both callers have given up")
	release()
	w.Until("the late effect has come", func(g Gomega) {
		g.Expect(w.Auth0.Outbox().Mails()).To(HaveLen(2))
	})
	oneMail(w, jane)
	oneMail(w, boss(w))
	w.Auth0.ClearFaults()
}

func TestOneMailRateLimited(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	const reset = 3 * time.Second
	w.Fault(standin.Fault{
		Method: http.MethodPost, Route: world.InvitationsRoute, Kind: standin.FaultStatus, Status: http.StatusTooManyRequests, Delay: standin.Duration(reset), Count: 1,
	})
	w.CreateCustomer("acme", 2)
	member := boss(w)
	w.UntilMail("boss@acme.com", 1)
	var calls []standin.AuditEntry
	w.Until("both calls have been answered", func(g Gomega) {
		calls = w.Auth0.Calls(http.MethodPost, world.InvitationsRoute)
		g.Expect(calls).To(HaveLen(2))
	})
	// x-ratelimit-reset is in whole seconds.
	w.Expect(calls[1].Time.Sub(calls[0].Time)).To(BeNumerically(">=", reset-time.Second), "nothing is sent before the reset")
	oneMail(w, member)
}

func TestOneMailRequestedTwice(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	w.CreateCustomer("acme", 2)
	jane := w.CreateMember("acme", "jane@acme.com")
	w.UntilMail("jane@acme.com", 1)
	w.UntilReason(jane, v1alpha1.ConditionActive, "False/Invited")
	first := w.RequestInvitation(jane)
	w.UntilMail("jane@acme.com", 2)
	second := w.RequestInvitation(jane)
	w.UntilMail("jane@acme.com", 3)
	w.Until("the request is remembered", func(g Gomega) {
		g.Expect(w.Get(jane)).To(Succeed())
		g.Expect(jane.Status.LastHandledInviteRequest).To(Equal(second))
	})
	for _, ignored := range []struct{ what, value string }{
		{"taken off", ""},
		{"the same again", second},
		{"an older one than the last", first},
		{"older than the Member", jane.CreationTimestamp.Add(-time.Minute).UTC().Format(time.RFC3339)},
		{"no time", "please"},
		{"a time in another form", time.Now().UTC().Format(time.RFC1123)},
	} {
		w.Annotate(jane, v1alpha1.AnnotationInviteRequestedAt, ignored.value)
		w.Reread(jane)
		w.Expect(w.Mails("jane@acme.com")).To(HaveLen(3), ignored.what)
	}
	_, err := w.Accept(w.Mails("jane@acme.com")[1])
	w.Expect(err).To(HaveOccurred(), "an earlier link is dead")
	_, err = w.Accept(w.Mails("jane@acme.com")[2])
	w.Expect(err).NotTo(HaveOccurred(), "the last one works")
}

// The second request comes when the first one's mail is out and its answer is not
// back, so that what the first has sent is found rather than recorded.
func TestOneMailRequestedWhileSending(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	w.CreateCustomer("acme", 2)
	jane := w.CreateMember("acme", "jane@acme.com")
	w.UntilMail("jane@acme.com", 1)
	w.UntilReason(jane, v1alpha1.ConditionActive, "False/Invited")
	_, answer := w.Fault(standin.Fault{Method: http.MethodPost, Route: world.InvitationsRoute, Kind: standin.FaultHangAfter, Count: 1})
	w.RequestInvitation(jane)
	w.UntilMail("jane@acme.com", 2)
	w.RequestInvitation(jane)
	answer()
	w.UntilMail("jane@acme.com", 3)
	w.Throughout("each request is answered once", func(g Gomega) { g.Expect(w.Mails("jane@acme.com")).To(HaveLen(3)) })
}

// Of two operators one always works on an old version of the Member: it must
// neither send again nor take what the other has sent for an earlier link.
func TestOneMailRequestedWithTwoOperators(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	w.StartOperator()
	w.CreateCustomer("acme", 2)
	jane := w.CreateMember("acme", "jane@acme.com")
	w.UntilMail("jane@acme.com", 1)
	const requests = 8
	for i := range requests {
		w.UntilReason(jane, v1alpha1.ConditionActive, "False/Invited")
		w.RequestInvitation(jane)
		w.UntilMail("jane@acme.com", i+2)
	}
	w.Throughout("each request is answered once, and the last link lives", func(g Gomega) {
		organization, _ := w.Organization("acme")
		g.Expect(w.Mails("jane@acme.com")).To(HaveLen(requests + 1))
		g.Expect(organization.Invitations).To(ContainElement(HaveField("ID", w.Mails("jane@acme.com")[requests].InvitationID)))
	})
	_, err := w.Accept(w.Mails("jane@acme.com")[requests])
	w.Expect(err).NotTo(HaveOccurred())
	w.UntilReason(jane, v1alpha1.ConditionActive, "True/Joined")
}

func TestOneMailWrongAccountConsumes(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	w.CreateCustomer("acme", 2)
	jane := w.CreateMember("acme", "jane@acme.com")
	w.Employ("other@acme.com")
	mail := w.UntilMail("jane@acme.com", 1)
	_, err := w.Browser().OpenLink(t.Context(), mail.Link, person.As{Connection: world.ConnectionName, Email: "other@acme.com"})
	w.Expect(err).To(HaveOccurred())
	w.UntilForwarding("it shows", func(g Gomega) {
		g.Expect(w.Reason(g, jane, v1alpha1.ConditionActive)).To(Equal("False/AcceptedByWrongAccount"))
		g.Expect(w.Reason(g, jane, v1alpha1.ConditionStalled)).To(Equal("True/AcceptedByWrongAccount"))
		g.Expect(jane.Status.Summary).To(Equal("the link was used up by another account"))
	})
	w.UntilWarned(jane, v1alpha1.ReasonAcceptedByWrongAccount, "let the person use")
	w.Auth0.Forward(time.Hour)
	w.Reread(jane)
	w.Expect(w.Mails("jane@acme.com")).To(HaveLen(1), "nothing is sent by itself")
	w.RequestInvitation(jane)
	_, err = w.Accept(w.UntilMail("jane@acme.com", 2))
	w.Expect(err).NotTo(HaveOccurred())
	w.UntilReason(jane, v1alpha1.ConditionActive, "True/Joined")
}
