package faults

import (
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	eventsv1 "k8s.io/api/events/v1"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/controlplane/envtesting"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/test/world"
)

// kstatusOf is what waiting tools take an object for, read anew.
func kstatusOf(w *world.World, obj client.Object) status.Status {
	w.Helper()
	w.Expect(w.Get(obj)).To(Succeed())
	result, err := world.KStatus(obj)
	w.Expect(err).NotTo(HaveOccurred())
	return result
}

// TestStatusForThoseWhoWait: what nobody has seen is in progress, what is ready
// is current, what waits for a person has failed, and `kubectl wait` agrees. Each
// version of each status, in this and every other test here, is held to the
// rules of kstatus by the harness.
func TestStatusForThoseWhoWait(t *testing.T) {
	w := world.Bare(t)
	tenant := w.CreateTenant()
	customer := w.CreateCustomer("acme", 2)
	jane := w.CreateMember("acme", "jane@acme.com")
	all := []client.Object{tenant, customer, jane}
	for _, obj := range all {
		w.Expect(kstatusOf(w, obj)).To(Equal(status.InProgressStatus), "%T that no operator has seen", obj)
	}
	w.StartOperator()
	for _, args := range [][]string{
		{"auth0tenant/" + tenant.Name}, {"-n", w.Namespace, "customer/acme"}, {"-n", w.Namespace, "member/jane"},
	} {
		_, err := envtesting.ControlPlane().Kubectl(t.Context(), append([]string{"wait", "--for=condition=Ready", "--timeout=30s"}, args...)...)
		w.Expect(err).NotTo(HaveOccurred(), "kubectl wait %v", args)
	}
	for _, obj := range all {
		// A Customer is at work again for a moment when the Member gets its seat.
		w.Eventually(func() status.Status { return kstatusOf(w, obj) }, world.Patience, "50ms").Should(Equal(status.CurrentStatus), "%T that is ready", obj)
	}
	_, err := w.Accept(w.UntilMail("jane@acme.com", 1))
	w.Expect(err).NotTo(HaveOccurred())

	w.Update(tenant, func() { tenant.Spec.Application.ClientID = "nobody" })
	w.Update(customer, func() { customer.Spec.Connections[0].Name = "nowhere" })
	w.Update(jane, func() { jane.Spec.Roles = []v1alpha1.RoleName{"owner"} })
	for _, obj := range all {
		w.Eventually(func() status.Status { return kstatusOf(w, obj) }, world.Patience, "50ms").Should(Equal(status.FailedStatus), "%T that is stalled", obj)
	}
	w.UntilReason(jane, v1alpha1.ConditionActive, "True/Joined")
}

// changes are the calls that may change something in Auth0.
func changes(w *world.World) []standin.AuditEntry {
	return slices.DeleteFunc(w.Auth0.Audit(), func(e standin.AuditEntry) bool {
		return e.Method == http.MethodGet || e.Method == http.MethodHead || e.Route == "/oauth/token"
	})
}

// events counts all Events about the test's objects.
func events(w *world.World) int {
	w.Helper()
	list := &eventsv1.EventList{}
	w.Expect(w.Client.List(w.Context(), list)).To(Succeed())
	count := 0
	for _, event := range list.Items {
		if event.Regarding.Namespace == w.Namespace || event.Regarding.Name == w.Tenant {
			count++
			if event.Series != nil {
				count += int(event.Series.Count) - 1
			}
		}
	}
	return count
}

// TestStatusWithoutChange: in a settled world, a restarted operator looks at
// everything and writes nothing: no status, no Event, nothing in Auth0. What is
// stalled counts as settled.
func TestStatusWithoutChange(t *testing.T) {
	w := world.New(t)
	operator := w.StartOperator()
	customer, boss, jane := joinedCustomer(w)
	bob := w.CreateMember("acme", "bob@acme.com")
	w.UntilReason(bob, v1alpha1.ConditionActive, "False/Invited")
	role := w.CreateMember("acme", "role@acme.com", func(m *v1alpha1.Member) { m.Spec.Roles = []v1alpha1.RoleName{"owner"} })
	double := w.CreateMember("acme", "JANE@acme.com", func(m *v1alpha1.Member) { m.Name = "jane-again" })
	nowhere := w.CreateCustomer("nowhere", 2, func(c *v1alpha1.Customer) { c.Spec.Connections[0].Name = "nowhere" })
	w.UntilReason(double, v1alpha1.ConditionStalled, "True/DuplicateEmail")
	w.UntilReason(nowhere, v1alpha1.ConditionStalled, "True/ConnectionNotFound")
	w.Update(customer, func() { customer.Spec.Seats = 4 })
	w.UntilReason(role, v1alpha1.ConditionStalled, "True/RoleNotAllowed")
	for _, obj := range []client.Object{customer, boss, jane, bob} {
		w.UntilReason(obj, v1alpha1.ConditionReady, "True/Reconciled")
	}
	settle(w)
	operator.Stop()
	before, said := w.Versions(), events(w)
	w.Auth0.ResetAudit()

	w.StartOperator()
	w.Until("a full sweep", func(g Gomega) {
		g.Expect(len(w.Auth0.Calls(http.MethodGet, "/api/v2/organizations/{id}/members"))).To(BeNumerically(">", 3))
	})
	w.Expect(w.Versions()).To(Equal(before))
	w.Expect(events(w)).To(Equal(said))
	w.Expect(changes(w)).To(BeEmpty())
	w.Throughout("nor later", func(g Gomega) { g.Expect(w.Versions()).To(Equal(before)) })
}

// settle waits until nothing has been written for a while.
func settle(w *world.World) {
	w.Helper()
	last, since := w.Versions(), time.Now()
	w.Until("nothing is written any more", func(g Gomega) {
		if now := w.Versions(); !maps.Equal(now, last) {
			last, since = now, time.Now()
		}
		g.Expect(time.Since(since)).To(BeNumerically(">", 1500*time.Millisecond))
	})
}

// TestStatusDuringALongFirstLook: while a restarted operator has not looked at an
// organization yet, its Members are called what they were called before.
func TestStatusDuringALongFirstLook(t *testing.T) {
	w := world.New(t)
	operator := w.StartOperator()
	_, boss, jane := joinedCustomer(w)
	settle(w)
	operator.Stop()
	before := versionsOf(w, []client.Object{boss, jane})

	_, end := w.Fault(standin.Fault{Kind: standin.FaultHang, Route: "/api/v2/organizations/{id}/invitations"})
	w.StartOperator()
	w.Until("the first look hangs", func(g Gomega) { g.Expect(w.Auth0.Faults()[0].Hit).To(BeNumerically(">", 0)) })
	w.Throughout("nobody is called anything else", func(g Gomega) {
		g.Expect(versionsOf(w, []client.Object{boss, jane})).To(Equal(before))
	})
	w.Update(jane, func() { jane.Labels = map[string]string{"team": "a"} })
	end()
	w.UntilReason(jane, v1alpha1.ConditionActive, "True/Joined")
	_, err := w.SignIn(w.OrganizationID("acme"), "jane@acme.com")
	w.Expect(err).NotTo(HaveOccurred())
}

// TestStatusOfAnInvitationThatIsHeld: a mail could not be sent, or nobody knows
// whether it was, and then the Customer is suspended. Nothing is left to do until it
// opens again, and nobody who waits for the Member waits for that.
func TestStatusOfAnInvitationThatIsHeld(t *testing.T) {
	for kind, mails := range map[string]int{standin.FaultStatus: 0, standin.FaultDropBefore: 0, standin.FaultDropAfter: 1} {
		t.Run(kind, func(t *testing.T) {
			w := world.New(t)
			w.StartOperator()
			customer := w.CreateCustomer("acme", 2)
			w.UntilMail("boss@acme.com", 1)
			fault, end := w.Fault(standin.Fault{Method: http.MethodPost, Route: world.InvitationsRoute, Kind: kind, Status: http.StatusServiceUnavailable})
			jane := w.CreateMember("acme", "jane@acme.com")
			w.Until("it is tried", func(g Gomega) { g.Expect(w.Hits(fault)).To(BeNumerically(">", 0)) })
			w.Update(customer, func() { customer.Spec.Access = v1alpha1.AccessSuspended })
			w.UntilReason(customer, v1alpha1.ConditionContractActive, "False/Suspended")
			end()
			want := map[int]string{0: "False/OnHold", 1: "False/Invited"}[mails]
			w.UntilForwarding("nothing is left to do", func(g Gomega) {
				g.Expect(w.Reason(g, jane, v1alpha1.ConditionReady)).To(Equal("True/Reconciled"))
				g.Expect(w.Reason(g, jane, v1alpha1.ConditionActive)).To(Equal(want))
			})
			w.Update(customer, func() { customer.Spec.Access = v1alpha1.AccessOpen })
			w.UntilReason(jane, v1alpha1.ConditionActive, "False/Invited")
			w.Expect(w.Mails("jane@acme.com")).To(HaveLen(1))
		})
	}
}
