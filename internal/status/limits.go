package status

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

// TenantLimits is what a pass found of Auth0's rate limits.
type TenantLimits struct {
	// Refused are the groups of calls that Auth0 refuses again and again, with the
	// time of the next try.
	Refused map[string]time.Time
	// Declared is the plan in the spec, Answered the one that the answers are of where
	// that is another.
	Declared, Answered string
	// Odd are groups whose limit differs from what the plan says.
	Odd []string
}

// withinLimits says which limit is short, until when, and what is declared wrongly.
func (c *conditions) withinLimits(limits *TenantLimits) {
	if limits == nil {
		return
	}
	if len(limits.Refused) > 0 {
		var groups []string
		for _, name := range slices.Sorted(maps.Keys(limits.Refused)) {
			groups = append(groups, fmt.Sprintf("%s (next try at about %s)", name,
				limits.Refused[name].UTC().Add(time.Minute).Truncate(time.Minute).Format("15:04 UTC")))
		}
		c.set(v1alpha1.ConditionWithinLimits, metav1.ConditionFalse, v1alpha1.ReasonLimitShort, fmt.Sprintf(
			"Auth0 refuses again and again, as over its rate limit: %s. What needs it waits, the rest goes on; if it lasts, see which other clients use the limit",
			strings.Join(groups, ", ")))
		return
	}
	switch {
	case limits.Answered != "":
		c.set(v1alpha1.ConditionWithinLimits, metav1.ConditionFalse, v1alpha1.ReasonLimitsDiffer, fmt.Sprintf(
			"spec.plan is %s, and Auth0's answers are of %s: the answers count. Correct spec.plan", limits.Declared, limits.Answered))
	case limits.Declared != "" && len(limits.Odd) > 0:
		c.set(v1alpha1.ConditionWithinLimits, metav1.ConditionFalse, v1alpha1.ReasonLimitsDiffer, fmt.Sprintf(
			"Auth0's answers name another limit than plan %s for: %s. The answers count. Correct spec.plan and spec.limits", limits.Declared, strings.Join(limits.Odd, ", ")))
	default:
		c.set(v1alpha1.ConditionWithinLimits, metav1.ConditionTrue, v1alpha1.ReasonWithinLimits, "no rate limit of Auth0 is short for long")
	}
}
