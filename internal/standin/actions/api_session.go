package actions

import (
	"maps"
	"regexp"
	"slices"
	"time"

	"github.com/dop251/goja"
)

// Limits of the metadata of sessions and refresh tokens, from Auth0's documentation of them.
const (
	metadataEntries = 25
	metadataLength  = 255
)

var metadataKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

const protocolRefresh = "oauth2-refresh-token"

// refreshToken adds api.refreshToken. Its token may be one that is yet to be made.
func (b *apiBuilder) refreshToken() {
	const group = "refreshToken"
	b.metadata(group, "refresh_token", b.effects.RefreshTokenMetadata)
	b.lifetimes(group, &b.effects.RefreshToken)
	b.member(group, "revoke", func(call goja.FunctionCall) {
		reason := b.text(call, 0)
		if b.protocol() != protocolRefresh {
			b.fail("api.refreshToken.revoke is for the exchange of a refresh token only")
		}
		b.effects.RevokeRefreshToken = true
		b.deny("access_denied", reason)
	})
}

// session adds api.session.
func (b *apiBuilder) session() {
	const group = "session"
	b.metadata(group, "session", b.effects.SessionMetadata)
	b.lifetimes(group, &b.effects.Session)
	b.member(group, "revoke", func(call goja.FunctionCall) {
		reason := b.text(call, 0)
		if options, ok := b.plain(call.Argument(1)).(map[string]any); ok {
			b.effects.PreserveRefreshTokens, _ = options["preserveRefreshTokens"].(bool)
		}
		b.effects.RevokeSession = true
		b.deny("access_denied", reason)
	})
}

// metadata adds the three calls on a metadata object, whose changes go to target.
func (b *apiBuilder) metadata(group, part string, target map[string]any) {
	held, _ := b.event[part].(map[string]any)
	now := func() map[string]any { return Merge(held["metadata"], target) }
	b.member(group, "setMetadata", func(call goja.FunctionCall) {
		key := b.text(call, 0)
		if goja.IsNull(call.Argument(1)) {
			target[key] = nil
			return
		}
		value := b.text(call, 1)
		if !metadataKey.MatchString(key) || len(key) > metadataLength || len(value) > metadataLength {
			b.fail("metadata: a key has letters, digits, _ and -, and neither it nor the value is over %d long", metadataLength)
		}
		target[key] = value
		if len(now()) > metadataEntries {
			b.fail("metadata: more than %d entries", metadataEntries)
		}
	})
	b.member(group, "deleteMetadata", func(call goja.FunctionCall) { target[b.text(call, 0)] = nil })
	b.member(group, "evictMetadata", func(goja.FunctionCall) {
		for _, key := range slices.Collect(maps.Keys(now())) {
			target[key] = nil
		}
	})
}

// lifetimes adds the two calls that bring an end forward, in milliseconds since 1970.
func (b *apiBuilder) lifetimes(group string, target *Lifetimes) {
	for name, end := range map[string]*time.Time{"setExpiresAt": &target.ExpiresAt, "setIdleExpiresAt": &target.IdleExpiresAt} {
		b.member(group, name, func(call goja.FunctionCall) {
			milliseconds, ok := b.plain(call.Argument(0)).(float64)
			if !ok {
				b.fail("argument 1 must be a number")
			}
			if at := time.UnixMilli(int64(milliseconds)).UTC(); end.IsZero() || at.Before(*end) {
				*end = at
			}
		})
	}
}

// protocol is event.transaction.protocol.
func (b *apiBuilder) protocol() string {
	transaction, _ := b.event["transaction"].(map[string]any)
	protocol, _ := transaction["protocol"].(string)
	return protocol
}
