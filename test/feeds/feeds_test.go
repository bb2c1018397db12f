package feeds

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/internal/standin/person"
	"github.com/seatwarden/seatwarden/test/world"
)

const (
	eventsRoute = "/api/v2/events"
	logsRoute   = "/api/v2/logs"
)

// scopes of the feeds, by name.
var scopes = map[string]string{"EventStream": "read:events", "TenantLog": "read:logs"}

// unhurried has the log read each second while something is expected, and
// everything else looked at in an hour.
func unhurried(o *world.OperatorOptions) {
	o.LiveInterval, o.SettledInterval, o.ResyncInterval = time.Second, time.Hour, time.Hour
	o.TenantInterval = time.Hour
}

// followed is a world whose operator follows feeds.
func followed(t *testing.T, granted []string, options ...func(*world.OperatorOptions)) (*world.World, *v1alpha1.Auth0Tenant) {
	w := world.New(t)
	w.GrantFeeds(granted...)
	w.StartOperator(append([]func(*world.OperatorOptions){unhurried}, options...)...)
	return w, w.TenantObject()
}

// asked are the calls to the Management API that feeds do not make.
func asked(w *world.World) (calls []string) {
	for _, call := range w.Auth0.Audit() {
		if strings.HasPrefix(call.Route, "/api/v2/") && call.Route != eventsRoute && call.Route != logsRoute {
			calls = append(calls, call.Method+" "+call.Route)
		}
	}
	return calls
}

// quiet waits until nothing is asked of Auth0 any more, its lists' lag having passed.
func quiet(w *world.World) {
	w.Helper()
	w.Auth0.Forward(2 * directory.Lag)
	last, since := -1, time.Now()
	w.Until("nothing is asked any more", func(g Gomega) {
		if now := len(asked(w)); now != last {
			last, since = now, time.Now()
		}
		g.Expect(time.Since(since)).To(BeNumerically(">", 4*time.Second), "%v", asked(w))
	})
}

// TestAccessShownByAFeed: an acceptance shows within seconds, and a link that nobody
// has clicked, or a settled Customer, costs nothing.
func TestAccessShownByAFeed(t *testing.T) {
	for name, scope := range scopes {
		t.Run(name, func(t *testing.T) {
			w, tenant := followed(t, []string{scope})
			w.UntilReason(tenant, v1alpha1.ConditionFeedHealthy, "True/"+name)
			var admins []*v1alpha1.Member
			var customers []*v1alpha1.Customer
			for i := range 3 {
				customer := w.CreateCustomer(fmt.Sprintf("acme%d", i), 3, func(c *v1alpha1.Customer) {
					c.Spec.Admins[0].Email = v1alpha1.Email(fmt.Sprintf("boss%d@acme.com", i))
				})
				w.Employ(fmt.Sprintf("boss%d@acme.com", i))
				customers, admins = append(customers, customer), append(admins, w.AdminMember(customer))
			}
			for i, admin := range admins {
				w.UntilMail(fmt.Sprintf("boss%d@acme.com", i), 1)
				w.UntilReason(admin, v1alpha1.ConditionActive, "False/Invited")
				w.UntilReason(customers[i], v1alpha1.ConditionReady, "True/Reconciled")
			}
			quiet(w)
			w.Auth0.ResetAudit()
			w.Throughout("links that nobody has clicked cost nothing", func(g Gomega) { g.Expect(asked(w)).To(BeEmpty()) })

			_, err := w.Accept(w.UntilMail("boss0@acme.com", 1))
			w.Expect(err).NotTo(HaveOccurred())
			began := time.Now()
			w.UntilReason(admins[0], v1alpha1.ConditionActive, "True/Joined")
			t.Logf("shown after %s", time.Since(began).Round(time.Millisecond))
			w.Expect(time.Since(began)).To(BeNumerically("<", 15*time.Second))
			quiet(w)
			w.Expect(len(asked(w))).To(BeNumerically("<=", 40), "%v", asked(w))
			w.Expect(w.Get(tenant)).To(Succeed())
			w.Expect(tenant.Status.Feed.Name).To(BeEquivalentTo(name))
		})
	}
}

// TestAccessLostMarkShownByAFeed: a mark that somebody takes away is put back within
// seconds, although nothing is looked at.
func TestAccessLostMarkShownByAFeed(t *testing.T) {
	for name, scope := range scopes {
		t.Run(name, func(t *testing.T) {
			w, tenant := followed(t, []string{scope})
			w.UntilReason(tenant, v1alpha1.ConditionFeedHealthy, "True/"+name)
			customer := w.CreateCustomer("acme", 3)
			w.Join(w.AdminMember(customer))
			w.UntilReason(customer, v1alpha1.ConditionGuardInEffect, "True/GuardInEffect")
			quiet(w)
			w.InDashboard(http.MethodPatch, "/organizations/"+w.OrganizationID("acme"), `{"metadata":{"team":"sales"}}`)
			w.Until("the mark stands again", func(g Gomega) {
				organization, _ := w.Organization("acme")
				g.Expect(ownership.Guarded(organization.Metadata)).To(BeTrue())
				g.Expect(organization.Metadata).To(HaveKeyWithValue("team", "sales"))
			})
		})
	}
}

// TestAccessWithoutTheBetterFeed: where Auth0 refuses the event stream, the log is
// read, and the status says why; without either it is looked as before.
func TestAccessWithoutTheBetterFeed(t *testing.T) {
	const tooMany = "Maximum concurrent event stream connections reached. Please close existing connections."
	for name, test := range map[string]struct {
		granted []string
		says    string
		want    string
		message string
	}{
		"the log beside it":    {[]string{"read:events", "read:logs"}, "", "True/TenantLog", "the event stream is not used: Auth0 refuses it"},
		"nothing else":         {[]string{"read:events"}, "", "False/NotInPlan", "The tenant log: the scope read:logs is not granted"},
		"too many connections": {[]string{"read:events", "read:logs"}, tooMany, "True/TenantLog", "as many connections are open as the plan allows"},
		"too many, no log":     {[]string{"read:events"}, tooMany, "False/TooManyConnections", "as many connections are open as the plan allows"},
		"no scope":             {nil, "", "False/ScopeMissing", "the scope read:events is not granted"},
	} {
		t.Run(name, func(t *testing.T) {
			w := world.New(t)
			w.GrantFeeds(test.granted...)
			_, end := w.Fault(standin.Fault{Route: eventsRoute, Kind: standin.FaultStatus, Status: http.StatusForbidden, Message: test.says})
			defer end()
			w.StartOperator()
			tenant := w.TenantObject()
			w.UntilReason(tenant, v1alpha1.ConditionFeedHealthy, test.want)
			w.UntilReason(tenant, v1alpha1.ConditionReady, "True/Reconciled")
			w.Expect(w.Get(tenant)).To(Succeed())
			for _, condition := range tenant.Status.Conditions {
				if condition.Type == v1alpha1.ConditionFeedHealthy {
					w.Expect(condition.Message).To(ContainSubstring(test.message))
				}
			}
			w.Expect(tenant.Status.Feed == nil).To(Equal(!strings.HasPrefix(test.want, "True")))
			customer := w.CreateCustomer("acme", 3)
			w.Join(w.AdminMember(customer))
		})
	}
}

// TestFaultsOfAFeed: a feed that ends, breaks off, stalls, repeats, reorders, loses or
// is refused for a while costs time and nothing else.
func TestFaultsOfAFeed(t *testing.T) {
	const refused = standin.FaultStatus
	for name, its := range map[string]struct {
		scope string
		fault standin.Fault
	}{
		"the stream ends after each message": {"read:events", standin.Fault{Route: eventsRoute, Kind: standin.FaultEndStream, Messages: 1, Count: 4}},
		"it cannot be resumed":               {"read:events", standin.Fault{Route: eventsRoute, Kind: refused, Status: http.StatusGone, Nth: 2, Count: 2}},
		"Auth0 fails":                        {"read:events", standin.Fault{Route: eventsRoute, Kind: refused, Status: http.StatusServiceUnavailable, Nth: 2, Count: 3}},
		"the connection breaks":              {"read:events", standin.Fault{Route: eventsRoute, Kind: standin.FaultDropBefore, Count: 2}},
		"it is over the limit":               {"read:events", standin.Fault{Route: eventsRoute, Kind: refused, Status: http.StatusTooManyRequests, WithoutHeaders: true, Count: 2}},
		"nothing comes":                      {"read:events", standin.Fault{Kind: standin.FaultStallStream}},
		"nothing comes any more":             {"read:events", standin.Fault{Kind: standin.FaultStallStream, Messages: 2}},
		"it repeats":                         {"read:events", standin.Fault{Kind: standin.FaultRepeatEvents}},
		"it reorders":                        {"read:events", standin.Fault{Kind: standin.FaultReorderEvents}},
		"it loses":                           {"read:events", standin.Fault{Kind: standin.FaultLoseEvent, Messages: 1}},
		"the log fails":                      {"read:logs", standin.Fault{Route: logsRoute, Kind: refused, Status: http.StatusServiceUnavailable, Nth: 2, Count: 3}},
		"the log is over its limit":          {"read:logs", standin.Fault{Route: logsRoute, Kind: refused, Status: http.StatusTooManyRequests, Nth: 2, Count: 3, ResetAgo: standin.Duration(time.Hour)}},
		"the log is forbidden for a while":   {"read:logs", standin.Fault{Route: logsRoute, Kind: refused, Status: http.StatusForbidden, Nth: 2, Count: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			w := world.New(t)
			w.GrantFeeds(its.scope)
			_, end := w.Fault(its.fault)
			defer end()
			if its.scope == "read:events" && its.fault.Nth > 0 { // the first connection is to end, so that there is another
				_, endToo := w.Fault(standin.Fault{Route: eventsRoute, Kind: standin.FaultEndStream, Messages: 3, Count: 1})
				defer endToo()
			}
			w.StartOperator(unhurried, func(o *world.OperatorOptions) { o.LiveInterval, o.ResyncInterval = 300*time.Millisecond, 2*time.Second })
			customer := w.CreateCustomer("acme", 3)
			w.Join(w.AdminMember(customer))
			jane := w.CreateMember("acme", "jane@acme.com")
			session := w.Join(jane)
			w.Remove(jane)
			w.AssertOut("acme", "jane@acme.com", session)
			w.UntilReason(customer, v1alpha1.ConditionReady, "True/Reconciled")
			w.Expect(w.Mails("jane@acme.com")).To(HaveLen(1))
		})
	}
}

// TestTimeFeedOfAnotherClock: Auth0's clock and this machine's are a minute apart:
// what a feed tells is looked at all the same, and nothing else is.
func TestTimeFeedOfAnotherClock(t *testing.T) {
	for name, behind := range map[string]time.Duration{"EventStream": -time.Minute, "TenantLog": time.Minute} {
		t.Run(name, func(t *testing.T) {
			w, tenant := followed(t, []string{scopes[name]}, func(o *world.OperatorOptions) {
				o.Now = func() time.Time { return time.Now().Add(behind) }
			})
			w.UntilReason(tenant, v1alpha1.ConditionFeedHealthy, "True/"+name)
			customer := w.CreateCustomer("acme", 3)
			boss := w.AdminMember(customer)
			w.Join(boss)
			w.UntilReason(customer, v1alpha1.ConditionGuardInEffect, "True/GuardInEffect")
			quiet(w)
			w.Auth0.ResetAudit()
			w.Throughout("nothing is looked at again and again", func(g Gomega) { g.Expect(asked(w)).To(BeEmpty()) })
			w.InDashboard(http.MethodDelete, "/organizations/"+w.OrganizationID("acme")+"/members", `{"members":["`+boss.Status.Users[0].UserID+`"]}`)
			w.UntilForwarding("it shows that somebody was taken out", func(g Gomega) {
				g.Expect(w.Reason(g, boss, v1alpha1.ConditionActive)).To(Equal("False/RemovedInAuth0"))
			})
		})
	}
}

// TestAccessWhatNoFeedTells: what the stream does not tell shows by the resync.
func TestAccessWhatNoFeedTells(t *testing.T) {
	w, tenant := followed(t, []string{"read:events"}, func(o *world.OperatorOptions) { o.ResyncInterval = 2 * time.Second })
	w.UntilReason(tenant, v1alpha1.ConditionFeedHealthy, "True/EventStream")
	customer := w.CreateCustomer("acme", 3)
	boss := w.AdminMember(customer)
	w.UntilReason(boss, v1alpha1.ConditionActive, "False/Invited")
	w.Expect(w.Get(boss)).To(Succeed())
	w.InDashboard(http.MethodDelete, "/organizations/"+w.OrganizationID("acme")+"/invitations/"+boss.Status.Invitation.ID, "")
	w.UntilReason(boss, v1alpha1.ConditionActive, "False/AcceptedByWrongAccount")
	w.Expect(slices.ContainsFunc(w.Auth0.Audit(), func(e standin.AuditEntry) bool { return e.Route == logsRoute })).To(BeFalse())
}

// TestAccessWhoUsedUpALinkIsNamed: another account uses up a link. Where the tenant
// log may be read, the Member says which.
func TestAccessWhoUsedUpALinkIsNamed(t *testing.T) {
	w, _ := followed(t, []string{"read:logs"})
	w.CreateCustomer("acme", 2)
	jane := w.CreateMember("acme", "jane@acme.com")
	w.Employ("other@acme.com")
	mail := w.UntilMail("jane@acme.com", 1)
	_, err := w.Browser().OpenLink(t.Context(), mail.Link, person.As{Connection: world.ConnectionName, Email: "other@acme.com"})
	w.Expect(err).To(HaveOccurred())
	w.UntilForwarding("it shows", func(g Gomega) {
		g.Expect(w.Reason(g, jane, v1alpha1.ConditionActive)).To(Equal("False/AcceptedByWrongAccount"))
	})
	w.Expect(jane.Status.Invitation.UsedUpBy).To(HaveSuffix("other@acme.com"))
	w.UntilWarned(jane, v1alpha1.ReasonAcceptedByWrongAccount, "used up by Auth0 user "+jane.Status.Invitation.UsedUpBy)
}
