package commands

import (
	"context"
	"errors"
	"time"
)

// errLate is what has not come in the time that a person gave.
var errLate = errors.New("timed out waiting")

// pause passes a second.
func pause(ctx context.Context) {
	timer := time.NewTimer(time.Second)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// wait looks again and again until it is done, for so long at most.
func (e *env) wait(ctx context.Context, timeout time.Duration, look func(context.Context) (done bool, err error)) error {
	late := e.Now().Add(timeout)
	for {
		done, err := look(ctx)
		switch {
		case done || err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case !e.Now().Before(late):
			return errLate
		}
		e.Pause(ctx)
	}
}
