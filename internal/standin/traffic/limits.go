package traffic

import (
	"cmp"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/wire"
)

// Rate buckets of endpoints. A route without one counts in the global bucket
// only.
const (
	LimitOrganizationsList   = "list-organizations"
	LimitOrganizationRead    = "read-organization"
	LimitOrganizationByName  = "read-organization-by-name"
	LimitOrganizationWrite   = "write-organization"
	LimitMembersRead         = "read-members"
	LimitMembersWrite        = "write-members"
	LimitMemberRolesRead     = "read-member-roles"
	LimitMemberRolesWrite    = "write-member-roles"
	LimitInvitationsRead     = "read-invitations"
	LimitInvitationsWrite    = "write-invitations"
	LimitOrgConnectionsRead  = "read-organization-connections"
	LimitOrgConnectionsWrite = "write-organization-connections"
	LimitUserOrganizations   = "read-user-organizations"
	LimitUsersRead           = "read-users"
	LimitUsersWrite          = "write-users"
	LimitUsersDelete         = "delete-users"
	LimitConnectionsRead     = "read-connections"
	LimitLogsRead            = "read-logs"

	limitGlobal = "global"
	// limitOther is the bucket for "all other endpoints combined".
	limitOther = "other"
)

// bucketNames are all buckets.
var bucketNames = []string{
	LimitOrganizationsList, LimitOrganizationRead, LimitOrganizationByName, LimitOrganizationWrite, LimitMembersRead, LimitMembersWrite,
	LimitMemberRolesRead, LimitMemberRolesWrite, LimitInvitationsRead, LimitInvitationsWrite, LimitOrgConnectionsRead, LimitOrgConnectionsWrite,
	LimitUserOrganizations, LimitUsersRead, LimitUsersWrite, LimitUsersDelete, LimitConnectionsRead, LimitLogsRead, limitGlobal, limitOther,
}

// bucketOf names the bucket of a route, whatever profile holds; empty for what
// is no route of the Management API.
func bucketOf(ro *Endpoint) string {
	if ro == nil {
		return ""
	}
	return cmp.Or(ro.Limit, limitOther)
}

// rate is a token bucket: burst is its size, perMinute its refill.
type rate struct{ burst, perMinute float64 }

func perMinute(burst, n float64) rate { return rate{burst, n} }
func perSecond(burst, n float64) rate { return rate{burst, n * 60} }

// profiles are the limits of the Management API by subscription, from Auth0's
// pages "rate limit configurations". A route whose bucket the profile does not
// name counts in "other" if the profile has that, and in global alone if not.
var profiles = map[string]map[string]rate{
	state.ProfileUnlimited: {},
	state.ProfileFree: {
		limitGlobal:          perSecond(2, 2),
		LimitMemberRolesRead: perMinute(20, 200), LimitMemberRolesWrite: perMinute(20, 200),
	},
	state.ProfileEssentials:   selfService,
	state.ProfileProfessional: selfService,
	state.ProfileEnterprise: {
		limitGlobal:            perSecond(50, 16),
		LimitOrganizationsList: perMinute(10, 100), LimitOrganizationRead: perMinute(10, 100),
		LimitOrganizationByName: perMinute(20, 200), LimitOrganizationWrite: perMinute(5, 150),
		LimitMembersRead: perMinute(40, 500), LimitMembersWrite: perMinute(20, 200),
		LimitUserOrganizations: perMinute(40, 500),
		LimitInvitationsRead:   perMinute(20, 200), LimitInvitationsWrite: perMinute(20, 200),
		LimitMemberRolesRead: perMinute(20, 200), LimitMemberRolesWrite: perMinute(20, 200),
		LimitOrgConnectionsRead: perMinute(10, 100), LimitOrgConnectionsWrite: perMinute(5, 150),
	},
}

// selfService are the limits of Essentials and Professional, which are the same.
var selfService = map[string]rate{
	limitOther:             perMinute(10, 150),
	LimitOrganizationsList: perMinute(5, 50), LimitOrganizationRead: perMinute(20, 200),
	LimitOrganizationByName: perMinute(10, 100), LimitOrganizationWrite: perMinute(5, 25),
	LimitMembersRead: perMinute(40, 500), LimitMembersWrite: perMinute(20, 200),
	LimitMemberRolesRead: perMinute(20, 200), LimitMemberRolesWrite: perMinute(20, 200),
	LimitOrgConnectionsRead: perMinute(5, 50), LimitOrgConnectionsWrite: perMinute(5, 25),
	LimitUsersRead: perMinute(40, 500), LimitUsersWrite: perMinute(20, 200), LimitUsersDelete: perMinute(20, 200),
	LimitConnectionsRead: perMinute(5, 50), LimitLogsRead: perMinute(10, 100),
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
	case !out.ok && b.told != state.LogLimit:
		out.tell = state.LogLimit
	case out.ok && b.tokens < r.burst*limitWarning && b.told == "":
		out.tell = state.LogLimitWarning
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
func (g *Gate) limit(w http.ResponseWriter, r *http.Request, ro *Endpoint) bool {
	if ro == nil {
		return false
	}
	settings := g.world.Settings()
	profile := profiles[settings.Profile]
	names := []string{limitGlobal, ro.Limit}
	if _, named := profile[ro.Limit]; !named {
		names[1] = limitOther
	}
	for _, name := range names {
		bucketRate, limited := profile[name]
		if !limited {
			continue
		}
		bucketRate.perMinute *= float64(100-settings.OtherClients) / 100
		t := g.world.TenantOf(r)
		got := g.limits.take(t.Domain+" "+name, bucketRate, g.world.Clock.Now())
		setRateHeaders(w.Header(), int(bucketRate.burst), got.remaining, got.reset)
		if got.tell != "" {
			g.logLimited(t, got.tell, name, int(bucketRate.burst), r)
		}
		if !got.ok {
			wire.WriteJSON(w, http.StatusTooManyRequests, wire.NewError(http.StatusTooManyRequests, "too_many_requests", "%s", limitMessage(name)))
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
