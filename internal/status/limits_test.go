package status

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

func TestTenantSaysWhichLimitIsShort(t *testing.T) {
	refused := map[string]time.Time{"invitations write": now.Add(90 * time.Second), "global": now.Add(time.Second)}
	for name, c := range map[string]struct {
		limits *TenantLimits
		want   string
		says   []string
	}{
		"not known":     {nil, "", nil},
		"nothing":       {&TenantLimits{}, "True/WithinLimits", nil},
		"a group":       {&TenantLimits{Refused: refused, Answered: "Free"}, "False/LimitShort", []string{"global (next try at about 12:01 UTC)", "invitations write (next try at about 12:02 UTC)"}},
		"another plan":  {&TenantLimits{Declared: "Enterprise", Answered: "Free"}, "False/LimitsDiffer", []string{"spec.plan is Enterprise", "answers are of Free"}},
		"an odd bucket": {&TenantLimits{Declared: "Custom", Odd: []string{"users read"}}, "False/LimitsDiffer", []string{"users read"}},
		"odd, learned":  {&TenantLimits{Odd: []string{"users read"}}, "True/WithinLimits", nil},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			got := Auth0Tenant(&v1alpha1.Auth0Tenant{}, TenantFacts{Now: now, CredentialsChecked: true, Limits: c.limits})
			g.Expect(short(got.Conditions)[v1alpha1.ConditionWithinLimits]).To(Equal(c.want))
			g.Expect(short(got.Conditions)[v1alpha1.ConditionReady]).To(HavePrefix("True/"), "it does not touch Ready")
			for _, text := range c.says {
				g.Expect(meta.FindStatusCondition(got.Conditions, v1alpha1.ConditionWithinLimits).Message).To(ContainSubstring(text))
			}
		})
	}
}
