package auth0

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// The labels hold the tenant's domain and the route template, never an id or an
// address.
var (
	requestsTotal = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "seatwarden_auth0_requests_total",
		Help: "Requests sent to Auth0, by tenant domain, route template and HTTP status; code is \"none\" where no answer came.",
	}, []string{"tenant", "route", "code"})
	requestDuration = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "seatwarden_auth0_request_duration_seconds",
		Help:    "Time from sending a request to Auth0 to having read its answer, by tenant domain and route template.",
		Buckets: []float64{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15},
	}, []string{"tenant", "route"})
	heldBackTotal = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "seatwarden_auth0_held_back_total",
		Help: "Calls that were told to come back because a rate limit of Auth0 is short, by tenant domain, limit and lane.",
	}, []string{"tenant", "limit", "lane"})
)

// Collectors are the metrics of all clients, to be registered once by the
// program.
func Collectors() []prometheus.Collector {
	return []prometheus.Collector{requestsTotal, requestDuration, heldBackTotal}
}

func countRequest(tenant, route string, status int, took time.Duration) {
	code := "none"
	if status != 0 {
		code = strconv.Itoa(status)
	}
	requestsTotal.WithLabelValues(tenant, route, code).Inc()
	requestDuration.WithLabelValues(tenant, route).Observe(took.Seconds())
}

func countHeld(tenant, limit string, lane Lane) {
	heldBackTotal.WithLabelValues(tenant, limit, string(lane)).Inc()
}
