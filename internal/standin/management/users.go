package management

import (
	"crypto/md5" //nolint:gosec // see gravatar
	"encoding/hex"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/management/search"
	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/traffic"
	"github.com/seatwarden/seatwarden/internal/standin/wire"
)

var optionalText = schema{kind: typeString, nullable: true, max: 300}

func userProperties() map[string]schema {
	return map[string]schema{
		"email":          {kind: typeString, email: true, nullable: true, description: "The user's email."},
		"email_verified": {kind: typeBoolean},
		"verify_email":   {kind: typeBoolean},
		"blocked":        {kind: typeBoolean},
		"name":           optionalText, "nickname": optionalText, "given_name": optionalText, "family_name": optionalText,
		"picture": optionalText, "username": optionalText,
		"password":      {kind: typeString, min: 1, nullable: true},
		"connection":    {kind: typeString, min: 1},
		"client_id":     {kind: typeString},
		"app_metadata":  {kind: typeObject, any: true},
		"user_metadata": {kind: typeObject, any: true},
	}
}

func createUserSchema() schema {
	properties := userProperties()
	properties["connection"] = schema{kind: typeString, min: 1, required: true, description: "Name of the connection this user should be created in."}
	properties["user_id"] = schema{kind: typeString, max: 255}
	delete(properties, "client_id")
	return schema{kind: typeObject, properties: properties}
}

type userBody struct {
	UserID        string          `json:"user_id"`
	Connection    string          `json:"connection"`
	Password      *string         `json:"password"`
	Email         *string         `json:"email"`
	EmailVerified *bool           `json:"email_verified"`
	Blocked       *bool           `json:"blocked"`
	Name          *string         `json:"name"`
	Nickname      *string         `json:"nickname"`
	GivenName     *string         `json:"given_name"`
	FamilyName    *string         `json:"family_name"`
	Picture       *string         `json:"picture"`
	Username      *string         `json:"username"`
	AppMetadata   *map[string]any `json:"app_metadata"`
	UserMetadata  *map[string]any `json:"user_metadata"`
}

func userRoutes(rt *router) {
	rt.add("GET", "/users", 200, traffic.LimitUsersRead, searchUsers, "read:users")
	rt.add("POST", "/users", 201, traffic.LimitUsersWrite, createUser, "create:users")
	rt.add("GET", "/users-by-email", 200, traffic.LimitUsersRead, listUsersByEmail, "read:users")
	rt.add("GET", "/users/{id}", 200, traffic.LimitUsersRead, getUser, "read:users")
	rt.add("PATCH", "/users/{id}", 200, traffic.LimitUsersWrite, updateUser, "update:users", "update:users_app_metadata")
	rt.add("DELETE", "/users/{id}", 204, traffic.LimitUsersDelete, deleteUser, "delete:users")
	rt.add("GET", "/users/{id}/organizations", 200, traffic.LimitUserOrganizations, listUserOrganizations, "read:organizations")
}

// user returns the user that the path names.
func (c *call) user(param string) (*state.User, error) {
	u := c.t.Users.Get(c.param(param))
	if u == nil {
		return nil, wire.NotFound("inexistent_user", "The user does not exist.")
	}
	return u, nil
}

func getUser(c *call) (any, error) {
	u, err := c.user("id")
	if err != nil {
		return nil, err
	}
	return selectFields(c.query, state.UserItem(u)), nil
}

// listUsersByEmail is consistent and minds the case, unlike the search.
func listUsersByEmail(c *call) (any, error) {
	if err := c.query.allow("email"); err != nil {
		return nil, err
	}
	email := c.query.get("email")
	if email == "" {
		return nil, wire.NewError(400, "invalid_query_string", "Query validation error: 'Missing required property: email'.")
	}
	items := []any{}
	for _, u := range c.t.Users.All() {
		if u.Email == email {
			items = append(items, selectFields(c.query, state.UserItem(u)))
		}
	}
	return items, nil
}

func createUser(c *call) (any, error) {
	var body userBody
	if err := c.decode(createUserSchema(), &body); err != nil {
		return nil, err
	}
	connection := c.t.ConnectionByName(body.Connection)
	switch {
	case connection == nil:
		return nil, wire.NewError(400, "inexistent_connection", "The connection does not exist.")
	case connection.Strategy != state.StrategyDatabase:
		return nil, wire.InvalidBody("Connection does not support user creation through the API. It must either be a database or passwordless connection.")
	case body.Email == nil:
		return nil, wire.InvalidBody("Payload validation error: 'Missing required property: email'.")
	case body.Password == nil:
		return nil, wire.InvalidBody("Payload validation error: 'Missing required property: password'.")
	}
	email := strings.ToLower(*body.Email)
	for _, other := range c.t.Users.All() {
		if other.Email == email && other.In(connection.Name) {
			return nil, wire.NewError(409, "auth0_idp_error", "The user already exists.")
		}
	}
	id := body.UserID
	if id == "" {
		id = state.RandomHex(12)
	}
	if c.t.Users.Get("auth0|"+id) != nil {
		return nil, wire.NewError(409, "auth0_idp_error", "The user already exists.")
	}
	u := &state.User{
		UserID: "auth0|" + id, Name: email, CreatedAt: c.now,
		Identities: []state.Identity{{UserID: id, Connection: connection.Name, Provider: state.StrategyDatabase}},
	}
	u.Nickname, _, _ = strings.Cut(email, "@")
	u.Picture = gravatar(email)
	body.applyTo(u)
	u.Email = email
	c.world.Secrets.Add(state.SecretPassword, u.Password)
	c.t.SaveUser(u, c.now)
	c.t.Log(state.LogEntry{Type: state.LogSignedUp, ClientID: c.clientID, UserID: u.UserID, UserName: email, Connection: connection.Name}, c.now)
	return state.UserItem(u), nil
}

// gravatar is the picture of a user who has none.
func gravatar(email string) string {
	sum := md5.Sum([]byte(email)) //nolint:gosec // Gravatar's addresses are made of MD5
	initials := email[:min(2, len(email))]
	return "https://s.gravatar.com/avatar/" + hex.EncodeToString(sum[:]) + "?s=480&r=pg&d=" +
		url.QueryEscape("https://cdn.auth0.com/avatars/"+url.PathEscape(initials)+".png")
}

// applyTo changes what the body names; metadata is merged at the first level.
func (b userBody) applyTo(u *state.User) {
	for _, f := range []struct {
		given *string
		field *string
	}{
		{b.Email, &u.Email}, {b.Password, &u.Password}, {b.Name, &u.Name}, {b.Nickname, &u.Nickname},
		{b.GivenName, &u.GivenName}, {b.FamilyName, &u.FamilyName}, {b.Picture, &u.Picture}, {b.Username, &u.Username},
	} {
		if f.given != nil {
			*f.field = *f.given
		}
	}
	if b.EmailVerified != nil {
		u.EmailVerified = *b.EmailVerified
	}
	if b.Blocked != nil {
		u.Blocked, u.BlockedSet = *b.Blocked, true
	}
	if b.AppMetadata != nil {
		u.AppMetadata = state.MergeMetadata(u.AppMetadata, *b.AppMetadata)
	}
	if b.UserMetadata != nil {
		u.UserMetadata = state.MergeMetadata(u.UserMetadata, *b.UserMetadata)
	}
}

// rootAttributes returns the attributes that belong to the identity provider.
func (b userBody) rootAttributes() []string {
	var names []string
	for name, given := range map[string]bool{
		"email": b.Email != nil, "email_verified": b.EmailVerified != nil, "name": b.Name != nil, "nickname": b.Nickname != nil,
		"given_name": b.GivenName != nil, "family_name": b.FamilyName != nil, "picture": b.Picture != nil,
		"password": b.Password != nil, "username": b.Username != nil,
	} {
		if given {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func updateUser(c *call) (any, error) {
	u, err := c.user("id")
	if err != nil {
		return nil, err
	}
	var body userBody
	if err := c.decode(schema{kind: typeObject, properties: userProperties()}, &body); err != nil {
		return nil, err
	}
	attributes := body.rootAttributes()
	onlyAppMetadata := len(attributes) == 0 && body.Blocked == nil && body.UserMetadata == nil
	if !onlyAppMetadata && !c.hasScope("update:users") {
		return nil, wire.NewError(403, "insufficient_scope", "Insufficient scope, expected any of: update:users")
	}
	if len(attributes) > 0 && u.Identities[0].Provider != state.StrategyDatabase {
		return nil, wire.NewError(400, "operation_not_supported",
			"The following user attributes cannot be updated: %s. The connection (%s) should either be a database connection, have disabled the option to sync user profile attributes at each login or be a custom social connection in order to edit these attributes.",
			strings.Join(attributes, ", "), u.Identities[0].Connection)
	}
	body.applyTo(u)
	if body.Password != nil {
		u.LastPasswordReset = c.now
		c.world.Secrets.Add(state.SecretPassword, *body.Password)
	}
	c.t.SaveUser(u, c.now)
	return state.UserItem(u), nil
}

// deleteUser answers 204 also for a user who does not exist.
func deleteUser(c *call) (any, error) {
	id := c.param("id")
	if u := c.t.Users.Get(id); u != nil {
		c.t.DeleteUser(id, c.now)
		c.t.Log(state.LogEntry{
			Type: state.LogUserDeleted, Description: "User successfully deleted", UserID: id, UserName: u.Email, Connection: u.Identities[0].Connection,
			Details: map[string]any{"body": map[string]any{"connection": u.Identities[0].Connection, "tenant": c.t.Domain}},
		}, c.now)
	}
	return nil, nil
}

// listUserOrganizations is taken to be consistent; Auth0 states nothing.
func listUserOrganizations(c *call) (any, error) {
	u, err := c.user("id")
	if err != nil {
		return nil, err
	}
	if err := c.query.allow(); err != nil {
		return nil, err
	}
	rows := slices.DeleteFunc(c.t.Organizations.All(), func(o *state.Organization) bool { return !o.IsMember(u.UserID) })
	return list(c, listing[*state.Organization]{key: "organizations", item: organizationItem}, rows)
}

// searchUsers answers from an index that is Settings.SearchLag behind.
func searchUsers(c *call) (any, error) {
	if err := c.query.allow("q", "search_engine", "connection", "primary_order"); err != nil {
		return nil, err
	}
	matches, having := func(*search.SearchedUser) bool { return true }, ""
	if q := c.query.get("q"); q != "" {
		parsed, err := search.ParseSearch(q)
		if err != nil {
			return nil, wire.NewError(400, "invalid_query_string", "Query validation error: 'Invalid search query: %s' on property q.", err)
		}
		matches, having = parsed, metadataKeyOf(q)
	}
	at := c.now.Add(-time.Duration(c.world.InForce.SearchLag))
	var rows []*state.User
	candidates := maps.Keys(c.t.UserVersions)
	if having != "" {
		candidates = maps.Keys(c.t.WithMetadata[having])
	}
	for id := range candidates {
		u := c.t.UserAt(id, at)
		if u == nil || c.query.has("connection") && !u.In(c.query.get("connection")) {
			continue
		}
		if matches(&search.SearchedUser{User: u, Organizations: func() []string { return c.t.OrganizationsAt(id, at) }}) {
			rows = append(rows, u)
		}
	}
	slices.SortFunc(rows, func(a, b *state.User) int { return strings.Compare(a.UserID, b.UserID) })
	field, descending, err := c.sortOrder("created_at", "email", "user_id")
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(rows, func(a, b *state.User) int {
		switch field {
		case "email":
			return strings.Compare(a.Email, b.Email)
		case "user_id":
			return strings.Compare(a.UserID, b.UserID)
		}
		return a.CreatedAt.Compare(b.CreatedAt)
	})
	if descending {
		slices.Reverse(rows)
	}
	return list(c, listing[*state.User]{key: "users", item: state.UserItem, length: true}, rows)
}

// metadataKeyOf is the app_metadata key that everybody has whom a query finds, empty
// where that is not plain: among 100,000 users most need no closer look.
func metadataKeyOf(q string) string {
	rest, ok := strings.CutPrefix(q, "_exists_:app_metadata.")
	key, more, _ := strings.Cut(rest, " ")
	if !ok || strings.ContainsAny(key, `.*"()\\`) || more != "" && (!strings.HasPrefix(more, "AND created_at:") || strings.Contains(more, " OR ")) {
		return ""
	}
	return key
}
