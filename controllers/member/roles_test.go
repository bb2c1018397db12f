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
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
)

// editors is an Auth0 in which jane has a role; frozen is called when that was read.
type editors struct {
	clock

	frozen func()
	taken  *int
}

func (editors) Roles(context.Context) ([]auth0.Role, error) {
	return []auth0.Role{{ID: "rol_1", Name: "editor"}}, nil
}

func (e editors) MemberRoles(context.Context, string, string) ([]auth0.Role, error) {
	e.frozen()
	return []auth0.Role{{ID: "rol_1", Name: "editor"}}, nil
}

func (e editors) RemoveMemberRoles(context.Context, string, string, ...string) error {
	*e.taken++
	return nil
}

// TestAccessRolesDeclaredWhileATakerFroze: a process froze before it took a role that
// the Member did not have. Meanwhile another has given the person that role: nothing
// is taken any more.
func TestAccessRolesDeclaredWhileATakerFroze(t *testing.T) {
	for name, declared := range map[string]bool{"nothing changed": false, "the role is declared": true} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			customer := &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "acme", UID: "u", Generation: 1}}
			customer.Spec.TenantRef.Name, customer.Spec.Roles = "default", &v1alpha1.CustomerRoles{Allowed: []v1alpha1.RoleName{"editor"}}
			jane := &v1alpha1.Member{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "jane", UID: "m"}}
			jane.Spec = v1alpha1.MemberSpec{CustomerRef: v1alpha1.CustomerRef{Name: "acme"}, Email: "jane@acme.com"}
			settings := &v1alpha1.Auth0Tenant{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
			settings.Spec.Namespaces = []v1alpha1.NamespaceGrant{{Name: "n"}}
			cluster := clusterOf(t, settings, customer, jane)
			g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(customer), customer)).To(Succeed())
			g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(jane), jane)).To(Succeed())
			taken := 0
			api := editors{taken: &taken, frozen: func() {
				if declared {
					changed := jane.DeepCopy()
					changed.Spec.Roles = []v1alpha1.RoleName{"editor"}
					g.Expect(cluster.Update(t.Context(), changed)).To(Succeed())
				}
			}}
			shared := directory.New()
			p := newPass(&Reconciler{
				Client: cluster, Live: cluster, Directory: shared, Recorder: events.NewFakeRecorder(10), Now: clock{}.Now, SettledInterval: time.Minute,
				NewID: func() string { return "a1" },
			}, jane.DeepCopy())
			p.customer, p.tenant, p.facts.Mode = customer, shared.Put("default", settings.Spec, api), v1alpha1.ModeManage
			p.org = p.tenant.Organization("org_1")
			err := p.syncRoles(t.Context(), "okta|jane")
			g.Expect(err != nil).To(Equal(declared))
			g.Expect(taken == 0).To(Equal(declared))
		})
	}
}
