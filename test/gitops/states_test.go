package gitops_test

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/status"
)

// Argo CD's words.
const (
	healthy     = "Healthy"
	progressing = "Progressing"
	degraded    = "Degraded"
	suspended   = "Suspended"
)

var now = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

// state is one that an object can be in, and what it is to be taken for.
type state struct {
	name, health string
	object       client.Object
	// file is its name among the examples in config/argocd, empty for none.
	file string
}

func states() []state {
	out := append(tenantStates(), customerStates()...)
	out = append(out, customerProblems()...)
	out = append(out, memberStates()...)
	out = append(out, memberProblems()...)
	out = append(out, removalStates()...)
	out = append(out, removalProblems()...)
	for _, object := range []client.Object{newTenant(), newCustomer(), newMember(), newRemoval()} {
		out = append(out, state{"nobody has looked at it", progressing, object, "unseen"})
	}
	return out
}

func meta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name: name, Namespace: "sales", UID: "0b7c4f3e-1111-4c1f-9d0a-2f6f2d7b7a10", Generation: 2,
		CreationTimestamp: metav1.NewTime(now.Add(-time.Hour)),
	}
}

func deleted(object metav1.ObjectMeta) metav1.ObjectMeta {
	at := metav1.NewTime(now)
	object.DeletionTimestamp, object.Finalizers = &at, []string{"seatwarden.dev/cleanup"}
	return object
}

func newTenant() *v1alpha1.Auth0Tenant {
	tenant := &v1alpha1.Auth0Tenant{ObjectMeta: meta("default")}
	tenant.Namespace = ""
	tenant.Spec.Domain, tenant.Spec.InviterName, tenant.Spec.Mode = "acme.eu.auth0.com", "Example", v1alpha1.ModeManage
	tenant.Status.ObservedGeneration = -1
	return tenant
}

func newCustomer() *v1alpha1.Customer {
	customer := &v1alpha1.Customer{ObjectMeta: meta("acme")}
	customer.Spec.TenantRef.Name, customer.Spec.Seats = "default", 3
	customer.Spec.Domains, customer.Spec.Admins = []v1alpha1.DomainPattern{"acme.com"}, []v1alpha1.Admin{{Email: "it@acme.com"}}
	customer.Status.ObservedGeneration = -1
	return customer
}

func newMember() *v1alpha1.Member {
	member := &v1alpha1.Member{ObjectMeta: meta("jane")}
	member.Spec.CustomerRef.Name, member.Spec.Email = "acme", "jane@acme.com"
	member.Status.ObservedGeneration = -1
	return member
}

// settledTenant is what a pass over a tenant finds in which all is well.
func settledTenant() status.TenantFacts {
	return status.TenantFacts{Now: now, CredentialsChecked: true, Customers: 1, Limits: &status.TenantLimits{}, Feed: &status.TenantFeed{Name: "EventStream"}}
}

func settledCustomer() status.CustomerFacts {
	return status.CustomerFacts{
		Now: now, OrganizationSynced: true, ConnectionsSynced: true, Window: v1alpha1.ReasonContractActive,
		Guard: v1alpha1.GuardEnforce, Guarded: true, Seats: &v1alpha1.SeatCounts{Used: 2, Active: 2},
	}
}

func settledMember() status.MemberFacts {
	return status.MemberFacts{Now: now, Looked: true, Joined: true, Confirmed: true, Guarded: true, Window: v1alpha1.ReasonContractActive}
}

func tenantState(name, health, file string, change func(*v1alpha1.Auth0Tenant, *status.TenantFacts)) state {
	tenant, facts := newTenant(), settledTenant()
	change(tenant, &facts)
	tenant.Status = status.Auth0Tenant(tenant, facts)
	return state{name, health, tenant, file}
}

func customerState(name, health, file string, change func(*v1alpha1.Customer, *status.CustomerFacts)) state {
	customer, facts := newCustomer(), settledCustomer()
	customer.Status.OrganizationID, customer.Status.OrganizationName = "org_AbCdEfGhIjKlMnOp", "acme"
	change(customer, &facts)
	customer.Status = status.Customer(customer, facts)
	return state{name, health, customer, file}
}

func memberState(name, health, file string, change func(*v1alpha1.Member, *status.MemberFacts)) state {
	member, facts := newMember(), settledMember()
	member.Status.Seat = &v1alpha1.MemberSeat{State: v1alpha1.SeatAssigned, Since: metav1.NewTime(now.Add(-time.Hour))}
	change(member, &facts)
	member.Status = status.Member(member, facts)
	return state{name, health, member, file}
}

// seen is a status at a version of the object that is the last but one.
func earlier[T any](object client.Object, written func() T) T {
	object.SetGeneration(object.GetGeneration() - 1)
	out := written()
	object.SetGeneration(object.GetGeneration() + 1)
	return out
}

func tenantStates() []state {
	out := []state{
		tenantState("all is well", healthy, "ready", func(*v1alpha1.Auth0Tenant, *status.TenantFacts) {}),
		tenantState("a scope too many", healthy, "", func(_ *v1alpha1.Auth0Tenant, f *status.TenantFacts) { f.SurplusScopes = []string{"delete:users"} }),
		tenantState("a scope too few", degraded, "scopesMissing", func(_ *v1alpha1.Auth0Tenant, f *status.TenantFacts) {
			f.MissingScopes = []string{"read:organizations"}
		}),
		tenantState("no guard", healthy, "", func(t *v1alpha1.Auth0Tenant, _ *status.TenantFacts) { t.Spec.Guard.Mode = v1alpha1.GuardOff }),
		tenantState("a limit is short", healthy, "", func(_ *v1alpha1.Auth0Tenant, f *status.TenantFacts) {
			f.Limits.Refused = map[string]time.Time{"write": now}
		}),
		tenantState("another plan", healthy, "", func(_ *v1alpha1.Auth0Tenant, f *status.TenantFacts) {
			f.Limits.Declared, f.Limits.Answered = "Enterprise", "Free"
		}),
		tenantState("the tenant log", healthy, "", func(_ *v1alpha1.Auth0Tenant, f *status.TenantFacts) {
			f.Feed = &status.TenantFeed{Name: "TenantLog", Troubles: map[string]string{"EventStream": v1alpha1.ReasonScopeMissing}}
		}),
		tenantState("paused", suspended, "paused", func(t *v1alpha1.Auth0Tenant, _ *status.TenantFacts) { t.Spec.Mode = v1alpha1.ModePaused }),
		tenantState("observed", suspended, "", func(t *v1alpha1.Auth0Tenant, _ *status.TenantFacts) { t.Spec.Mode = v1alpha1.ModeObserve }),
		tenantState("paused, and its credentials are rejected", degraded, "", func(t *v1alpha1.Auth0Tenant, f *status.TenantFacts) {
			t.Spec.Mode, f.CredentialsChecked = v1alpha1.ModePaused, false
			f.Problem = &status.Problem{Class: status.Person, Reason: v1alpha1.ReasonCredentialsRejected, Message: "m"}
		}),
		tenantState("being deleted, and in use", progressing, "inUse", func(t *v1alpha1.Auth0Tenant, f *status.TenantFacts) {
			t.ObjectMeta, f.Deleting = deleted(t.ObjectMeta), true
		}),
		tenantState("changed", progressing, "changed", func(t *v1alpha1.Auth0Tenant, f *status.TenantFacts) {
			t.Status = earlier(t, func() v1alpha1.Auth0TenantStatus { return status.Auth0Tenant(t, *f) })
			f.Problem = &status.Problem{Class: status.Retry, Reason: v1alpha1.ReasonAuth0Unavailable, Message: "Auth0 does not answer"}
		}),
	}
	for _, trouble := range []string{v1alpha1.ReasonScopeMissing, v1alpha1.ReasonNotInPlan, v1alpha1.ReasonTooManyConnections, v1alpha1.ReasonFeedUnavailable} {
		out = append(out, tenantState("no feed: "+trouble, healthy, "", func(_ *v1alpha1.Auth0Tenant, f *status.TenantFacts) {
			f.Feed = &status.TenantFeed{Troubles: map[string]string{"EventStream": trouble, "TenantLog": trouble}}
		}))
	}
	return append(out, problems(func(name, health, file string, old bool, problem *status.Problem) state {
		return tenantState(name, health, file, func(t *v1alpha1.Auth0Tenant, f *status.TenantFacts) {
			f.Problem, f.CredentialsChecked = problem, false
			if !old {
				t.CreationTimestamp = metav1.NewTime(now)
			}
		})
	}, map[status.Class][]string{
		status.Person: {
			v1alpha1.ReasonCredentialsRejected, v1alpha1.ReasonDomainNotCanonical, v1alpha1.ReasonSecretKeyMissing, v1alpha1.ReasonPrivateKeyInvalid,
			v1alpha1.ReasonDuplicateDomain, v1alpha1.ReasonApplicationNotFound, v1alpha1.ReasonApplicationDeniesOrganizations, v1alpha1.ReasonScopeMissing,
			v1alpha1.ReasonUnreadable, v1alpha1.ReasonRejectedByAuth0,
		},
		status.Missing: {v1alpha1.ReasonSecretNotFound},
		status.Retry:   {v1alpha1.ReasonAuth0Unavailable, v1alpha1.ReasonRateLimited},
	})...)
}

// problems are the states of an object that a problem stops: for what is missing, at
// first and after a while.
func problems(of func(name, health, file string, old bool, problem *status.Problem) state, reasons map[status.Class][]string) []state {
	var out []state
	for class, all := range reasons {
		for _, reason := range all {
			problem := &status.Problem{Class: class, Reason: reason, Message: "what is wrong, and what to do"}
			switch class {
			case status.Person:
				out = append(out, of(reason, degraded, "", true, problem))
			case status.Retry:
				out = append(out, of(reason, progressing, "", true, problem))
			case status.Missing:
				out = append(out, of(reason+" at first", progressing, "", false, problem), of(reason+" for long", degraded, "", true, problem))
			}
		}
	}
	return out
}
