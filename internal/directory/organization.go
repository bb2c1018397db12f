package directory

import (
	"context"
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/seats"
)

// Organization is the shared view of one organization.
type Organization struct {
	ID     string
	tenant *Tenant

	// observing holds a token while a look is under way.
	observing chan struct{}

	mu sync.Mutex
	// seating are the Members whose seat is being written, by UID, each until the answer.
	seating map[string]chan struct{}
	key     string
	adopted bool
	windows []ownership.Window
	latest  *Observation
	record  reading[auth0.Organization]
	enabled reading[[]auth0.EnabledConnection]
	gone    map[string]time.Time
	// told is a hash of what was told last of a Member, by UID: nothing rests on one
	// that is taken for another.
	told map[string]uint64
	// accepted are those who may just have accepted an invitation of ours, by
	// PersonRef, and since when it is gone.
	accepted map[string]time.Time
	// users are the ids of those whom the latest observation shows.
	users map[string]bool
	// wanted is when news came that want a look which begins later.
	wanted time.Time
	// settles is when the lists must show the first of what was told, settlesLast all
	// of it; zero when a look has shown it.
	settles, settlesLast time.Time
	// marked is when our marker was written over what stood there.
	marked time.Time
	// pending: something is expected of people at any moment.
	pending bool
	// seated are the versions of the Members' objects with the seat that a round gave
	// them, by UID.
	seated map[string]string
	// sending are those to whom an invitation may be on its way, by PersonRef, and until
	// when. A look that begins later shows it.
	sending map[string]time.Time
	// takes are writes of ours that take somebody out.
	takes ownWrites
	// round is what the last round of seats left.
	round round
	// bare are the users whose grant let nobody in, and when it first did not.
	bare map[string]time.Time
}

// Observation is one complete look at an organization.
type Observation struct {
	// At is when the look began, by Auth0's time.
	At time.Time
	// Members as Auth0 listed them.
	Members []auth0.OrganizationMember
	// Invitations as Auth0 listed them, the newest first.
	Invitations []auth0.Invitation
	// Truncated: an invitation that was not listed may be alive, so that absence
	// proves nothing.
	Truncated bool
	// Holders are users that have a grant for the organization.
	Holders []Holder

	organizationID string
	index          *index
}

// SetKey keeps the organization's key, which stands in its metadata.
func (o *Organization) SetKey(key string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.key = key
}

// SetAdopted keeps whether the organization was adopted.
func (o *Organization) SetAdopted(adopted bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.adopted = adopted
}

// Adopted tells whether somebody else made the organization, whose people and
// invitations came with it.
func (o *Organization) Adopted() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.adopted
}

// SetWindows keeps what the guard may have been told of the contract: more than
// one window while a call that changes it is unanswered. People are looked at
// anew when that is news.
func (o *Organization) SetWindows(windows ...ownership.Window) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !slices.Equal(o.windows, windows) {
		o.windows = windows
		clear(o.told)
	}
}

// Windows are what the guard may have been told of the contract.
func (o *Organization) Windows() []ownership.Window {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.windows)
}

// Key is the organization's key, empty until it is known to stand in its metadata.
func (o *Organization) Key() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.key
}

// Latest is the last complete observation of this process, nil before the first.
func (o *Organization) Latest() *Observation {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.latest
}

// Observe returns an observation that began at notBefore or later. Reconcilers
// that ask at once share one. A list that fails returns no observation.
func (o *Organization) Observe(ctx context.Context, notBefore time.Time) (*Observation, error) {
	if err := o.takeTurn(ctx); err != nil {
		return nil, err
	}
	defer func() { <-o.observing }()
	if latest := o.Latest(); latest != nil && !latest.At.Before(notBefore) {
		return latest, nil
	}
	fresh, err := o.look(ctx)
	if err != nil {
		return nil, fmt.Errorf("observe organization: %w", err)
	}
	o.keep(fresh)
	return fresh, nil
}

// takeTurn waits until nobody else looks.
func (o *Organization) takeTurn(ctx context.Context) error {
	select {
	case o.observing <- struct{}{}:
		return nil
	default:
	}
	resume := auth0.Pause(ctx)
	defer resume()
	select {
	case o.observing <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("observe organization: %w", ctx.Err())
	}
}

// look reads invitations before members: who accepts in between is seen as a
// member, and not as neither.
func (o *Organization) look(ctx context.Context) (*Observation, error) {
	api := o.tenant.API()
	fresh := &Observation{At: api.Now(), organizationID: o.ID}
	var err error
	if fresh.Invitations, fresh.Truncated, err = api.Invitations(ctx, o.ID); err != nil {
		return nil, err
	}
	if fresh.Members, err = api.Members(ctx, o.ID); err != nil {
		return nil, err
	}
	users, truncated, err := api.UsersWithAppMetadata(ctx, ownership.GrantKey(o.ID))
	if err != nil {
		return nil, err
	}
	for _, user := range users {
		fresh.Holders = append(fresh.Holders, holderOf(user, o.ID))
	}
	if truncated {
		if err := o.readOtherHolders(ctx, fresh); err != nil {
			return nil, err
		}
	}
	fresh.Holders = slices.Clip(fresh.Holders)
	return fresh.indexed(), nil
}

// readOtherHolders reads by id the members whom the search did not reach.
func (o *Organization) readOtherHolders(ctx context.Context, fresh *Observation) error {
	found := make(map[string]bool, len(fresh.Holders))
	for _, user := range fresh.Holders {
		found[user.ID] = true
	}
	for _, member := range fresh.Members {
		if found[member.UserID] {
			continue
		}
		user, err := o.tenant.API().User(ctx, member.UserID)
		if auth0.IsNotFound(err) {
			continue
		}
		if err != nil {
			return err
		}
		fresh.Holders = append(fresh.Holders, holderOf(user, o.ID))
	}
	return nil
}

func (o *Organization) keep(fresh *Observation) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.noteAccepted(fresh)
	o.noteBare(fresh)
	o.noteShown(fresh)
	o.latest = fresh
	maps.DeleteFunc(o.sending, func(_ string, until time.Time) bool { return !fresh.At.Before(until) })
	for id := range o.gone {
		if fresh.hasInvitation(id) {
			delete(o.gone, id)
		}
	}
}

// noteAccepted remembers whose live invitation is gone from a fresh look: an
// invitation is gone as soon as it is accepted, and the lists that show the new
// member lag.
func (o *Organization) noteAccepted(fresh *Observation) {
	for person, since := range o.accepted {
		if !fresh.At.Before(since.Add(Lag)) {
			delete(o.accepted, person)
		}
	}
	if o.latest == nil {
		return
	}
	for _, invitation := range o.latest.Invitations {
		grant, ours := ownership.GrantIn(invitation.AppMetadata, o.ID)
		if ours && grant.Key == o.key && o.latest.At.Before(invitation.ExpiresAt) && !fresh.hasInvitation(invitation.ID) {
			o.accepted[grant.Person] = fresh.At
		}
	}
}

// noteBare remembers since when a grant lets nobody in, being neither a member's
// nor beside a live invitation: an invitation is gone as soon as it is accepted,
// and the lists that show the new member lag.
func (o *Organization) noteBare(fresh *Observation) {
	letIn := map[string]bool{}
	for _, member := range fresh.Members {
		letIn[member.UserID] = true
	}
	for _, invitation := range fresh.Invitations {
		if grant, ours := ownership.GrantIn(invitation.AppMetadata, o.ID); ours && fresh.At.Before(invitation.ExpiresAt) {
			letIn[grant.Person] = true
		}
	}
	was := o.bare
	o.bare = map[string]time.Time{}
	for _, user := range fresh.Holders {
		if user.Grant.Person == "" || letIn[user.ID] || letIn[user.Grant.Person] {
			continue
		}
		since, known := was[user.ID]
		if !known {
			since = fresh.At
		}
		o.bare[user.ID] = since
	}
}

// Sent adds an invitation that was just sent to the latest observation: it may
// be accepted before the next one.
func (o *Organization) Sent(invitation auth0.Invitation) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.latest == nil || o.latest.hasInvitation(invitation.ID) {
		return
	}
	added := *o.latest
	added.Invitations = slices.Concat([]auth0.Invitation{invitation}, o.latest.Invitations)
	o.latest = &added
}

func (ob *Observation) hasInvitation(id string) bool {
	for _, invitation := range ob.Invitations {
		if invitation.ID == id {
			return true
		}
	}
	return false
}

// GoneSince tells since when an invitation is gone, as far as this process
// has seen: the beginning of the first observation without it. It is asked for
// each look, and remembers.
func (o *Organization) GoneSince(invitationID string) time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.latest == nil || o.latest.hasInvitation(invitationID) {
		return time.Time{}
	}
	if since, ok := o.gone[invitationID]; ok {
		return since
	}
	o.gone[invitationID] = o.latest.At
	return o.latest.At
}

var tellSeed = maphash.MakeSeed()

// Tell remembers what was last told about a person, and says whether this is news.
func (o *Organization) Tell(person, what string) (news bool) {
	hash := maphash.String(tellSeed, what)
	o.mu.Lock()
	defer o.mu.Unlock()
	if was, told := o.told[person]; told && was == hash {
		return false
	}
	o.told[person] = hash
	return true
}

// Granted is a holder's grant; ok is false for one of another key.
func (o *Organization) Granted(holder Holder) (grant ownership.Grant, ok bool) {
	return holder.Grant, holder.Grant.Person != "" && holder.Grant.Key == o.Key()
}

// Grant is a person's grant in the organization; ok is false when the user has
// none with the organization's key.
func (o *Organization) Grant(user auth0.User) (grant ownership.Grant, ok bool) {
	grant, ok = ownership.GrantIn(user.AppMetadata, o.ID)
	return grant, ok && grant.Key == o.Key()
}

// Holdings says what each person holds here, by PersonRef, at an instant:
// live invitations of ours, memberships, and grants that can let somebody in,
// which are those of members; all grants where an invitation that is not listed may
// be alive. Who may just have accepted holds what the invitation or the grant gave
// until the lists must show it.
func (o *Organization) Holdings(ob *Observation, now time.Time) map[string]seats.Holding {
	holdings, _ := o.holdings(ob, now)
	return holdings
}

// Unsettled tells whether somebody counts as holding a seat only because Auth0's
// lists may lag: a look that begins a lag later settles it.
func (o *Organization) Unsettled(ob *Observation, now time.Time) bool {
	_, unsettled := o.holdings(ob, now)
	return unsettled
}

func (o *Organization) holdings(ob *Observation, now time.Time) (holdings map[string]seats.Holding, unsettled bool) {
	holdings = map[string]seats.Holding{}
	for _, member := range ob.Members {
		if member.Email != "" {
			holdings[ownership.PersonRef(member.Email)] = seats.HoldsMembership
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	doubtful := map[string]bool{}
	for person, since := range o.accepted {
		doubtful[person] = ob.At.Before(since.Add(Lag))
	}
	for _, user := range ob.Holders {
		grant := user.Grant
		since, bare := o.bare[user.ID]
		switch {
		case grant.Person == "" || grant.Key != o.key:
		case !bare || ob.Truncated:
			holdings[grant.Person] = seats.HoldsGrant
		case ob.At.Before(since.Add(Lag)):
			doubtful[grant.Person] = true
		}
	}
	for _, invitation := range ob.Invitations {
		grant, ok := ownership.GrantIn(invitation.AppMetadata, o.ID)
		if ok && grant.Key == o.key && now.Before(invitation.ExpiresAt) {
			holdings[grant.Person] = seats.HoldsGrant
		}
	}
	for person, doubt := range doubtful {
		if doubt && holdings[person] != seats.HoldsGrant {
			holdings[person], unsettled = seats.HoldsGrant, true
		}
	}
	return holdings, unsettled
}

// Ours tells whether an invitation is one of ours, and for whom.
func (o *Organization) Ours(invitation auth0.Invitation) (grant ownership.Grant, ok bool) {
	grant, ok = ownership.GrantIn(invitation.AppMetadata, o.ID)
	return grant, ok && grant.Key == o.Key()
}

// Forget drops a removed person and the deleted invitations from the latest
// observation, so that the seat does not look held until the next one.
func (o *Organization) Forget(person string, invitationIDs []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.accepted, person)
	if o.latest == nil {
		return
	}
	pruned := *o.latest
	pruned.Members = slices.DeleteFunc(slices.Clone(pruned.Members), func(m auth0.OrganizationMember) bool {
		return m.Email != "" && ownership.PersonRef(m.Email) == person
	})
	pruned.Holders = slices.DeleteFunc(slices.Clone(pruned.Holders), func(h Holder) bool { return h.Grant.Person == person })
	pruned.Invitations = slices.DeleteFunc(slices.Clone(pruned.Invitations), func(i auth0.Invitation) bool {
		return slices.Contains(invitationIDs, i.ID) || ownership.PersonRef(i.Email) == person
	})
	o.latest = pruned.indexed()
}
