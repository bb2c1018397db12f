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
)

// clock is an Auth0 that only tells the time; every other call of the port panics.
type clock struct{ auth0.API }

func (clock) Now() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) }

// returning is the pass of a Member that was applied again.
func returning() *memberPass {
	tenant := directory.New().Put("default", v1alpha1.Auth0TenantSpec{Domain: "acme.eu.auth0.com"}, clock{})
	member := &v1alpha1.Member{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "jane", UID: "again"}}
	member.Spec = v1alpha1.MemberSpec{CustomerRef: v1alpha1.CustomerRef{Name: "acme"}, Email: "Jane@acme.com"}
	return &memberPass{tenant: tenant, org: tenant.Organization("org_1"), member: member, customer: acme()}
}

// TestRemovalIsWaitedFor: nothing is given to somebody from whom another pass takes, or may.
func TestRemovalIsWaitedFor(t *testing.T) {
	for state, waits := range map[v1alpha1.RemovalState]bool{
		"":                       true,
		v1alpha1.RemovalPending:  true,
		v1alpha1.RemovalHeld:     true,
		v1alpha1.RemovalRemoving: true,
		v1alpha1.RemovalDeleting: true,
		v1alpha1.RemovalRemoved:  false,
		v1alpha1.RemovalDone:     false,
	} {
		t.Run("state "+string(state), func(t *testing.T) {
			g := NewWithT(t)
			err := returning().findRemoval(t.Context(), clusterOf(t, removalOf(deleted("jane", "jane@acme.com"), state)))
			var stop *pass.Stop
			g.Expect(errors.As(err, &stop)).To(Equal(waits))
			if waits {
				g.Expect(stop.After).To(BeNumerically(">", 0))
				g.Expect(stop.Reason).To(Equal(v1alpha1.ReasonLeaving))
			}
		})
	}
}

// TestRemovalIsAskedPastTheCache: a Member of whom nothing is known asks past the cache
// whether its person is on the way out, and so does each that is about to give.
func TestRemovalIsAskedPastTheCache(t *testing.T) {
	g := NewWithT(t)
	settings := &v1alpha1.Auth0Tenant{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
	settings.Spec.Namespaces = []v1alpha1.NamespaceGrant{{Name: "n"}}
	live := clusterOf(t, settings, acme(), removalOf(deleted("jane", "jane@acme.com"), v1alpha1.RemovalRemoving))
	shared := directory.New()
	p := returning()
	p.facts.Mode = v1alpha1.ModeManage
	p.tenant = shared.Put("default", settings.Spec, clock{})
	p.Reconciler = &Reconciler{Live: live, Client: clusterOf(t), Directory: shared, Now: clock{}.Now}
	var stop *pass.Stop
	g.Expect(errors.As(p.waitForLeaver(t.Context()), &stop)).To(BeTrue(), "nothing is known")
	p.member.Status.Users = []v1alpha1.MemberUser{{UserID: "u1"}}
	g.Expect(p.waitForLeaver(t.Context())).To(Succeed(), "as the cache shows it")
	stop = nil
	g.Expect(errors.As(p.checkLeaver(t.Context()), &stop)).To(BeTrue(), "before anything is given")
	g.Expect(stop.Reason).To(Equal(v1alpha1.ReasonLeaving))
}

// TestRemovalCallOfWhoIsGoneIsWaitedFor: a call of the Member that is gone may still be on
// its way: who takes over comes back when that cannot be.
func TestRemovalCallOfWhoIsGoneIsWaitedFor(t *testing.T) {
	g := NewWithT(t)
	removal := removalOf(deleted("jane", "jane@acme.com"), v1alpha1.RemovalHeld)
	at := metav1.NewMicroTime(clock{}.Now().Add(time.Hour))
	removal.Spec.Known.Attempt = &v1alpha1.Attempt{ID: "a", NotAfter: &at}
	p := returning()
	var stop *pass.Stop
	g.Expect(errors.As(p.findRemoval(t.Context(), clusterOf(t, removal)), &stop)).To(BeTrue())
	g.Expect(stop.After).To(BeNumerically("~", time.Hour, time.Minute))
}

// TestOneMailBroughtBack: only who had joined, and whose removal is done, comes
// back without a mail, and only to where they were.
func TestOneMailBroughtBack(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*v1alpha1.Removal, *v1alpha1.Member)
		want   bool
	}{
		"had joined":                  {func(*v1alpha1.Removal, *v1alpha1.Member) {}, true},
		"had only been invited":       {func(r *v1alpha1.Removal, _ *v1alpha1.Member) { r.Spec.Known.Joined = false }, false},
		"is held, and never out":      {func(r *v1alpha1.Removal, _ *v1alpha1.Member) { r.Status.State = v1alpha1.RemovalHeld }, false},
		"the grace is over":           {func(r *v1alpha1.Removal, _ *v1alpha1.Member) { r.Status.State = v1alpha1.RemovalDone }, false},
		"the user is being deleted":   {func(r *v1alpha1.Removal, _ *v1alpha1.Member) { r.Status.State = v1alpha1.RemovalDeleting }, false},
		"in another organization":     {func(r *v1alpha1.Removal, _ *v1alpha1.Member) { r.Spec.OrganizationID = "org_2" }, false},
		"the Member was there before": {func(r *v1alpha1.Removal, m *v1alpha1.Member) { m.Status.Users = r.Spec.Known.Users }, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := returning()
			p.removal = removalOf(deleted("jane", "jane@acme.com"), v1alpha1.RemovalRemoved)
			tc.change(p.removal, p.member)
			NewWithT(t).Expect(p.removedLately() != nil).To(Equal(tc.want))
		})
	}
	NewWithT(t).Expect(returning().removedLately()).To(BeNil(), "there is no Removal")
}

// TestRemovalAttemptOutlivesAnAdoption: an invitation of ours is found while a call
// that brings the person back may still land. A removal has to wait for that one.
func TestRemovalAttemptOutlivesAnAdoption(t *testing.T) {
	g := NewWithT(t)
	at := metav1.NewMicroTime(clock{}.Now().Add(time.Second))
	adopting := func(invites bool) *v1alpha1.Attempt {
		p := returning()
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
		p := returning()
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
