package customer

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
		Watches(&v1alpha1.Member{}, handler.EnqueueRequestsFromMapFunc(customerOfMember), builder.WithPredicates(concernsCustomer)).
		WatchesRawSource(source.Channel(r.Customers.Subscribe(), &handler.EnqueueRequestForObject{})).
		WatchesRawSource(r.turns.Source()).
		WithOptions(controller.Options{MaxConcurrentReconciles: hands.Passes(), RateLimiter: pass.BackOff()}).
		Complete(hands.Work(r))
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

func customerOfMember(_ context.Context, obj client.Object) []reconcile.Request {
	member := obj.(*v1alpha1.Member)
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: member.Namespace, Name: member.Spec.CustomerRef.Name}}}
}
