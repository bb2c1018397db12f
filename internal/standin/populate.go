package standin

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// AddClient adds an application. An id, a name and a creation time are filled
// in; a secret if it has Scopes and no keys of its own. One without Scopes gets
// the addresses of the application that is built into the stand-in, where it
// names none. URLPlaceholder is replaced in its addresses.
func (s *Server) AddClient(c Client) (Client, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addClient(s.main, c)
}

func (s *Server) addClient(t *Tenant, c Client) (Client, error) {
	if c.ClientID == "" {
		c.ClientID = randomString(32)
	}
	if t.clients.get(c.ClientID) != nil {
		return Client{}, fmt.Errorf("client %q exists", c.ClientID)
	}
	if c.Name == "" {
		c.Name = c.ClientID
	}
	for i, scope := range c.Scopes {
		if scope == "*" {
			c.Scopes = append(append(c.Scopes[:i:i], ManagementScopes()...), c.Scopes[i+1:]...)
			break
		}
	}
	switch {
	case len(c.Scopes) > 0:
		if c.Secret == "" && len(c.PublicKeys) == 0 {
			c.Secret = randomString(64)
		}
		if c.AppType == "" {
			c.AppType = "non_interactive"
		}
		if len(c.GrantTypes) == 0 {
			c.GrantTypes = []string{grantClientCredentials}
		}
	default:
		if c.AppType == "" {
			c.AppType = "regular_web"
		}
		if len(c.GrantTypes) == 0 {
			c.GrantTypes = []string{"authorization_code", "refresh_token"}
		}
		app := URLPlaceholder + "/app/" + c.ClientID
		if c.InitiateLoginURI == "" {
			c.InitiateLoginURI = app + "/login"
		}
		if len(c.Callbacks) == 0 {
			c.Callbacks = []string{app + "/callback"}
		}
	}
	c.InitiateLoginURI = strings.ReplaceAll(c.InitiateLoginURI, URLPlaceholder, s.tenantURL(t))
	c.Callbacks = s.replaceURL(t, c.Callbacks)
	c.AllowedLogoutURLs = s.replaceURL(t, c.AllowedLogoutURLs)
	c.CreatedAt = s.clock.Now()
	s.secrets.Add(SecretClientSecret, c.Secret)
	t.clients.put(c.ClientID, &c)
	return c, nil
}

func (s *Server) replaceURL(t *Tenant, addresses []string) []string {
	var out []string
	for _, address := range addresses {
		out = append(out, strings.ReplaceAll(address, URLPlaceholder, s.tenantURL(t)))
	}
	return out
}

// AddManagementClient adds a client that may call the Management API with the
// given scopes, or with all of them.
func (s *Server) AddManagementClient(scopes ...string) (Client, error) {
	if len(scopes) == 0 {
		scopes = []string{"*"}
	}
	return s.AddClient(Client{Name: "management", Scopes: scopes})
}

// ManagementScopes returns every scope that a route of the stand-in asks for
// and those that a handler asks for beside.
func ManagementScopes() []string {
	seen := map[string]bool{
		"read:connections_options": true, "update:connections_options": true, "create:organization_connections": true,
		"update:users": true, "read:tenant_settings": true,
	}
	for _, ro := range (&Server{}).routes().routes {
		for _, scope := range ro.scopes {
			seen[scope] = true
		}
	}
	return sortedKeys(seen)
}

// AddConnection adds an identity provider with the people whom it knows, or a
// database (strategy auth0). Name and Strategy are required.
func (s *Server) AddConnection(c Connection) (Connection, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addConnection(s.main, c)
}

func (s *Server) addConnection(t *Tenant, c Connection) (Connection, error) {
	switch {
	case c.Name == "" || c.Strategy == "":
		return Connection{}, errors.New("a connection needs a name and a strategy")
	case t.connectionByName(c.Name) != nil:
		return Connection{}, fmt.Errorf("connection %q exists", c.Name)
	}
	if c.ID == "" {
		c.ID = newID("con_")
	}
	c.CreatedAt = s.clock.Now()
	if secret, ok := c.Options["client_secret"].(string); ok {
		s.secrets.Add(SecretConnection, secret)
	}
	t.connections.put(c.ID, &c)
	return c, nil
}

// AddPerson adds a person to the directory behind a connection, or replaces
// the one with the same Sub (or, without one, the same e-mail).
func (s *Server) AddPerson(connection string, p IdPPerson) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.main.connectionByName(connection)
	if c == nil {
		return fmt.Errorf("no connection %q", connection)
	}
	for i, other := range c.Directory {
		if p.Sub != "" && other.Sub == p.Sub || p.Sub == "" && strings.EqualFold(other.Email, p.Email) {
			c.Directory[i] = p
			return nil
		}
	}
	c.Directory = append(c.Directory, p)
	return nil
}

// RemovePerson takes the person with the e-mail out of the directory behind a
// connection: the identity provider lets them in no more.
func (s *Server) RemovePerson(connection, email string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.main.connectionByName(connection)
	if c == nil {
		return fmt.Errorf("no connection %q", connection)
	}
	for i, p := range c.Directory {
		if strings.EqualFold(p.Email, email) {
			c.Directory = append(c.Directory[:i:i], c.Directory[i+1:]...)
			return nil
		}
	}
	return fmt.Errorf("connection %q has no such person", connection)
}

// AddRole adds a tenant role.
func (s *Server) AddRole(r Role) (Role, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addRole(s.main, r)
}

func (s *Server) addRole(t *Tenant, r Role) (Role, error) {
	if r.Name == "" || t.roles.find(func(other *Role) bool {
		return other.Name == r.Name && other.OwnerID == r.OwnerID
	}) != nil {
		return Role{}, fmt.Errorf("the role name %q is empty or taken", r.Name)
	}
	if r.ID == "" {
		r.ID = newID("rol_")
	}
	t.roles.put(r.ID, &r)
	return r, nil
}

// AddUser adds a profile. It counts as one of long ago: no search lags behind it.
func (s *Server) AddUser(u UserSeed) (User, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addUser(s.main, u)
}

func (s *Server) addUser(t *Tenant, seed UserSeed) (User, error) {
	c := t.connectionByName(seed.Connection)
	if c == nil {
		return User{}, fmt.Errorf("no connection %q for a user", seed.Connection)
	}
	now := s.clock.Now()
	id := userIDFor(c, IdPPerson{Sub: seed.Sub, Email: seed.Email})
	if c.Strategy == strategyDatabase && seed.Sub != "" {
		id = "auth0|" + seed.Sub
	}
	if t.users.get(id) != nil {
		return User{}, errors.New("a user of the same id exists")
	}
	_, local, _ := strings.Cut(id, "|")
	u := &User{
		UserID: id, Email: seed.Email, EmailVerified: seed.EmailVerified, Name: seed.Name, Password: seed.Password,
		Blocked: seed.Blocked, AppMetadata: seed.AppMetadata, UserMetadata: seed.UserMetadata, CreatedAt: now,
		Identities: []Identity{{UserID: local, Connection: c.Name, Provider: c.Strategy}},
	}
	s.secrets.Add(SecretPassword, u.Password)
	t.saveUser(u, now.Add(-longAgo))
	return cloneJSON(*u), nil
}

// AddOrganization adds an organization. Its members count as ones of long ago.
func (s *Server) AddOrganization(o OrganizationSeed) (Organization, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addOrganization(s.main, o, s.main.idsByEmail())
}

// idsByEmail returns the id of the first user who has an e-mail, in whatever
// case; empty if nobody has. It reads the users once, when it is first asked.
func (t *Tenant) idsByEmail() func(string) string {
	var ids map[string]string
	return func(email string) string {
		if ids == nil {
			ids = map[string]string{}
			for _, u := range t.users.all() {
				key := strings.ToLower(u.Email)
				if _, taken := ids[key]; !taken && key != "" {
					ids[key] = u.UserID
				}
			}
		}
		return ids[strings.ToLower(email)]
	}
}

// addOrganization is told the ids of members who are given by e-mail.
func (s *Server) addOrganization(t *Tenant, seed OrganizationSeed, idOf func(email string) string) (Organization, error) {
	if seed.Name == "" || t.organizationByName(seed.Name) != nil {
		return Organization{}, fmt.Errorf("the organization name %q is empty or taken", seed.Name)
	}
	now := s.clock.Now()
	if seed.ID == "" {
		seed.ID = newID("org_")
	}
	o := &Organization{
		ID: seed.ID, Name: seed.Name, DisplayName: seed.DisplayName, Metadata: seed.Metadata, CreatedAt: now, tenant: t,
	}
	for _, name := range seed.Connections {
		c := t.connectionByName(name)
		if c == nil {
			return Organization{}, fmt.Errorf("organization %q: no connection %q", seed.Name, name)
		}
		o.Connections = append(o.Connections, &EnabledConnection{ConnectionID: c.ID, ShowAsButton: true})
	}
	joined := map[string]bool{}
	for _, member := range seed.Members {
		id := member
		if t.users.get(member) == nil {
			id = idOf(member)
		}
		if id == "" {
			return Organization{}, fmt.Errorf("organization %q: a member is no user", seed.Name)
		}
		if !joined[id] {
			joined[id] = true
			o.join(id, now.Add(-longAgo))
		}
	}
	t.organizations.put(o.ID, o)
	return cloneJSON(*o), nil
}

// AddAction adds an Action, deploys it and binds it behind those already bound.
func (s *Server) AddAction(a ActionSeed) (Action, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addAction(s.main, a)
}

func (s *Server) addAction(t *Tenant, seed ActionSeed) (Action, error) {
	if seed.CodeFile != "" {
		return Action{}, fmt.Errorf("action %q: only a seed that is read from a file can name one", seed.Name)
	}
	if seed.Name == "" || t.actions.find(func(a *Action) bool { return a.Name == seed.Name }) != nil {
		return Action{}, fmt.Errorf("the action name %q is empty or taken", seed.Name)
	}
	if seed.Trigger == "" {
		seed.Trigger = "post-login"
	}
	now := s.clock.Now()
	a := &Action{
		ID: newUUID(), Name: seed.Name, Trigger: ActionTrigger{ID: seed.Trigger, Version: "v3"},
		Code: seed.Code, Runtime: defaultRuntime, CreatedAt: now, UpdatedAt: now, BuiltAt: now,
	}
	for _, name := range sortedKeys(seed.Secrets) {
		a.Secrets = append(a.Secrets, ActionSecret{Name: name, Value: seed.Secrets[name], UpdatedAt: now})
		s.secrets.Add(SecretAction, seed.Secrets[name])
	}
	a.deploy(now)
	t.actions.put(a.ID, a)
	t.bindings[seed.Trigger] = append(t.bindings[seed.Trigger], Binding{
		ID: newUUID(), ActionID: a.ID, DisplayName: a.Name, CreatedAt: now, UpdatedAt: now,
	})
	return cloneJSON(*a), nil
}

// AddMember makes a user a member of an organization, as somebody at the
// dashboard would.
func (s *Server) AddMember(organizationID, userID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.main.organizations.get(organizationID)
	if o == nil || s.main.users.get(userID) == nil {
		return errors.New("no such organization or user")
	}
	o.addMember(userID, s.clock.Now())
	return nil
}

// AddInvitation adds an invitation to an organization, of which nobody is mailed.
// What it leaves out is filled in; it lives as long as Auth0 lets one live by itself.
func (s *Server) AddInvitation(organizationID string, i Invitation) (Invitation, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.main.organizations.get(organizationID)
	if o == nil {
		return Invitation{}, errors.New("no such organization")
	}
	if i.ID == "" {
		i.ID = newID("uinv_")
	}
	if i.TicketID == "" {
		i.TicketID = randomString(32)
	}
	if i.CreatedAt.IsZero() {
		i.CreatedAt = s.clock.Now()
	}
	if i.ExpiresAt.IsZero() {
		i.ExpiresAt = i.CreatedAt.Add(defaultInvitationTTL * time.Second)
	}
	o.invitations.put(i.ID, &i)
	s.secrets.Add(SecretTicket, i.TicketID)
	return i, nil
}

// Forward puts the stand-in's clock forward and returns its new time.
func (s *Server) Forward(d time.Duration) time.Time {
	s.clock.Forward(d)
	return s.clock.Now()
}
