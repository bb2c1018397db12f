package state

import (
	"slices"
	"time"
)

// ClientGrant lets an application have access tokens for an API.
type ClientGrant struct {
	ID       string   `json:"id"`
	ClientID string   `json:"client_id"`
	Audience string   `json:"audience"`
	Scope    []string `json:"scope"`
	// OrganizationUsage is empty, deny, allow or require.
	OrganizationUsage string `json:"organization_usage,omitempty"`
	// AllowAnyOrganization is nil unless it was given.
	AllowAnyOrganization *bool `json:"allow_any_organization,omitempty"`
	// SubjectType is client or user.
	SubjectType               string    `json:"subject_type"`
	AuthorizationDetailsTypes *[]string `json:"authorization_details_types,omitempty"`
	// Organizations are the ids of those that it is granted to.
	Organizations []string  `json:"organizations,omitempty"`
	CreatedAt     time.Time `json:"created_at"`
}

// DeleteGrantsOf deletes the grants of an application.
func (t *Tenant) DeleteGrantsOf(clientID string) {
	for _, g := range t.ClientGrants.All() {
		if g.ClientID == clientID {
			t.DeleteGrant(g)
		}
	}
}

// HasGrantFor tells whether a client is granted anything in an organization.
func (t *Tenant) HasGrantFor(clientID, organizationID string) bool {
	return t.ClientGrants.Find(func(g *ClientGrant) bool {
		return g.ClientID == clientID && slices.Contains(g.Organizations, organizationID)
	}) != nil
}

// DeleteGrant deletes one grant.
func (t *Tenant) DeleteGrant(g *ClientGrant) { t.ClientGrants.Remove(g.ID) }
