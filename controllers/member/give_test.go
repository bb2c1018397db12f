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
