package state

import (
	"slices"
	"time"
)

// Action is one Auth0 Action: a draft and, once deployed, what runs.
type Action struct {
	ID      string         `json:"id"`
	Name    string         `json:"name"`
	Trigger ActionTrigger  `json:"trigger"`
	Code    string         `json:"code"`
	Runtime string         `json:"runtime"`
	Secrets []ActionSecret `json:"secrets,omitempty"`
	// Dependencies are kept and returned; the stand-in has no npm packages.
	Dependencies []any     `json:"dependencies,omitempty"`
	CreatedAt    time.Time `json:"created_at"`
	UpdatedAt    time.Time `json:"updated_at"`
	// BuiltAt is when a new draft counts as built; until then its status is pending.
	BuiltAt  time.Time      `json:"built_at"`
	Deployed *ActionVersion `json:"deployed,omitempty"`
	// Versions are what was ever deployed, oldest first; Deployed is one of them.
	Versions []*ActionVersion `json:"versions,omitempty"`
}

// ActionTrigger names what an Action runs on, e.g. post-login v3.
type ActionTrigger struct {
	ID      string `json:"id"`
	Version string `json:"version"`
}

// ActionSecret is handed to an Action and never returned by the API.
type ActionSecret struct {
	Name      string    `json:"name"`
	Value     string    `json:"value"`
	UpdatedAt time.Time `json:"updated_at"`
}

// ActionVersion is a deployed version of an Action.
type ActionVersion struct {
	ID      string         `json:"id"`
	Number  int            `json:"number"`
	Code    string         `json:"code"`
	Runtime string         `json:"runtime"`
	Secrets []ActionSecret `json:"secrets,omitempty"`
	// Dependencies: see Action.
	Dependencies []any     `json:"dependencies,omitempty"`
	CreatedAt    time.Time `json:"created_at"`
}

// Binding is one place of an Action in the order of a trigger.
type Binding struct {
	ID          string    `json:"id"`
	ActionID    string    `json:"action_id"`
	DisplayName string    `json:"display_name"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}

// AllDeployed tells whether the draft is what runs.
func (a *Action) AllDeployed() bool {
	return a.Deployed != nil && a.Deployed.Code == a.Code && a.Deployed.Runtime == a.Runtime &&
		slices.Equal(a.Deployed.Secrets, a.Secrets)
}

// Deploy makes the draft a version, and that what runs.
func (a *Action) Deploy(now time.Time) {
	a.DeployVersion(ActionVersion{
		Code: a.Code, Runtime: a.Runtime, Secrets: slices.Clone(a.Secrets), Dependencies: slices.Clone(a.Dependencies),
	}, now)
}

// DeployVersion makes a copy of a version the latest, and that what runs.
func (a *Action) DeployVersion(v ActionVersion, now time.Time) {
	v.ID, v.Number, v.CreatedAt = NewUUID(), 1, now
	if n := len(a.Versions); n > 0 {
		v.Number = a.Versions[n-1].Number + 1
	}
	a.Versions = append(a.Versions, &v)
	a.Versions = a.Versions[max(0, len(a.Versions)-maxActionVersions):]
	a.Deployed = &v
}

// Bound tells whether an Action is bound to a trigger.
func (t *Tenant) Bound(actionID string) bool {
	for _, bindings := range t.Bindings {
		if slices.ContainsFunc(bindings, func(b Binding) bool { return b.ActionID == actionID }) {
			return true
		}
	}
	return false
}

// Renamed returns the binding under another name, if one is given.
func (b Binding) Renamed(name string, now time.Time) Binding {
	if name != "" && name != b.DisplayName {
		b.DisplayName, b.UpdatedAt = name, now
	}
	return b
}

// DefaultRuntime is what a new Action runs on that names nothing.
const DefaultRuntime = "node22"

// maxActionVersions are kept of one Action.
const maxActionVersions = 100
