package walks

import (
	"context"
	"strings"
	"time"

	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/test/world"
)

// handPatience bounds a call by hand, which a fault may hold.
const handPatience = 2 * time.Second

// addByHand makes a person a member of the organization, as an engineer would.
func (w *walk) addByHand(s step) {
	w.byHand(s.To, func(ctx context.Context, organization standin.OrganizationSnapshot, user standin.User) error {
		return w.engineer.AddMembers(ctx, organization.ID, user.UserID)
	})
}

func (w *walk) takeOutByHand(s step) {
	w.byHand(s.To, func(ctx context.Context, organization standin.OrganizationSnapshot, user standin.User) error {
		return w.engineer.RemoveMembers(ctx, organization.ID, user.UserID)
	})
}

func (w *walk) deleteUserByHand(s step) {
	w.byHand(s.To, func(ctx context.Context, _ standin.OrganizationSnapshot, user standin.User) error {
		return w.engineer.DeleteUser(ctx, user.UserID)
	})
}

// byHand does something to each profile of a person, who is owed nothing certain
// from then on.
func (w *walk) byHand(email string, act func(context.Context, standin.OrganizationSnapshot, standin.User) error) {
	for _, user := range w.users(email) {
		w.of(email).unsure, w.of(email).mayJoin = true, true
		w.engineerDoes(func(ctx context.Context, organization standin.OrganizationSnapshot) error {
			return act(ctx, organization, user)
		})
	}
}

// engineerDoes does something in Auth0 by somebody else's hand. A fault may hit it.
func (w *walk) engineerDoes(act func(context.Context, standin.OrganizationSnapshot) error) {
	organization, ok := w.Organization(w.customer.Name)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(w.Context(), handPatience)
	defer cancel()
	if err := act(ctx, organization); err != nil {
		w.note("    by hand: %v", err)
	}
}

// users are the profiles of a person at the company's connection.
func (w *walk) users(email string) (users []standin.User) {
	for _, user := range w.Auth0.Snapshot().Users {
		if ofCompany(user, email) {
			users = append(users, user)
		}
	}
	return users
}

func ofCompany(user standin.User, email string) bool {
	return strings.EqualFold(user.Email, email) && strings.HasPrefix(user.UserID, "google-apps|")
}

// wipeGrant takes a person's grant away; the operator gives it again, so the
// person is owed what was owed before.
func (w *walk) wipeGrant(s step) {
	for _, user := range w.users(s.To) {
		w.engineerDoes(func(ctx context.Context, organization standin.OrganizationSnapshot) error {
			return w.engineer.ClearAppMetadata(ctx, user.UserID, ownership.GrantKey(organization.ID))
		})
	}
}

// wipeMetadata takes everything of the operator's out of the organization's metadata.
func (w *walk) wipeMetadata(step) {
	w.engineerDoes(func(ctx context.Context, organization standin.OrganizationSnapshot) error {
		_, err := w.engineer.UpdateOrganization(ctx, organization.ID, auth0.OrganizationUpdate{Metadata: map[string]string{"note": "tidied up"}})
		return err
	})
}

// deleteLinkByHand deletes a person's invitations.
func (w *walk) deleteLinkByHand(s step) {
	w.engineerDoes(func(ctx context.Context, organization standin.OrganizationSnapshot) error {
		for _, invitation := range organization.Invitations {
			if !strings.EqualFold(invitation.InviteeEmail, s.To) {
				continue
			}
			if err := w.engineer.DeleteInvitation(ctx, organization.ID, invitation.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// faulty are the routes that a fault may hit.
var faulty = []string{
	"", "/api/v2/organizations/{id}", world.InvitationsRoute, "/api/v2/organizations/{id}/members", "/api/v2/users/{id}", "/api/v2/users-by-email",
	"/api/v2/users", "/api/v2/organizations/{id}/members/{user_id}/roles", "/api/v2/organizations/{id}/enabled_connections", "/api/v2/organizations/{id}/invitations/{invitation_id}",
}

// fault has some calls of the Management API go wrong until the next pause.
func (w *walk) fault(s step) {
	fault := standin.Fault{Route: faulty[s.By%len(faulty)], Count: 1 + s.By%4}
	if fault.Route == "" {
		fault.Route = "/api/v2/*/*"
	}
	switch s.By / 10 % 8 {
	case 0:
		fault.Kind, fault.Status = standin.FaultStatus, 503
	case 1:
		fault.Kind, fault.Status = standin.FaultStatus, 500
	case 2:
		fault.Kind, fault.Status, fault.Delay = standin.FaultStatus, 429, standin.Duration(2*time.Second)
	case 3:
		fault.Kind = standin.FaultDropBefore
	case 4, 5:
		fault.Kind = standin.FaultDropAfter
	case 6:
		fault.Kind = standin.FaultHang
	case 7:
		fault.Kind = standin.FaultHangAfter
	}
	if s.By/100%3 == 0 {
		fault.Method = "POST"
	}
	w.Fault(fault)
}

func (w *walk) endFaults(step) { w.Auth0.ClearFaults() }
