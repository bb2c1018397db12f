package standin

import (
	"cmp"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Rate buckets of endpoints. A route without one counts in the global bucket
// only.
const (
	limitOrganizationsList   = "list-organizations"
	limitOrganizationRead    = "read-organization"
	limitOrganizationByName  = "read-organization-by-name"
	limitOrganizationWrite   = "write-organization"
	limitMembersRead         = "read-members"
	limitMembersWrite        = "write-members"
	limitMemberRolesRead     = "read-member-roles"
	limitMemberRolesWrite    = "write-member-roles"
	limitInvitationsRead     = "read-invitations"
	limitInvitationsWrite    = "write-invitations"
	limitOrgConnectionsRead  = "read-organization-connections"
	limitOrgConnectionsWrite = "write-organization-connections"
	limitUserOrganizations   = "read-user-organizations"
	limitUsersRead           = "read-users"
	limitUsersWrite          = "write-users"
	limitUsersDelete         = "delete-users"
	limitConnectionsRead     = "read-connections"
	limitLogsRead            = "read-logs"

	limitGlobal = "global"
	// limitOther is the bucket for "all other endpoints combined".
	limitOther = "other"
)

// bucketNames are all buckets.
var bucketNames = []string{
	limitOrganizationsList, limitOrganizationRead, limitOrganizationByName, limitOrganizationWrite, limitMembersRead, limitMembersWrite,
	limitMemberRolesRead, limitMemberRolesWrite, limitInvitationsRead, limitInvitationsWrite, limitOrgConnectionsRead, limitOrgConnectionsWrite,
	limitUserOrganizations, limitUsersRead, limitUsersWrite, limitUsersDelete, limitConnectionsRead, limitLogsRead, limitGlobal, limitOther,
}

// bucketOf names the bucket of a route, whatever profile holds; empty for what
// is no route of the Management API.
func bucketOf(ro *endpoint) string {
	if ro == nil {
		return ""
	}
	return cmp.Or(ro.limit, limitOther)
}

// rate is a token bucket: burst is its size, perMinute its refill.
type rate struct{ burst, perMinute float64 }

func perMinute(burst, n float64) rate { return rate{burst, n} }
func perSecond(burst, n float64) rate { return rate{burst, n * 60} }

// profiles are the limits of the Management API by subscription, from Auth0's
// pages "rate limit configurations". A route whose bucket the profile does not
// name counts in "other" if the profile has that, and in global alone if not.
var profiles = map[string]map[string]rate{
	ProfileUnlimited: {},
	ProfileFree: {
		limitGlobal:          perSecond(2, 2),
		limitMemberRolesRead: perMinute(20, 200), limitMemberRolesWrite: perMinute(20, 200),
	},
	ProfileEssentials:   selfService,
	ProfileProfessional: selfService,
	ProfileEnterprise: {
		limitGlobal:            perSecond(50, 16),
		limitOrganizationsList: perMinute(10, 100), limitOrganizationRead: perMinute(10, 100),
		limitOrganizationByName: perMinute(20, 200), limitOrganizationWrite: perMinute(5, 150),
		limitMembersRead: perMinute(40, 500), limitMembersWrite: perMinute(20, 200),
		limitUserOrganizations: perMinute(40, 500),
		limitInvitationsRead:   perMinute(20, 200), limitInvitationsWrite: perMinute(20, 200),
		limitMemberRolesRead: perMinute(20, 200), limitMemberRolesWrite: perMinute(20, 200),
		limitOrgConnectionsRead: perMinute(10, 100), limitOrgConnectionsWrite: perMinute(5, 150),
	},
}

// selfService are the limits of Essentials and Professional, which are the same.
var selfService = map[string]rate{
	limitOther:             perMinute(10, 150),
	limitOrganizationsList: perMinute(5, 50), limitOrganizationRead: perMinute(20, 200),
	limitOrganizationByName: perMinute(10, 100), limitOrganizationWrite: perMinute(5, 25),
	limitMembersRead: perMinute(40, 500), limitMembersWrite: perMinute(20, 200),
	limitMemberRolesRead: perMinute(20, 200), limitMemberRolesWrite: perMinute(20, 200),
	limitOrgConnectionsRead: perMinute(5, 50), limitOrgConnectionsWrite: perMinute(5, 25),
	limitUsersRead: perMinute(40, 500), limitUsersWrite: perMinute(20, 200), limitUsersDelete: perMinute(20, 200),
	limitConnectionsRead: perMinute(5, 50), limitLogsRead: perMinute(10, 100),
}

type bucket struct {
	tokens float64
	at     time.Time
	// told is the type of the last entry in the tenant log about the bucket;
	// empty since it was half full again.
	told string
	// taken and refused count the calls since the start.
	taken, refused int
}

// limiter holds the buckets by tenant and name.
type limiter struct {
	mu      sync.Mutex
	buckets map[string]*bucket
}

func newLimiter() *limiter { return &limiter{buckets: map[string]*bucket{}} }

// taken is what a call finds in a bucket.
type taken struct {
	ok        bool
	remaining int
	// reset is when the next token comes.
	reset time.Time
	// tell is the type of the entry that the tenant log gets; mostly none.
	tell string
}

// take takes a token.
func (l *limiter) take(name string, r rate, now time.Time) taken {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.buckets[name]
	if b == nil {
		b = &bucket{tokens: r.burst, at: now}
		l.buckets[name] = b
	}
	b.tokens = math.Min(r.burst, b.tokens+now.Sub(b.at).Minutes()*r.perMinute)
	b.at = now
	if b.tokens >= r.burst/2 {
		b.told = ""
	}
	var out taken
	if b.tokens >= 1 {
		b.tokens--
		b.taken++
		out.ok = true
	} else {
		b.refused++
	}
	missing := math.Max(0, 1-b.tokens)
	out.remaining = int(b.tokens)
	out.reset = now.Add(time.Duration(missing / r.perMinute * float64(time.Minute)))
	switch {
	case !out.ok && b.told != logLimit:
		out.tell = logLimit
	case out.ok && b.tokens < r.burst*limitWarning && b.told == "":
		out.tell = logLimitWarning
	}
	if out.tell != "" {
		b.told = out.tell
	}
	return out
}

// limitWarning is the part of a bucket below which the tenant log warns: 80 % are used.
const limitWarning = 0.2

// limit takes a call from its buckets, the global one first, sets the headers
// of the last bucket asked and answers 429 if one is empty. Only calls of the
// Management API are limited.
func (g *Gate) limit(w http.ResponseWriter, r *http.Request, ro *endpoint) bool {
	if ro == nil {
		return false
	}
	settings := g.world.Settings()
	profile := profiles[settings.Profile]
	names := []string{limitGlobal, ro.limit}
	if _, named := profile[ro.limit]; !named {
		names[1] = limitOther
	}
	for _, name := range names {
		bucketRate, limited := profile[name]
		if !limited {
			continue
		}
		bucketRate.perMinute *= float64(100-settings.OtherClients) / 100
		t := g.world.tenantOf(r)
		got := g.limits.take(t.Domain+" "+name, bucketRate, g.world.clock.Now())
		setRateHeaders(w.Header(), int(bucketRate.burst), got.remaining, got.reset)
		if got.tell != "" {
			g.logLimited(t, got.tell, name, int(bucketRate.burst), r)
		}
		if !got.ok {
			writeJSON(w, http.StatusTooManyRequests, newError(http.StatusTooManyRequests, "too_many_requests", "%s", limitMessage(name)))
			return true
		}
	}
	return false
}

func limitMessage(bucket string) string {
	if bucket == limitGlobal {
		return "Global limit has been reached"
	}
	return fmt.Sprintf("Limit of %s has been reached", strings.ReplaceAll(bucket, "-", " "))
}

// setRateHeaders rounds the reset up to whole seconds: a client that waits for
// it finds a token.
func setRateHeaders(h http.Header, limit, remaining int, reset time.Time) {
	h.Set("x-ratelimit-limit", strconv.Itoa(limit))
	h.Set("x-ratelimit-remaining", strconv.Itoa(remaining))
	h.Set("x-ratelimit-reset", strconv.FormatInt(int64(math.Ceil(float64(reset.UnixNano())/1e9)), 10))
}
