package traffic

import (
	"slices"
	"sync"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/state"
)

// AuditEntry is one request that the Auth0 listener received.
type AuditEntry struct {
	Time time.Time `json:"time"`
	// ClientID is the application that called, if it was recognised.
	ClientID string `json:"client_id,omitempty"`
	Method   string `json:"method"`
	// Route is the template of the Management API's route, e.g.
	// /api/v2/organizations/{id}; otherwise the path.
	Route string `json:"route"`
	Path  string `json:"path"`
	// Status is what the caller was answered, 0 if it got no answer.
	Status int `json:"status"`
	// EffectStatus is the status of an answer that a fault held or lost.
	EffectStatus int `json:"effect_status,omitempty"`
	// Fault is the kind of the fault that hit the call.
	Fault       string `json:"fault,omitempty"`
	RateLimited bool   `json:"rate_limited,omitempty"`
}

// Effective tells whether the call was carried out with success, whatever the
// caller got to see of it.
func (e AuditEntry) Effective() bool {
	status := e.Status
	if e.EffectStatus != 0 {
		status = e.EffectStatus
	}
	return status >= 200 && status < 300
}

type auditLog struct {
	mu      sync.Mutex
	entries []AuditEntry
}

func (a *auditLog) add(e AuditEntry) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.entries, _ = state.KeepLast(append(a.entries, e), state.AuditKept)
}

// Audit returns the requests received so far, at least the last 50,000, in the
// order in which they were finished.
func (g *Gate) Audit() []AuditEntry {
	g.audit.mu.Lock()
	defer g.audit.mu.Unlock()
	return slices.Clone(g.audit.entries)
}

// Calls returns the audit entries of one method and route template, e.g.
// ("POST", "/api/v2/organizations/{id}/invitations").
func (g *Gate) Calls(method, route string) []AuditEntry {
	return slices.DeleteFunc(g.Audit(), func(e AuditEntry) bool {
		return e.Method != method || e.Route != route
	})
}

// ResetAudit forgets the requests received so far.
func (g *Gate) ResetAudit() {
	g.audit.mu.Lock()
	defer g.audit.mu.Unlock()
	g.audit.entries = nil
}
