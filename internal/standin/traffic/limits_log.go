package traffic

import (
	"net/http"

	"github.com/seatwarden/seatwarden/internal/standin/state"
)

// logLimited notes that a bucket of the limits is empty, or nearly.
func (g *Gate) logLimited(t *state.Tenant, kind, bucket string, size int, r *http.Request) {
	g.world.Lock()
	defer g.world.Unlock()
	t.Log(state.LogEntry{
		Type: kind, Description: limitMessage(bucket),
		Details: map[string]any{
			"limit":   map[string]any{"bucket": bucket, "global": bucket == limitGlobal, "size": size},
			"request": map[string]any{"method": r.Method, "path": r.URL.EscapedPath()},
		},
	}, g.world.Clock.Now())
}
