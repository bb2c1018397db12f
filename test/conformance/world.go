package main

import (
	"encoding/json"

	"github.com/seatwarden/seatwarden/internal/standin"
)

// world is what the recorded tenant held before each recording, as far as the
// recorded answers show it, and the settings under which it was recorded.
func world() *standin.Seed {
	return &standin.Seed{
		Settings: json.RawMessage(`{"connection_enabled_clients": "Shown"}`),
		TenantSeed: standin.TenantSeed{
			DefaultRedirectionURI: "https://mycompany.org/login",
		},
	}
}
