package standin

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/deepjson"
)

// exportFormat tells exports from other JSON.
const exportFormat = "seatwarden stand-in"

// export is the JSON of an export.
type export struct {
	Format string `json:"format"`
	// Tenants are the contents by domain, and Rest what they share, both as of
	// package deepjson.
	Tenants map[string]json.RawMessage `json:"tenants"`
	Rest    json.RawMessage            `json:"rest"`
}

// rest is what an export holds beside the tenants.
type rest struct {
	settings Settings
	offset   time.Duration
	keys     storedKeys
	mails    []Mail
	secrets  []Secret
	buckets  map[string]bucket
	drawn    map[string]uint64
	used     map[string]time.Time
	metadata map[string]cachedMetadata
}

// known returns the tenants' domains in order and the tenants themselves, for
// package deepjson. It needs no lock: see tenantOf.
func (s *Server) known() (domains []string, tenants []any) {
	domains = slices.Sorted(maps.Keys(s.tenants))
	for _, domain := range domains {
		tenants = append(tenants, s.tenants[domain])
	}
	return domains, tenants
}

// Export returns all that the stand-in holds as JSON, for Restore: tenants with
// sessions, tokens and what lagging reads still show, settings, the signing
// key, the clock's offset, mails, secrets and what is left of the limits. It
// leaves out faults, the audit log and sign-ins under way. The JSON is for the
// same version of the stand-in and holds every secret in the clear.
func (s *Server) Export() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := export{Format: exportFormat, Tenants: map[string]json.RawMessage{}}
	domains, known := s.known()
	for _, domain := range domains {
		raw, err := deepjson.Marshal(&s.tenants[domain].content, known...)
		if err != nil {
			return nil, fmt.Errorf("export tenant %s: %w", domain, err)
		}
		out.Tenants[domain] = raw
	}
	keys, err := s.keys.export()
	if err != nil {
		return nil, err
	}
	shared := rest{
		settings: s.settings, offset: s.clock.Offset(), keys: keys, mails: s.outbox.Mails(), secrets: s.secrets.All(),
		buckets: s.limits.export(), drawn: s.latencies.export(), used: s.signIn.used, metadata: s.signIn.metadata,
	}
	raw, err := deepjson.Marshal(&shared)
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	out.Rest = raw
	return json.Marshal(out)
}

// Restore puts the stand-in back to where it was at an Export, of itself or of
// another one with the same domains; after an error nothing has changed. The
// clock goes back with it, but for the time that passed on the machine. Sign-ins
// under way end. Faults and the audit log stay, and so do the secrets that came
// into being since: they have existed.
func (s *Server) Restore(exported []byte) error {
	var in export
	if err := json.Unmarshal(exported, &in); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	domains, known := s.known()
	if in.Format != exportFormat {
		return errors.New("restore: this is no export of a stand-in")
	}
	if theirs := slices.Sorted(maps.Keys(in.Tenants)); !slices.Equal(theirs, domains) {
		return fmt.Errorf("restore: the export is of %q, this stand-in plays %q", theirs, domains)
	}
	var shared rest
	if err := deepjson.Unmarshal(in.Rest, &shared); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	if err := shared.settings.Validate(); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	keys, err := shared.keys.pair()
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	contents := map[string]*content{}
	for _, domain := range domains {
		contents[domain] = &content{}
		if err := deepjson.Unmarshal(in.Tenants[domain], contents[domain], known...); err != nil {
			return fmt.Errorf("restore tenant %s: %w", domain, err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for domain, restored := range contents {
		s.tenants[domain].restore(restored)
	}
	s.restoreRest(&shared)
	s.keys.pair.Store(keys)
	return nil
}

// restoreRest needs Server.mu.
func (s *Server) restoreRest(r *rest) {
	s.settings = r.settings
	s.keepVersions()
	s.clock.restore(r.offset)
	s.outbox.restore(r.mails)
	s.secrets.restore(r.secrets)
	s.limits.restore(r.buckets)
	s.latencies.restore(r.drawn)
	s.signIn.restore(r.used, r.metadata)
}

// restore replaces the content and wakes the streams of events. It needs Server.mu.
func (t *Tenant) restore(from *content) {
	waiting := t.moreEvents
	t.content = *from
	t.moreEvents = make(chan struct{})
	close(waiting)
}

func (c *Clock) restore(offset time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset = offset
}

func (o *Outbox) restore(mails []Mail) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.mails = mails
}

// restore adds what is not in the register.
func (r *SecretRegister) restore(secrets []Secret) {
	for _, secret := range secrets {
		r.add(secret)
	}
}

func (l *limiter) export() map[string]bucket {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := map[string]bucket{}
	for name, b := range l.buckets {
		out[name] = *b
	}
	return out
}

func (l *limiter) restore(buckets map[string]bucket) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buckets = map[string]*bucket{}
	for name, b := range buckets {
		l.buckets[name] = &b
	}
}

func (l *latencies) export() map[string]uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.drawn)
}

func (l *latencies) restore(drawn map[string]uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drawn = drawn
}

// restore needs Server.mu.
func (si *signIn) restore(used map[string]time.Time, metadata map[string]cachedMetadata) {
	si.transactions, si.assertions = map[string]*transaction{}, map[string]*assertion{}
	si.authorizations, si.starts = map[string]*authorization{}, map[string]*appStart{}
	si.used, si.metadata = used, metadata
}
