package standin

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

// hasSessionEndpoints tells whether the subscription may list and revoke
// sessions and refresh tokens.
func hasSessionEndpoints(profile string) bool {
	return profile == ProfileEnterprise || profile == ProfileUnlimited
}

// logRetention is how long a subscription keeps its log.
func logRetention(profile string) time.Duration {
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

// eventConnections is how many streams a subscription may have open at once.
func eventConnections(s Settings) int {
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
