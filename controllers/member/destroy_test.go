package member

import (
	"context"
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// strangers is an Auth0 whose users did not come by our invitation.
type strangers struct{ clock }

func (strangers) Organization(context.Context, string) (auth0.Organization, error) {
	return auth0.Organization{ID: "org_1"}, nil
}

func (strangers) User(_ context.Context, id string) (auth0.User, error) {
	return auth0.User{ID: id, Connections: []string{"acme-okta"}}, nil
}

func (strangers) UserOrganizations(context.Context, string) ([]string, error) { return nil, nil }

// TestRemovalUserKeptIsToldOnce: that a user is kept is decided anew when the list
// could not be written, and told once.
func TestRemovalUserKeptIsToldOnce(t *testing.T) {
	g := NewWithT(t)
	longAgo := metav1.NewMicroTime(clock{}.Now())
	customer := &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "acme"}}
	customer.Spec.Removal.User = v1alpha1.RemovalUserDelete
	customer.Status.Withdrawn = []v1alpha1.WithdrawnPerson{{
		Person: ownership.PersonRef("jane@acme.com"), Email: "jane@acme.com", Member: "jane", OrganizationID: "org_1", RequestedAt: longAgo,
		State: v1alpha1.WithdrawalDestroying, Users: []v1alpha1.MemberUser{{UserID: "u1"}},
	}}
	cluster, recorder := clusterOf(t, customer), events.NewFakeRecorder(10)
	r := &Reconciler{Client: cluster, Live: cluster, Recorder: recorder, Now: clock{}.Now}
	tenant := directory.New().Put("default", v1alpha1.Auth0TenantSpec{}, strangers{})
	for _, conflict := range []bool{true, true, false} {
		g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(customer), customer)).To(Succeed())
		p := &withdrawnPass{Reconciler: r, customer: customer.DeepCopy(), before: customer.DeepCopy(), tenant: tenant}
		if conflict {
			customer.Labels = map[string]string{"version": customer.ResourceVersion}
			g.Expect(cluster.Update(t.Context(), customer)).To(Succeed())
		}
		g.Expect(p.run(t.Context())).To(Succeed())
		if conflict {
			g.Expect(p.write(t.Context())).NotTo(Succeed())
		} else {
			g.Expect(p.write(t.Context())).To(Succeed())
		}
	}
	g.Expect(recorder.Events).To(HaveLen(1))
	g.Expect(<-recorder.Events).To(Equal("Normal UserKept the user of removed Member jane stays in Auth0: the user did not come by our invitation"))
}
