package state

import "slices"

// How much a stand-in remembers of what passed, so that one that runs for long
// does not grow: the oldest is forgotten first.
const (
	AuditKept   = 50_000
	mailsKept   = 10_000
	secretsKept = 20_000
	logsKept    = 10_000
	eventsKept  = 10_000
	// deletedUsersKept are still seen by lagging reads, besides their time.
	deletedUsersKept = 5_000
	// userVersionsKept and endedMembershipsKept are for one user and one
	// organization, besides their time.
	userVersionsKept     = 1_000
	endedMembershipsKept = 1_000
)

// KeepLast drops the oldest rows once there are twice as many as are kept, so
// that the copying costs little, and tells which were dropped.
func KeepLast[T any](rows []T, kept int) (left, dropped []T) {
	if len(rows) <= 2*kept {
		return rows, nil
	}
	return slices.Clone(rows[len(rows)-kept:]), rows[:len(rows)-kept]
}
