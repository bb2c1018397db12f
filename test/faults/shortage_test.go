package faults

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/test/world"
)

// asInProduction has the operator look as seldom as it does there.
func asInProduction(o *world.OperatorOptions) {
	o.LiveInterval, o.TenantInterval = 10*time.Second, 10*time.Second
}

// people creates a Customer with so many Members beside its admin, and returns who is
// to be mailed.
func people(w *world.World, customer string, count int) (emails []string) {
	w.Helper()
	w.CreateCustomer(customer, int32(count+1), func(c *v1alpha1.Customer) {
		c.Spec.Admins[0].Email = v1alpha1.Email("boss-" + customer + "@acme.com")
	})
	emails = append(emails, "boss-"+customer+"@acme.com")
	w.Employ(emails[0])
	for i := range count {
		emails = append(emails, fmt.Sprintf("%s-%d@acme.com", customer, i))
		w.CreateMember(customer, emails[i+1])
	}
	return emails
}

// untilMailed waits until each has the mail, for as long as small limits take.
func untilMailed(w *world.World, emails []string) {
	w.Helper()
	w.Eventually(func() (missing []string) {
		for _, email := range emails {
			if len(w.Mails(email)) == 0 {
				missing = append(missing, email)
			}
		}
		return missing
	}, 4*time.Minute, time.Second).Should(BeEmpty())
}

// refusedCalls are how many calls Auth0 answered, and how many of them with 429.
func refusedCalls(w *world.World) (calls, refused int) {
	audit := w.Auth0.Audit()
	for _, call := range audit {
		if call.Status == http.StatusTooManyRequests {
			refused++
		}
	}
	return len(audit), refused
}

// message is what a condition says, empty when it is not there.
func message(w *world.World, obj client.Object, condition string) string {
	w.Helper()
	w.Expect(w.Get(obj)).To(Succeed())
	for _, c := range world.Conditions(obj) {
		if c.Type == condition {
			return c.Message
		}
	}
	return ""
}

// TestLimitsPlanDeclaredWrongly: the spec names a larger plan than the tenant has. The
// answers count: everybody is mailed without a storm of refusals, and the Auth0Tenant
// says what to correct.
func TestLimitsPlanDeclaredWrongly(t *testing.T) {
	w := world.Bare(t)
	w.Expect(w.Auth0.Configure(func(s *standin.Settings) { s.Profile = standin.ProfileFree })).To(Succeed())
	tenant := w.CreateTenant(func(tenant *v1alpha1.Auth0Tenant) { tenant.Spec.Plan = v1alpha1.PlanEnterprise })
	w.StartOperator(asInProduction)
	untilMailed(w, people(w, "acme", 1))
	w.UntilReason(tenant, v1alpha1.ConditionWithinLimits, "False/LimitsDiffer")
	w.Expect(message(w, tenant, v1alpha1.ConditionWithinLimits)).To(Equal(
		"spec.plan is Enterprise, and Auth0's answers are of Free: the answers count. Correct spec.plan"))
	calls, refused := refusedCalls(w)
	w.Expect(refused).To(BeNumerically("<=", 10+calls/10), "of %d calls", calls)
	w.Update(tenant, func() { tenant.Spec.Plan = v1alpha1.PlanFree })
	w.UntilReason(tenant, v1alpha1.ConditionWithinLimits, "True/WithinLimits")
}

// TestLimitsAnotherClientTakesHalf: more than the share that is left for others.
func TestLimitsAnotherClientTakesHalf(t *testing.T) {
	w := world.New(t)
	w.Expect(w.Auth0.Configure(func(s *standin.Settings) { s.Profile, s.OtherClients = standin.ProfileProfessional, 50 })).To(Succeed())
	w.StartOperator(asInProduction)
	var emails []string
	for _, name := range []string{"acme", "beta", "gamma"} {
		emails = append(emails, people(w, name, 3)...)
	}
	untilMailed(w, emails)
	calls, refused := refusedCalls(w)
	t.Logf("%d of %d calls refused", refused, calls)
	w.Expect(refused).To(BeNumerically("<=", 10+calls/10), "of %d calls", calls)
}

// TestLimitsResetThatMisleads: a 429 names a time that has passed, and the call is not
// repeated in a loop; one that names a day ahead holds nothing up for a day.
func TestLimitsResetThatMisleads(t *testing.T) {
	w := world.New(t)
	clock := w.Auth0.Clock()
	w.StartOperator(func(o *world.OperatorOptions) { o.Now = clock.Now })
	w.CreateCustomer("acme", 3)
	w.UntilMail("boss@acme.com", 1)
	past, end := w.Fault(standin.Fault{
		Kind: standin.FaultStatus, Status: http.StatusTooManyRequests, Bucket: "write-invitations", ResetAgo: standin.Duration(time.Hour),
	})
	jane := w.CreateMember("acme", "jane@acme.com")
	w.Until("it is tried again", func(g Gomega) { g.Expect(w.Hits(past)).To(BeNumerically(">=", 3)) })
	began, hits := time.Now(), w.Hits(past)
	w.Throughout("less and less often", func(g Gomega) {
		g.Expect(w.Hits(past) - hits).To(BeNumerically("<=", 1+int(time.Since(began)/(2*time.Second))))
	})
	end()
	w.UntilMail("jane@acme.com", 1)
	w.UntilReason(jane, v1alpha1.ConditionActive, "False/Invited")

	ahead, end := w.Fault(standin.Fault{
		Kind: standin.FaultStatus, Status: http.StatusTooManyRequests, Bucket: "write-invitations", Delay: standin.Duration(24 * time.Hour),
	})
	bob := w.CreateMember("acme", "bob@acme.com")
	w.UntilReason(bob, v1alpha1.ConditionReconciling, "True/RateLimited")
	w.Expect(w.Hits(ahead)).To(Equal(1))
	end()
	said := message(w, bob, v1alpha1.ConditionReconciling)
	w.Expect(turnIn(said, clock.Now())).To(BeNumerically("<=", 17*time.Minute), said)
	w.Auth0.Forward(6 * time.Minute)
	w.Annotate(bob, v1alpha1.AnnotationReconcileRequestedAt, "now")
	w.UntilMail("bob@acme.com", 1)
}

// turnIn is how long until the time of day that a message names.
func turnIn(message string, now time.Time) time.Duration {
	at := strings.Index(message, " UTC")
	if at < 5 {
		return 24 * time.Hour
	}
	named, err := time.Parse("15:04", message[at-5:at])
	if err != nil {
		return 24 * time.Hour
	}
	now = now.UTC()
	left := named.Sub(time.Date(0, 1, 1, now.Hour(), now.Minute(), 0, 0, time.UTC))
	if left < -12*time.Hour {
		left += 24 * time.Hour
	}
	return left
}

// TestLimitsAGroupIsRefused: whichever group of calls is refused for as long as one
// likes: nobody loses anything, whoever waits says for what and until when, the
// Auth0Tenant names the group, little is written meanwhile, and all is made up for.
func TestLimitsAGroupIsRefused(t *testing.T) {
	for bucket, group := range map[string]string{
		"write-organization":            "organizations write",
		"read-invitations":              "invitations read",
		"read-members":                  "organization members read",
		"read-users":                    "users read",
		"read-organization-connections": "organization connections read",
	} {
		t.Run(bucket, func(t *testing.T) {
			w := world.New(t)
			w.StartOperator(func(o *world.OperatorOptions) { o.LiveInterval = time.Second })
			acme := w.CreateCustomer("acme", 5)
			boss, tenant := w.AdminMember(acme), w.TenantObject()
			w.Join(boss)
			w.UntilReason(acme, v1alpha1.ConditionGuardInEffect, "True/GuardInEffect")
			_, end := w.Fault(standin.Fault{Kind: standin.FaultStatus, Status: http.StatusTooManyRequests, WithoutHeaders: true, Bucket: bucket})
			jane := w.CreateMember("acme", "jane@acme.com")
			beta := w.CreateCustomer("beta", 2, func(c *v1alpha1.Customer) { c.Spec.Admins[0].Email = "chief@acme.com" })
			w.Employ("chief@acme.com")
			w.UntilReason(tenant, v1alpha1.ConditionWithinLimits, "False/LimitShort")
			w.Expect(message(w, tenant, v1alpha1.ConditionWithinLimits)).To(MatchRegexp(group + ` \(next try at about \d\d:\d\d UTC\)`))
			w.Until("who waits says for what and until when, and who need not is mailed", func(g Gomega) {
				if len(w.Mails("jane@acme.com"))+len(w.Mails("chief@acme.com")) == 2 {
					return // what was read before is good enough
				}
				var said []string
				for _, obj := range []client.Object{jane, acme, beta} {
					said = append(said, message(w, obj, v1alpha1.ConditionReconciling))
				}
				g.Expect(said).To(ContainElement(MatchRegexp(`\(` + group + `\) is reached, its turn is expected by \d\d:\d\d UTC; nothing is needed`)))
			})
			writes := len(w.KubernetesWrites())
			w.Throughout("those who are settled stay so, and little is written", func(g Gomega) {
				g.Expect(w.Reason(g, boss, v1alpha1.ConditionActive)).To(Equal("True/Joined"))
				g.Expect(len(w.KubernetesWrites()) - writes).To(BeNumerically("<=", 12))
			})
			_, err := w.SignIn(w.OrganizationID("acme"), "boss@acme.com")
			w.Expect(err).NotTo(HaveOccurred())
			w.Expect(w.StalledSeen()).To(BeEmpty())
			end()
			untilMailed(w, []string{"jane@acme.com", "chief@acme.com"})
			w.UntilReason(tenant, v1alpha1.ConditionWithinLimits, "True/WithinLimits")
		})
	}
}

// TestLimitsEditedWhilePeopleWait: whoever waits by limits that are declared too small
// is served as soon as they are corrected, and not at the time that they were told.
func TestLimitsEditedWhilePeopleWait(t *testing.T) {
	w := world.Bare(t)
	tenant := w.CreateTenant(func(tenant *v1alpha1.Auth0Tenant) {
		tenant.Spec.Plan = v1alpha1.PlanCustom
		tenant.Spec.Limits.Buckets = []v1alpha1.LimitBucket{{Name: "invitations write", Burst: 1, PerMinute: 1}}
	})
	w.StartOperator()
	acme := w.CreateCustomer("acme", 9)
	var waiting []*v1alpha1.Member
	var emails []string
	for i := range 6 {
		emails = append(emails, fmt.Sprintf("p%d@acme.com", i))
		waiting = append(waiting, w.CreateMember("acme", emails[i]))
	}
	w.Until("most of them wait", func(g Gomega) {
		limited := 0
		for _, member := range waiting {
			if w.Reason(g, member, v1alpha1.ConditionReconciling) == "True/RateLimited" {
				limited++
			}
		}
		g.Expect(limited).To(BeNumerically(">=", 4))
	})
	w.Update(tenant, func() { tenant.Spec.Plan, tenant.Spec.Limits.Buckets = v1alpha1.PlanEnterprise, nil })
	for _, email := range emails {
		w.UntilMail(email, 1)
	}
	w.UntilReason(acme, v1alpha1.ConditionReady, "True/Reconciled")
}

// TestLimitsAfterAnOutage: Auth0 is down while many wait for it. When it is back they
// come one after another, at the pace of the limits.
func TestLimitsAfterAnOutage(t *testing.T) {
	w := world.New(t)
	w.Expect(w.Auth0.Configure(func(s *standin.Settings) { s.Profile = standin.ProfileEnterprise })).To(Succeed())
	w.StartOperator(asInProduction)
	untilMailed(w, people(w, "first", 0))
	down, end := w.Fault(standin.Fault{Kind: standin.FaultStatus, Status: http.StatusServiceUnavailable})
	var emails []string
	for i := range 12 {
		emails = append(emails, people(w, fmt.Sprintf("acme%d", i), 2)...)
	}
	w.UntilReason(w.TenantObject(), v1alpha1.ConditionReady, "False/Auth0Unavailable")
	w.Until("it lasts", func(g Gomega) { g.Expect(w.Hits(down)).To(BeNumerically(">=", 9)) })
	w.Expect(w.Hits(down)).To(BeNumerically("<=", 60), "a few try for all")
	w.Auth0.ResetAudit()
	end()
	untilMailed(w, emails)
	calls, refused := refusedCalls(w)
	w.Expect(refused).To(BeNumerically("<=", 2+calls/100))
	for _, email := range emails {
		w.Expect(w.Mails(email)).To(HaveLen(1))
	}
}
