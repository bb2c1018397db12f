// Package guard renders the Auth0 Action that refuses whoever holds no seat.
//
// The Action is one CommonJS file for two triggers: post-login decides about people (seat, contract window, access),
// credentials-exchange holds machine-to-machine tokens of an organization to the same window. It reads only what Auth0
// puts into the event: the organization's metadata, the user's app_metadata and the refresh token's metadata.
package guard

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
)

// Version is stamped into the code and grows with every change of what the Action decides, so that an older operator
// can tell a newer guard from its own and leaves it alone.
const Version = 1

// Mode says what the guard does with a sign-in that it would refuse.
type Mode string

const (
	// Report writes "seatwarden: would refuse: <reason>" to the Action's log and lets the sign-in pass.
	Report Mode = "Report"
	// Enforce refuses it.
	Enforce Mode = "Enforce"
)

// UnmanagedOrganizations says whether people of organizations without seatwarden_access in their metadata may use a
// guarded application.
type UnmanagedOrganizations string

const (
	// Allow lets them pass.
	Allow UnmanagedOrganizations = "Allow"
	// Deny refuses them.
	Deny UnmanagedOrganizations = "Deny"
)

// OrganizationlessRefresh says what happens to a refresh for a guarded application that carries neither an
// organization nor the note that an earlier sign-in left in the token. Whether Auth0 shows the organization on
// refresh is not documented.
type OrganizationlessRefresh string

const (
	// Pass lets it through and logs it: the tokens of those removed were revoked.
	Pass OrganizationlessRefresh = "Pass"
	// Refuse asks for a new sign-in through the organization.
	Refuse OrganizationlessRefresh = "Refuse"
)

// Options are what is baked into the code. Nothing here is secret: client ids are public.
type Options struct {
	// Applications are the client ids that the guard protects: without an organization nobody enters them, and when
	// the guard cannot judge a sign-in, these are closed while all other applications of the tenant stay open.
	Applications []string
	// UnmanagedOrganizations defaults to Allow.
	UnmanagedOrganizations UnmanagedOrganizations
	// Mode defaults to Enforce.
	Mode Mode
	// OrganizationlessRefresh defaults to Pass.
	OrganizationlessRefresh OrganizationlessRefresh
}

// config is the constant CONFIG of guard.js.
type config struct {
	Applications            []string                `json:"applications"`
	UnmanagedOrganizations  UnmanagedOrganizations  `json:"unmanagedOrganizations"`
	Mode                    Mode                    `json:"mode"`
	OrganizationlessRefresh OrganizationlessRefresh `json:"organizationlessRefresh"`
}

//go:embed guard.js
var source string

// Render returns the Action's code. The same options, in whatever order the applications come, give the same bytes, so
// that what is deployed can be compared with what should be.
func Render(options Options) (string, error) {
	applications := slices.Compact(slices.Sorted(slices.Values(options.Applications)))
	if applications == nil {
		applications = []string{}
	}
	c := config{
		Applications:            applications,
		UnmanagedOrganizations:  options.UnmanagedOrganizations,
		Mode:                    options.Mode,
		OrganizationlessRefresh: options.OrganizationlessRefresh,
	}
	if c.UnmanagedOrganizations == "" {
		c.UnmanagedOrganizations = Allow
	}
	if c.Mode == "" {
		c.Mode = Enforce
	}
	if c.OrganizationlessRefresh == "" {
		c.OrganizationlessRefresh = Pass
	}
	if err := c.validate(); err != nil {
		return "", err
	}
	baked, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("encode the guard's configuration: %w", err)
	}
	return fmt.Sprintf("// seatwarden-guard version %d. Generated: change its settings and deploy it anew; what is changed here is lost by that.\nconst CONFIG = %s;\n\n%s",
		Version, baked, source), nil
}

// validate refuses words that guard.js would silently take for their opposite.
func (c config) validate() error {
	switch {
	case c.UnmanagedOrganizations != Allow && c.UnmanagedOrganizations != Deny:
		return fmt.Errorf("unmanaged organizations: %q is neither %s nor %s", c.UnmanagedOrganizations, Allow, Deny)
	case c.Mode != Report && c.Mode != Enforce:
		return fmt.Errorf("mode: %q is neither %s nor %s", c.Mode, Report, Enforce)
	case c.OrganizationlessRefresh != Pass && c.OrganizationlessRefresh != Refuse:
		return fmt.Errorf("organization-less refresh: %q is neither %s nor %s", c.OrganizationlessRefresh, Pass, Refuse)
	case slices.Contains(c.Applications, ""):
		return fmt.Errorf("applications: a client id is empty")
	}
	return nil
}
