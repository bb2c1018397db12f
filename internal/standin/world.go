package standin

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
	clock   *Clock
	outbox  *Outbox
	secrets *SecretRegister
	keys    *Keys

	// scheme is http or https. tenants are by domain; main answers for every
	// Host that is not one of them. They do not change after the start.
	scheme  string
	tenants map[string]*Tenant
	main    *Tenant

	// mu guards the settings in force and everything in the tenants.
	mu      sync.Mutex
	inForce Settings
}

// makeWorld returns a world without a tenant.
func makeWorld(settings Settings, scheme string) (*World, error) {
	if err := settings.Validate(); err != nil {
		return nil, err
	}
	keys, err := newKeys()
	if err != nil {
		return nil, err
	}
	clock := &Clock{}
	return &World{
		clock: clock, outbox: &Outbox{}, secrets: newSecretRegister(clock), keys: keys,
		inForce: settings, tenants: map[string]*Tenant{}, scheme: scheme,
	}, nil
}

// addTenant adds an empty tenant before the stand-in serves; the first is the main one.
func (w *World) addTenant(domain string) *Tenant {
	t := newTenant(domain)
	w.tenants[domain] = t
	if w.main == nil {
		w.main = t
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
	return w.inForce
}

// Configure changes settings while the stand-in runs. The outcome must be valid.
func (w *World) Configure(change func(*Settings)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	changed := w.inForce
	change(&changed)
	if err := changed.Validate(); err != nil {
		return err
	}
	w.inForce = changed
	w.keepVersions()
	return nil
}

// keepVersions makes the tenants keep what the lagging reads still show. It
// needs the lock.
func (w *World) keepVersions() {
	for _, t := range w.tenants {
		t.kept = time.Duration(max(w.inForce.SearchLag, w.inForce.MembersLag)) + versionsKept
	}
}

// tenantOf returns the tenant that a request is for. It needs no lock:
// the map of tenants does not change after the start.
func (w *World) tenantOf(r *http.Request) *Tenant {
	if t := w.tenants[strings.ToLower(r.Host)]; t != nil {
		return t
	}
	return w.main
}

// issuer returns the tenant's URL with a slash at its end: the iss of its tokens.
func (w *World) issuer(t *Tenant) string { return w.scheme + "://" + t.Domain + "/" }

// tenantURL is the tenant's address without a slash at its end.
func (w *World) tenantURL(t *Tenant) string { return strings.TrimSuffix(w.issuer(t), "/") }

// domains returns the tenants' domains in order.
func (w *World) domains() []string { return slices.Sorted(maps.Keys(w.tenants)) }
