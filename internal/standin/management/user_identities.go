package management

import (
	"slices"

	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/wire"
)

func identityRoutes(rt *router) {
	const collection = "/users/{id}/identities"
	rt.add("POST", collection, 201, "", linkIdentity, "update:users")
	rt.add("DELETE", collection+"/{provider}/{user_id}", 200, "", unlinkIdentity, "update:users")
}

var linkSchema = schema{kind: typeObject, properties: map[string]schema{
	"provider":      {kind: typeString},
	"connection_id": {kind: typeString},
	"user_id":       {kind: typeString, required: true, min: 1},
}}

// profileData is what an identity knows of its person.
func profileData(u *state.User) map[string]any {
	data := map[string]any{"email_verified": u.EmailVerified}
	for name, value := range map[string]string{
		"email": u.Email, "given_name": u.GivenName, "family_name": u.FamilyName, "username": u.Username,
		"nickname": u.Nickname, "picture": u.Picture,
	} {
		state.Put(data, name, value)
	}
	return data
}

// identityItems shows the identities of a profile, the main one with what the
// profile says.
func identityItems(u *state.User) []any {
	out := []any{}
	for i, identity := range u.Identities {
		data := identity.ProfileData
		if i == 0 {
			data = profileData(u)
		}
		out = append(out, map[string]any{
			"connection": identity.Connection, "user_id": identity.UserID, "provider": identity.Provider,
			"isSocial": identity.IsSocial, "profileData": data,
		})
	}
	return out
}

// linkIdentity makes another profile's account one of this profile; the other
// profile, its metadata and its memberships are gone.
func linkIdentity(c *call) (any, error) {
	u, err := c.user("id")
	if err != nil {
		return nil, err
	}
	var body struct {
		Provider string `json:"provider"`
		UserID   string `json:"user_id"`
	}
	if err := c.decode(linkSchema, &body); err != nil {
		return nil, err
	}
	other := c.t.Users.Get(body.UserID)
	if other == nil {
		other = c.t.Users.Get(body.Provider + "|" + body.UserID)
	}
	switch other {
	case nil:
		return nil, wire.NotFound("inexistent_user", "The user does not exist.")
	case u:
		return nil, wire.NewError(400, "", "Main account and account to link are the same.")
	}
	for i, identity := range other.Identities {
		if i == 0 {
			identity.ProfileData = profileData(other)
		}
		u.Identities = append(u.Identities, identity)
	}
	c.t.DeleteUser(other.UserID, c.now)
	c.t.SaveUser(u, c.now)
	return identityItems(u), nil
}

// unlinkIdentity makes an account a profile of its own again.
func unlinkIdentity(c *call) (any, error) {
	u, err := c.user("id")
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(u.Identities, func(identity state.Identity) bool {
		return identity.Provider == c.param("provider") && identity.UserID == c.param("user_id")
	})
	switch {
	case i < 0:
		return nil, wire.NotFound("inexistent_identity", "The identity does not exist.")
	case i == 0:
		return nil, wire.NewError(400, "", "The main identity cannot be unlinked.")
	}
	identity := u.Identities[i]
	u.Identities = slices.Delete(u.Identities, i, i+1)
	c.t.SaveUser(u, c.now)
	text := func(name string) string {
		value, _ := identity.ProfileData[name].(string)
		return value
	}
	separate := &state.User{
		UserID: identity.Provider + "|" + identity.UserID, Email: text("email"), Name: text("email"), GivenName: text("given_name"),
		FamilyName: text("family_name"), Username: text("username"), Nickname: text("nickname"), Picture: text("picture"), CreatedAt: c.now,
	}
	separate.EmailVerified, _ = identity.ProfileData["email_verified"].(bool)
	identity.ProfileData = nil
	separate.Identities = []state.Identity{identity}
	c.t.SaveUser(separate, c.now)
	return identityItems(u), nil
}
