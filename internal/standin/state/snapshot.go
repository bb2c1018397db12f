package state

// Snapshot is a copy of what a tenant holds, secrets included.
type Snapshot struct {
	Domain        string                 `json:"domain"`
	Clients       []Client               `json:"clients"`
	Connections   []Connection           `json:"connections"`
	Organizations []OrganizationSnapshot `json:"organizations"`
	Users         []User                 `json:"users"`
	Roles         []Role                 `json:"roles"`
	Sessions      []Session              `json:"sessions"`
	RefreshTokens []RefreshToken         `json:"refresh_tokens"`
	Actions       []Action               `json:"actions"`
	Bindings      map[string][]Binding   `json:"bindings"`
	Logs          []LogEntry             `json:"logs"`
}

// OrganizationSnapshot is an organization with its invitations and the ids of
// its members as they are now.
type OrganizationSnapshot struct {
	Organization
	Members     []string     `json:"members"`
	Invitations []Invitation `json:"invitations"`
}

// Organization returns the organization with a name.
func (p Snapshot) Organization(name string) (OrganizationSnapshot, bool) {
	for _, o := range p.Organizations {
		if o.Name == name {
			return o, true
		}
	}
	return OrganizationSnapshot{}, false
}

// User returns the user with an id.
func (p Snapshot) User(id string) (User, bool) {
	for _, u := range p.Users {
		if u.UserID == id {
			return u, true
		}
	}
	return User{}, false
}

// Snapshot returns a copy of what the first tenant holds now.
func (w *World) Snapshot() Snapshot {
	w.Lock()
	defer w.Unlock()
	t := w.Main
	p := Snapshot{
		Domain: t.Domain, Clients: rowsOf(&t.Clients), Connections: rowsOf(&t.Connections), Users: rowsOf(&t.Users),
		Roles: rowsOf(&t.Roles), Sessions: rowsOf(&t.Sessions), RefreshTokens: rowsOf(&t.RefreshTokens),
		Actions: rowsOf(&t.Actions), Bindings: CloneJSON(t.Bindings), Logs: CloneJSON(t.Logs),
		Organizations: []OrganizationSnapshot{},
	}
	now := w.Clock.Now()
	for _, o := range t.Organizations.All() {
		w.PurgeInvitations(o, now)
		copied := OrganizationSnapshot{Organization: CloneJSON(*o), Members: []string{}, Invitations: rowsOf(&o.Invitations)}
		for _, m := range o.Memberships {
			if m.Until.IsZero() {
				copied.Members = append(copied.Members, m.UserID)
			}
		}
		p.Organizations = append(p.Organizations, copied)
	}
	return p
}
