package customer

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/seats"
)

// TestSeatsOfADeclaredAdmin: the Member that somebody declares for an admin is not
// refused beside the generated one, which is about to go. A label alone makes no
// Member a generated one.
func TestSeatsOfADeclaredAdmin(t *testing.T) {
	generated := AdminMemberName("acme", "boss@acme.com")
	for first, refused := range map[string]bool{generated: false, "labelled": true} {
		t.Run(first, func(t *testing.T) {
			g := NewWithT(t)
			tenant := directory.New().Put("default", v1alpha1.Auth0TenantSpec{Domain: "acme.eu.auth0.com"}, nobody{})
			p := &customerPass{
				Reconciler: &Reconciler{Now: nobody{}.Now}, tenant: tenant, org: tenant.Organization("org_1"),
				customer: &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Name: "acme"}},
			}
			p.customer.Spec = v1alpha1.CustomerSpec{Seats: 3, Domains: []v1alpha1.DomainPattern{"acme.com"}, Admins: []v1alpha1.Admin{{Email: "boss@acme.com"}}}
			_, err := p.org.Observe(t.Context(), p.tenant.Now())
			g.Expect(err).NotTo(HaveOccurred())
			member := func(name string, age time.Duration) v1alpha1.Member {
				m := v1alpha1.Member{Spec: v1alpha1.MemberSpec{CustomerRef: v1alpha1.CustomerRef{Name: "acme"}, Email: "boss@acme.com"}}
				m.Name, m.UID, m.CreationTimestamp = name, types.UID(name), metav1.NewTime(p.Now().Add(-age))
				m.Finalizers = []string{v1alpha1.Finalizer}
				return m
			}
			older := member(first, time.Hour)
			older.Labels = map[string]string{v1alpha1.LabelGeneratedFor: "acme"}
			plan := seats.Decide(p.seatFacts([]v1alpha1.Member{older, member("boss", time.Minute)}))
			if refused {
				g.Expect(plan.Decide).To(HaveLen(1))
			} else {
				g.Expect(plan.Decide).To(BeEmpty())
			}
		})
	}
}
