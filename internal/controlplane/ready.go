package controlplane

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seatwarden/seatwarden/internal/controlplane/process"
)

const (
	readyWithin = 3 * time.Minute        // how long a process may take to answer its health check, on a busy machine
	pollEvery   = 100 * time.Millisecond // between two health checks
)

// waitReady waits until healthy returns nil. The error carries the end of the
// process's log.
func waitReady(ctx context.Context, p *process.Process, healthy func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	var last error
	for {
		select {
		case <-p.Exited():
			return failure(p, "ended before it was ready", p.Err())
		case <-ctx.Done():
			return failure(p, "did not become ready", errors.Join(context.Cause(ctx), last))
		case <-tick.C:
			if last = healthy(ctx); last == nil {
				return nil
			}
		}
	}
}

// failure describes what went wrong, with the end of the process's log.
func failure(p *process.Process, what string, cause error) error {
	return fmt.Errorf("%s %s: %w; the end of %s:\n%s", p.Name, what, cause, p.LogFile, p.Tail(tailLines))
}
