package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin"
)

// world is what the recorded tenant held before each recording, as far as the
// recorded answers show it, and the settings under which it was recorded.
func world() *standin.Seed {
	return &standin.Seed{
		Settings: json.RawMessage(`{"connection_enabled_clients": "Shown", "action_build_time": "1m", "connection_deletion_time": "1m"}`),
		TenantSeed: standin.TenantSeed{
			DefaultRedirectionURI: "https://mycompany.org/login",
			Connections:           []standin.Connection{{Name: "Username-Password-Authentication", Strategy: "auth0"}},
		},
	}
}

// settle puts the stand-in's clock forward where the recording shows that
// something was done that takes a while: a draft was built, a connection gone.
func (p *player) settle(c call) {
	built := strings.HasPrefix(c.path(), "/actions/") && (strings.Contains(c.answer, `"status":"built"`) || strings.HasSuffix(c.path(), "/deploy"))
	gone := c.method == http.MethodDelete && strings.HasPrefix(c.path(), "/connections/") && c.status == http.StatusNoContent
	if built || gone {
		p.server.Forward(time.Minute)
	}
}

// prime gives the stand-in the tenant settings that the cassette shows first:
// they were there before it.
func (p *player) prime(c cassette) error {
	const path = "/api/v2/tenants/settings"
	for _, recorded := range c.calls {
		if recorded.url.Path != path {
			continue
		}
		var before, wanted map[string]any
		_, raw, err := p.send(http.MethodGet, path, "", "")
		if err != nil {
			return err
		}
		if err := json.Unmarshal(raw, &before); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(recorded.answer), &wanted); err != nil {
			return err
		}
		for name := range before {
			if _, kept := wanted[name]; !kept {
				wanted[name] = nil
			}
		}
		delete(wanted, "sandbox_versions_available")
		body, err := json.Marshal(wanted)
		if err != nil {
			return err
		}
		status, raw, err := p.send(http.MethodPatch, path, string(body), "application/json")
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("set the tenant's settings: %d %s", status, raw)
		}
		return err
	}
	return nil
}
