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

// untilForgotten waits until nobody is remembered as removed: who came back has none.
func (s *story) untilForgotten(ctx context.Context) error {
	return eventually(ctx, func(ctx context.Context) error {
		removals, err := s.removals(ctx)
		if err == nil && len(removals) > 0 {
			err = fmt.Errorf("there is still a Removal of Member %s", removals[0].Spec.Member.Name)
		}
		return err
	})
}
