package api_test

import (
	"reflect"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/test/internal/paths"
)

func TestEveryFieldHasItsCases(t *testing.T) {
	for kind, test := range map[string]struct {
		spec  any
		cases []fieldCase
	}{
		"Auth0Tenant": {v1alpha1.Auth0TenantSpec{}, auth0TenantFields},
		"Customer":    {v1alpha1.CustomerSpec{}, customerFields},
		"Member":      {v1alpha1.MemberSpec{}, memberFields},
	} {
		t.Run(kind, func(t *testing.T) {
			g := NewWithT(t)
			taken, refused := map[string]bool{}, map[string]bool{}
			for _, test := range test.cases {
				if test.says == "" {
					taken[test.field] = true
				} else {
					refused[test.field] = true
				}
			}
			for _, field := range paths.Of("spec", reflect.TypeOf(test.spec)) {
				// The parent's cases may hold the item's.
				parent, _, _ := strings.Cut(field, "[]")
				g.Expect(taken[field] || taken[parent]).To(BeTrue(), "no valid value of %s is tested", field)
				g.Expect(refused[field] || refused[parent]).To(BeTrue(), "no invalid value of %s is tested", field)
			}
		})
	}
}
