package faults

import (
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/test/world"
)

// TestLimitsEverybodyIsMailed: several contracts are applied at once to a tenant
// of a small plan. Everybody gets the mail, and Auth0 hardly has to refuse a call.
func TestLimitsEverybodyIsMailed(t *testing.T) {
	for profile, size := range map[string]struct {
		customers int
		people    int32
	}{
		standin.ProfileFree:         {1, 3},
		standin.ProfileProfessional: {4, 6},
	} {
		t.Run(profile, func(t *testing.T) {
			w := world.New(t)
			w.StartOperator(func(o *world.OperatorOptions) {
				o.LiveInterval, o.TenantInterval = 10*time.Second, time.Minute
			})
			w.Expect(w.Auth0.Configure(func(s *standin.Settings) { s.Profile = profile })).To(Succeed())
			var emails []string
			for i := range size.customers {
				name := fmt.Sprintf("acme%d", i)
				w.CreateCustomer(name, size.people+1)
				for j := range size.people {
					emails = append(emails, fmt.Sprintf("p%d-%d@acme.com", i, j))
					w.CreateMember(name, emails[len(emails)-1])
				}
			}
			began := time.Now()
			NewWithT(t).Eventually(func() (missing []string) {
				for _, email := range emails {
					if len(w.Mails(email)) == 0 {
						missing = append(missing, email)
					}
				}
				return missing
			}, 4*time.Minute, time.Second).Should(BeEmpty(), "%v", w.Logs())
			calls, refused := w.Auth0.Audit(), 0
			for _, call := range calls {
				if call.RateLimited {
					refused++
				}
			}
			t.Logf("%s: %d mails after %s, %d calls, %d refused", profile, len(emails), time.Since(began).Round(time.Second), len(calls), refused)
			w.Expect(refused).To(BeNumerically("<=", 5+len(calls)/50))
		})
	}
}

// TestLimitsNothingIsReadAgain: more organizations are to be made at once than Auth0
// lets be made soon. Who waits does not look again whether there is one.
func TestLimitsNothingIsReadAgain(t *testing.T) {
	const customers = 10
	w := world.New(t)
	w.Expect(w.Auth0.Configure(func(s *standin.Settings) { s.Profile = standin.ProfileProfessional })).To(Succeed())
	w.StartOperator(func(o *world.OperatorOptions) {
		o.LiveInterval, o.TenantInterval = 10*time.Second, time.Minute
	})
	for i := range customers {
		w.CreateCustomer(fmt.Sprintf("acme%d", i), 1)
	}
	made := func() int { return len(w.Auth0.Calls("POST", "/api/v2/organizations")) }
	NewWithT(t).Eventually(made, 2*time.Minute, time.Second).Should(Equal(customers), "%v", w.Logs())
	w.Expect(w.Auth0.Calls("GET", "/api/v2/organizations/name/{name}")).To(HaveLen(customers))
}

// TestLimitsGroupRefusedForLong: one group of calls is refused for as long as one
// likes, by answers that name no time: the rest goes on, a removal too, the Auth0Tenant
// says which group is short, and whoever waits says so and is served afterwards.
func TestLimitsGroupRefusedForLong(t *testing.T) {
	w := world.New(t)
	w.StartOperator(func(o *world.OperatorOptions) { o.TenantInterval = time.Second })
	w.CreateCustomer("acme", 5)
	bob, tenant := w.CreateMember("acme", "bob@acme.com"), w.TenantObject()
	session := w.Join(bob)
	id, err := w.Auth0.AddFault(standin.Fault{Kind: standin.FaultStatus, Status: 429, WithoutHeaders: true, Bucket: "write-invitations"})
	w.Expect(err).NotTo(HaveOccurred())
	jane := w.CreateMember("acme", "jane@acme.com")
	w.UntilReason(tenant, v1alpha1.ConditionWithinLimits, "False/LimitShort")
	w.UntilReason(jane, v1alpha1.ConditionReconciling, "True/RateLimited")
	w.Expect(w.Mails("jane@acme.com")).To(BeEmpty())
	beta := w.CreateCustomer("beta", 2)
	w.Remove(bob)
	w.AssertOut("acme", "bob@acme.com", session)
	w.UntilReason(beta, v1alpha1.ConditionOrganizationSynced, "True/OrganizationSynced")

	w.Expect(w.Auth0.RemoveFault(id)).To(BeTrue())
	w.UntilMail("jane@acme.com", 1)
	w.UntilReason(tenant, v1alpha1.ConditionWithinLimits, "True/WithinLimits")
}
