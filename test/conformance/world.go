package main

import "github.com/seatwarden/seatwarden/internal/standin"

// world is what the recorded tenant held before each recording, as far as the
// recorded answers show it.
func world() *standin.Seed {
	return &standin.Seed{TenantSeed: standin.TenantSeed{
		DefaultRedirectionURI: "https://mycompany.org/login",
	}}
}
