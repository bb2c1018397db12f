package removal

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

func TestRemovalBrake(t *testing.T) {
	settings := func(change func(*BrakeFacts)) BrakeFacts {
		f := BrakeFacts{AtLeast: 5, Percent: 25, TenantLimit: 50}
		change(&f)
		return f
	}
	for name, tc := range map[string]struct {
		facts BrakeFacts
		want  int
	}{
		"a company of four may lose everybody":       {settings(func(f *BrakeFacts) { f.People = 4 }), 5},
		"of twenty, five":                            {settings(func(f *BrakeFacts) { f.People = 20 }), 5},
		"of a hundred, a quarter":                    {settings(func(f *BrakeFacts) { f.People = 100 }), 25},
		"a quarter is rounded down":                  {settings(func(f *BrakeFacts) { f.People = 27 }), 6},
		"who went within the window counts":          {settings(func(f *BrakeFacts) { f.People, f.Removed, f.TenantRemoved = 20, 3, 3 }), 2},
		"from there on nobody":                       {settings(func(f *BrakeFacts) { f.People, f.Removed, f.TenantRemoved = 20, 9, 9 }), 0},
		"the tenant's limit holds a large company":   {settings(func(f *BrakeFacts) { f.People = 1000 }), 50},
		"other companies of the tenant count":        {settings(func(f *BrakeFacts) { f.People, f.TenantRemoved = 20, 48 }), 2},
		"a tenant's limit that is passed":            {settings(func(f *BrakeFacts) { f.People, f.TenantRemoved = 20, 70 }), 0},
		"a hundred percent turn the Customer's off":  {settings(func(f *BrakeFacts) { f.Percent, f.People = 100, 40 }), 40},
		"nothing goes without approval at zero each": {settings(func(f *BrakeFacts) { f.AtLeast, f.Percent, f.People = 0, 0, 40 }), 0},
	} {
		t.Run(name, func(t *testing.T) { NewWithT(t).Expect(Left(tc.facts)).To(Equal(tc.want)) })
	}
}

// TestRemovalHash: an approval is of exactly these people, in whatever order.
func TestRemovalHash(t *testing.T) {
	g := NewWithT(t)
	g.Expect(Hash([]string{"a 1", "b 2"})).To(Equal(Hash([]string{"b 2", "a 1"})))
	g.Expect(Hash([]string{"a 1", "b 2"})).NotTo(Equal(Hash([]string{"a 1"})))
	g.Expect(Hash([]string{"a 1"})).NotTo(Equal(Hash([]string{"a 2"})), "another occasion")
	g.Expect(Hash([]string{"a 1"})).To(MatchRegexp("^[0-9a-f]{16}$"))
}

// TestHandsOffDestroy: a user is deleted only when it is certainly nobody else's.
func TestHandsOffDestroy(t *testing.T) {
	invited := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	ours := DestroyFacts{Identities: 1, InvitedAt: invited, CreatedAt: invited.Add(time.Hour), OwnConnection: true}
	for name, tc := range map[string]struct {
		change func(*DestroyFacts)
		kept   string
	}{
		"ours alone":                       {func(*DestroyFacts) {}, ""},
		"holds a grant":                    {func(f *DestroyFacts) { f.Grants = true }, "holds a seat"},
		"granted, never invited":           {func(f *DestroyFacts) { f.InvitedAt = time.Time{} }, "not come by our invitation"},
		"there before":                     {func(f *DestroyFacts) { f.CreatedAt = invited.Add(-time.Second) }, "there before"},
		"linked to another identity":       {func(f *DestroyFacts) { f.Identities = 2 }, "exactly one identity"},
		"in a connection that others use":  {func(f *DestroyFacts) { f.OwnConnection = false }, "only this Customer uses"},
		"member of another organization":   {func(f *DestroyFacts) { f.Organizations = 1 }, "member of an organization"},
		"no identity is told: not certain": {func(f *DestroyFacts) { f.Identities = 0 }, "exactly one identity"},
	} {
		t.Run(name, func(t *testing.T) {
			facts := ours
			tc.change(&facts)
			if tc.kept == "" {
				NewWithT(t).Expect(KeepUser(facts)).To(BeEmpty())
			} else {
				NewWithT(t).Expect(KeepUser(facts)).To(ContainSubstring(tc.kept))
			}
		})
	}
}
