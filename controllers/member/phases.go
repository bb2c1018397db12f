package member

import (
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/leaver"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/controllers/internal/people"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/status"
)

func (p *memberPass) findCustomer(ctx context.Context) error {
	customer := &v1alpha1.Customer{}
	name := p.member.Spec.CustomerRef.Name
	err := p.Client.Get(ctx, client.ObjectKey{Namespace: p.member.Namespace, Name: name}, customer)
	switch {
	case apierrors.IsNotFound(err):
		return pass.Missing(v1alpha1.ReasonCustomerNotFound, fmt.Sprintf("there is no Customer %s in this namespace yet", name))
	case err != nil:
		return err
	case !customer.DeletionTimestamp.IsZero():
		return pass.Wait(v1alpha1.ReasonCustomerDeleting, fmt.Sprintf("Customer %s is being deleted: nothing is given", name), pass.SlowRetry)
	}
	p.customer = customer
	p.facts.Guarded = leaver.GuardInEffect(customer)
	p.facts.SeatsFreeing = customer.Status.Seats != nil && customer.Status.Seats.Removing > 0
	p.facts.Activating = customer.Status.Activation != nil && customer.Status.Activation.QuietSince != nil
	return nil
}

func (p *memberPass) findOrganization(ctx context.Context) error {
	name := p.customer.Spec.TenantRef.Name
	tenant, err := pass.UsableTenant(ctx, p.Client, p.Directory, name)
	if err != nil {
		return err
	}
	if !tenant.Admits(p.member.Namespace) {
		return pass.Person(v1alpha1.ReasonNamespaceNotListed, fmt.Sprintf("Auth0Tenant %s does not list namespace %s: add it to spec.namespaces", name, p.member.Namespace))
	}
	p.tenant = tenant
	switch {
	case p.customer.Status.OrganizationID == "" && p.observing():
		return p.noOrganization()
	case p.customer.Status.OrganizationID == "":
		return pass.Missing(v1alpha1.ReasonCustomerNotReady, fmt.Sprintf("Customer %s has no organization yet", p.customer.Name))
	case organizationLost(p.customer) == v1alpha1.ReasonOrganizationMissing:
		return pass.Person(v1alpha1.ReasonOrganizationMissing, fmt.Sprintf("the organization of Customer %s was deleted in Auth0: see there", p.customer.Name))
	case organizationLost(p.customer) != "":
		return p.organizationTaken(ctx)
	}
	p.org = tenant.Organization(p.customer.Status.OrganizationID)
	p.look = p.org.Latest()
	if p.observing() && p.look != nil && p.org.Key() == "" {
		return p.noOrganization()
	}
	if p.look == nil || p.org.Key() == "" {
		return pass.StartingFor(v1alpha1.ReasonCustomerNotReady, fmt.Sprintf("the organization of Customer %s is being looked at", p.customer.Name), p.SettledInterval)
	}
	p.findWindow()
	return nil
}

// findWindow finds whether people may sign in: the contract says so, and so does
// everything that the guard may have been told of it.
func (p *memberPass) findWindow() {
	now := p.tenant.Now()
	for _, window := range slices.Concat([]ownership.Window{pass.Window(p.customer)}, p.org.Windows()) {
		phase, boundary := window.AtAbout(now)
		p.facts.Window = pass.WindowReason(phase)
		if !boundary.IsZero() {
			p.wait(boundary.Sub(now))
		}
		if phase != ownership.PhaseActive {
			return
		}
	}
}

// organizationLost is why the Customer has its organization no more, empty while
// it has: somebody deleted it, or it is another's now.
func organizationLost(customer *v1alpha1.Customer) string {
	synced := meta.FindStatusCondition(customer.Status.Conditions, v1alpha1.ConditionOrganizationSynced)
	if synced == nil {
		return ""
	}
	switch synced.Reason {
	case v1alpha1.ReasonOrganizationMissing, v1alpha1.ReasonOrganizationConflict, v1alpha1.ReasonAdoptionNotListed:
		return synced.Reason
	}
	return ""
}

// organizationTaken gives nothing in an organization that is another's. Who had
// joined can sign in as long as the new owner leaves them the grant.
func (p *memberPass) organizationTaken(ctx context.Context) error {
	id := p.customer.Status.OrganizationID
	p.facts.TakenAway = len(p.member.Status.Users) > 0
	for _, recorded := range p.member.Status.Users {
		user, err := p.api().User(ctx, recorded.UserID)
		if err != nil && !auth0.IsNotFound(err) {
			return pass.Auth0("read a user", err, p.Now())
		}
		if grant, ok := ownership.GrantIn(user.AppMetadata, id); err == nil && ok && grant.Person == p.ref() {
			p.facts.TakenAway = false
		}
	}
	return pass.Person(v1alpha1.ReasonOrganizationConflict, fmt.Sprintf("the organization of Customer %s is another's now, and nothing is given there: see there", p.customer.Name))
}

// checkSeat goes on only with a seat.
func (p *memberPass) checkSeat(ctx context.Context) error {
	seat := p.member.Status.Seat
	switch {
	case seat == nil:
		p.ended = true
		return hindered(p.customer)
	case seat.OrganizationID != p.org.ID:
		return pass.Wait(v1alpha1.ReasonSeatPending, "the Customer has not decided about a seat in its organization yet", pass.SlowRetry)
	case seat.State == v1alpha1.SeatWithdrawing:
		p.ended = true
		return p.withdrawSeat(ctx)
	case seat.State == v1alpha1.SeatWaiting:
		p.ended = true
		p.endWithdrawal()
		p.startAnew()
		if waited := p.Now().Sub(seat.Since.Time); waited < status.SeatPatience {
			p.wait(status.SeatPatience - waited)
		}
	case seat.State == v1alpha1.SeatRefused:
		p.ended = true
		p.startAnew()
	}
	if seat == nil || seat.State != v1alpha1.SeatAssigned {
		return nil
	}
	p.endWithdrawal()
	p.startAnew()
	return nil
}

// hindered says what keeps the Customer from deciding about seats, nil for nothing
// that is Auth0's: a Member that waits for a seat waits for that.
func hindered(customer *v1alpha1.Customer) error {
	if hindrance(customer) == "" {
		return nil
	}
	ready := meta.FindStatusCondition(customer.Status.Conditions, v1alpha1.ConditionReady)
	return pass.Wait(ready.Reason, "the Customer has not decided about a seat yet: "+ready.Message, pass.SlowRetry)
}

// hindrance is the reason of a Customer that is kept waiting by Auth0, empty for
// any other.
func hindrance(customer *v1alpha1.Customer) string {
	ready := meta.FindStatusCondition(customer.Status.Conditions, v1alpha1.ConditionReady)
	if ready == nil || ready.Status == metav1.ConditionTrue {
		return ""
	}
	switch ready.Reason {
	case v1alpha1.ReasonAuth0Unavailable, v1alpha1.ReasonRateLimited, v1alpha1.ReasonTenantNotReady:
		return ready.Reason
	}
	return ""
}

// endWithdrawal: the seat was taken back, or never had to be. The invitation
// that lapsed is forgotten, so that a new seat invites by itself.
func (p *memberPass) endWithdrawal() {
	if p.member.Status.Withdrawal == nil {
		return
	}
	p.member.Status.Withdrawal, p.member.Status.Invitation = nil, nil
}

// startAnew forgets what the person had in another organization, that of a
// Customer which was deleted and made again.
func (p *memberPass) startAnew() {
	status := &p.member.Status
	if status.OrganizationID == "" || status.OrganizationID == p.org.ID {
		return
	}
	status.Users, status.Invitation, status.Attempt, status.Tenant, status.OrganizationID = nil, nil, nil, "", ""
	if people.Seated(p.member) {
		status.Tenant, status.OrganizationID = p.tenant.Name, p.org.ID
	}
}

// rolesHinder refuses roles that the Customer does not allow, before anything is given;
// but an admin, whom the contract itself names, is let in without them.
func (p *memberPass) rolesHinder() error {
	if p.isAdmin() {
		return nil
	}
	return p.checkRoles()
}

// checkRoles says which roles the Customer does not allow.
func (p *memberPass) checkRoles() error {
	var refused []string
	for _, role := range p.member.Spec.Roles {
		if !slices.Contains(p.allowedRoles(), string(role)) {
			refused = append(refused, string(role))
		}
	}
	if len(refused) > 0 {
		return pass.Person(v1alpha1.ReasonRoleNotAllowed, fmt.Sprintf("Customer %s does not allow the roles %s: add them to its spec.roles.allowed, or take them off this Member",
			p.customer.Name, strings.Join(refused, ", ")))
	}
	return nil
}

func (p *memberPass) allowedRoles() []string { return pass.AllowedRoles(p.customer) }

func (p *memberPass) email() string { return string(p.member.Spec.Email) }

func (p *memberPass) ref() string { return ownership.PersonRef(p.email()) }
