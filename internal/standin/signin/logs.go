package signin

import (
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/state"
)

// logMember notes who became a member by signing in.
func (si *SignIn) logMember(tx *transaction, user *state.User, reason string, now time.Time) {
	entry := si.logEntry(tx, user, state.LogMemberAdded, "")
	entry.Details = map[string]any{"reason": reason}
	tx.tenant.Log(entry, now)
}

// detailsOfInvitation are the details of entries si and fi.
func detailsOfInvitation(o *state.Organization, i *state.Invitation) map[string]any {
	return map[string]any{"invitation": map[string]any{
		"id": i.ID, "client_id": i.ClientID, "ticket_id": i.TicketID, "roles": append([]string{}, i.Roles...),
		"created_at": state.Timestamp(i.CreatedAt), "expires_at": state.Timestamp(i.ExpiresAt),
		"invitee": map[string]any{"email": i.InviteeEmail},
		"inviter": map[string]any{"name": i.InviterName, "organization_id": o.ID},
	}}
}
