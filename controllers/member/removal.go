package member

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/removal"
)

// RemovalReconciler takes: it removes the people of Members that are being
// deleted. It has workers of its own.
type RemovalReconciler struct{ *Reconciler }

// Reconcile is one pass over a Member that is being deleted.
func (r *RemovalReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	member := &v1alpha1.Member{}
	if err := r.Client.Get(ctx, req.NamespacedName, member); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if member.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil
	}
	p := newPass(r.Reconciler, member)
	released, err := p.remove(auth0.WithLane(ctx, auth0.LaneRemoval))
	if released {
		return ctrl.Result{}, pass.RemoveFinalizer(ctx, r.Client, p.member)
	}
	return p.finish(ctx, err)
}

// remove follows the deletion table; released says that the finalizer may go.
func (p *memberPass) remove(ctx context.Context) (released bool, err error) {
	p.facts.Removing = "finding out what the person holds"
	facts, err := p.deletionFacts(ctx)
	if err != nil {
		return false, err
	}
	route := removal.MemberDeleted(facts)
	if route == removal.RouteReadMarker {
		if facts.Marker, err = p.readMarker(ctx); err != nil {
			return false, err
		}
		route = removal.MemberDeleted(facts)
	}
	switch route {
	case removal.RouteNothing:
		return true, nil
	case removal.RouteWaitForOrganization:
		p.facts.Removing = "waiting for the organization's deletion, which covers this person"
		return false, pass.Wait(v1alpha1.ReasonDeleting, p.facts.Removing, pollDeletion)
	case removal.RouteStillOwned:
		return false, pass.Person(v1alpha1.ReasonStillOwned, fmt.Sprintf(
			"Customer %s is gone, and its organization %s is still marked as ours: create the Customer again and delete it with the deletionPolicy that is meant", p.member.Spec.CustomerRef.Name, p.member.Status.OrganizationID))
	}
	return p.removePerson(ctx)
}

// deletionFacts reads live what the deletion table asks for.
func (p *memberPass) deletionFacts(ctx context.Context) (removal.MemberFacts, error) {
	facts := removal.MemberFacts{Customer: removal.CustomerPresent, Given: p.member.Status.OrganizationID != "", Marker: removal.MarkerUnread}
	namespace := &corev1.Namespace{}
	if err := p.Live.Get(ctx, client.ObjectKey{Name: p.member.Namespace}, namespace); err != nil {
		return facts, fmt.Errorf("read the namespace: %w", err)
	}
	facts.NamespaceDeleting = !namespace.DeletionTimestamp.IsZero()

	customer := &v1alpha1.Customer{}
	err := p.Live.Get(ctx, client.ObjectKey{Namespace: p.member.Namespace, Name: p.member.Spec.CustomerRef.Name}, customer)
	switch {
	case apierrors.IsNotFound(err):
		facts.Customer = removal.CustomerGone
		return facts, nil
	case err != nil:
		return facts, fmt.Errorf("read the Customer: %w", err)
	}
	p.customer = customer
	facts.RetainInNamespace = customer.Spec.DeletionPolicy == v1alpha1.DeletionRetain
	if !customer.DeletionTimestamp.IsZero() {
		facts.Customer = removal.CustomerDeletingDelete
		if facts.RetainInNamespace {
			facts.Customer = removal.CustomerDeletingRetain
		}
	}
	return facts, nil
}

// readMarker asks the organization whose it is.
func (p *memberPass) readMarker(ctx context.Context) (removal.Marker, error) {
	tenant, ok := p.Directory.Tenant(p.member.Status.Tenant)
	if !ok {
		return removal.MarkerUnread, p.tenantProblem(ctx, p.member.Status.Tenant)
	}
	organization, err := tenant.API().Organization(ctx, p.member.Status.OrganizationID)
	switch {
	case auth0.IsNotFound(err):
		return removal.MarkerAbsent, nil
	case err != nil:
		return removal.MarkerUnread, pass.Auth0("read the organization", err, p.Now())
	}
	owner := ownership.Owner{Instance: p.Instance, Namespace: p.member.Namespace, Name: p.member.Spec.CustomerRef.Name}
	if ownership.StillOwned(organization.Metadata, owner) {
		return removal.MarkerOurs, nil
	}
	return removal.MarkerAbsent, nil
}

// removePerson withdraws the person from a Customer that stays.
func (p *memberPass) removePerson(ctx context.Context) (released bool, err error) {
	nothing, err := p.holdsNothing(ctx)
	if nothing || err != nil {
		return nothing, err
	}
	tenant, ok := p.Directory.Tenant(p.customer.Spec.TenantRef.Name)
	if !ok {
		return false, p.tenantProblem(ctx, p.customer.Spec.TenantRef.Name)
	}
	p.tenant = tenant
	id := p.member.Status.OrganizationID
	if id == "" {
		id = p.customer.Status.OrganizationID
	}
	if id == "" {
		return false, pass.Missing(v1alpha1.ReasonCustomerNotReady, fmt.Sprintf("Customer %s was not looked at yet", p.customer.Name))
	}
	p.org = tenant.Organization(id)
	p.facts.Removing = "taking grant, invitations, membership and sessions"
	if err := p.withdraw(ctx); err != nil {
		if auth0.IsNotFound(err) {
			return p.organizationGone(ctx, err)
		}
		return false, err
	}
	if p.member.Status.Withdrawal.ConfirmedAt != nil {
		return true, nil
	}
	p.facts.Removing = "everything known was taken; waiting until Auth0 must show what is left, then looking once more"
	return false, nil
}

// holdsNothing: the person cannot hold anything by this Member. Either nothing
// was ever given and there is no organization, or it is a second Member of an
// address whose seat another one holds.
func (p *memberPass) holdsNothing(ctx context.Context) (bool, error) {
	seen := p.customer.Status.ObservedGeneration > 0
	if p.member.Status.OrganizationID == "" && p.customer.Status.OrganizationID == "" && seen {
		return true, nil
	}
	seat := p.member.Status.Seat
	if seat == nil || seat.Reason != v1alpha1.ReasonDuplicateEmail || p.member.Status.OrganizationID != "" {
		return false, nil
	}
	siblings, err := p.siblings(ctx)
	if err != nil {
		return false, err
	}
	for _, sibling := range siblings {
		holds := sibling.Status.Seat != nil && sibling.Status.Seat.State == v1alpha1.SeatAssigned
		if holds && sibling.DeletionTimestamp.IsZero() && ownership.PersonRef(string(sibling.Spec.Email)) == p.ref() {
			return true, nil
		}
	}
	return false, nil
}

// organizationGone releases the Member when the organization itself is gone.
func (p *memberPass) organizationGone(ctx context.Context, cause error) (bool, error) {
	_, err := p.tenant.API().Organization(ctx, p.org.ID)
	if auth0.IsNotFound(err) {
		return true, nil
	}
	return false, cause
}
