package removal

import (
	"context"
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// laggingAuth0 is an Auth0 of one organization whose lists show a membership for ten
// seconds after it has ended. It counts calls.
type laggingAuth0 struct {
	auth0.API

	now    time.Time
	people map[string]*laggingPerson // by user id
	calls  map[string]int
	all    int
}

type laggingPerson struct {
	email     string
	grant     bool
	left      time.Time // zero while a member
	lastLogin time.Time
}

func newLagging(emails ...string) *laggingAuth0 {
	a := &laggingAuth0{now: clock{}.Now(), people: map[string]*laggingPerson{}, calls: map[string]int{}}
	for _, email := range emails {
		a.people["okta|"+email] = &laggingPerson{email: email, grant: true}
	}
	return a
}

func (a *laggingAuth0) Now() time.Time { return a.now }

func (a *laggingAuth0) call(what string) { a.calls[what]++; a.all++ }

func (a *laggingAuth0) listed(p *laggingPerson) bool {
	return p.left.IsZero() || a.now.Before(p.left.Add(10*time.Second))
}

func (a *laggingAuth0) user(id string) auth0.User {
	p := a.people[id]
	user := auth0.User{ID: id, Email: p.email, EmailVerified: true, LastLogin: p.lastLogin, AppMetadata: map[string]string{}}
	if p.grant {
		user.AppMetadata[ownership.GrantKey("org_1")] = ownership.Grant{Key: "k", Person: ownership.PersonRef(p.email), Attempt: "a"}.String()
	}
	return user
}

func (a *laggingAuth0) Organization(context.Context, string) (auth0.Organization, error) {
	a.call("read")
	return auth0.Organization{ID: "org_1"}, nil
}

func (a *laggingAuth0) User(_ context.Context, id string) (auth0.User, error) {
	a.call("read")
	return a.user(id), nil
}

func (a *laggingAuth0) UsersByEmail(_ context.Context, email string) ([]auth0.User, error) {
	a.call("read")
	return []auth0.User{a.user("okta|" + email)}, nil
}

func (a *laggingAuth0) UserOrganizations(_ context.Context, id string) ([]string, error) {
	a.call("read")
	if a.listed(a.people[id]) {
		return []string{"org_1"}, nil
	}
	return nil, nil
}

func (a *laggingAuth0) Members(context.Context, string) (members []auth0.OrganizationMember, err error) {
	a.call("read")
	for id, p := range a.people {
		if a.listed(p) {
			members = append(members, auth0.OrganizationMember{UserID: id, Email: p.email})
		}
	}
	return members, nil
}

func (a *laggingAuth0) Invitations(context.Context, string) ([]auth0.Invitation, bool, error) {
	a.call("read")
	return nil, false, nil
}

func (a *laggingAuth0) UsersWithAppMetadata(context.Context, string) (users []auth0.User, truncated bool, err error) {
	a.call("read")
	for id, p := range a.people {
		if p.grant {
			users = append(users, a.user(id))
		}
	}
	return users, false, nil
}

func (a *laggingAuth0) MemberRoles(context.Context, string, string) ([]auth0.Role, error) {
	a.call("read")
	return nil, nil
}

func (a *laggingAuth0) ClearAppMetadata(_ context.Context, id, _ string) error {
	a.call("grant")
	a.people[id].grant = false
	return nil
}

func (a *laggingAuth0) RevokeAccess(context.Context, string) (bool, error) {
	a.call("sessions")
	return true, nil
}

func (a *laggingAuth0) RemoveMembers(_ context.Context, _ string, ids ...string) error {
	a.call("membership")
	for _, id := range ids {
		a.people[id].left = a.now
	}
	return nil
}

// graced is acme with a grace, so that a removal that is confirmed stays to be seen.
func graced() *v1alpha1.Customer {
	customer := acme()
	customer.Spec.Removal.Grace = ptr.To(metav1.Duration{Duration: time.Hour})
	return customer
}

// TestRemovalTakesOnceWhileTheListsLag: what was taken is not taken again because a
// list still shows it. However often the pass is woken, nothing is asked of Auth0
// until it must show what is left; then one look proves that nothing is.
func TestRemovalTakesOnceWhileTheListsLag(t *testing.T) {
	g := NewWithT(t)
	api, jane := newLagging("jane@acme.com"), leaving("jane", v1alpha1.RemovalRemoving)
	r, cluster := reconciler(t, api, api.Now, graced(), jane)
	took := func() map[string]int {
		return map[string]int{"grant": api.calls["grant"], "membership": api.calls["membership"], "sessions": api.calls["sessions"]}
	}
	once := map[string]int{"grant": 1, "membership": 1, "sessions": 1}

	g.Expect(until(t, r, jane)).To(Equal(directory.Lag), "one wake-up, at the exact time")
	g.Expect(took()).To(Equal(once))
	first := api.all
	g.Expect(first).To(BeNumerically("<=", 12))
	api.now = api.now.Add(directory.Lag - time.Second)
	g.Expect(until(t, r, jane)).To(Equal(time.Second))
	g.Expect(api.all).To(Equal(first), "nothing is asked before that")

	api.now = api.now.Add(time.Second)
	until(t, r, jane)
	g.Expect(read(t, cluster, jane).Status.State).To(Equal(v1alpha1.RemovalRemoved), "the removal is confirmed")
	g.Expect(took()).To(Equal(once))
	g.Expect(api.all - first).To(BeNumerically("<=", 9))
}

// TestRemovalOfManyTakesOnce: people who leave together share a look, and of each of
// them everything is taken once.
func TestRemovalOfManyTakesOnce(t *testing.T) {
	g := NewWithT(t)
	var emails []string
	var removals []*v1alpha1.Removal
	objects := []client.Object{graced()}
	for n := range 4 {
		name := fmt.Sprintf("agent%d", n)
		emails, removals = append(emails, name+"@acme.com"), append(removals, leaving(name, v1alpha1.RemovalRemoving))
		objects = append(objects, removals[n])
	}
	api := newLagging(emails...)
	r, cluster := reconciler(t, api, api.Now, objects...)
	round := func() (last time.Duration) {
		for _, removal := range removals {
			last = until(t, r, removal)
		}
		return last
	}
	once := SatisfyAll(HaveKeyWithValue("grant", 4), HaveKeyWithValue("membership", 4), HaveKeyWithValue("sessions", 4))

	g.Expect(round()).To(BeNumerically("~", directory.Lag, time.Second))
	first := api.all
	g.Expect(api.calls).To(once)
	api.now = api.now.Add(directory.Lag - time.Second)
	round()
	g.Expect(api.all).To(Equal(first), "nothing is asked before Auth0 must show what is left")

	api.now = api.now.Add(time.Second)
	round()
	for _, removal := range removals {
		g.Expect(read(t, cluster, removal).Status.State).To(Equal(v1alpha1.RemovalRemoved))
	}
	g.Expect(api.calls).To(once)
	g.Expect(api.all-first).To(BeNumerically("<=", 4*6+3), "they share a look")
}

// TestRemovalEndsASessionThatBeganMeanwhile: Auth0 lets somebody in for a moment after
// their membership has ended. The look that proves sees the sign-in, and ends it.
func TestRemovalEndsASessionThatBeganMeanwhile(t *testing.T) {
	g := NewWithT(t)
	api, jane := newLagging("jane@acme.com"), leaving("jane", v1alpha1.RemovalRemoving)
	r, cluster := reconciler(t, api, api.Now, graced(), jane)
	until(t, r, jane)
	api.people["okta|jane@acme.com"].lastLogin = api.now.Add(2 * time.Second)
	api.now = api.now.Add(directory.Lag)
	until(t, r, jane)
	g.Expect(read(t, cluster, jane).Status.State).To(Equal(v1alpha1.RemovalRemoved), "the removal is confirmed")
	g.Expect(api.calls["sessions"]).To(Equal(2))
}

// TestRemovalGoesOnWhereATakerDied: a process wrote that it takes, and died before it
// had taken everything: whoever comes next takes at once.
func TestRemovalGoesOnWhereATakerDied(t *testing.T) {
	g := NewWithT(t)
	api, jane := newLagging("jane@acme.com"), leaving("jane", v1alpha1.RemovalRemoving)
	r, _ := reconciler(t, api, api.Now, graced(), jane)
	until(t, r, jane)
	next := &Reconciler{Client: r.Client, Live: r.Live, Directory: r.Directory, Recorder: r.Recorder, Now: r.Now}
	until(t, next, jane)
	g.Expect(api.calls["sessions"]).To(Equal(2), "nobody knows that it was done")
}
