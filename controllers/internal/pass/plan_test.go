package pass

import (
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/status"
)

// TestHandsOffPlanThatEndsIsNoOutage: where nothing more can be planned, Auth0 is not
// blamed, however often the error is passed on.
func TestHandsOffPlanThatEndsIsNoOutage(t *testing.T) {
	g := NewWithT(t)
	planned := Auth0("make the organization", &auth0.Error{Kind: auth0.KindPlanned}, time.Time{})
	g.Expect(planned).To(BeIdenticalTo(ErrPlanEnds))
	g.Expect(Auth0("read the organization", fmt.Errorf("find it: %w", planned), time.Time{})).To(BeIdenticalTo(ErrPlanEnds))
	g.Expect(Decided(planned)).To(BeTrue())
}

// TestHandsOffPlanTellsByEffect: what a plan would change is what its calls are for, not
// how their routes are spelled.
func TestHandsOffPlanTellsByEffect(t *testing.T) {
	g := NewWithT(t)
	g.Expect(PlanOf(nil)).To(Equal(status.Plan{}))
	recorder := auth0.NewRecorder(nil)
	g.Expect(recorder.AssignMemberRoles(t.Context(), "org_1", "u1", "rol_1")).To(Succeed())
	plan := PlanOf(recorder)
	g.Expect(plan.Calls).To(HaveLen(1))
	g.Expect(plan).To(And(HaveField("Organization", BeFalse()), HaveField("Connections", BeFalse()), HaveField("Access", BeFalse())))
	g.Expect(recorder.DisableConnection(t.Context(), "org_1", "con_1")).To(Succeed())
	g.Expect(PlanOf(recorder)).To(And(HaveField("Organization", BeFalse()), HaveField("Connections", BeTrue()), HaveField("Access", BeFalse())))
	g.Expect(recorder.AddMembers(t.Context(), "org_1", "u1")).To(Succeed())
	g.Expect(recorder.DeleteOrganization(t.Context(), "org_1")).To(Succeed())
	g.Expect(PlanOf(recorder)).To(And(HaveField("Organization", BeTrue()), HaveField("Connections", BeTrue()), HaveField("Access", BeTrue())))
}
