package plugin_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

func TestInviteDeclaresPeople(t *testing.T) {
	g := NewWithT(t)
	s := newSeats(t, "sales.yaml")
	s.golden("invite-dry-run", true, "invite", "acme", "kim@acme.com", "--dry-run")
	g.Expect(s.member("acme-kim")).To(BeNil())
	s.golden("invite", true, "invite", "acme", "kim@acme.com", "Jane@acme.com", "--role", "Reader")
	kim := s.member("acme-kim")
	g.Expect(kim.Spec).To(Equal(v1alpha1.MemberSpec{CustomerRef: v1alpha1.CustomerRef{Name: "acme"}, Email: "kim@acme.com", Roles: []v1alpha1.RoleName{"Reader"}}))
	s.golden("invite-refused", false, "invite", "acme", "kim@elsewhere.com", "lee@acme.com")
	g.Expect(s.member("acme-lee")).NotTo(BeNil(), "one that is refused keeps nobody else out")
	s.golden("invite-manifest", true, "invite", "acme", "pat@acme.com", "--manifest")
	g.Expect(s.member("acme-pat")).To(BeNil())
}

// leave plays the operator on a Member that is being deleted.
func (s *seats) leave(customer, name string, state v1alpha1.WithdrawalState) {
	member := s.member(name)
	if member == nil || member.DeletionTimestamp.IsZero() {
		return
	}
	email := string(member.Spec.Email)
	change(s, s.customer(customer), func(c *v1alpha1.Customer) {
		c.Status.Withdrawn = append(c.Status.Withdrawn, v1alpha1.WithdrawnPerson{
			Person: ownership.PersonRef(email), Email: email, Member: name, State: state, RequestedAt: micro(now)})
		if state == v1alpha1.WithdrawalHeld {
			c.Status.HeldRemovals = &v1alpha1.HeldRemovals{Hash: "0123456789abcdef", People: 1, Of: v1alpha1.HeldPeople}
		}
	})
	s.keep(name)
}

func TestRemoveWaitsForTheOutcome(t *testing.T) {
	g := NewWithT(t)
	s := newSeats(t, "sales.yaml")
	s.keep("acme-tom", v1alpha1.Finalizer)
	looks := 0
	s.operator = func() {
		if looks++; looks == 1 {
			change(s, s.member("acme-tom"), func(m *v1alpha1.Member) {
				for i := range m.Status.Conditions {
					if c := &m.Status.Conditions[i]; c.Type == v1alpha1.ConditionActive {
						c.Reason, c.Message = v1alpha1.ReasonWithdrawing, "taking grant, invitations, membership and sessions"
					}
				}
			})
			return
		}
		s.leave("acme", "acme-tom", v1alpha1.WithdrawalWithdrawn)
	}
	s.golden("remove", true, "remove", "acme", "tom@acme.com")
	g.Expect(s.member("acme-tom")).To(BeNil())
}

func TestRemoveSaysThatARemovalIsHeld(t *testing.T) {
	s := newSeats(t, "sales.yaml")
	s.keep("acme-tom", v1alpha1.Finalizer)
	s.keep("acme-joe", v1alpha1.Finalizer)
	s.operator = func() {
		s.leave("acme", "acme-joe", v1alpha1.WithdrawalWithdrawn)
		s.leave("acme", "acme-tom", v1alpha1.WithdrawalHeld)
	}
	s.golden("remove-held", false, "remove", "acme", "acme-joe", "acme-tom")
}

func TestRemoveClaimsNothingThatItHasNotSeen(t *testing.T) {
	s := newSeats(t, "sales.yaml")
	s.keep("acme-tom", v1alpha1.Finalizer)
	s.golden("remove-timeout", false, "remove", "acme", "tom@acme.com", "--timeout", "3s")
	s.keep("acme-tom")

	change(s, s.customer("acme"), func(c *v1alpha1.Customer) { c.Status.Conditions[0].Reason = v1alpha1.ReasonPaused })
	s.golden("remove-paused", false, "remove", "acme", "joe@acme.com")
}

func TestRemoveRemovesAllOrNobody(t *testing.T) {
	g := NewWithT(t)
	s := newSeats(t, "sales.yaml")
	s.golden("remove-unknown", false, "remove", "acme", "tom@acme.com", "nobody@acme.com")
	s.golden("remove-admin", false, "remove", "acme", "tom@acme.com", "IT@acme.com")
	s.golden("remove-dry-run", true, "remove", "acme", "tom@acme.com", "--dry-run")
	g.Expect(s.member("acme-tom").DeletionTimestamp.IsZero()).To(BeTrue())
}

func TestResendAsksAndWaitsForTheAnswer(t *testing.T) {
	g := NewWithT(t)
	s := newSeats(t, "sales.yaml")
	s.operator = func() {
		for _, name := range []string{"acme-sue", "acme-jane"} {
			member := s.member(name)
			asked := member.Annotations[v1alpha1.AnnotationInviteRequestedAt]
			if asked == "" {
				continue
			}
			change(s, member, func(m *v1alpha1.Member) {
				if name == "acme-jane" {
					m.Status.RefusedRequests = []v1alpha1.RefusedRequest{{Annotation: v1alpha1.AnnotationInviteRequestedAt, Value: asked, Reason: "RequestTooOld", Message: "is older than an hour: ask again"}}
					return
				}
				m.Status.LastHandledInviteRequest = asked
				m.Status.Conditions[1].Reason = v1alpha1.ReasonInvited
			})
		}
	}
	s.golden("resend", true, "resend", "--expired", "--customer", "acme")
	g.Expect(s.member("acme-sue").Annotations).To(HaveKeyWithValue(v1alpha1.AnnotationInviteRequestedAt, now.Format(time.RFC3339)))
	s.golden("resend-refused", false, "resend", "acme-jane", "acme-tom")
	g.Expect(s.member("acme-tom").Annotations).To(BeEmpty(), "who has joined is not asked for")
	s.golden("resend-none", true, "resend", "--expired", "--customer", "beta")
	s.operator = nil
	s.golden("resend-timeout", false, "resend", "acme-joe", "--timeout", "2s")
}

func TestApproveShowsWhatIsHeldAndAsks(t *testing.T) {
	g := NewWithT(t)
	s := newSeats(t, "sales.yaml")
	s.golden("approve-unasked", false, "approve", "beta")
	s.golden("approve-changed", false, "approve", "beta", "--yes", "--hash", "0000000000000000")
	g.Expect(s.customer("beta").Annotations).To(BeEmpty())
	s.operator = func() {
		change(s, s.customer("beta"), func(c *v1alpha1.Customer) {
			c.Status.LastHandledApproval = c.Annotations[v1alpha1.AnnotationApproveRemovals]
		})
	}
	s.golden("approve", true, "approve", "beta", "--yes")
	g.Expect(s.customer("beta").Annotations).To(HaveKeyWithValue(v1alpha1.AnnotationApproveRemovals, "9c1f6be0a44d2e57"))
	s.golden("approve-nothing", true, "approve", "acme")
}
