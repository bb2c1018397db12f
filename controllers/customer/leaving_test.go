package customer

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/leaver"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/seats"
)

// nobody is an Auth0 whose lists are empty; every other call of the port panics.
type nobody struct{ auth0.API }

func (nobody) Now() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) }

func (nobody) Invitations(context.Context, string) ([]auth0.Invitation, bool, error) {
	return nil, false, nil
}

func (nobody) Members(context.Context, string) ([]auth0.OrganizationMember, error) { return nil, nil }

func (nobody) UsersWithAppMetadata(context.Context, string) ([]auth0.User, bool, error) {
	return nil, false, nil
}

// TestSeatsOfWhoLeaves: the seat of somebody who is leaving, for whom there is no
// Member any more, is in use until what was given is certainly taken: by its
// Removal alone, as a call may be on its way that Auth0 does not show yet.
func TestSeatsOfWhoLeaves(t *testing.T) {
	tenant := directory.New().Put("default", v1alpha1.Auth0TenantSpec{Domain: "acme.eu.auth0.com"}, nobody{})
	for state, inUse := range map[v1alpha1.RemovalState]bool{
		"":                       true,
		v1alpha1.RemovalPending:  true,
		v1alpha1.RemovalHeld:     true,
		v1alpha1.RemovalRemoving: true,
		v1alpha1.RemovalRemoved:  false,
		v1alpha1.RemovalDeleting: false,
		v1alpha1.RemovalDone:     false,
	} {
		t.Run("state "+string(state), func(t *testing.T) {
			g := NewWithT(t)
			r := asked("jane", nil)
			r.Status.State = state
			holdings := func() map[string]seats.Holding {
				p := &customerPass{
					Reconciler: &Reconciler{Now: nobody{}.Now}, tenant: tenant, org: tenant.Organization("org_1"),
					customer: &v1alpha1.Customer{}, removals: []v1alpha1.Removal{*r},
				}
				_, err := p.org.Observe(t.Context(), p.tenant.Now())
				g.Expect(err).NotTo(HaveOccurred())
				return p.seatFacts(nil).Holdings
			}
			g.Expect(holdings()).To(BeEmpty(), "who was given nothing")
			r.Spec.Known.Attempt = &v1alpha1.Attempt{ID: "a"}
			if inUse {
				g.Expect(holdings()).To(HaveKeyWithValue(leaver.Ref(r), seats.HoldsGrant))
			} else {
				g.Expect(holdings()).To(BeEmpty())
			}
		})
	}
}

// TestRemovalGeneratedAdminYields: an admin's generated Member is deleted only
// when the declared one cannot go unseen any more: what it has is handed over.
func TestRemovalGeneratedAdminYields(t *testing.T) {
	now := metav1.NewTime(nobody{}.Now())
	generated := &v1alpha1.Member{ObjectMeta: metav1.ObjectMeta{UID: "1", Finalizers: []string{v1alpha1.Finalizer}}, Spec: v1alpha1.MemberSpec{Email: "boss@acme.com"}}
	for name, tc := range map[string]struct {
		change func(*v1alpha1.Member)
		want   bool
	}{
		"declared, and looked after":   {func(*v1alpha1.Member) {}, true},
		"in another spelling":          {func(m *v1alpha1.Member) { m.Spec.Email = "Boss@acme.com" }, true},
		"not seen by the operator yet": {func(m *v1alpha1.Member) { m.Finalizers = nil }, false},
		"with somebody's finalizer":    {func(m *v1alpha1.Member) { m.Finalizers = []string{"example.com/keep"} }, false},
		"being deleted":                {func(m *v1alpha1.Member) { m.DeletionTimestamp = &now }, false},
		"of another person":            {func(m *v1alpha1.Member) { m.Spec.Email = "jane@acme.com" }, false},
		"the generated one itself":     {func(m *v1alpha1.Member) { m.UID = "1" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			declared := generated.DeepCopy()
			declared.UID = "2"
			tc.change(declared)
			p := &customerPass{}
			NewWithT(t).Expect(p.declaredBeside([]v1alpha1.Member{*generated, *declared}, generated)).To(Equal(tc.want))
		})
	}
}

// TestHandsOffDeletionJudgedIsWhatStands: an organization is deleted for good, and by
// what stands in that moment.
func TestHandsOffDeletionJudgedIsWhatStands(t *testing.T) {
	g := NewWithT(t)
	scheme := runtime.NewScheme()
	g.Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	acme := &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "acme", UID: "acme", Generation: 1}}
	acme.Spec.TenantRef.Name = "default"
	observed := acme.DeepCopy()
	observed.Generation, observed.Spec.Mode = 2, v1alpha1.ModeObserve
	tenant := directory.New().Put("default", v1alpha1.Auth0TenantSpec{}, nobody{})
	p := &customerPass{
		Reconciler: &Reconciler{Live: fake.NewClientBuilder().WithScheme(scheme).WithObjects(observed).Build(), Now: nobody{}.Now},
		tenant:     tenant, customer: acme,
	}
	// The port panics when it is asked to delete.
	done, err := p.deleteOrganization(t.Context(), auth0.Organization{ID: "org_1"})
	g.Expect(err).To(HaveOccurred())
	g.Expect(done).To(BeFalse())
}
