package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/standin"
)

// removals are the people on their way out.
func (s *story) removals(ctx context.Context) ([]v1alpha1.Removal, error) {
	list := &v1alpha1.RemovalList{}
	if err := s.kube.List(ctx, list, client.InNamespace(namespace)); err != nil {
		return nil, fmt.Errorf("list Removals: %w", err)
	}
	return list.Items, nil
}

// customer reads the story's contract.
func (s *story) customer(ctx context.Context) (*v1alpha1.Customer, error) {
	if err := s.operator.Alive(); err != nil {
		return nil, err
	}
	customer := &v1alpha1.Customer{}
	if err := s.kube.Get(ctx, client.ObjectKey{Namespace: namespace, Name: "acme"}, customer); err != nil {
		return nil, fmt.Errorf("read the Customer: %w", err)
	}
	return customer, nil
}

// member finds the Member with an address.
func (s *story) member(ctx context.Context, email string) (*v1alpha1.Member, error) {
	if err := s.operator.Alive(); err != nil {
		return nil, err
	}
	list := &v1alpha1.MemberList{}
	if err := s.kube.List(ctx, list, client.InNamespace(namespace)); err != nil {
		return nil, fmt.Errorf("list Members: %w", err)
	}
	for i := range list.Items {
		if string(list.Items[i].Spec.Email) == email {
			return &list.Items[i], nil
		}
	}
	return nil, fmt.Errorf("there is no Member with the address %s", email)
}

// reaches waits until a Member's STATE is the reason.
func (s *story) reaches(ctx context.Context, email, reason string) error {
	return eventually(ctx, func(ctx context.Context) error {
		member, err := s.member(ctx, email)
		if err != nil {
			return err
		}
		active := meta.FindStatusCondition(member.Status.Conditions, v1alpha1.ConditionActive)
		if active == nil || active.Reason != reason {
			return fmt.Errorf("the Member %s is not %s: %s", member.Name, reason, describe(member.Status.Conditions))
		}
		return nil
	})
}

// mailed waits until that many mails went to an address, and returns the last.
func (s *story) mailed(ctx context.Context, email string, count int) (standin.Mail, error) {
	var last standin.Mail
	err := eventually(ctx, func(ctx context.Context) error {
		if err := s.operator.Alive(); err != nil {
			return err
		}
		mails, err := s.control.MailsTo(ctx, email)
		if err != nil {
			return err
		}
		if len(mails) != count {
			return fmt.Errorf("%d mails were sent to %s, not %d", len(mails), email, count)
		}
		last = mails[count-1]
		return nil
	})
	return last, err
}

// mailsStay checks that no more than that many mails went to an address.
func (s *story) mailsStay(ctx context.Context, email string, count int) error {
	mails, err := s.control.MailsTo(ctx, email)
	if err == nil && len(mails) != count {
		err = fmt.Errorf("%d mails were sent to %s, not %d", len(mails), email, count)
	}
	return err
}

// patchCustomer changes the story's contract, and tells how.
func (s *story) patchCustomer(ctx context.Context, patch string) error {
	if _, err := s.plane.Kubectl(ctx, "patch", "customer", "acme", "--type=merge", "--patch", patch); err != nil {
		return err
	}
	s.tell("$ kubectl patch customer acme --type=merge --patch '%s'", patch)
	return nil
}

// joins opens the last link that was sent to an address, and waits until the
// Member says so.
func (s *story) joins(ctx context.Context, email, connection string) (*employee, error) {
	p, err := s.opensLink(ctx, email, connection)
	if err != nil {
		return nil, err
	}
	return p, s.reaches(ctx, email, v1alpha1.ReasonJoined)
}

// opensLink opens the last link that was sent to an address in a new browser.
func (s *story) opensLink(ctx context.Context, email, connection string) (*employee, error) {
	mails, err := s.control.MailsTo(ctx, email)
	if err != nil || len(mails) == 0 {
		return nil, fmt.Errorf("find the link of %s among %d mails: %w", email, len(mails), err)
	}
	p, err := s.newEmployee(email, connection)
	if err != nil {
		return nil, err
	}
	return p, p.open(ctx, mails[len(mails)-1].Link, s.organization)
}

// keepsAccess: the session of the browser and the refresh token of the portal work.
func (s *story) keepsAccess(ctx context.Context, p *employee) error {
	refreshed, err := p.session.Refresh(ctx)
	if err != nil {
		return fmt.Errorf("the portal refreshes the tokens of %s: %w", p.email, err)
	}
	p.session = refreshed
	if _, err := p.browser.UseSession(ctx, s.auth0.URL, portalClient, s.organization); err != nil {
		return fmt.Errorf("the portal uses the browser session of %s: %w", p.email, err)
	}
	return nil
}

// eventuallyForwarding repeats a check as eventually does, while Auth0's clock
// goes twenty times as fast as it should.
func (s *story) eventuallyForwarding(ctx context.Context, check func(context.Context) error) error {
	last := time.Now()
	return eventually(ctx, func(ctx context.Context) error {
		if gone := time.Since(last); gone >= time.Second {
			last = time.Now()
			if _, err := s.control.Forward(ctx, 19*gone); err != nil {
				return err
			}
		}
		return check(ctx)
	})
}

// stateOf is what a Member says of its person: its STATE, and why.
func stateOf(member *v1alpha1.Member) string {
	active := meta.FindStatusCondition(member.Status.Conditions, v1alpha1.ConditionActive)
	if active == nil {
		return "no status yet"
	}
	return active.Reason + ": " + active.Message
}

// describe puts the conditions that people look at first into one line.
func describe(conditions []metav1.Condition) string {
	var out []string
	for _, kind := range []string{v1alpha1.ConditionStalled, v1alpha1.ConditionReady, v1alpha1.ConditionActive} {
		if found := meta.FindStatusCondition(conditions, kind); found != nil {
			out = append(out, fmt.Sprintf("%s=%s %s (%s)", kind, found.Status, found.Reason, found.Message))
		}
	}
	if len(out) == 0 {
		return "no status yet"
	}
	return strings.Join(out, "; ")
}
