package directory

import (
	"time"

	"github.com/seatwarden/seatwarden/internal/auth0"
)

// clockError is how far Auth0's time, as we know it, may be from that in its news.
const clockError = 3 * time.Second

// resyncOrganizations is how many organizations of a tenant with a feed are looked
// at in turn within one resync interval. Of more, each has its turn less often.
const resyncOrganizations = 80

// FeedState is how a tenant's feed does.
type FeedState struct {
	// Name of the feed that is followed, empty for none.
	Name string
	// Since when it is.
	Since time.Time
	// LastNewsAt is when it last told a change.
	LastNewsAt time.Time
	// Troubles are why each feed that would be better is not followed, by its name.
	Troubles map[string]auth0.FeedTrouble
}

// SetScopes keeps the scopes that Auth0 granted.
func (t *Tenant) SetScopes(scopes []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.scopes = scopes
}

// Scopes are those that Auth0 granted.
func (t *Tenant) Scopes() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.scopes
}

// SetFeed keeps how the tenant's feed does.
func (t *Tenant) SetFeed(state FeedState) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.feed = &state
}

// Feed is how the tenant's feed does; ok is false until that is known.
func (t *Tenant) Feed() (state FeedState, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.feed == nil {
		return FeedState{}, false
	}
	return *t.feed, true
}

// Resync is how often each organization is looked at although a feed that works
// tells nothing of it; ok is false without one. interval is that of a small tenant.
func (t *Tenant) Resync(interval time.Duration) (_ time.Duration, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.feed == nil || t.feed.Name == "" {
		return 0, false
	}
	turns := max(1, (len(t.organizations)+resyncOrganizations-1)/resyncOrganizations)
	return interval * time.Duration(turns), true
}

// SetPending notes whether something is expected of people in the organization at
// any moment.
func (o *Organization) SetPending(pending bool) {
	o.mu.Lock()
	was := o.pending
	o.pending = pending
	o.mu.Unlock()
	if pending && !was {
		select {
		case o.tenant.expects <- struct{}{}:
		default:
		}
	}
}

// Expects tells when something begins to be expected in one of the organizations.
func (t *Tenant) Expects() <-chan struct{} { return t.expects }

// Pending are the organizations in which something is expected.
func (t *Tenant) Pending() (ids []string) {
	for _, org := range t.known() {
		org.mu.Lock()
		if org.pending {
			ids = append(ids, org.ID)
		}
		org.mu.Unlock()
	}
	return ids
}

func (t *Tenant) known() []*Organization {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make([]*Organization, 0, len(t.organizations))
	for _, org := range t.organizations {
		out = append(out, org)
	}
	return out
}

// Changed marks what news make old, and returns the ids of the organizations that
// are to be looked at. It may be told the same twice, late, and in any order.
func (t *Tenant) Changed(news auth0.News) (ids []string) {
	now := t.Now()
	for _, org := range t.known() {
		concerned := false
		if news.Gap {
			concerned = org.missed(now)
		}
		for _, change := range news.Changes {
			concerned = org.changed(change, now) || concerned
		}
		if concerned {
			ids = append(ids, org.ID)
		}
	}
	return ids
}

// missed: something may have happened that nobody told.
func (o *Organization) missed(now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.record.missed(now)
	o.enabled.missed(now)
	o.wanted = now
	return true
}

func (o *Organization) changed(change auth0.Change, now time.Time) bool {
	at := change.At
	if at.IsZero() || at.After(now) {
		at = now
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case change.Organization == "" && change.Kind == auth0.ChangeUser && change.User != "":
		return o.users[change.User] && o.peopleChanged(at, now, false)
	case change.Organization == "":
		// It does not say where: perhaps where something is expected.
		return o.pending && o.peopleChanged(at, now, true)
	case change.Organization != o.ID:
		return false
	}
	switch change.Kind {
	case auth0.ChangeOrganization:
		return !o.record.ours.tells(change, at) && o.record.changed(at, now)
	case auth0.ChangeConnections:
		return !o.enabled.ours.tells(change, at) && o.enabled.changed(at, now)
	case auth0.ChangeUser:
		return o.peopleChanged(at, now, false)
	case auth0.ChangeMembers:
		return o.peopleChanged(at, now, !o.takes.tells(change, at))
	}
	return o.peopleChanged(at, now, true)
}

// peopleChanged has the people looked at once the lists must show what happened at
// an instant, and at once besides if that may let somebody in.
func (o *Organization) peopleChanged(at, now time.Time, soon bool) bool {
	shown := at.Add(clockError + Lag)
	if o.latest != nil && !o.latest.At.Before(shown) {
		return false // that look shows it
	}
	if soon && now.After(o.wanted) {
		o.wanted = now
	}
	if o.settles.IsZero() {
		o.settles = shown
	}
	if shown.After(o.settlesLast) {
		o.settlesLast = shown
	}
	return true
}

// LookDue tells whether news want a look that begins now, and else when: zero for
// never.
func (o *Organization) LookDue(now time.Time) (due bool, next time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.latest == nil:
		return true, time.Time{}
	case o.latest.At.Before(o.wanted):
		return true, time.Time{}
	case o.settles.IsZero():
		return false, time.Time{}
	}
	return !now.Before(o.settles), o.settles
}

// noteShown strikes the news that a fresh look shows, and keeps who is in it.
func (o *Organization) noteShown(fresh *Observation) {
	if !o.settles.IsZero() && !fresh.At.Before(o.settles) {
		o.settles = o.settlesLast
		if !fresh.At.Before(o.settles) {
			o.settles, o.settlesLast = time.Time{}, time.Time{}
		}
	}
	o.users = make(map[string]bool, len(fresh.Members)+len(fresh.Holders))
	for _, member := range fresh.Members {
		o.users[member.UserID] = true
	}
	for _, user := range fresh.Holders {
		o.users[user.ID] = true
	}
}
