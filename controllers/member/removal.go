package member

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/removal"
)

// RemovalReconciler takes: it removes the people of Members that are being
// deleted. It has workers of its own.
type RemovalReconciler struct{ *Reconciler }

// Reconcile is one pass over a Member that is being deleted.
func (r *RemovalReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	member := &v1alpha1.Member{}
	// Live: what a pass before has begun must not look undone.
	if err := r.Live.Get(ctx, req.NamespacedName, member); err != nil {
		return pass.Unread(ctx, r.Client, r.Recorder, member, metav1.NewTime(r.Now()), err)
	}
	if !leaves(member) {
		return ctrl.Result{}, nil
	}
	p := newPass(r.Reconciler, member)
	released, err := p.remove(auth0.WithLane(pass.Caller(ctx, "member-removal", member, member.Spec.CustomerRef.Name, &r.waiting.removals), auth0.LaneRemoval))
	if released {
		return pass.Result(pass.RemoveFinalizer(ctx, r.Client, p.member), 0)
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
	if ownership.Judge(organization.Metadata, p.owner()) == ownership.Ours {
		return removal.MarkerOurs, nil
	}
	return removal.MarkerAbsent, nil
}

// removePerson withdraws the person from a Customer that stays, unless somebody
// else declares the address there.
func (p *memberPass) removePerson(ctx context.Context) (released bool, err error) {
	if p.remembered() {
		return true, nil
	}
	begun := p.begun()
	// Nobody gets a seat in an organization that is another's, to take over with.
	if !begun && !organizationAnothers(p.customer) {
		if declared, released, err := p.declaredOtherwise(ctx); declared || err != nil {
			return released, err
		}
	}
	found, err := p.findOrganizationToWithdraw(ctx)
	if err != nil || !found {
		return err == nil, err
	}
	if begun && p.takenForNow() {
		p.facts.Removing = lookingOnceMore
		return false, nil
	}
	if another, err := p.belongsToAnother(ctx, p.tenant, p.org.ID, p.owner()); another || err != nil {
		return another, err
	}
	if !begun {
		if nothing, err := p.takesNothing(ctx); nothing || err != nil {
			return nothing, err
		}
		if released, err := p.begin(ctx); released || err != nil {
			return released, err
		}
	}
	return p.takeOrProve(ctx)
}

// takeOrProve makes one pass of the withdrawal, and notes a confirmed one on the
// Customer's list.
func (p *memberPass) takeOrProve(ctx context.Context) (released bool, err error) {
	p.facts.Removing = "taking grant, invitations, membership and sessions"
	if err := p.withdraw(ctx); err != nil {
		if auth0.IsNotFound(err) {
			return p.organizationGone(ctx, err)
		}
		return false, err
	}
	if p.member.Status.Withdrawal.ConfirmedAt != nil {
		if err := p.remember(ctx); err != nil {
			return false, err
		}
		return true, nil
	}
	p.facts.Removing = lookingOnceMore
	return false, nil
}

const lookingOnceMore = "everything known was taken; waiting until Auth0 must show what is left, then looking once more"

// begun: the person is on the Customer's list, and taking may have started. From
// then on nobody takes over: a Member of the address waits, and brings the
// person back.
func (p *memberPass) begun() bool {
	entry := lineOf(p.customer, p.ref())
	return entry != nil && entry.State == v1alpha1.WithdrawalWithdrawing && p.member.Status.Withdrawal != nil
}

// remembered: this Member's removal is done and on the Customer's list. Only the
// finalizer was left to take off.
func (p *memberPass) remembered() bool {
	line, own := lineOf(p.customer, p.ref()), p.member.Status.Withdrawal
	return own != nil && line != nil && line.Withdrawal != nil && line.Withdrawal.ConfirmedAt != nil && line.Withdrawal.StartedAt.Equal(&own.StartedAt)
}

// begin asks the brake, and then looks once more whether somebody declares the
// address: whoever does so later sees the line that was just written. released
// says that the removal is held, or another Member's.
func (p *memberPass) begin(ctx context.Context) (released bool, err error) {
	if neverGiven(p.member) {
		if carried, err := p.carriedByAnother(ctx); carried || err != nil {
			return carried, err
		}
		if holds, err := p.holdsByOthers(ctx); !holds || err != nil {
			return false, err
		}
	}
	if held, err := p.admit(ctx); held || err != nil {
		return held, err
	}
	heir, err := p.heir(ctx)
	if err != nil {
		return false, err
	}
	if heir != nil || p.isAdmin() {
		if err := p.unlist(ctx); err != nil {
			return false, err
		}
		return false, pass.Wait(v1alpha1.ReasonWithdrawing, "the address has just been declared again: looking again", time.Second)
	}
	p.member.Status.Withdrawal = startedAt(p.tenant.Now())
	if err := p.write(ctx); err != nil {
		return false, err
	}
	p.fenced = true
	return false, nil
}

// takesNothing: the person has moved on to another Member, and a look that began
// after that finds nothing of theirs here: the brake is not asked about it.
func (p *memberPass) takesNothing(ctx context.Context) (bool, error) {
	s := &p.member.Status
	moved := s.Seat != nil && s.Seat.Reason == v1alpha1.ReasonPersonMovedOn
	link := s.Invitation != nil && s.Invitation.State != v1alpha1.InvitationAccepted
	if !moved || link || s.Attempt != nil || s.Withdrawal != nil || lineOf(p.customer, p.ref()) != nil {
		return false, nil
	}
	began := p.tenant.Now()
	s.Withdrawal = startedAt(began)
	facts, err := p.withdrawalFacts(ctx, began)
	s.Withdrawal = nil
	if err != nil {
		return false, err
	}
	plan := removal.Decide(facts)
	return !plan.Takes() && len(plan.Revoke) == 0, nil
}

// carriedByAnother: a Member that never held anything goes, and the removal of its
// person is that of another Member of the address, or is held.
func (p *memberPass) carriedByAnother(ctx context.Context) (bool, error) {
	if entry := lineOf(p.customer, p.ref()); entry != nil && undone(entry.State) {
		return true, nil
	}
	members, err := p.listLive(ctx)
	return slices.ContainsFunc(members, func(m v1alpha1.Member) bool {
		return leaves(&m) && personOf(&m) == p.ref() && !neverGiven(&m)
	}), err
}

// holdsByOthers: Auth0 shows something of a person to whom we never gave anything,
// or does not show all that may be there.
func (p *memberPass) holdsByOthers(ctx context.Context) (bool, error) {
	p.look = p.org.Latest()
	if p.look == nil {
		if err := p.lookAgain(ctx); err != nil {
			return false, err
		}
	}
	_, holds := p.org.Holdings(p.look, p.tenant.Now())[p.ref()]
	return holds || p.look.Truncated, nil
}

// undone: what the person holds is still to be taken, or held.
func undone(state v1alpha1.WithdrawalState) bool {
	return state == v1alpha1.WithdrawalWithdrawing || state == v1alpha1.WithdrawalHeld || state == v1alpha1.WithdrawalApproved
}

// remember keeps on the Customer's list who has gone, and how to bring them back.
func (p *memberPass) remember(ctx context.Context) error {
	return p.changeLine(ctx, func(entry *v1alpha1.WithdrawnPerson) bool {
		if entry.State != v1alpha1.WithdrawalWithdrawing {
			return true
		}
		s := p.member.Status
		entry.State, entry.Withdrawal = afterWithdrawal(p.customer), s.Withdrawal
		addUsers(&entry.Users, s.Users)
		return true
	})
}

// findOrganizationToWithdraw finds where the person may hold something; found is
// false when there is, for certain, no such organization. A status that was
// lost proves nothing: then the organization is looked for.
func (p *memberPass) findOrganizationToWithdraw(ctx context.Context) (found bool, err error) {
	id := p.member.Status.OrganizationID
	if id == "" {
		id = p.customer.Status.OrganizationID
	}
	tenant, ok := p.Directory.Tenant(p.customer.Spec.TenantRef.Name)
	if !ok {
		err := p.tenantProblem(ctx, p.customer.Spec.TenantRef.Name)
		if id == "" && pass.ProblemOf(err).Reason == v1alpha1.ReasonTenantNotFound {
			return false, nil
		}
		return false, err
	}
	p.tenant = tenant
	if id == "" {
		organization, err := pass.FindOrganization(ctx, tenant, p.customer.OrganizationName(), p.owner())
		switch {
		case auth0.IsNotFound(err):
			return false, nil
		case pass.Decided(err):
			return false, err
		case err != nil:
			return false, pass.Auth0("look for the organization", err, p.Now())
		case ownership.Judge(organization.Metadata, p.owner()) != ownership.Ours:
			return false, nil
		}
		id = organization.ID
	}
	p.org = tenant.Organization(id)
	return true, nil
}

// organizationAnothers: the Customer says that its organization is marked as
// another's.
func organizationAnothers(customer *v1alpha1.Customer) bool {
	lost := organizationLost(customer)
	return lost != "" && lost != v1alpha1.ReasonOrganizationMissing
}

// belongsToAnother reads an organization by its id and tells whether its marker
// is another's: then its people are too, and nothing is taken from them. One
// that is gone is nobody's.
func (r *Reconciler) belongsToAnother(ctx context.Context, tenant *directory.Tenant, id string, owner ownership.Owner) (bool, error) {
	organization, err := tenant.API().Organization(ctx, id)
	if auth0.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, pass.Auth0("read the organization", err, r.Now())
	}
	return ownership.Judge(organization.Metadata, owner).Another(), nil
}

func (p *memberPass) owner() ownership.Owner {
	return ownership.Owner{Instance: p.Instance, Namespace: p.member.Namespace, Name: p.member.Spec.CustomerRef.Name}
}

// organizationGone releases the Member when the organization itself is gone.
func (p *memberPass) organizationGone(ctx context.Context, cause error) (bool, error) {
	_, err := p.api().Organization(ctx, p.org.ID)
	if auth0.IsNotFound(err) {
		return true, nil
	}
	return false, cause
}
