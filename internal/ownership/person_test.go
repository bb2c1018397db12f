package ownership

import (
	"testing"

	. "github.com/onsi/gomega"
)

func TestAccessPersonOfAUser(t *testing.T) {
	jane, jones := PersonRef("jane@acme.com"), PersonRef("jones@acme.com")
	both := map[string]bool{jane: true, jones: true}
	for name, tc := range map[string]struct {
		profile  Profile
		declared map[string]bool
		want     string
	}{
		"the address that is declared":                 {Profile{Email: "jane@acme.com", Vouched: true}, both, jane},
		"in whatever case":                             {Profile{Email: "Jane@ACME.com", Vouched: true}, both, jane},
		"the address changed, and is declared":         {Profile{Email: "jones@acme.com", Vouched: true, Granted: jane}, both, jones},
		"it was granted, and the address changed back": {Profile{Email: "jane@acme.com", Vouched: true, Granted: jones}, both, jane},
		"the address changed, and nobody declares it":  {Profile{Email: "jones@acme.com", Vouched: true, Granted: jane}, map[string]bool{jane: true}, jane},
		"nobody vouches for the address":               {Profile{Email: "jones@acme.com", Granted: jane}, both, jane},
		"no address":                                   {Profile{Vouched: true, Granted: jane}, map[string]bool{jane: true, PersonRef(""): true}, jane},
		"nobody's":                                     {Profile{Email: "eve@acme.com", Vouched: true}, both, ""},
	} {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect(PersonOf(tc.profile, tc.declared)).To(Equal(tc.want))
		})
	}
}
