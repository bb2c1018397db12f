// Command conformance replays genuine recordings of Auth0's Management API
// against the stand-in and says where the two differ.
//
// The recordings are those with which the Go SDK of Auth0 is tested: go-vcr
// cassettes in the Go module github.com/auth0/go-auth0. They are read from the
// module cache and are no part of this repository. Each cassette is played in
// its order against a stand-in of its own; ids, hosts and times are mapped.
// A difference that no entry of excuses.yaml explains fails, and so does an
// entry that explains nothing any more.
package main
