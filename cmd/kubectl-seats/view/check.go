package view

import (
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

// The results of a check.
const (
	CheckOK      = "ok"
	CheckProblem = "problem"
	CheckUnknown = "unknown"
	CheckOff     = "off"
)

// Check is one thing that was looked at.
type Check struct {
	Check   string `json:"check"`
	Result  string `json:"result"`
	Message string `json:"message"`
}

// CheckTable shows checks.
func CheckTable(checks []Check) *Table {
	tones := map[string]Tone{CheckOK: Good, CheckProblem: Bad, CheckUnknown: Pending}
	table := &Table{Headers: []string{"CHECK", "RESULT", "MESSAGE"}}
	for _, c := range checks {
		table.Rows = append(table.Rows, []Cell{{Text: c.Check}, {Text: c.Result, Tone: tones[c.Result]}, {Text: c.Message}})
	}
	return table
}

// policies are the bindings of the admission policies, and what they are for.
var policies = []struct{ binding, does string }{
	{"seatwarden-member-domain", "addresses outside the contract's domains are judged when a Member is created"},
	{"seatwarden-member-seats", "who invites more people than there are seats is warned"},
	{"seatwarden-customer-deletion", "who deletes a Customer is told what becomes of its people"},
}

// PolicyChecks tell which admission policies are in force.
func PolicyChecks(bindings map[string]bool) []Check {
	var checks []Check
	for _, policy := range policies {
		check := Check{Check: "policy " + strings.TrimPrefix(policy.binding, "seatwarden-"), Result: CheckOK, Message: policy.does}
		if !bindings[policy.binding] {
			check.Result, check.Message = CheckOff, "not installed; with it "+policy.does
		}
		checks = append(checks, check)
	}
	return checks
}

// tenantConditions are the checks that the operator makes all the time.
var tenantConditions = []struct{ check, condition string }{
	{"credentials", v1alpha1.ConditionCredentialsValid},
	{"scopes", v1alpha1.ConditionScopesGranted},
	{"guard", v1alpha1.ConditionGuardDeployed},
	{"rate limits", v1alpha1.ConditionWithinLimits},
	{"feed", v1alpha1.ConditionFeedHealthy},
}

// TenantChecks are what the operator last said of a tenant.
func TenantChecks(tenant *v1alpha1.Auth0Tenant) []Check {
	conditions := tenant.Status.Conditions
	checks := []Check{ofCondition("operator", meta.FindStatusCondition(conditions, v1alpha1.ConditionReady))}
	if tenant.Status.ObservedGeneration < tenant.Generation {
		checks[0].Result, checks[0].Message = CheckUnknown, "the operator has not seen the last change of this Auth0Tenant: does it run?"
	}
	for _, known := range tenantConditions {
		condition := meta.FindStatusCondition(conditions, known.condition)
		if condition == nil && known.condition == v1alpha1.ConditionFeedHealthy {
			continue
		}
		check := ofCondition(known.check, condition)
		if condition != nil && condition.Reason == v1alpha1.ReasonGuardOff {
			check.Result = CheckOff
		}
		checks = append(checks, check)
	}
	if surplus := tenant.Status.SurplusScopes; len(surplus) > 0 {
		checks = append(checks, Check{Check: "surplus scopes", Result: CheckProblem, Message: "take away what the operator has no use for: " + strings.Join(surplus, ", ")})
	}
	plan := string(tenant.Spec.Plan)
	if plan == "" {
		plan = "not declared: the operator learns the limits from Auth0's answers"
	}
	return append(checks, Check{Check: "plan", Result: CheckOK, Message: plan})
}

func ofCondition(name string, condition *metav1.Condition) Check {
	if condition == nil {
		return Check{Check: name, Result: CheckUnknown, Message: "the operator has not said yet"}
	}
	result := map[metav1.ConditionStatus]string{metav1.ConditionTrue: CheckOK, metav1.ConditionFalse: CheckProblem}[condition.Status]
	if result == "" {
		result = CheckUnknown
	}
	message := condition.Message
	if message == "" {
		message = condition.Reason
	}
	return Check{Check: name, Result: result, Message: message}
}

// Application is what Auth0 says of the application that people sign in to.
type Application struct {
	Name, OrganizationUsage, LoginURI string
	// Missing: the tenant has none of that client id.
	Missing bool
}

// ApplicationCheck judges the settings of the application.
func ApplicationCheck(clientID string, a Application) Check {
	check := Check{Check: "application", Result: CheckProblem}
	switch {
	case a.Missing:
		check.Message = fmt.Sprintf("the tenant has no application with client id %s: set spec.application.clientID", clientID)
	case a.OrganizationUsage != "allow" && a.OrganizationUsage != "require":
		check.Message = fmt.Sprintf("application %s does not allow organizations: set its organization usage to require", a.Name)
	case a.LoginURI == "":
		check.Result = CheckUnknown
		check.Message = fmt.Sprintf("application %s has no login URI: invitations only work if the tenant has a default login route", a.Name)
	default:
		check.Result, check.Message = CheckOK, fmt.Sprintf("%s: organizations %s, links lead to %s", a.Name, a.OrganizationUsage, a.LoginURI)
	}
	return check
}

// mostSkew is by how much clocks may differ before it is worth a word.
const mostSkew = 30 * time.Second

// ClockCheck compares this machine's clock with Auth0's.
func ClockCheck(here, there time.Time) Check {
	skew := here.Sub(there).Abs()
	if skew <= mostSkew {
		return Check{Check: "clock", Result: CheckOK, Message: "this machine's clock agrees with Auth0's"}
	}
	return Check{Check: "clock", Result: CheckProblem, Message: fmt.Sprintf(
		"this machine's clock differs from Auth0's by %s: requests to send an invitation again may be refused", Ahead(skew))}
}
