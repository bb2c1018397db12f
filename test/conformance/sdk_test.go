package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/url"
	"testing"

	"github.com/auth0/go-auth0/management"
	"golang.org/x/oauth2"

	"github.com/seatwarden/seatwarden/internal/standin"
)

func mustParse(t *testing.T, address string) *url.URL {
	t.Helper()
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// TestTheFirstSDKOverHTTPS drives the stand-in with the first generation of
// Auth0's Go SDK, over https with the exported certificate authority.
func TestTheFirstSDKOverHTTPS(t *testing.T) {
	s := standin.New(t, standin.WithTLS)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(s.CAPEM())
	over := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}}
	client, err := s.AddManagementClient()
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.WithValue(context.Background(), oauth2.HTTPClient, over) // it fetches its tokens by this
	m, err := management.New(s.Domain(), management.WithClient(over), management.WithClientCredentials(ctx, client.ClientID, client.Secret))
	if err != nil {
		t.Fatal(err)
	}
	name := "acme"
	organization := &management.Organization{Name: &name}
	if err := m.Organization.Create(ctx, organization); err != nil {
		t.Fatal(err)
	}
	read, err := m.Organization.ReadByName(ctx, name)
	if err != nil {
		t.Fatal(err)
	}
	if read.GetID() != organization.GetID() {
		t.Errorf("read %s, created %s", read.GetID(), organization.GetID())
	}
	if err := m.Organization.Delete(ctx, organization.GetID()); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Organization.Read(ctx, organization.GetID()); err == nil {
		t.Error("the organization is still there")
	}
}
