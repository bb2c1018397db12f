package customer

import (
	"context"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/invitation"
)

// fenceHolds is how old a fence may be for more calls to be made within it.
const fenceHolds = invitation.Validity / 3

// change makes calls that change the organization, inside a fence: until when they
// may leave stands in the status, at the version that was read, before anything is
// sent. An old leader's write fails, and with it its calls; one that froze after it
// sends nothing when the organization may have been let go. doing says what the calls
// are for.
func (p *customerPass) change(ctx context.Context, doing string, calls func(context.Context) error) error {
	if p.observing() {
		return pass.Auth0(doing, calls(ctx), p.Now())
	}
	earlier := p.openChange()
	if now := p.tenant.Now(); p.fencedAt.IsZero() || now.Sub(p.fencedAt) > fenceHolds {
		if err := p.writeChangingUntil(ctx, now.Add(invitation.Validity)); err != nil {
			return err
		}
		p.fencedAt = now
	}
	until := p.fencedAt.Add(invitation.Validity)
	p.customer.Status.ChangingUntil = &metav1.MicroTime{Time: until}
	err := calls(auth0.WithFence(ctx, auth0.NewFence(until, until.Sub(p.tenant.Now()))))
	if err == nil || auth0.DidNothing(err) {
		p.customer.Status.ChangingUntil = earlier
	}
	return pass.Auth0(doing, err, p.Now())
}

// openChange is until when an earlier call that changes the organization may leave,
// nil when its time and the margin are over.
func (p *customerPass) openChange() *metav1.MicroTime {
	until := p.customer.Status.ChangingUntil
	if until == nil || !p.tenant.Now().Before(until.Add(invitation.Margin)) {
		return nil
	}
	return until
}

// writeChangingUntil writes that alone: nothing else of the pass is certain yet.
func (p *customerPass) writeChangingUntil(ctx context.Context, until time.Time) error {
	written := p.before.DeepCopy()
	written.Status.ChangingUntil = &metav1.MicroTime{Time: until}
	if err := pass.WriteStatus(ctx, p.Client, p.before, written); err != nil {
		return err
	}
	p.before, p.customer.ResourceVersion = written, written.ResourceVersion
	return nil
}

// briefly puts a fence around a call that ends what the pass has just judged: a
// process that freezes in between sends nothing later.
func (p *customerPass) briefly(ctx context.Context) context.Context {
	return auth0.WithFence(ctx, auth0.NewFence(p.tenant.Now().Add(invitation.Validity), invitation.Validity))
}

// noNews makes a call that writes, of which a feed may tell as of a change. One that did
// nothing is not told of, and hides no change of anybody else.
func (p *customerPass) noNews(begins func(), call func() error) error {
	if p.observing() {
		return call()
	}
	begins()
	err := call()
	if auth0.DidNothing(err) {
		p.tenant.Organization(p.organization.ID).NotWritten()
	}
	return err
}
