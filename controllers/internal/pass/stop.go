// Package pass is what every pass over an object needs: errors that carry the
// decision, the one write of the status, and the events at its transitions.
package pass

import (
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/status"
)

// missingRetry is how often a pass looks for what was missing, in case nobody
// tells: of two objects that are applied at once, each may be looked at before
// the other is in the cache.
const missingRetry = 5 * time.Second

// startingRetry is the same for what this process has not looked at yet: whoever
// looks first wakes those who wait.
const startingRetry = 20 * time.Second

// shortestTurn is the least that a pass waits for its turn at Auth0.
const shortestTurn = 50 * time.Millisecond

// SlowRetry is how often a pass is repeated that a person must help.
const SlowRetry = 10 * time.Minute

// Stop is an error that ends a pass and says what follows from it.
type Stop struct {
	status.Problem
	// After is when to try again; zero means with back-off.
	After time.Duration
	// Cause is the error behind it, if any.
	Cause error
}

func (s *Stop) Error() string { return s.Reason + ": " + s.Message }

func (s *Stop) Unwrap() error { return s.Cause }

// Missing stops a pass until something is there. It stalls after a while.
func Missing(reason, message string) error {
	return &Stop{Problem: status.Problem{Class: status.Missing, Reason: reason, Message: message}, After: missingRetry}
}

// Person stops a pass until a person changes something.
func Person(reason, message string) error {
	return &Stop{Problem: status.Problem{Class: status.Person, Reason: reason, Message: message}, After: SlowRetry}
}

// Wait stops a pass that goes on by itself after a time.
func Wait(reason, message string, after time.Duration) error {
	return &Stop{Problem: status.Problem{Class: status.Retry, Reason: reason, Message: message}, After: max(after, time.Second)}
}

// Starting stops a pass until this process has looked at what it depends on. An
// object that was seen before keeps its status meanwhile.
func Starting(reason, message string) error {
	return StartingFor(reason, message, startingRetry)
}

// StartingFor is Starting for one of many, who would take all there is by trying again
// and again: whoever looks tells each of them.
func StartingFor(reason, message string, after time.Duration) error {
	return &Stop{Problem: status.Problem{Class: status.Retry, Reason: reason, Message: message, Starting: true}, After: after}
}

// turnsSaid is how exactly the time of a turn is said: thousands may wait, and each
// would write its status anew whenever the time moves.
const turnsSaid = 10 * time.Minute

// Auth0 turns an error of a call to Auth0 into the decision that it carries.
// doing says what the call was for.
func Auth0(doing string, err error, now time.Time) error {
	if err == nil {
		return nil
	}
	if auth0.KindOf(err) == auth0.KindPlanned || errors.Is(err, ErrPlanEnds) {
		return ErrPlanEnds
	}
	stop := &Stop{Cause: err, Problem: status.Problem{Class: status.Person, Message: fmt.Sprintf("%s: %v", doing, err)}, After: SlowRetry}
	switch auth0.KindOf(err) {
	case auth0.KindRateLimited:
		at, _ := auth0.RetryAt(err)
		again, _ := auth0.ComeBack(err)
		stop.Cause, stop.Class, stop.Reason, stop.After = nil, status.Retry, v1alpha1.ReasonRateLimited, max(again.Sub(now), shortestTurn)
		stop.Message = fmt.Sprintf("%s: Auth0's rate limit (%s) is reached, its turn is expected by %s; nothing is needed",
			doing, auth0.LimitOf(err), at.UTC().Add(turnsSaid).Truncate(turnsSaid).Format("15:04 UTC"))
	case auth0.KindUnauthorized:
		return Wait(v1alpha1.ReasonTenantNotReady, doing+": Auth0 refuses the credentials; see the Auth0Tenant", time.Minute)
	case auth0.KindForbidden:
		stop.Reason = v1alpha1.ReasonScopeMissing
	case auth0.KindInvalid, auth0.KindConflict, auth0.KindNotFound:
		stop.Reason = v1alpha1.ReasonRejectedByAuth0
	default:
		stop.Class, stop.Reason, stop.After = status.Retry, v1alpha1.ReasonAuth0Unavailable, 0
		stop.Message = doing + ": Auth0 does not answer as it should; it is tried again, nothing is needed"
		if at, held := auth0.HeldUntil(err); held {
			stop.After = max(at.Sub(now), time.Second)
		}
	}
	return stop
}

// ProblemOf is what an error means for the status, nil for no error.
func ProblemOf(err error) *status.Problem {
	if err == nil {
		return nil
	}
	var stop *Stop
	if errors.As(err, &stop) {
		return &stop.Problem
	}
	message := "a write to the API server failed; it is tried again, nothing is needed"
	if errors.Is(err, errRead) {
		message = "a read from the API server failed; it is tried again, nothing is needed"
	}
	return &status.Problem{Class: status.Retry, Reason: v1alpha1.ReasonProgressing, Message: message}
}

// Result turns the outcome of a pass into the controller's next step: the
// error's own time, back-off, or the time that the pass asked for.
func Result(err error, after time.Duration) (ctrl.Result, error) {
	var stop *Stop
	switch {
	case err == nil:
		return ctrl.Result{RequeueAfter: after}, nil
	case apierrors.IsConflict(err):
		return Rewrite(err)
	case !errors.As(err, &stop):
		return ctrl.Result{}, err
	case stop.After == 0:
		return ctrl.Result{}, err
	}
	wait := stop.After
	if after > 0 && after < wait {
		wait = after
	}
	return ctrl.Result{RequeueAfter: wait}, nil
}

// Again has the pass repeated with back-off, without calling it an error.
func Again() ctrl.Result {
	return ctrl.Result{Requeue: true} //nolint:staticcheck // the library has no other way to ask for its back-off
}

// Slower has what has been missing for so long that the object is stalled looked for as
// seldom as whatever else waits for a person: whoever brings it wakes those who wait.
func Slower(err error, conditions []metav1.Condition) error {
	var stop *Stop
	if !errors.As(err, &stop) || stop.Class != status.Missing || !meta.IsStatusConditionTrue(conditions, v1alpha1.ConditionStalled) {
		return err
	}
	slow := *stop
	slow.After = SlowRetry
	return &slow
}

// Rewrite is what follows from a status that could not be written: another
// look soon when somebody else wrote in between, nothing when the object is
// gone. Both this and an error back off.
func Rewrite(err error) (ctrl.Result, error) {
	switch {
	case apierrors.IsNotFound(err):
		return ctrl.Result{}, nil
	case apierrors.IsConflict(err):
		return Again(), nil
	}
	return ctrl.Result{}, err
}

// Sooner is the earlier of two times to wait, where zero means never.
func Sooner(a, b time.Duration) time.Duration {
	switch {
	case a <= 0:
		return b
	case b <= 0:
		return a
	}
	return min(a, b)
}

// Decided tells whether an error already carries a decision. That a plan ends is one.
func Decided(err error) bool {
	var stop *Stop
	return errors.As(err, &stop) || errors.Is(err, ErrPlanEnds)
}
