package dashboard

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/management"
	"github.com/seatwarden/seatwarden/internal/standin/state"
)

// Dashboard is the hands of somebody who works on the stand-in's first tenant
// past the Management API.
type Dashboard struct{ world *state.World }

// New returns the dashboard of a world.
func New(world *state.World) *Dashboard { return &Dashboard{world: world} }

// AddClient adds an application. An id, a name and a creation time are filled
// in; a secret if it has Scopes and no keys of its own. One without Scopes gets
// the addresses of the application that is built into the stand-in, where it
// names none. URLPlaceholder is replaced in its addresses.
func (d *Dashboard) AddClient(c state.Client) (state.Client, error) {
	d.world.Lock()
	defer d.world.Unlock()
	return d.addClient(d.world.Main, c)
}

func (d *Dashboard) addClient(t *state.Tenant, c state.Client) (state.Client, error) {
	if c.ClientID == "" {
		c.ClientID = state.RandomString(32)
	}
	if t.Clients.Get(c.ClientID) != nil {
		return state.Client{}, fmt.Errorf("client %q exists", c.ClientID)
	}
	if c.Name == "" {
		c.Name = c.ClientID
	}
	for i, scope := range c.Scopes {
		if scope == "*" {
			c.Scopes = append(append(c.Scopes[:i:i], management.Scopes()...), c.Scopes[i+1:]...)
			break
		}
	}
	switch {
	case len(c.Scopes) > 0:
		if c.Secret == "" && len(c.PublicKeys) == 0 {
			c.Secret = state.RandomString(64)
		}
		if c.AppType == "" {
			c.AppType = "non_interactive"
		}
		if len(c.GrantTypes) == 0 {
			c.GrantTypes = []string{state.GrantClientCredentials}
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
	c.InitiateLoginURI = strings.ReplaceAll(c.InitiateLoginURI, URLPlaceholder, d.world.TenantURL(t))
	c.Callbacks = d.replaceURL(t, c.Callbacks)
	c.AllowedLogoutURLs = d.replaceURL(t, c.AllowedLogoutURLs)
	c.CreatedAt = d.world.Clock.Now()
	d.world.Secrets.Add(state.SecretClientSecret, c.Secret)
	t.Clients.Put(c.ClientID, &c)
	return c, nil
}

func (d *Dashboard) replaceURL(t *state.Tenant, addresses []string) []string {
	var out []string
	for _, address := range addresses {
		out = append(out, strings.ReplaceAll(address, URLPlaceholder, d.world.TenantURL(t)))
	}
	return out
}

// AddManagementClient adds a client that may call the Management API with the
// given scopes, or with all of them.
func (d *Dashboard) AddManagementClient(scopes ...string) (state.Client, error) {
	if len(scopes) == 0 {
		scopes = []string{"*"}
	}
	return d.AddClient(state.Client{Name: "management", Scopes: scopes})
}

// AddConnection adds an identity provider with the people whom it knows, or a
// database (strategy auth0). Name and Strategy are required.
func (d *Dashboard) AddConnection(c state.Connection) (state.Connection, error) {
	d.world.Lock()
	defer d.world.Unlock()
	return d.addConnection(d.world.Main, c)
}

func (d *Dashboard) addConnection(t *state.Tenant, c state.Connection) (state.Connection, error) {
	switch {
	case c.Name == "" || c.Strategy == "":
		return state.Connection{}, errors.New("a connection needs a name and a strategy")
	case t.ConnectionByName(c.Name) != nil:
		return state.Connection{}, fmt.Errorf("connection %q exists", c.Name)
	}
	if c.ID == "" {
		c.ID = state.NewID("con_")
	}
	c.CreatedAt = d.world.Clock.Now()
	if secret, ok := c.Options["client_secret"].(string); ok {
		d.world.Secrets.Add(state.SecretConnection, secret)
	}
	t.Connections.Put(c.ID, &c)
	return c, nil
}

// AddPerson adds a person to the directory behind a connection, or replaces
// the one with the same Sub (or, without one, the same e-mail).
func (d *Dashboard) AddPerson(connection string, p state.IdPPerson) error {
	d.world.Lock()
	defer d.world.Unlock()
	c := d.world.Main.ConnectionByName(connection)
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
	c := d.world.Main.ConnectionByName(connection)
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
func (d *Dashboard) AddRole(r state.Role) (state.Role, error) {
	d.world.Lock()
	defer d.world.Unlock()
	return d.addRole(d.world.Main, r)
}

func (d *Dashboard) addRole(t *state.Tenant, r state.Role) (state.Role, error) {
	if r.Name == "" || t.Roles.Find(func(other *state.Role) bool {
		return other.Name == r.Name && other.OwnerID == r.OwnerID
	}) != nil {
		return state.Role{}, fmt.Errorf("the role name %q is empty or taken", r.Name)
	}
	if r.ID == "" {
		r.ID = state.NewID("rol_")
	}
	t.Roles.Put(r.ID, &r)
	return r, nil
}

// AddUser adds a profile. It counts as one of long ago: no search lags behind it.
func (d *Dashboard) AddUser(u UserSeed) (state.User, error) {
	d.world.Lock()
	defer d.world.Unlock()
	return d.addUser(d.world.Main, u)
}

func (d *Dashboard) addUser(t *state.Tenant, seed UserSeed) (state.User, error) {
	c := t.ConnectionByName(seed.Connection)
	if c == nil {
		return state.User{}, fmt.Errorf("no connection %q for a user", seed.Connection)
	}
	now := d.world.Clock.Now()
	id := state.UserIDFor(c, state.IdPPerson{Sub: seed.Sub, Email: seed.Email})
	if c.Strategy == state.StrategyDatabase && seed.Sub != "" {
		id = "auth0|" + seed.Sub
	}
	if t.Users.Get(id) != nil {
		return state.User{}, errors.New("a user of the same id exists")
	}
	_, local, _ := strings.Cut(id, "|")
	u := &state.User{
		UserID: id, Email: seed.Email, EmailVerified: seed.EmailVerified, Name: seed.Name, Password: seed.Password,
		Blocked: seed.Blocked, AppMetadata: seed.AppMetadata, UserMetadata: seed.UserMetadata, CreatedAt: now,
		Identities: []state.Identity{{UserID: local, Connection: c.Name, Provider: c.Strategy}},
	}
	d.world.Secrets.Add(state.SecretPassword, u.Password)
	t.SaveUser(u, now.Add(-state.LongAgo))
	return state.CloneJSON(*u), nil
}

// AddOrganization adds an organization. Its members count as ones of long ago.
func (d *Dashboard) AddOrganization(o OrganizationSeed) (state.Organization, error) {
	d.world.Lock()
	defer d.world.Unlock()
	return d.addOrganization(d.world.Main, o, d.world.Main.IDsByEmail())
}

// addOrganization is told the ids of members who are given by e-mail.
func (d *Dashboard) addOrganization(t *state.Tenant, seed OrganizationSeed, idOf func(email string) string) (state.Organization, error) {
	if seed.Name == "" || t.OrganizationByName(seed.Name) != nil {
		return state.Organization{}, fmt.Errorf("the organization name %q is empty or taken", seed.Name)
	}
	now := d.world.Clock.Now()
	if seed.ID == "" {
		seed.ID = state.NewID("org_")
	}
	o := &state.Organization{
		ID: seed.ID, Name: seed.Name, DisplayName: seed.DisplayName, Metadata: seed.Metadata, CreatedAt: now, Tenant: t,
	}
	for _, name := range seed.Connections {
		c := t.ConnectionByName(name)
		if c == nil {
			return state.Organization{}, fmt.Errorf("organization %q: no connection %q", seed.Name, name)
		}
		o.Connections = append(o.Connections, &state.EnabledConnection{ConnectionID: c.ID, ShowAsButton: true})
	}
	joined := map[string]bool{}
	for _, member := range seed.Members {
		id := member
		if t.Users.Get(member) == nil {
			id = idOf(member)
		}
		if id == "" {
			return state.Organization{}, fmt.Errorf("organization %q: a member is no user", seed.Name)
		}
		if !joined[id] {
			joined[id] = true
			o.Join(id, now.Add(-state.LongAgo))
		}
	}
	t.Organizations.Put(o.ID, o)
	return state.CloneJSON(*o), nil
}

// AddAction adds an Action, deploys it and binds it behind those already bound.
func (d *Dashboard) AddAction(a ActionSeed) (state.Action, error) {
	d.world.Lock()
	defer d.world.Unlock()
	return d.addAction(d.world.Main, a)
}

func (d *Dashboard) addAction(t *state.Tenant, seed ActionSeed) (state.Action, error) {
	if seed.CodeFile != "" {
		return state.Action{}, fmt.Errorf("action %q: only a seed that is read from a file can name one", seed.Name)
	}
	if seed.Name == "" || t.Actions.Find(func(a *state.Action) bool { return a.Name == seed.Name }) != nil {
		return state.Action{}, fmt.Errorf("the action name %q is empty or taken", seed.Name)
	}
	if seed.Trigger == "" {
		seed.Trigger = "post-login"
	}
	now := d.world.Clock.Now()
	a := &state.Action{
		ID: state.NewUUID(), Name: seed.Name, Trigger: state.ActionTrigger{ID: seed.Trigger, Version: "v3"},
		Code: seed.Code, Runtime: state.DefaultRuntime, CreatedAt: now, UpdatedAt: now, BuiltAt: now,
	}
	for _, name := range slices.Sorted(maps.Keys(seed.Secrets)) {
		a.Secrets = append(a.Secrets, state.ActionSecret{Name: name, Value: seed.Secrets[name], UpdatedAt: now})
		d.world.Secrets.Add(state.SecretAction, seed.Secrets[name])
	}
	a.Deploy(now)
	t.Actions.Put(a.ID, a)
	t.Bindings[seed.Trigger] = append(t.Bindings[seed.Trigger], state.Binding{
		ID: state.NewUUID(), ActionID: a.ID, DisplayName: a.Name, CreatedAt: now, UpdatedAt: now,
	})
	return state.CloneJSON(*a), nil
}

// AddMember makes a user a member of an organization, as somebody at the
// dashboard would.
func (d *Dashboard) AddMember(organizationID, userID string) error {
	d.world.Lock()
	defer d.world.Unlock()
	o := d.world.Main.Organizations.Get(organizationID)
	if o == nil || d.world.Main.Users.Get(userID) == nil {
		return errors.New("no such organization or user")
	}
	o.AddMember(userID, d.world.Clock.Now())
	return nil
}

// AddInvitation adds an invitation to an organization, of which nobody is mailed.
// What it leaves out is filled in; it lives as long as Auth0 lets one live by itself.
func (d *Dashboard) AddInvitation(organizationID string, i state.Invitation) (state.Invitation, error) {
	d.world.Lock()
	defer d.world.Unlock()
	o := d.world.Main.Organizations.Get(organizationID)
	if o == nil {
		return state.Invitation{}, errors.New("no such organization")
	}
	if i.ID == "" {
		i.ID = state.NewID("uinv_")
	}
	if i.TicketID == "" {
		i.TicketID = state.RandomString(32)
	}
	if i.CreatedAt.IsZero() {
		i.CreatedAt = d.world.Clock.Now()
	}
	if i.ExpiresAt.IsZero() {
		i.ExpiresAt = i.CreatedAt.Add(state.DefaultInvitationTTL * time.Second)
	}
	o.Invitations.Put(i.ID, &i)
	d.world.Secrets.Add(state.SecretTicket, i.TicketID)
	return i, nil
}

// Forward puts the stand-in's clock forward and returns its new time.
func (d *Dashboard) Forward(by time.Duration) time.Time {
	d.world.Clock.Forward(by)
	return d.world.Clock.Now()
}
