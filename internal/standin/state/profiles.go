package state

import "time"

// Names of the profiles.
const (
	ProfileUnlimited    = "unlimited"
	ProfileFree         = "free"
	ProfileEssentials   = "essentials"
	ProfileProfessional = "professional"
	ProfileEnterprise   = "enterprise"
)

// Profiles returns the names of the profiles.
func Profiles() []string {
	return []string{ProfileEnterprise, ProfileEssentials, ProfileFree, ProfileProfessional, ProfileUnlimited}
}

// HasSessionEndpoints tells whether the subscription may list and revoke
// sessions and refresh tokens.
func HasSessionEndpoints(profile string) bool {
	return profile == ProfileEnterprise || profile == ProfileUnlimited
}

// LogRetention is how long a subscription keeps its log.
func LogRetention(profile string) time.Duration {
	const day = 24 * time.Hour
	switch profile {
	case ProfileFree:
		return day
	case ProfileEssentials:
		return 5 * day
	case ProfileProfessional:
		return 10 * day
	}
	return 30 * day
}

// EventConnections is how many streams a subscription may have open at once.
func EventConnections(s Settings) int {
	switch {
	case s.EventConnections > 0:
		return s.EventConnections
	case s.Profile == ProfileFree:
		return 1
	case s.Profile == ProfileEssentials, s.Profile == ProfileProfessional:
		return 4
	}
	return 8
}
