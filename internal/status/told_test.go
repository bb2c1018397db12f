package status

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

// TestMemberSaysWhatWasChecked: a message claims nothing that the pass did not see.
func TestMemberSaysWhatWasChecked(t *testing.T) {
	sent := func(m *v1alpha1.Member) {
		m.Status.Invitation = &v1alpha1.MemberInvitation{ID: "i", State: v1alpha1.InvitationSent, ExpiresAt: metav1.NewTime(now.Add(time.Hour))}
	}
	expired := func(m *v1alpha1.Member) {
		m.Status.Invitation = &v1alpha1.MemberInvitation{ID: "i", State: v1alpha1.InvitationExpired}
	}
	nothing := func(*v1alpha1.Member) {}
	for name, tc := range map[string]struct {
		member    func(*v1alpha1.Member)
		facts     MemberFacts
		says, not string
	}{
		"gone, and nobody knows who did it": {nothing, MemberFacts{Missing: true}, "is no member of the organization any more", "taken out"},
		"gone with the user":                {nothing, MemberFacts{Missing: true, Gone: true}, "deleted there, or linked into another", "is no member"},
		"removed by us":                     {nothing, MemberFacts{Missing: true, Gone: true, Withdrawn: true}, "removed here when an earlier Member", "in Auth0 any more"},
		"suspended under the guard":         {nothing, MemberFacts{Joined: true, Confirmed: true, Window: v1alpha1.ReasonSuspended, Guarded: true}, "the Customer is suspended", "no guard"},
		"suspended without":                 {nothing, MemberFacts{Joined: true, Confirmed: true, Window: v1alpha1.ReasonSuspended}, "no guard is in effect", "can sign in"},
		"blocked":                           {nothing, MemberFacts{Joined: true, Confirmed: true, Blocked: true, Window: v1alpha1.ReasonContractActive}, "unblock the user", "can sign in"},
		"invited":                           {sent, MemberFacts{Window: v1alpha1.ReasonContractActive}, "the link works until", "not to sign in"},
		"invited, and the contract is over": {sent, MemberFacts{Window: v1alpha1.ReasonContractEnded, Guarded: true}, "whoever uses it is not to sign in: the contract has ended", "no guard"},
		"the time of the link is over":      {expired, MemberFacts{}, "nobody was seen to join with it", "unused"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			out := Member(member(func(m *v1alpha1.Member) { assigned(m); tc.member(m) }), withNow(tc.facts))
			active := meta.FindStatusCondition(out.Conditions, v1alpha1.ConditionActive)
			g.Expect(active.Status).To(Equal(metav1.ConditionFalse))
			g.Expect(active.Message).To(And(ContainSubstring(tc.says), Not(ContainSubstring(tc.not))))
		})
	}
}

func withNow(f MemberFacts) MemberFacts {
	f.Now = now
	return f
}

// TestCustomerSaysWhatTheGuardHolds: only a guard that is in effect keeps anybody out.
func TestCustomerSaysWhatTheGuardHolds(t *testing.T) {
	for _, window := range []string{v1alpha1.ReasonContractNotStarted, v1alpha1.ReasonContractEnded, v1alpha1.ReasonSuspended} {
		for guard, says := range map[v1alpha1.GuardMode]string{
			v1alpha1.GuardOff: "can sign in all the same", v1alpha1.GuardReport: "can sign in all the same", v1alpha1.GuardEnforce: "the guard is told to refuse everybody",
		} {
			g := NewWithT(t)
			out := Customer(contract(), CustomerFacts{Now: now, OrganizationSynced: true, Window: window, Guard: guard, Guarded: guard != v1alpha1.GuardOff})
			g.Expect(meta.FindStatusCondition(out.Conditions, v1alpha1.ConditionContractActive).Message).To(ContainSubstring(says), "%s, guard %s", window, guard)
		}
	}
}
