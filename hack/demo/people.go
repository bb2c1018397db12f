package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/seatwarden/seatwarden/internal/standin/person"
)

// The identity providers of auth0.yaml.
const (
	googleWorkspace = "acme-google"
	okta            = "acme-okta"
	azureAD         = "acme-azure"
)

// employee is somebody at Acme with a browser.
type employee struct {
	email, connection string
	browser           *person.Person
	// session is what the portal holds of the last sign-in.
	session *person.Session
}

// newEmployee opens a browser in which nobody is signed in.
func (e *environment) newEmployee(email, connection string) (*employee, error) {
	browser, err := person.New(person.Options{CAPEM: []byte(e.auth0.CA)})
	if err != nil {
		return nil, err
	}
	return &employee{email: email, connection: connection, browser: browser}, nil
}

func (p *employee) as() person.As { return person.As{Connection: p.connection, Email: p.email} }

// open opens a registration link and signs in on the way.
func (p *employee) open(ctx context.Context, link, organization string) error {
	session, err := p.browser.OpenLink(ctx, link, p.as())
	if err != nil {
		return fmt.Errorf("%s opens the link: %w", p.email, err)
	}
	p.session = session
	return p.isIn(organization)
}

// signIn signs in to the portal without a link.
func (p *employee) signIn(ctx context.Context, domainURL, organization string) error {
	session, err := p.browser.SignIn(ctx, domainURL, portalClient, organization, p.as())
	if err != nil {
		return fmt.Errorf("%s signs in: %w", p.email, err)
	}
	p.session = session
	return p.isIn(organization)
}

// isIn tells whether the ID token is of the person and the organization.
func (p *employee) isIn(organization string) error {
	if p.session.Claims["email"] != p.email || p.session.Claims["org_id"] != organization {
		return fmt.Errorf("the ID token of %s names %v in organization %v", p.email, p.session.Claims["email"], p.session.Claims["org_id"])
	}
	return nil
}

// refused is what a person is told, or an error if they were let in, or if
// something else went wrong.
func refused(what string, err error) (*person.Refusal, error) {
	var refusal *person.Refusal
	switch {
	case err == nil:
		return nil, fmt.Errorf("%s was let in", what)
	case !errors.As(err, &refusal):
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return refusal, nil
}
