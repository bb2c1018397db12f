package standin_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/standin"
)

func TestPagination(t *testing.T) {
	g := NewWithT(t)
	a := newAPI(t, standin.New(t))
	for i := range 3 {
		a.must(201, "POST", "/organizations", fmt.Sprintf(`{"name":"o%d"}`, i))
	}
	names := func(list []any) string {
		var out []string
		for _, item := range list {
			out = append(out, item.(map[string]any)["name"].(string))
		}
		return strings.Join(out, " ")
	}
	g.Expect(names(a.must(200, "GET", "/organizations", "").list)).To(Equal("o0 o1 o2"))
	paged := a.must(200, "GET", "/organizations?page=1&per_page=2&include_totals=true", "")
	g.Expect(names(paged.items("organizations"))).To(Equal("o2"))
	g.Expect(paged.object).To(And(HaveKeyWithValue("start", BeEquivalentTo(2)), HaveKeyWithValue("limit", BeEquivalentTo(2)), HaveKeyWithValue("total", BeEquivalentTo(3))))
	g.Expect(names(a.must(200, "GET", "/organizations?sort=name:-1", "").list)).To(Equal("o2 o1 o0"))

	first := a.must(200, "GET", "/organizations?take=2&per_page=50", "")
	g.Expect(names(first.items("organizations"))).To(Equal("o0 o1"), "take wins over per_page")
	g.Expect(first.object).NotTo(HaveKey("total"))
	next := url.QueryEscape(first.object["next"].(string))
	last := a.must(200, "GET", "/organizations?take=2&from="+next, "")
	g.Expect(names(last.items("organizations"))).To(Equal("o2"))
	g.Expect(last.object).NotTo(HaveKey("next"))
	g.Expect(names(a.must(200, "GET", "/organizations?from="+next, "").list)).To(Equal("o0 o1 o2"), "from without take is no cursor")

	second := first.items("organizations")[1].(map[string]any)["id"].(string)
	a.must(204, "DELETE", "/organizations/"+second, "")
	g.Expect(names(a.must(200, "GET", "/organizations?take=2&from="+next, "").items("organizations"))).To(Equal("o2"), "a cursor outlives its row")

	for _, c := range []struct{ query, message string }{
		{"per_page=101", "Value 101 is greater than maximum 100"},
		{"per_page=x", "Expected type integer"},
		{"page=-1", "Value -1 is less than minimum 0"},
		{"take=0", "Value 0 is less than minimum 1"},
		{"take=2&from=zzz", "'from' parameter is invalid"},
		{"page=10&per_page=100", "Requesting page 10 exceeds the allowed maximum of 1000 records."},
		{"sort=id:1", "String does not match pattern"},
		{"q=x", "Additional properties not allowed: q"},
	} {
		g.Expect(a.must(400, "GET", "/organizations?"+c.query, "").message()).To(ContainSubstring(c.message), c.query)
	}
	a.must(200, "GET", "/organizations?page=9&per_page=100", "")
}

func TestMembersCheckpointNamesANextPageThatIsEmpty(t *testing.T) {
	g := NewWithT(t)
	a, org, ids := company(t, 1)
	a.must(204, "POST", org+"/members", membersBody(ids[0]))
	first := a.must(200, "GET", org+"/members?take=100", "")
	g.Expect(first.items("members")).To(HaveLen(1))
	last := a.must(200, "GET", org+"/members?take=100&from="+url.QueryEscape(first.object["next"].(string)), "")
	g.Expect(last.items("members")).To(BeEmpty())
	g.Expect(last.object).NotTo(HaveKey("next"))
}

func TestRequestsAtTheEdges(t *testing.T) {
	s := standin.New(t)
	a := newAPI(t, s)
	narrow := newAPI(t, s, "read:roles")
	for _, c := range []struct {
		name   string
		api    *api
		method string
		path   string
		change func(*http.Request)
		body   string
		status int
		want   string
	}{
		{"unknown route", a, "GET", "/nothing", nil, "", 404, "Not Found"},
		{"trailing slash", a, "GET", "/organizations/", nil, "", 404, "Not Found"},
		{"unknown method", a, "PUT", "/organizations", nil, "{}", 404, "Not Found"},
		{"no token", a, "GET", "/organizations", func(r *http.Request) { r.Header.Del("Authorization") }, "", 401, "Missing authentication"},
		{"not a token", a, "GET", "/organizations", func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }, "", 401, "Invalid token"},
		{"missing scope", narrow, "GET", "/organizations", nil, "", 403, "Insufficient scope, expected any of: read:organizations,read:organizations_summary"},
		{"no content type", a, "POST", "/organizations", func(r *http.Request) { r.Header.Del("Content-Type") }, `{"name":"a"}`, 415, "Unsupported Media Type"},
		{"form", a, "POST", "/organizations", func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }, `name=a`, 415, "Unsupported Media Type"},
		{"too large", a, "POST", "/organizations", nil, `{"name":"` + strings.Repeat("a", 1<<20) + `"}`, 413, "greater than maximum allowed: 1048576"},
		{"chunked", a, "POST", "/organizations", func(r *http.Request) { r.ContentLength = -1 }, `{"name":"chunked"}`, 201, ""},
		{"escaped slash in an id", a, "GET", "/organizations/a%2Fb/members", nil, "", 404, "No organization found by that id"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := NewWithT(t)
			request := c.api.request(c.method, c.path, c.body)
			if c.change != nil {
				c.change(request)
			}
			got := send(t, request)
			g.Expect(got.status).To(Equal(c.status), "%v", got.object)
			g.Expect(got.message()).To(ContainSubstring(c.want))
		})
	}
	t.Run("HEAD", func(t *testing.T) {
		got := a.do("HEAD", "/organizations", "")
		NewWithT(t).Expect(got.status).To(Equal(200))
	})
}

func TestTheClockRulesTokensAndTheDateHeader(t *testing.T) {
	g := NewWithT(t)
	a := newAPI(t, standin.New(t))
	a.s.Forward(23 * time.Hour)
	got := a.must(200, "GET", "/organizations", "")
	date, err := http.ParseTime(got.header.Get("Date"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(date).To(BeTemporally("~", time.Now().Add(23*time.Hour), 5*time.Second))
	a.s.Forward(2 * time.Hour)
	g.Expect(a.must(401, "GET", "/organizations", "").message()).To(Equal("Invalid token"))
	g.Expect(a.s.Forward(-time.Hour)).To(BeTemporally(">", date), "time does not run backwards")
}

func TestRateLimits(t *testing.T) {
	for _, c := range []struct {
		profile, path string
		burst         int
		message       string
		refill        time.Duration
	}{
		{standin.ProfileFree, "/organizations", 2, "Global limit has been reached", time.Second},
		{standin.ProfileEnterprise, "/organizations", 10, "Limit of list organizations has been reached", time.Second},
		{standin.ProfileEnterprise, "/roles", 50, "Global limit has been reached", time.Second},
		{standin.ProfileProfessional, "/roles", 10, "Limit of other has been reached", time.Second},
	} {
		t.Run(c.profile+c.path, func(t *testing.T) {
			g := NewWithT(t)
			// The tokens flow in real time as well: a slow machine may let a few calls more through.
			a := newAPI(t, standin.New(t, standin.WithSettings(func(o *standin.Settings) { o.Profile = c.profile })))
			passed := 0
			var got reply
			for got = a.do("GET", c.path, ""); got.status == 200 && passed < 1000; got = a.do("GET", c.path, "") {
				g.Expect(got.header.Get("x-ratelimit-remaining")).NotTo(BeEmpty())
				passed++
			}
			g.Expect(passed).To(BeNumerically(">=", c.burst))
			g.Expect(got.status).To(Equal(429))
			g.Expect(got.errorCode()).To(Equal("too_many_requests"))
			g.Expect(got.message()).To(Equal(c.message))
			g.Expect(got.header.Get("x-ratelimit-remaining")).To(Equal("0"))
			reset, err := strconv.ParseInt(got.header.Get("x-ratelimit-reset"), 10, 64)
			g.Expect(err).NotTo(HaveOccurred())
			a.s.Forward(time.Unix(reset, 0).Sub(a.s.Clock().Now()))
			a.must(200, "GET", c.path, "")
			g.Expect(a.s.Calls("GET", "/api/v2"+c.path)).To(ContainElement(HaveField("RateLimited", true)))
		})
	}
}

func TestFaults(t *testing.T) {
	const route = "/api/v2/organizations"
	create := func(a *api) (int, error) {
		response, err := http.DefaultClient.Do(a.request("POST", "/organizations", `{"name":"acme"}`))
		if err != nil {
			return 0, err
		}
		defer func() { _ = response.Body.Close() }()
		_, err = io.Copy(io.Discard, response.Body)
		return response.StatusCode, err
	}
	exists := func(a *api) bool { return a.do("GET", "/organizations/name/acme", "").status == 200 }

	for _, c := range []struct {
		kind    standin.Fault
		status  int
		lost    bool
		happens bool
	}{
		{standin.Fault{Kind: standin.FaultStatus, Status: 503}, 503, false, false},
		{standin.Fault{Kind: standin.FaultStatus, Status: 429, Delay: standin.Duration(time.Second)}, 429, false, false},
		{standin.Fault{Kind: standin.FaultDelay, Delay: standin.Duration(time.Millisecond)}, 201, false, true},
		{standin.Fault{Kind: standin.FaultDropBefore}, 0, true, false},
		{standin.Fault{Kind: standin.FaultDropAfter}, 0, true, true},
	} {
		t.Run(fmt.Sprint(c.kind.Kind, c.status), func(t *testing.T) {
			g := NewWithT(t)
			a := newAPI(t, standin.New(t))
			c.kind.Method, c.kind.Route, c.kind.Count = "POST", route, 1
			id, err := a.s.AddFault(c.kind)
			g.Expect(err).NotTo(HaveOccurred())
			status, err := create(a)
			g.Expect(status).To(Equal(c.status))
			g.Expect(err != nil).To(Equal(c.lost))
			g.Expect(exists(a)).To(Equal(c.happens))
			g.Eventually(func() []standin.AuditEntry { return a.s.Calls("POST", route) }).Should(HaveLen(1))
			entry := a.s.Calls("POST", route)[0]
			g.Expect(entry.Fault).To(Equal(c.kind.Kind))
			g.Expect(entry.Effective()).To(Equal(c.happens))
			g.Expect(a.s.Faults()[0].Hit).To(Equal(1))
			g.Expect(a.s.RemoveFault(id)).To(BeTrue())
			g.Expect(a.s.RemoveFault(id)).To(BeFalse())
		})
	}
}

func TestAHeldCallTakesEffectWhenItIsReleased(t *testing.T) {
	for kind, before := range map[string]int{standin.FaultHang: 0, standin.FaultHangAfter: 1} {
		t.Run(kind, func(t *testing.T) {
			g := NewWithT(t)
			a := newAPI(t, standin.New(t))
			id, err := a.s.AddFault(standin.Fault{Kind: kind, Method: "POST", Route: "/api/v2/organ*", Nth: 2})
			g.Expect(err).NotTo(HaveOccurred())
			a.must(201, "POST", "/organizations", `{"name":"first"}`)
			request := a.request("POST", "/organizations", `{"name":"acme"}`)
			done := make(chan error, 1)
			client := &http.Client{Timeout: 200 * time.Millisecond}
			go func() {
				response, err := client.Do(request)
				if err == nil {
					err = errors.Join(errors.New("answered"), response.Body.Close())
				}
				done <- err
			}()
			g.Expect(<-done).To(MatchError(ContainSubstring("Timeout")))
			count := func() int { return len(a.s.Snapshot().Organizations) - 1 }
			g.Expect(count()).To(Equal(before))
			a.s.RemoveFault(id)
			g.Eventually(count).Should(Equal(1), "also for a caller that has gone")
		})
	}
}

func TestFaultsAreValidated(t *testing.T) {
	s := standin.New(t)
	for _, f := range []standin.Fault{{}, {Kind: "x"}, {Kind: standin.FaultStatus}, {Kind: standin.FaultStatus, Status: 200}, {Kind: standin.FaultHang, Route: "["}, {Kind: standin.FaultHang, Nth: -1}} {
		_, err := s.AddFault(f)
		NewWithT(t).Expect(err).To(HaveOccurred())
	}
}

func TestTLSWithItsOwnAuthority(t *testing.T) {
	g := NewWithT(t)
	s := standin.New(t, standin.WithTLS)
	pool := x509.NewCertPool()
	g.Expect(pool.AppendCertsFromPEM(s.CAPEM())).To(BeTrue())
	client := &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}}
	defer client.CloseIdleConnections()
	response, err := client.Get(s.URL() + "/api/v2/organizations")
	g.Expect(err).NotTo(HaveOccurred())
	defer func() { _ = response.Body.Close() }()
	g.Expect(response.StatusCode).To(Equal(401))
	g.Expect(response.ProtoMajor).To(Equal(2))
}

func TestControlsAreNotReachableFromTheAuth0Listener(t *testing.T) {
	g := NewWithT(t)
	s := standin.New(t)
	for _, path := range []string{"/control/state", "/control/secrets", "/control/clock"} {
		response, err := http.Get(s.URL() + path)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(response.Body.Close()).To(Succeed())
		g.Expect(response.StatusCode).To(Equal(404), path)
	}
}

func TestTheDomainIsTheHostThatWasAskedFor(t *testing.T) {
	for listen, host := range map[string]string{"": "127.0.0.1:", "127.0.0.1:0": "127.0.0.1:", "localhost:0": "localhost:", ":0": "127.0.0.1:", "0.0.0.0:0": "127.0.0.1:"} {
		s := standin.New(t, func(o *standin.Options) { o.Listen = listen })
		NewWithT(t).Expect(s.Domain()).To(And(HavePrefix(host), Not(HaveSuffix(":0"))), listen)
		newAPI(t, s).must(200, "GET", "/organizations", "")
	}
}
