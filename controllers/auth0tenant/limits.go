package auth0tenant

import (
	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/status"
)

// declaredLimits is what the spec says of Auth0's rate limits.
func declaredLimits(spec v1alpha1.Auth0TenantSpec) auth0.Limits {
	out := auth0.Limits{Plan: string(spec.Plan), Buckets: map[string]auth0.Rate{}}
	if spec.Limits.SharePercent != nil {
		out.Share = int(*spec.Limits.SharePercent)
	}
	for _, bucket := range spec.Limits.Buckets {
		out.Buckets[bucket.Name] = auth0.Rate{Burst: int(bucket.Burst), PerMinute: int(bucket.PerMinute)}
	}
	return out
}

// limitFacts is how the tenant does with Auth0's limits.
func (r *Reconciler) limitFacts(tenant *v1alpha1.Auth0Tenant) *status.TenantLimits {
	short := r.connections.budget(tenant.Spec.Domain).Shortage(r.Now())
	return &status.TenantLimits{
		Refused: short.Refused, Declared: string(tenant.Spec.Plan), Answered: short.Answered, Odd: short.Odd,
	}
}
