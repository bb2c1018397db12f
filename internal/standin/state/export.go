package state

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/deepjson"
)

// exportedWorld is what an export holds of a world.
type exportedWorld struct {
	contents map[string]*content
	settings Settings
	offset   time.Duration
	keys     storedKeys
	mails    []Mail
	secrets  []Secret
}

// known returns the tenants in the order of their domains, for package deepjson.
func (w *World) known() []any {
	var tenants []any
	for _, domain := range w.domains() {
		tenants = append(tenants, w.Tenants[domain])
	}
	return tenants
}

// Export returns all that the world holds, for ReadExport. It needs the lock.
func (w *World) Export() (json.RawMessage, error) {
	keys, err := w.Keys.export()
	if err != nil {
		return nil, err
	}
	out := exportedWorld{
		contents: map[string]*content{}, settings: w.InForce, offset: w.Clock.Offset(), keys: keys,
		mails: w.Outbox.Mails(), secrets: w.Secrets.All(),
	}
	for domain, t := range w.Tenants {
		out.contents[domain] = &t.content
	}
	return deepjson.Marshal(&out, w.known()...)
}

// ReadExport reads what Export wrote, of this world or of another one with the
// same domains, and returns what puts the world back there. That needs the lock.
func (w *World) ReadExport(raw json.RawMessage) (restore func(), err error) {
	var in exportedWorld
	if err := deepjson.Unmarshal(raw, &in, w.known()...); err != nil {
		return nil, err
	}
	if theirs := slices.Sorted(maps.Keys(in.contents)); !slices.Equal(theirs, w.domains()) {
		return nil, fmt.Errorf("the export is of %q, this stand-in plays %q", theirs, w.domains())
	}
	if err := in.settings.Validate(); err != nil {
		return nil, err
	}
	key, err := in.keys.parse()
	if err != nil {
		return nil, err
	}
	return func() {
		for domain, restored := range in.contents {
			w.Tenants[domain].restore(restored)
		}
		w.InForce = in.settings
		w.keepVersions()
		w.Clock.restore(in.offset)
		w.Outbox.restore(in.mails)
		w.Secrets.restore(in.secrets)
		w.Keys.Replace(key, in.keys.certificate)
	}, nil
}

// restore replaces the content and wakes the streams of events. It needs the lock.
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
