package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

func controlPlaneRuns(ctx context.Context, s *story) error {
	if err := s.startControlPlane(ctx); err != nil {
		return err
	}
	version, err := s.plane.Kubectl(ctx, "version")
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSpace(version), "\n")
	s.tell("%s at %s", lines[len(lines)-1], s.plane.Config().Host)
	return nil
}

func installed(ctx context.Context, s *story) error {
	if err := s.install(ctx); err != nil {
		return err
	}
	s.tell("$ kubectl apply --server-side -k config/crd")
	s.tell("$ kubectl apply --server-side -k config/rbac")
	s.tell("$ kubectl apply --server-side -k config/policy/deny")
	return nil
}

func standinRuns(ctx context.Context, s *story) error {
	if err := s.startStandin(ctx); err != nil {
		return err
	}
	state, err := s.control.State(ctx)
	if err != nil {
		return err
	}
	bound := state.Bindings["post-login"]
	if len(bound) != 1 || len(state.Actions) != 1 || state.Actions[0].Deployed == nil || bound[0].ActionID != state.Actions[0].ID {
		return errors.New("the guard is not deployed and bound")
	}
	s.tell("Auth0 domain %s", s.auth0.Domain)
	return nil
}

// operatorRuns: the operator's first act is to make the instance key.
func operatorRuns(ctx context.Context, s *story) error {
	if err := s.createCredentials(ctx); err != nil {
		return err
	}
	if err := s.startOperator(ctx); err != nil {
		return err
	}
	s.tell("--live-interval=%s: it looks that often who has joined; the default is 10s", liveInterval)
	return eventually(ctx, func(ctx context.Context) error {
		if err := s.operator.Alive(); err != nil {
			return err
		}
		key := client.ObjectKey{Namespace: operatorNamespace, Name: "seatwarden-instance-key"}
		if err := s.kube.Get(ctx, key, &corev1.Secret{}); err != nil {
			return fmt.Errorf("the operator made no instance key: %w", err)
		}
		return nil
	})
}

func samplesApplied(ctx context.Context, s *story) error {
	if err := s.applySamples(ctx); err != nil {
		return err
	}
	err := eventually(ctx, func(ctx context.Context) error {
		tenant := &v1alpha1.Auth0Tenant{}
		if err := s.kube.Get(ctx, client.ObjectKey{Name: "default"}, tenant); err != nil {
			return fmt.Errorf("read the Auth0Tenant: %w", err)
		}
		if !meta.IsStatusConditionTrue(tenant.Status.Conditions, v1alpha1.ConditionReady) {
			return fmt.Errorf("the Auth0Tenant is not Ready: %s", describe(tenant.Status.Conditions))
		}
		customer, err := s.customer(ctx)
		if err != nil {
			return err
		}
		if !meta.IsStatusConditionTrue(customer.Status.Conditions, v1alpha1.ConditionGuardInEffect) {
			return fmt.Errorf("the guard is not in effect: %s", describe(customer.Status.Conditions))
		}
		state, err := s.control.State(ctx)
		if err != nil {
			return err
		}
		organization, ok := state.Organization("acme")
		if !ok {
			return errors.New("Auth0 has no organization acme")
		}
		s.organization = organization.ID
		return nil
	})
	if err != nil {
		return err
	}
	s.tell("$ kubectl apply -f config/samples     (with the stand-in's domain)")
	s.tell("Auth0 has the organization acme, %s", s.organization)
	return nil
}
