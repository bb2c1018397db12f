package auth0

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// Fence is the last moment at which a call may be sent that must not come late. Make
// it before the attempt is written down, from the notAfter that is written.
//
// It is checked as late as this process can: just before the request is handed
// to the connection and again when its body is first read, which is after the
// connection has been made and before any of the body has left. A process that
// freezes between that read and the socket can still send late.
type Fence struct {
	notAfter time.Time
	validFor time.Duration
	// made holds a monotonic reading, which a step of the wall clock cannot move.
	made time.Time
}

// NewFence makes a fence at notAfter, in Auth0's time. validFor is what is left
// until then (notAfter minus API.Now()), and is counted on the monotonic clock.
func NewFence(notAfter time.Time, validFor time.Duration) Fence {
	return Fence{notAfter: notAfter, validFor: validFor, made: time.Now()}
}

type fenceKey struct{}

// WithFence puts a fence around the calls made with the context: none is sent
// after it (KindNotSent), and none is waited for beyond it (KindUnknown). Of a fence
// within another the earlier holds.
func WithFence(ctx context.Context, fence Fence) context.Context {
	if outer, ok := fenceOf(ctx); ok && outer.notAfter.Before(fence.notAfter) {
		return ctx
	}
	return context.WithValue(ctx, fenceKey{}, fence)
}

func fenceOf(ctx context.Context) (Fence, bool) {
	fence, ok := ctx.Value(fenceKey{}).(Fence)
	return fence, ok
}

// left is the time until the fence by whichever clock is further on; at zero or
// below it has passed.
func (f Fence) left(now time.Time) time.Duration {
	return min(f.notAfter.Sub(now), f.validFor-time.Since(f.made))
}

var errFencePassed = errors.New("fence passed")

// fencedBody hands out a request's body only while the fence stands.
type fencedBody struct {
	io.ReadCloser
	passed func() bool
	state  *fencedState
	opened bool
}

// fencedState is shared by the bodies of one request, which the HTTP transport
// may read afresh on another connection.
type fencedState struct {
	released, refused atomic.Bool
}

// keptBack tells whether the fence alone kept the request from leaving whole.
func (s *fencedState) keptBack() bool { return s.refused.Load() && !s.released.Load() }

func (b *fencedBody) Read(p []byte) (int, error) {
	if !b.opened {
		if b.passed() {
			b.state.refused.Store(true)
			return 0, errFencePassed
		}
		b.opened = true
		b.state.released.Store(true)
	}
	return b.ReadCloser.Read(p)
}

// fenceBody puts the fence before the request's body.
func fenceBody(req *http.Request, passed func() bool) *fencedState {
	state := &fencedState{}
	if req.Body == nil || req.GetBody == nil {
		return state
	}
	plain := req.GetBody
	req.Body = &fencedBody{ReadCloser: req.Body, passed: passed, state: state}
	req.GetBody = func() (io.ReadCloser, error) {
		body, err := plain()
		if err != nil {
			return nil, err
		}
		return &fencedBody{ReadCloser: body, passed: passed, state: state}, nil
	}
	return state
}
