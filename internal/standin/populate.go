package standin

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Dashboard is the hands of somebody who works on the stand-in's first tenant
// past the Management API.
type Dashboard struct{ world *World }

func newDashboard(world *World) *Dashboard { return &Dashboard{world: world} }

// AddClient adds an application. An id, a name and a creation time are filled
// in; a secret if it has Scopes and no keys of its own. One without Scopes gets
// the addresses of the application that is built into the stand-in, where it
// names none. URLPlaceholder is replaced in its addresses.
func (d *Dashboard) AddClient(c Client) (Client, error) {
	d.world.Lock()
	defer d.world.Unlock()
	return d.addClient(d.world.main, c)
}

func (d *Dashboard) addClient(t *Tenant, c Client) (Client, error) {
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
			c.Scopes = append(append(c.Scopes[:i:i], Scopes()...), c.Scopes[i+1:]...)
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
	c.InitiateLoginURI = strings.ReplaceAll(c.InitiateLoginURI, URLPlaceholder, d.world.tenantURL(t))
	c.Callbacks = d.replaceURL(t, c.Callbacks)
	c.AllowedLogoutURLs = d.replaceURL(t, c.AllowedLogoutURLs)
	c.CreatedAt = d.world.clock.Now()
	d.world.secrets.Add(SecretClientSecret, c.Secret)
	t.clients.put(c.ClientID, &c)
	return c, nil
}

func (d *Dashboard) replaceURL(t *Tenant, addresses []string) []string {
	var out []string
	for _, address := range addresses {
		out = append(out, strings.ReplaceAll(address, URLPlaceholder, d.world.tenantURL(t)))
	}
	return out
}

// AddManagementClient adds a client that may call the Management API with the
// given scopes, or with all of them.
func (d *Dashboard) AddManagementClient(scopes ...string) (Client, error) {
	if len(scopes) == 0 {
		scopes = []string{"*"}
	}
	return d.AddClient(Client{Name: "management", Scopes: scopes})
}

// AddConnection adds an identity provider with the people whom it knows, or a
// database (strategy auth0). Name and Strategy are required.
func (d *Dashboard) AddConnection(c Connection) (Connection, error) {
	d.world.Lock()
	defer d.world.Unlock()
	return d.addConnection(d.world.main, c)
}

func (d *Dashboard) addConnection(t *Tenant, c Connection) (Connection, error) {
	switch {
	case c.Name == "" || c.Strategy == "":
		return Connection{}, errors.New("a connection needs a name and a strategy")
	case t.connectionByName(c.Name) != nil:
		return Connection{}, fmt.Errorf("connection %q exists", c.Name)
	}
	if c.ID == "" {
		c.ID = newID("con_")
	}
	c.CreatedAt = d.world.clock.Now()
	if secret, ok := c.Options["client_secret"].(string); ok {
		d.world.secrets.Add(SecretConnection, secret)
	}
	t.connections.put(c.ID, &c)
	return c, nil
}

// AddPerson adds a person to the directory behind a connection, or replaces
// the one with the same Sub (or, without one, the same e-mail).
func (d *Dashboard) AddPerson(connection string, p IdPPerson) error {
	d.world.Lock()
	defer d.world.Unlock()
	c := d.world.main.connectionByName(connection)
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
func (d *Dashboard) RemovePerson(connection, email string) error {
	d.world.Lock()
	defer d.world.Unlock()
	c := d.world.main.connectionByName(connection)
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
func (d *Dashboard) AddRole(r Role) (Role, error) {
	d.world.Lock()
	defer d.world.Unlock()
	return d.addRole(d.world.main, r)
}

func (d *Dashboard) addRole(t *Tenant, r Role) (Role, error) {
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
func (d *Dashboard) AddUser(u UserSeed) (User, error) {
	d.world.Lock()
	defer d.world.Unlock()
	return d.addUser(d.world.main, u)
}

func (d *Dashboard) addUser(t *Tenant, seed UserSeed) (User, error) {
	c := t.connectionByName(seed.Connection)
	if c == nil {
		return User{}, fmt.Errorf("no connection %q for a user", seed.Connection)
	}
	now := d.world.clock.Now()
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
	d.world.secrets.Add(SecretPassword, u.Password)
	t.saveUser(u, now.Add(-longAgo))
	return cloneJSON(*u), nil
}

// AddOrganization adds an organization. Its members count as ones of long ago.
func (d *Dashboard) AddOrganization(o OrganizationSeed) (Organization, error) {
	d.world.Lock()
	defer d.world.Unlock()
	return d.addOrganization(d.world.main, o, d.world.main.idsByEmail())
}

// addOrganization is told the ids of members who are given by e-mail.
func (d *Dashboard) addOrganization(t *Tenant, seed OrganizationSeed, idOf func(email string) string) (Organization, error) {
	if seed.Name == "" || t.organizationByName(seed.Name) != nil {
		return Organization{}, fmt.Errorf("the organization name %q is empty or taken", seed.Name)
	}
	now := d.world.clock.Now()
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
func (d *Dashboard) AddAction(a ActionSeed) (Action, error) {
	d.world.Lock()
	defer d.world.Unlock()
	return d.addAction(d.world.main, a)
}

func (d *Dashboard) addAction(t *Tenant, seed ActionSeed) (Action, error) {
	if seed.CodeFile != "" {
		return Action{}, fmt.Errorf("action %q: only a seed that is read from a file can name one", seed.Name)
	}
	if seed.Name == "" || t.actions.find(func(a *Action) bool { return a.Name == seed.Name }) != nil {
		return Action{}, fmt.Errorf("the action name %q is empty or taken", seed.Name)
	}
	if seed.Trigger == "" {
		seed.Trigger = "post-login"
	}
	now := d.world.clock.Now()
	a := &Action{
		ID: newUUID(), Name: seed.Name, Trigger: ActionTrigger{ID: seed.Trigger, Version: "v3"},
		Code: seed.Code, Runtime: defaultRuntime, CreatedAt: now, UpdatedAt: now, BuiltAt: now,
	}
	for _, name := range slices.Sorted(maps.Keys(seed.Secrets)) {
		a.Secrets = append(a.Secrets, ActionSecret{Name: name, Value: seed.Secrets[name], UpdatedAt: now})
		d.world.secrets.Add(SecretAction, seed.Secrets[name])
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
func (d *Dashboard) AddMember(organizationID, userID string) error {
	d.world.Lock()
	defer d.world.Unlock()
	o := d.world.main.organizations.get(organizationID)
	if o == nil || d.world.main.users.get(userID) == nil {
		return errors.New("no such organization or user")
	}
	o.addMember(userID, d.world.clock.Now())
	return nil
}

// AddInvitation adds an invitation to an organization, of which nobody is mailed.
// What it leaves out is filled in; it lives as long as Auth0 lets one live by itself.
func (d *Dashboard) AddInvitation(organizationID string, i Invitation) (Invitation, error) {
	d.world.Lock()
	defer d.world.Unlock()
	o := d.world.main.organizations.get(organizationID)
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
		i.CreatedAt = d.world.clock.Now()
	}
	if i.ExpiresAt.IsZero() {
		i.ExpiresAt = i.CreatedAt.Add(defaultInvitationTTL * time.Second)
	}
	o.invitations.put(i.ID, &i)
	d.world.secrets.Add(SecretTicket, i.TicketID)
	return i, nil
}

// Forward puts the stand-in's clock forward and returns its new time.
func (d *Dashboard) Forward(by time.Duration) time.Time {
	d.world.clock.Forward(by)
	return d.world.clock.Now()
}
