package main

import (
	"context"
	"errors"
	"fmt"
)

const (
	doraEmail = "dora@acme.com"
	newName   = "Acme International"
)

// observed: what would be called stands in the Customer's status, and Auth0
// stays as it is.
func observed(ctx context.Context, s *story) error {
	if err := s.patchCustomer(ctx, `{"spec":{"mode":"Observe","displayName":"`+newName+`"}}`); err != nil {
		return err
	}
	if err := s.applyMembers(ctx, [2]string{"dora", doraEmail}); err != nil {
		return err
	}
	s.tell("$ kubectl apply -f dora.yaml")
	want := map[string]string{
		"PATCH /api/v2/organizations/{id}":            "acme: display_name",
		"POST /api/v2/organizations/{id}/invitations": doraEmail,
	}
	err := eventually(ctx, func(ctx context.Context) error {
		customer, err := s.customer(ctx)
		if err != nil {
			return err
		}
		planned := customer.Status.Planned
		for _, call := range planned {
			if want[call.Route] != call.About {
				return fmt.Errorf("the plan has %s about %s", call.Route, call.About)
			}
		}
		if len(planned) != len(want) {
			return fmt.Errorf("the plan has %d calls, not %d: %s", len(planned), len(want), describe(customer.Status.Conditions))
		}
		return nil
	})
	if err != nil {
		return err
	}
	const planned = `jsonpath={range .status.planned[*]}{.route}{"  "}{.about}{"\n"}{end}`
	plan, err := s.plane.Kubectl(ctx, "get", "customer", "acme", "-o", planned)
	if err != nil {
		return err
	}
	s.tell("$ kubectl get customer acme -o '%s'\n%s", planned, plan)
	if err := s.mailsStay(ctx, doraEmail, 0); err != nil {
		return err
	}
	if name, err := s.displayName(ctx); err != nil || name == newName {
		return fmt.Errorf("the organization was renamed under Observe: %q, %w", name, err)
	}
	return nil
}

// managed: what is still declared is done, and what was taken back in the
// meantime never was.
func managed(ctx context.Context, s *story) error {
	if _, err := s.plane.Kubectl(ctx, "delete", "member", "dora"); err != nil {
		return err
	}
	s.tell("$ kubectl delete member dora")
	if err := s.patchCustomer(ctx, `{"spec":{"mode":"Manage"}}`); err != nil {
		return err
	}
	err := eventually(ctx, func(ctx context.Context) error {
		customer, err := s.customer(ctx)
		if err != nil {
			return err
		}
		if customer.Status.PlannedCount > 0 {
			return errors.New("the Customer still shows a plan")
		}
		name, err := s.displayName(ctx)
		if err == nil && name != newName {
			err = fmt.Errorf("the organization is still called %q", name)
		}
		return err
	})
	if err != nil {
		return err
	}
	s.tell("Auth0 calls the organization %q; mails to %s: none", newName, doraEmail)
	return s.mailsStay(ctx, doraEmail, 0)
}

// displayName is what Auth0 calls the organization.
func (s *story) displayName(ctx context.Context) (string, error) {
	state, err := s.control.State(ctx)
	organization, _ := state.Organization("acme")
	return organization.DisplayName, err
}
