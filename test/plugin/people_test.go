package plugin_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/status"
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

// removal plays the operator on a Member that is being deleted: its person's Removal
// comes to a state.
func (s *seats) removal(customer, name string, state v1alpha1.RemovalState) *v1alpha1.Removal {
	s.t.Helper()
	member, of := s.member(name), s.customer(customer)
	if member == nil || member.DeletionTimestamp.IsZero() {
		return nil
	}
	removal := &v1alpha1.Removal{Spec: v1alpha1.RemovalSpec{
		CustomerRef: v1alpha1.RemovalCustomer{Name: customer, UID: of.UID}, Email: member.Spec.Email,
		Member: v1alpha1.RemovalMember{Name: name, UID: member.UID}, TenantRef: of.Spec.TenantRef,
		OrganizationID: of.Status.OrganizationID, RequestedAt: micro(now),
	}}
	removal.Namespace, removal.Name = s.namespace, customer+"-"+ownership.PersonRef(string(member.Spec.Email))
	if err := s.client.Create(s.t.Context(), removal); err != nil {
		NewWithT(s.t).Expect(s.client.Get(s.t.Context(), client.ObjectKeyFromObject(removal), removal)).To(Succeed())
	}
	change(s, removal, func(r *v1alpha1.Removal) {
		r.Status.State = state
		r.Status = status.Removal(r, status.RemovalFacts{Now: now})
	})
	return removal
}

// leave brings a Removal to a state that lets its Member go.
func (s *seats) leave(customer, name string, state v1alpha1.RemovalState) {
	s.t.Helper()
	if s.removal(customer, name, state) == nil {
		return
	}
	if state == v1alpha1.RemovalHeld {
		change(s, s.customer(customer), func(c *v1alpha1.Customer) {
			c.Status.HeldRemovals = &v1alpha1.HeldRemovals{Hash: "0123456789abcdef", People: 1, Of: v1alpha1.HeldPeople}
		})
	}
	s.keep(name)
}

func TestRemoveWaitsForTheOutcome(t *testing.T) {
	g := NewWithT(t)
	s := newSeats(t, "sales.yaml")
	s.keep("acme-tom", v1alpha1.Finalizer)
	looks := 0
	s.operator = func() {
		switch looks++; looks {
		case 1:
			s.removal("acme", "acme-tom", v1alpha1.RemovalPending)
		case 2:
			s.removal("acme", "acme-tom", v1alpha1.RemovalRemoving)
		default:
			s.leave("acme", "acme-tom", v1alpha1.RemovalRemoved)
		}
	}
	s.golden("remove", true, "remove", "acme", "tom@acme.com")
	g.Expect(s.member("acme-tom")).To(BeNil())
}

func TestRemoveSaysThatARemovalIsHeld(t *testing.T) {
	s := newSeats(t, "sales.yaml")
	s.keep("acme-tom", v1alpha1.Finalizer)
	s.keep("acme-joe", v1alpha1.Finalizer)
	s.operator = func() {
		s.leave("acme", "acme-joe", v1alpha1.RemovalRemoved)
		s.leave("acme", "acme-tom", v1alpha1.RemovalHeld)
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

// TestRemoveCallsNobodyRemovedWhoIsNot: a Removal may end without anything being taken.
func TestRemoveCallsNobodyRemovedWhoIsNot(t *testing.T) {
	for outcome, says := range map[v1alpha1.RemovalOutcome]string{
		v1alpha1.OutcomeTakenOver: "tom@acme.com: not removed: a Member of the address has this person\n",
		v1alpha1.OutcomeLeftAsIs:  "tom@acme.com: not removed: nothing more is taken: the organization is not the Customer's any more\n",
	} {
		t.Run(string(outcome), func(t *testing.T) {
			g := NewWithT(t)
			s := newSeats(t, "sales.yaml")
			s.keep("acme-tom", v1alpha1.Finalizer)
			s.operator = func() {
				if removal := s.removal("acme", "acme-tom", v1alpha1.RemovalDone); removal != nil {
					change(s, removal, func(r *v1alpha1.Removal) { r.Status.Outcome = outcome })
					s.keep("acme-tom")
				}
			}
			out, ok := s.run("remove", "acme", "tom@acme.com")
			g.Expect(ok).To(BeFalse())
			g.Expect(out).To(HaveSuffix(says))
		})
	}
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
