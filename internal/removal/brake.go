package removal

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"
)

// BrakeWindow is the time in which removals are counted together.
const BrakeWindow = 10 * time.Minute

// BrakeFacts are what the brake looks at when people are to be removed.
type BrakeFacts struct {
	// AtLeast people of a Customer may be removed in a window, and Percent of it
	// if that is more.
	AtLeast, Percent int
	// TenantLimit is how many of the whole tenant may be.
	TenantLimit int
	// People of the Customer who hold something, or did when the window began.
	People int
	// Removed of them within the window; who is held is not removed.
	Removed int
	// TenantRemoved within the window, of all Customers of the tenant, Removed included.
	TenantRemoved int
}

// Left is how many more people may be removed now. Whoever goes beyond is held.
func Left(f BrakeFacts) int {
	customer := max(f.AtLeast, f.People*f.Percent/100) - f.Removed
	return max(0, min(customer, f.TenantLimit-f.TenantRemoved))
}

// Hash stands for removals that are held: for exactly these, held on exactly this
// occasion, so that an approval is of what its author saw. 16 hex digits.
func Hash(lines []string) string {
	lines = slices.Sorted(slices.Values(lines))
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(sum[:8])
}
