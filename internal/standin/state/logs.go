package state

import (
	"fmt"
	"time"
)

// The types of log entries that the stand-in writes, in Auth0's codes. Removed
// members have none: their removal shows as the call that did it.
const (
	LogSuccess            = "s"
	LogFailure            = "f"
	LogInvitationAccepted = "si"
	LogInvitationFailed   = "fi"
	LogRefreshed          = "sertft"
	LogRefreshFailed      = "fertft"
	LogRefreshReused      = "ferrt"
	LogMemberAdded        = "organization_member_added"
	LogUserDeleted        = "sdu"
	LogSignedUp           = "ss"
	LogWrite              = "sapi"
	LogLimit              = "api_limit"
	LogLimitWarning       = "api_limit_warning"
)

// Reasons of an entry organization_member_added. One who is added by the
// Management API shows as that call.
const (
	AddedByInvitation = "invitation"
	AddedByLogin      = "auto_membership"
)

// Log appends an entry to the tenant log and gives it an id and a date. The id
// has the shape of Auth0's; its order is the order of the log. It needs the lock.
func (t *Tenant) Log(e LogEntry, now time.Time) {
	e.Date = now
	t.logged++
	e.LogID = fmt.Sprintf("900%s%03d%036d", now.Format("20060102150405"), now.Nanosecond()/int(time.Millisecond), t.logged)
	t.Logs, _ = KeepLast(append(t.Logs, e), logsKept)
}

// LogEntry is one line of the tenant log. Type is one of Auth0's codes, e.g. s
// (success login), si (invitation accepted) or sapi (successful write by the
// Management API).
type LogEntry struct {
	LogID            string         `json:"log_id"`
	Date             time.Time      `json:"date"`
	Type             string         `json:"type"`
	Description      string         `json:"description,omitempty"`
	ClientID         string         `json:"client_id,omitempty"`
	Connection       string         `json:"connection,omitempty"`
	UserID           string         `json:"user_id,omitempty"`
	UserName         string         `json:"user_name,omitempty"`
	OrganizationID   string         `json:"organization_id,omitempty"`
	OrganizationName string         `json:"organization_name,omitempty"`
	Details          map[string]any `json:"details,omitempty"`
}
