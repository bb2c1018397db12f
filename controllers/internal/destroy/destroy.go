// Package destroy deletes the Auth0 users of people who are gone, where they are
// certainly nobody else's.
package destroy

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/invitation"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/removal"
)

// Destroyer deletes users of one Customer's people.
type Destroyer struct {
	// Live lists the other Customers, past the cache.
	Live     client.Reader
	Tenant   *directory.Tenant
	Customer *v1alpha1.Customer
	// GoneOrganizationID is that of an organization that is certainly gone: what
	// names it counts no more. Empty for none.
	GoneOrganizationID string
	Now                func() time.Time
}

// Person is somebody who is gone: the users known as theirs, and the invitation
// that they came by, nil for none.
type Person struct {
	Users      []v1alpha1.MemberUser
	Invitation *v1alpha1.MemberInvitation
}

// Destroy deletes a person's users, and tells of each that was there why it was
// kept, empty for deleted.
func (d *Destroyer) Destroy(ctx context.Context, person Person, tell func(kept string)) error {
	// A process that freezes in between deletes nobody: the person may be back.
	ctx = auth0.WithFence(ctx, auth0.NewFence(d.Tenant.Now().Add(invitation.Validity), invitation.Validity))
	for _, known := range person.Users {
		user, err := d.Tenant.API().User(ctx, known.UserID)
		if auth0.IsNotFound(err) {
			continue
		}
		if err != nil {
			return pass.Auth0("read a user", err, d.Now())
		}
		facts, err := d.facts(ctx, person, user)
		if err != nil {
			return err
		}
		kept := removal.KeepUser(facts)
		if kept == "" {
			if _, err := pass.Standing(ctx, d.Live, d.Customer, v1alpha1.ModeManage); err != nil {
				return err
			}
			if err = d.Tenant.API().DeleteUser(ctx, user.ID); auth0.KindOf(err) == auth0.KindForbidden {
				kept, err = "the credentials lack the scope delete:users", nil
			}
			if err != nil {
				return pass.Auth0("delete the user", err, d.Now())
			}
		}
		tell(kept)
	}
	return nil
}

func (d *Destroyer) facts(ctx context.Context, person Person, user auth0.User) (removal.DestroyFacts, error) {
	facts := removal.DestroyFacts{Identities: len(user.Connections), CreatedAt: user.CreatedAt}
	for key := range user.AppMetadata {
		gone := d.GoneOrganizationID != "" && key == ownership.GrantKey(d.GoneOrganizationID)
		facts.Grants = facts.Grants || strings.HasPrefix(key, ownership.GrantKey("")) && !gone
	}
	// One that others sent has no attempt.
	if came := person.Invitation; came != nil && came.State == v1alpha1.InvitationAccepted && came.Attempt != "" {
		facts.InvitedAt = came.SentAt.Time
	}
	var err error
	if facts.OwnConnection, err = d.ownConnection(ctx, user); err != nil {
		return facts, err
	}
	organizations, err := d.Tenant.API().UserOrganizations(ctx, user.ID)
	if err != nil && !auth0.IsNotFound(err) {
		return facts, pass.Auth0("read a user's organizations", err, d.Now())
	}
	for _, id := range organizations {
		if id != d.GoneOrganizationID {
			facts.Organizations++
		}
	}
	return facts, nil
}

// ownConnection: the user lives in an enterprise connection of this Customer, and
// no other Customer of the tenant has it. One that was read in part only may.
func (d *Destroyer) ownConnection(ctx context.Context, user auth0.User) (bool, error) {
	enabled := func(c v1alpha1.EnabledConnection) bool {
		return auth0.EnterpriseStrategy(c.Strategy) && slices.Contains(user.Connections, c.Name)
	}
	if !slices.ContainsFunc(d.Customer.Status.Connections, enabled) {
		return false, nil
	}
	declared := func(c v1alpha1.Connection) bool { return slices.Contains(user.Connections, c.Name) }
	customers := &v1alpha1.CustomerList{}
	if err := d.Live.List(ctx, customers); err != nil {
		return false, fmt.Errorf("list Customers live: %w", err)
	}
	return !slices.ContainsFunc(customers.Items, func(other v1alpha1.Customer) bool {
		uses := slices.ContainsFunc(other.Status.Connections, enabled) || slices.ContainsFunc(other.Spec.Connections, declared)
		uses = uses && other.Spec.TenantRef == d.Customer.Spec.TenantRef
		return other.UID != d.Customer.UID && (uses || other.Unreadable != "")
	}), nil
}
