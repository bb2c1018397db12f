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
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
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
	settings := &v1alpha1.Auth0Tenant{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
	settings.Spec.Namespaces = []v1alpha1.NamespaceGrant{{Name: "n"}}
	cluster, sent, hiccup := clusterOf(t, settings, customer, jane), 0, true
	refusing := interceptor.NewClient(cluster, interceptor.Funcs{
		SubResourcePatch: func(ctx context.Context, inner client.Client, sub string, obj client.Object, patch client.Patch, opts ...client.SubResourcePatchOption) error {
			if hiccup {
				hiccup = false
				return errors.New("etcdserver: request timed out")
			}
			return inner.SubResource(sub).Patch(ctx, obj, patch, opts...)
		},
	})
	shared := directory.New()
	tenant := shared.Put("default", settings.Spec, empty{sent: &sent})
	r := &Reconciler{
		Directory: shared,
		Client:    refusing, Live: cluster, Recorder: events.NewFakeRecorder(10), Now: clock{}.Now, SettledInterval: time.Minute,
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
	g.Expect(active.Message).To(ContainSubstring("a write to the API server failed"))
	g.Expect(meta.FindStatusCondition(jane.Status.Conditions, v1alpha1.ConditionReady).Reason).To(Equal(v1alpha1.ReasonProgressing))

	g.Expect(sending()).To(Succeed())
	g.Expect(sent).To(Equal(1))
	g.Expect(jane.Status.Attempt).To(BeNil())
	g.Expect(jane.Status.Invitation).NotTo(BeNil())
}

// TestDomainsJudgedAreThoseThatStand: what is changed between the check and the send
// ends the pass, whichever of both reads it: nothing leaves, and the attempt says so.
func TestDomainsJudgedAreThoseThatStand(t *testing.T) {
	customerChange := func(change func(*v1alpha1.Customer)) func(g *WithT, cluster client.Client) {
		return func(g *WithT, cluster client.Client) {
			customer := &v1alpha1.Customer{}
			g.Expect(cluster.Get(t.Context(), client.ObjectKey{Namespace: "n", Name: "acme"}, customer)).To(Succeed())
			customer.Generation++
			change(customer)
			g.Expect(cluster.Update(t.Context(), customer)).To(Succeed())
		}
	}
	tenantChange := func(change func(*v1alpha1.Auth0Tenant)) func(g *WithT, cluster client.Client) {
		return func(g *WithT, cluster client.Client) {
			tenant := &v1alpha1.Auth0Tenant{}
			g.Expect(cluster.Get(t.Context(), client.ObjectKey{Name: "default"}, tenant)).To(Succeed())
			change(tenant)
			g.Expect(cluster.Update(t.Context(), tenant)).To(Succeed())
		}
	}
	for name, change := range map[string]func(g *WithT, cluster client.Client){
		"a domain taken off":  customerChange(func(c *v1alpha1.Customer) { c.Spec.Domains = []v1alpha1.DomainPattern{"other.com"} }),
		"suspended":           customerChange(func(c *v1alpha1.Customer) { c.Spec.Access = v1alpha1.AccessSuspended }),
		"paused":              customerChange(func(c *v1alpha1.Customer) { c.Spec.Mode = v1alpha1.ModePaused }),
		"roles not allowed":   customerChange(func(c *v1alpha1.Customer) { c.Spec.Roles = &v1alpha1.CustomerRoles{} }),
		"the tenant observes": tenantChange(func(a *v1alpha1.Auth0Tenant) { a.Spec.Mode = v1alpha1.ModeObserve }),
		"namespace not listed": tenantChange(func(a *v1alpha1.Auth0Tenant) {
			a.Spec.Namespaces = []v1alpha1.NamespaceGrant{{Name: "other"}}
		}),
		"another application": tenantChange(func(a *v1alpha1.Auth0Tenant) { a.Spec.Application.ClientID = "other" }),
	} {
		for _, when := range []string{"before the attempt", "while the attempt is written"} {
			for _, gift := range []string{"an invitation", "a grant"} {
				t.Run(name+" "+when+", "+gift, func(t *testing.T) {
					changedBeforeGiving(t, change, when == "before the attempt", gift == "an invitation")
				})
			}
		}
	}
}

func changedBeforeGiving(t *testing.T, change func(g *WithT, cluster client.Client), early, invites bool) {
	g := NewWithT(t)
	customer := &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "acme", UID: "u", Generation: 1}}
	customer.Spec.TenantRef.Name, customer.Spec.Domains = "default", []v1alpha1.DomainPattern{"acme.com"}
	jane := &v1alpha1.Member{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "jane", UID: "m"}}
	jane.Spec = v1alpha1.MemberSpec{CustomerRef: v1alpha1.CustomerRef{Name: "acme"}, Email: "jane@acme.com"}
	settings := &v1alpha1.Auth0Tenant{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
	settings.Spec.Namespaces = []v1alpha1.NamespaceGrant{{Name: "n"}}
	cluster := clusterOf(t, settings, customer, jane)
	writing := interceptor.NewClient(cluster, interceptor.Funcs{
		SubResourcePatch: func(ctx context.Context, inner client.Client, sub string, obj client.Object, patch client.Patch, opts ...client.SubResourcePatchOption) error {
			if !early {
				change(g, cluster)
			}
			return inner.SubResource(sub).Patch(ctx, obj, patch, opts...)
		},
	})
	shared := directory.New()
	p := newPass(&Reconciler{
		Client: writing, Live: cluster, Directory: shared, Recorder: events.NewFakeRecorder(10), Now: clock{}.Now, NewID: func() string { return "a1" },
	}, jane)
	g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(customer), customer)).To(Succeed())
	p.customer, p.tenant, p.facts.Mode = customer, shared.Put("default", settings.Spec, clock{}), v1alpha1.ModeManage
	p.org = p.tenant.Organization("org_1")
	if early {
		change(g, cluster)
	}
	err := p.give(t.Context(), "give", invites, func(context.Context, string) error {
		t.Error("something leaves")
		return nil
	})
	g.Expect(pass.ProblemOf(err)).To(HaveField("Message", ContainSubstring("has just changed: looking again")))
	g.Expect(p.customer.Generation).To(BeEquivalentTo(1), "nothing is taken over that was not judged")
	if attempt := p.member.Status.Attempt; attempt != nil {
		g.Expect(attempt.NotAfter).To(BeNil(), "nobody waits for a call that was not made")
		g.Expect(invites).To(BeTrue(), "and who was to be invited still is")
	}
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
