package auth0

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

const (
	// callTimeout bounds one request with its answer.
	callTimeout = 15 * time.Second
	// longestAnswer bounds an answer's body, in bytes.
	longestAnswer = 32 << 20
)

// wire makes single HTTP exchanges with one tenant, and nothing twice.
type wire struct {
	base      http.RoundTripper
	tenant    string
	userAgent string
	clock     *Clock
	budget    *Budget
	// sleep waits for a time, or for the context's end.
	sleep func(context.Context, time.Duration)
}

// exchange sends the request once and returns an answer that is 2xx and read to
// its end, or an *Error. It does not sleep.
func (w *wire) exchange(req *http.Request, route string) (*http.Response, error) {
	ctx := req.Context()
	if ctx.Err() != nil {
		return nil, notSent(route, "the context was done before the call")
	}
	if err := w.admit(ctx, route, true); err != nil {
		return nil, err
	}
	answered := false
	defer func() {
		if !answered {
			w.budget.answered(groupOf(route), 0, quota{}, w.clock.wall())
		}
	}()
	timeout := callTimeout
	fence, fenced := fenceOf(ctx)
	if fenced {
		timeout = min(timeout, fence.left(w.clock.Now()))
		if timeout <= 0 {
			return nil, notSent(route, errFencePassed.Error())
		}
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	ctx, end := w.span(ctx, route)
	var reached connected
	req = req.Clone(httptrace.WithClientTrace(ctx, reached.trace()))
	req.Header.Set("User-Agent", w.userAgent)
	body := &fencedState{}
	if fenced {
		body = fenceBody(req, func() bool { return fence.left(w.clock.Now()) <= 0 })
	}

	sent := w.clock.wall()
	started := time.Now()
	response, content, err := roundTrip(w.base, req)
	end(response)
	w.learn(route, response, sent, time.Since(started))
	switch {
	case err != nil && body.keptBack():
		return nil, notSent(route, errFencePassed.Error())
	case err != nil:
		if !ourEnd(req.Context(), timeout, err) {
			w.budget.noteAnswer(groupOf(route), 0, w.clock.wall())
		}
		return nil, lost(route, response, err, reached.never(err))
	}
	answered = true
	if isManagement(groupOf(route)) {
		passOf(ctx).begun.Store(true)
		passOf(ctx).calls.Add(1)
	}
	return w.judge(ctx, route, response, content)
}

// open sends the request once and returns an answer that is 2xx, of which the body
// is still to be read, or an *Error. Only the time until the body begins is bounded.
func (w *wire) open(req *http.Request, route string) (*http.Response, error) {
	ctx, cancel := context.WithCancel(req.Context())
	if err := w.admit(ctx, route, true); err != nil {
		cancel()
		return nil, err
	}
	ctx, end := w.span(ctx, route)
	req = req.Clone(ctx)
	req.Header.Set("User-Agent", w.userAgent)
	late := time.AfterFunc(callTimeout, cancel)
	sent, started := w.clock.wall(), time.Now()
	response, err := w.base.RoundTrip(req)
	took := time.Since(started)
	end(response)
	w.learn(route, response, sent, took)
	if err != nil {
		w.budget.answered(groupOf(route), 0, quota{}, w.clock.wall())
		if !late.Stop() || ctx.Err() == nil {
			w.budget.noteAnswer(groupOf(route), 0, w.clock.wall())
		}
		return nil, lost(route, nil, err, false)
	}
	inTime := late.Stop()
	if response.StatusCode == http.StatusOK && inTime {
		w.budget.noteAnswer(groupOf(route), response.StatusCode, w.clock.wall())
		w.budget.answered(groupOf(route), response.StatusCode, quotaOf(response.Header), w.clock.wall())
		return response, nil
	}
	content, err := io.ReadAll(io.LimitReader(response.Body, longestAnswer))
	_ = response.Body.Close()
	cancel()
	if err != nil || response.StatusCode == http.StatusOK {
		w.budget.answered(groupOf(route), 0, quota{}, w.clock.wall())
		return nil, lost(route, response, errors.New("it took too long"), false)
	}
	return w.judge(ctx, route, response, content)
}

// learn takes Auth0's time and the metrics from an exchange, whose answer may be
// missing.
func (w *wire) learn(route string, response *http.Response, sent time.Time, took time.Duration) {
	status := 0
	if response != nil {
		status = response.StatusCode
		w.clock.observe(response.Header, sent, w.clock.wall())
	}
	countRequest(w.tenant, route, status, took)
}

// judge gives the answer its body back, or makes an error of it.
func (w *wire) judge(ctx context.Context, route string, response *http.Response, content []byte) (*http.Response, error) {
	w.budget.noteAnswer(groupOf(route), response.StatusCode, w.clock.wall())
	failed := answerError(route, response.StatusCode, content)
	now, says := w.clock.wall(), quotaOf(response.Header)
	if failed != nil && failed.Kind == KindRateLimited {
		shut := w.budget.refused(groupOf(route), failed.Detail, resetTime(response.Header, w.clock, now), now)
		shut = w.budget.waits(claimOf(ctx, route), shut, now)
		failed.RetryAt, failed.Limit, failed.Called = shut.at, shut.limit, shut.called
		return nil, failed
	}
	w.budget.answered(groupOf(route), response.StatusCode, says, now)
	if failed != nil {
		return nil, failed
	}
	if bytes.Equal(bytes.TrimSpace(content), []byte("null")) {
		// The SDK dereferences what it decodes from it.
		return nil, undecodable(route, response.StatusCode)
	}
	response.Body = io.NopCloser(bytes.NewReader(content))
	return response, nil
}

// roundTrip reads the answer to its end, so that an answer that breaks off is an
// error of the exchange. The response is set when its header came.
func roundTrip(base http.RoundTripper, req *http.Request) (*http.Response, []byte, error) {
	response, err := base.RoundTrip(req)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(io.LimitReader(response.Body, longestAnswer+1))
	if err == nil && len(content) > longestAnswer {
		err = errors.New("the answer is too long")
	}
	return response, content, err
}

// connected notes how far a request came on its way out.
type connected struct{ asked, got atomic.Bool }

func (c *connected) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) { c.asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { c.got.Store(true) },
	}
}

// never tells whether the request certainly never had a connection: name
// resolution, dialling or the TLS handshake failed. A transport that does not
// report its steps is judged by the error alone.
func (c *connected) never(err error) bool {
	if c.asked.Load() {
		return !c.got.Load()
	}
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

func notSent(route, detail string) *Error {
	return &Error{Kind: KindNotSent, Route: route, Detail: detail}
}

// lost is the error of an exchange without a whole answer. The cause's text is
// scrubbed: it may hold the URL.
func lost(route string, response *http.Response, cause error, never bool) *Error {
	failed := &Error{Kind: KindUnknown, Route: route, Detail: "no answer: " + scrub(cause.Error())}
	if response != nil {
		failed.Status = response.StatusCode
		failed.Detail = "the answer broke off: " + scrub(cause.Error())
	}
	if never {
		failed.Kind, failed.Detail = KindNotSent, "no connection: "+scrub(cause.Error())
	}
	return failed
}

func undecodable(route string, status int) *Error {
	return &Error{Kind: KindUnknown, Route: route, Status: status, Detail: "an answer that makes no sense"}
}
