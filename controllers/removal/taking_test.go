package removal

import (
	"context"
	"fmt"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// janesAuth0 is an Auth0 in which jane is in, and which keeps what is taken from her.
type janesAuth0 struct {
	clock

	taken *[]string
}

func (a janesAuth0) jane() auth0.User {
	grant := ownership.Grant{Key: "k", Person: ownership.PersonRef("jane@acme.com"), Attempt: "a"}
	return auth0.User{ID: "okta|jane", Email: "jane@acme.com", EmailVerified: true, AppMetadata: map[string]string{ownership.GrantKey("org_1"): grant.String()}}
}

func (a janesAuth0) take(what string) error {
	*a.taken = append(*a.taken, what)
	return nil
}

func (a janesAuth0) Organization(context.Context, string) (auth0.Organization, error) {
	return auth0.Organization{ID: "org_1"}, nil
}
func (a janesAuth0) User(context.Context, string) (auth0.User, error) { return a.jane(), nil }
func (a janesAuth0) UsersByEmail(context.Context, string) ([]auth0.User, error) {
	return []auth0.User{a.jane()}, nil
}
func (a janesAuth0) UserOrganizations(context.Context, string) ([]string, error) {
	return []string{"org_1"}, nil
}
func (a janesAuth0) Members(context.Context, string) ([]auth0.OrganizationMember, error) {
	return []auth0.OrganizationMember{{UserID: "okta|jane", Email: "jane@acme.com"}}, nil
}
func (a janesAuth0) Invitations(context.Context, string) ([]auth0.Invitation, bool, error) {
	return nil, false, nil
}
func (a janesAuth0) UsersWithAppMetadata(context.Context, string) ([]auth0.User, bool, error) {
	return []auth0.User{a.jane()}, false, nil
}
func (a janesAuth0) MemberRoles(context.Context, string, string) ([]auth0.Role, error) {
	return []auth0.Role{{ID: "rol_1"}}, nil
}
func (a janesAuth0) ClearAppMetadata(context.Context, string, string) error { return a.take("grant") }
func (a janesAuth0) RemoveMemberRoles(context.Context, string, string, ...string) error {
	return a.take("role")
}
func (a janesAuth0) RevokeAccess(context.Context, string) (bool, error) {
	return true, a.take("sessions")
}
func (a janesAuth0) RemoveMembers(context.Context, string, ...string) error {
	return a.take("membership")
}

// TestHandsOffModeChangedWhileRemoving: the mode is changed in the middle of a
// removal's pass. What was judged is what must stand: from then on nothing is taken.
func TestHandsOffModeChangedWhileRemoving(t *testing.T) {
	changes := map[string]func(g *WithT, cluster client.Client){
		"the Customer observes": func(g *WithT, cluster client.Client) {
			customer := &v1alpha1.Customer{}
			g.Expect(cluster.Get(t.Context(), client.ObjectKey{Namespace: "n", Name: "acme"}, customer)).To(Succeed())
			customer.Generation++
			customer.Spec.Mode = v1alpha1.ModeObserve
			g.Expect(cluster.Update(t.Context(), customer)).To(Succeed())
		},
		"the tenant pauses": func(g *WithT, cluster client.Client) {
			tenant := &v1alpha1.Auth0Tenant{}
			g.Expect(cluster.Get(t.Context(), client.ObjectKey{Name: "default"}, tenant)).To(Succeed())
			tenant.Spec.Mode = v1alpha1.ModePaused
			g.Expect(cluster.Update(t.Context(), tenant)).To(Succeed())
		},
	}
	for name, change := range changes {
		for _, kind := range []string{"list", "Removal"} {
			for n := 1; n <= 3; n++ {
				t.Run(fmt.Sprintf("%s at %s %d", name, kind, n), func(t *testing.T) {
					changedWhileRemoving(t, change, kind, n)
				})
			}
		}
	}
}

// changedWhileRemoving removes jane, and changes something at the n-th list of
// Members, or write of her Removal.
func changedWhileRemoving(t *testing.T, change func(g *WithT, cluster client.Client), kind string, n int) {
	g := NewWithT(t)
	var taken []string
	jane := leaving("jane", v1alpha1.RemovalRemoving)
	r, cluster := reconciler(t, janesAuth0{taken: &taken}, clock{}.Now, acme(), jane)
	before, seen := -1, 0
	at := func(what string) {
		if what != kind {
			return
		}
		if seen++; seen == n {
			change(g, cluster)
			before = len(taken)
		}
	}
	watching := interceptor.NewClient(cluster, interceptor.Funcs{
		List: func(ctx context.Context, inner client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			if _, members := list.(*v1alpha1.MemberList); members {
				at("list")
			}
			return inner.List(ctx, list, opts...)
		},
		SubResourcePatch: func(ctx context.Context, inner client.Client, sub string, obj client.Object, patch client.Patch, opts ...client.SubResourcePatchOption) error {
			at("Removal")
			return inner.SubResource(sub).Patch(ctx, obj, patch, opts...)
		},
	})
	r.Client, r.Live = watching, watching
	for range 4 {
		_, err := r.Reconcile(t.Context(), requestFor(jane))
		g.Expect(err).NotTo(HaveOccurred())
	}
	if before >= 0 { // a removal has no more such steps
		g.Expect(taken[before:]).To(BeEmpty())
	}
}

// TestHandsOffMemberThatCannotBeRead: a Member that was read without its address, or
// without its Customer, may declare the person who is to be removed: nothing is taken.
func TestHandsOffMemberThatCannotBeRead(t *testing.T) {
	for name, hide := range map[string]func(*v1alpha1.Member){
		"no address":  func(m *v1alpha1.Member) { m.Spec.Email, m.Unreadable = "", "spec.email" },
		"no Customer": func(m *v1alpha1.Member) { m.Spec.CustomerRef.Name, m.Unreadable = "", "spec.customerRef.name" },
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			jane, hidden := leaving("jane", v1alpha1.RemovalRemoving), member("hidden", "jane@acme.com", hide)
			var taken []string
			r, cluster := reconciler(t, janesAuth0{taken: &taken}, clock{}.Now, acme(), jane, hidden)
			reading := interceptor.NewClient(cluster, interceptor.Funcs{
				List: func(ctx context.Context, inner client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
					err := inner.List(ctx, list, opts...)
					if members, are := list.(*v1alpha1.MemberList); are {
						for i := range members.Items {
							members.Items[i].Unreadable = hidden.Unreadable
						}
					}
					return err
				},
			})
			r.Client, r.Live = reading, reading
			until(t, r, jane)
			g.Expect(taken).To(BeEmpty())
			stands := read(t, cluster, jane)
			g.Expect(stands.Status.State).To(Equal(v1alpha1.RemovalRemoving))
			g.Expect(meta.FindStatusCondition(stands.Status.Conditions, v1alpha1.ConditionStalled).Reason).To(Equal(v1alpha1.ReasonUnreadable))
		})
	}
}
