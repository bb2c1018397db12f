package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/internal/standin/person"
)

// browser is a fresh one.
func (w *world) browser() (*person.Person, error) {
	return person.New(person.Options{CAPEM: w.auth0.CAPEM(), ClientSecret: w.login.Secret})
}

// as is the person behind an address, at their company's identity provider.
func as(email string) person.As {
	_, domain, _ := strings.Cut(email, "@")
	return person.As{Connection: connectionOf(strings.TrimSuffix(domain, ".example")), Email: email}
}

// accept opens the link of a mail.
func (w *world) accept(ctx context.Context, mail standin.Mail) error {
	browser, err := w.browser()
	if err != nil {
		return err
	}
	if _, err := browser.OpenLink(ctx, mail.Link, as(mail.To)); err != nil {
		return fmt.Errorf("%s opens the link: %w", mail.To, err)
	}
	return nil
}

// acceptAll has everybody who was mailed join, and waits until their Members are
// Active.
func (w *world) acceptAll(ctx context.Context) error {
	mails := w.auth0.Outbox().Mails()
	for n, mail := range mails {
		if err := w.accept(ctx, mail); err != nil {
			return err
		}
		w.sayAtTimes("%d of %d people have joined", n+1, len(mails))
	}
	return w.until(ctx, 10*time.Minute, "all Members are Active", func() (int, int) { return w.members.count(v1alpha1.ConditionActive), len(mails) })
}

// organizationOf is the id of a Customer's organization.
func (w *world) organizationOf(customer string) (string, error) {
	organization, ok := w.auth0.Snapshot().Organization(customer)
	if !ok {
		return "", fmt.Errorf("there is no organization %s", customer)
	}
	return organization.ID, nil
}

// untilRefused signs a person in over and over until the answer is no.
func (w *world) untilRefused(ctx context.Context, organizationID, email string, within time.Duration) error {
	var failed error
	err := w.until(ctx, within, email+" is refused", func() (int, int) {
		browser, err := w.browser()
		if err == nil {
			_, err = browser.SignIn(ctx, w.auth0.URL(), w.login.ClientID, organizationID, as(email))
		}
		var refusal *person.Refusal
		switch {
		case err == nil:
			return 0, 1
		case !errors.As(err, &refusal):
			failed = err
		}
		return 1, 1
	})
	return errors.Join(failed, err)
}

// percentile of durations, by nearest rank.
func percentile(of []time.Duration, percent int) time.Duration {
	if len(of) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(of))
	rank := (len(sorted)*percent + 99) / 100
	return sorted[max(1, rank)-1]
}

// waits are the figures of how long something took.
func waits(size, name string, took []time.Duration, p50, p99 float64) []figure {
	half := figure{Size: size, Name: name + ", p50", Value: percentile(took, 50).Seconds(), Unit: "s"}
	most := figure{Size: size, Name: name + ", p99", Value: percentile(took, 99).Seconds(), Unit: "s"}
	if p50 > 0 {
		half = half.atMost(p50)
	}
	if p99 > 0 {
		most = most.atMost(p99)
	}
	return []figure{half, most.because("of %d", len(took))}
}
