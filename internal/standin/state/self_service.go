package state

import "time"

// SelfServiceProfile says how a customer may set up a connection of their own.
type SelfServiceProfile struct {
	ID        string    `json:"id"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	// Properties are the others as they were given, without null.
	Properties map[string]any `json:"properties"`

	// Texts are custom texts by language and page.
	Texts   map[string]map[string]any `json:"-"`
	Tickets map[string]bool           `json:"-"`
}
