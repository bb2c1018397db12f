package member

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// failing is an Auth0 that answers each read of an organization with an error.
type failing struct {
	clock

	kind auth0.Kind
}

func (f failing) Organization(context.Context, string) (auth0.Organization, error) {
	return auth0.Organization{}, &auth0.Error{Kind: f.kind, Route: "GET /api/v2/organizations/{id}"}
}

// TestRemovalGraceEndsBesideTrouble: while the removal of one person fails, the
// grace of another ends. On a list that somebody else has changed meanwhile
// nothing more is done.
func TestRemovalGraceEndsBesideTrouble(t *testing.T) {
	longAgo := metav1.NewMicroTime(clock{}.Now().Add(-time.Hour))
	line := func(email string, state v1alpha1.WithdrawalState, withdrawal *v1alpha1.Withdrawal) v1alpha1.WithdrawnPerson {
		return v1alpha1.WithdrawnPerson{
			Person: ownership.PersonRef(email), Email: email, OrganizationID: "org_1", State: state, RequestedAt: longAgo, Withdrawal: withdrawal,
		}
	}
	jane := line("jane@acme.com", v1alpha1.WithdrawalApproved, nil)
	bob := line("bob@acme.com", v1alpha1.WithdrawalWithdrawn, &v1alpha1.Withdrawal{StartedAt: longAgo, ChangedAt: longAgo, ConfirmedAt: &longAgo})
	for name, tc := range map[string]struct {
		answer  auth0.Kind
		changed bool
		left    []string
	}{
		"Auth0 refuses":   {auth0.KindForbidden, false, []string{jane.Person}},
		"the list is old": {auth0.KindNotFound, true, []string{jane.Person, bob.Person}},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			customer := &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "acme"}}
			customer.Status.Withdrawn = []v1alpha1.WithdrawnPerson{jane, bob}
			cluster := clusterOf(t, customer)
			g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(customer), customer)).To(Succeed())
			p := &withdrawnPass{
				Reconciler: &Reconciler{Client: cluster, Live: cluster, Now: clock{}.Now},
				customer:   customer, before: customer.DeepCopy(),
				tenant: directory.New().Put("default", v1alpha1.Auth0TenantSpec{}, failing{kind: tc.answer}),
			}
			if tc.changed {
				other := customer.DeepCopy()
				other.Status.OrganizationID = "org_1"
				g.Expect(cluster.Status().Update(t.Context(), other)).To(Succeed())
			}
			g.Expect(p.run(t.Context())).NotTo(Succeed())
			var left []string
			for _, entry := range p.customer.Status.Withdrawn {
				left = append(left, entry.Person)
			}
			g.Expect(left).To(Equal(tc.left))
		})
	}
}
