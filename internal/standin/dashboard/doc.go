// Package dashboard is the hands of somebody who works on a tenant past the
// Management API, as at Auth0's dashboard: content one by one or by a seed,
// people behind an identity provider, scopes and secrets of applications.
package dashboard
