package search

import (
	"testing"

	"github.com/seatwarden/seatwarden/internal/standin/state"
)

// FuzzSearch parses queries and runs those that parse.
func FuzzSearch(f *testing.F) {
	for _, q := range []string{
		`email:"jane@acme.com"`, `app_metadata.a.b:1 AND NOT blocked:true`, `(a:1 OR b:2) name:ja*`, `_exists_:user_metadata`,
		`organization_id:"org_1"`, `((`, `"`, `\`, `a:`, `:`, `NOT`, `a:*b*`, `a:[1 TO 2]`, `email.domain:"acme.com"`, `-a:1`,
	} {
		f.Add(q)
	}
	user := &SearchedUser{Organizations: func() []string { return []string{"org_1"} }, User: &state.User{
		UserID: "auth0|jane", Email: "jane@acme.com", AppMetadata: map[string]any{"a": map[string]any{"b": 1.0}, "l": []any{"x", nil}},
	}}
	f.Fuzz(func(_ *testing.T, q string) {
		if found, err := ParseSearch(q); err == nil {
			found(user)
		}
	})
}
