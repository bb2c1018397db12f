package member

import (
	"context"
	"fmt"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
)

// names tells whether the Member names a user as the person's, who signs in through
// one of the Customer's own connections.
func (p *memberPass) names(user auth0.User) bool {
	return p.member.Spec.UserID == user.ID && pass.OwnConnection(p.customer, user)
}

// letNamedIn lets in the user whom the Member names: one that has not the person's
// address can accept no invitation. Nothing is sent. A user that is not there yet comes
// with the person's first sign-in, which the link of the mail leads to. One that was
// taken out by hand comes back on request only.
func (p *memberPass) letNamedIn(ctx context.Context) ([]auth0.User, error) {
	id := p.member.Spec.UserID
	held := p.facts.Activating || p.facts.Window != v1alpha1.ReasonContractActive
	if id == "" || held || p.recorded(id) && pass.InviteRequest(p.member, p.Now()) == "" {
		return nil, nil
	}
	user, err := p.api().User(ctx, id)
	switch {
	case auth0.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, pass.Auth0("read the user that the Member names", err, p.Now())
	case !p.names(user):
		return nil, pass.Person(v1alpha1.ReasonUserNotInConnections, fmt.Sprintf(
			"user %s, whom spec.userID names, signs in through none of the enterprise connections of Customer %s: name a user who does, or take spec.userID off", id, p.customer.Name))
	}
	if is, err := p.isPerson(ctx, user); !is || err != nil {
		return nil, err
	}
	if err := p.mayInvite(ctx); err != nil {
		return nil, err
	}
	if err := p.letIn(ctx, "let the named user in", []auth0.User{user}); err != nil {
		return nil, err
	}
	p.wait(directory.Lag)
	// As it is now: the grant is read back before anybody is called active.
	user, err = p.api().User(ctx, id)
	return []auth0.User{user}, pass.Auth0("read the user that the Member names", err, p.Now())
}
