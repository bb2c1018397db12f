package standin

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

func (t *Tenant) resourceServerByIdentifier(identifier string) *ResourceServer {
	return t.resourceServers.find(func(r *ResourceServer) bool { return r.Identifier == identifier })
}

// scopeOf returns the description of a permission of an API, and whether it has it.
func (r *ResourceServer) scopeOf(value string) (description string, found bool) {
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

// name returns what the API is called.
func (r *ResourceServer) name() string {
	name, _ := r.Properties["name"].(string)
	return name
}
