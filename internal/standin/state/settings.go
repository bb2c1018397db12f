package state

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Duration is a time.Duration that reads and writes as "90s" in JSON and YAML.
type Duration time.Duration

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("duration: %w", err)
	}
	if parsed < 0 {
		return fmt.Errorf("duration %q is negative", text)
	}
	*d = Duration(parsed)
	return nil
}

// What happens to the app_metadata and user_metadata of an accepted invitation.
const (
	MetadataApplied  = "Applied"
	MetadataIgnored  = "Ignored"
	MetadataMerged   = "Merged"
	MetadataReplaced = "Replaced"

	VisibleSameSignIn = "SameSignIn"
	VisibleNextSignIn = "NextSignIn"
)

// InvitationMetadata says what an invitation's metadata does to the profile of
// the person who accepts it. Auth0 documents none of it.
type InvitationMetadata struct {
	// New profiles: Applied (default) or Ignored.
	New string `json:"new"`
	// Existing profiles: Merged at the first level (default), Replaced as a
	// whole, or Ignored.
	Existing string `json:"existing"`
	// Visible tells when post-login Actions see it: SameSignIn (default), or
	// NextSignIn, when the accepting sign-in still sees the profile as it was.
	Visible string `json:"visible"`
}

// Values of Settings.InvitationEmailCase.
const (
	CaseFold  = "Fold"
	CaseExact = "Exact"
)

// Values of Settings.OrganizationOnRefresh.
const (
	Present = "Present"
	Absent  = "Absent"
)

// Values of Settings.ConnectionEnabledClients.
const (
	ClientsHidden = "Hidden"
	ClientsShown  = "Shown"
)

// Values of Settings.EventsAccess.
const (
	EventsOpen    = "Open"
	EventsRefused = "Refused"
)

// Values of Settings.UnknownLogID.
const (
	LogContinues = "Continues"
	LogRefused   = "Refused"
	LogEmpty     = "Empty"
)

// Settings are the switches of a stand-in. They can be changed while it runs.
type Settings struct {
	// What is not known of signing in.
	SignInSettings
	// Profile names the subscription whose limits hold: unlimited (default),
	// free, professional or enterprise. Session and refresh-token endpoints
	// answer on enterprise and unlimited only.
	Profile string `json:"profile"`
	// Latency tells how long the Management API takes to answer: Off (default),
	// no longer than it needs, or Recorded, as long as Auth0 was measured to in
	// recordings, by route.
	Latency string `json:"latency"`
	// MembersLag is how far the list of an organization's members is behind
	// (GET /organizations/{id}/members). Auth0 names 5 to 10 s for removals.
	MembersLag Duration `json:"members_lag"`
	// SearchLag is how far the user search (GET /users?q=) is behind.
	SearchLag Duration `json:"search_lag"`
	// ExpiredInvitationsLinger is how long an expired invitation is still listed.
	ExpiredInvitationsLinger Duration `json:"expired_invitations_linger"`
	// ActionBuildTime is how long a new draft of an Action stays pending.
	ActionBuildTime Duration `json:"action_build_time"`
	// InvitationMetadata: see the type.
	InvitationMetadata InvitationMetadata `json:"invitation_metadata"`
	// InvitationEmailCase tells whether the accepting account's e-mail is
	// compared with the invited one by Fold (default) or Exact. Not documented.
	InvitationEmailCase string `json:"invitation_email_case"`
	// OrganizationOnRefresh tells whether Actions see event.organization when a
	// refresh token is exchanged: Present (default) or Absent. Not documented.
	OrganizationOnRefresh string `json:"organization_on_refresh"`
	// EventsRetention is how far back a stream of events can be resumed; a cursor
	// from before answers 410. Not documented; 24 hours by default.
	EventsRetention Duration `json:"events_retention"`
	// EventsAccess tells whether the plan has the stream of events at all: Open
	// (default) or Refused. Auth0's pages disagree.
	EventsAccess string `json:"events_access"`
	// EventConnections is how many streams may be open at once; 0 (default) means
	// as the profile has it: 1 on free, 4 on essentials and professional, else 8.
	EventConnections int `json:"event_connections"`
	// EventConnectionTime is after how long a stream ends by itself. Auth0 says
	// every few minutes; 5 by default.
	EventConnectionTime Duration `json:"event_connection_time"`
	// EventConnectionLinger is how long one that ended still counts. Not documented.
	EventConnectionLinger Duration `json:"event_connection_linger"`
	// EventHeartbeat is how often a quiet stream tells its position; 15 seconds by default.
	EventHeartbeat Duration `json:"event_heartbeat"`
	// OtherClients is the part of each limit, in percent, that other clients of
	// the tenant use up all the time. Below zero the limits refill as much faster, as if
	// Auth0's clock did.
	OtherClients int `json:"other_clients"`
	// DateAhead and DateBehind are how far the header Date is off.
	DateAhead  Duration `json:"date_ahead"`
	DateBehind Duration `json:"date_behind"`
	// LogsRetention is how far back the tenant log goes; 0 (default) means as the
	// profile has it: 1 day on free, 5 on essentials, 10 on professional, else 30.
	LogsRetention Duration `json:"logs_retention"`
	// LogsLag is how far the tenant log is behind. Auth0 names no time; a user's
	// log was recorded empty right after the user was created. One second by default.
	LogsLag Duration `json:"logs_lag"`
	// UnknownLogID tells what a log answers that is read on from an id which it
	// does not hold, or no more: Continues (default) with what is newer, Refused
	// with 400, or Empty. Not documented.
	UnknownLogID string `json:"unknown_log_id"`
	// ConnectionDeletionTime is how long the deletion of a connection is under
	// way: its name stays taken, and a repeated DELETE answers 202. None by default.
	ConnectionDeletionTime Duration `json:"connection_deletion_time"`
	// ConnectionEnabledClients tells whether a connection shows enabled_clients:
	// Hidden (default), as Auth0 has it since 2026-07-13, or Shown, as before.
	ConnectionEnabledClients string `json:"connection_enabled_clients"`
}

// DefaultSettings returns the settings of a new stand-in: no limits, no lag.
func DefaultSettings() Settings {
	return Settings{
		SignInSettings:           DefaultSignInSettings(),
		Profile:                  ProfileUnlimited,
		Latency:                  LatencyOff,
		ExpiredInvitationsLinger: Duration(time.Hour),
		InvitationMetadata: InvitationMetadata{
			New: MetadataApplied, Existing: MetadataMerged, Visible: VisibleSameSignIn,
		},
		InvitationEmailCase:   CaseFold,
		OrganizationOnRefresh: Present,

		ConnectionEnabledClients: ClientsHidden,
		EventsRetention:          Duration(24 * time.Hour),
		EventsAccess:             EventsOpen,
		EventConnectionTime:      Duration(5 * time.Minute),
		EventHeartbeat:           Duration(15 * time.Second),
		LogsLag:                  Duration(time.Second),
		UnknownLogID:             LogContinues,
	}
}

// Validate names the first setting that has no such value.
func (s Settings) Validate() error {
	for _, c := range []struct {
		name, value string
		allowed     []string
	}{
		{"profile", s.Profile, Profiles()},
		{"latency", s.Latency, []string{LatencyOff, LatencyRecorded}},
		{"invitation_metadata.new", s.InvitationMetadata.New, []string{MetadataApplied, MetadataIgnored}},
		{"invitation_metadata.existing", s.InvitationMetadata.Existing, []string{MetadataMerged, MetadataReplaced, MetadataIgnored}},
		{"invitation_metadata.visible", s.InvitationMetadata.Visible, []string{VisibleSameSignIn, VisibleNextSignIn}},
		{"invitation_email_case", s.InvitationEmailCase, []string{CaseFold, CaseExact}},
		{"organization_on_refresh", s.OrganizationOnRefresh, []string{Present, Absent}},
		{"events_access", s.EventsAccess, []string{EventsOpen, EventsRefused}},
		{"unknown_log_id", s.UnknownLogID, []string{LogContinues, LogRefused, LogEmpty}},
		{"connection_enabled_clients", s.ConnectionEnabledClients, []string{ClientsHidden, ClientsShown}},
	} {
		if !slices.Contains(c.allowed, c.value) {
			return fmt.Errorf("setting %s is %q, allowed are %q", c.name, c.value, c.allowed)
		}
	}
	for _, c := range []struct {
		name  string
		value Duration
	}{
		{"members_lag", s.MembersLag},
		{"search_lag", s.SearchLag},
		{"expired_invitations_linger", s.ExpiredInvitationsLinger},
		{"action_build_time", s.ActionBuildTime},
		{"connection_deletion_time", s.ConnectionDeletionTime},
		{"events_retention", s.EventsRetention},
		{"logs_retention", s.LogsRetention},
		{"logs_lag", s.LogsLag},
		{"event_connection_linger", s.EventConnectionLinger},
		{"date_ahead", s.DateAhead},
		{"date_behind", s.DateBehind},
	} {
		if c.value < 0 {
			return fmt.Errorf("setting %s is negative", c.name)
		}
	}
	switch {
	case s.EventConnectionTime <= 0 || s.EventHeartbeat <= 0:
		return errors.New("settings event_connection_time and event_heartbeat must be above zero")
	case s.EventConnections < 0:
		return errors.New("setting event_connections is negative")
	case s.OtherClients < -900 || s.OtherClients > 99:
		return fmt.Errorf("setting other_clients is %d, allowed are -900 to 99", s.OtherClients)
	}
	return s.validate()
}

// Values of Settings.Latency.
const (
	LatencyOff      = "Off"
	LatencyRecorded = "Recorded"
)
