package signin

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/pages"
	"github.com/seatwarden/seatwarden/internal/standin/state"
)

// assertion is what an identity provider tells Auth0 about a person.
type assertion struct {
	transaction string
	connection  string
	person      state.IdPPerson
	expires     time.Time
}

// underWay returns the transaction that a login page belongs to, or the page
// that says that it is gone.
func (si *SignIn) underWay(r *http.Request) (*transaction, answer) {
	tx := si.transactions[r.Form.Get("state")]
	if tx == nil || tx.tenant != si.world.TenantOf(r) || tx.paused != nil {
		return nil, errorPage(http.StatusBadRequest, refuse("invalid_request",
			"This sign-in has been finished or has taken too long: start again from the application."))
	}
	return tx, nil
}

// choose shows the login page.
func (si *SignIn) choose(r *http.Request) answer {
	tx, gone := si.underWay(r)
	if gone != nil {
		return gone
	}
	return si.loginPage(tx, http.StatusOK, "")
}

// loginPage names the organization and offers its connections.
func (si *SignIn) loginPage(tx *transaction, status int, problem string) answer {
	p := pages.Page{Kind: pages.PageLogin, Title: "Sign in", State: tx.id, Email: tx.loginHint, Problem: problem, SignUp: tx.signUp}
	if client := tx.tenant.Clients.Get(tx.clientID); client != nil {
		p.Application = client.Name
	}
	organization := tx.tenant.Organizations.Get(tx.organizationID)
	if organization != nil {
		p.Organization = displayName(organization)
		p.Title = "Sign in to " + p.Organization
	}
	if invitation, _ := si.invitation(tx); invitation != nil {
		p.Inviter, p.Email = invitation.InviterName, invitation.InviteeEmail
	}
	for _, c := range si.offered(tx, tx.connection != "") {
		if c.Strategy == state.StrategyDatabase {
			p.Databases = append(p.Databases, pages.Database{Name: c.Name, SignUp: mayRegister(organization, c)})
			continue
		}
		label := c.DisplayName
		if label == "" {
			label = c.Name
		}
		p.Connections = append(p.Connections, pages.Choice{Value: c.Name, Label: label})
	}
	return func(w http.ResponseWriter, _ *http.Request) { pages.Render(w, status, p) }
}

func displayName(o *state.Organization) string {
	if o.DisplayName != "" {
		return o.DisplayName
	}
	return o.Name
}

// mayRegister tells whether people may make themselves an account. The
// organization's own setting opens it besides the connection's.
func mayRegister(o *state.Organization, c *state.Connection) bool {
	if disabled, _ := c.Options["disable_signup"].(bool); !disabled {
		return true
	}
	if o == nil {
		return false
	}
	enabled := o.EnabledConnection(c.ID)
	return enabled != nil && enabled.IsSignupEnabled
}

// database signs in, or registers, with e-mail and password.
func (si *SignIn) database(r *http.Request) answer {
	tx, gone := si.underWay(r)
	if gone != nil {
		return gone
	}
	i := slices.IndexFunc(si.offered(tx, true), func(c *state.Connection) bool {
		return c.Name == r.PostForm.Get("connection") && c.Strategy == state.StrategyDatabase
	})
	if i < 0 {
		return si.loginPage(tx, http.StatusBadRequest, "Choose how to sign in.")
	}
	connection := si.offered(tx, true)[i]
	email, password := strings.ToLower(strings.TrimSpace(r.PostForm.Get("email"))), r.PostForm.Get("password")
	user := tx.tenant.Users.Find(func(u *state.User) bool {
		return u.Email == email && identityAt(u, connection.Name) != nil
	})
	if r.PostForm.Get("action") == "register" {
		if !mayRegister(tx.tenant.Organizations.Get(tx.organizationID), connection) || user != nil || email == "" || password == "" {
			return si.loginPage(tx, http.StatusBadRequest, "Something went wrong, please try again later.")
		}
		user = si.register(tx.tenant, connection, email, password)
		return si.signedIn(tx, &authenticated{userID: user.UserID, connection: connection.Name, isNew: true, method: "pwd"})
	}
	if user == nil || user.Password == "" || subtle.ConstantTimeCompare([]byte(user.Password), []byte(password)) != 1 {
		return si.loginPage(tx, http.StatusBadRequest, "Wrong email or password.")
	}
	return si.signedIn(tx, &authenticated{userID: user.UserID, connection: connection.Name, method: "pwd"})
}

func (si *SignIn) register(t *state.Tenant, c *state.Connection, email, password string) *state.User {
	now := si.world.Clock.Now()
	id := state.UserIDFor(c, state.IdPPerson{Email: email})
	user := &state.User{
		UserID: id, Email: email, Name: email, Nickname: localPart(email), Password: password, CreatedAt: now,
		Identities: []state.Identity{{UserID: strings.TrimPrefix(id, c.Strategy+"|"), Connection: c.Name, Provider: c.Strategy}},
	}
	si.world.Secrets.Add(state.SecretPassword, password)
	t.SaveUser(user, now)
	return user
}

func localPart(email string) string {
	local, _, _ := strings.Cut(email, "@")
	return local
}

// identityAt returns the account of a connection that a profile stands for, or nil.
func identityAt(u *state.User, connection string) *state.Identity {
	for i := range u.Identities {
		if u.Identities[i].Connection == connection {
			return &u.Identities[i]
		}
	}
	return nil
}

// atProvider returns the transaction and the enterprise connection of a page of an identity provider.
func (si *SignIn) atProvider(r *http.Request) (*transaction, *state.Connection, answer) {
	tx, gone := si.underWay(r)
	if gone != nil {
		return nil, nil, gone
	}
	for _, c := range si.offered(tx, true) {
		if c.Name == r.PathValue("connection") && c.Strategy != state.StrategyDatabase {
			return tx, c, nil
		}
	}
	return nil, nil, si.loginPage(tx, http.StatusBadRequest, "Choose how to sign in.")
}

// identityProvider shows the page of the identity provider behind a connection.
func (si *SignIn) identityProvider(r *http.Request) answer {
	tx, connection, wrong := si.atProvider(r)
	if wrong != nil {
		return wrong
	}
	return si.providerPage(tx, connection, http.StatusOK, "")
}

func (si *SignIn) providerPage(tx *transaction, c *state.Connection, status int, problem string) answer {
	label := c.DisplayName
	if label == "" {
		label = c.Name
	}
	p := pages.Page{Kind: pages.PageProvider, Title: label, State: tx.id, Connection: c.Name, Strategy: c.Strategy, Email: tx.loginHint, Problem: problem}
	if invitation, _ := si.invitation(tx); invitation != nil && p.Email == "" {
		p.Email = invitation.InviteeEmail
	}
	for _, person := range c.Directory {
		p.People = append(p.People, pages.Choice{Value: subjectOf(person), Label: strings.Trim(person.Name+" · "+person.Email, " ·")})
	}
	return func(w http.ResponseWriter, _ *http.Request) { pages.Render(w, status, p) }
}

// subjectOf is the identity provider's id of a person.
func subjectOf(p state.IdPPerson) string {
	if p.Sub != "" {
		return p.Sub
	}
	return p.Email
}

// identify is the identity provider's answer: it knows the people of its
// directory, by the button pressed or the e-mail typed.
func (si *SignIn) identify(r *http.Request) answer {
	tx, connection, wrong := si.atProvider(r)
	if wrong != nil {
		return wrong
	}
	subject, email := r.PostForm.Get("subject"), strings.TrimSpace(r.PostForm.Get("email"))
	i := slices.IndexFunc(connection.Directory, func(p state.IdPPerson) bool {
		if subject != "" {
			return subjectOf(p) == subject
		}
		return email != "" && strings.EqualFold(p.Email, email)
	})
	if i < 0 {
		return si.providerPage(tx, connection, http.StatusBadRequest, "Nobody of that name is in this directory.")
	}
	code := state.RandomString(32)
	si.world.Secrets.Add(state.SecretAuthorizationCode, code)
	si.assertions[code] = &assertion{
		transaction: tx.id, connection: connection.ID, person: connection.Directory[i],
		expires: si.world.Clock.Now().Add(assertionLifetime),
	}
	return redirect("/login/callback?" + url.Values{"state": {tx.id}, "code": {code}}.Encode())
}

// callback takes the identity provider's word and makes or refreshes the profile.
func (si *SignIn) callback(r *http.Request) answer {
	tx, gone := si.underWay(r)
	if gone != nil {
		return gone
	}
	said := si.assertions[r.Form.Get("code")]
	delete(si.assertions, r.Form.Get("code"))
	if said == nil || said.transaction != tx.id {
		return errorPage(http.StatusBadRequest, refuse("invalid_request", "The identity provider's answer has been used or has expired."))
	}
	connection := tx.tenant.Connections.Get(said.connection)
	if connection == nil {
		return si.sendBack(tx, refuse("invalid_request", "the connection was not found"))
	}
	user, isNew := si.provision(tx.tenant, connection, said.person)
	return si.signedIn(tx, &authenticated{userID: user.UserID, connection: connection.Name, isNew: isNew, method: "federated"})
}

// provision makes the profile of a person who comes for the first time or was
// deleted, and overwrites the root attributes of one who is known. An e-mail
// once verified, by an invitation for instance, stays so until it changes.
func (si *SignIn) provision(t *state.Tenant, c *state.Connection, p state.IdPPerson) (user *state.User, isNew bool) {
	now := si.world.Clock.Now()
	id := state.UserIDFor(c, p)
	_, accountID, _ := strings.Cut(id, "|")
	user = t.Users.Find(func(u *state.User) bool {
		account := identityAt(u, c.Name)
		return account != nil && account.UserID == accountID
	})
	if user == nil {
		isNew = true
		user = &state.User{
			UserID: id, CreatedAt: now,
			Identities: []state.Identity{{UserID: accountID, Connection: c.Name, Provider: c.Strategy}},
		}
	}
	user.EmailVerified = p.EmailVerified || user.EmailVerified && user.Email == p.Email
	user.Email, user.Name, user.Nickname = p.Email, p.Name, localPart(p.Email)
	if user.Name == "" {
		user.Name = p.Email
	}
	t.SaveUser(user, now)
	return user, isNew
}

// organization takes the organization that a person chose at a prompt.
func (si *SignIn) organization(r *http.Request) answer {
	tx, gone := si.underWay(r)
	if gone != nil {
		return gone
	}
	chosen := strings.TrimSpace(r.PostForm.Get("organization"))
	organization := tx.tenant.OrganizationByName(chosen)
	if organization == nil {
		return organizationPage(tx, si.organizationsOf(tx), "There is no organization of that name.")
	}
	tx.organizationID = organization.ID
	if tx.who != nil {
		return si.complete(tx, tx.who)
	}
	return si.authenticate(tx, r)
}

// organizationsOf returns the organizations of the person who has signed in, if one has.
func (si *SignIn) organizationsOf(tx *transaction) []*state.Organization {
	if tx.who == nil {
		return nil
	}
	var found []*state.Organization
	for _, o := range tx.tenant.Organizations.All() {
		if o.IsMember(tx.who.userID) {
			found = append(found, o)
		}
	}
	return found
}

// organizationPage asks for the organization: by name, or out of a person's own.
func organizationPage(tx *transaction, own []*state.Organization, problem string) answer {
	p := pages.Page{Kind: pages.PageOrganization, Title: "Your organization", State: tx.id, Problem: problem}
	for _, o := range own {
		p.Organizations = append(p.Organizations, pages.Choice{Value: o.Name, Label: displayName(o)})
	}
	status := http.StatusOK
	if problem != "" {
		status = http.StatusBadRequest
	}
	return func(w http.ResponseWriter, _ *http.Request) { pages.Render(w, status, p) }
}
