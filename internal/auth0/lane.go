package auth0

import "context"

// Lane is the importance of a call. After a 429, removals are tried as soon as
// Auth0 allows, and everything else leaves them that room.
type Lane string

const (
	// LaneRemoval takes something from a person. It never queues behind others.
	LaneRemoval Lane = "Removal"
	// LaneDefault is everything else.
	LaneDefault Lane = "Default"
)

type laneKey struct{}

// WithLane marks the calls made with the context.
func WithLane(ctx context.Context, lane Lane) context.Context {
	return context.WithValue(ctx, laneKey{}, lane)
}

// LaneOf is the lane of a context, LaneDefault when none was set.
func LaneOf(ctx context.Context) Lane {
	if lane, ok := ctx.Value(laneKey{}).(Lane); ok {
		return lane
	}
	return LaneDefault
}
