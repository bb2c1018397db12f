package pass

import (
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/auth0"
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
