package removal

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// markedAuth0 is a lagging Auth0 whose organization has a marker, or is gone.
type markedAuth0 struct {
	*laggingAuth0

	marker string
	gone   bool
}

func (a markedAuth0) Organization(context.Context, string) (auth0.Organization, error) {
	if a.gone {
		return auth0.Organization{}, &auth0.Error{Kind: auth0.KindNotFound}
	}
	return auth0.Organization{ID: "org_1", Metadata: map[string]string{ownership.MetadataOwner: a.marker}}, nil
}

const (
	ours     = "/n/acme"
	anothers = "prod/n/acme"
)

// onePass is one pass over a Removal, and how it stands after that; nil when it is gone.
func onePass(t *testing.T, r *Reconciler, cluster client.Client, of *v1alpha1.Removal) (stands *v1alpha1.Removal, after time.Duration) {
	t.Helper()
	result, err := r.Reconcile(t.Context(), requestFor(of))
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	stands = &v1alpha1.Removal{}
	err = cluster.Get(t.Context(), client.ObjectKeyFromObject(of), stands)
	if apierrors.IsNotFound(err) {
		return nil, result.RequeueAfter
	}
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return stands, result.RequeueAfter
}

// TestRemovalTakenOver: a removal from which nothing was taken ends when a Member of the address has
// our finalizer and a seat, and no call of the Member that is gone can land any more.
func TestRemovalTakenOver(t *testing.T) {
	onItsWay := func(r *v1alpha1.Removal) {
		at := metav1.NewMicroTime(clock{}.Now().Add(time.Minute))
		r.Spec.Known.Attempt = &v1alpha1.Attempt{ID: "a", NotAfter: &at}
	}
	for _, state := range []v1alpha1.RemovalState{"", v1alpha1.RemovalPending, v1alpha1.RemovalHeld} {
		for name, tc := range map[string]struct {
			change  func(*v1alpha1.Removal)
			members []client.Object
			ends    bool
			waits   bool
		}{
			"nobody declares the address": {},
			"a Member with a seat":        {members: []client.Object{member("again", "Jane@acme.com", seated)}, ends: true},
			"one that waits for its seat": {members: []client.Object{member("again", "jane@acme.com")}},
			"one that we have not seen":   {members: []client.Object{member("again", "jane@acme.com", seated, func(m *v1alpha1.Member) { m.Finalizers = nil })}},
			"one that is being deleted":   {members: []client.Object{member("again", "jane@acme.com", seated, deleted)}},
			"one of another person":       {members: []client.Object{member("bob", "bob@acme.com", seated)}},
			"the Member that leaves hands over by itself": {members: []client.Object{
				member("jane", "jane@acme.com", deleted), member("again", "jane@acme.com", seated),
			}},
			"a call is on its way": {change: onItsWay, members: []client.Object{member("again", "jane@acme.com", seated)}, waits: true},
		} {
			t.Run(name+", "+string(state), func(t *testing.T) {
				g := NewWithT(t)
				jane := leaving("jane", state)
				if tc.change != nil {
					tc.change(jane)
				}
				r, cluster := reconciler(t, clock{}, clock{}.Now, append(tc.members, acme(), jane)...)
				stands, after := onePass(t, r, cluster, jane)
				if !tc.ends {
					g.Expect(stands.Status.State).NotTo(Equal(v1alpha1.RemovalDone))
					g.Expect(after > 0).To(Equal(tc.waits || state != v1alpha1.RemovalHeld), "it comes back by itself")
					return
				}
				g.Expect(stands.Status.State).To(Equal(v1alpha1.RemovalDone))
				g.Expect(stands.Status.Outcome).To(Equal(v1alpha1.OutcomeTakenOver))
				heir := tc.members[0].(*v1alpha1.Member)
				g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(heir), heir)).To(Succeed())
				g.Expect(heir.Status.Users).To(ConsistOf(HaveField("UserID", jane.Spec.Known.Users[0].UserID)), "it knows the person now")
			})
		}
	}
}

// TestRemovalIsTakenOverByWhoIsThere: a cache that still shows a Member that is being deleted ends no removal.
func TestRemovalIsTakenOverByWhoIsThere(t *testing.T) {
	g := NewWithT(t)
	jane, again := leaving("jane", v1alpha1.RemovalHeld), member("again", "jane@acme.com", seated, deleted)
	r, cluster := reconciler(t, clock{}, clock{}.Now, acme(), jane, again)
	r.Client = interceptor.NewClient(cluster, interceptor.Funcs{
		List: func(ctx context.Context, inner client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			err := inner.List(ctx, list, opts...)
			if members, are := list.(*v1alpha1.MemberList); are {
				for i := range members.Items {
					members.Items[i].DeletionTimestamp = nil
				}
			}
			return err
		},
	})
	stands, _ := onePass(t, r, cluster, jane)
	g.Expect(stands.Status.State).To(Equal(v1alpha1.RemovalHeld))
}

// TestRemovalConfirmed: what follows from the proof that nothing lets the person in.
func TestRemovalConfirmed(t *testing.T) {
	for name, tc := range map[string]struct {
		grace   time.Duration
		user    v1alpha1.RemovalUser
		state   v1alpha1.RemovalState
		outcome v1alpha1.RemovalOutcome
	}{
		"with a grace":              {time.Hour, v1alpha1.RemovalUserKeep, v1alpha1.RemovalRemoved, ""},
		"with a grace, users go":    {time.Hour, v1alpha1.RemovalUserDelete, v1alpha1.RemovalRemoved, ""},
		"without a grace":           {0, v1alpha1.RemovalUserKeep, v1alpha1.RemovalDone, v1alpha1.OutcomeRemoved},
		"without a grace, users go": {0, v1alpha1.RemovalUserDelete, v1alpha1.RemovalDeleting, ""},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			customer := acme()
			customer.Spec.Removal.Grace, customer.Spec.Removal.User = ptr.To(metav1.Duration{Duration: tc.grace}), tc.user
			api, jane := newLagging("jane@acme.com"), leaving("jane", v1alpha1.RemovalRemoving)
			r, cluster := reconciler(t, api, api.Now, customer, jane)
			until(t, r, jane)
			api.now = api.now.Add(directory.Lag)
			stands, _ := onePass(t, r, cluster, jane)
			g.Expect(stands.Status.State).To(Equal(tc.state))
			g.Expect(stands.Status.Outcome).To(Equal(tc.outcome))
			g.Expect(stands.Status.Withdrawal.ConfirmedAt).NotTo(BeNil())
			g.Expect(meta.IsStatusConditionTrue(stands.Status.Conditions, v1alpha1.ConditionAccessRemoved)).To(BeTrue())
			if tc.grace > 0 {
				g.Expect(stands.Status.RestorableUntil.Time).To(BeTemporally("==", stands.Status.Withdrawal.ConfirmedAt.Add(tc.grace)))
			}
		})
	}
}

// TestHandsOffRemovalFromAnothersOrganization: nothing is taken, and nobody's user is deleted, where the organization is
// another's by now; one that is gone holds nobody.
func TestHandsOffRemovalFromAnothersOrganization(t *testing.T) {
	for name, api := range map[string]markedAuth0{"another's": {marker: anothers}, "gone": {gone: true}} {
		for _, state := range []v1alpha1.RemovalState{v1alpha1.RemovalRemoving, v1alpha1.RemovalDeleting} {
			if api.gone && state == v1alpha1.RemovalDeleting {
				continue
			}
			t.Run(name+", "+string(state), func(t *testing.T) {
				g := NewWithT(t)
				api.laggingAuth0 = newLagging("jane@acme.com")
				customer, jane := acme(), leaving("jane", state)
				customer.Spec.Removal.User = v1alpha1.RemovalUserDelete
				if api.gone {
					api.people = map[string]*laggingPerson{}
					jane.Spec.Known.Users = nil
				}
				var of auth0.API = api
				if api.gone {
					of = goneAuth0{api}
				}
				r, cluster := reconciler(t, of, api.Now, customer, jane)
				stands, _ := onePass(t, r, cluster, jane)
				g.Expect(stands.Status.State).To(Equal(v1alpha1.RemovalDone))
				g.Expect(stands.Status.Outcome).To(Equal(v1alpha1.OutcomeLeftAsIs))
				g.Expect(api.calls).NotTo(HaveKey("grant"))
				g.Expect(api.calls).NotTo(HaveKey("membership"))
			})
		}
	}
}

// goneAuth0 knows nothing of the organization.
type goneAuth0 struct{ markedAuth0 }

func (goneAuth0) Members(context.Context, string) ([]auth0.OrganizationMember, error) {
	return nil, &auth0.Error{Kind: auth0.KindNotFound}
}

func (goneAuth0) Invitations(context.Context, string) ([]auth0.Invitation, bool, error) {
	return nil, false, &auth0.Error{Kind: auth0.KindNotFound}
}

// TestRemovalGrace: whoever is declared comes back, however long that takes; else the grace ends.
func TestRemovalGrace(t *testing.T) {
	back := func(m *v1alpha1.Member) { m.Status.Users = []v1alpha1.MemberUser{{UserID: "u1"}} }
	invited := func(m *v1alpha1.Member) { m.Status.Invitation = &v1alpha1.MemberInvitation{ID: "uinv_1"} }
	for name, tc := range map[string]struct {
		left    time.Duration
		user    v1alpha1.RemovalUser
		unknown bool
		admin   bool
		members []client.Object
		state   v1alpha1.RemovalState
		outcome v1alpha1.RemovalOutcome
	}{
		"it is not over":                     {left: time.Hour, state: v1alpha1.RemovalRemoved},
		"it is over":                         {state: v1alpha1.RemovalDone, outcome: v1alpha1.OutcomeRemoved},
		"it is over, users go":               {user: v1alpha1.RemovalUserDelete, state: v1alpha1.RemovalDeleting},
		"… and there is none":                {user: v1alpha1.RemovalUserDelete, unknown: true, state: v1alpha1.RemovalDone, outcome: v1alpha1.OutcomeRemoved},
		"it is not over, users go":           {left: time.Hour, user: v1alpha1.RemovalUserDelete, state: v1alpha1.RemovalRemoved},
		"declared, and waits for a seat":     {members: []client.Object{member("again", "JANE@acme.com")}, state: v1alpha1.RemovalRemoved},
		"declared, users go":                 {user: v1alpha1.RemovalUserDelete, members: []client.Object{member("again", "jane@acme.com")}, state: v1alpha1.RemovalRemoved},
		"named as an admin":                  {admin: true, state: v1alpha1.RemovalRemoved},
		"brought back":                       {left: time.Hour, members: []client.Object{member("again", "jane@acme.com", back)}, state: v1alpha1.RemovalDone, outcome: v1alpha1.OutcomeTakenOver},
		"invited anew":                       {left: time.Hour, members: []client.Object{member("again", "jane@acme.com", invited)}, state: v1alpha1.RemovalDone, outcome: v1alpha1.OutcomeTakenOver},
		"whoever is leaving is not back":     {left: time.Hour, members: []client.Object{member("jane", "jane@acme.com", back, deleted)}, state: v1alpha1.RemovalRemoved},
		"another person's Member is nothing": {members: []client.Object{member("bob", "bob@acme.com", back)}, state: v1alpha1.RemovalDone, outcome: v1alpha1.OutcomeRemoved},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			customer, jane := acme(), leaving("jane", v1alpha1.RemovalRemoved)
			customer.Spec.Removal.User = tc.user
			if tc.admin {
				customer.Spec.Admins = []v1alpha1.Admin{{Email: "Jane@acme.com"}}
			}
			if tc.unknown {
				jane.Spec.Known = v1alpha1.Known{}
			}
			jane.Status.RestorableUntil = ptr.To(metav1.NewMicroTime(clock{}.Now().Add(tc.left)))
			r, cluster := reconciler(t, clock{}, clock{}.Now, append(tc.members, customer, jane)...)
			stands, after := onePass(t, r, cluster, jane)
			g.Expect(stands.Status.State).To(Equal(tc.state))
			g.Expect(stands.Status.Outcome).To(Equal(tc.outcome))
			if tc.left > 0 && tc.state == v1alpha1.RemovalRemoved && len(tc.members) == 0 {
				g.Expect(after).To(Equal(tc.left))
			}
		})
	}
}

// TestOneMailDestructionLooksPastTheCache: no user is deleted of whom a Member was applied a moment ago: Members are
// listed past the cache after the Removal said Deleting.
func TestOneMailDestructionLooksPastTheCache(t *testing.T) {
	for name, state := range map[string]v1alpha1.RemovalState{"before it says so": v1alpha1.RemovalRemoved, "after it said so": v1alpha1.RemovalDeleting} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			customer, jane := acme(), leaving("jane", state)
			customer.Spec.Removal.User = v1alpha1.RemovalUserDelete
			r, cluster := reconciler(t, clock{}, clock{}.Now, customer, jane) // the port panics when a user is read
			g.Expect(cluster.Create(t.Context(), member("again", "jane@acme.com"))).To(Succeed())
			r.Client = interceptor.NewClient(cluster, interceptor.Funcs{
				List: func(ctx context.Context, inner client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
					if members, are := list.(*v1alpha1.MemberList); are {
						members.Items = nil
						return nil // the cache does not show it yet
					}
					return inner.List(ctx, list, opts...)
				},
			})
			stands, _ := onePass(t, r, cluster, jane)
			if state == v1alpha1.RemovalRemoved {
				g.Expect(stands.Status.State).To(Equal(v1alpha1.RemovalDeleting))
				stands, _ = onePass(t, r, cluster, stands)
			}
			g.Expect(stands.Status.State).To(Equal(v1alpha1.RemovalRemoved))
		})
	}
}

// TestRemovalEndsInTwoSteps: what is done goes when no Member waits for it, at the version that was read.
func TestRemovalEndsInTwoSteps(t *testing.T) {
	g := NewWithT(t)
	jane := leaving("jane", v1alpha1.RemovalDone)
	waiting := member("jane", "jane@acme.com", deleted)
	r, cluster := reconciler(t, clock{}, clock{}.Now, acme(), jane, waiting)
	stands, _ := onePass(t, r, cluster, jane)
	g.Expect(stands).NotTo(BeNil(), "a Member waits for it")
	g.Expect(stands.Finalizers).To(ConsistOf(v1alpha1.Finalizer))

	g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(waiting), waiting)).To(Succeed())
	waiting.Finalizers = nil
	g.Expect(cluster.Update(t.Context(), waiting)).To(Succeed())
	joined := false
	r.Client = interceptor.NewClient(cluster, interceptor.Funcs{
		List: func(ctx context.Context, inner client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			err := inner.List(ctx, list, opts...)
			if !joined { // another Member joins it in that moment
				joined = true
				stands.Status.State, stands.Status.Outcome = v1alpha1.RemovalPending, ""
				g.Expect(cluster.Status().Update(ctx, stands)).To(Succeed())
			}
			return err
		},
	})
	_, _ = r.Reconcile(t.Context(), requestFor(jane))
	stands = read(t, cluster, jane)
	g.Expect(stands.Finalizers).To(ConsistOf(v1alpha1.Finalizer))
	g.Expect(stands.DeletionTimestamp).To(BeNil())

	stands.Status.State = v1alpha1.RemovalDone
	g.Expect(cluster.Status().Update(t.Context(), stands)).To(Succeed())
	stands, _ = onePass(t, r, cluster, jane)
	g.Expect(stands).To(BeNil())
}
