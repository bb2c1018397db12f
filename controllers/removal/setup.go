package removal

import (
	"context"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
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

// SetupWithManager registers the reconciler and what wakes it. Members and Removals are
// indexed elsewhere.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager, workers int) error {
	hands := pass.NewWorkers(workers)
	return ctrl.NewControllerManagedBy(mgr).
		Named("removal").
		For(&v1alpha1.Removal{}, builder.WithPredicates(news)).
		Watches(&v1alpha1.Member{}, handler.EnqueueRequestsFromMapFunc(removalOfMember), builder.WithPredicates(concerns)).
		Watches(&v1alpha1.Customer{}, handler.EnqueueRequestsFromMapFunc(r.removalsOfCustomer), builder.WithPredicates(rules)).
		WatchesRawSource(source.Channel(r.Customers.Subscribe(), handler.EnqueueRequestsFromMapFunc(r.removalsOfCustomer))).
		WatchesRawSource(r.waiting.Source()).
		WithOptions(controller.Options{MaxConcurrentReconciles: hands.Passes(), RateLimiter: pass.BackOff()}).
		Complete(pass.Traced("removal", hands.Work(r)))
}

// news passes what a pass acts on: the state, the decision, whom it carries, a deletion and what
// was taken away by others. How far a taking is it knows itself.
var news = predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
	old, now := e.ObjectOld.(*v1alpha1.Removal), e.ObjectNew.(*v1alpha1.Removal)
	return old.Status.State != now.Status.State || len(old.Finalizers) != len(now.Finalizers) ||
		old.DeletionTimestamp.IsZero() != now.DeletionTimestamp.IsZero() ||
		len(old.Status.Carries) != len(now.Status.Carries) ||
		!equality.Semantic.DeepEqual(old.Status.Decision, now.Status.Decision) ||
		now.Status.ObservedGeneration < old.Status.ObservedGeneration
}}

// concerns passes the changes by which a Member takes a person over, gets them back, or
// leaves, and its requests.
var concerns = predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
	old, now := e.ObjectOld.(*v1alpha1.Member), e.ObjectNew.(*v1alpha1.Member)
	return old.DeletionTimestamp.IsZero() != now.DeletionTimestamp.IsZero() ||
		len(old.Finalizers) != len(now.Finalizers) ||
		old.Annotations[v1alpha1.AnnotationReconcileRequestedAt] != now.Annotations[v1alpha1.AnnotationReconcileRequestedAt] ||
		len(old.Status.Users) != len(now.Status.Users) ||
		people.Seated(old) != people.Seated(now) || people.TakesOver(old) != people.TakesOver(now) ||
		(old.Status.Invitation == nil) != (now.Status.Invitation == nil)
}}

// rules passes the changes of a Customer by which a removal goes on otherwise.
var rules = predicate.Funcs{
	CreateFunc: func(event.CreateEvent) bool { return false },
	UpdateFunc: func(e event.UpdateEvent) bool {
		old, now := e.ObjectOld.(*v1alpha1.Customer), e.ObjectNew.(*v1alpha1.Customer)
		return old.Generation != now.Generation || old.Status.OrganizationID != now.Status.OrganizationID ||
			old.DeletionTimestamp.IsZero() != now.DeletionTimestamp.IsZero()
	},
}

// removalOfMember is the Removal of a Member's person, if there is one.
func removalOfMember(_ context.Context, obj client.Object) []reconcile.Request {
	member := obj.(*v1alpha1.Member)
	name := leaver.Name(member.Spec.CustomerRef.Name, people.Ref(member))
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: member.Namespace, Name: name}}}
}

func (r *Reconciler) removalsOfCustomer(ctx context.Context, obj client.Object) []reconcile.Request {
	removals, err := leaver.List(ctx, r.Client, obj.GetNamespace(), obj.GetName())
	if err != nil {
		log.FromContext(ctx).Error(err, "Failed to list Removals of a Customer")
		return nil
	}
	requests := make([]reconcile.Request, 0, len(removals))
	for i := range removals {
		requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&removals[i])})
	}
	return requests
}
