package traffic

import (
	"cmp"
	"net/http"
	"slices"
	"sync"
)

// CallCount is how many calls of one kind came.
type CallCount struct {
	Method string `json:"method"`
	// Route is the template of a route of the Management API, /oauth/token, or
	// "other" for signing in and what is no route.
	Route  string `json:"route"`
	Status int    `json:"status"`
	Count  int    `json:"count"`
	// RateLimited are those of Count that a limit refused.
	RateLimited int `json:"rate_limited,omitempty"`
}

type countedCall struct {
	method, route string
	status        int
}

// callCounts counts every call there ever was; the audit log forgets.
type callCounts struct {
	mu     sync.Mutex
	counts map[countedCall]*CallCount
}

func newCallCounts() *callCounts { return &callCounts{counts: map[countedCall]*CallCount{}} }

func (c *callCounts) add(e AuditEntry, known bool) {
	key := countedCall{e.Method, e.Route, e.Status}
	if !known && e.Route != TokenPath {
		key = countedCall{http.MethodGet, "other", e.Status}
		if e.Method != http.MethodGet {
			key.method = http.MethodPost
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	count := c.counts[key]
	if count == nil {
		count = &CallCount{Method: key.method, Route: key.route, Status: key.status}
		c.counts[key] = count
	}
	count.Count++
	if e.RateLimited {
		count.RateLimited++
	}
}

// Counts returns how many calls there were since the start or ResetCounts, by
// method, route and status. Running ones are not counted yet.
func (g *Gate) Counts() []CallCount {
	g.counts.mu.Lock()
	defer g.counts.mu.Unlock()
	out := make([]CallCount, 0, len(g.counts.counts))
	for _, count := range g.counts.counts {
		out = append(out, *count)
	}
	slices.SortFunc(out, func(a, b CallCount) int {
		return cmp.Or(cmp.Compare(a.Route, b.Route), cmp.Compare(a.Method, b.Method), cmp.Compare(a.Status, b.Status))
	})
	return out
}

// ResetCounts starts counting anew.
func (g *Gate) ResetCounts() {
	g.counts.mu.Lock()
	defer g.counts.mu.Unlock()
	g.counts.counts = map[countedCall]*CallCount{}
}
