package member

import (
	"context"
	"fmt"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/auth0"
)

// findMode finds what the operator may do; Paused ends the pass.
func (p *memberPass) findMode(ctx context.Context) (err error) {
	p.facts.Mode, err = pass.Mode(ctx, p.Client, p.customer)
	p.ended = p.facts.Mode == v1alpha1.ModePaused
	return err
}

func (p *memberPass) observing() bool { return p.facts.Mode == v1alpha1.ModeObserve }

// api is how Auth0 is reached: in Observe, by what plans and does not write.
func (p *memberPass) api() auth0.API {
	if !p.observing() {
		return p.tenant.API()
	}
	if p.recorder == nil {
		p.recorder = p.newRecorder()
	}
	return p.recorder
}

// newRecorder knows the person's users and invitations by the person's address.
func (p *memberPass) newRecorder() *auth0.Recorder {
	recorder := auth0.NewRecorder(p.tenant.API())
	if p.look == nil {
		return recorder
	}
	for _, id := range p.candidates() {
		recorder.Name(id, p.email())
	}
	for _, invitation := range p.look.Invitations {
		recorder.Name(invitation.ID, invitation.Email)
	}
	return recorder
}

// nameRoles tells the recorder, under Observe, what roles are called.
func (p *memberPass) nameRoles(ids map[string]string) {
	if recorder, ok := p.api().(*auth0.Recorder); ok {
		for name, id := range ids {
			recorder.Name(id, name)
		}
	}
}

// noOrganization ends a pass under Observe where the Customer has no organization
// yet, or one without our key: what is not made cannot be planned for its people.
func (p *memberPass) noOrganization() error {
	p.ended = true
	return nil
}

// keepWhatIs drops from the status in hand what would be true only if the
// planned calls had been made. A pass that planned nothing has seen it all in Auth0.
func (p *memberPass) keepWhatIs() {
	p.facts.Plan = pass.PlanOf(p.recorder)
	if len(p.facts.Plan.Calls) > 0 {
		p.member.Status = *p.before.Status.DeepCopy()
	}
}

// letBe tells whether a Member whose Customer is gone is to go with nothing
// taken: the Customer's last pass says that it went so, or the Auth0Tenant is
// Observe or Paused.
func (p *memberPass) letBe(ctx context.Context) (bool, error) {
	if pass.LetBe(p.member) {
		return true, nil
	}
	if p.member.Status.Tenant == "" {
		return false, nil
	}
	mode, err := pass.TenantMode(ctx, p.Live, p.member.Status.Tenant)
	if err != nil {
		return false, fmt.Errorf("find the mode: %w", err)
	}
	return mode != v1alpha1.ModeManage, nil
}
