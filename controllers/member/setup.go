package member

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/leaver"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/controllers/internal/people"
)

// pollDeletion is how often a Member looks whether its organization is gone.
const pollDeletion = 3 * time.Second

// SetupWithManager registers the controllers of Members that stay and of those that leave. Members
// are indexed elsewhere.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager, workers int) error {
	givers, leavers := pass.NewWorkers(workers), pass.NewWorkers(workers)
	err := ctrl.NewControllerManagedBy(mgr).
		Named("member").
		For(&v1alpha1.Member{}, builder.WithPredicates(staying, news)).
		Watches(&v1alpha1.Customer{}, handler.EnqueueRequestsFromMapFunc(r.membersOfCustomer(hasDecision)), builder.WithPredicates(concernsMembers)).
		Watches(&v1alpha1.Customer{}, handler.EnqueueRequestsFromMapFunc(r.membersOfCustomer(waits)), builder.WithPredicates(concernsWaiting)).
		Watches(&v1alpha1.Removal{}, handler.EnqueueRequestsFromMapFunc(r.membersOfRemoval(stays)), builder.WithPredicates(otherState)).
		WatchesRawSource(source.Channel(r.Members.Subscribe(), &handler.EnqueueRequestForObject{}, source.WithPredicates[client.Object, reconcile.Request](staying))).
		WatchesRawSource(r.waiting.members.Source()).
		WithOptions(controller.Options{MaxConcurrentReconciles: givers.Passes(), RateLimiter: pass.BackOff()}).
		Complete(pass.Traced("member", givers.Work(r)))
	if err != nil {
		return err
	}
	return ctrl.NewControllerManagedBy(mgr).
		Named("member-leaving").
		For(&v1alpha1.Member{}, builder.WithPredicates(leaving, news)).
		Watches(&v1alpha1.Removal{}, handler.EnqueueRequestsFromMapFunc(r.membersOfRemoval(goes)), builder.WithPredicates(otherState)).
		Watches(&v1alpha1.Customer{}, handler.EnqueueRequestsFromMapFunc(r.membersOfCustomer(goes)), builder.WithPredicates(concernsMembers)).
		WatchesRawSource(source.Channel(r.Members.Subscribe(), &handler.EnqueueRequestForObject{}, source.WithPredicates[client.Object, reconcile.Request](leaving))).
		WatchesRawSource(r.waiting.leaving.Source()).
		WithOptions(controller.Options{MaxConcurrentReconciles: leavers.Passes(), RateLimiter: pass.BackOff()}).
		Complete(pass.Traced("member-leaving", leavers.Work(&LeavingReconciler{r})))
}

var (
	staying = predicate.NewPredicateFuncs(func(obj client.Object) bool { return obj.GetDeletionTimestamp().IsZero() })
	leaving = predicate.NewPredicateFuncs(func(obj client.Object) bool { return !obj.GetDeletionTimestamp().IsZero() })
)

func stays(member *v1alpha1.Member) bool { return member.DeletionTimestamp.IsZero() }

// hasDecision: the Member stays, and has a seat or was refused one.
func hasDecision(member *v1alpha1.Member) bool { return stays(member) && !waits(member) }

func goes(member *v1alpha1.Member) bool { return !member.DeletionTimestamp.IsZero() }

// waits: the Member has no seat yet, or is not decided about.
func waits(member *v1alpha1.Member) bool {
	return stays(member) && (member.Status.Seat == nil || member.Status.Seat.State == v1alpha1.SeatWaiting)
}

// news passes what others changed of a Member: its spec, a request, its seat, our
// finalizer or a status that was taken away. What the controllers themselves
// write is none: a pass that fails would be repeated at once, and without end.
var news = predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
	old, now := e.ObjectOld.(*v1alpha1.Member), e.ObjectNew.(*v1alpha1.Member)
	return old.Generation != now.Generation ||
		old.DeletionTimestamp.IsZero() != now.DeletionTimestamp.IsZero() ||
		!equality.Semantic.DeepEqual(old.Annotations, now.Annotations) ||
		controllerutil.ContainsFinalizer(old, v1alpha1.Finalizer) && !controllerutil.ContainsFinalizer(now, v1alpha1.Finalizer) ||
		!equality.Semantic.DeepEqual(old.Status.Seat, now.Status.Seat) ||
		statusLost(old.Status, now.Status)
}}

func statusLost(old, now v1alpha1.MemberStatus) bool {
	return now.ObservedGeneration < old.ObservedGeneration || len(now.Users) < len(old.Users) ||
		old.Invitation != nil && now.Invitation == nil
}

// concernsMembers passes the changes of a Customer that its Members act on, and
// not its counters.
var concernsMembers = predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
	old, now := e.ObjectOld.(*v1alpha1.Customer), e.ObjectNew.(*v1alpha1.Customer)
	return old.Generation != now.Generation ||
		old.DeletionTimestamp.IsZero() != now.DeletionTimestamp.IsZero() ||
		old.Status.OrganizationID != now.Status.OrganizationID ||
		!equality.Semantic.DeepEqual(old.Status.Connections, now.Status.Connections) ||
		!equality.Semantic.DeepEqual(old.Status.Activation, now.Status.Activation) ||
		organizationLost(old) != organizationLost(now) ||
		hindrance(old) != hindrance(now) ||
		leaver.GuardInEffect(old) != leaver.GuardInEffect(now)
}}

// concernsWaiting passes what those who wait for a seat hope for, and what they say
// that they wait for. The seat itself wakes them.
var concernsWaiting = predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
	old, now := e.ObjectOld.(*v1alpha1.Customer), e.ObjectNew.(*v1alpha1.Customer)
	return old.Generation != now.Generation ||
		old.DeletionTimestamp.IsZero() != now.DeletionTimestamp.IsZero() ||
		organizationLost(old) != organizationLost(now) ||
		hindrance(old) != hindrance(now) ||
		(removing(old) == 0) != (removing(now) == 0)
}}

// otherState passes a Removal that comes, goes on or goes.
var otherState = predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
	old, now := e.ObjectOld.(*v1alpha1.Removal), e.ObjectNew.(*v1alpha1.Removal)
	return old.Status.State != now.Status.State || old.Status.Outcome != now.Status.Outcome ||
		meta.IsStatusConditionTrue(old.Status.Conditions, v1alpha1.ConditionStalled) != meta.IsStatusConditionTrue(now.Status.Conditions, v1alpha1.ConditionStalled)
}}

// membersOfRemoval are those Members of a Removal's person whom its news concern.
func (r *Reconciler) membersOfRemoval(concerned func(*v1alpha1.Member) bool) handler.MapFunc {
	return func(ctx context.Context, obj client.Object) []reconcile.Request {
		removal := obj.(*v1alpha1.Removal)
		members, err := people.Of(ctx, r.Client, removal.Namespace, removal.Spec.CustomerRef.Name, leaver.Ref(removal))
		if err != nil {
			log.FromContext(ctx).Error(err, "Failed to list the Members of a Removal's person")
			return nil
		}
		var requests []reconcile.Request
		for i := range members {
			if concerned(&members[i]) {
				requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&members[i])})
			}
		}
		return requests
	}
}

func removing(customer *v1alpha1.Customer) int32 {
	if customer.Status.Seats == nil {
		return 0
	}
	return customer.Status.Seats.Removing
}

// membersOfCustomer are the Members of a Customer whom its news concern.
func (r *Reconciler) membersOfCustomer(concerned func(*v1alpha1.Member) bool) handler.MapFunc {
	return func(ctx context.Context, customer client.Object) []reconcile.Request {
		list := &v1alpha1.MemberList{}
		err := r.Client.List(ctx, list, client.InNamespace(customer.GetNamespace()), client.MatchingFields{v1alpha1.FieldCustomerRef: customer.GetName()}, client.UnsafeDisableDeepCopy)
		if err != nil {
			log.FromContext(ctx).Error(err, "Failed to list Members of a Customer")
			return nil
		}
		var requests []reconcile.Request
		for i := range list.Items {
			if concerned(&list.Items[i]) {
				requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&list.Items[i])})
			}
		}
		return requests
	}
}
