package main

import (
	"context"
	"fmt"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

// janeReturns: within the grace, which is 10 minutes, a Member of the same
// address takes its place back, if there is a seat.
func janeReturns(ctx context.Context, s *story) error {
	if err := s.patchCustomer(ctx, `{"spec":{"seats":20}}`); err != nil {
		return err
	}
	if err := s.applyMembers(ctx, [2]string{"jane", janeEmail}); err != nil {
		return err
	}
	s.tell("$ kubectl apply -f jane.yaml           (the same as before)")
	if err := s.reaches(ctx, janeEmail, v1alpha1.ReasonJoined); err != nil {
		return err
	}
	var err error
	if s.jane, err = s.newEmployee(janeEmail, okta); err != nil {
		return err
	}
	if err := s.jane.signIn(ctx, s.auth0.URL, s.organization); err != nil {
		return err
	}
	if err := s.mailsStay(ctx, janeEmail, 2); err != nil {
		return err
	}
	s.tell("she signs in with Okta, and no mail but the earlier two was sent to her")
	return s.untilForgotten(ctx)
}

// untilForgotten waits until nobody is remembered as removed: from then on the
// brake does not count the removal of who came back.
func (s *story) untilForgotten(ctx context.Context) error {
	return eventually(ctx, func(ctx context.Context) error {
		customer, err := s.customer(ctx)
		if err == nil && len(customer.Status.Withdrawn) > 0 {
			err = fmt.Errorf("the Customer still lists %s as removed", customer.Status.Withdrawn[0].Member)
		}
		return err
	})
}
