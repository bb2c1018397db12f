package member

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
)

// looked counts the looks at an organization in which nobody is.
type looked struct {
	clock

	looks *int
}

func (l looked) Invitations(context.Context, string) ([]auth0.Invitation, bool, error) {
	*l.looks++
	return nil, false, nil
}

func (looked) Members(context.Context, string) ([]auth0.OrganizationMember, error) { return nil, nil }

func (looked) UsersWithAppMetadata(context.Context, string) ([]auth0.User, bool, error) {
	return nil, false, nil
}

// TestOneMailLooksUnlessARoundJustDid: whose record says nothing may have lost it,
// and Auth0 is looked at before anything is sent; but for somebody whose object is
// still as the round left it that looked at Auth0 and gave the seat.
func TestOneMailLooksUnlessARoundJustDid(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*v1alpha1.Member)
		looks  int
	}{
		"as the round left it":     {func(*v1alpha1.Member) {}, 0},
		"changed since":            {func(m *v1alpha1.Member) { m.ResourceVersion = "8" }, 1},
		"made anew under its name": {func(m *v1alpha1.Member) { m.UID = "another" }, 1},
		"asked for": {func(m *v1alpha1.Member) {
			m.Annotations = map[string]string{v1alpha1.AnnotationReconcileRequestedAt: "now"}
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			looks := 0
			tenant := directory.New().Put("default", v1alpha1.Auth0TenantSpec{Domain: "acme.eu.auth0.com"}, looked{looks: &looks})
			org := tenant.Organization("org_1")
			org.NoteSeated("m", "7")
			jane := &v1alpha1.Member{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "jane", UID: "m", ResourceVersion: "7", Generation: 1}}
			jane.Status.ObservedGeneration = 1
			test.change(jane)
			p := newPass(&Reconciler{Now: clock{}.Now}, jane)
			p.tenant, p.org, p.look = tenant, org, &directory.Observation{At: clock{}.Now()}
			g.Expect(p.observe(t.Context())).To(Succeed())
			g.Expect(looks).To(Equal(test.looks))
		})
	}
}

// TestOneMailWaitsForItsTurnWithoutLooks: who is told to wait for Auth0's limits
// says so in the status, and does not look again for that.
func TestOneMailWaitsForItsTurnWithoutLooks(t *testing.T) {
	g := NewWithT(t)
	looks := 0
	jane := &v1alpha1.Member{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "jane", UID: "m"}}
	cluster := clusterOf(t, jane)
	g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(jane), jane)).To(Succeed())
	tenant := directory.New().Put("default", v1alpha1.Auth0TenantSpec{Domain: "acme.eu.auth0.com"}, looked{looks: &looks})
	org := tenant.Organization("org_1")
	org.NoteSeated("m", jane.ResourceVersion)
	next := func() *memberPass {
		g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(jane), jane)).To(Succeed())
		p := newPass(&Reconciler{Client: cluster, Recorder: events.NewFakeRecorder(10), Now: clock{}.Now}, jane)
		p.tenant, p.org, p.look = tenant, org, &directory.Observation{At: clock{}.Now()}
		return p
	}
	waiting := next()
	_, err := waiting.finish(t.Context(), pass.Wait(v1alpha1.ReasonRateLimited, "its turn is later", time.Minute))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(next().observe(t.Context())).To(Succeed())
	g.Expect(looks).To(BeZero())

	g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(jane), jane)).To(Succeed())
	jane.Status = v1alpha1.MemberStatus{ObservedGeneration: jane.Generation}
	g.Expect(cluster.Status().Update(t.Context(), jane)).To(Succeed())
	g.Expect(next().observe(t.Context())).To(Succeed())
	g.Expect(looks).To(Equal(1), "somebody else wrote in between")
}
