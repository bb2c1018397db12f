package auth0

import (
	"strings"
	"time"
)

const (
	// bucketGlobal is the bucket that every call of the Management API takes from,
	// where the plan has one. Auth0 asks it first.
	bucketGlobal = "global"
	// bucketOther is the bucket of "all other endpoints combined" of the
	// self-service plans.
	bucketOther = "other"
	// managementPath begins the routes that share the Management API's limits.
	// Those of the token and discovery endpoints are counted apart.
	managementPath = "/api/v2/"
)

// limit is one of Auth0's buckets: burst is its size, perMinute its refill.
type limit struct{ burst, perMinute float64 }

// plan is the buckets of one of Auth0's subscriptions, by name.
type plan map[string]limit

// The limits of the Management API, from Auth0's pages "Rate Limit Configurations"
// (Free, Self-Service, Enterprise). A group that a plan does not name takes from
// "other" where there is that, and from the global bucket alone where not.
var (
	planFree = plan{
		bucketGlobal: {2, 120}, "organization member roles read": {20, 200}, "organization member roles write": {20, 200},
	}
	// Essentials and Professional have the same limits.
	planSelfService = plan{
		bucketOther:          {10, 150},
		"organizations list": {5, 50}, "organization read": {20, 200}, "organization read by name": {10, 100}, "organizations write": {5, 25},
		"organization members read": {40, 500}, "organization members write": {20, 200},
		"organization member roles read": {20, 200}, "organization member roles write": {20, 200},
		"organization connections read": {5, 50}, "organization connections write": {5, 25},
		"users read": {40, 500}, "users write": {20, 200}, "users delete": {20, 200},
		"connections read": {5, 50}, "logs read": {10, 100},
	}
	planEnterprise = enterprise(limit{50, 960})
	// An Enterprise tenant that is not for production.
	planEnterpriseTest = enterprise(limit{10, 120})
)

func enterprise(global limit) plan {
	return plan{
		bucketGlobal:         global,
		"organizations list": {10, 100}, "organization read": {10, 100}, "organization read by name": {20, 200}, "organizations write": {5, 150},
		"organization members read": {40, 500}, "organization members write": {20, 200}, "user organizations read": {40, 500},
		"invitations read": {20, 200}, "invitations write": {20, 200},
		"organization member roles read": {20, 200}, "organization member roles write": {20, 200},
		"organization connections read": {10, 100}, "organization connections write": {5, 150},
	}
}

var (
	tierFree           = tier{PlanFree, planFree}
	tierSelfService    = tier{PlanEssentials + " or " + PlanProfessional, planSelfService}
	tierEnterpriseTest = tier{PlanEnterprise, planEnterpriseTest}
	tierEnterprise     = tier{PlanEnterprise, planEnterprise}
)

// knownPlans begin with the tightest.
var knownPlans = []tier{tierFree, tierSelfService, tierEnterpriseTest, tierEnterprise}

// buckets are those that a call of a group takes from, in Auth0's order: the
// headers of an answer speak of the last one.
func (p plan) buckets(group string) []string {
	var names []string
	if _, has := p[bucketGlobal]; has {
		names = append(names, bucketGlobal)
	}
	if _, has := p[group]; has {
		return append(names, group)
	}
	if _, has := p[bucketOther]; has {
		return append(names, bucketOther)
	}
	return names
}

// allows tells whether an answer of a group that names a limit can be of the plan.
func (p plan) allows(group string, burst float64) bool {
	names := p.buckets(group)
	return len(names) > 0 && p[names[len(names)-1]].burst == burst
}

// guessed is the refill of a bucket of which only the size is known: the lowest
// ratio that Auth0 publishes.
func guessed(burst float64) limit { return limit{burst, 5 * burst} }

// groupOf is the group of endpoints that Auth0 counts a route in. A route that no
// plan names is a group of its own, and one outside the Management API too.
func groupOf(route string) string {
	method, path, _ := strings.Cut(route, " ")
	path, management := strings.CutPrefix(path, managementPath)
	if !management {
		return route
	}
	access := " write"
	if method == "GET" {
		access = " read"
	}
	switch {
	case path == "organizations" || path == "organizations/{id}" || strings.HasPrefix(path, "organizations/name/"):
		return organizationGroup(method, path)
	case strings.Contains(path, "/members/{user_id}/roles"):
		return "organization member roles" + access
	case strings.HasSuffix(path, "/members"):
		return "organization members" + access
	case strings.Contains(path, "/invitations"):
		return "invitations" + access
	case strings.Contains(path, "/enabled_connections"):
		return "organization connections" + access
	case path == "users/{id}/organizations":
		return "user organizations read"
	case path == "users" || path == "users-by-email" || path == "users/{id}":
		if method == "DELETE" {
			return "users delete"
		}
		return "users" + access
	case path == "connections" && method == "GET":
		return "connections read"
	case path == "logs":
		return "logs read"
	}
	return route
}

// organizationGroup is the group of a route about organizations themselves.
func organizationGroup(method, path string) string {
	switch {
	case strings.HasPrefix(path, "organizations/name/"):
		return "organization read by name"
	case method != "GET":
		return "organizations write"
	case path == "organizations":
		return "organizations list"
	}
	return "organization read"
}

func isManagement(group string) bool {
	_, path, isRoute := strings.Cut(group, " /")
	return !isRoute || strings.HasPrefix("/"+path, managementPath)
}

// bucket is what is left of one of Auth0's, as far as we know.
type bucket struct {
	limit
	// share is the part of it that we take.
	share float64
	level float64
	at    time.Time
	// flying are calls that were sent and not answered: an answer's "remaining"
	// does not know of them.
	flying float64
}

const (
	// share is the part of each limit that we take where nothing else is declared,
	// so that the tenant's other clients, such as its own back end, have some too.
	share = 0.8
	// reserved is the part of each bucket that only removals may take.
	reserved = 0.2
)

// keeps is what all but removals leave in the bucket.
func (b *bucket) keeps() float64 { return max(1, float64(int(reserved*b.burst))) }

// full is the most that may be saved, room for one call and a removal at least.
func (b *bucket) full() float64 { return max(b.keeps()+1, b.burst*b.share) }

// refill is tokens a second.
func (b *bucket) refill() float64 { return b.perMinute * b.share / 60 }

// settle brings the level up to now.
func (b *bucket) settle(now time.Time) {
	switch past := now.Sub(b.at); {
	case past > 0:
		b.level = min(b.full(), b.level+past.Seconds()*b.refill())
		b.at = now
	case past < -closedLongest:
		b.at = now // the wall clock was put back
	}
}

func (b *bucket) take() { b.level-- }

// learn takes what Auth0 says is left, in whole calls. Our own count stands while it
// can be true; where it is too high half of a call more is there on average.
func (b *bucket) learn(remaining float64) {
	if left := remaining - b.flying; b.level >= left+1 {
		b.level = left + 0.5
	}
}
