// Package directory is what Auth0 holds, per tenant and organization, shared by
// all reconcilers, so that a list is read once and not once a Member. What it
// holds is a hint unless it says otherwise: a claim or a deletion rests on a
// consistent read by id.
package directory

import (
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/auth0"
)

// Lag is how long Auth0 may take to show a change of membership in its lists.
// Its documentation says 5 to 10 seconds for a removal.
const Lag = 15 * time.Second

// Directory holds the tenants that can be used now.
type Directory struct {
	mu      sync.Mutex
	tenants map[string]*Tenant
	looked  map[string]bool
}

// New makes an empty directory.
func New() *Directory { return &Directory{tenants: map[string]*Tenant{}, looked: map[string]bool{}} }

// Tenant returns a tenant by its object's name; ok is false while it cannot be used.
func (d *Directory) Tenant(name string) (tenant *Tenant, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	tenant, ok = d.tenants[name]
	return tenant, ok
}

// Looked tells whether this process has looked at a tenant, usable or not.
func (d *Directory) Looked(name string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.looked[name]
}

// NoteLook remembers that it has, and tells whether this was the first look.
func (d *Directory) NoteLook(name string) (first bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	first = !d.looked[name]
	d.looked[name] = true
	return first
}

// Put makes a tenant usable, or replaces how it is reached and its settings. What
// was learned of its organizations stays when the domain is the same.
func (d *Directory) Put(name string, spec v1alpha1.Auth0TenantSpec, api auth0.API) *Tenant {
	d.mu.Lock()
	defer d.mu.Unlock()
	if old, ok := d.tenants[name]; ok && old.Domain == spec.Domain {
		old.set(spec, api)
		return old
	}
	tenant := &Tenant{Name: name, Domain: spec.Domain, spec: spec, api: api, organizations: map[string]*Organization{}, expects: make(chan struct{}, 1)}
	d.tenants[name] = tenant
	return tenant
}

// Usable are the tenants that can be used, by their objects' names.
func (d *Directory) Usable() map[string]*Tenant {
	d.mu.Lock()
	defer d.mu.Unlock()
	return maps.Clone(d.tenants)
}

// Remove makes a tenant unusable.
func (d *Directory) Remove(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.tenants, name)
}

// Forget drops a tenant whose object is gone: one of its name is another.
func (d *Directory) Forget(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.tenants, name)
	delete(d.looked, name)
}

// Tenant is one Auth0 tenant.
type Tenant struct {
	// Name of the Auth0Tenant object.
	Name string
	// Domain of the tenant.
	Domain string

	mu            sync.Mutex
	api           auth0.API
	spec          v1alpha1.Auth0TenantSpec
	organizations map[string]*Organization
	roles         []auth0.Role
	rolesAt       time.Time
	removals      map[string]time.Time

	organizationList organizationList
	scopes           []string
	feed             *FeedState
	// expects is told when something begins to be expected in an organization.
	expects chan struct{}
}

// API is how the tenant is reached now.
func (t *Tenant) API() auth0.API {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.api
}

func (t *Tenant) set(spec v1alpha1.Auth0TenantSpec, api auth0.API) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.spec, t.api = spec, api
}

// Now is Auth0's time.
func (t *Tenant) Now() time.Time { return t.API().Now() }

// Spec is the Auth0Tenant's spec as it was accepted last.
func (t *Tenant) Spec() v1alpha1.Auth0TenantSpec {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.spec
}

// Admits tells whether the tenant lists a namespace.
func (t *Tenant) Admits(namespace string) bool {
	for _, grant := range t.Spec().Namespaces {
		if grant.Name == namespace {
			return true
		}
	}
	return false
}

// Organization is the shared view of one organization, made when first asked for.
func (t *Tenant) Organization(id string) *Organization {
	t.mu.Lock()
	defer t.mu.Unlock()
	org, ok := t.organizations[id]
	if !ok {
		org = &Organization{
			ID: id, tenant: t, observing: make(chan struct{}, 1), seating: map[string]chan struct{}{},
			gone: map[string]time.Time{}, told: map[string]uint64{}, accepted: map[string]time.Time{}, seated: map[string]string{}, sending: map[string]time.Time{},
		}
		t.organizations[id] = org
	}
	return org
}

// Forget drops what is known of an organization.
func (t *Tenant) Forget(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.organizations, id)
}

// NoteRemoval notes for the tenant's brake that somebody, by a name of their
// own, was removed at an instant.
func (t *Tenant) NoteRemoval(person string, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.removals == nil {
		t.removals = map[string]time.Time{}
	}
	if at.After(t.removals[person]) {
		t.removals[person] = at
	}
}

// Removals counts who was removed since an instant, without the names that begin
// with except if that is not empty, and forgets who was removed before.
func (t *Tenant) Removals(since time.Time, except string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	maps.DeleteFunc(t.removals, func(_ string, at time.Time) bool { return at.Before(since) })
	count := 0
	for name := range t.removals {
		if except == "" || !strings.HasPrefix(name, except) {
			count++
		}
	}
	return count
}
