package auth0

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Kind is what an error means for whoever made the call.
type Kind string

const (
	// KindNotFound: the thing is not there. For a removal that is done.
	KindNotFound Kind = "NotFound"
	// KindConflict: the name is taken.
	KindConflict Kind = "Conflict"
	// KindInvalid: Auth0 refuses the request as it is; a person must act.
	KindInvalid Kind = "Invalid"
	// KindUnauthorized: the credentials are refused; a person must act.
	KindUnauthorized Kind = "Unauthorized"
	// KindForbidden: a scope or an entitlement is missing; a person must act.
	KindForbidden Kind = "Forbidden"
	// KindRateLimited: nothing was done; try again at RetryAt.
	KindRateLimited Kind = "RateLimited"
	// KindNotSent: the call did not leave this process.
	KindNotSent Kind = "NotSent"
	// KindPlanned: mode Observe keeps the call from being made, and nothing that
	// builds on it can be planned. Only a Recorder says so.
	KindPlanned Kind = "Planned"
	// KindUnknown: the call may or may not have taken effect (time-out, lost
	// answer, 5xx, an answer that makes no sense).
	KindUnknown Kind = "Unknown"
)

// Error is every error of this package. Its text holds no e-mail address, no
// secret and no link; Detail is Auth0's own message, scrubbed.
type Error struct {
	Kind Kind
	// Route is the call's method and route template, such as "GET /api/v2/users/{id}".
	Route string
	// Status is the HTTP status, 0 when there was no answer.
	Status int
	// Code is Auth0's errorCode, often empty.
	Code string
	// Detail is Auth0's message, or what went wrong on the way.
	Detail string
	// RetryAt is set with KindRateLimited, and with KindNotSent where the call was held
	// back because Auth0 is down, by this machine's clock.
	RetryAt time.Time
	// Limit names, with KindRateLimited, which of Auth0's limits is short.
	Limit string
	// Called: the caller is called when its turn has come.
	Called bool
}

func (e *Error) Error() string {
	text := fmt.Sprintf("%s: %s", e.Route, e.Kind)
	if e.Status != 0 {
		text += fmt.Sprintf(" (%d %s)", e.Status, http.StatusText(e.Status))
	}
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	return text
}

// KindOf is the kind of an error of this package, KindUnknown for any other, and
// empty for none.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return KindUnknown
}

// IsNotFound tells whether the thing is not there.
func IsNotFound(err error) bool { return err != nil && KindOf(err) == KindNotFound }

// IsNoManagementAPI tells whether Auth0 knows no Management API under the name that
// a token was asked for. It says so in words alone; they choose a message, and
// nothing else.
func IsNoManagementAPI(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Route == tokenRoute && e.Kind == KindForbidden &&
		(strings.Contains(e.Detail, "Service not found") || strings.Contains(e.Detail, "Service not enabled"))
}

// DidNothing tells whether the call certainly had no effect, so that it may be
// made again at once.
func DidNothing(err error) bool {
	return err != nil && KindOf(err) != KindUnknown
}

// RetryAt is when a rate-limited call may be made again.
func RetryAt(err error) (time.Time, bool) {
	var e *Error
	if errors.As(err, &e) && e.Kind == KindRateLimited {
		return e.RetryAt, true
	}
	return time.Time{}, false
}

// uncalled is how long after its turn somebody comes by itself who was to be called.
const uncalled = 5 * time.Minute

// ComeBack is when to make a rate-limited call again, unless one is called before.
func ComeBack(err error) (time.Time, bool) {
	var e *Error
	if !errors.As(err, &e) || e.Kind != KindRateLimited {
		return time.Time{}, false
	}
	if e.Called {
		return e.RetryAt.Add(uncalled), true
	}
	return e.RetryAt, true
}

// LimitOf is which of Auth0's limits held a rate-limited call back.
func LimitOf(err error) string {
	var e *Error
	if errors.As(err, &e) && e.Kind == KindRateLimited {
		return e.Limit
	}
	return ""
}
