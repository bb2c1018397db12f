package pass

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/status"
)

// Mode is what the operator may do for a Customer: the stricter of its own mode
// and its Auth0Tenant's. reader is live where something is taken.
func Mode(ctx context.Context, reader client.Reader, customer *v1alpha1.Customer) (v1alpha1.Mode, error) {
	mode, err := TenantMode(ctx, reader, customer.Spec.TenantRef.Name)
	return v1alpha1.StricterMode(mode, customer.Spec.Mode), err
}

// TenantMode is the mode of an Auth0Tenant, Manage when there is none of that name.
func TenantMode(ctx context.Context, reader client.Reader, name string) (v1alpha1.Mode, error) {
	tenant := &v1alpha1.Auth0Tenant{}
	if err := reader.Get(ctx, client.ObjectKey{Name: name}, tenant); client.IgnoreNotFound(err) != nil {
		return "", fmt.Errorf("read the Auth0Tenant: %w", err)
	}
	return v1alpha1.StricterMode(tenant.Spec.Mode, v1alpha1.ModeManage), nil
}

// Standing reads a Customer past the cache and ends a pass that takes when what it
// has judged stands no more: a contract, a mode or a deletion is judged from the
// beginning, and never taken over in the middle.
func Standing(ctx context.Context, live client.Reader, judged *v1alpha1.Customer, mode v1alpha1.Mode) (*v1alpha1.Customer, error) {
	customer := &v1alpha1.Customer{}
	if err := live.Get(ctx, client.ObjectKeyFromObject(judged), customer); err != nil {
		return nil, fmt.Errorf("read the Customer: %w", err)
	}
	now, err := Mode(ctx, live, customer)
	if err != nil {
		return nil, err
	}
	if now != mode || customer.UID != judged.UID || customer.Generation != judged.Generation ||
		customer.DeletionTimestamp.IsZero() != judged.DeletionTimestamp.IsZero() {
		return nil, Wait(v1alpha1.ReasonWithdrawing, "the Customer or its Auth0Tenant has just changed: looking again", time.Second)
	}
	return customer, nil
}

// LetBe tells whether a Member's Customer said, when it was last looked at, that
// it is Observe or Paused, or went with everything settled in Auth0. If it is gone
// now, nothing is ever taken from the person.
func LetBe(member *v1alpha1.Member) bool {
	seat := member.Status.Seat
	return seat != nil && (seat.Reason == v1alpha1.ReasonPaused || seat.Reason == v1alpha1.ReasonObserving || seat.Reason == v1alpha1.ReasonCustomerDeleted)
}

// PlannedCalls are what a recorder was asked for; without one, none.
func PlannedCalls(recorder *auth0.Recorder) []v1alpha1.PlannedCall {
	if recorder == nil {
		return nil
	}
	var calls []v1alpha1.PlannedCall
	for _, planned := range recorder.Planned() {
		calls = append(calls, v1alpha1.PlannedCall{Route: planned.Route, About: planned.About})
	}
	return calls
}

// PlanOf is what a recorder was asked for, and what that would change.
func PlanOf(recorder *auth0.Recorder) status.Plan {
	plan := status.Plan{Calls: PlannedCalls(recorder)}
	if recorder == nil {
		return plan
	}
	for _, planned := range recorder.Planned() {
		switch planned.Effect {
		case auth0.EffectOrganization:
			plan.Organization = true
		case auth0.EffectConnections:
			plan.Connections = true
		case auth0.EffectAccess:
			plan.Access = true
		case auth0.EffectOther:
		}
	}
	return plan
}

// ErrPlanEnds ends a pass under Observe where nothing more can be planned, because
// it would build on what was not done. It is no problem.
var ErrPlanEnds = errors.New("mode Observe: what follows cannot be planned")
