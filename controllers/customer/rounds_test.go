package customer

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/leaver"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/removal"
)

// braked is a cluster in which acme, of whom the brake lets two go, has so many who leave.
func braked(t *testing.T, leaving int, more ...client.Object) (cluster client.WithWatch, removals []*v1alpha1.Removal) {
	t.Helper()
	customer := acme()
	customer.ResourceVersion = ""
	customer.Spec.Removal.Brake.People, customer.Spec.Removal.Brake.Percent = ptr.To(int32(2)), ptr.To(int32(0))
	objects := append([]client.Object{customer}, more...)
	for i := range leaving {
		r := asked(fmt.Sprintf("p%03d", i), func(r *v1alpha1.Removal) {
			r.ResourceVersion, r.Spec.RequestedAt = "", metav1.NewMicroTime(nobody{}.Now().Add(time.Duration(i)*time.Second))
		})
		member := leaves(r)
		removals, objects = append(removals, r), append(objects, r, &member)
	}
	return clusterOf(t, objects...), removals
}

// roundsOver are the rounds of one operator.
func roundsOver(writes client.Client, live client.Reader) *RemovalRounds {
	shared := directory.New()
	shared.Put("default", v1alpha1.Auth0TenantSpec{}, nobody{})
	now := nobody{}.Now()
	return &RemovalRounds{Client: writes, Live: live, Directory: shared, Recorder: events.NewFakeRecorder(1000), Now: func() time.Time {
		now = now.Add(2 * betweenRounds) // nobody waits in a test
		return now
	}}
}

// play is one round of acme.
func play(t *testing.T, rounds *RemovalRounds) (ctrl.Result, error) {
	t.Helper()
	return rounds.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKey{Namespace: "n", Name: "acme"}})
}

// standing is how acme and its Removals stand.
func standing(t *testing.T, cluster client.Client) (customer *v1alpha1.Customer, states map[v1alpha1.RemovalState]int) {
	t.Helper()
	customer, states = &v1alpha1.Customer{}, map[v1alpha1.RemovalState]int{}
	NewWithT(t).Expect(cluster.Get(t.Context(), client.ObjectKey{Namespace: "n", Name: "acme"}, customer)).To(Succeed())
	removals, err := leaver.List(t.Context(), cluster, "n", "acme")
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	for i := range removals {
		states[leaver.StateOf(&removals[i])]++
	}
	return customer, states
}

func admittedIn(customer *v1alpha1.Customer) (count int) {
	if customer.Status.Removals == nil {
		return 0
	}
	for _, minute := range customer.Status.Removals.Admitted {
		count += int(minute.Count)
	}
	return count
}

// TestRemovalRoundPlays: a round lets through as many as the brake does, holds the others, and leaves
// nothing in the ledger but what the brake counts.
func TestRemovalRoundPlays(t *testing.T) {
	g := NewWithT(t)
	cluster, removals := braked(t, 5)
	_, err := play(t, roundsOver(cluster, cluster))
	g.Expect(err).NotTo(HaveOccurred())
	customer, states := standing(t, cluster)
	g.Expect(states).To(Equal(map[v1alpha1.RemovalState]int{v1alpha1.RemovalRemoving: 2, v1alpha1.RemovalHeld: 3}))
	g.Expect(customer.Status.Removals.Deciding).To(BeEmpty())
	g.Expect(customer.Status.Removals.Round).To(Equal(int64(1)))
	g.Expect(admittedIn(customer)).To(Equal(2))
	first := &v1alpha1.Removal{}
	g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(removals[0]), first)).To(Succeed())
	g.Expect(first.Status.State).To(Equal(v1alpha1.RemovalRemoving), "who was asked for first")
	g.Expect(first.Status.Withdrawal).NotTo(BeNil())
	g.Expect(first.Status.Summary).NotTo(BeEmpty())

	_, err = play(t, roundsOver(cluster, cluster))
	g.Expect(err).NotTo(HaveOccurred())
	again, _ := standing(t, cluster)
	g.Expect(again.ResourceVersion).To(Equal(customer.ResourceVersion), "a round that decides nothing writes nothing")
}

// TestRemovalTwoRoundsAtOnce: two operators that both believe they lead play a round on what
// they read together. Together they let no more through than one.
func TestRemovalTwoRoundsAtOnce(t *testing.T) {
	g := NewWithT(t)
	cluster, _ := braked(t, 5)
	another := func() {
		_, err := play(t, roundsOver(cluster, cluster))
		g.Expect(err).NotTo(HaveOccurred())
		more := leaves(asked("late", nil))
		r := asked("late", func(r *v1alpha1.Removal) { r.ResourceVersion = "" })
		g.Expect(cluster.Create(t.Context(), r)).To(Succeed())
		more.DeletionTimestamp = nil
		g.Expect(cluster.Create(t.Context(), &more)).To(Succeed())
		g.Expect(cluster.Delete(t.Context(), &more)).To(Succeed())
	}
	for _, kind := range []string{"Removals", "Members"} {
		cluster, _ = braked(t, 5)
		done := false
		live := interceptor.NewClient(cluster, interceptor.Funcs{
			List: func(ctx context.Context, inner client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
				_, removals := list.(*v1alpha1.RemovalList)
				before := !done && removals == (kind == "Removals")
				if before && removals {
					done = true
					another()
				}
				err := inner.List(ctx, list, opts...)
				if before && !removals {
					done = true
					another()
				}
				return err
			},
		})
		_, err := play(t, roundsOver(cluster, live))
		if err != nil {
			g.Expect(apierrors.IsConflict(err)).To(BeTrue(), err.Error())
		}
		g.Expect(done).To(BeTrue())
		customer, states := standing(t, cluster)
		g.Expect(states[v1alpha1.RemovalRemoving]).To(Equal(2), kind)
		g.Expect(admittedIn(customer)).To(Equal(2), kind)
	}
}

// TestRemovalLedgerComesFirst: nobody is admitted who does not stand in the ledger.
func TestRemovalLedgerComesFirst(t *testing.T) {
	g := NewWithT(t)
	cluster, _ := braked(t, 5)
	refusing := interceptor.NewClient(cluster, interceptor.Funcs{
		SubResourcePatch: func(ctx context.Context, inner client.Client, sub string, obj client.Object, patch client.Patch, opts ...client.SubResourcePatchOption) error {
			if _, ledger := obj.(*v1alpha1.Customer); ledger {
				return errors.New("etcdserver: request timed out")
			}
			return inner.SubResource(sub).Patch(ctx, obj, patch, opts...)
		},
	})
	_, err := play(t, roundsOver(refusing, cluster))
	g.Expect(err).To(HaveOccurred())
	_, states := standing(t, cluster)
	g.Expect(states).To(Equal(map[v1alpha1.RemovalState]int{v1alpha1.RemovalPending: 5}))
}

// TestRemovalRoundThatDied: an operator dies while it writes what its round decided. Whoever leads next
// finishes: nobody is counted twice, and no more go than the brake lets through.
func TestRemovalRoundThatDied(t *testing.T) {
	for after := range 6 {
		t.Run(fmt.Sprintf("after %d writes", after), func(t *testing.T) {
			g := NewWithT(t)
			cluster, _ := braked(t, 4)
			left := after
			dying := interceptor.NewClient(cluster, interceptor.Funcs{
				SubResourcePatch: func(ctx context.Context, inner client.Client, sub string, obj client.Object, patch client.Patch, opts ...client.SubResourcePatchOption) error {
					if left--; left < 0 {
						return errors.New("the process is gone")
					}
					return inner.SubResource(sub).Patch(ctx, obj, patch, opts...)
				},
			})
			_, err := play(t, roundsOver(dying, cluster))
			g.Expect(err).To(HaveOccurred())
			next := roundsOver(cluster, cluster)
			for range 3 {
				_, err := play(t, next)
				g.Expect(err).NotTo(HaveOccurred())
			}
			customer, states := standing(t, cluster)
			g.Expect(states).To(Equal(map[v1alpha1.RemovalState]int{v1alpha1.RemovalRemoving: 2, v1alpha1.RemovalHeld: 2}))
			g.Expect(admittedIn(customer)).To(Equal(2))
		})
	}
}

// TestRemovalIsDecidedAsListed: a Removal that changed since a round listed it is decided in another round: a
// Member may have joined it, or taken the person over.
func TestRemovalIsDecidedAsListed(t *testing.T) {
	g := NewWithT(t)
	cluster, removals := braked(t, 1)
	changing := interceptor.NewClient(cluster, interceptor.Funcs{
		SubResourcePatch: func(ctx context.Context, inner client.Client, sub string, obj client.Object, patch client.Patch, opts ...client.SubResourcePatchOption) error {
			if _, ledger := obj.(*v1alpha1.Customer); !ledger {
				r := removals[0].DeepCopy()
				g.Expect(cluster.Get(ctx, client.ObjectKeyFromObject(r), r)).To(Succeed())
				r.Status.State, r.Status.Outcome = v1alpha1.RemovalDone, v1alpha1.OutcomeTakenOver
				g.Expect(cluster.Status().Update(ctx, r)).To(Succeed())
			}
			return inner.SubResource(sub).Patch(ctx, obj, patch, opts...)
		},
	})
	_, err := play(t, roundsOver(changing, cluster))
	g.Expect(err).NotTo(HaveOccurred())
	_, states := standing(t, cluster)
	g.Expect(states).To(Equal(map[v1alpha1.RemovalState]int{v1alpha1.RemovalDone: 1}))
}

// TestRemovalOfWhoIsDeclaredMeanwhile: a Member that was applied after a round has listed the Removals is
// seen all the same: Members are listed later.
func TestRemovalOfWhoIsDeclaredMeanwhile(t *testing.T) {
	g := NewWithT(t)
	cluster, removals := braked(t, 1)
	live := interceptor.NewClient(cluster, interceptor.Funcs{
		List: func(ctx context.Context, inner client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			err := inner.List(ctx, list, opts...)
			if _, are := list.(*v1alpha1.RemovalList); are {
				again := declares(removals[0])
				g.Expect(cluster.Create(ctx, &again)).To(Succeed())
			}
			return err
		},
	})
	_, err := play(t, roundsOver(cluster, live))
	g.Expect(err).NotTo(HaveOccurred())
	_, states := standing(t, cluster)
	g.Expect(states).To(Equal(map[v1alpha1.RemovalState]int{v1alpha1.RemovalPending: 1}))
}

// TestHandsOffRoundOfWhoRests: nobody is decided about while the mode is not Manage, while the Customer
// is being deleted, or while a Member cannot be read.
func TestHandsOffRoundOfWhoRests(t *testing.T) {
	now := metav1.NewTime(nobody{}.Now())
	for name, change := range map[string]func(*v1alpha1.Customer){
		"observed":      func(c *v1alpha1.Customer) { c.Spec.Mode = v1alpha1.ModeObserve },
		"paused":        func(c *v1alpha1.Customer) { c.Spec.Mode = v1alpha1.ModePaused },
		"being deleted": func(c *v1alpha1.Customer) { c.DeletionTimestamp, c.Finalizers = &now, []string{v1alpha1.Finalizer} },
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			customer, r := acme(), asked("jane", func(r *v1alpha1.Removal) { r.ResourceVersion = "" })
			customer.ResourceVersion = ""
			change(customer)
			member := leaves(r)
			cluster := clusterOf(t, customer, r, &member)
			_, err := play(t, roundsOver(cluster, cluster))
			g.Expect(err).NotTo(HaveOccurred())
			_, states := standing(t, cluster)
			g.Expect(states).To(Equal(map[v1alpha1.RemovalState]int{v1alpha1.RemovalPending: 1}))
		})
	}
}

// TestRemovalRoundsComeOneASecond: thousands who leave together are some rounds, whoever wakes them; one a clock
// has turned back does not rest for long.
func TestRemovalRoundsComeOneASecond(t *testing.T) {
	g := NewWithT(t)
	now, name := nobody{}.Now(), client.ObjectKey{Namespace: "n", Name: "acme"}
	rounds := &RemovalRounds{Now: func() time.Time { return now }}
	g.Expect(rounds.rest(name)).To(BeZero())
	g.Expect(rounds.rest(name)).To(Equal(betweenRounds))
	g.Expect(rounds.rest(client.ObjectKey{Namespace: "n", Name: "beta"})).To(BeZero(), "another Customer's")
	now = now.Add(betweenRounds)
	g.Expect(rounds.rest(name)).To(BeZero())
	now = now.Add(-time.Hour)
	g.Expect(rounds.rest(name)).To(BeZero())
}

// TestRemovalBrakeOfTheTenant: what other Customers of the tenant let through counts, by their ledgers.
func TestRemovalBrakeOfTheTenant(t *testing.T) {
	g := NewWithT(t)
	minute := removal.MinuteOf(nobody{}.Now())
	other := func(name, tenant string, count int32) *v1alpha1.Customer {
		c := acme()
		c.Name, c.UID, c.ResourceVersion, c.Spec.TenantRef.Name = name, types.UID("u-"+name), "", tenant
		c.Status.Removals = &v1alpha1.RemovalLedger{Admitted: []v1alpha1.AdmittedRemovals{{Minute: minute, Count: count}}}
		return c
	}
	cluster, _ := braked(t, 3, other("beta", "default", 49), other("gamma", "elsewhere", 40))
	_, err := play(t, roundsOver(cluster, cluster))
	g.Expect(err).NotTo(HaveOccurred())
	_, states := standing(t, cluster)
	g.Expect(states).To(Equal(map[v1alpha1.RemovalState]int{v1alpha1.RemovalRemoving: 1, v1alpha1.RemovalHeld: 2}), "the tenant's limit is fifty")
}
