package pass

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/removal"
)

// Window is a Customer's contract as the guard is told of it.
func Window(customer *v1alpha1.Customer) ownership.Window {
	window := ownership.Window{State: ownership.AccessOpen}
	if customer.Spec.Access == v1alpha1.AccessSuspended {
		window.State = ownership.AccessSuspended
	}
	if contract := customer.Spec.Contract; contract != nil {
		if contract.StartTime != nil {
			window.Start = contract.StartTime.Time
		}
		if contract.EndTime != nil {
			window.End = contract.EndTime.Time
		}
	}
	return window
}

// WindowReason is the reason of ContractActive for a phase.
func WindowReason(phase ownership.Phase) string {
	switch phase {
	case ownership.PhaseNotStarted:
		return v1alpha1.ReasonContractNotStarted
	case ownership.PhaseEnded:
		return v1alpha1.ReasonContractEnded
	case ownership.PhaseSuspended:
		return v1alpha1.ReasonSuspended
	}
	return v1alpha1.ReasonContractActive
}

// AllowedRoles are the names of the roles that a Customer manages.
func AllowedRoles(customer *v1alpha1.Customer) []string {
	if customer.Spec.Roles == nil {
		return nil
	}
	return Strings(customer.Spec.Roles.Allowed)
}

// Domains are a Customer's domain patterns.
func Domains(customer *v1alpha1.Customer) []string { return Strings(customer.Spec.Domains) }

// Strings turns a list of a named string type into strings.
func Strings[T ~string](in []T) []string {
	out := make([]string, len(in))
	for i, v := range in {
		out[i] = string(v)
	}
	return out
}

// ReconcileRequest is an object's request for a fresh look, cut to what a status
// can remember.
func ReconcileRequest(obj metav1.Object) string {
	value := obj.GetAnnotations()[v1alpha1.AnnotationReconcileRequestedAt]
	return value[:min(len(value), 253)]
}

// BrakeLimits are what the brake lets through for a Customer, with nothing counted.
func BrakeLimits(customer *v1alpha1.Customer, tenant v1alpha1.Auth0TenantSpec) removal.BrakeFacts {
	brake := customer.Spec.Removal.Brake
	return removal.BrakeFacts{AtLeast: orDefault(brake.People, 5), Percent: orDefault(brake.Percent, 25), TenantLimit: orDefault(tenant.Brake.People, 50)}
}

func orDefault(set *int32, otherwise int) int {
	if set == nil {
		return otherwise
	}
	return int(*set)
}

// Grace is how long a removed person can be brought back.
func Grace(customer *v1alpha1.Customer) time.Duration {
	if grace := customer.Spec.Removal.Grace; grace != nil {
		return grace.Duration
	}
	return 10 * time.Minute
}

// RemovalName names a person of a Customer for the tenant's brake.
func RemovalName(customer *v1alpha1.Customer, person string) string {
	return string(customer.UID) + " " + person
}

// IsAdmin tells whether the contract names the person, by PersonRef, as an admin.
func IsAdmin(customer *v1alpha1.Customer, person string) bool {
	return slices.ContainsFunc(customer.Spec.Admins, func(admin v1alpha1.Admin) bool {
		return ownership.PersonRef(string(admin.Email)) == person
	})
}
