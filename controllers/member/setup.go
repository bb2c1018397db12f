package member

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
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
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
)

// pollDeletion is how often a Member looks whether its organization is gone.
const pollDeletion = 3 * time.Second

// indexPerson finds a Customer's Members of one address in the cache.
const indexPerson = "person"

func personIndex(obj client.Object) []string {
	member := obj.(*v1alpha1.Member)
	return []string{personIn(member.Spec.CustomerRef.Name, personOf(member))}
}

// personIn is a person as a Customer's Members are indexed by it.
func personIn(customer, person string) string { return customer + "/" + person }

// SetupWithManager registers the controllers of Members and of those who were.
func (r *Reconciler) SetupWithManager(ctx context.Context, mgr ctrl.Manager, workers int) error {
	err := mgr.GetFieldIndexer().IndexField(ctx, &v1alpha1.Member{}, v1alpha1.FieldCustomerRef, func(obj client.Object) []string {
		return []string{obj.(*v1alpha1.Member).Spec.CustomerRef.Name}
	})
	if err != nil {
		return err
	}
	if err := mgr.GetFieldIndexer().IndexField(ctx, &v1alpha1.Member{}, indexPerson, personIndex); err != nil {
		return err
	}
	givers, takers, removers := pass.NewWorkers(workers), pass.NewWorkers(workers), pass.NewWorkers(workers)
	err = ctrl.NewControllerManagedBy(mgr).
		Named("member").
		For(&v1alpha1.Member{}, builder.WithPredicates(staying, news)).
		Watches(&v1alpha1.Customer{}, handler.EnqueueRequestsFromMapFunc(r.membersOfCustomer(hasDecision)), builder.WithPredicates(concernsMembers)).
		Watches(&v1alpha1.Customer{}, handler.EnqueueRequestsFromMapFunc(r.membersOfCustomer(waits)), builder.WithPredicates(concernsWaiting)).
		WatchesRawSource(source.Channel(r.Members.Subscribe(), &handler.EnqueueRequestForObject{}, source.WithPredicates[client.Object, reconcile.Request](staying))).
		WatchesRawSource(r.waiting.members.Source()).
		WithOptions(controller.Options{MaxConcurrentReconciles: givers.Passes(), RateLimiter: pass.BackOff()}).
		Complete(pass.Traced("member", givers.Work(r)))
	if err != nil {
		return err
	}
	err = ctrl.NewControllerManagedBy(mgr).
		Named("customer-withdrawn").
		For(&v1alpha1.Customer{}, builder.WithPredicates(concernsWithdrawn)).
		Watches(&v1alpha1.Member{}, handler.EnqueueRequestsFromMapFunc(r.customerWithWithdrawn), builder.WithPredicates(mayReturn)).
		WatchesRawSource(source.Channel(r.Customers.Subscribe(), &handler.EnqueueRequestForObject{})).
		WatchesRawSource(r.waiting.withdrawn.Source()).
		WithOptions(controller.Options{MaxConcurrentReconciles: takers.Passes(), RateLimiter: pass.BackOff()}).
		Complete(pass.Traced("customer-withdrawn", takers.Work(&WithdrawnReconciler{r})))
	if err != nil {
		return err
	}
	return ctrl.NewControllerManagedBy(mgr).
		Named("member-removal").
		For(&v1alpha1.Member{}, builder.WithPredicates(leaving, news)).
		Watches(&v1alpha1.Customer{}, handler.EnqueueRequestsFromMapFunc(r.membersOfCustomer(goes)), builder.WithPredicates(concernsMembers)).
		WatchesRawSource(source.Channel(r.Members.Subscribe(), &handler.EnqueueRequestForObject{}, source.WithPredicates[client.Object, reconcile.Request](leaving))).
		WatchesRawSource(r.waiting.removals.Source()).
		WithOptions(controller.Options{MaxConcurrentReconciles: removers.Passes(), RateLimiter: pass.BackOff()}).
		Complete(pass.Traced("member-removal", removers.Work(&RemovalReconciler{r})))
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
		guardInEffect(old) != guardInEffect(now)
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

// concernsWithdrawn passes the changes of a Customer that its list depends on.
var concernsWithdrawn = predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
	old, now := e.ObjectOld.(*v1alpha1.Customer), e.ObjectNew.(*v1alpha1.Customer)
	return old.Generation != now.Generation ||
		!equality.Semantic.DeepEqual(old.Annotations, now.Annotations) ||
		!equality.Semantic.DeepEqual(old.Status.Withdrawn, now.Status.Withdrawn)
}}

// mayReturn passes the changes by which a Member takes a place back, or leaves it.
var mayReturn = predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
	old, now := e.ObjectOld.(*v1alpha1.Member), e.ObjectNew.(*v1alpha1.Member)
	return old.DeletionTimestamp.IsZero() != now.DeletionTimestamp.IsZero() ||
		!equality.Semantic.DeepEqual(old.Finalizers, now.Finalizers) ||
		len(old.Status.Users) != len(now.Status.Users) ||
		(old.Status.Invitation == nil) != (now.Status.Invitation == nil)
}}

// customerWithWithdrawn is a Member's Customer, if there are people on its list; one
// that gets there wakes the Customer by itself.
func (r *Reconciler) customerWithWithdrawn(ctx context.Context, obj client.Object) []reconcile.Request {
	member, customer := obj.(*v1alpha1.Member), &v1alpha1.Customer{}
	key := client.ObjectKey{Namespace: member.Namespace, Name: member.Spec.CustomerRef.Name}
	if err := r.Client.Get(ctx, key, customer); err == nil && len(customer.Status.Withdrawn) == 0 {
		return nil
	}
	return []reconcile.Request{{NamespacedName: key}}
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
