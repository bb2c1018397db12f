package control

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/dashboard"
	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/traffic"
)

// Client talks to the control API of one stand-in.
type Client struct {
	base string
	http *http.Client
}

// New returns a client for the address that the stand-in printed as control.
func New(address string) *Client {
	return &Client{base: strings.TrimSuffix(address, "/"), http: &http.Client{Timeout: 30 * time.Second}}
}

// Info says where the stand-in plays Auth0.
func (c *Client) Info(ctx context.Context) (Info, error) {
	return call[Info](ctx, c, http.MethodGet, "/control/info", nil)
}

// Now returns the stand-in's time.
func (c *Client) Now(ctx context.Context) (time.Time, error) {
	clock, err := call[ClockState](ctx, c, http.MethodGet, "/control/clock", nil)
	return clock.Now, err
}

// Forward puts the stand-in's clock forward and returns its new time.
func (c *Client) Forward(ctx context.Context, d time.Duration) (time.Time, error) {
	body := map[string]any{"forward": state.Duration(d)}
	clock, err := call[ClockState](ctx, c, http.MethodPost, "/control/clock", body)
	return clock.Now, err
}

// Settings returns the settings in force.
func (c *Client) Settings(ctx context.Context) (state.Settings, error) {
	return call[state.Settings](ctx, c, http.MethodGet, "/control/settings", nil)
}

// Configure changes settings, e.g. {"profile": "free"}; those not named are kept.
func (c *Client) Configure(ctx context.Context, changes map[string]any) (state.Settings, error) {
	return call[state.Settings](ctx, c, http.MethodPatch, "/control/settings", changes)
}

// AddFault makes calls go wrong from now on and returns the fault's id.
func (c *Client) AddFault(ctx context.Context, f traffic.Fault) (string, error) {
	answer, err := call[map[string]string](ctx, c, http.MethodPost, "/control/faults", f)
	return answer["id"], err
}

// Faults returns the faults in force with their counts.
func (c *Client) Faults(ctx context.Context) ([]traffic.Fault, error) {
	return call[[]traffic.Fault](ctx, c, http.MethodGet, "/control/faults", nil)
}

// RemoveFault ends a fault and releases the calls that it holds.
func (c *Client) RemoveFault(ctx context.Context, id string) error {
	_, err := call[[]traffic.Fault](ctx, c, http.MethodDelete, "/control/faults/"+url.PathEscape(id), nil)
	return err
}

// ClearFaults ends all faults.
func (c *Client) ClearFaults(ctx context.Context) error {
	_, err := call[[]traffic.Fault](ctx, c, http.MethodDelete, "/control/faults", nil)
	return err
}

// Audit returns every request that the stand-in received.
func (c *Client) Audit(ctx context.Context) ([]traffic.AuditEntry, error) {
	return call[[]traffic.AuditEntry](ctx, c, http.MethodGet, "/control/audit", nil)
}

// Calls returns the audit entries of one method and route template.
func (c *Client) Calls(ctx context.Context, method, route string) ([]traffic.AuditEntry, error) {
	q := url.Values{"method": {method}, "route": {route}}
	return call[[]traffic.AuditEntry](ctx, c, http.MethodGet, "/control/audit?"+q.Encode(), nil)
}

// ResetAudit forgets the requests received so far.
func (c *Client) ResetAudit(ctx context.Context) error {
	_, err := call[[]traffic.AuditEntry](ctx, c, http.MethodDelete, "/control/audit", nil)
	return err
}

// Counts returns how many calls there were, by method, route and status.
func (c *Client) Counts(ctx context.Context) ([]traffic.CallCount, error) {
	return call[[]traffic.CallCount](ctx, c, http.MethodGet, "/control/counts", nil)
}

// ResetCounts starts counting anew.
func (c *Client) ResetCounts(ctx context.Context) error {
	_, err := call[[]traffic.CallCount](ctx, c, http.MethodDelete, "/control/counts", nil)
	return err
}

// Mails returns every mail sent so far, oldest first.
func (c *Client) Mails(ctx context.Context) ([]state.Mail, error) {
	return call[[]state.Mail](ctx, c, http.MethodGet, "/control/outbox", nil)
}

// MailsTo returns the mails to one address, oldest first.
func (c *Client) MailsTo(ctx context.Context, address string) ([]state.Mail, error) {
	return call[[]state.Mail](ctx, c, http.MethodGet, "/control/outbox?to="+url.QueryEscape(address), nil)
}

// Secrets returns every secret that ever existed in the stand-in.
func (c *Client) Secrets(ctx context.Context) ([]state.Secret, error) {
	return call[[]state.Secret](ctx, c, http.MethodGet, "/control/secrets", nil)
}

// State returns what the first tenant holds now.
func (c *Client) State(ctx context.Context) (state.Snapshot, error) {
	return call[state.Snapshot](ctx, c, http.MethodGet, "/control/state", nil)
}

// Export returns all that the stand-in holds, for Restore.
func (c *Client) Export(ctx context.Context) (json.RawMessage, error) {
	return call[json.RawMessage](ctx, c, http.MethodGet, "/control/export", nil)
}

// Restore puts the stand-in back to where it was at an Export and returns its time.
func (c *Client) Restore(ctx context.Context, exported json.RawMessage) (time.Time, error) {
	clock, err := call[ClockState](ctx, c, http.MethodPost, "/control/restore", exported)
	return clock.Now, err
}

// Seed adds content to the first tenant and returns what it became.
func (c *Client) Seed(ctx context.Context, seed dashboard.Seed) (dashboard.Seeded, error) {
	return call[dashboard.Seeded](ctx, c, http.MethodPost, "/control/seed", seed)
}

// AddPerson adds a person to the directory behind a connection.
func (c *Client) AddPerson(ctx context.Context, connection string, p state.IdPPerson) error {
	_, err := call[state.IdPPerson](ctx, c, http.MethodPost, "/control/connections/"+url.PathEscape(connection)+"/directory", p)
	return err
}

// RemovePerson takes a person out of the directory behind a connection.
func (c *Client) RemovePerson(ctx context.Context, connection, email string) error {
	path := "/control/connections/" + url.PathEscape(connection) + "/directory/" + url.PathEscape(email)
	_, err := call[map[string]any](ctx, c, http.MethodDelete, path, nil)
	return err
}

func call[T any](ctx context.Context, c *Client, method, path string, body any) (T, error) {
	var out T
	var reader io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return out, fmt.Errorf("encode the request: %w", err)
		}
		reader = bytes.NewReader(raw)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, reader)
	if err != nil {
		return out, fmt.Errorf("make the request: %w", err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return out, fmt.Errorf("ask the stand-in: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return out, fmt.Errorf("read the stand-in's answer: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return out, fmt.Errorf("the stand-in answered %d: %s", response.StatusCode, bytes.TrimSpace(raw))
	}
	if err := json.Unmarshal(raw, &out); err != nil {
		return out, fmt.Errorf("decode the stand-in's answer: %w", err)
	}
	return out, nil
}
