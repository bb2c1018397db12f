package customer

import (
	"context"
	"maps"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
)

// SetupWithManager registers the reconciler and what wakes it. Members are
// indexed by their Customer elsewhere.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager, workers int) error {
	changes := predicate.Or(predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{}, ledgerLeft)
	hands := pass.NewWorkers(workers)
	return ctrl.NewControllerManagedBy(mgr).
		Named("customer").
		For(&v1alpha1.Customer{}, builder.WithPredicates(changes)).
		Watches(&v1alpha1.Member{}, handler.WithLowPriorityWhenUnchanged(r.rested()), builder.WithPredicates(concernsCustomer)).
		WatchesRawSource(source.Channel(r.Customers.Subscribe(), &handler.EnqueueRequestForObject{})).
		WatchesRawSource(r.turns.Source()).
		WithOptions(controller.Options{MaxConcurrentReconciles: hands.Passes(), RateLimiter: pass.BackOff()}).
		Complete(pass.Traced("customer", hands.Work(r)))
}

// ledgerLeft passes a status that was taken away, has lines on the ledger, or on
// whose list of withdrawn people something changed.
var ledgerLeft = predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
	old, now := e.ObjectOld.(*v1alpha1.Customer), e.ObjectNew.(*v1alpha1.Customer)
	return !equality.Semantic.DeepEqual(old.Status.Withdrawn, now.Status.Withdrawn) ||
		old.Status.OrganizationID != "" && now.Status.OrganizationID == "" || len(now.Status.Assigning) > 0 && old.ResourceVersion != now.ResourceVersion
}}

// concernsCustomer passes the changes of a Member that its Customer acts on or counts.
var concernsCustomer = predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
	old, now := e.ObjectOld.(*v1alpha1.Member), e.ObjectNew.(*v1alpha1.Member)
	return !equality.Semantic.DeepEqual(old.Status.Seat, now.Status.Seat) ||
		!equality.Semantic.DeepEqual(old.Status.Withdrawal, now.Status.Withdrawal) ||
		old.DeletionTimestamp.IsZero() != now.DeletionTimestamp.IsZero() ||
		len(old.Finalizers) != len(now.Finalizers) ||
		invitationState(old) != invitationState(now) ||
		len(old.Status.Users) != len(now.Status.Users) ||
		confirmed(old) != confirmed(now) || active(old) != active(now) ||
		old.Status.PlannedCount != now.Status.PlannedCount || !equality.Semantic.DeepEqual(old.Status.Planned, now.Status.Planned) ||
		old.Annotations[v1alpha1.AnnotationInviteRequestedAt] != now.Annotations[v1alpha1.AnnotationInviteRequestedAt]
}}

func invitationState(member *v1alpha1.Member) v1alpha1.InvitationState {
	if member.Status.Invitation == nil {
		return ""
	}
	return member.Status.Invitation.State
}

func customerOfMember(obj client.Object) types.NamespacedName {
	member := obj.(*v1alpha1.Member)
	return types.NamespacedName{Namespace: member.Namespace, Name: member.Spec.CustomerRef.Name}
}

// rested wakes a Member's Customer: at once, or when it has rested from the pass that
// it had just now. So thousands of Members that change are some passes over the list.
func (r *Reconciler) rested() handler.EventHandler {
	wake := func(obj client.Object, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) {
		name := customerOfMember(obj)
		queue.AddAfter(reconcile.Request{NamespacedName: name}, r.restLeft(name))
	}
	return handler.Funcs{
		CreateFunc: func(_ context.Context, e event.CreateEvent, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			wake(e.Object, queue)
		},
		UpdateFunc: func(_ context.Context, e event.UpdateEvent, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			wake(e.ObjectNew, queue)
		},
		DeleteFunc: func(_ context.Context, e event.DeleteEvent, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			wake(e.Object, queue)
		},
	}
}

// longestRest is how old what a Customer says of its Members may be.
const longestRest = 2 * time.Second

// restOf is how long a Customer with so many Members rests: a pass costs as much as
// it has Members.
func restOf(members int) time.Duration {
	return min(200*time.Millisecond+time.Duration(members)*200*time.Microsecond, longestRest)
}

// rest lets a Customer rest from a pass that ends now. One that is gone is forgotten
// with the next that ends.
func (r *Reconciler) rest(name types.NamespacedName, members int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.resting == nil {
		r.resting = map[types.NamespacedName]time.Time{}
	}
	now := r.Now()
	maps.DeleteFunc(r.resting, func(_ types.NamespacedName, until time.Time) bool { return !now.Before(until) })
	r.resting[name] = now.Add(restOf(members))
}

// restLeft is how long a Customer still rests.
func (r *Reconciler) restLeft(name types.NamespacedName) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return min(max(r.resting[name].Sub(r.Now()), 0), longestRest)
}
