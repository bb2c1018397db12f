package state

import (
	"strings"
	"time"
)

// ResourceServer is an API that access tokens are issued for.
type ResourceServer struct {
	ID         string    `json:"id"`
	Identifier string    `json:"identifier"`
	CreatedAt  time.Time `json:"created_at"`
	// Properties are the others as they were given, without null.
	Properties map[string]any `json:"properties"`
}

// ResourceServerByIdentifier returns nil if there is none.
func (t *Tenant) ResourceServerByIdentifier(identifier string) *ResourceServer {
	return t.ResourceServers.Find(func(r *ResourceServer) bool { return r.Identifier == identifier })
}

// ScopeOf returns the description of a permission of an API, and whether it has it.
func (r *ResourceServer) ScopeOf(value string) (description string, found bool) {
	scopes, _ := r.Properties["scopes"].([]any)
	for _, raw := range scopes {
		scope, _ := raw.(map[string]any)
		if scope["value"] == value {
			description, _ = scope["description"].(string)
			return strings.TrimSpace(description), true
		}
	}
	return "", false
}

// Name returns what the API is called.
func (r *ResourceServer) Name() string {
	name, _ := r.Properties["name"].(string)
	return name
}
