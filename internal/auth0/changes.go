package auth0

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"regexp"
	"strings"

	"github.com/go-logr/logr"
)

// opaque are Auth0's ids and our keys, which tell nothing of a person: org_…, uinv_….
// A user's id may hold an address.
var opaque = regexp.MustCompile(`^[a-z]+(_[A-Za-z0-9]+)+$`)

// logChange logs that a call changed something in Auth0, or may have: its answer is
// missing. The context's logger knows for which object. It is the only trace of who
// took what from whom, and when; people are named by hash.
func logChange(ctx context.Context, route string, err *Error, ids []string) {
	if strings.HasPrefix(route, http.MethodGet+" ") {
		return
	}
	log := logr.FromContextOrDiscard(ctx).WithValues("route", route, "ids", hidden(ids))
	switch {
	case err == nil:
		log.Info("Auth0 was changed")
	case err.Kind == KindUnknown:
		log.Info("Auth0 may have been changed: there is no answer", "status", err.Status)
	}
}

// hidden are ids with those that may hold an address hashed: 16 hex digits, of an
// address the same as in grants.
func hidden(ids []string) []string {
	out := make([]string, 0, len(ids))
	for _, id := range ids {
		if !opaque.MatchString(id) {
			sum := sha256.Sum256([]byte(strings.ToLower(id)))
			id = "sha256:" + hex.EncodeToString(sum[:8])
		}
		out = append(out, id)
	}
	return out
}
