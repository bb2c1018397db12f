package dashboard

import (
	"errors"

	"github.com/seatwarden/seatwarden/internal/standin/state"
)

var errNoClient = errors.New("no such client")

// SetScopes grants a client other scopes of the Management API than it had, as
// somebody at the dashboard would. Tokens that were issued before keep theirs.
func (d *Dashboard) SetScopes(clientID string, scopes ...string) error {
	d.world.Lock()
	defer d.world.Unlock()
	client := d.world.Main.Clients.Get(clientID)
	if client == nil {
		return errNoClient
	}
	client.Scopes = scopes
	return nil
}

// RotateSecret gives a client a new secret, which it returns; the old one is
// refused from now on.
func (d *Dashboard) RotateSecret(clientID string) (string, error) {
	d.world.Lock()
	defer d.world.Unlock()
	client := d.world.Main.Clients.Get(clientID)
	if client == nil {
		return "", errNoClient
	}
	client.Secret = state.RandomString(64)
	d.world.Secrets.Add(state.SecretClientSecret, client.Secret)
	return client.Secret, nil
}
