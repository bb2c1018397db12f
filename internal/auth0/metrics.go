package auth0

import (
	"strconv"
	"sync"
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

// budgetLeft reads the budgets when it is asked: what is left grows by itself.
type budgetLeft struct {
	mu      sync.Mutex
	budgets map[string]*Budget
	now     map[string]func() time.Time
}

var (
	budgetsLeft    = &budgetLeft{budgets: map[string]*Budget{}, now: map[string]func() time.Time{}}
	budgetLeftDesc = prometheus.NewDesc("seatwarden_auth0_budget_left",
		"Calls that may be made at once, of what Auth0's rate limits leave, by tenant domain and limit; 0 while Auth0 refuses them.", []string{"tenant", "limit"}, nil)
	waitingDesc = prometheus.NewDesc("seatwarden_auth0_waiting",
		"Objects that wait for a rate limit of Auth0, by tenant domain, limit and lane.", []string{"tenant", "limit", "lane"}, nil)
)

func (b *budgetLeft) add(tenant string, budget *Budget, now func() time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.budgets[tenant], b.now[tenant] = budget, now
}

// Describe implements prometheus.Collector.
func (b *budgetLeft) Describe(into chan<- *prometheus.Desc) {
	into <- budgetLeftDesc
	into <- waitingDesc
}

// Collect implements prometheus.Collector.
func (b *budgetLeft) Collect(into chan<- prometheus.Metric) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for tenant, budget := range b.budgets {
		now := b.now[tenant]()
		for name, left := range budget.Left(now) {
			into <- prometheus.MustNewConstMetric(budgetLeftDesc, prometheus.GaugeValue, left, tenant, name)
		}
		for name, lanes := range budget.Waiting(now) {
			for lane, count := range lanes {
				into <- prometheus.MustNewConstMetric(waitingDesc, prometheus.GaugeValue, float64(count), tenant, name, string(lane))
			}
		}
	}
}

// Collectors are the metrics of all clients, to be registered once by the
// program.
func Collectors() []prometheus.Collector {
	return []prometheus.Collector{requestsTotal, requestDuration, heldBackTotal, budgetsLeft}
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
