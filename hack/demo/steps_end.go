package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

func killed(ctx context.Context, s *story) error {
	if err := s.operator.Kill(); err != nil {
		return err
	}
	for _, p := range []*employee{s.it, s.bob} {
		again, err := s.newEmployee(p.email, p.connection)
		if err != nil {
			return err
		}
		if err := again.signIn(ctx, s.auth0.URL, s.organization); err != nil {
			return err
		}
		if err := s.keepsAccess(ctx, p); err != nil {
			return err
		}
		s.tell("%-15s new sign-in, browser session and refresh token work", p.email)
	}
	return nil
}

func restarted(ctx context.Context, s *story) error {
	before, err := s.control.Mails(ctx)
	if err != nil {
		return err
	}
	if err := s.startOperator(ctx); err != nil {
		return err
	}
	now := time.Now().UTC().Format(time.RFC3339)
	if _, err := s.plane.Kubectl(ctx, "annotate", "--overwrite", "customer", "acme", v1alpha1.AnnotationReconcileRequestedAt+"="+now); err != nil {
		return err
	}
	err = eventually(ctx, func(ctx context.Context) error {
		customer, err := s.customer(ctx)
		if err != nil {
			return err
		}
		if customer.Status.LastHandledReconcileAt != now || !meta.IsStatusConditionTrue(customer.Status.Conditions, v1alpha1.ConditionReady) {
			return fmt.Errorf("the Customer is not looked at again: %s", describe(customer.Status.Conditions))
		}
		return nil
	})
	if err != nil {
		return err
	}
	after, err := s.control.Mails(ctx)
	if err != nil {
		return err
	}
	if len(after) != len(before) {
		return fmt.Errorf("%d mails were sent at the restart", len(after)-len(before))
	}
	return nil
}

// contractHeld: the deletion of an organization removes everybody in it.
func contractHeld(ctx context.Context, s *story) error {
	if err := s.patchCustomer(ctx, `{"spec":{"deletionPolicy":"Delete"}}`); err != nil {
		return err
	}
	if _, err := s.plane.Kubectl(ctx, "delete", "--wait=false", "customer", "acme"); err != nil {
		return err
	}
	s.tell("$ kubectl delete --wait=false customer acme")
	// The admin, Bob, Carol, Jane, Sam whom nobody declares, and the other half of
	// the team.
	if err := s.holds(ctx, 5+teamSize/2); err != nil {
		return err
	}
	for _, p := range append([]*employee{s.it, s.bob, s.jane}, s.team[teamSize/2:]...) {
		if err := s.keepsAccess(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

func contractDeleted(ctx context.Context, s *story) error {
	if err := s.approve(ctx); err != nil {
		return err
	}
	if _, err := s.plane.Kubectl(ctx, "wait", "--for=delete", "--timeout=60s", "customer/acme"); err != nil {
		return err
	}
	state, err := s.control.State(ctx)
	if err != nil {
		return err
	}
	if _, there := state.Organization("acme"); there {
		return errors.New("Auth0 still has the organization acme")
	}
	refusal, err := refused("the former admin", s.it.signIn(ctx, s.auth0.URL, s.organization))
	if err != nil {
		return err
	}
	// Nothing holds what is left back: the rest of the samples goes at once.
	if _, err := s.plane.Kubectl(ctx, "delete", "members", "--field-selector=spec.customerRef.name=acme"); err != nil {
		return err
	}
	if _, err := s.plane.Kubectl(ctx, "delete", "auth0tenants/default"); err != nil {
		return err
	}
	s.tell("%s is told: %s", itEmail, refusal.Description)
	return nil
}
