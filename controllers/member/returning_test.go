package member

import (
	"errors"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/invitation"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// clock is an Auth0 that only tells the time; every other call of the port panics.
type clock struct{ auth0.API }

func (clock) Now() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) }

// returning is the pass of a Member that was applied again, with the line of the
// person whom an earlier Member stood for.
func returning(line v1alpha1.WithdrawnPerson) *memberPass {
	tenant := directory.New().Put("default", v1alpha1.Auth0TenantSpec{Domain: "acme.eu.auth0.com"}, clock{})
	line.Person = ownership.PersonRef("jane@acme.com")
	return &memberPass{
		tenant: tenant, org: tenant.Organization("org_1"),
		member:   &v1alpha1.Member{Spec: v1alpha1.MemberSpec{Email: "Jane@acme.com"}},
		customer: &v1alpha1.Customer{Status: v1alpha1.CustomerStatus{Withdrawn: []v1alpha1.WithdrawnPerson{line}}},
	}
}

// TestRemovalIsWaitedFor: nothing is given to somebody from whom another pass takes.
func TestRemovalIsWaitedFor(t *testing.T) {
	onItsWay := func(by time.Duration) *v1alpha1.Attempt {
		at := metav1.NewMicroTime(clock{}.Now().Add(by))
		return &v1alpha1.Attempt{ID: "a", NotAfter: &at}
	}
	for name, tc := range map[string]struct {
		line  v1alpha1.WithdrawnPerson
		waits bool
	}{
		"being removed":              {v1alpha1.WithdrawnPerson{State: v1alpha1.WithdrawalWithdrawing}, true},
		"approved":                   {v1alpha1.WithdrawnPerson{State: v1alpha1.WithdrawalApproved}, true},
		"the user is being deleted":  {v1alpha1.WithdrawnPerson{State: v1alpha1.WithdrawalDestroying}, true},
		"held":                       {v1alpha1.WithdrawnPerson{State: v1alpha1.WithdrawalHeld}, false},
		"held, a call on its way":    {v1alpha1.WithdrawnPerson{State: v1alpha1.WithdrawalHeld, Attempt: onItsWay(time.Second)}, true},
		"held, a call of long ago":   {v1alpha1.WithdrawnPerson{State: v1alpha1.WithdrawalHeld, Attempt: onItsWay(-time.Hour)}, false},
		"removed, within the grace":  {v1alpha1.WithdrawnPerson{State: v1alpha1.WithdrawalWithdrawn}, false},
		"removed, the grace is over": {v1alpha1.WithdrawnPerson{State: v1alpha1.WithdrawalRemoved}, false},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			err := returning(tc.line).leaverStop()
			var stop *pass.Stop
			g.Expect(errors.As(err, &stop)).To(Equal(tc.waits))
			if tc.waits {
				g.Expect(stop.After).To(BeNumerically(">", 0))
			}
		})
	}
}

// TestOneMailBroughtBack: only who had joined, and whose removal is done, comes
// back without a mail, and only to where they were.
func TestOneMailBroughtBack(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*v1alpha1.WithdrawnPerson, *v1alpha1.Member)
		want   bool
	}{
		"had joined":                  {func(*v1alpha1.WithdrawnPerson, *v1alpha1.Member) {}, true},
		"had only been invited":       {func(line *v1alpha1.WithdrawnPerson, _ *v1alpha1.Member) { line.Joined = false }, false},
		"is held, and never out":      {func(line *v1alpha1.WithdrawnPerson, _ *v1alpha1.Member) { line.State = v1alpha1.WithdrawalHeld }, false},
		"the grace is over":           {func(line *v1alpha1.WithdrawnPerson, _ *v1alpha1.Member) { line.State = v1alpha1.WithdrawalRemoved }, false},
		"in another organization":     {func(line *v1alpha1.WithdrawnPerson, _ *v1alpha1.Member) { line.OrganizationID = "org_2" }, false},
		"the Member was there before": {func(line *v1alpha1.WithdrawnPerson, m *v1alpha1.Member) { m.Status.Users = line.Users }, false},
	} {
		t.Run(name, func(t *testing.T) {
			line := v1alpha1.WithdrawnPerson{
				State: v1alpha1.WithdrawalWithdrawn, Joined: true, OrganizationID: "org_1", Users: []v1alpha1.MemberUser{{UserID: "u1"}},
			}
			member := &v1alpha1.Member{Spec: v1alpha1.MemberSpec{Email: "jane@acme.com"}}
			tc.change(&line, member)
			p := returning(line)
			p.member = member
			NewWithT(t).Expect(p.removedLately() != nil).To(Equal(tc.want))
		})
	}
}

// TestRemovalAttemptOutlivesAnAdoption: an invitation of ours is found while a call
// that brings the person back may still land. A removal has to wait for that one.
func TestRemovalAttemptOutlivesAnAdoption(t *testing.T) {
	g := NewWithT(t)
	at := metav1.NewMicroTime(clock{}.Now().Add(time.Second))
	adopting := func(invites bool) *v1alpha1.Attempt {
		p := returning(v1alpha1.WithdrawnPerson{})
		p.Reconciler = &Reconciler{Now: clock{}.Now}
		p.member.Status.Attempt = &v1alpha1.Attempt{ID: "a", NotAfter: &at, Invites: invites}
		p.adopt(invitation.Seen{ID: "uinv_1", Attempt: "a", CreatedAt: clock{}.Now(), ExpiresAt: clock{}.Now().Add(time.Hour)})
		g.Expect(p.member.Status.Invitation.ID).To(Equal("uinv_1"))
		return p.member.Status.Attempt
	}
	g.Expect(adopting(false)).NotTo(BeNil())
	g.Expect(adopting(true)).To(BeNil(), "what was sent is found")
}

// TestOneMailAttemptIsClosed: of a call that was to bring somebody back, who has
// been invited as a stranger since, nothing stays when it cannot land any more.
func TestOneMailAttemptIsClosed(t *testing.T) {
	for by, closed := range map[time.Duration]bool{time.Second - invitation.Margin: false, -invitation.Margin: true} {
		g := NewWithT(t)
		at := metav1.NewMicroTime(clock{}.Now().Add(by))
		alive := metav1.NewTime(clock{}.Now().Add(time.Hour))
		p := returning(v1alpha1.WithdrawnPerson{})
		p.Reconciler, p.look = &Reconciler{Now: clock{}.Now}, &directory.Observation{At: clock{}.Now()}
		p.member.Status.Attempt = &v1alpha1.Attempt{ID: "a", NotAfter: &at}
		p.member.Status.Invitation = &v1alpha1.MemberInvitation{ID: "uinv_1", State: v1alpha1.InvitationSent, SentAt: metav1.NewTime(clock{}.Now()), ExpiresAt: alive}
		g.Expect(p.invite(t.Context())).To(Succeed())
		g.Expect(p.member.Status.Attempt == nil).To(Equal(closed), by.String())
		if !closed {
			g.Expect(p.again).To(Equal(time.Second), "and it is looked at again then")
		}
	}
}
