package member

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/leaver"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/controllers/internal/people"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/removal"
)

// LeavingReconciler lets Members go that are being deleted: their people are handed
// over, left alone, or removed by a Removal. It takes nothing itself.
type LeavingReconciler struct{ *Reconciler }

// Reconcile is one pass over a Member that is being deleted.
func (r *LeavingReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	member := &v1alpha1.Member{}
	// Live: what a pass before has begun must not look undone.
	if err := r.Live.Get(ctx, req.NamespacedName, member); err != nil {
		return pass.Unread(ctx, r.Client, r.Recorder, member, metav1.NewTime(r.Now()), err)
	}
	if !people.Leaves(member) {
		return ctrl.Result{}, nil
	}
	p := newPass(r.Reconciler, member)
	released, err := p.leave(auth0.WithLane(pass.Caller(ctx, "member-leaving", member, member.Spec.CustomerRef.Name, &r.waiting.leaving), auth0.LaneRemoval))
	if released {
		return pass.Result(pass.RemoveFinalizer(ctx, r.Client, p.member), 0)
	}
	return p.finish(ctx, err)
}

// leave follows the deletion table; released says that the finalizer may go.
func (p *memberPass) leave(ctx context.Context) (released bool, err error) {
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
	return p.leaveCustomer(ctx)
}

// deletionFacts reads live what the deletion table asks for.
func (p *memberPass) deletionFacts(ctx context.Context) (facts removal.MemberFacts, err error) {
	facts = removal.MemberFacts{Customer: removal.CustomerPresent, Given: p.member.Status.OrganizationID != "", Marker: removal.MarkerUnread}
	if facts.NamespaceDeleting, err = pass.NamespaceLeaves(ctx, p.Live, p.member.Namespace); err != nil {
		return facts, err
	}
	customer := &v1alpha1.Customer{}
	err = p.Live.Get(ctx, client.ObjectKey{Namespace: p.member.Namespace, Name: p.member.Spec.CustomerRef.Name}, customer)
	switch {
	case apierrors.IsNotFound(err):
		facts.Customer = removal.CustomerGone
		facts.NothingTaken, err = p.letBe(ctx)
		return facts, err
	case err != nil:
		return facts, fmt.Errorf("read the Customer: %w", err)
	}
	p.customer = customer
	mode, err := pass.Mode(ctx, p.Live, customer)
	if err != nil {
		return facts, err
	}
	p.facts.Mode = mode
	facts.NothingTaken = mode != v1alpha1.ModeManage
	facts.UsersGo = customer.Spec.Removal.User == v1alpha1.RemovalUserDelete
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
	tenant, err := pass.UsableTenant(ctx, p.Client, p.Directory, p.member.Status.Tenant)
	if err != nil {
		return removal.MarkerUnread, err
	}
	organization, err := tenant.API().Organization(ctx, p.member.Status.OrganizationID)
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

// leaveCustomer leaves a Customer that stays: by a Removal, unless somebody else declares the address
// there, or the person holds nothing.
func (p *memberPass) leaveCustomer(ctx context.Context) (released bool, err error) {
	found, err := leaver.Find(ctx, p.Live, p.member.Namespace, p.customer.Name, p.ref())
	if err != nil {
		return false, err
	}
	if found != nil && leaver.Carries(found, p.member.UID) {
		return p.follow(ctx, found)
	}
	// Nobody gets a seat in an organization that is another's, to take over with.
	if !organizationAnothers(p.customer) {
		if declared, released, err := p.declaredOtherwise(ctx); declared || err != nil {
			return released, err
		}
	}
	if found != nil {
		return p.joinRemoval(ctx, found)
	}
	organizationID, err := p.organizationToLeave(ctx)
	if organizationID == "" || err != nil {
		return err == nil, err
	}
	if nothing, err := p.holdsNothing(ctx, organizationID); nothing || err != nil {
		return nothing, err
	}
	return false, p.requestRemoval(ctx, organizationID)
}

// holdsNothing tells whether nothing is to be taken from the person: the organization is another's, or
// a look finds nothing of somebody who was never given anything or is another Member's person now.
func (p *memberPass) holdsNothing(ctx context.Context, organizationID string) (bool, error) {
	if p.isAdmin() {
		return people.NeverGiven(p.member), nil
	}
	tenant, err := pass.UsableTenant(ctx, p.Client, p.Directory, p.customer.Spec.TenantRef.Name)
	if err != nil {
		return false, err
	}
	p.tenant, p.org = tenant, tenant.Organization(organizationID)
	if another, err := p.belongsToAnother(ctx); another || err != nil {
		return another, err
	}
	if people.NeverGiven(p.member) {
		holds, err := p.holdsByOthers(ctx)
		return !holds, err
	}
	return p.movedOnWithEverything(ctx)
}

// movedOnWithEverything: the person has moved on to another Member, and a look that began
// after that finds nothing of theirs here: the brake is not asked about it.
func (p *memberPass) movedOnWithEverything(ctx context.Context) (bool, error) {
	s := &p.member.Status
	moved := s.Seat != nil && s.Seat.Reason == v1alpha1.ReasonPersonMovedOn
	link := s.Invitation != nil && s.Invitation.State != v1alpha1.InvitationAccepted
	if !moved || link || s.Attempt != nil {
		return false, nil
	}
	return p.taker().FindsNothing(ctx)
}

// holdsByOthers: another Member of the address is leaving with what the person holds, or Auth0 shows
// something of a person to whom we never gave anything, or does not show all that may be there.
func (p *memberPass) holdsByOthers(ctx context.Context) (bool, error) {
	siblings, err := p.siblings(ctx, p.ref())
	if err != nil {
		return false, err
	}
	for i := range siblings {
		if people.Leaves(&siblings[i]) && !people.NeverGiven(&siblings[i]) {
			return false, nil // it brings a Removal about
		}
	}
	if p.look = p.org.Latest(); p.look == nil {
		if err := p.lookAgain(ctx); err != nil {
			return false, err
		}
	}
	_, holds := p.org.Holdings(p.look, p.tenant.Now())[p.ref()]
	return holds || p.look.Truncated, nil
}

// requestRemoval creates the person's Removal: the Customer decides about it.
func (p *memberPass) requestRemoval(ctx context.Context, organizationID string) error {
	p.facts.Removing = "the person is about to be removed"
	object := &v1alpha1.Removal{
		ObjectMeta: metav1.ObjectMeta{Namespace: p.member.Namespace, Name: leaver.Name(p.customer.Name, p.ref()), Finalizers: []string{v1alpha1.Finalizer}},
		Spec: v1alpha1.RemovalSpec{
			CustomerRef: v1alpha1.RemovalCustomer{Name: p.customer.Name, UID: p.customer.UID}, Email: p.member.Spec.Email,
			Member:    v1alpha1.RemovalMember{Name: p.member.Name, UID: p.member.UID},
			TenantRef: p.customer.Spec.TenantRef, OrganizationID: organizationID,
			RequestedAt: metav1.NewMicroTime(p.Now()), Known: leaver.KnownOf(p.member.Status),
		},
	}
	err := p.Client.Create(ctx, object)
	switch {
	case apierrors.IsAlreadyExists(err):
		p.wait(time.Second) // another Member's, or one that is about to be gone
		return nil
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		p.wait(time.Second) // the deletion table is asked anew
		return nil
	case apierrors.IsForbidden(err), apierrors.IsInvalid(err):
		return pass.Person(v1alpha1.ReasonRemovalRefused, fmt.Sprintf(
			"the API server refuses Removal %s, and nothing is taken from the person before there is one: %v", object.Name, err))
	case err != nil:
		return fmt.Errorf("create the Removal: %w", err)
	}
	p.quietFor()
	return nil
}

// joinRemoval has a Removal that another Member of the address brought about be this one's too: what is
// known is added, and one that was confirmed is undecided again.
func (p *memberPass) joinRemoval(ctx context.Context, found *v1alpha1.Removal) (released bool, err error) {
	switch {
	case people.NeverGiven(p.member) && (leaver.Undone(found) || leaver.StateOf(found) == v1alpha1.RemovalRemoved):
		return true, nil
	case leaver.StateOf(found) == v1alpha1.RemovalDeleting, leaver.StateOf(found) == v1alpha1.RemovalDone && !found.DeletionTimestamp.IsZero():
		p.facts.Removing = "an earlier removal of this person ends first"
		p.wait(time.Second)
		return false, nil
	}
	return false, p.rejoin(ctx, found)
}

// rejoin writes this Member into a Removal, at the version that was read.
func (p *memberPass) rejoin(ctx context.Context, found *v1alpha1.Removal) error {
	p.facts.Removing = "the person is about to be removed"
	before := found.DeepCopy()
	known, earlier := leaver.KnownOf(p.member.Status), leaver.Known(found)
	if leaver.StateOf(found) == v1alpha1.RemovalDone {
		earlier.Joined, earlier.Invitation, earlier.Attempt = false, nil, nil // a stranger since
	}
	leaver.Inherit(&known, earlier)
	s := &found.Status
	s.Known = &known
	if !leaver.Carries(found, p.member.UID) {
		s.Carries = append(s.Carries, v1alpha1.CarriedMember{Name: p.member.Name, UID: p.member.UID, Since: metav1.NewMicroTime(p.Now())})
		s.Carries = s.Carries[max(0, len(s.Carries)-20):]
	}
	if state := leaver.StateOf(found); state == v1alpha1.RemovalRemoved || state == v1alpha1.RemovalDone {
		s.State, s.Outcome, s.Decision, s.Withdrawal, s.RestorableUntil = v1alpha1.RemovalPending, "", nil, nil, nil
	}
	if err := pass.WriteStatus(ctx, p.Client, before, found); err != nil {
		return err
	}
	p.quietFor()
	return nil
}

// follow waits for the Removal that carries this Member: the finalizer goes when that is held or
// confirmed, or when the person is taken over.
func (p *memberPass) follow(ctx context.Context, found *v1alpha1.Removal) (released bool, err error) {
	state := leaver.StateOf(found)
	switch {
	case state == v1alpha1.RemovalPending && !organizationAnothers(p.customer):
		return p.followUndecided(ctx, found)
	case state == v1alpha1.RemovalPending, state == v1alpha1.RemovalRemoving:
		return false, p.tellRemoval(found)
	case state == v1alpha1.RemovalDone && found.Status.Outcome == v1alpha1.OutcomeTakenOver:
		return p.bequeathOrRejoin(ctx, found)
	}
	return true, nil
}

// tellRemoval says how far the Removal is, once it takes longer than usual.
func (p *memberPass) tellRemoval(found *v1alpha1.Removal) error {
	if stalled := meta.FindStatusCondition(found.Status.Conditions, v1alpha1.ConditionStalled); stalled != nil {
		return pass.Person(stalled.Reason, stalled.Message)
	}
	p.facts.Removing = "the person is about to be removed"
	if ready := meta.FindStatusCondition(found.Status.Conditions, v1alpha1.ConditionReady); ready != nil {
		p.facts.Removing = ready.Message
	}
	p.quietFor()
	return nil
}

// quietlyLeaving is how long a Member says nothing of a removal that goes as usual: its Removal does.
const quietlyLeaving = 25 * time.Second

// quietFor has the Member say nothing while its removal goes as usual.
func (p *memberPass) quietFor() {
	if left := quietlyLeaving - p.Now().Sub(p.member.DeletionTimestamp.Time); left > 0 && left <= quietlyLeaving {
		p.quiet = true
		p.wait(left)
	}
}

// organizationToLeave is where the person may hold something, empty when there is, for
// certain, no such organization. A status that was lost proves nothing: then the
// organization is looked for.
func (p *memberPass) organizationToLeave(ctx context.Context) (id string, err error) {
	if id = p.member.Status.OrganizationID; id == "" {
		id = p.customer.Status.OrganizationID
	}
	if id != "" {
		return id, nil
	}
	tenant, err := pass.UsableTenant(ctx, p.Client, p.Directory, p.customer.Spec.TenantRef.Name)
	if err != nil {
		if pass.ProblemOf(err).Reason == v1alpha1.ReasonTenantNotFound {
			return "", nil
		}
		return "", err
	}
	organization, err := pass.FindOrganization(ctx, tenant, p.customer.OrganizationName(), p.owner())
	switch {
	case auth0.IsNotFound(err):
		return "", nil
	case pass.Decided(err):
		return "", err
	case err != nil:
		return "", pass.Auth0("look for the organization", err, p.Now())
	case ownership.Judge(organization.Metadata, p.owner()) != ownership.Ours:
		return "", nil
	}
	return organization.ID, nil
}

// organizationAnothers: the Customer says that its organization is marked as
// another's.
func organizationAnothers(customer *v1alpha1.Customer) bool {
	lost := organizationLost(customer)
	return lost != "" && lost != v1alpha1.ReasonOrganizationMissing
}

// belongsToAnother reads the organization by its id and tells whether its marker
// is another's: then its people are too, and nothing is taken from them. One
// that is gone is nobody's.
func (p *memberPass) belongsToAnother(ctx context.Context) (bool, error) {
	organization, err := p.tenant.API().Organization(ctx, p.org.ID)
	if auth0.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, pass.Auth0("read the organization", err, p.Now())
	}
	return ownership.Judge(organization.Metadata, p.owner()).Another(), nil
}

func (p *memberPass) owner() ownership.Owner {
	return ownership.Owner{Instance: p.Instance, Namespace: p.member.Namespace, Name: p.member.Spec.CustomerRef.Name}
}
