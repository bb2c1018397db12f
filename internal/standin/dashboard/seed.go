package dashboard

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/wire"
)

// URLPlaceholder stands, in the addresses of a seeded client, for the tenant's
// URL without a slash at its end.
const URLPlaceholder = "${URL}"

// Seed is what a stand-in holds from the start, or is given while it runs.
type Seed struct {
	// Settings named here are changed, the others kept.
	Settings json.RawMessage `json:"settings,omitempty"`
	TenantSeed
	// Tenants are further tenants beside the first. Requests reach one by its
	// domain as their Host. They can be given at the start only.
	Tenants []NamedTenantSeed `json:"tenants,omitempty"`
}

// NamedTenantSeed is a further tenant.
type NamedTenantSeed struct {
	// Domain is HOST:PORT, as clients address the tenant.
	Domain string `json:"domain"`
	TenantSeed
}

// TenantSeed is content of one tenant. Things refer to each other by name.
type TenantSeed struct {
	DefaultRedirectionURI string `json:"default_redirection_uri,omitempty"`
	// Clients: see Server.AddClient for what is filled in.
	Clients       []state.Client     `json:"clients,omitempty"`
	Connections   []state.Connection `json:"connections,omitempty"`
	Roles         []state.Role       `json:"roles,omitempty"`
	Users         []UserSeed         `json:"users,omitempty"`
	Organizations []OrganizationSeed `json:"organizations,omitempty"`
	Actions       []ActionSeed       `json:"actions,omitempty"`
}

// UserSeed is a profile that exists without anybody having signed in.
type UserSeed struct {
	// Connection is the name of the connection that the user lives in.
	Connection string `json:"connection"`
	// Sub is the identity provider's id; empty means the e-mail.
	Sub           string         `json:"sub,omitempty"`
	Email         string         `json:"email,omitempty"`
	EmailVerified bool           `json:"email_verified,omitempty"`
	Name          string         `json:"name,omitempty"`
	Password      string         `json:"password,omitempty"`
	Blocked       bool           `json:"blocked,omitempty"`
	AppMetadata   map[string]any `json:"app_metadata,omitempty"`
	UserMetadata  map[string]any `json:"user_metadata,omitempty"`
}

// OrganizationSeed is an organization with its connections and members.
type OrganizationSeed struct {
	// ID is made up where it is left out.
	ID          string            `json:"id,omitempty"`
	Name        string            `json:"name"`
	DisplayName string            `json:"display_name,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
	// Connections are names; each is enabled with Auth0's defaults.
	Connections []string `json:"connections,omitempty"`
	// Members are user ids, or e-mails that only one user has.
	Members []string `json:"members,omitempty"`
}

// ActionSeed is an Action that is deployed and bound behind those already there.
type ActionSeed struct {
	Name string `json:"name"`
	// Trigger defaults to post-login.
	Trigger string `json:"trigger,omitempty"`
	// Code, or CodeFile relative to the file of the seed.
	Code     string            `json:"code,omitempty"`
	CodeFile string            `json:"code_file,omitempty"`
	Secrets  map[string]string `json:"secrets,omitempty"`
}

// ReadSeed reads a seed from a YAML file and the code of its Actions from the
// files that it names. Unknown fields are an error.
func ReadSeed(file string) (*Seed, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the seed: %w", err)
	}
	var seed Seed
	if err := yaml.UnmarshalStrict(raw, &seed); err != nil {
		return nil, fmt.Errorf("read the seed %s: %w", file, err)
	}
	if err := seed.readCode(filepath.Dir(file)); err != nil {
		return nil, err
	}
	for i := range seed.Tenants {
		if err := seed.Tenants[i].readCode(filepath.Dir(file)); err != nil {
			return nil, err
		}
	}
	return &seed, nil
}

func (t *TenantSeed) readCode(dir string) error {
	for i, a := range t.Actions {
		if a.CodeFile == "" {
			continue
		}
		path := a.CodeFile
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		code, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read the code of action %q: %w", a.Name, err)
		}
		t.Actions[i].Code, t.Actions[i].CodeFile = string(code), ""
	}
	return nil
}

// Seeded tells what a seed became, in its order.
type Seeded struct {
	Clients       []state.Client       `json:"clients"`
	Connections   []state.Connection   `json:"connections"`
	Roles         []state.Role         `json:"roles"`
	Users         []state.User         `json:"users"`
	Organizations []state.Organization `json:"organizations"`
	Actions       []state.Action       `json:"actions"`
}

// Seed adds content to the first tenant. What came before an error stays.
func (d *Dashboard) Seed(seed Seed) (Seeded, error) {
	if len(seed.Tenants) > 0 {
		return Seeded{}, errors.New("further tenants can be given at the start only")
	}
	if err := d.ConfigureFrom(seed.Settings); err != nil {
		return Seeded{}, err
	}
	d.world.Lock()
	defer d.world.Unlock()
	return d.seedTenant(d.world.Main, seed.TenantSeed)
}

// ConfigureFrom changes the settings that the JSON names.
func (d *Dashboard) ConfigureFrom(raw json.RawMessage) error {
	if len(raw) == 0 {
		return nil
	}
	var decodeErr error
	err := d.world.Configure(func(settings *state.Settings) { decodeErr = wire.DecodeStrict(raw, settings) })
	if decodeErr != nil {
		return fmt.Errorf("settings: %w", decodeErr)
	}
	return err
}

// SeedAtStart applies a seed before the listeners serve.
func (d *Dashboard) SeedAtStart(seed *Seed) error {
	if err := d.ConfigureFrom(seed.Settings); err != nil {
		return err
	}
	d.world.Lock()
	defer d.world.Unlock()
	if _, err := d.seedTenant(d.world.Main, seed.TenantSeed); err != nil {
		return err
	}
	for _, further := range seed.Tenants {
		domain := strings.ToLower(further.Domain)
		if domain == "" || d.world.Tenants[domain] != nil {
			return fmt.Errorf("the domain %q of a further tenant is empty or taken", further.Domain)
		}
		if _, err := d.seedTenant(d.world.AddTenant(domain), further.TenantSeed); err != nil {
			return fmt.Errorf("tenant %s: %w", domain, err)
		}
	}
	return nil
}

func (d *Dashboard) seedTenant(t *state.Tenant, seed TenantSeed) (Seeded, error) {
	var out Seeded
	if seed.DefaultRedirectionURI != "" {
		t.DefaultRedirectionURI = strings.ReplaceAll(seed.DefaultRedirectionURI, URLPlaceholder, d.world.TenantURL(t))
	}
	for _, given := range seed.Clients {
		added, err := d.addClient(t, given)
		if err != nil {
			return out, err
		}
		out.Clients = append(out.Clients, added)
	}
	for _, given := range seed.Connections {
		added, err := d.addConnection(t, given)
		if err != nil {
			return out, err
		}
		out.Connections = append(out.Connections, added)
	}
	for _, given := range seed.Roles {
		added, err := d.addRole(t, given)
		if err != nil {
			return out, err
		}
		out.Roles = append(out.Roles, added)
	}
	for _, given := range seed.Users {
		added, err := d.addUser(t, given)
		if err != nil {
			return out, err
		}
		out.Users = append(out.Users, added)
	}
	idOf := t.IDsByEmail()
	for _, given := range seed.Organizations {
		added, err := d.addOrganization(t, given, idOf)
		if err != nil {
			return out, err
		}
		out.Organizations = append(out.Organizations, added)
	}
	for _, given := range seed.Actions {
		added, err := d.addAction(t, given)
		if err != nil {
			return out, err
		}
		out.Actions = append(out.Actions, added)
	}
	return out, nil
}
