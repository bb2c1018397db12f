package standin

import "time"

// logMember notes who became a member by signing in.
func (si *signIn) logMember(tx *transaction, user *User, reason string, now time.Time) {
	entry := si.logEntry(tx, user, logMemberAdded, "")
	entry.Details = map[string]any{"reason": reason}
	tx.tenant.log(entry, now)
}

// detailsOfInvitation are the details of entries si and fi.
func detailsOfInvitation(o *Organization, i *Invitation) map[string]any {
	return map[string]any{"invitation": map[string]any{
		"id": i.ID, "client_id": i.ClientID, "ticket_id": i.TicketID, "roles": append([]string{}, i.Roles...),
		"created_at": timestamp(i.CreatedAt), "expires_at": timestamp(i.ExpiresAt),
		"invitee": map[string]any{"email": i.InviteeEmail},
		"inviter": map[string]any{"name": i.InviterName, "organization_id": o.ID},
	}}
}
