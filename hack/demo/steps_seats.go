package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/standin"
)

const memberYAML = `apiVersion: seatwarden.dev/v1alpha1
kind: Member
metadata:
  name: %s
  namespace: default
spec:
  customerRef:
    name: acme
  email: %s
---
`

func (s *story) applyMembers(ctx context.Context, members ...[2]string) error {
	var input strings.Builder
	for _, member := range members {
		fmt.Fprintf(&input, memberYAML, member[0], member[1])
	}
	_, err := s.plane.KubectlInput(ctx, strings.NewReader(input.String()), "apply", "-f", "-")
	return err
}

func oneWaits(ctx context.Context, s *story) error {
	if err := s.applyMembers(ctx, [2]string{"bob", bobEmail}, [2]string{"carol", carolEmail}); err != nil {
		return err
	}
	if _, err := s.mailed(ctx, bobEmail, 1); err != nil {
		return err
	}
	if err := s.reaches(ctx, carolEmail, v1alpha1.ReasonSeatLimitReached); err != nil {
		return err
	}
	if err := s.mailsStay(ctx, carolEmail, 0); err != nil {
		return err
	}
	member, err := s.member(ctx, carolEmail)
	if err != nil {
		return err
	}
	s.tell("Carol's Member says: %s", stateOf(member))
	return nil
}

func bobJoins(ctx context.Context, s *story) error {
	var err error
	s.bob, err = s.joins(ctx, bobEmail, azureAD)
	return err
}

// shown waits for the counts, which follow the Members.
func shown(ctx context.Context, s *story) error {
	err := eventually(ctx, func(ctx context.Context) error {
		customer, err := s.customer(ctx)
		if err != nil {
			return err
		}
		seats := customer.Status.Seats
		if seats == nil || seats.Used != 3 || seats.Active != 3 || seats.Waiting != 1 {
			return fmt.Errorf("the Customer counts %+v, not 3 used, 3 active, 1 waiting", seats)
		}
		return nil
	})
	if err != nil {
		return err
	}
	table, err := s.plane.Kubectl(ctx, "get", "customers,members")
	if err != nil {
		return err
	}
	s.tell("$ kubectl get customers,members\n%s", table)
	return nil
}

func foreignRefused(ctx context.Context, s *story) error {
	err := s.applyMembers(ctx, [2]string{"mallory", "mallory@evil.example"})
	if err == nil {
		return errors.New("kubectl apply took a Member with the address mallory@evil.example")
	}
	_, message, found := strings.Cut(err.Error(), "denied request: ")
	if !found || !strings.Contains(message, "evil.example") {
		return fmt.Errorf("kubectl apply failed for another reason: %w", err)
	}
	s.tell("$ kubectl apply -f mallory.yaml\n%s", message)
	return nil
}

// janeRemoved: what is gone from Kubernetes lets nobody in.
func janeRemoved(ctx context.Context, s *story) error {
	if err := s.mailsStay(ctx, carolEmail, 0); err != nil {
		return err
	}
	if _, err := s.plane.Kubectl(ctx, "delete", "member", "jane"); err != nil {
		return err
	}
	s.tell("$ kubectl delete member jane           (returns when Auth0 has nothing of her left)")
	stranger, err := s.newEmployee(janeEmail, okta)
	if err != nil {
		return err
	}
	_, refreshed := s.jane.session.Refresh(ctx)
	_, resumed := s.jane.browser.UseSession(ctx, s.auth0.URL, portalClient, s.organization)
	for _, try := range []struct {
		what string
		err  error
	}{
		{"refresh token", refreshed},
		{"browser session", resumed},
		{"first link", stranger.open(ctx, s.expiredLink, s.organization)},
		{"second link", stranger.open(ctx, s.usedLink, s.organization)},
		{"new sign-in with Okta", stranger.signIn(ctx, s.auth0.URL, s.organization)},
	} {
		refusal, err := refused("Jane, by her "+try.what+",", try.err)
		if err != nil {
			return err
		}
		s.tell("%-22s refused: %s", try.what, refusal.Description)
	}
	return nil
}

func carolMailed(ctx context.Context, s *story) error {
	if _, err := s.mailed(ctx, carolEmail, 1); err != nil {
		return err
	}
	return s.reaches(ctx, carolEmail, v1alpha1.ReasonInvited)
}

// samRefused: Sam works at Acme and holds no seat. First he is no member of the
// organization; then somebody makes him one in Auth0's dashboard.
func samRefused(ctx context.Context, s *story) error {
	sam, err := s.newEmployee(samEmail, googleWorkspace)
	if err != nil {
		return err
	}
	first, err := refused("Sam, who is no member,", sam.signIn(ctx, s.auth0.URL, s.organization))
	if err != nil {
		return err
	}
	state, err := s.control.State(ctx)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(state.Users, func(u standin.User) bool { return u.Email == samEmail })
	if at < 0 {
		return errors.New("Auth0 has no profile of Sam")
	}
	if err := s.addByHand(ctx, s.organization, state.Users[at].UserID); err != nil {
		return err
	}
	second, err := refused("Sam, who was added by hand,", sam.signIn(ctx, s.auth0.URL, s.organization))
	if err != nil {
		return err
	}
	err = eventually(ctx, func(ctx context.Context) error {
		customer, err := s.customer(ctx)
		if err != nil {
			return err
		}
		if customer.Status.Seats == nil || customer.Status.Seats.Unmanaged != 1 {
			return errors.New("the Customer does not count Sam as unmanaged")
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.tell("before he was added:   %s", first.Description)
	s.tell("after he was added:    %s", second.Description)
	s.tell("and the Customer counts one unmanaged person in the organization")
	return nil
}
