package customer

import (
	"time"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/seats"
)

// comeBack has another look at who waits when fewer seats may be in use.
func (p *customerPass) comeBack(plan seats.Plan, people []v1alpha1.Member) {
	if plan.Waiting == 0 {
		return
	}
	if p.mayHoldLess(people) {
		p.wait(p.retryHoldings())
	}
	p.waitForUsedUp(people)
}

// waitForUsedUp comes back when the seat of somebody whose link another account used
// up can go to who waits: nothing happens at that moment.
func (p *customerPass) waitForUsedUp(people []v1alpha1.Member) {
	for i := range people {
		if last := people[i].Status.Invitation; last != nil && last.State == v1alpha1.InvitationConsumed {
			if left := last.ExpiresAt.Sub(p.tenant.Now()); left > 0 {
				p.wait(left)
			}
		}
	}
}

// retryHoldings is when to look whether fewer seats are in use. A feed tells of
// what others do meanwhile.
func (p *customerPass) retryHoldings() time.Duration {
	if _, followed := p.tenant.Resync(p.ResyncInterval); followed {
		return max(p.LiveInterval, directory.Lag)
	}
	return p.LiveInterval
}

// mayHoldLess: the next look may show fewer seats in use.
func (p *customerPass) mayHoldLess(people []v1alpha1.Member) bool {
	return p.org.Unsettled(p.org.Latest(), p.tenant.Now()) || p.undeclaredHoldings(people)
}
