package customer

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/destroy"
	"github.com/seatwarden/seatwarden/controllers/internal/leaver"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/invitation"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/status"
)

// pollDeletion is how often Auth0 is asked whether an organization is gone.
const pollDeletion = 2 * time.Second

// delete follows the deletion table's rows for a Customer. It never waits for
// Members that others declared, and deletes only those it generated.
func (p *customerPass) delete(ctx context.Context) (ctrl.Result, error) {
	if !controllerutil.ContainsFinalizer(p.customer, v1alpha1.Finalizer) {
		return ctrl.Result{}, nil
	}
	mode, err := pass.Mode(ctx, p.Live, p.customer)
	switch {
	case err != nil:
		return p.finish(ctx, err)
	case mode != v1alpha1.ModeManage:
		return p.leave(ctx, mode)
	}
	done, err := p.letGo(auth0.WithLane(ctx, auth0.LaneRemoval))
	if done {
		return p.depart(ctx, v1alpha1.ReasonCustomerDeleted, fmt.Sprintf("Customer %s was deleted: nothing was taken from this person alone", p.customer.Name))
	}
	return p.finish(ctx, err)
}

// letGo releases or deletes the organization; done says that nothing is left to do.
func (p *customerPass) letGo(ctx context.Context) (done bool, err error) {
	p.facts.Deleting = "finding the organization"
	if err := p.findTenant(ctx); err != nil {
		// Without a tenant there never was an organization: nothing holds it up.
		never := p.customer.Status.OrganizationID == "" && pass.ProblemOf(err).Reason == v1alpha1.ReasonTenantNotFound
		return never, err
	}
	organization, ours, err := p.findToDelete(ctx)
	switch {
	case auth0.IsNotFound(err):
		return p.deleteUsers(ctx)
	case err != nil:
		return false, err
	}
	if open := p.openChange(); open != nil {
		p.facts.Deleting = "waiting until no call that changes the organization can be on its way any more"
		p.wait(open.Add(invitation.Margin).Sub(p.tenant.Now()))
		return false, nil
	}
	if !ours {
		return true, nil
	}
	if p.customer.Spec.DeletionPolicy == v1alpha1.DeletionDelete && !p.adopted(organization) {
		return p.deleteOrganization(ctx, organization)
	}
	return p.release(ctx, organization)
}

// release lets the organization go with its people. Whom the contract keeps out
// now stays out, as far as the guard does it.
func (p *customerPass) release(ctx context.Context, organization auth0.Organization) (done bool, err error) {
	p.facts.Deleting = "releasing the organization"
	guarded := ownership.Guarded(organization.Metadata) || p.lostMark()
	left := pass.Window(p.customer).Left(guarded, p.tenant.Now())
	metadata := ownership.Released(organization.Metadata, p.owner(), left)
	if p.adopted(organization) {
		metadata = ownership.MarkAdopted(metadata, p.tenant.Now())
	}
	_, err = p.api().UpdateOrganization(p.briefly(ctx), organization.ID, auth0.OrganizationUpdate{Metadata: metadata})
	switch {
	case err == nil:
		p.tellReleased(organization.Name, left)
	case !auth0.IsNotFound(err):
		return false, pass.Auth0("release the organization", err, p.Now())
	}
	p.tenant.Forget(organization.ID)
	return true, nil
}

// tellReleased tells who can sign in to the organization from now on.
func (p *customerPass) tellReleased(name string, left ownership.Window) {
	tell := func(eventType, reason, message string, args ...any) {
		p.Recorder.Eventf(p.customer, nil, eventType, reason, "Reconcile", message, args...)
	}
	phase, _ := pass.Window(p.customer).At(p.tenant.Now())
	switch why := closedBecause[phase]; {
	case why == "":
		tell(corev1.EventTypeNormal, v1alpha1.ReasonOrganizationReleased,
			"organization %s was let go with its people: everybody in it can sign in, with a seat or without", name)
	case left.State == ownership.AccessReleased || p.facts.Guard != v1alpha1.GuardEnforce:
		tell(corev1.EventTypeWarning, v1alpha1.ReasonOrganizationReleased,
			"organization %s was let go although %s, and nothing in Auth0 keeps its people out, because the guard is not in effect: take them out of it in Auth0, or delete it there", name, why)
	default:
		tell(corev1.EventTypeNormal, v1alpha1.ReasonOrganizationLeftClosed,
			"organization %s was let go and stays closed, because %s: the guard is told to refuse everybody. To open it, apply the Customer again with a contract that lets people in", name, why)
	}
}

var closedBecause = map[ownership.Phase]string{
	ownership.PhaseEnded:      "its contract has ended",
	ownership.PhaseNotStarted: "its contract has not started",
	ownership.PhaseSuspended:  "its access is Suspended",
}

// findToDelete reads the organization as it is; ours is false when it is released,
// or another's.
func (p *customerPass) findToDelete(ctx context.Context) (organization auth0.Organization, ours bool, err error) {
	id := p.customer.Status.OrganizationID
	if id != "" {
		organization, err = p.api().Organization(ctx, id)
	} else {
		organization, err = pass.FindOrganization(ctx, p.tenant, p.customer.OrganizationName(), p.owner())
	}
	if err != nil && !auth0.IsNotFound(err) && !pass.Decided(err) {
		err = pass.Auth0("read the organization", err, p.Now())
	}
	if err != nil {
		return organization, false, err
	}
	claim := ownership.Judge(organization.Metadata, p.owner())
	lost := claim == ownership.Unmarked && id != ""
	return organization, claim == ownership.Ours || lost, nil
}

func (p *customerPass) deleteOrganization(ctx context.Context, organization auth0.Organization) (done bool, err error) {
	if held, err := p.holdDeletion(ctx, organization.ID, v1alpha1.HeldOrganization); held || err != nil {
		return false, err
	}
	p.facts.Deleting = fmt.Sprintf("deleting organization %s", organization.Name)
	fenced := p.briefly(ctx)
	if _, err := pass.Standing(ctx, p.Live, p.customer, v1alpha1.ModeManage); err != nil {
		return false, err
	}
	err = p.api().DeleteOrganization(fenced, organization.ID)
	if err != nil && !auth0.IsNotFound(err) {
		return false, pass.Auth0("delete the organization", err, p.Now())
	}
	_, err = p.api().Organization(ctx, organization.ID)
	if auth0.IsNotFound(err) {
		p.tenant.Forget(organization.ID)
		return p.deleteUsers(ctx)
	}
	p.facts.Deleting = "waiting until Auth0 says that the organization is gone"
	p.wait(pollDeletion)
	return false, nil
}

// deleteUsers deletes, where the contract asks for it, the users of everybody who
// was in the organization that is gone, with what Members and Removals know of them:
// both are there as long as the Customer is.
func (p *customerPass) deleteUsers(ctx context.Context) (done bool, err error) {
	id := p.customer.Status.OrganizationID
	if id == "" || p.customer.Spec.DeletionPolicy != v1alpha1.DeletionDelete || p.customer.Spec.Removal.User != v1alpha1.RemovalUserDelete {
		return true, nil
	}
	// The organization may have been deleted by others, without the brake.
	if held, err := p.holdDeletion(ctx, id, v1alpha1.HeldUsers); held || err != nil {
		return false, err
	}
	p.facts.Deleting = "the organization is gone; deleting the users of its people"
	people, err := p.peopleOf(ctx, id)
	if err != nil {
		return false, err
	}
	destroyer := &destroy.Destroyer{Live: p.Live, Tenant: p.tenant, Customer: p.customer, GoneOrganizationID: id, Now: p.Now}
	deleted := 0
	p.kept = map[string]int{}
	for _, person := range people {
		err = destroyer.Destroy(ctx, person, func(why string) {
			if why == "" {
				deleted++
			} else {
				p.kept[why]++
			}
		})
		if err != nil {
			break
		}
	}
	if deleted > 0 {
		p.Recorder.Eventf(p.customer, nil, corev1.EventTypeNormal, v1alpha1.ReasonUserDeleted, "Reconcile", "users deleted in Auth0 with their organization: %d", deleted)
	}
	return err == nil, err
}

// tellKept tells, once the Customer has gone, which users stay.
func (p *customerPass) tellKept() {
	for _, why := range slices.Sorted(maps.Keys(p.kept)) {
		p.Recorder.Eventf(p.customer, nil, corev1.EventTypeNormal, v1alpha1.ReasonUserKept, "Reconcile", "users that stay in Auth0: %d, because %s", p.kept[why], why)
	}
}

// peopleOf are those who were given something in an organization, as Members and
// Removals tell.
func (p *customerPass) peopleOf(ctx context.Context, organizationID string) ([]destroy.Person, error) {
	members, err := p.listLive(ctx)
	if err != nil {
		return nil, err
	}
	var people []destroy.Person
	for i := range members {
		if s := members[i].Status; s.OrganizationID == organizationID {
			people = append(people, destroy.Person{Users: s.Users, Invitation: s.Invitation})
		}
	}
	removals, err := leaver.List(ctx, p.Live, p.customer.Namespace, p.customer.Name)
	if err != nil {
		return nil, err
	}
	for i := range removals {
		if r := &removals[i]; r.Spec.OrganizationID == organizationID && leaver.StateOf(r) != v1alpha1.RemovalDone {
			known := leaver.Known(r)
			people = append(people, destroy.Person{Users: known.Users, Invitation: known.Invitation})
		}
	}
	return people, nil
}

func (p *customerPass) deleteGenerated(ctx context.Context) error {
	list := &v1alpha1.MemberList{}
	err := p.Live.List(ctx, list, client.InNamespace(p.customer.Namespace), client.MatchingLabels{v1alpha1.LabelGeneratedFor: p.customer.Name})
	if err != nil {
		return fmt.Errorf("list generated Members: %w", err)
	}
	for i := range list.Items {
		member := &list.Items[i]
		if !p.generated(member) {
			continue
		}
		if err := p.Client.Delete(ctx, member); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("delete a generated Member: %w", err)
		}
	}
	return nil
}

// endRemovals ends those who are on their way out of a Customer that goes: nothing more is taken from
// them alone, and nobody of a Customer that is made again is taken for one of them.
func (p *customerPass) endRemovals(ctx context.Context) error {
	removals, err := leaver.List(ctx, p.Live, p.customer.Namespace, p.customer.Name)
	if err != nil {
		return err
	}
	for i := range removals {
		before := &removals[i]
		if leaver.StateOf(before) == v1alpha1.RemovalDone {
			continue
		}
		after := before.DeepCopy()
		after.Status.State, after.Status.Outcome = v1alpha1.RemovalDone, v1alpha1.OutcomeLeftAsIs
		after.Status = status.Removal(after, status.RemovalFacts{Now: p.Now()})
		if err := pass.WriteStatus(ctx, p.Client, before, after); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("end a Removal: %w", err)
		}
	}
	return nil
}
