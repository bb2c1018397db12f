// Package search parses the queries of Auth0's user search, and tells whether a
// user is found.
package search
