package standin

import "errors"

var errNoClient = errors.New("no such client")

// SetScopes grants a client other scopes of the Management API than it had, as
// somebody at the dashboard would. Tokens that were issued before keep theirs.
func (s *Server) SetScopes(clientID string, scopes ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	client := s.main.clients.get(clientID)
	if client == nil {
		return errNoClient
	}
	client.Scopes = scopes
	return nil
}

// RotateSecret gives a client a new secret, which it returns; the old one is
// refused from now on.
func (s *Server) RotateSecret(clientID string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	client := s.main.clients.get(clientID)
	if client == nil {
		return "", errNoClient
	}
	client.Secret = randomString(64)
	s.secrets.Add(SecretClientSecret, client.Secret)
	return client.Secret, nil
}
