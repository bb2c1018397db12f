package faults

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/test/world"
)

// passTime is what a pass over an object takes on this machine as it is now.
func passTime(w *world.World, obj client.Object) time.Duration {
	w.Helper()
	began := time.Now()
	w.Reread(obj)
	return time.Since(began)
}

// TestTimeExpiryShows: the condition says that a link has died within two
// seconds of its time, by the clock alone: nothing else happens at that moment.
func TestTimeExpiryShows(t *testing.T) {
	w := world.New(t)
	w.StartOperator(func(o *world.OperatorOptions) { o.LiveInterval, o.SettledInterval = time.Minute, time.Minute })
	w.CreateCustomer("acme", 2, func(c *v1alpha1.Customer) {
		c.Spec.Invitations.TTL = metav1.Duration{Duration: 5 * time.Minute}
	})
	jane := w.CreateMember("acme", "jane@acme.com")
	w.UntilMail("jane@acme.com", 1)
	w.UntilReason(jane, v1alpha1.ConditionActive, "False/Invited")
	expiry := jane.Status.Invitation.ExpiresAt.Time
	w.Auth0.Forward(expiry.Sub(w.Auth0.Clock().Now()) - 5*time.Second)
	slack := passTime(w, jane)
	w.Until("the time comes", func(g Gomega) {
		shown, now := w.Reason(g, jane, v1alpha1.ConditionActive), w.Auth0.Clock().Now()
		if now.Before(expiry.Add(-time.Second)) {
			w.Expect(shown).To(Equal("False/Invited"), "the link lives")
		}
		g.Expect(now).To(BeTemporally(">", expiry.Add(-time.Second)))
	})
	w.UntilReason(jane, v1alpha1.ConditionActive, "False/Expired")
	w.Expect(w.Auth0.Clock().Now()).To(BeTemporally("<", expiry.Add(2*time.Second+slack)))
	w.UntilReason(jane, v1alpha1.ConditionReady, "True/Reconciled")
}

// TestTimeClocksDiffer: Auth0's time is what counts for links, tokens, signed
// assertions and the contract, however far this machine's clock is from it.
func TestTimeClocksDiffer(t *testing.T) {
	for name, ahead := range map[string]time.Duration{"Auth0 an hour ahead": time.Hour, "Auth0 an hour behind": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			w := world.Bare(t)
			now := time.Now
			if ahead > 0 {
				w.Auth0.Forward(ahead)
			} else {
				now = func() time.Time { return time.Now().Add(-ahead) }
			}
			machine, key := keyClient(w)
			setSecret(w, map[string]string{"privateKey": key})
			w.CreateTenant(func(tenant *v1alpha1.Auth0Tenant) {
				tenant.Spec.Credentials.ClientID, tenant.Spec.Credentials.Method = machine.ClientID, v1alpha1.PrivateKeyJWT
			})
			w.StartOperator(func(o *world.OperatorOptions) { o.Now = now })
			end := w.Auth0.Clock().Now().Add(48 * time.Hour)
			customer := w.CreateCustomer("acme", 2, func(c *v1alpha1.Customer) { c.Spec.Contract = &v1alpha1.Contract{EndTime: at(end)} })
			boss := w.AdminMember(customer)
			mail := w.UntilMail("boss@acme.com", 1)
			w.UntilReason(boss, v1alpha1.ConditionActive, "False/Invited")
			w.Expect(boss.Status.Invitation.ExpiresAt.Time).To(BeTemporally("~", mail.SentAt.Add(24*time.Hour), 2*time.Second))
			w.Auth0.Forward(23 * time.Hour)
			_, err := w.Accept(mail)
			w.Expect(err).NotTo(HaveOccurred(), "the link lives for its time")
			w.UntilReason(boss, v1alpha1.ConditionActive, "True/Joined")

			jane := w.CreateMember("acme", "jane@acme.com")
			w.UntilMail("jane@acme.com", 1)
			w.Auth0.Forward(24*time.Hour + time.Second)
			w.UntilReason(jane, v1alpha1.ConditionActive, "False/Expired")
			w.UntilReason(customer, v1alpha1.ConditionContractActive, "True/ContractActive")
			w.Auth0.Forward(time.Hour)
			w.UntilReason(customer, v1alpha1.ConditionContractActive, "False/ContractEnded")
		})
	}
}
