package auth0tenant

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
)

// IndexCustomerTenant indexes Customers by the name of their Auth0Tenant.
const IndexCustomerTenant = "spec.tenantRef.name"

// indexCustomerOrganization indexes Customers by the id of their organization.
const indexCustomerOrganization = "status.organizationID"

// indexTenantSecret indexes Auth0Tenants by the name of their Secret.
const indexTenantSecret = "spec.credentials.secretRef.name"

// SetupWithManager registers the reconciler, its indexes and what wakes it.
func (r *Reconciler) SetupWithManager(ctx context.Context, mgr ctrl.Manager) error {
	indexer := mgr.GetFieldIndexer()
	if err := indexer.IndexField(ctx, &v1alpha1.Customer{}, IndexCustomerTenant, func(obj client.Object) []string {
		return []string{obj.(*v1alpha1.Customer).Spec.TenantRef.Name}
	}); err != nil {
		return err
	}
	if err := indexer.IndexField(ctx, &v1alpha1.Customer{}, indexCustomerOrganization, func(obj client.Object) []string {
		return []string{obj.(*v1alpha1.Customer).Status.OrganizationID}
	}); err != nil {
		return err
	}
	if err := indexer.IndexField(ctx, &v1alpha1.Auth0Tenant{}, indexTenantSecret, func(obj client.Object) []string {
		return []string{obj.(*v1alpha1.Auth0Tenant).Spec.Credentials.SecretRef.Name}
	}); err != nil {
		return err
	}
	if err := mgr.Add(r.prober()); err != nil {
		return err
	}
	r.feedNews, r.usable = pass.NewWaker(), make(chan struct{}, 1)
	if err := mgr.Add(r.follow()); err != nil {
		return err
	}
	secret := &metav1.PartialObjectMetadata{}
	secret.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Secret"))
	changes := predicate.Or(predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{})
	return ctrl.NewControllerManagedBy(mgr).
		Named("auth0tenant").
		For(&v1alpha1.Auth0Tenant{}, builder.WithPredicates(changes)).
		WatchesMetadata(secret, handler.EnqueueRequestsFromMapFunc(r.tenantsOfSecret)).
		Watches(&v1alpha1.Customer{}, handler.EnqueueRequestsFromMapFunc(tenantOfCustomer), builder.WithPredicates(comesOrGoes)).
		Watches(&v1alpha1.Auth0Tenant{}, handler.EnqueueRequestsFromMapFunc(r.tenantsOfDomain), builder.WithPredicates(comesOrGoes)).
		WatchesRawSource(source.Channel(r.feedNews.Subscribe(), &handler.EnqueueRequestForObject{})).
		WatchesRawSource(r.turns.Source()).
		WithOptions(controller.Options{RateLimiter: pass.BackOff()}).
		Complete(pass.Traced("auth0tenant", r))
}

// comesOrGoes passes creations and deletions only.
var comesOrGoes = predicate.Funcs{UpdateFunc: func(event.UpdateEvent) bool { return false }}

func (r *Reconciler) tenantsOfSecret(ctx context.Context, secret client.Object) []reconcile.Request {
	list := &v1alpha1.Auth0TenantList{}
	if secret.GetNamespace() != r.Namespace {
		return nil
	}
	if err := r.Client.List(ctx, list, client.MatchingFields{indexTenantSecret: secret.GetName()}); err != nil {
		log.FromContext(ctx).Error(err, "Failed to list Auth0Tenants of a Secret")
		return nil
	}
	return requests(list.Items)
}

func (r *Reconciler) tenantsOfDomain(ctx context.Context, obj client.Object) []reconcile.Request {
	all := &v1alpha1.Auth0TenantList{}
	if err := r.Client.List(ctx, all); err != nil {
		log.FromContext(ctx).Error(err, "Failed to list Auth0Tenants of a domain")
		return nil
	}
	var same []v1alpha1.Auth0Tenant
	for _, tenant := range all.Items {
		if tenant.Spec.Domain == obj.(*v1alpha1.Auth0Tenant).Spec.Domain {
			same = append(same, tenant)
		}
	}
	return requests(same)
}

func requests(tenants []v1alpha1.Auth0Tenant) []reconcile.Request {
	out := make([]reconcile.Request, 0, len(tenants))
	for _, tenant := range tenants {
		out = append(out, reconcile.Request{NamespacedName: types.NamespacedName{Name: tenant.Name}})
	}
	return out
}

func tenantOfCustomer(_ context.Context, obj client.Object) []reconcile.Request {
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Name: obj.(*v1alpha1.Customer).Spec.TenantRef.Name}}}
}

// wake has every Customer and Member of a tenant looked at. They are listed now,
// when the news is out already: whoever looked before it is in the cache.
func (r *Reconciler) wake(ctx context.Context, tenant string) {
	customers, err := r.customersOf(ctx, tenant)
	if err != nil {
		log.FromContext(ctx).Error(err, "Failed to wake the Customers of an Auth0Tenant")
		return
	}
	for i := range customers {
		r.Customers.Wake(&customers[i])
	}
	r.wakeMembers(ctx, customers)
}

func (r *Reconciler) wakeMembers(ctx context.Context, customers []v1alpha1.Customer) {
	members := &v1alpha1.MemberList{}
	if err := r.Client.List(ctx, members); err != nil {
		return
	}
	of := map[types.NamespacedName]bool{}
	for _, customer := range customers {
		of[client.ObjectKeyFromObject(&customer)] = true
	}
	for i := range members.Items {
		member := &members.Items[i]
		if of[types.NamespacedName{Namespace: member.Namespace, Name: member.Spec.CustomerRef.Name}] {
			r.Members.Wake(member)
		}
	}
}
