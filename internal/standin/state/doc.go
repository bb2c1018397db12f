// Package state is what a stand-in holds, and nothing that answers anybody: the
// tenants with their users, organizations, invitations, members, connections,
// roles, sessions, Actions, log and events; the settings, and the clock, mails,
// secrets and keys that the tenants share. It imports no other room.
//
// A World is guarded as a whole: whoever reads or changes a tenant holds
// World.Lock. Former versions of users and memberships are kept, for the lists
// and searches that lag.
package state
