package member

import (
	"context"
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

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

// leaver is a Member who had joined and is being deleted.
func leaver(name string) *v1alpha1.Member {
	now := metav1.NewTime(clock{}.Now())
	member := &v1alpha1.Member{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: name, UID: "m", DeletionTimestamp: &now, Finalizers: []string{v1alpha1.Finalizer}}}
	member.Spec = v1alpha1.MemberSpec{CustomerRef: v1alpha1.CustomerRef{Name: "acme"}, Email: v1alpha1.Email(name + "@acme.com")}
	member.Status = v1alpha1.MemberStatus{Tenant: "default", OrganizationID: "org_1", Users: []v1alpha1.MemberUser{{UserID: "okta|" + name + "@acme.com", Since: now}}}
	return member
}

func acme(line ...v1alpha1.WithdrawnPerson) *v1alpha1.Customer {
	customer := &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "acme", UID: "u", Generation: 1}}
	customer.Spec.TenantRef.Name, customer.Status.OrganizationID, customer.Status.Withdrawn = "default", "org_1", line
	return customer
}

// taker makes the reconcilers that take, over a cluster of these objects.
func taker(t *testing.T, api auth0.API, now func() time.Time, objects ...client.Object) (*Reconciler, client.Client) {
	t.Helper()
	settings := &v1alpha1.Auth0Tenant{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
	settings.Spec.Namespaces = []v1alpha1.NamespaceGrant{{Name: "n"}}
	cluster := clusterOf(t, append(objects, settings, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "n"}})...)
	shared := directory.New()
	shared.Put("default", settings.Spec, api).Organization("org_1").SetKey("k")
	return &Reconciler{
		Client: cluster, Live: cluster, Directory: shared, Recorder: events.NewFakeRecorder(100), Now: now, SettledInterval: time.Minute,
	}, cluster
}

// until reconciles until the pass asks for another time, and returns for when.
func until(t *testing.T, r reconcile.Reconciler, name string) time.Duration {
	t.Helper()
	g := NewWithT(t)
	var result ctrl.Result
	for range 3 { // woken by others, again and again
		var err error
		result, err = r.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKey{Namespace: "n", Name: name}})
		g.Expect(err).NotTo(HaveOccurred())
	}
	return result.RequeueAfter
}

// TestRemovalTakesOnceWhileTheListsLag: what was taken is not taken again because a
// list still shows it. However often the pass is woken, nothing is asked of Auth0
// until it must show what is left; then one look proves that nothing is.
func TestRemovalTakesOnceWhileTheListsLag(t *testing.T) {
	g := NewWithT(t)
	api, jane := newLagging("jane@acme.com"), leaver("jane")
	r, cluster := taker(t, api, api.Now, acme(), jane)
	took := func() map[string]int {
		return map[string]int{"grant": api.calls["grant"], "membership": api.calls["membership"], "sessions": api.calls["sessions"]}
	}
	once := map[string]int{"grant": 1, "membership": 1, "sessions": 1}

	g.Expect(until(t, &RemovalReconciler{r}, "jane")).To(Equal(directory.Lag), "one wake-up, at the exact time")
	g.Expect(took()).To(Equal(once))
	first := api.all
	g.Expect(first).To(BeNumerically("<=", 11))
	api.now = api.now.Add(directory.Lag - time.Second)
	g.Expect(until(t, &RemovalReconciler{r}, "jane")).To(Equal(time.Second))
	g.Expect(api.all).To(Equal(first), "nothing is asked before that")

	api.now = api.now.Add(time.Second)
	until(t, &RemovalReconciler{r}, "jane")
	g.Expect(apierrors.IsNotFound(cluster.Get(t.Context(), client.ObjectKeyFromObject(jane), jane))).To(BeTrue(), "the removal is confirmed")
	g.Expect(took()).To(Equal(once))
	g.Expect(api.all - first).To(BeNumerically("<=", 8))
}

// TestRemovalOfApprovedTakesOnce: removals that were held and are approved cost no
// more than others: of each person everything is taken once.
func TestRemovalOfApprovedTakesOnce(t *testing.T) {
	g := NewWithT(t)
	var emails []string
	var lines []v1alpha1.WithdrawnPerson
	for n := range 4 {
		email := fmt.Sprintf("agent%d@acme.com", n)
		emails = append(emails, email)
		lines = append(lines, v1alpha1.WithdrawnPerson{
			Person: ownership.PersonRef(email), Email: email, Member: "gone", State: v1alpha1.WithdrawalApproved, RequestedAt: metav1.NewMicroTime(clock{}.Now()),
			OrganizationID: "org_1", Joined: true, Users: []v1alpha1.MemberUser{{UserID: "okta|" + email, Since: metav1.NewTime(clock{}.Now())}},
		})
	}
	api, customer := newLagging(emails...), acme(lines...)
	customer.Spec.Removal.Grace = ptr.To(metav1.Duration{Duration: time.Hour})
	r, cluster := taker(t, api, api.Now, customer)

	g.Expect(until(t, &WithdrawnReconciler{r}, "acme")).To(BeNumerically("~", directory.Lag, time.Second))
	first := api.all
	g.Expect(api.calls).To(SatisfyAll(HaveKeyWithValue("grant", 4), HaveKeyWithValue("membership", 4), HaveKeyWithValue("sessions", 4)))
	g.Expect(first).To(BeNumerically("<=", 4*8+3), "they share a look")
	api.now = api.now.Add(directory.Lag - time.Second)
	until(t, &WithdrawnReconciler{r}, "acme")
	g.Expect(api.all).To(Equal(first), "nothing is asked before Auth0 must show what is left")

	api.now = api.now.Add(time.Second)
	until(t, &WithdrawnReconciler{r}, "acme")
	g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(customer), customer)).To(Succeed())
	g.Expect(customer.Status.Withdrawn).To(HaveEach(HaveField("State", v1alpha1.WithdrawalWithdrawn)))
	g.Expect(api.calls).To(SatisfyAll(HaveKeyWithValue("grant", 4), HaveKeyWithValue("membership", 4), HaveKeyWithValue("sessions", 4)))
	g.Expect(api.all-first).To(BeNumerically("<=", 4*5+3), "they share a look")
}

// TestRemovalEndsASessionThatBeganMeanwhile: Auth0 lets somebody in for a moment after
// their membership has ended. The look that proves sees the sign-in, and ends it.
func TestRemovalEndsASessionThatBeganMeanwhile(t *testing.T) {
	g := NewWithT(t)
	api, jane := newLagging("jane@acme.com"), leaver("jane")
	r, cluster := taker(t, api, api.Now, acme(), jane)
	until(t, &RemovalReconciler{r}, "jane")
	api.people["okta|jane@acme.com"].lastLogin = api.now.Add(2 * time.Second)
	api.now = api.now.Add(directory.Lag)
	until(t, &RemovalReconciler{r}, "jane")
	g.Expect(apierrors.IsNotFound(cluster.Get(t.Context(), client.ObjectKeyFromObject(jane), jane))).To(BeTrue(), "the removal is confirmed")
	g.Expect(api.calls["sessions"]).To(Equal(2))
}

// TestRemovalGoesOnWhereATakerDied: a process wrote that it takes, and died before it
// had taken everything: whoever comes next takes at once.
func TestRemovalGoesOnWhereATakerDied(t *testing.T) {
	g := NewWithT(t)
	api, jane := newLagging("jane@acme.com"), leaver("jane")
	r, cluster := taker(t, api, api.Now, acme(), jane)
	until(t, &RemovalReconciler{r}, "jane")
	g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(jane), jane)).To(Succeed())
	jane.Status.Withdrawal.TakenAt, jane.Status.Withdrawal.RevokedAt = nil, nil
	g.Expect(cluster.Status().Update(t.Context(), jane)).To(Succeed())
	until(t, &RemovalReconciler{r}, "jane")
	g.Expect(api.calls["sessions"]).To(Equal(2), "nobody knows that it was done")
}
