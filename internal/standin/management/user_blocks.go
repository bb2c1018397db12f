package management

import "github.com/seatwarden/seatwarden/internal/standin/wire"

func userBlockRoutes(rt *router) {
	const byIdentifier, byID = "/user-blocks", "/user-blocks/{id}"
	rt.add("GET", byIdentifier, 200, "", listBlocksByIdentifier, "read:users")
	rt.add("DELETE", byIdentifier, 204, "", deleteBlocksByIdentifier, "update:users")
	rt.add("GET", byID, 200, "", listBlocks, "read:users")
	rt.add("DELETE", byID, 204, "", deleteBlocks, "update:users")
}

// noBlocks is the answer of a tenant without brute-force protection, which
// nobody's failed logins have blocked. Users whom an administrator blocked are
// not meant here.
var noBlocks = map[string]any{"blocked_for": []any{}}

func listBlocks(c *call) (any, error) {
	if _, err := c.user("id"); err != nil {
		return nil, err
	}
	return noBlocks, c.query.allow("consider_brute_force_enablement")
}

func deleteBlocks(c *call) (any, error) {
	_, err := c.user("id")
	return nil, err
}

func listBlocksByIdentifier(c *call) (any, error) {
	if err := c.identifier(); err != nil {
		return nil, err
	}
	return noBlocks, c.query.allow("identifier", "consider_brute_force_enablement")
}

func deleteBlocksByIdentifier(c *call) (any, error) { return nil, c.identifier() }

// identifier asks for the parameter that names a user by e-mail, phone number
// or user name; nobody need have it.
func (c *call) identifier() error {
	if c.query.get("identifier") == "" {
		return wire.NewError(400, "invalid_query_string", "Query validation error: 'Missing required property: identifier'.")
	}
	return nil
}
