package standin

import "errors"

var errNoClient = errors.New("no such client")

// SetScopes grants a client other scopes of the Management API than it had, as
// somebody at the dashboard would. Tokens that were issued before keep theirs.
func (d *Dashboard) SetScopes(clientID string, scopes ...string) error {
	d.world.Lock()
	defer d.world.Unlock()
	client := d.world.main.clients.get(clientID)
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
	client := d.world.main.clients.get(clientID)
	if client == nil {
		return "", errNoClient
	}
	client.Secret = randomString(64)
	d.world.secrets.Add(SecretClientSecret, client.Secret)
	return client.Secret, nil
}
