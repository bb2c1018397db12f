package member

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/invitation"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/removal"
)

// destroy deletes the users of a removed person that are nobody else's. The line
// said Destroying before the Members were listed: one that declares the person
// was either seen, or sees the line and waits.
func (p *withdrawnPass) destroy(ctx context.Context, entry *v1alpha1.WithdrawnPerson) error {
	if p.declared(entry.Person) {
		entry.State = v1alpha1.WithdrawalWithdrawn
		return nil
	}
	owner := ownership.Owner{Instance: p.Instance, Namespace: p.customer.Namespace, Name: p.customer.Name}
	if another, err := p.belongsToAnother(ctx, p.tenant, entry.OrganizationID, owner); another || err != nil {
		if another {
			entry.State = v1alpha1.WithdrawalRemoved
		}
		return err
	}
	// A process that freezes in between deletes nobody: the person may be back.
	ctx = auth0.WithFence(ctx, auth0.NewFence(p.tenant.Now().Add(invitation.Validity), invitation.Validity))
	for _, known := range entry.Users {
		user, err := p.tenant.API().User(ctx, known.UserID)
		if auth0.IsNotFound(err) {
			continue
		}
		if err != nil {
			return pass.Auth0("read a user", err, p.Now())
		}
		facts, err := p.destroyFacts(ctx, entry, user)
		if err != nil {
			return err
		}
		kept := removal.KeepUser(facts)
		if kept == "" {
			if err = p.tenant.API().DeleteUser(ctx, user.ID); auth0.KindOf(err) == auth0.KindForbidden {
				kept, err = "the credentials lack the scope delete:users", nil
			}
			if err != nil {
				return pass.Auth0("delete the user", err, p.Now())
			}
		}
		p.tell(entry, kept)
	}
	entry.State = v1alpha1.WithdrawalRemoved
	return nil
}

func (p *withdrawnPass) destroyFacts(ctx context.Context, entry *v1alpha1.WithdrawnPerson, user auth0.User) (removal.DestroyFacts, error) {
	facts := removal.DestroyFacts{Identities: len(user.Connections), CreatedAt: user.CreatedAt}
	for key := range user.AppMetadata {
		facts.Grants = facts.Grants || strings.HasPrefix(key, ownership.GrantKey(""))
	}
	// One that others sent has no attempt.
	if entry.Invitation != nil && entry.Invitation.State == v1alpha1.InvitationAccepted && entry.Invitation.Attempt != "" {
		facts.InvitedAt = entry.Invitation.SentAt.Time
	}
	var err error
	if facts.OwnConnection, err = p.ownConnection(ctx, user); err != nil {
		return facts, err
	}
	organizations, err := p.tenant.API().UserOrganizations(ctx, user.ID)
	if err != nil && !auth0.IsNotFound(err) {
		return facts, pass.Auth0("read a user's organizations", err, p.Now())
	}
	facts.Organizations = len(organizations)
	return facts, nil
}

// ownConnection: the user lives in an enterprise connection of this Customer, and
// no other Customer of the tenant has it.
func (p *withdrawnPass) ownConnection(ctx context.Context, user auth0.User) (bool, error) {
	uses := func(customer *v1alpha1.Customer) bool {
		return slices.ContainsFunc(customer.Status.Connections, func(c v1alpha1.EnabledConnection) bool {
			return auth0.EnterpriseStrategy(c.Strategy) && slices.Contains(user.Connections, c.Name)
		})
	}
	if !uses(p.customer) {
		return false, nil
	}
	customers := &v1alpha1.CustomerList{}
	if err := p.Client.List(ctx, customers); err != nil {
		return false, fmt.Errorf("list Customers: %w", err)
	}
	return !slices.ContainsFunc(customers.Items, func(other v1alpha1.Customer) bool {
		return other.UID != p.customer.UID && other.Spec.TenantRef == p.customer.Spec.TenantRef && uses(&other)
	}), nil
}

func (p *withdrawnPass) tell(entry *v1alpha1.WithdrawnPerson, kept string) {
	if kept == "" {
		p.Recorder.Eventf(p.customer, nil, corev1.EventTypeNormal, v1alpha1.ReasonUserDeleted, "Reconcile", "the user of removed Member %s was deleted in Auth0", entry.Member)
		return
	}
	p.Recorder.Eventf(p.customer, nil, corev1.EventTypeNormal, v1alpha1.ReasonUserKept, "Reconcile", "the user of removed Member %s stays in Auth0: %s", entry.Member, kept)
}
