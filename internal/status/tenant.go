package status

import (
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

// TenantFacts are what a pass over an Auth0Tenant found.
type TenantFacts struct {
	Now     time.Time
	Problem *Problem
	// CredentialsChecked: Auth0 answered about the credentials.
	CredentialsChecked bool
	MissingScopes      []string
	SurplusScopes      []string
	Customers          int32
	// Limits are nil where nothing is known of them.
	Limits *TenantLimits
	// Deleting: the object is being deleted while somebody needs it.
	Deleting bool
	// Leaving counts the Members on their way out, Left those whose Customer is gone
	// and settled nothing.
	Leaving, Left int
	// Feed is what tells of changes, nil while that is not known.
	Feed *TenantFeed
}

// Auth0Tenant derives the status of an Auth0Tenant.
func Auth0Tenant(tenant *v1alpha1.Auth0Tenant, f TenantFacts) v1alpha1.Auth0TenantStatus {
	out := *tenant
	out.Status = tenantStatus(tenant, f)
	out.Status.Summary = Auth0TenantSummary(&out)
	return out.Status
}

func tenantStatus(tenant *v1alpha1.Auth0Tenant, f TenantFacts) v1alpha1.Auth0TenantStatus {
	out := *tenant.Status.DeepCopy()
	keep := f.Problem != nil && f.Problem.Class == Retry
	out.ObservedGeneration = tenant.Generation
	out.Customers = &f.Customers
	c := build(out.Conditions, tenant.Generation, f.Now)

	switch {
	case f.CredentialsChecked:
		c.set(v1alpha1.ConditionCredentialsValid, metav1.ConditionTrue, v1alpha1.ReasonCredentialsAccepted, "Auth0 accepts the credentials")
		out.MissingScopes, out.SurplusScopes = f.MissingScopes, f.SurplusScopes
		c.scopes(f.MissingScopes, f.SurplusScopes)
	case f.Problem != nil && !keep:
		c.set(v1alpha1.ConditionCredentialsValid, metav1.ConditionFalse, f.Problem.Reason, f.Problem.Message)
		c.set(v1alpha1.ConditionScopesGranted, metav1.ConditionUnknown, f.Problem.Reason, "not known without valid credentials")
	}
	c.guardDeployed(tenant.Spec.Guard)
	c.withinLimits(f.Limits)
	if f.Feed != nil {
		c.feed(*f.Feed)
		out.Feed = f.Feed.status(out.Feed)
	}

	since := notReadySince(tenant.Status.Conditions, tenant.CreationTimestamp.Time, f.Now)
	switch {
	case f.Deleting:
		c.summarize(true, false, v1alpha1.ReasonInUse, inUse(f))
	case f.Problem != nil:
		stalled := f.Problem.stalls(since, f.Now)
		c.summarize(!stalled, stalled, f.Problem.Reason, f.Problem.Message)
	case len(f.MissingScopes) > 0:
		c.summarize(false, true, v1alpha1.ReasonScopesMissing, missing(f.MissingScopes))
	default:
		c.summarize(false, false, v1alpha1.ReasonReconciled, "Auth0 answers, and the credentials have every scope that is needed")
	}
	out.Conditions = c.list
	return out
}

// inUse says who needs a tenant that is being deleted, and what hinders them.
func inUse(f TenantFacts) string {
	message := "being deleted; " + counted(f.Leaving, "Member is", "Members are") + " on the way out, nothing is needed"
	switch {
	case f.Customers > 0:
		message = "being deleted; " + counted(int(f.Customers), "Customer refers to it: delete that first", "Customers refer to it: delete them first")
	case f.Left > 0:
		message = "being deleted; " + counted(f.Left, "Member holds", "Members hold") + " something here, and the Customer was deleted by force: create it again, or see the Members' conditions"
	}
	if f.Problem != nil {
		message += fmt.Sprintf(". They cannot go while %s (or set spec.mode to Paused: then they go, and Auth0 stays as it is)", f.Problem.Message)
	}
	return message
}

func (c *conditions) scopes(lacking, surplus []string) {
	switch {
	case len(lacking) > 0:
		c.set(v1alpha1.ConditionScopesGranted, metav1.ConditionFalse, v1alpha1.ReasonScopesMissing, missing(lacking))
	case len(surplus) > 0:
		c.set(v1alpha1.ConditionScopesGranted, metav1.ConditionTrue, v1alpha1.ReasonScopesGranted,
			"every scope that is needed is granted; "+counted(len(surplus), "more is", "more are")+" not needed: take away what status.surplusScopes lists")
	default:
		c.set(v1alpha1.ConditionScopesGranted, metav1.ConditionTrue, v1alpha1.ReasonScopesGranted, "every scope that is needed is granted, and no other")
	}
}

func missing(scopes []string) string {
	return "grant the application these Management API scopes: " + strings.Join(scopes, " ")
}

func (c *conditions) guardDeployed(guard v1alpha1.Guard) {
	if guard.Mode == v1alpha1.GuardOff {
		c.set(v1alpha1.ConditionGuardDeployed, metav1.ConditionFalse, v1alpha1.ReasonGuardOff,
			"spec.guard.mode is Off: membership alone decides who signs in")
		return
	}
	c.set(v1alpha1.ConditionGuardDeployed, metav1.ConditionUnknown, v1alpha1.ReasonDeployedExternally,
		"you deploy the Action; the operator does not look whether it is bound")
}
