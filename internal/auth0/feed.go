package auth0

import (
	"context"
	"errors"
	"strings"
	"time"
)

// ChangeKind is what a change is about.
type ChangeKind string

const (
	// ChangeOrganization: an organization was made, changed or deleted.
	ChangeOrganization ChangeKind = "Organization"
	// ChangeMembers: somebody came into an organization, left it, or got or lost a
	// role there.
	ChangeMembers ChangeKind = "Members"
	// ChangeInvitations: an invitation was made, deleted, accepted or used up.
	ChangeInvitations ChangeKind = "Invitations"
	// ChangeConnections: the connections of an organization changed.
	ChangeConnections ChangeKind = "Connections"
	// ChangeUser: a user was made, changed or deleted.
	ChangeUser ChangeKind = "User"
)

// Change is one thing that a feed says has happened in a tenant. It is a hint: it
// may come late, twice, or not at all, and whoever acts on it reads first.
type Change struct {
	Kind ChangeKind
	// Organization is the organization's id, empty where the feed does not tell.
	Organization string
	// User is the user's id, empty where the feed tells none.
	User string
	// At is when it happened, by Auth0's time.
	At time.Time
	// MayBeOurs: the feed tells of this client's own writes too, and not whose it was.
	MayBeOurs bool
}

// News is what a feed tells at once.
type News struct {
	Changes []Change
	// Gap: what happened before this may not have been told.
	Gap bool
	// Position is where to go on, opaque.
	Position string
}

// Feed tells what changes in one tenant.
type Feed interface {
	// Name is what the status calls the feed.
	Name() string
	// Follow tells news from a position on, or from now on if it is empty, until
	// the context ends, Auth0 ends the connection, which is no error, or something
	// fails. The first news come as soon as the feed is known to work, and have a
	// gap when there is nothing to go on from. Follow again from the last position.
	Follow(ctx context.Context, from string, tell func(News)) error
}

// The names of the feeds.
const (
	FeedEventStream = "EventStream"
	FeedTenantLog   = "TenantLog"
)

// FeedTrouble is why a feed cannot be had.
type FeedTrouble string

const (
	// FeedScopeMissing: the credentials lack its scope.
	FeedScopeMissing FeedTrouble = "ScopeMissing"
	// FeedTooManyConnections: the tenant has as many open streams as its plan allows.
	FeedTooManyConnections FeedTrouble = "TooManyConnections"
	// FeedNotInPlan: Auth0 refuses it for another reason, as where the plan lacks it.
	FeedNotInPlan FeedTrouble = "NotInPlan"
	// FeedUnavailable: it failed, and may work the next time.
	FeedUnavailable FeedTrouble = "Unavailable"
)

// FeedTroubleOf tells why Follow failed; empty for no error.
func FeedTroubleOf(err error) FeedTrouble {
	var e *Error
	switch {
	case err == nil:
		return ""
	case !errors.As(err, &e) || e.Kind != KindForbidden:
		return FeedUnavailable
	case e.Code == "insufficient_scope":
		return FeedScopeMissing
	case strings.Contains(strings.ToLower(e.Detail), "connection"):
		// Auth0 does not document a code for it.
		return FeedTooManyConnections
	}
	return FeedNotInPlan
}
