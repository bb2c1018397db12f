package state

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// World is all that a stand-in holds: its tenants, and what they share.
type World struct {
	Clock   *Clock
	Outbox  *Outbox
	Secrets *SecretRegister
	Keys    *Keys

	// Scheme is http or https. tenants are by domain; main answers for every
	// Host that is not one of them. They do not change after the start.
	Scheme  string
	Tenants map[string]*Tenant
	Main    *Tenant

	// mu guards the settings in force and everything in the tenants.
	mu      sync.Mutex
	InForce Settings
}

// New returns a world without a tenant.
func New(settings Settings, scheme string) (*World, error) {
	if err := settings.Validate(); err != nil {
		return nil, err
	}
	keys, err := newKeys()
	if err != nil {
		return nil, err
	}
	clock := &Clock{}
	return &World{
		Clock: clock, Outbox: &Outbox{}, Secrets: newSecretRegister(clock), Keys: keys,
		InForce: settings, Tenants: map[string]*Tenant{}, Scheme: scheme,
	}, nil
}

// AddTenant adds an empty tenant before the stand-in serves; the first is the main one.
func (w *World) AddTenant(domain string) *Tenant {
	t := NewTenant(domain)
	w.Tenants[domain] = t
	if w.Main == nil {
		w.Main = t
	}
	w.keepVersions()
	return t
}

// Lock lets nobody else see or change the settings and the tenants' content.
func (w *World) Lock() { w.mu.Lock() }

// Unlock undoes Lock.
func (w *World) Unlock() { w.mu.Unlock() }

// Settings returns the settings in force.
func (w *World) Settings() Settings {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.InForce
}

// Configure changes settings while the stand-in runs. The outcome must be valid.
func (w *World) Configure(change func(*Settings)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	changed := w.InForce
	change(&changed)
	if err := changed.Validate(); err != nil {
		return err
	}
	w.InForce = changed
	w.keepVersions()
	return nil
}

// keepVersions makes the tenants keep what the lagging reads still show. It
// needs the lock.
func (w *World) keepVersions() {
	for _, t := range w.Tenants {
		t.kept = time.Duration(max(w.InForce.SearchLag, w.InForce.MembersLag)) + versionsKept
	}
}

// TenantOf returns the tenant that a request is for. It needs no lock:
// the map of tenants does not change after the start.
func (w *World) TenantOf(r *http.Request) *Tenant {
	if t := w.Tenants[strings.ToLower(r.Host)]; t != nil {
		return t
	}
	return w.Main
}

// Issuer returns the tenant's URL with a slash at its end: the iss of its tokens.
func (w *World) Issuer(t *Tenant) string { return w.Scheme + "://" + t.Domain + "/" }

// TenantURL is the tenant's address without a slash at its end.
func (w *World) TenantURL(t *Tenant) string { return strings.TrimSuffix(w.Issuer(t), "/") }

// domains returns the tenants' domains in order.
func (w *World) domains() []string { return slices.Sorted(maps.Keys(w.Tenants)) }
