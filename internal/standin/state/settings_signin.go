package state

import (
	"fmt"
	"slices"
)

// Values of SignInSettings.
const (
	Unchecked      = "Unchecked"
	Checked        = "Checked"
	SessionUsed    = "Used"
	SessionIgnored = "Ignored"
	PageRefused    = "Refused"
	PageCompletes  = "Completes"
	Kept           = "Kept"
	Removed        = "Removed"
)

// SignInSettings are the switches for what Auth0 does not document about
// signing in, or documents in two ways.
type SignInSettings struct {
	// MembershipOnRefresh tells whether the exchange of a refresh token asks for
	// the membership again: Unchecked (default) or Checked.
	MembershipOnRefresh string `json:"membership_on_refresh"`
	// SessionOnInvitation tells whether the browser's session stands in for a
	// login when an invitation is opened: Used (default), also somebody else's,
	// and the invitation is then used up, as Auth0's users report; or Ignored, as
	// a page of its documentation says.
	SessionOnInvitation string `json:"session_on_invitation"`
	// LoginPageAcrossExpiry tells what comes of a login page that was open when
	// its invitation was deleted or expired: Refused (default) or Completes. An
	// invitation that was tried meanwhile is refused in any case.
	LoginPageAcrossExpiry string `json:"login_page_across_expiry"`
	// EmailMissingAtAcceptance tells what becomes of an invitation that an
	// account without e-mail tries to accept, and is refused: Removed (default),
	// as with any other wrong account, or Kept.
	EmailMissingAtAcceptance string `json:"email_missing_at_acceptance"`
	// RolesAfterMembershipEnds tells what becomes of the roles that a user had in
	// an organization: Kept (default), since a recording shows that they live
	// apart from membership, or Removed.
	RolesAfterMembershipEnds string `json:"roles_after_membership_ends"`
	// DeniedRefresh tells what becomes of a rotating refresh token whose exchange
	// an Action denied: Kept (default) or Removed.
	DeniedRefresh string `json:"denied_refresh"`
	// OrganizationMetadataCache is how long Actions go on seeing an organization's
	// metadata as they saw it first. Default 0: they see every change at once.
	OrganizationMetadataCache Duration `json:"organization_metadata_cache"`
}

// DefaultSignInSettings are those of a new stand-in.
func DefaultSignInSettings() SignInSettings {
	return SignInSettings{
		MembershipOnRefresh:      Unchecked,
		SessionOnInvitation:      SessionUsed,
		LoginPageAcrossExpiry:    PageRefused,
		EmailMissingAtAcceptance: Removed,
		RolesAfterMembershipEnds: Kept,
		DeniedRefresh:            Kept,
	}
}

// validate names the first setting that has no such value.
func (s SignInSettings) validate() error {
	for _, c := range []struct {
		name, value string
		allowed     []string
	}{
		{"membership_on_refresh", s.MembershipOnRefresh, []string{Unchecked, Checked}},
		{"session_on_invitation", s.SessionOnInvitation, []string{SessionUsed, SessionIgnored}},
		{"login_page_across_expiry", s.LoginPageAcrossExpiry, []string{PageRefused, PageCompletes}},
		{"email_missing_at_acceptance", s.EmailMissingAtAcceptance, []string{Removed, Kept}},
		{"roles_after_membership_ends", s.RolesAfterMembershipEnds, []string{Kept, Removed}},
		{"denied_refresh", s.DeniedRefresh, []string{Kept, Removed}},
	} {
		if !slices.Contains(c.allowed, c.value) {
			return fmt.Errorf("setting %s is %q, allowed are %q", c.name, c.value, c.allowed)
		}
	}
	if s.OrganizationMetadataCache < 0 {
		return fmt.Errorf("setting organization_metadata_cache is negative")
	}
	return nil
}
