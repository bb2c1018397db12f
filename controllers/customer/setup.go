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
	"github.com/seatwarden/seatwarden/controllers/internal/leaver"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/controllers/internal/people"
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
		Watches(&v1alpha1.Removal{}, handler.WithLowPriorityWhenUnchanged(r.rested()), builder.WithPredicates(goesOn)).
		WatchesRawSource(source.Channel(r.Customers.Subscribe(), &handler.EnqueueRequestForObject{})).
		WatchesRawSource(r.turns.Source()).
		WithOptions(controller.Options{MaxConcurrentReconciles: hands.Passes(), RateLimiter: pass.BackOff()}).
		Complete(pass.Traced("customer", hands.Work(r)))
}

// ledgerLeft passes a status that was taken away, or has lines on the ledger.
var ledgerLeft = predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
	old, now := e.ObjectOld.(*v1alpha1.Customer), e.ObjectNew.(*v1alpha1.Customer)
	return old.Status.OrganizationID != "" && now.Status.OrganizationID == "" || len(now.Status.Assigning) > 0 && old.ResourceVersion != now.ResourceVersion
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

// goesOn passes the changes of a Removal that its Customer counts.
var goesOn = predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
	old, now := e.ObjectOld.(*v1alpha1.Removal), e.ObjectNew.(*v1alpha1.Removal)
	return old.Status.State != now.Status.State || !equality.Semantic.DeepEqual(old.Status.Known, now.Status.Known)
}}

// customerOf is the Customer of a Member or a Removal.
func customerOf(obj client.Object) types.NamespacedName {
	name := types.NamespacedName{Namespace: obj.GetNamespace()}
	switch o := obj.(type) {
	case *v1alpha1.Member:
		name.Name = o.Spec.CustomerRef.Name
	case *v1alpha1.Removal:
		name.Name = o.Spec.CustomerRef.Name
	}
	return name
}

// rested wakes the Customer of a Member or a Removal: at once, or when it has rested from the pass that
// it had just now. So thousands of Members that change are some passes over the list.
func (r *Reconciler) rested() handler.EventHandler {
	wake := func(obj client.Object, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) {
		name := customerOf(obj)
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

// SetupWithManager registers the rounds and what wakes them: a Removal that is not decided, a
// Member that declares somebody or does no more, and what the Customer's people may change.
func (r *RemovalRounds) SetupWithManager(mgr ctrl.Manager, workers int) error {
	owner := handler.EnqueueRequestsFromMapFunc(func(_ context.Context, obj client.Object) []reconcile.Request {
		return []reconcile.Request{{NamespacedName: customerOf(obj)}}
	})
	return ctrl.NewControllerManagedBy(mgr).
		Named("customer-removals").
		For(&v1alpha1.Customer{}, builder.WithPredicates(predicate.Or(predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{}))).
		Watches(&v1alpha1.Removal{}, owner, builder.WithPredicates(undecidedOnly)).
		Watches(&v1alpha1.Member{}, owner, builder.WithPredicates(declaresOrNot)).
		WatchesRawSource(source.Channel(r.Customers.Subscribe(), &handler.EnqueueRequestForObject{})).
		WithOptions(controller.Options{MaxConcurrentReconciles: workers, RateLimiter: pass.BackOff()}).
		Complete(pass.Traced("customer-removals", r))
}

// undecidedOnly passes a Removal that waits for a decision.
var undecidedOnly = predicate.Funcs{
	UpdateFunc: func(e event.UpdateEvent) bool {
		old, now := e.ObjectOld.(*v1alpha1.Removal), e.ObjectNew.(*v1alpha1.Removal)
		return leaver.StateOf(old) != leaver.StateOf(now) && leaver.StateOf(now) == v1alpha1.RemovalPending
	},
	DeleteFunc: func(event.DeleteEvent) bool { return false },
}

// declaresOrNot passes the changes by which a Member declares its person, or does no more.
var declaresOrNot = predicate.Funcs{
	CreateFunc: func(event.CreateEvent) bool { return false },
	UpdateFunc: func(e event.UpdateEvent) bool {
		old, now := e.ObjectOld.(*v1alpha1.Member), e.ObjectNew.(*v1alpha1.Member)
		return people.TakesOver(old) != people.TakesOver(now)
	},
}
