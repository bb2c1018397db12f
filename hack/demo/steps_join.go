package main

import (
	"context"
	"fmt"
	"time"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

const (
	itEmail    = "it@acme.com"
	janeEmail  = "jane@acme.com"
	bobEmail   = "bob@acme.com"
	carolEmail = "carol@acme.com"
	samEmail   = "sam@acme.com"
)

func adminMailed(ctx context.Context, s *story) error {
	mail, err := s.mailed(ctx, itEmail, 1)
	if err != nil {
		return err
	}
	s.tell("mail to %s: %q", mail.To, mail.Subject)
	return nil
}

func adminJoins(ctx context.Context, s *story) error {
	var err error
	if s.it, err = s.joins(ctx, itEmail, googleWorkspace); err != nil {
		return err
	}
	s.tell("the portal was given an ID token of %s in organization %s", itEmail, s.organization)
	return nil
}

// adminReturns: without the link, and in a browser in which nobody is signed in.
func adminReturns(ctx context.Context, s *story) error {
	var err error
	if s.it, err = s.newEmployee(itEmail, googleWorkspace); err != nil {
		return err
	}
	return s.it.signIn(ctx, s.auth0.URL, s.organization)
}

func janeMailed(ctx context.Context, s *story) error {
	mail, err := s.mailed(ctx, janeEmail, 1)
	if err != nil {
		return err
	}
	s.expiredLink = mail.Link
	if err := s.reaches(ctx, janeEmail, v1alpha1.ReasonInvited); err != nil {
		return err
	}
	s.tell("mail to %s: %q", mail.To, mail.Subject)
	return nil
}

func connectionsAdded(ctx context.Context, s *story) error {
	patch := `{"spec":{"connections":[{"name":"acme-google","type":"Existing"},{"name":"acme-okta","type":"Existing"},{"name":"acme-azure","type":"Existing"}]}}`
	if _, err := s.plane.Kubectl(ctx, "patch", "customer", "acme", "--type=merge", "--patch", patch); err != nil {
		return err
	}
	err := eventually(ctx, func(ctx context.Context) error {
		state, err := s.control.State(ctx)
		if err != nil {
			return err
		}
		organization, _ := state.Organization("acme")
		if len(organization.Connections) != 3 {
			return fmt.Errorf("the organization has %d connections, not 3", len(organization.Connections))
		}
		for _, connection := range organization.Connections {
			if connection.AssignMembershipOnLogin || connection.IsSignupEnabled {
				return fmt.Errorf("connection %s lets people in who were not invited", connection.ConnectionID)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.tell("$ kubectl patch customer acme …       (acme-okta and acme-azure, which exist in Auth0)")
	return nil
}

func janeExpired(ctx context.Context, s *story) error {
	if _, err := s.control.Forward(ctx, 24*time.Hour); err != nil {
		return err
	}
	jane, err := s.newEmployee(janeEmail, okta)
	if err != nil {
		return err
	}
	refusal, err := refused("Jane, with an expired link,", jane.open(ctx, s.expiredLink, s.organization))
	if err != nil {
		return err
	}
	if err := s.reaches(ctx, janeEmail, v1alpha1.ReasonExpired); err != nil {
		return err
	}
	s.tell("the link says:   %s", refusal.Description)
	member, err := s.member(ctx, janeEmail)
	if err != nil {
		return err
	}
	s.tell("her Member says: %s", stateOf(member))
	return nil
}

func janeJoins(ctx context.Context, s *story) error {
	requested := v1alpha1.AnnotationInviteRequestedAt + "=" + time.Now().UTC().Format(time.RFC3339)
	if _, err := s.plane.Kubectl(ctx, "annotate", "--overwrite", "member", "jane", requested); err != nil {
		return err
	}
	mail, err := s.mailed(ctx, janeEmail, 2)
	if err != nil {
		return err
	}
	s.usedLink = mail.Link
	if s.jane, err = s.joins(ctx, janeEmail, okta); err != nil {
		return err
	}
	if err := s.keepsAccess(ctx, s.jane); err != nil {
		return err
	}
	s.tell("$ kubectl annotate member jane %s=\"$(date -u +%%FT%%TZ)\"", v1alpha1.AnnotationInviteRequestedAt)
	return nil
}
