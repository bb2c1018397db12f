package member

import (
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/directory"
)

// TestStatusTenantThatCannotBeUsed: what waits for an Auth0Tenant names it, and says
// whether it is being looked at, cannot be used, or is not there.
func TestStatusTenantThatCannotBeUsed(t *testing.T) {
	settings := &v1alpha1.Auth0Tenant{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
	for name, tc := range map[string]struct {
		tenant, reason, message string
		looked                  bool
	}{
		"not looked at yet": {"default", v1alpha1.ReasonTenantNotReady, "Auth0Tenant default is being looked at", false},
		"not usable":        {"default", v1alpha1.ReasonTenantNotReady, "Auth0Tenant default cannot be used: whoever runs it finds why in its conditions", true},
		"not there":         {"other", v1alpha1.ReasonTenantNotFound, "there is no Auth0Tenant other yet", false},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			p := newPass(&Reconciler{Client: clusterOf(t, settings), Directory: directory.New(), Now: clock{}.Now}, &v1alpha1.Member{})
			p.customer = &v1alpha1.Customer{}
			p.customer.Spec.TenantRef.Name = tc.tenant
			if tc.looked {
				p.Directory.NoteLook("default")
			}
			problem := pass.ProblemOf(p.findOrganization(t.Context()))
			g.Expect(problem.Reason).To(Equal(tc.reason))
			g.Expect(problem.Message).To(Equal(tc.message))
		})
	}
}

// TestStatusSeatWaitsForTheTenant: a Member without a seat says what keeps its Customer
// from deciding, and not that the Customer has not decided.
func TestStatusSeatWaitsForTheTenant(t *testing.T) {
	for _, reason := range []string{v1alpha1.ReasonTenantNotReady, v1alpha1.ReasonAuth0Unavailable, v1alpha1.ReasonRateLimited} {
		g, customer := NewWithT(t), &v1alpha1.Customer{}
		customer.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse, Reason: reason, Message: "why"}}
		problem := pass.ProblemOf(hindered(customer))
		g.Expect(problem.Reason).To(Equal(reason))
		g.Expect(problem.Message).To(ContainSubstring("why"))
		customer.Status.Conditions[0].Status = metav1.ConditionTrue
		g.Expect(hindered(customer)).To(Succeed())
	}
}
