package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// addByHand makes a user a member of an organization past Seatwarden, as
// somebody does in Auth0's dashboard.
func (e *environment) addByHand(ctx context.Context, organization, userID string) error {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(e.auth0.CA))
	browser := &http.Client{
		Timeout:   30 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}},
	}
	credentials := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {dashboardClient},
		"client_secret": {e.secrets[dashboardClient]}, "audience": {e.auth0.URL + "/api/v2/"},
	}
	var token struct {
		AccessToken string `json:"access_token"`
	}
	err := post(ctx, browser, e.auth0.URL+"/oauth/token", "", "application/x-www-form-urlencoded", []byte(credentials.Encode()), &token)
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]any{"members": []string{userID}})
	if err != nil {
		return fmt.Errorf("call Auth0: %w", err)
	}
	return post(ctx, browser, e.auth0.URL+"/api/v2/organizations/"+organization+"/members", token.AccessToken, "application/json", body, nil)
}

// post sends a body and decodes the answer into a value, if there is one.
func post(ctx context.Context, c *http.Client, address, token, contentType string, body []byte, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("call Auth0: %w", err)
	}
	request.Header.Set("Content-Type", contentType)
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := c.Do(request)
	if err != nil {
		return fmt.Errorf("call Auth0: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("call Auth0: %w", err)
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("call Auth0: %s: %s", response.Status, answer)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("call Auth0: %w", err)
	}
	return nil
}
