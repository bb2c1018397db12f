package main

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
)

// counters is what an operator has done so far, and what it costs.
type counters struct {
	// Writes to the API server by method and resource, e.g. "PATCH members/status",
	// with the answer's code where it is a refusal.
	Writes map[string]int `json:"writes"`
	// Reads from the API server, lists and watches among them, in the same way.
	Reads map[string]int `json:"reads"`
	// Reconciles by controller.
	Reconciles map[string]int `json:"reconciles"`
	// HeapBytes are those that are alive after a garbage collection.
	HeapBytes uint64 `json:"heapBytes"`
	// ResidentBytes are those that the process has of the machine's memory,
	// PeakResidentBytes the most that it had.
	ResidentBytes     uint64 `json:"residentBytes"`
	PeakResidentBytes uint64 `json:"peakResidentBytes"`
	// CPUSeconds that the process used.
	CPUSeconds float64 `json:"cpuSeconds"`
}

const eventsResource = "events"

// writes counts those that are no Events.
func (c counters) writes() int { return sum(c.Writes) - c.events() }

// events counts the Events that were written.
func (c counters) events() (n int) {
	for what, count := range c.Writes {
		if strings.Contains(what, " "+eventsResource) {
			n += count
		}
	}
	return n
}

// since is what was done after an earlier count.
func (c counters) since(earlier counters) counters {
	return counters{
		Writes: minus(c.Writes, earlier.Writes), Reads: minus(c.Reads, earlier.Reads), Reconciles: minus(c.Reconciles, earlier.Reconciles),
		HeapBytes: c.HeapBytes, ResidentBytes: c.ResidentBytes, PeakResidentBytes: c.PeakResidentBytes, CPUSeconds: c.CPUSeconds - earlier.CPUSeconds,
	}
}

func minus(now, before map[string]int) map[string]int {
	left := map[string]int{}
	for what, n := range now {
		if n -= before[what]; n != 0 {
			left[what] = n
		}
	}
	return left
}

func sum(counts map[string]int) (n int) {
	for _, count := range counts {
		n += count
	}
	return n
}

// kubernetesCalls counts what goes through a transport to the API server.
type kubernetesCalls struct {
	// memProfile is the file to write when the heap is asked for, empty for none.
	memProfile string

	mu            sync.Mutex
	reads, writes map[string]int
}

func (k *kubernetesCalls) wrap(base http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		response, err := base.RoundTrip(r)
		k.count(r, response)
		return response, err
	})
}

func (k *kubernetesCalls) count(r *http.Request, response *http.Response) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.reads == nil {
		k.reads, k.writes = map[string]int{}, map[string]int{}
	}
	into, what := k.writes, r.Method+" "+resourceOf(r.URL.Path)
	if r.Method == http.MethodGet {
		into = k.reads
	}
	if r.URL.Query().Get("watch") != "" {
		what = "WATCH " + resourceOf(r.URL.Path)
	}
	if response != nil && response.StatusCode >= http.StatusMultipleChoices {
		what += fmt.Sprintf(" %d", response.StatusCode)
	}
	into[what]++
}

// resourceOf is the resource that a path of the API server names, with its
// subresource.
func resourceOf(path string) string {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	switch {
	case parts[0] == "api" && len(parts) > 2:
		parts = parts[2:]
	case parts[0] == "apis" && len(parts) > 3:
		parts = parts[3:]
	default:
		return path
	}
	if parts[0] == "namespaces" && len(parts) > 2 {
		parts = parts[2:]
	}
	if len(parts) > 2 {
		return parts[0] + "/" + parts[2]
	}
	return parts[0]
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
