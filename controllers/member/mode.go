package member

import (
	"context"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
)

// letBe tells whether a Member whose Customer is gone is to go with nothing
// taken: the Customer's last pass says that it went so, or the Auth0Tenant is
// Observe or Paused.
func (p *memberPass) letBe(ctx context.Context) (bool, error) {
	if seat := p.member.Status.Seat; seat != nil && (seat.Reason == v1alpha1.ReasonPaused || seat.Reason == v1alpha1.ReasonObserving) {
		return true, nil
	}
	if p.member.Status.Tenant == "" {
		return false, nil
	}
	mode, err := pass.TenantMode(ctx, p.Live, p.member.Status.Tenant)
	return mode != v1alpha1.ModeManage, err
}
