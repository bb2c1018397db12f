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
// Where Auth0's behaviour is not documented, it is a field of Settings with
// the assumed default, so that both answers can be tried.
package standin
