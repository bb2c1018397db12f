// Package signin plays Auth0 as an OpenID provider: Universal Login, the
// identity providers behind its connections, Actions, the token endpoint for
// people and machines, and a small application for every client.
//
// authorize.go begins a sign-in, login.go shows who one may be, complete.go lets
// in or refuses, and token_endpoint.go redeems.
package signin
