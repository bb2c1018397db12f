package standin_test

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/standin"
)

// streamed is a stream as it comes over the wire.
type streamed struct {
	*WithT
	response *http.Response
	lines    *bufio.Scanner
}

func (a *api) stream(query string) *streamed {
	a.t.Helper()
	g := NewWithT(a.t)
	response, err := http.DefaultClient.Do(a.request(http.MethodGet, "/events"+query, ""))
	g.Expect(err).NotTo(HaveOccurred())
	a.t.Cleanup(func() { _ = response.Body.Close() })
	return &streamed{WithT: g, response: response, lines: bufio.NewScanner(response.Body)}
}

// message returns the fields of the next message with an event, nil at the end.
func (s *streamed) message() map[string]string {
	fields := map[string]string{}
	for s.lines.Scan() {
		name, value, found := strings.Cut(s.lines.Text(), ": ")
		switch {
		case found:
			fields[name] = value
		case fields["event"] != "":
			return fields
		default:
			fields = map[string]string{}
		}
	}
	return nil
}

// names are the names of the organizations that the events tell of, to the end.
func (s *streamed) names() []string {
	var out []string
	for m := s.message(); m != nil; m = s.message() {
		for _, name := range []string{"one", "two", "three", "four"} {
			if strings.Contains(m["data"], `"name":"`+name+`"`) {
				out = append(out, name)
			}
		}
	}
	return out
}

// happened starts a stand-in where organizations were created, and returns a
// query for all of that.
func happened(t *testing.T, change ...func(*standin.Options)) (*standin.Server, *api, string) {
	t.Helper()
	s := standin.New(t, change...)
	a := newAPI(t, s)
	start := s.Clock().Now().Add(-time.Minute).Format(time.RFC3339)
	for _, name := range []string{"one", "two", "three", "four"} {
		a.must(201, "POST", "/organizations", `{"name":"`+name+`"}`)
	}
	return s, a, "?from_timestamp=" + start
}

func TestStreamsGreetAndAreLimitedByPlan(t *testing.T) {
	g := NewWithT(t)
	for profile, most := range map[string]int{standin.ProfileFree: 1, standin.ProfileEssentials: 4, standin.ProfileEnterprise: 8} {
		s := standin.New(t)
		a := newAPI(t, s)
		g.Expect(s.Configure(func(o *standin.Settings) {
			o.Profile, o.EventConnectionLinger = profile, standin.Duration(10*time.Second)
		})).To(Succeed())
		var open []*streamed
		for range most {
			open = append(open, a.stream(""))
			g.Expect(open[len(open)-1].response.StatusCode).To(Equal(200))
			s.Forward(time.Second)
		}
		g.Expect(open[0].lines.Scan()).To(BeTrue())
		g.Expect(open[0].lines.Text()).To(Equal(":connected"))
		refused := a.must(403, "GET", "/events", "")
		g.Expect(refused.message()).To(HavePrefix("Maximum concurrent event stream connections reached."), profile)
		g.Expect(open[0].response.Body.Close()).To(Succeed())
		s.Forward(time.Second)
		a.must(403, "GET", "/events", "")
		g.Eventually(func() int {
			s.Forward(11 * time.Second)
			return a.stream("").response.StatusCode
		}, 5*time.Second).Should(Equal(200), "it lingers, and then there is room")
	}
}

func TestStreamsEndByThemselves(t *testing.T) {
	g := NewWithT(t)
	s, a, all := happened(t, standin.WithSettings(func(o *standin.Settings) {
		o.EventConnectionTime, o.EventHeartbeat = standin.Duration(2*time.Minute), standin.Duration(10*time.Millisecond)
	}))
	stream := a.stream(all)
	s.Forward(2 * time.Minute)
	g.Expect(stream.names()).To(Equal([]string{"one", "two", "three", "four"}), "with all that there was, and in order")
	g.Expect(stream.lines.Err()).NotTo(HaveOccurred())

	g.Expect(s.Configure(func(o *standin.Settings) { o.EventConnectionTime = standin.Duration(100 * time.Hour) })).To(Succeed())
	stream = a.stream("")
	s.Forward(25 * time.Hour)
	g.Expect(stream.names()).To(BeEmpty())
	g.Expect(stream.lines.Err()).NotTo(HaveOccurred(), "the token has ended")

	g.Expect(s.Configure(func(o *standin.Settings) { o.EventsAccess = standin.EventsRefused })).To(Succeed())
	g.Expect(newAPI(t, s).must(403, "GET", "/events", "").errorCode()).To(Equal("insufficient_entitlement"))
}

func TestStreamFaults(t *testing.T) {
	for name, row := range map[string]struct {
		fault standin.Fault
		want  string
		cut   bool
	}{
		"cut":      {standin.Fault{Kind: standin.FaultCutStream, Messages: 2}, "[one two]", true},
		"ended":    {standin.Fault{Kind: standin.FaultEndStream, Messages: 2}, "[one two]", false},
		"at once":  {standin.Fault{Kind: standin.FaultEndStream}, "[]", false},
		"errs":     {standin.Fault{Kind: standin.FaultErrorStream, Messages: 3, ErrorCode: "cursor_expired"}, "[one two three]", false},
		"loses":    {standin.Fault{Kind: standin.FaultLoseEvent, Messages: 1}, "[one three four]", false},
		"repeats":  {standin.Fault{Kind: standin.FaultRepeatEvents}, "[one one two two three three four four]", false},
		"reorders": {standin.Fault{Kind: standin.FaultReorderEvents}, "[two one four three]", false},
	} {
		t.Run(name, func(t *testing.T) {
			s, a, all := happened(t, standin.WithSettings(func(o *standin.Settings) { o.EventConnectionTime = standin.Duration(200 * time.Millisecond) }))
			_, err := s.AddFault(row.fault)
			g := NewWithT(t)
			g.Expect(err).NotTo(HaveOccurred())
			stream := a.stream(all)
			g.Expect(fmt.Sprint(stream.names())).To(Equal(row.want))
			g.Expect(stream.lines.Err() != nil).To(Equal(row.cut))
			g.Expect(s.Faults()).To(ConsistOf(HaveField("Hit", 1)))
		})
	}
}

func TestAStreamStallsUntilReleased(t *testing.T) {
	g := NewWithT(t)
	s, a, all := happened(t, standin.WithSettings(func(o *standin.Settings) { o.EventHeartbeat = standin.Duration(5 * time.Millisecond) }))
	id, err := s.AddFault(standin.Fault{Kind: standin.FaultStallStream, Messages: 1, Count: 1})
	g.Expect(err).NotTo(HaveOccurred())
	stream := a.stream(all)
	g.Expect(stream.message()["data"]).To(ContainSubstring(`"name":"one"`))
	next := make(chan map[string]string)
	go func() { next <- stream.message() }()
	g.Consistently(next, 100*time.Millisecond).ShouldNot(Receive(), "no heartbeat either")
	g.Expect(s.RemoveFault(id)).To(BeTrue())
	g.Eventually(next, 5*time.Second).Should(Receive(HaveKeyWithValue("data", ContainSubstring(`"name":"two"`))))
}
