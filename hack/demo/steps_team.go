package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

const (
	// teamSize people of the support team are agent01@ to agent14@acme.com.
	teamSize = 14
	// heldOfHalf of seven are beyond the five that may go within 10 minutes, of whom Jane was one.
	heldOfHalf = 3
)

// teamJoins: one file, one mail for each.
func teamJoins(ctx context.Context, s *story) error {
	var members [][2]string
	for i := range teamSize {
		name := fmt.Sprintf("agent%02d", i+1)
		members = append(members, [2]string{name, name + "@acme.com"})
	}
	if err := s.applyMembers(ctx, members...); err != nil {
		return err
	}
	for _, member := range members {
		if _, err := s.mailed(ctx, member[1], 1); err != nil {
			return err
		}
		agent, err := s.opensLink(ctx, member[1], googleWorkspace)
		if err != nil {
			return err
		}
		s.team = append(s.team, agent)
	}
	for _, member := range members {
		if err := s.reaches(ctx, member[1], v1alpha1.ReasonJoined); err != nil {
			return err
		}
	}
	s.tell("$ kubectl apply -f team.yaml           (%s to %s: %d mails)", members[0][0], members[teamSize-1][0], teamSize)
	return nil
}

// halfDeleted: the brake lets five go within 10 minutes, and holds who is beyond.
func halfDeleted(ctx context.Context, s *story) error {
	half := s.team[:teamSize/2]
	names := make([]string, len(half))
	for i, agent := range half {
		names[i] = memberName(agent)
	}
	if _, err := s.plane.Kubectl(ctx, append([]string{"delete", "--wait=false", "members"}, names...)...); err != nil {
		return err
	}
	s.tell("$ kubectl delete --wait=false members %s … %s", names[0], names[len(names)-1])
	if err := s.holds(ctx, heldOfHalf); err != nil {
		return err
	}
	if err := s.membersGo(ctx, half); err != nil {
		return err
	}
	table, err := s.plane.Kubectl(ctx, "get", "removals")
	if err != nil {
		return err
	}
	s.tell("$ kubectl get removals\n%s", strings.TrimRight(table, "\n"))
	removals, err := s.removals(ctx)
	if err != nil {
		return err
	}
	for _, agent := range half {
		isHeld := slices.ContainsFunc(removals, func(r v1alpha1.Removal) bool {
			return string(r.Spec.Email) == agent.email && r.Status.State == v1alpha1.RemovalHeld
		})
		if isHeld {
			s.held = append(s.held, agent)
			continue
		}
		if err := s.isOut(ctx, agent); err != nil {
			return err
		}
	}
	for _, agent := range append(slices.Clone(s.held), s.team[len(half):]...) {
		if err := s.keepsAccess(ctx, agent); err != nil {
			return err
		}
	}
	s.tell("%d are out; %s and the other %d sign in as before", len(half)-len(s.held), s.heldNames(), teamSize-len(half))
	s.tell("(Auth0's clock goes faster here than yours: the 15 s that Jane's removal took are not waited for again)")
	return nil
}

// approved: exactly those whom the hash stands for go.
func approved(ctx context.Context, s *story) error {
	if err := s.approve(ctx); err != nil {
		return err
	}
	err := s.eventuallyForwarding(ctx, func(ctx context.Context) error {
		removals, err := s.removals(ctx)
		if err != nil {
			return err
		}
		for _, r := range removals {
			if r.Status.State != v1alpha1.RemovalRemoved && r.Status.State != v1alpha1.RemovalDone {
				return fmt.Errorf("the removal of %s is %s", r.Spec.Member.Name, r.Status.State)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, agent := range s.held {
		if err := s.isOut(ctx, agent); err != nil {
			return err
		}
	}
	for _, agent := range s.team[teamSize/2:] {
		if err := s.keepsAccess(ctx, agent); err != nil {
			return err
		}
	}
	s.tell("%s: refresh token, browser session and new sign-in refused", s.heldNames())
	return nil
}

// holds waits until the Customer says that the removal of so many people waits
// for approval, and tells what it says.
func (s *story) holds(ctx context.Context, people int32) error {
	err := eventually(ctx, func(ctx context.Context) error {
		customer, err := s.customer(ctx)
		if err != nil {
			return err
		}
		held := customer.Status.HeldRemovals
		if held == nil || held.People != people || !meta.IsStatusConditionTrue(customer.Status.Conditions, v1alpha1.ConditionRemovalsHeld) {
			return fmt.Errorf("the Customer does not hold the removal of %d people, but %+v", people, held)
		}
		s.hash = held.Hash
		return nil
	})
	if err != nil {
		return err
	}
	const message = `jsonpath={.status.conditions[?(@.type=="RemovalsHeld")].message}`
	told, err := s.plane.Kubectl(ctx, "get", "customer", "acme", "-o", message)
	if err != nil {
		return err
	}
	if !strings.Contains(told, s.hash) {
		return fmt.Errorf("RemovalsHeld does not say what to approve: %s", told)
	}
	s.tell("$ kubectl get customer acme -o '%s'\n%s", message, told)
	return nil
}

// approve lets through what was held last.
func (s *story) approve(ctx context.Context) error {
	approval := v1alpha1.AnnotationApproveRemovals + "=" + s.hash
	if _, err := s.plane.Kubectl(ctx, "annotate", "--overwrite", "customer", "acme", approval); err != nil {
		return err
	}
	s.tell("$ kubectl annotate --overwrite customer acme %s", approval)
	return nil
}

// membersGo waits until the Members of these people are gone from Kubernetes.
func (s *story) membersGo(ctx context.Context, people []*employee) error {
	return s.eventuallyForwarding(ctx, func(ctx context.Context) error {
		if err := s.operator.Alive(); err != nil {
			return err
		}
		for _, p := range people {
			member := &v1alpha1.Member{}
			err := s.kube.Get(ctx, client.ObjectKey{Namespace: namespace, Name: memberName(p)}, member)
			if err == nil {
				return fmt.Errorf("the Member %s is still there: %s", member.Name, describe(member.Status.Conditions))
			}
			if !apierrors.IsNotFound(err) {
				return fmt.Errorf("read a Member: %w", err)
			}
		}
		return nil
	})
}

// isOut: neither the portal's tokens, nor the browser's session, nor a new
// sign-in lets a person in.
func (s *story) isOut(ctx context.Context, p *employee) error {
	stranger, err := s.newEmployee(p.email, p.connection)
	if err != nil {
		return err
	}
	_, refreshed := p.session.Refresh(ctx)
	_, resumed := p.browser.UseSession(ctx, s.auth0.URL, portalClient, s.organization)
	_, first := refused(p.email+", by refresh token,", refreshed)
	_, second := refused(p.email+", by browser session,", resumed)
	_, third := refused(p.email+", by a new sign-in,", stranger.signIn(ctx, s.auth0.URL, s.organization))
	return errors.Join(first, second, third)
}

// memberName is the name of a team member's Member.
func memberName(p *employee) string { return strings.TrimSuffix(p.email, "@acme.com") }

func (s *story) heldNames() string {
	var names []string
	for _, agent := range s.held {
		names = append(names, memberName(agent))
	}
	return strings.Join(names, " and ")
}
