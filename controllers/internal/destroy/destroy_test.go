package destroy

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
)

// users is an Auth0 with users in one connection, who belong nowhere; every other
// call of the port panics.
type users struct {
	auth0.API

	there map[string]bool
}

func (users) Now() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) }

func (u users) User(_ context.Context, id string) (auth0.User, error) {
	return auth0.User{ID: id, Connections: []string{"acme-okta"}, CreatedAt: u.Now()}, nil
}

func (users) UserOrganizations(context.Context, string) ([]string, error) { return nil, nil }

func (u users) DeleteUser(_ context.Context, id string) error {
	delete(u.there, id)
	return nil
}

// halfRead lists one Customer as an object of which something cannot be read.
type halfRead struct {
	client.Reader

	name, unreadable string
}

func (r halfRead) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	err := r.Reader.List(ctx, list, opts...)
	for i, customers := 0, list.(*v1alpha1.CustomerList).Items; i < len(customers); i++ {
		if customers[i].Name == r.name {
			customers[i].Unreadable = r.unreadable
		}
	}
	return err
}

// TestHandsOffDestroyDeclaredElsewhere: another Customer of the tenant declares the
// connection, has it enabled or not yet, or may: what it says cannot be read.
func TestHandsOffDestroyDeclaredElsewhere(t *testing.T) {
	okta := v1alpha1.EnabledConnection{Name: "acme-okta", Strategy: "okta"}
	customer := func(name string, change func(*v1alpha1.Customer)) *v1alpha1.Customer {
		c := &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: name, UID: types.UID(name)}}
		c.Spec.TenantRef.Name = "default"
		change(c)
		return c
	}
	for name, tc := range map[string]struct {
		other      func(*v1alpha1.Customer)
		unreadable string
		kept       bool
	}{
		"another connection":   {other: func(c *v1alpha1.Customer) { c.Spec.Connections = []v1alpha1.Connection{{Name: "other"}} }, kept: false},
		"enabled":              {other: func(c *v1alpha1.Customer) { c.Status.Connections = []v1alpha1.EnabledConnection{okta} }, kept: true},
		"declared, not yet so": {other: func(c *v1alpha1.Customer) { c.Spec.Connections = []v1alpha1.Connection{{Name: "acme-okta"}} }, kept: true},
		"declared in another tenant": {other: func(c *v1alpha1.Customer) {
			c.Spec.TenantRef.Name, c.Spec.Connections = "other", []v1alpha1.Connection{{Name: "acme-okta"}}
		}},
		"whose spec cannot be read": {other: func(*v1alpha1.Customer) {}, unreadable: "spec.connections", kept: true},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			scheme := runtime.NewScheme()
			g.Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
			acme := customer("acme", func(c *v1alpha1.Customer) { c.Status.Connections = []v1alpha1.EnabledConnection{okta} })
			other := customer("acme-gmbh", tc.other)
			api := users{there: map[string]bool{"okta|jane": true}}
			d := &Destroyer{
				Live:   halfRead{fake.NewClientBuilder().WithScheme(scheme).WithObjects(acme, other).Build(), other.Name, tc.unreadable},
				Tenant: directory.New().Put("default", v1alpha1.Auth0TenantSpec{}, api), Customer: acme, Now: api.Now,
			}
			jane := Person{
				Users: []v1alpha1.MemberUser{{UserID: "okta|jane"}},
				Invitation: &v1alpha1.MemberInvitation{
					State: v1alpha1.InvitationAccepted, Attempt: "a", SentAt: metav1.NewTime(api.Now().Add(-time.Hour)),
				},
			}
			g.Expect(d.Destroy(t.Context(), jane, func(string) {})).To(Succeed())
			g.Expect(api.there["okta|jane"]).To(Equal(tc.kept))
		})
	}
}

// TestHandsOffDestroyJudgedIsWhatStands: a user is deleted for good, and by what
// stands in that moment.
func TestHandsOffDestroyJudgedIsWhatStands(t *testing.T) {
	for name, change := range map[string]func(*v1alpha1.Customer, *v1alpha1.Auth0Tenant){
		"the Customer observes": func(c *v1alpha1.Customer, _ *v1alpha1.Auth0Tenant) {
			c.Generation, c.Spec.Mode = 2, v1alpha1.ModeObserve
		},
		"users are kept from now on": func(c *v1alpha1.Customer, _ *v1alpha1.Auth0Tenant) {
			c.Generation, c.Spec.Removal.User = 2, v1alpha1.RemovalUserKeep
		},
		"the tenant is paused": func(_ *v1alpha1.Customer, a *v1alpha1.Auth0Tenant) { a.Spec.Mode = v1alpha1.ModePaused },
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			scheme := runtime.NewScheme()
			g.Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
			acme := &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "acme", UID: "acme", Generation: 1}}
			acme.Spec.TenantRef.Name, acme.Spec.Removal.User = "default", v1alpha1.RemovalUserDelete
			acme.Status.Connections = []v1alpha1.EnabledConnection{{Name: "acme-okta", Strategy: "okta"}}
			now, settings := acme.DeepCopy(), &v1alpha1.Auth0Tenant{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
			change(now, settings)
			api := users{there: map[string]bool{"okta|jane": true}}
			d := &Destroyer{
				Live:   fake.NewClientBuilder().WithScheme(scheme).WithObjects(now, settings).Build(),
				Tenant: directory.New().Put("default", v1alpha1.Auth0TenantSpec{}, api), Customer: acme, Now: api.Now,
			}
			jane := Person{
				Users: []v1alpha1.MemberUser{{UserID: "okta|jane"}},
				Invitation: &v1alpha1.MemberInvitation{
					State: v1alpha1.InvitationAccepted, Attempt: "a", SentAt: metav1.NewTime(api.Now().Add(-time.Hour)),
				},
			}
			g.Expect(d.Destroy(t.Context(), jane, func(string) {})).NotTo(Succeed())
			g.Expect(api.there["okta|jane"]).To(BeTrue())
		})
	}
}
