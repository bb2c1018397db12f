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

// oneUser is an Auth0 with one user, whom anybody may be made of.
type oneUser struct {
	clock

	user  auth0.User
	given *int
}

func (o oneUser) User(context.Context, string) (auth0.User, error) { return o.user, nil }
func (o oneUser) AddMembers(context.Context, string, ...string) error {
	*o.given++
	return nil
}
func (o oneUser) SetAppMetadata(context.Context, string, string, string) error { return nil }

// TestHandsOffNamedUserOfOthers: a Member names a user. It is let in where it signs in
// through the Customer's own enterprise connection, the address lies in the domains,
// and nobody took it out by hand; else it is let alone.
func TestHandsOffNamedUserOfOthers(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*v1alpha1.Member, *auth0.User, *memberPass)
		in     bool
		reason string
	}{
		"its own":                {func(*v1alpha1.Member, *auth0.User, *memberPass) {}, true, ""},
		"of another connection":  {func(_ *v1alpha1.Member, u *auth0.User, _ *memberPass) { u.Connections = []string{"others"} }, false, v1alpha1.ReasonUserNotInConnections},
		"outside the domains":    {func(m *v1alpha1.Member, _ *auth0.User, _ *memberPass) { m.Spec.Email = "jane@other.com" }, false, v1alpha1.ReasonDomainNotAllowed},
		"the contract has ended": {func(_ *v1alpha1.Member, _ *auth0.User, p *memberPass) { p.facts.Window = v1alpha1.ReasonContractEnded }, false, ""},
		"was taken out by hand": {func(m *v1alpha1.Member, u *auth0.User, _ *memberPass) {
			m.Status.Users = []v1alpha1.MemberUser{{UserID: u.ID, Since: metav1.NewTime(clock{}.Now())}}
		}, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			g, given := NewWithT(t), 0
			customer := &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "acme", UID: "u"}}
			customer.Spec.TenantRef.Name, customer.Spec.Domains = "default", []v1alpha1.DomainPattern{"acme.com"}
			customer.Status.Connections = []v1alpha1.EnabledConnection{{Name: "acme-okta", Strategy: "okta"}}
			jane := &v1alpha1.Member{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "jane", UID: "m"}}
			jane.Spec = v1alpha1.MemberSpec{CustomerRef: v1alpha1.CustomerRef{Name: "acme"}, Email: "jane@acme.com", UserID: "okta|1"}
			api := oneUser{user: auth0.User{ID: "okta|1", Connections: []string{"acme-okta"}}, given: &given}
			p := &memberPass{}
			p.facts.Mode, p.facts.Window = v1alpha1.ModeManage, v1alpha1.ReasonContractActive
			tc.change(jane, &api.user, p)
			settings := &v1alpha1.Auth0Tenant{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
			settings.Spec.Namespaces = []v1alpha1.NamespaceGrant{{Name: "n"}}
			cluster := clusterOf(t, settings, customer, jane)
			g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(jane), jane)).To(Succeed())
			shared := directory.New()
			tenant := shared.Put("default", settings.Spec, api)
			facts := p.facts
			p = newPass(&Reconciler{
				Client: cluster, Live: cluster, Directory: shared, Recorder: events.NewFakeRecorder(10), Now: clock{}.Now, SettledInterval: time.Minute,
				NewID: func() string { return "a1" },
			}, jane)
			p.facts.Mode, p.facts.Window = facts.Mode, facts.Window
			p.customer, p.tenant, p.org, p.look = customer, tenant, tenant.Organization("org_1"), &directory.Observation{At: clock{}.Now()}
			g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(customer), customer)).To(Succeed())
			users, err := p.letNamedIn(t.Context())
			g.Expect(given == 1).To(Equal(tc.in))
			g.Expect(len(users) == 1).To(Equal(tc.in))
			if tc.reason != "" {
				g.Expect(pass.ProblemOf(err).Reason).To(Equal(tc.reason))
			} else {
				g.Expect(err).NotTo(HaveOccurred())
			}
		})
	}
}
