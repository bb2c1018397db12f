package state

import (
	"slices"
	"strings"
	"time"
)

// Organization is one Auth0 Organization with what hangs on it.
type Organization struct {
	ID          string            `json:"id"`
	Name        string            `json:"name"`
	DisplayName string            `json:"display_name,omitempty"`
	Branding    map[string]any    `json:"branding,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
	// Connections are the enabled connections in the order of their addition.
	Connections []*EnabledConnection `json:"connections,omitempty"`
	// Memberships holds present and, for the lagging list, former ones.
	Memberships []*Membership `json:"memberships,omitempty"`
	// MemberRoles are role ids by user id. They live apart from membership, as
	// in Auth0: a user can have them before being a member and after.
	MemberRoles map[string][]string `json:"member_roles,omitempty"`
	// TokenQuota is kept and returned only.
	TokenQuota map[string]any `json:"token_quota,omitempty"`
	// DiscoveryDomains are e-mail domains that lead to the organization.
	DiscoveryDomains []*DiscoveryDomain `json:"discovery_domains,omitempty"`
	CreatedAt        time.Time          `json:"created_at"`

	Invitations Table[Invitation] `json:"-"`
	// Tenant is told of memberships.
	Tenant *Tenant `json:"-"`
}

// EnabledConnection is a connection as one organization uses it.
type EnabledConnection struct {
	ConnectionID            string `json:"connection_id"`
	AssignMembershipOnLogin bool   `json:"assign_membership_on_login"`
	ShowAsButton            bool   `json:"show_as_button"`
	IsSignupEnabled         bool   `json:"is_signup_enabled"`
	// Disabled: the organization keeps the connection and its settings, and
	// nobody signs in through it.
	Disabled bool `json:"disabled,omitempty"`
	// Name is what the organization calls the connection; may be empty.
	Name string `json:"organization_connection_name,omitempty"`
	// AccessLevel is what the organization's own people may do to it; empty
	// means none.
	AccessLevel string `json:"organization_access_level,omitempty"`
}

// Membership is one stretch of time in which a user belonged to an organization.
type Membership struct {
	UserID string    `json:"user_id"`
	Since  time.Time `json:"since"`
	// Until is zero while the membership lasts.
	Until time.Time `json:"until,omitzero"`
}

// OrganizationByName returns nil if there is none.
func (t *Tenant) OrganizationByName(name string) *Organization {
	return t.Organizations.Find(func(o *Organization) bool { return o.Name == name })
}

// IsMember tells whether the user belongs to the organization now.
func (o *Organization) IsMember(userID string) bool {
	return slices.ContainsFunc(o.Memberships, func(m *Membership) bool {
		return m.UserID == userID && m.Until.IsZero()
	})
}

// AddMember makes the user a member and tells whether it was none before.
func (o *Organization) AddMember(userID string, now time.Time) bool {
	if o.IsMember(userID) {
		return false
	}
	o.Join(userID, now)
	return true
}

// Join makes a member of somebody who is none.
func (o *Organization) Join(userID string, now time.Time) {
	o.Memberships = append(o.Memberships, &Membership{UserID: userID, Since: now})
	o.emitMember(eventMemberAdded, userID, now)
}

// RemoveMember ends a membership and forgets the ones that ended long ago.
func (o *Organization) RemoveMember(userID string, now time.Time) {
	for _, m := range o.Memberships {
		if m.UserID == userID && m.Until.IsZero() {
			m.Until = now
			o.emitMember(eventMemberDeleted, userID, now)
		}
	}
	ended := 0
	for _, m := range o.Memberships {
		if !m.Until.IsZero() {
			ended++
		}
	}
	o.Memberships = slices.DeleteFunc(o.Memberships, func(m *Membership) bool {
		gone := !m.Until.IsZero() && (now.Sub(m.Until) > LongAgo || ended > endedMembershipsKept)
		if gone {
			ended--
		}
		return gone
	})
}

// MembersAt returns the memberships as they were at a time, in order of joining.
func (o *Organization) MembersAt(at time.Time) []*Membership {
	var out []*Membership
	for _, m := range o.Memberships {
		if !m.Since.After(at) && (m.Until.IsZero() || m.Until.After(at)) {
			out = append(out, m)
		}
	}
	return out
}

// Connection returns nil if the organization does not have the connection.
func (o *Organization) Connection(id string) *EnabledConnection {
	for _, c := range o.Connections {
		if c.ConnectionID == id {
			return c
		}
	}
	return nil
}

// EnabledConnection returns nil if nobody signs in to the organization through
// the connection.
func (o *Organization) EnabledConnection(id string) *EnabledConnection {
	if c := o.Connection(id); c != nil && !c.Disabled {
		return c
	}
	return nil
}

// AddMemberRoles gives roles to a user within the organization; those that the
// user has are kept.
func (o *Organization) AddMemberRoles(userID string, roleIDs []string, now time.Time) {
	if o.MemberRoles == nil {
		o.MemberRoles = map[string][]string{}
	}
	for _, id := range roleIDs {
		if !slices.Contains(o.MemberRoles[userID], id) {
			o.MemberRoles[userID] = append(o.MemberRoles[userID], id)
			o.emitMemberRole(eventMemberRoleAssigned, userID, id, now)
		}
	}
}

// RemoveMemberRoles takes roles within the organization from a user; those that
// the user does not have are passed over.
func (o *Organization) RemoveMemberRoles(userID string, roleIDs []string, now time.Time) {
	held := o.MemberRoles[userID]
	kept := []string{}
	for _, id := range held {
		if !slices.Contains(roleIDs, id) {
			kept = append(kept, id)
			continue
		}
		o.emitMemberRole(eventMemberRoleDeleted, userID, id, now)
	}
	if len(kept) == 0 {
		delete(o.MemberRoles, userID)
		return
	}
	o.MemberRoles[userID] = kept
}

// LongAgo is before anything that a lagging read shows.
const LongAgo = time.Hour

// DiscoveryDomain is an e-mail domain that leads to an organization.
type DiscoveryDomain struct {
	ID     string `json:"id"`
	Domain string `json:"domain"`
	// Status is pending or verified.
	Status string `json:"status"`
	// VerificationText is what the domain's owner publishes to prove it.
	VerificationText            string    `json:"verification_txt"`
	UseForOrganizationDiscovery bool      `json:"use_for_organization_discovery"`
	CreatedAt                   time.Time `json:"created_at"`
}

// DiscoveryDomainByName returns nil if there is none.
func (o *Organization) DiscoveryDomainByName(name string) *DiscoveryDomain {
	for _, d := range o.DiscoveryDomains {
		if strings.EqualFold(d.Domain, name) {
			return d
		}
	}
	return nil
}

// OrganizationsAt returns the ids of the organizations that a user was in.
func (t *Tenant) OrganizationsAt(userID string, at time.Time) []string {
	var ids []string
	for _, o := range t.Organizations.All() {
		if slices.ContainsFunc(o.MembersAt(at), func(m *Membership) bool { return m.UserID == userID }) {
			ids = append(ids, o.ID)
		}
	}
	return ids
}
