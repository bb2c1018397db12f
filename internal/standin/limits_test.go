package standin_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/standin"
)

func TestEssentialsIsLimitedLikeProfessional(t *testing.T) {
	g := NewWithT(t)
	s := standin.New(t)
	a := newAPI(t, s)
	g.Expect(s.Configure(func(o *standin.Settings) { o.Profile = standin.ProfileEssentials })).To(Succeed())
	for range 5 {
		a.must(200, "GET", "/organizations", "")
	}
	g.Expect(a.must(429, "GET", "/organizations", "").header.Get("x-ratelimit-limit")).To(Equal("5"))
}

func TestAFaultHitsABucket(t *testing.T) {
	g := NewWithT(t)
	s := standin.New(t)
	a := newAPI(t, s)
	org := a.must(201, "POST", "/organizations", `{"name":"acme"}`).id()
	_, err := s.AddFault(standin.Fault{Kind: standin.FaultStatus, Status: 429, Bucket: "write-organization"})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(a.must(429, "PATCH", "/organizations/"+org, `{}`).message()).To(Equal("Limit of write organization has been reached"))
	a.must(429, "POST", "/organizations", `{"name":"beta"}`)
	a.must(200, "GET", "/organizations/"+org, "")
	s.ClearFaults()
	_, err = s.AddFault(standin.Fault{Kind: standin.FaultStatus, Status: 503, Bucket: "global"})
	g.Expect(err).NotTo(HaveOccurred())
	a.must(503, "GET", "/organizations/"+org, "")
	newAPI(t, s) // tokens are no part of the Management API
	_, err = s.AddFault(standin.Fault{Kind: standin.FaultStatus, Status: 429, Bucket: "read-minds"})
	g.Expect(err).To(MatchError(ContainSubstring(`fault bucket is "read-minds"`)))
}

func TestForcedLimitsWithOddHeaders(t *testing.T) {
	g := NewWithT(t)
	s := standin.New(t)
	a := newAPI(t, s)
	forced := func(f standin.Fault) reply {
		f.Kind, f.Status, f.Count = standin.FaultStatus, http.StatusTooManyRequests, 1
		_, err := s.AddFault(f)
		g.Expect(err).NotTo(HaveOccurred())
		return a.must(429, "GET", "/organizations", "")
	}
	resetIn := func(r reply) time.Duration {
		reset, err := strconv.ParseInt(r.header.Get("x-ratelimit-reset"), 10, 64)
		g.Expect(err).NotTo(HaveOccurred())
		return time.Unix(reset, 0).Sub(s.Clock().Now())
	}
	g.Expect(forced(standin.Fault{WithoutHeaders: true}).header).NotTo(HaveKey("X-Ratelimit-Reset"))
	g.Expect(resetIn(forced(standin.Fault{Delay: standin.Duration(24 * time.Hour)}))).To(BeNumerically("~", 24*time.Hour, 10*time.Second))
	g.Expect(resetIn(forced(standin.Fault{ResetAgo: standin.Duration(time.Hour)}))).To(BeNumerically("~", -time.Hour, 10*time.Second))
	told := forced(standin.Fault{Message: "Slow down", ErrorCode: "slow"})
	g.Expect(told.message() + told.errorCode()).To(Equal("Slow downslow"))
}

func TestOtherClientsUseTheirPart(t *testing.T) {
	g := NewWithT(t)
	s := standin.New(t)
	a := newAPI(t, s)
	g.Expect(s.Configure(func(o *standin.Settings) {
		o.Profile, o.OtherClients = standin.ProfileProfessional, 90
	})).To(Succeed())
	passed := func() (n int) {
		for a.do("GET", "/organizations", "").status == 200 {
			n++
		}
		return n
	}
	g.Expect(passed()).To(Equal(5))
	s.Forward(24 * time.Second)
	g.Expect(passed()).To(Equal(2), "50 a minute are 20 in 24 seconds, of which others take nine in ten")
	g.Expect(s.Configure(func(o *standin.Settings) { o.OtherClients = 100 })).NotTo(Succeed())
}

func TestTheDateMayBeOff(t *testing.T) {
	g := NewWithT(t)
	s := standin.New(t)
	a := newAPI(t, s)
	off := func(change func(*standin.Settings)) time.Duration {
		g.Expect(s.Configure(change)).To(Succeed())
		shown, err := http.ParseTime(a.must(200, "GET", "/organizations", "").header.Get("Date"))
		g.Expect(err).NotTo(HaveOccurred())
		return shown.Sub(s.Clock().Now())
	}
	g.Expect(off(func(o *standin.Settings) { o.DateAhead = standin.Duration(time.Minute) })).To(BeNumerically("~", time.Minute, 5*time.Second))
	g.Expect(off(func(o *standin.Settings) { o.DateAhead, o.DateBehind = 0, standin.Duration(time.Minute) })).To(BeNumerically("~", -time.Minute, 5*time.Second))
}

func TestCountsForgetNothing(t *testing.T) {
	g := NewWithT(t)
	s := standin.New(t)
	a := newAPI(t, s)
	s.ResetCounts()
	for range 3 {
		a.must(404, "GET", "/organizations/org_1", "")
	}
	a.must(200, "GET", "/organizations", "")
	nowhere, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+"/nowhere", nil)
	g.Expect(err).NotTo(HaveOccurred())
	response, err := http.DefaultClient.Do(nowhere)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(response.Body.Close()).To(Succeed())
	s.ResetAudit()
	g.Expect(s.Configure(func(o *standin.Settings) { o.Profile = standin.ProfileFree })).To(Succeed())
	for range 3 {
		a.do("GET", "/roles", "")
	}
	counted := s.Counts()
	g.Expect(counted).To(ContainElements(
		standin.CallCount{Method: "GET", Route: "/api/v2/organizations", Status: 200, Count: 1},
		standin.CallCount{Method: "GET", Route: "/api/v2/organizations/{id}", Status: 404, Count: 3},
		standin.CallCount{Method: "GET", Route: "/api/v2/roles", Status: 429, Count: 1, RateLimited: 1},
		standin.CallCount{Method: "GET", Route: "other", Status: 404, Count: 1},
	))
	s.ResetCounts()
	g.Expect(s.Counts()).To(BeEmpty())
}

func TestMembersAreSeededByEmail(t *testing.T) {
	g := NewWithT(t)
	s := standin.New(t)
	seeded, err := s.Seed(standin.Seed{TenantSeed: standin.TenantSeed{
		Connections: []standin.Connection{{Name: "db", Strategy: "auth0"}},
		Users: []standin.UserSeed{
			{Connection: "db", Sub: "1", Email: "Jane@acme.com"}, {Connection: "db", Sub: "2", Email: "jane@acme.com"}, {Connection: "db", Sub: "3"},
		},
		Organizations: []standin.OrganizationSeed{{Name: "acme", Members: []string{"JANE@acme.com", "auth0|1", "auth0|3"}}},
	}})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(seeded.Organizations).To(HaveLen(1))
	acme, _ := s.Snapshot().Organization("acme")
	g.Expect(acme.Members).To(Equal([]string{"auth0|1", "auth0|3"}), "the first of an address, and nobody twice")
}
