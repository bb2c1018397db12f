package removal

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/leaver"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/controllers/internal/people"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/removal"
)

// endsOtherwise follows the deletion table's rows for a Removal: whether it goes on is the
// Customer's, and the mode's.
func (p *removalPass) endsOtherwise(ctx context.Context) (ends bool, err error) {
	if leaver.StateOf(p.removal) == v1alpha1.RemovalDone {
		return false, nil
	}
	facts, err := p.tableFacts(ctx)
	if err != nil {
		return false, err
	}
	route := removal.Going(facts)
	if route == removal.RouteReadMarker {
		if facts.Marker, err = p.readMarker(ctx); err != nil {
			return false, err
		}
		route = removal.Going(facts)
	}
	switch route {
	case removal.RouteWithdraw:
		if err := pass.AddFinalizer(ctx, p.Client, p.removal); err != nil && p.removal.DeletionTimestamp.IsZero() {
			return false, err
		}
		p.before.ResourceVersion, p.before.Finalizers = p.removal.ResourceVersion, p.removal.Finalizers
		return false, nil
	case removal.RouteRest:
		p.resting = true
		return true, nil
	case removal.RouteWaitForOrganization:
		p.resting = true
		p.wait(pollDeletion)
		return true, nil
	case removal.RouteStillOwned:
		return false, pass.Person(v1alpha1.ReasonStillOwned, fmt.Sprintf(
			"Customer %s is gone, and its organization %s is still marked as ours: create the Customer again and delete it with the deletionPolicy that is meant", p.removal.Spec.CustomerRef.Name, p.removal.Spec.OrganizationID))
	}
	p.done(v1alpha1.OutcomeLeftAsIs)
	return true, nil
}

// pollDeletion is how often it is looked whether a Customer that is being deleted is gone.
const pollDeletion = 3 * time.Second

// tableFacts reads live what the deletion table asks for.
func (p *removalPass) tableFacts(ctx context.Context) (removal.GoingFacts, error) {
	facts := removal.GoingFacts{
		Customer: removal.CustomerPresent, Marker: removal.MarkerUnread, Undone: leaver.Undone(p.removal), Deleted: !p.removal.DeletionTimestamp.IsZero(),
	}
	customer := &v1alpha1.Customer{}
	key := client.ObjectKey{Namespace: p.removal.Namespace, Name: p.removal.Spec.CustomerRef.Name}
	err := p.Live.Get(ctx, key, customer)
	switch {
	case apierrors.IsNotFound(err):
		facts.Customer = removal.CustomerGone
		mode, err := pass.TenantMode(ctx, p.Live, p.removal.Spec.TenantRef.Name)
		facts.Rests = mode != v1alpha1.ModeManage
		return facts, err
	case err != nil:
		return facts, fmt.Errorf("read the Customer: %w", err)
	}
	p.customer = customer
	mode, err := pass.Mode(ctx, p.Live, customer)
	facts.Rests = mode != v1alpha1.ModeManage
	switch {
	case err != nil:
		return facts, err
	case !customer.DeletionTimestamp.IsZero():
		facts.Customer = deleting(customer)
	case customer.UID != p.removal.Spec.CustomerRef.UID && customer.Status.OrganizationID == "":
		// Made anew, or restored with another UID: which one its organization tells.
		return facts, pass.Wait(v1alpha1.ReasonPending, "the Customer has not found its organization yet", 2*time.Second)
	case customer.UID != p.removal.Spec.CustomerRef.UID && customer.Status.OrganizationID != p.removal.Spec.OrganizationID:
		facts.Customer = removal.CustomerAnother
	case facts.Deleted:
		// The namespace may be being deleted, and the Customer about to be.
		leaves, err := pass.NamespaceLeaves(ctx, p.Live, p.removal.Namespace)
		if leaves {
			facts.Customer = deleting(customer)
		}
		return facts, err
	}
	return facts, nil
}

// deleting is the state of a Customer that is being deleted, or is about to be.
func deleting(customer *v1alpha1.Customer) removal.CustomerState {
	if customer.Spec.DeletionPolicy == v1alpha1.DeletionDelete {
		return removal.CustomerDeletingDelete
	}
	return removal.CustomerDeletingRetain
}

// readMarker asks the organization whose it is.
func (p *removalPass) readMarker(ctx context.Context) (removal.Marker, error) {
	if err := p.findTenant(ctx); err != nil {
		return removal.MarkerUnread, err
	}
	organization, err := p.tenant.API().Organization(ctx, p.removal.Spec.OrganizationID)
	switch {
	case auth0.IsNotFound(err):
		return removal.MarkerAbsent, nil
	case err != nil:
		return removal.MarkerUnread, pass.Auth0("read the organization", err, p.Now())
	}
	if ownership.Judge(organization.Metadata, p.owner()) == ownership.Ours {
		return removal.MarkerOurs, nil
	}
	return removal.MarkerAbsent, nil
}

// declarers are the Members of the address, as the cache shows them.
func (p *removalPass) declarers(ctx context.Context) ([]v1alpha1.Member, error) {
	return people.Of(ctx, p.Client, p.removal.Namespace, p.removal.Spec.CustomerRef.Name, p.ref())
}

// declaredNow tells whether a Member or the contract's admins name the person, past
// the cache.
func (p *removalPass) declaredNow(ctx context.Context) (bool, error) {
	members, err := people.List(ctx, p.Live, p.removal.Namespace, p.removal.Spec.CustomerRef.Name)
	if err != nil {
		return false, err
	}
	if err := pass.NoneHidden(ctx, p.Client, p.removal.Namespace, members); err != nil {
		return false, err
	}
	return p.declaredBy(members), nil
}

func (p *removalPass) declaredBy(members []v1alpha1.Member) bool {
	for i := range members {
		if people.TakesOver(&members[i]) && people.Ref(&members[i]) == p.ref() {
			return true
		}
	}
	return pass.IsAdmin(p.customer, p.ref())
}
