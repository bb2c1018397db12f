package standin

import (
	"github.com/seatwarden/seatwarden/internal/standin/control"
	"github.com/seatwarden/seatwarden/internal/standin/dashboard"
	"github.com/seatwarden/seatwarden/internal/standin/management"
	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/traffic"
)

// What users of the stand-in name of its rooms, so that they import this package
// alone. Each is explained where it is declared.
type (
	// ActionSeed is an Action of a seed.
	ActionSeed = dashboard.ActionSeed
	// NamedTenantSeed is a further tenant of a seed.
	NamedTenantSeed = dashboard.NamedTenantSeed
	// OrganizationSeed is an organization of a seed.
	OrganizationSeed = dashboard.OrganizationSeed
	// Seed is content to begin with.
	Seed = dashboard.Seed
	// Seeded is what a seed became.
	Seeded = dashboard.Seeded
	// TenantSeed is content of one tenant.
	TenantSeed = dashboard.TenantSeed
	// UserSeed is a profile of a seed.
	UserSeed = dashboard.UserSeed

	// Client is an application.
	Client = state.Client
	// Connection is an identity provider or a database.
	Connection = state.Connection
	// Duration reads and writes as "90s".
	Duration = state.Duration
	// EnabledConnection is a connection of an organization.
	EnabledConnection = state.EnabledConnection
	// IdPPerson is a person behind an identity provider.
	IdPPerson = state.IdPPerson //nolint:revive,staticcheck // see there
	// Invitation is an invitation.
	Invitation = state.Invitation
	// InvitationMetadata says what an invitation's metadata do.
	InvitationMetadata = state.InvitationMetadata
	// Mail is an invitation's mail.
	Mail = state.Mail
	// Organization is an organization.
	Organization = state.Organization
	// OrganizationSnapshot is an organization with its members.
	OrganizationSnapshot = state.OrganizationSnapshot
	// Role is a role.
	Role = state.Role
	// Secret is what must not be seen.
	Secret = state.Secret
	// Settings are the switches.
	Settings = state.Settings
	// Snapshot is a copy of a tenant.
	Snapshot = state.Snapshot
	// User is a profile.
	User = state.User

	// AuditEntry is one request.
	AuditEntry = traffic.AuditEntry
	// CallCount says how many of one kind came.
	CallCount = traffic.CallCount
	// Fault says what goes wrong with some calls.
	Fault = traffic.Fault

	// Info says where a stand-in listens.
	Info = control.Info
	// ClockState is the answer about the clock.
	ClockState = control.ClockState
)

// URLPlaceholder stands for a tenant's URL in the addresses of a seeded client.
const URLPlaceholder = dashboard.URLPlaceholder

// Values of Settings, of its parts and of Secret.Kind.
const (
	ClientsShown        = state.ClientsShown
	EventsOpen          = state.EventsOpen
	EventsRefused       = state.EventsRefused
	LogContinues        = state.LogContinues
	LogEmpty            = state.LogEmpty
	LogRefused          = state.LogRefused
	MetadataApplied     = state.MetadataApplied
	MetadataIgnored     = state.MetadataIgnored
	MetadataMerged      = state.MetadataMerged
	MetadataReplaced    = state.MetadataReplaced
	ProfileEnterprise   = state.ProfileEnterprise
	ProfileEssentials   = state.ProfileEssentials
	ProfileFree         = state.ProfileFree
	ProfileProfessional = state.ProfileProfessional
	ProfileUnlimited    = state.ProfileUnlimited
	VisibleNextSignIn   = state.VisibleNextSignIn
	VisibleSameSignIn   = state.VisibleSameSignIn

	SecretAccessToken    = state.SecretAccessToken
	SecretClientSecret   = state.SecretClientSecret
	SecretInvitationLink = state.SecretInvitationLink
	SecretRefreshToken   = state.SecretRefreshToken
)

// Kinds of faults.
const (
	FaultCutStream     = traffic.FaultCutStream
	FaultDelay         = traffic.FaultDelay
	FaultDropAfter     = traffic.FaultDropAfter
	FaultDropBefore    = traffic.FaultDropBefore
	FaultEndStream     = traffic.FaultEndStream
	FaultErrorStream   = traffic.FaultErrorStream
	FaultHang          = traffic.FaultHang
	FaultHangAfter     = traffic.FaultHangAfter
	FaultLoseEvent     = traffic.FaultLoseEvent
	FaultReorderEvents = traffic.FaultReorderEvents
	FaultRepeatEvents  = traffic.FaultRepeatEvents
	FaultStallStream   = traffic.FaultStallStream
	FaultStatus        = traffic.FaultStatus
)

// DefaultSettings returns the settings of a new stand-in: no limits, no lag.
func DefaultSettings() Settings { return state.DefaultSettings() }

// Profiles returns the names of the subscriptions whose limits Settings.Profile
// can ask for.
func Profiles() []string { return state.Profiles() }

// ReadSeed reads a seed from a YAML file.
func ReadSeed(file string) (*Seed, error) { return dashboard.ReadSeed(file) }

// ManagementScopes returns every scope that the Management API asks for.
func ManagementScopes() []string { return management.Scopes() }
