package member

import (
	"context"
	"errors"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
)

// empty is an Auth0 that knows nobody and counts what is sent.
type empty struct {
	clock

	sent *int
}

func (empty) UsersByEmail(context.Context, string) ([]auth0.User, error) { return nil, nil }

func (e empty) CreateInvitation(context.Context, string, auth0.InvitationCreate) (auth0.Invitation, error) {
	*e.sent++
	return auth0.Invitation{ID: "uinv_1", CreatedAt: e.Now(), ExpiresAt: e.Now().Add(time.Hour)}, nil
}

// TestOneMailAttemptNotWritten: the API server does not take the attempt. Nothing
// is sent, Auth0 is not blamed, and the next pass sends at once.
func TestOneMailAttemptNotWritten(t *testing.T) {
	g := NewWithT(t)
	customer := &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "acme", UID: "u"}}
	customer.Spec.Domains = []v1alpha1.DomainPattern{"acme.com"}
	jane := &v1alpha1.Member{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "jane", UID: "m"}}
	jane.Spec = v1alpha1.MemberSpec{CustomerRef: v1alpha1.CustomerRef{Name: "acme"}, Email: "jane@acme.com"}
	jane.Status.Seat = &v1alpha1.MemberSeat{State: v1alpha1.SeatAssigned, OrganizationID: "org_1"}
	cluster, sent, hiccup := clusterOf(t, customer, jane), 0, true
	refusing := interceptor.NewClient(cluster, interceptor.Funcs{
		SubResourcePatch: func(ctx context.Context, inner client.Client, sub string, obj client.Object, patch client.Patch, opts ...client.SubResourcePatchOption) error {
			if hiccup {
				hiccup = false
				return errors.New("etcdserver: request timed out")
			}
			return inner.SubResource(sub).Patch(ctx, obj, patch, opts...)
		},
	})
	tenant := directory.New().Put("default", v1alpha1.Auth0TenantSpec{Domain: "acme.eu.auth0.com"}, empty{sent: &sent})
	r := &Reconciler{
		Client: refusing, Live: cluster, Recorder: events.NewFakeRecorder(10), Now: clock{}.Now, SettledInterval: time.Minute,
		NewID: func() string { return "a1" },
	}
	sending := func() error {
		g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(jane), jane)).To(Succeed())
		p := newPass(r, jane)
		p.customer, p.tenant, p.org, p.look = customer, tenant, tenant.Organization("org_1"), &directory.Observation{At: clock{}.Now()}
		p.facts.Mode = v1alpha1.ModeManage
		_, err := p.finish(t.Context(), p.send(t.Context(), nil))
		g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(jane), jane)).To(Succeed())
		return err
	}
	g.Expect(sending()).NotTo(Succeed(), "it is tried again")
	g.Expect(sent).To(BeZero())
	g.Expect(jane.Status.Attempt).To(BeNil(), "nobody waits for a call that was not made")
	active := meta.FindStatusCondition(jane.Status.Conditions, v1alpha1.ConditionActive)
	g.Expect(active.Message).To(ContainSubstring("the API server did not take a write"))
	g.Expect(meta.FindStatusCondition(jane.Status.Conditions, v1alpha1.ConditionReady).Reason).To(Equal(v1alpha1.ReasonProgressing))

	g.Expect(sending()).To(Succeed())
	g.Expect(sent).To(Equal(1))
	g.Expect(jane.Status.Attempt).To(BeNil())
	g.Expect(jane.Status.Invitation).NotTo(BeNil())
}

// TestOneMailRequestOfWhoIsIn: a request to somebody who is in is taken as answered
// by a look that must show it if they had been out, and by no earlier one.
func TestOneMailRequestOfWhoIsIn(t *testing.T) {
	for name, tc := range map[string]struct {
		// Before now, by Auth0's time: the request and the look.
		requested, looked time.Duration
		due, handled      bool
	}{
		"asked after the look":            {time.Second, time.Minute, false, false},
		"Auth0's lag is not over":         {directory.Lag - time.Second, 0, false, false},
		"it is over, the look is old":     {directory.Lag, time.Second, true, false},
		"looked at when it was just over": {directory.Lag, 0, false, true},
		"looked at long after":            {10 * time.Minute, 5 * time.Minute, false, true},
		"asked too long ago":              {2 * time.Hour, 0, false, false},
	} {
		for _, ahead := range []time.Duration{0, -30 * time.Minute, 30 * time.Minute} {
			t.Run(name+", this clock ahead by "+ahead.String(), func(t *testing.T) {
				g := NewWithT(t)
				here := clock{}.Now().Add(ahead)
				request := here.Add(-tc.requested).Format(time.RFC3339)
				jane := &v1alpha1.Member{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{v1alpha1.AnnotationInviteRequestedAt: request}}}
				jane.Status.Users = []v1alpha1.MemberUser{{UserID: "okta|1"}}
				p := newPass(&Reconciler{Now: func() time.Time { return here }}, jane)
				p.tenant = directory.New().Put("default", v1alpha1.Auth0TenantSpec{}, clock{})
				p.look = &directory.Observation{At: clock{}.Now().Add(-tc.looked)}
				g.Expect(p.answerDue()).To(Equal(tc.due))
				p.answerJoined()
				g.Expect(jane.Status.LastHandledInviteRequest == request).To(Equal(tc.handled))
				pending := !tc.handled && tc.requested < time.Hour
				g.Expect(p.again > 0).To(Equal(pending), "another pass is asked for")
			})
		}
	}
}
