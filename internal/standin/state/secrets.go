package state

import (
	"strings"
	"sync"
	"time"
)

// Kinds of secrets in the register.
const (
	SecretClientSecret      = "client_secret"
	SecretAccessToken       = "access_token"
	SecretIDToken           = "id_token"
	SecretRefreshToken      = "refresh_token"
	SecretAuthorizationCode = "authorization_code"
	SecretTicket            = "ticket_id"
	SecretInvitationLink    = "invitation_url"
	SecretSession           = "session"
	SecretPassword          = "password"
	SecretAction            = "action_secret"
	SecretConnection        = "connection_secret"
)

// Secret is one value that must not be seen outside the stand-in and the
// client that it was handed to.
type Secret struct {
	Kind  string    `json:"kind"`
	Value string    `json:"value"`
	At    time.Time `json:"at"`
}

// SecretRegister remembers every secret that ever existed in a stand-in, at
// least the last 20,000, used up and deleted ones included, so that a test can search what the system
// under test wrote for any of them.
type SecretRegister struct {
	clock *Clock
	mu    sync.Mutex
	seen  map[string]bool
	all   []Secret
}

func newSecretRegister(clock *Clock) *SecretRegister {
	return &SecretRegister{clock: clock, seen: map[string]bool{}}
}

// Add records a secret once. An empty value is ignored.
func (r *SecretRegister) Add(kind, value string) {
	r.add(Secret{Kind: kind, Value: value, At: r.clock.Now()})
}

func (r *SecretRegister) add(secret Secret) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if secret.Value == "" || r.seen[secret.Value] {
		return
	}
	r.seen[secret.Value] = true
	var forgotten []Secret
	r.all, forgotten = KeepLast(append(r.all, secret), secretsKept)
	for _, s := range forgotten {
		delete(r.seen, s.Value)
	}
}

// All returns every secret, oldest first.
func (r *SecretRegister) All() []Secret {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Secret{}, r.all...)
}

// FoundIn returns the secrets that occur in text.
func (r *SecretRegister) FoundIn(text string) []Secret {
	var out []Secret
	for _, s := range r.All() {
		if strings.Contains(text, s.Value) {
			out = append(out, s)
		}
	}
	return out
}
