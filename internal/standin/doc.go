// Package standin is Auth0 for tests and for trying out: a server that holds
// one or more tenants in memory and answers the Management API, the token
// endpoint and sign-in as Auth0 does, with real status codes, error bodies,
// limits and delays.
//
// A test starts one in a line:
//
//	auth0 := standin.New(t)
//	client := auth0.AddClient(standin.Client{Name: "operator"})
//
// Beside the listener that plays Auth0 there is a second one for control
// (/control/...): clock, faults, limits, audit log, outbox, export and restore,
// and the register of every secret that existed. The same operations are
// methods of Server. The two never share a port, so nothing that is tested can
// reach the controls by accident.
//
// It is built in rooms, and only this package imports them all:
//
//	state       what is held: tenants, settings, clock, mails, secrets, keys
//	traffic     what every call passes: faults, limits, latency, audit log, counts
//	management  the Management API, a file for each resource; search within it
//	signin      Universal Login, identity providers, the token endpoint
//	dashboard   what somebody does past the API: content, seeds, scopes
//	control     the control API, and a client of it
//	pages, wire what people are shown, and how errors are written
//	actions     runs the JavaScript of Actions
//	person      a browser with somebody in front of it
//	deepjson    exports Go values and reads them back
//
// A room imports those that it stands on: state none, traffic state, management
// both, signin state; no room imports this package.
//
// Where Auth0's behaviour is not documented, it is a field of Settings with
// the assumed default, so that both answers can be tried.
package standin
