package member

import (
	"context"
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
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
		"a new generation":         {func(m *v1alpha1.Member) { m.Generation++ }, 1},
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
