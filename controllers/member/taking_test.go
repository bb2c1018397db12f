package member

import (
	"context"
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
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
		for _, kind := range []string{"list", "Customer", "Member"} {
			for n := 1; n <= 3; n++ {
				t.Run(fmt.Sprintf("%s at %s %d", name, kind, n), func(t *testing.T) {
					changedWhileRemoving(t, change, kind, n)
				})
			}
		}
	}
}

// changedWhileRemoving removes jane, and changes something at the n-th list of
// Members, or write of a Customer or a Member.
func changedWhileRemoving(t *testing.T, change func(g *WithT, cluster client.Client), kind string, n int) {
	g := NewWithT(t)
	now := metav1.NewTime(clock{}.Now())
	customer := &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "acme", UID: "u", Generation: 1}}
	customer.Spec.TenantRef.Name, customer.Status.OrganizationID = "default", "org_1"
	jane := &v1alpha1.Member{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "jane", UID: "m", DeletionTimestamp: &now, Finalizers: []string{v1alpha1.Finalizer}}}
	jane.Spec = v1alpha1.MemberSpec{CustomerRef: v1alpha1.CustomerRef{Name: "acme"}, Email: "jane@acme.com"}
	jane.Status = v1alpha1.MemberStatus{Tenant: "default", OrganizationID: "org_1", Users: []v1alpha1.MemberUser{{UserID: "okta|jane", Since: now}}}
	settings := &v1alpha1.Auth0Tenant{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
	settings.Spec.Namespaces = []v1alpha1.NamespaceGrant{{Name: "n"}}
	cluster := clusterOf(t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "n"}}, settings, customer, jane)
	var taken []string
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
			at(map[bool]string{true: "Customer", false: "Member"}[obj.GetName() == "acme"])
			return inner.SubResource(sub).Patch(ctx, obj, patch, opts...)
		},
	})
	shared := directory.New()
	shared.Put("default", settings.Spec, janesAuth0{taken: &taken}).Organization("org_1").SetKey("k")
	r := &RemovalReconciler{&Reconciler{
		Client: watching, Live: watching, Directory: shared, Recorder: events.NewFakeRecorder(10), Now: clock{}.Now, SettledInterval: time.Minute,
	}}
	for range 4 {
		_, err := r.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(jane)})
		if client.IgnoreNotFound(err) != nil {
			g.Expect(err).NotTo(HaveOccurred())
		}
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
			now := metav1.NewTime(clock{}.Now())
			customer := &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "acme", UID: "u"}}
			customer.Spec.TenantRef.Name, customer.Status.OrganizationID = "default", "org_1"
			jane := &v1alpha1.Member{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "jane", UID: "m", DeletionTimestamp: &now, Finalizers: []string{v1alpha1.Finalizer}}}
			jane.Spec = v1alpha1.MemberSpec{CustomerRef: v1alpha1.CustomerRef{Name: "acme"}, Email: "jane@acme.com"}
			jane.Status = v1alpha1.MemberStatus{Tenant: "default", OrganizationID: "org_1", Users: []v1alpha1.MemberUser{{UserID: "okta|jane", Since: now}}}
			hidden := &v1alpha1.Member{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "hidden", UID: "h"}}
			hidden.Spec = jane.Spec
			unreadable := hidden.DeepCopy()
			hide(unreadable)
			hidden.Spec = unreadable.Spec
			settings := &v1alpha1.Auth0Tenant{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
			settings.Spec.Namespaces = []v1alpha1.NamespaceGrant{{Name: "n"}}
			cluster := clusterOf(t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "n"}}, settings, customer, jane, hidden)
			reading := interceptor.NewClient(cluster, interceptor.Funcs{
				List: func(ctx context.Context, inner client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
					err := inner.List(ctx, list, opts...)
					if members, are := list.(*v1alpha1.MemberList); are {
						for i := range members.Items {
							if members.Items[i].Name == hidden.Name {
								members.Items[i].Unreadable = unreadable.Unreadable
							}
						}
					}
					return err
				},
			})
			var taken []string
			shared := directory.New()
			shared.Put("default", settings.Spec, janesAuth0{taken: &taken}).Organization("org_1").SetKey("k")
			r := &RemovalReconciler{&Reconciler{
				Client: reading, Live: reading, Directory: shared, Recorder: events.NewFakeRecorder(10), Now: clock{}.Now, SettledInterval: time.Minute,
			}}
			for range 3 {
				_, err := r.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(jane)})
				g.Expect(err).NotTo(HaveOccurred())
			}
			g.Expect(taken).To(BeEmpty())
			g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(jane), jane)).To(Succeed(), "its finalizer stays")
			g.Expect(meta.FindStatusCondition(jane.Status.Conditions, v1alpha1.ConditionStalled).Reason).To(Equal(v1alpha1.ReasonUnreadable))
		})
	}
}
