package state

import "time"

// Invitation is a pending, or expired and not yet purged, invitation. Accepted,
// deleted and consumed ones are gone.
type Invitation struct {
	ID                  string         `json:"id"`
	ClientID            string         `json:"client_id"`
	ConnectionID        string         `json:"connection_id,omitempty"`
	InviterName         string         `json:"inviter_name"`
	InviteeEmail        string         `json:"invitee_email"`
	URL                 string         `json:"invitation_url"`
	TicketID            string         `json:"ticket_id"`
	Roles               []string       `json:"roles,omitempty"`
	AppMetadata         map[string]any `json:"app_metadata,omitempty"`
	UserMetadata        map[string]any `json:"user_metadata,omitempty"`
	SendInvitationEmail bool           `json:"send_invitation_email"`
	CreatedAt           time.Time      `json:"created_at"`
	ExpiresAt           time.Time      `json:"expires_at"`
}

// InvitationByTicket returns nil, nil if no organization has such an invitation.
func (t *Tenant) InvitationByTicket(ticket string) (*Organization, *Invitation) {
	for _, o := range t.Organizations.All() {
		i := o.Invitations.Find(func(i *Invitation) bool { return i.TicketID == ticket })
		if i != nil {
			return o, i
		}
	}
	return nil, nil
}

// PurgeInvitations forgets those that expired longer ago than they linger. It
// needs the lock.
func (w *World) PurgeInvitations(o *Organization, now time.Time) {
	linger := time.Duration(w.InForce.ExpiredInvitationsLinger)
	for _, i := range o.Invitations.All() {
		if now.Sub(i.ExpiresAt) >= linger && !now.Before(i.ExpiresAt) {
			o.Invitations.Remove(i.ID)
		}
	}
}

// DefaultInvitationTTL is how long an invitation lives that names nothing.
const DefaultInvitationTTL = 604800 // seconds
