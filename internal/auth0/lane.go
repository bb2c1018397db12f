package auth0

import (
	"context"
	"sync/atomic"
	"time"
)

// Lane is the importance of a call.
type Lane string

const (
	// LaneRemoval takes something from a person. It never queues behind others and
	// has a part of every limit for itself.
	LaneRemoval Lane = "Removal"
	// LaneDefault is everything that a person changed in Kubernetes or in Auth0.
	LaneDefault Lane = "Default"
	// LaneInvitation sends mails to people, of whom there may be thousands.
	LaneInvitation Lane = "Invitation"
	// LaneLook sees whether something changed in Auth0.
	LaneLook Lane = "Look"
	// laneBegun are the calls of a pass that Auth0 has answered already, or that has
	// paid for a later call: what was begun is brought to its end before anything else
	// begins, or everything would be half done, and done again.
	laneBegun Lane = "Begun"
)

// rank is the place of the lane: the lower goes first.
func (l Lane) rank() int {
	switch l {
	case LaneRemoval:
		return 0
	case laneBegun:
		return 1
	case LaneInvitation:
		return 3
	case LaneLook:
		return 4
	}
	return 2
}

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

// Caller is who makes the calls of one pass. Who is told to wait keeps a place in
// the queue by it.
type Caller struct {
	// Key is the same in each pass over an object, and differs between objects.
	Key string
	// Flow is who is served evenly: a Customer.
	Flow string
	// Call has the caller make another pass, when its turn has come. Nil for one that
	// comes by itself at the time that it is told.
	Call func()
	// Pause leaves the worker to others until resume is called, while the pass waits.
	// Nil for a caller that holds nobody up.
	Pause func() (resume func())
}

type callerKey struct{}

// passState is one pass of a caller.
type passState struct {
	Caller
	// begun: Auth0 has answered a call of this pass, or one is paid for.
	begun atomic.Bool
	since time.Time
	// calls that Auth0 has answered.
	calls atomic.Int32
}

// work orders the passes that have begun: the one that began first is brought to its
// end first, unless it makes many calls.
func (p *passState) work() time.Time { return p.since.Add(time.Duration(p.calls.Load()) * workACall) }

// workACall is how much later than it did a pass counts as begun for each call that it
// has made.
const workACall = 100 * time.Millisecond

// WithCaller names who makes the calls. Each pass takes a new context.
func WithCaller(ctx context.Context, caller Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, &passState{Caller: caller, since: time.Now()})
}

// Pause tells that the pass of a context waits, until resume is called.
func Pause(ctx context.Context) (resume func()) {
	if pause := passOf(ctx).Pause; pause != nil {
		return pause()
	}
	return func() {}
}

func passOf(ctx context.Context) *passState {
	pass, _ := ctx.Value(callerKey{}).(*passState)
	if pass == nil {
		return &passState{}
	}
	return pass
}
