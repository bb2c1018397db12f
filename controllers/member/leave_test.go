package member

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/leaver"
	"github.com/seatwarden/seatwarden/controllers/internal/people"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// marked is an Auth0 whose organization has a marker, and in which nobody is.
type marked struct {
	clock

	marker string
}

func (m marked) Organization(context.Context, string) (auth0.Organization, error) {
	return auth0.Organization{ID: "org_1", Metadata: map[string]string{ownership.MetadataOwner: m.marker}}, nil
}

func (marked) Invitations(context.Context, string) ([]auth0.Invitation, bool, error) {
	return nil, false, nil
}

func (marked) Members(context.Context, string) ([]auth0.OrganizationMember, error) { return nil, nil }

func (marked) UsersWithAppMetadata(context.Context, string) ([]auth0.User, bool, error) {
	return nil, false, nil
}

// stands tells whether a Member is still there with our finalizer.
func stands(t *testing.T, cluster client.Client, member *v1alpha1.Member) bool {
	t.Helper()
	now := &v1alpha1.Member{}
	err := cluster.Get(t.Context(), client.ObjectKeyFromObject(member), now)
	if apierrors.IsNotFound(err) {
		return false
	}
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return people.Leaves(now)
}

// removalsIn are all Removals of acme.
func removalsIn(t *testing.T, cluster client.Client) []v1alpha1.Removal {
	t.Helper()
	list, err := leaver.List(t.Context(), cluster, "n", "acme")
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return list
}

// TestRemovalIsAskedFor: a Member that held something, and whom nobody else declares, asks for a Removal with all that is
// known of the person, and stays. Who never held anything goes at once, and nobody is taken from another's organization.
func TestRemovalIsAskedFor(t *testing.T) {
	waited := func(m *v1alpha1.Member) {
		m.Status = v1alpha1.MemberStatus{Seat: &v1alpha1.MemberSeat{State: v1alpha1.SeatWaiting, Reason: v1alpha1.ReasonSeatLimitReached}}
	}
	for name, tc := range map[string]struct {
		marker string
		admin  bool
		change func(*v1alpha1.Member)
		asks   bool
	}{
		"who joined":                    {asks: true},
		"an admin":                      {admin: true, asks: true},
		"who waited for a seat":         {change: waited},
		"an admin who waited":           {admin: true, change: waited},
		"the status was lost":           {change: func(m *v1alpha1.Member) { m.Status = v1alpha1.MemberStatus{} }, asks: true},
		"the organization is another's": {marker: "prod/n/acme"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			customer, jane := acme(), deleted("jane", "jane@acme.com")
			if tc.admin {
				customer.Spec.Admins = []v1alpha1.Admin{{Email: "Jane@acme.com"}}
			}
			if tc.change != nil {
				tc.change(jane)
			}
			r, cluster := leavingIn(t, marked{marker: tc.marker}, customer, jane)
			leave(t, r, jane)
			g.Expect(stands(t, cluster, jane)).To(Equal(tc.asks))
			if !tc.asks {
				g.Expect(removalsIn(t, cluster)).To(BeEmpty())
				return
			}
			asked := removalIn(t, cluster, "jane@acme.com")
			g.Expect(asked.Spec.Member).To(Equal(v1alpha1.RemovalMember{Name: "jane", UID: jane.UID}))
			g.Expect(asked.Spec.CustomerRef).To(Equal(v1alpha1.RemovalCustomer{Name: "acme", UID: "u"}))
			g.Expect(asked.Spec.OrganizationID).To(Equal("org_1"))
			g.Expect(asked.Spec.Known.Users).To(HaveLen(len(jane.Status.Users)))
			g.Expect(asked.Finalizers).To(ConsistOf(v1alpha1.Finalizer))
			g.Expect(leaver.StateOf(asked)).To(Equal(v1alpha1.RemovalPending))
			leave(t, r, jane)
			g.Expect(removalsIn(t, cluster)).To(HaveLen(1))
			g.Expect(stands(t, cluster, jane)).To(BeTrue(), "nothing is decided")
		})
	}
}

// TestRemovalThatIsRefused: a quota or a policy refuses the Removal: the Member stays, and says what is to be done.
func TestRemovalThatIsRefused(t *testing.T) {
	g := NewWithT(t)
	jane := deleted("jane", "jane@acme.com")
	r, cluster := leavingIn(t, marked{}, acme(), jane)
	r.Client = interceptor.NewClient(cluster, interceptor.Funcs{
		Create: func(context.Context, client.WithWatch, client.Object, ...client.CreateOption) error {
			return apierrors.NewForbidden(v1alpha1.GroupVersion.WithResource("removals").GroupResource(), "acme", nil)
		},
	})
	leave(t, r, jane)
	g.Expect(stands(t, cluster, jane)).To(BeTrue())
	g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(jane), jane)).To(Succeed())
	stalled := meta.FindStatusCondition(jane.Status.Conditions, v1alpha1.ConditionStalled)
	g.Expect(stalled).NotTo(BeNil())
	g.Expect(stalled.Reason).To(Equal(v1alpha1.ReasonRemovalRefused))
}

// TestRemovalLetsItsMemberGo: the finalizer goes when the removal that carries the Member is held or confirmed, and not before.
func TestRemovalLetsItsMemberGo(t *testing.T) {
	for name, tc := range map[string]struct {
		state   v1alpha1.RemovalState
		outcome v1alpha1.RemovalOutcome
		stays   bool
		then    v1alpha1.RemovalState
	}{
		"not decided":                           {"", "", true, ""},
		"said Pending":                          {v1alpha1.RemovalPending, "", true, v1alpha1.RemovalPending},
		"held":                                  {v1alpha1.RemovalHeld, "", false, v1alpha1.RemovalHeld},
		"being removed":                         {v1alpha1.RemovalRemoving, "", true, v1alpha1.RemovalRemoving},
		"removed":                               {v1alpha1.RemovalRemoved, "", false, v1alpha1.RemovalRemoved},
		"the user goes":                         {v1alpha1.RemovalDeleting, "", false, v1alpha1.RemovalDeleting},
		"done":                                  {v1alpha1.RemovalDone, v1alpha1.OutcomeRemoved, false, v1alpha1.RemovalDone},
		"left as is":                            {v1alpha1.RemovalDone, v1alpha1.OutcomeLeftAsIs, false, v1alpha1.RemovalDone},
		"taken over by one that is gone by now": {v1alpha1.RemovalDone, v1alpha1.OutcomeTakenOver, true, v1alpha1.RemovalPending},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			jane := deleted("jane", "jane@acme.com")
			removal := removalOf(jane, tc.state)
			removal.Status.Outcome = tc.outcome
			r, cluster := leavingIn(t, marked{}, acme(), jane, removal)
			leave(t, r, jane)
			g.Expect(stands(t, cluster, jane)).To(Equal(tc.stays))
			g.Expect(removalIn(t, cluster, "jane@acme.com").Status.State).To(Equal(tc.then))
		})
	}
}

// TestRemovalIsJoined: a further Member of the person that is deleted writes itself into the Removal with what it knows. A
// removal that was confirmed is undecided again.
func TestRemovalIsJoined(t *testing.T) {
	at := metav1.NewMicroTime(clock{}.Now())
	never := func(m *v1alpha1.Member) {
		m.Status = v1alpha1.MemberStatus{Seat: &v1alpha1.MemberSeat{State: v1alpha1.SeatWaiting}}
	}
	for name, tc := range map[string]struct {
		state  v1alpha1.RemovalState
		change func(*v1alpha1.Member)
		then   v1alpha1.RemovalState
		joins  bool
		goes   bool
	}{
		"not decided":                          {state: v1alpha1.RemovalPending, then: v1alpha1.RemovalPending, joins: true},
		"held":                                 {state: v1alpha1.RemovalHeld, then: v1alpha1.RemovalHeld, joins: true},
		"being removed":                        {state: v1alpha1.RemovalRemoving, then: v1alpha1.RemovalRemoving, joins: true},
		"removed":                              {state: v1alpha1.RemovalRemoved, then: v1alpha1.RemovalPending, joins: true},
		"done":                                 {state: v1alpha1.RemovalDone, then: v1alpha1.RemovalPending, joins: true},
		"the user goes":                        {state: v1alpha1.RemovalDeleting, then: v1alpha1.RemovalDeleting},
		"who never held anything":              {state: v1alpha1.RemovalHeld, change: never, then: v1alpha1.RemovalHeld, goes: true},
		"who never held anything, removed":     {state: v1alpha1.RemovalRemoved, change: never, then: v1alpha1.RemovalRemoved, goes: true},
		"who never held anything, not decided": {state: v1alpha1.RemovalPending, change: never, then: v1alpha1.RemovalPending, goes: true},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			first, second := deleted("first", "jane@acme.com"), deleted("second", "Jane@acme.com")
			if tc.change != nil {
				tc.change(second)
			}
			removal := removalOf(first, tc.state)
			removal.Status.Decision = &v1alpha1.RemovalDecision{Outcome: v1alpha1.DecisionAdmitted, At: at, Round: 1}
			removal.Status.Withdrawal = &v1alpha1.Withdrawal{StartedAt: at, ChangedAt: at, ConfirmedAt: &at}
			removal.Status.RestorableUntil = &at
			r, cluster := leavingIn(t, marked{}, acme(), second, removal)
			leave(t, r, second)
			g.Expect(stands(t, cluster, second)).To(Equal(!tc.goes))
			now := removalIn(t, cluster, "jane@acme.com")
			g.Expect(now.Status.State).To(Equal(tc.then))
			g.Expect(leaver.Carries(now, second.UID)).To(Equal(tc.joins))
			if tc.joins {
				g.Expect(leaver.Known(now).Users).To(HaveLen(2), "of both")
			}
			again := tc.joins && tc.then == v1alpha1.RemovalPending && tc.state != tc.then
			g.Expect(now.Status.Decision == nil).To(Equal(again))
			g.Expect(now.Status.Withdrawal == nil).To(Equal(again))
			g.Expect(now.Status.RestorableUntil == nil).To(Equal(again))
		})
	}
}

// TestRemovalIsJoinedAsItWasRead: a Removal that goes on in that moment is read again.
func TestRemovalIsJoinedAsItWasRead(t *testing.T) {
	g := NewWithT(t)
	first, second := deleted("first", "jane@acme.com"), deleted("second", "jane@acme.com")
	removal := removalOf(first, v1alpha1.RemovalRemoved)
	r, cluster := leavingIn(t, marked{}, acme(), second, removal)
	r.Client = interceptor.NewClient(cluster, interceptor.Funcs{
		SubResourcePatch: func(ctx context.Context, inner client.Client, sub string, obj client.Object, patch client.Patch, opts ...client.SubResourcePatchOption) error {
			if _, is := obj.(*v1alpha1.Removal); is {
				now := removalIn(t, cluster, "jane@acme.com")
				now.Status.State = v1alpha1.RemovalDeleting
				g.Expect(cluster.Status().Update(ctx, now)).To(Succeed())
			}
			return inner.SubResource(sub).Patch(ctx, obj, patch, opts...)
		},
	})
	_, _ = (&LeavingReconciler{r}).Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(second)})
	now := removalIn(t, cluster, "jane@acme.com")
	g.Expect(now.Status.State).To(Equal(v1alpha1.RemovalDeleting))
	g.Expect(leaver.Carries(now, second.UID)).To(BeFalse())
	g.Expect(stands(t, cluster, second)).To(BeTrue())
}

// TestOneMailHandedOverBeforeAnythingIsDecided: a Member of the address that has a seat takes everything over, whether a
// Removal was asked for or not: that ends first, and nobody is admitted who is handed over.
func TestOneMailHandedOverBeforeAnythingIsDecided(t *testing.T) {
	for name, asked := range map[string]bool{"nothing was asked for": false, "a Removal was asked for": true} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			jane, again := deleted("jane", "jane@acme.com"), applied("again", "JANE@acme.com")
			objects := []client.Object{acme(), jane, again}
			if asked {
				objects = append(objects, removalOf(jane, v1alpha1.RemovalPending))
			}
			r, cluster := leavingIn(t, marked{}, objects...)
			leave(t, r, jane)
			g.Expect(stands(t, cluster, jane)).To(BeFalse())
			g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(again), again)).To(Succeed())
			g.Expect(again.Status.Users).To(ConsistOf(HaveField("UserID", jane.Status.Users[0].UserID)))
			if asked {
				g.Expect(removalIn(t, cluster, "jane@acme.com").Status.Outcome).To(Equal(v1alpha1.OutcomeTakenOver))
			} else {
				g.Expect(removalsIn(t, cluster)).To(BeEmpty())
			}
		})
	}
}

// TestRemovalIsHandedOverToWhoIsThere: a cache that still shows a Member that is gone lets nobody go without a
// Removal, whatever the status of the one that leaves knows.
func TestRemovalIsHandedOverToWhoIsThere(t *testing.T) {
	for name, wiped := range map[string]bool{"with a status": false, "with a status that was lost": true} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			jane, again := deleted("jane", "jane@acme.com"), applied("again", "jane@acme.com")
			if wiped {
				jane.Status = v1alpha1.MemberStatus{}
			}
			r, cluster := leavingIn(t, marked{}, acme(), jane)
			r.Client = interceptor.NewClient(cluster, interceptor.Funcs{
				List: func(ctx context.Context, inner client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
					err := inner.List(ctx, list, opts...)
					if members, are := list.(*v1alpha1.MemberList); are {
						members.Items = append(members.Items, *again)
					}
					return err
				},
			})
			leave(t, r, jane)
			g.Expect(stands(t, cluster, jane)).To(BeTrue())
			g.Expect(removalIn(t, cluster, "jane@acme.com")).NotTo(BeNil(), "she is removed")
		})
	}
}

// TestSeatsHandOverWaitsForASeat: nothing is handed over to a Member without a seat, or one that could go unseen.
func TestSeatsHandOverWaitsForASeat(t *testing.T) {
	for name, change := range map[string]func(*v1alpha1.Member){
		"it waits for its seat": func(m *v1alpha1.Member) { m.Status.Seat = nil },
		"it has no finalizer":   func(m *v1alpha1.Member) { m.Finalizers = nil },
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			jane, again := deleted("jane", "jane@acme.com"), applied("again", "jane@acme.com")
			change(again)
			r, cluster := leavingIn(t, marked{}, acme(), jane, again, removalOf(jane, v1alpha1.RemovalPending))
			result := leave(t, r, jane)
			g.Expect(result.RequeueAfter).To(BeNumerically(">", 0))
			g.Expect(result.RequeueAfter).To(BeNumerically("<=", time.Minute))
			g.Expect(stands(t, cluster, jane)).To(BeTrue())
			g.Expect(removalIn(t, cluster, "jane@acme.com").Status.State).To(Equal(v1alpha1.RemovalPending))
		})
	}
}
