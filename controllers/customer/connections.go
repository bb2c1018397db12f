package customer

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/auth0"
)

// tryConnections keeps what stopped the connections for the end of the pass.
func (p *customerPass) tryConnections(ctx context.Context) error {
	p.connectionsErr = p.syncConnections(ctx)
	p.facts.ConnectionsProblem = pass.ProblemOf(p.connectionsErr)
	return nil
}

// syncConnections enables the declared connections, without membership on
// login and without sign-up: nobody becomes a member but by invitation. Those
// that the operator enabled and that are declared no more are disabled; others
// are left alone.
func (p *customerPass) syncConnections(ctx context.Context) error {
	if len(p.customer.Spec.Connections)+len(p.customer.Status.Connections) == 0 {
		p.facts.ConnectionsSynced = true
		return nil
	}
	err := p.enableDeclared(ctx, needNothing)
	if errors.Is(err, errReadFirst) {
		err = p.enableDeclared(ctx, needNow)
	}
	if err == nil {
		p.facts.ConnectionsSynced = true
	}
	return err
}

// errReadFirst ends an attempt to change connections that rests on a reading of an
// earlier pass: others change them too.
var errReadFirst = errors.New("to be read before it is changed")

func (p *customerPass) enableDeclared(ctx context.Context, need need) error {
	enabled, err := p.enabledConnections(ctx, need)
	if err != nil {
		return err
	}
	for _, declared := range p.customer.Spec.Connections {
		if err := p.enable(ctx, declared.Name, enabled); err != nil {
			return err
		}
	}
	return p.disableDropped(ctx, enabled)
}

func (p *customerPass) enable(ctx context.Context, name string, enabled []auth0.EnabledConnection) error {
	err := p.enableAs(ctx, name, enabled, p.requested())
	if auth0.IsNotFound(err) {
		// It was deleted and made anew under its name.
		err = p.enableAs(ctx, name, enabled, true)
	}
	if err != nil && !pass.Decided(err) && !errors.Is(err, errReadFirst) {
		return pass.Auth0("enable connection "+name, err, p.Now())
	}
	return err
}

// enableAs enables a connection by the id that is known, or by the one that its
// name has now.
func (p *customerPass) enableAs(ctx context.Context, name string, enabled []auth0.EnabledConnection, anew bool) error {
	connection, err := p.connection(ctx, name, anew)
	if err != nil {
		return err
	}
	want := auth0.EnabledConnection{ConnectionID: connection.ID, ShowAsButton: true}
	at := slices.IndexFunc(enabled, func(c auth0.EnabledConnection) bool { return c.ConnectionID == connection.ID })
	inOrder := at >= 0 && !enabled[at].AssignMembershipOnLogin && !enabled[at].SignupEnabled
	if !inOrder && p.connectionsShared {
		return errReadFirst
	}
	if !inOrder {
		write := p.api().EnableConnection
		if at >= 0 {
			want.ShowAsButton, write = enabled[at].ShowAsButton, p.api().UpdateEnabledConnection
		}
		err := p.change(ctx, "enable connection "+name, func(ctx context.Context) error {
			return p.noNews(p.org.WritesConnection, func() error { return write(ctx, p.organization.ID, want) })
		})
		if err != nil {
			return err
		}
		p.keepConnection(want.ConnectionID, want)
	}
	p.recordConnection(v1alpha1.EnabledConnection{Name: name, ID: connection.ID, Strategy: connection.Strategy})
	return nil
}

// connection resolves a name. An id that is known is asked for again only when
// the spec changed, or anew.
func (p *customerPass) connection(ctx context.Context, name string, anew bool) (auth0.Connection, error) {
	if !anew && p.customer.Status.ObservedGeneration == p.customer.Generation {
		for _, known := range p.customer.Status.Connections {
			if known.Name == name {
				return auth0.Connection{ID: known.ID, Name: known.Name, Strategy: known.Strategy}, nil
			}
		}
	}
	connection, err := p.api().ConnectionByName(ctx, name)
	if auth0.IsNotFound(err) {
		return connection, pass.Person(v1alpha1.ReasonConnectionNotFound, fmt.Sprintf("Auth0 has no connection %s: create it there, or correct spec.connections", name))
	}
	if err != nil {
		return connection, pass.Auth0("read connection "+name, err, p.Now())
	}
	return connection, nil
}

func (p *customerPass) recordConnection(connection v1alpha1.EnabledConnection) {
	status := &p.customer.Status
	at := slices.IndexFunc(status.Connections, func(c v1alpha1.EnabledConnection) bool { return c.Name == connection.Name })
	if at < 0 {
		status.Connections = append(status.Connections, connection)
		return
	}
	status.Connections[at] = connection
}

func (p *customerPass) disableDropped(ctx context.Context, enabled []auth0.EnabledConnection) error {
	var kept []v1alpha1.EnabledConnection
	for _, known := range p.customer.Status.Connections {
		declared := slices.ContainsFunc(p.customer.Spec.Connections, func(c v1alpha1.Connection) bool { return c.Name == known.Name })
		if declared {
			kept = append(kept, known)
			continue
		}
		if slices.ContainsFunc(enabled, func(c auth0.EnabledConnection) bool { return c.ConnectionID == known.ID }) {
			if p.connectionsShared {
				return errReadFirst
			}
			err := p.change(ctx, "disable connection "+known.Name, func(ctx context.Context) error {
				err := p.noNews(p.org.WritesConnection, func() error { return p.api().DisableConnection(ctx, p.organization.ID, known.ID) })
				if auth0.IsNotFound(err) {
					return nil
				}
				return err
			})
			if err != nil {
				return err
			}
			p.keepConnection(known.ID)
		}
	}
	p.customer.Status.Connections = kept
	return nil
}
