package customer

import (
	"context"
	"errors"
	"time"

	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// looksAReading is how many looks at the people share one reading of the
// organization's own record and connections, which hardly anybody changes by hand.
const looksAReading = 10

// need is why something is read.
type need int

const (
	// needNothing: what was read last is good enough.
	needNothing need = iota
	// needRoutine: it is old, and nobody waits for another.
	needRoutine
	// needNow: nothing goes on without a reading that begins now.
	needNow
)

// needOf tells whether what was read at an instant, zero for never, is to be read
// anew. old: something may have changed since that nobody told.
func (p *customerPass) needOf(at time.Time, old bool) need {
	goodFor, followed := p.tenant.Resync(p.ResyncInterval)
	if !followed {
		goodFor = looksAReading * p.LiveInterval
	}
	switch {
	case at.IsZero(), p.requested(), p.customer.Status.ObservedGeneration != p.customer.Generation:
		return needNow
	case old, p.tenant.Now().Sub(at) >= goodFor:
		return needRoutine
	}
	return needNothing
}

// lane is where a reading waits for its turn: what nobody waits for takes what
// others leave of Auth0's limits.
func (n need) lane(ctx context.Context) context.Context {
	if n == needRoutine {
		return auth0.WithLane(ctx, auth0.LaneLook)
	}
	return ctx
}

// mayWait: a routine reading that Auth0's limits hold back is done when its turn is.
func (p *customerPass) mayWait(n need, err error) bool {
	at, limited := auth0.ComeBack(err)
	if n != needRoutine || !limited {
		return false
	}
	p.wait(at.Sub(p.Now()))
	return true
}

// readOrganization finds the organization as it was read last, or reads it. One
// that is not ours is not kept.
func (p *customerPass) readOrganization(ctx context.Context, id string) error {
	record, at, old := p.tenant.Organization(id).Record()
	need := p.needOf(at, old)
	if need != needNothing {
		err := p.readOrganizationNow(need.lane(ctx), id)
		if !p.mayWait(need, err) {
			return err
		}
	}
	p.organization, p.recordShared = record, true
	if p.observing() {
		p.api() // which makes the recorder
		p.recorder.Name(record.ID, record.Name)
	}
	return p.ownUnlessBare(ctx, record)
}

func (p *customerPass) readOrganizationNow(ctx context.Context, id string) error {
	began := p.tenant.Now()
	record, err := p.api().Organization(ctx, id)
	if err != nil {
		return err
	}
	p.organization, p.recordShared = record, false
	if err := p.ownUnlessBare(ctx, record); err != nil {
		// What an earlier reading showed, when it was ours, holds no more.
		p.tenant.Organization(id).Distrust()
		return err
	}
	p.keepRead(record, began)
	return nil
}

// keepRead remembers a reading that began at an instant, unless it shows what is
// only planned.
func (p *customerPass) keepRead(record auth0.Organization, began time.Time) {
	if len(pass.PlannedCalls(p.recorder)) == 0 {
		p.tenant.Organization(record.ID).KeepRecord(record, began)
	}
}

// ownUnlessBare goes on only with an organization that is ours. Without any marker
// it lost ours.
func (p *customerPass) ownUnlessBare(ctx context.Context, record auth0.Organization) error {
	if ownership.Marker(record.Metadata) == "" {
		return nil
	}
	return p.own(ctx, record)
}

// keepWritten remembers what Auth0 answered to a write that began at an instant.
func (p *customerPass) keepWritten(written auth0.Organization, began time.Time) {
	p.organization, p.recordShared = written, false
	if !p.observing() {
		p.tenant.Organization(written.ID).WroteRecord(written, began)
	}
}

// enabledConnections are those of the organization as they were read last, or read now.
func (p *customerPass) enabledConnections(ctx context.Context, need need) ([]auth0.EnabledConnection, error) {
	enabled, at, old := p.org.Connections()
	if p.made && need == needNothing && !at.IsZero() {
		return enabled, nil
	}
	need = max(need, p.needOf(at, old))
	if need != needNothing {
		began := p.tenant.Now()
		fresh, err := p.api().EnabledConnections(need.lane(ctx), p.organization.ID)
		if err == nil {
			p.connectionsShared = false
			p.org.KeepConnections(fresh, began)
			return fresh, nil
		}
		if !p.mayWait(need, err) {
			return nil, pass.Auth0("read the organization's connections", err, p.Now())
		}
	}
	p.connectionsShared = true
	return enabled, nil
}

// keepConnection remembers a connection as a write of ours left it, which is none
// when it was taken away.
func (p *customerPass) keepConnection(id string, is ...auth0.EnabledConnection) {
	if !p.observing() {
		p.org.WroteConnection(id, is...)
	}
}

// doubt has everything that the pass shared read anew when a call to Auth0 failed,
// but for one that waits for its turn.
func (p *customerPass) doubt(err error) {
	var failed *auth0.Error
	id := p.customer.Status.OrganizationID
	if id == "" || !errors.As(err, &failed) || failed.Kind == auth0.KindRateLimited || failed.Kind == auth0.KindNotSent {
		return
	}
	p.tenant.Organization(id).Distrust()
}
