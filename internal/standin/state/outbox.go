package state

import (
	"strings"
	"sync"
	"time"
)

// Mail is one invitation mail that the stand-in would have sent.
type Mail struct {
	To               string    `json:"to"`
	Subject          string    `json:"subject"`
	Inviter          string    `json:"inviter"`
	OrganizationID   string    `json:"organization_id"`
	OrganizationName string    `json:"organization_name"`
	InvitationID     string    `json:"invitation_id"`
	ClientID         string    `json:"client_id"`
	Link             string    `json:"link"`
	SentAt           time.Time `json:"sent_at"`
	// AppMetadata that the invitation carries; no part of the mail's text.
	AppMetadata map[string]any `json:"app_metadata,omitempty"`
}

// Outbox collects mails in the order in which they were sent.
type Outbox struct {
	mu    sync.Mutex
	mails []Mail
}

// Send notes a mail.
func (o *Outbox) Send(m Mail) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.mails, _ = KeepLast(append(o.mails, m), mailsKept)
}

// Mails returns the mails sent so far, at least the last 10,000, oldest first.
func (o *Outbox) Mails() []Mail {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]Mail{}, o.mails...)
}

// MailsTo returns the mails to one address, compared without regard to case,
// oldest first.
func (o *Outbox) MailsTo(address string) []Mail {
	var out []Mail
	for _, m := range o.Mails() {
		if strings.EqualFold(m.To, address) {
			out = append(out, m)
		}
	}
	return out
}
