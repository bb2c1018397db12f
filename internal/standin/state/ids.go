package state

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
)

const alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// RandomString returns n random letters and digits.
func RandomString(n int) string {
	var b strings.Builder
	random := make([]byte, 1)
	for b.Len() < n {
		_, _ = rand.Read(random) // never returns an error
		if i := int(random[0] & 63); i < len(alphanumeric) {
			b.WriteByte(alphanumeric[i])
		}
	}
	return b.String()
}

// NewID returns an id of Auth0's shape, e.g. org_ and 16 letters and digits.
func NewID(prefix string) string { return prefix + RandomString(16) }

// RandomHex returns n random bytes in hexadecimal.
func RandomHex(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never returns an error
	return hex.EncodeToString(b)
}

// NewUUID returns a random UUID, the shape of an Action's id.
func NewUUID() string {
	h := RandomHex(16)
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-a" + h[17:20] + "-" + h[20:]
}
