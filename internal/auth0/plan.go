package auth0

import (
	"maps"
	"slices"
	"time"
)

// The subscriptions of which Auth0 publishes limits, as a person declares them.
const (
	PlanFree         = "Free"
	PlanEssentials   = "Essentials"
	PlanProfessional = "Professional"
	PlanEnterprise   = "Enterprise"
	// PlanCustom are the limits of Enterprise, but for those that are given.
	PlanCustom = "Custom"
)

// Rate is the limit of one bucket: its size, and its refill in a minute.
type Rate struct{ Burst, PerMinute int }

// Limits are what a person declares of a tenant's limits.
type Limits struct {
	// Plan is one of the plans above, empty for none: then the answers tell.
	Plan string
	// Share is the percentage of each limit that may be used, 0 for the default.
	Share int
	// Buckets are those of PlanCustom that differ, by name.
	Buckets map[string]Rate
}

// BucketNames are the names of all buckets that a plan may have.
func BucketNames() []string {
	names := map[string]bool{}
	for _, known := range knownPlans {
		for name := range known.plan {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// tier is a plan by its name. Names of plans that have the same limits are one.
type tier struct {
	name string
	plan
}

// tiers are those that the declared limits leave, nil where nothing is declared.
func (l Limits) tiers() []tier {
	switch l.Plan {
	case PlanFree:
		return []tier{tierFree}
	case PlanEssentials, PlanProfessional:
		return []tier{tierSelfService}
	case PlanEnterprise:
		return []tier{tierEnterpriseTest, tierEnterprise}
	case PlanCustom:
		custom := maps.Clone(planEnterprise)
		for name, rate := range l.Buckets {
			custom[name] = limit{float64(rate.Burst), float64(rate.PerMinute)}
		}
		return []tier{{PlanCustom, custom}}
	}
	return nil
}

// Declare takes what a person says of the limits. What Auth0's answers say counts
// all the same.
func (b *Budget) Declare(limits Limits) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.share = share
	if limits.Share > 0 {
		b.share = float64(limits.Share) / 100
	}
	known := b.limits
	b.limits = limits
	if known.Plan == limits.Plan && maps.Equal(known.Buckets, limits.Buckets) {
		return // what was learned stays
	}
	b.plans, b.odd = knownPlans, map[string]limit{}
	if declared := limits.tiers(); declared != nil {
		b.plans, b.named = declared, true
	}
}

// Shortage is what is wrong with a tenant's limits.
type Shortage struct {
	// Refused are the buckets and groups whose calls Auth0 refuses again and again,
	// with the time of the next try.
	Refused map[string]time.Time
	// Answered is the plan that Auth0's answers are of, if another one is declared.
	Answered string
	// Odd are buckets whose size fits no plan, and with a custom plan those that
	// differ from what is declared.
	Odd []string
}

// lastingRefusals is from how many refusals in a row on a bucket counts as short:
// single ones happen where others use the limit too.
const lastingRefusals = 3

// Shortage tells what is wrong with the limits. A refusal is forgotten when nobody
// has tried for long.
func (b *Budget) Shortage(now time.Time) Shortage {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := Shortage{Refused: map[string]time.Time{}, Odd: slices.Sorted(maps.Keys(b.odd))}
	for name, shut := range b.closed {
		if shut.refusals >= lastingRefusals && now.Sub(shut.until) < closedLongest {
			out.Refused[name] = shut.until
		}
	}
	declared := b.limits.tiers()
	if declared != nil && !slices.ContainsFunc(declared, func(t tier) bool { return t.name == b.plans[0].name }) {
		out.Answered = b.plans[0].name
	}
	return out
}

// Left is what is left of each bucket that was used, in calls, by this machine's
// clock.
func (b *Budget) Left(now time.Time) map[string]float64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := map[string]float64{}
	for name := range b.buckets {
		if is := b.bucket(name, now); is != nil {
			out[name] = max(0, min(is.level, is.full()))
		}
	}
	for name, shut := range b.closed {
		if shut.stands(now) {
			out[name] = 0
		}
	}
	return out
}

// Waiting is how many have a place in the queue for a limit, by limit and lane. Who waits
// for several limits is counted at each.
func (b *Budget) Waiting(now time.Time) map[string]map[Lane]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := map[string]map[Lane]int{}
	for name, q := range b.queues {
		q.sweep(now)
		out[name] = map[Lane]int{}
		for _, lane := range []Lane{LaneRemoval, laneBegun, LaneDefault, LaneInvitation, LaneLook} {
			out[name][lane] = len(q.lanes[lane])
		}
	}
	return out
}
