package directory

import (
	"crypto/sha256"
	"slices"
	"strings"
	"time"

	"github.com/seatwarden/seatwarden/internal/auth0"
)

// reading is what was read last of something, and when the reading began, by
// Auth0's time; zero for what is to be read.
type reading[T any] struct {
	value T
	at    time.Time
	// wrote is when our last write of it was answered: a reading that began before
	// may not show it.
	wrote time.Time
	// told is when a change was told that is to be read: a reading that began before
	// may not show it.
	told time.Time
	// old: a change may not have been told. It is to be read anew, and nobody waits.
	old bool
	// oldSince is when that was known: a reading that began before does not help.
	oldSince time.Time
	// ours are the latest writes of ours of which no feed has told yet.
	ours ownWrites
}

func (r *reading[T]) keep(value T, began time.Time) {
	if !began.Before(r.wrote) && !began.Before(r.at) && !began.Before(r.told) {
		r.value, r.at, r.old = value, began, r.old && began.Before(r.oldSince)
	}
}

// missed: something may have changed that nobody told.
func (r *reading[T]) missed(now time.Time) { r.old, r.oldSince = true, now }

// changed has it read anew unless it was read since something changed at an instant.
func (r *reading[T]) changed(at, now time.Time) bool {
	if !r.at.Before(at.Add(clockError)) {
		return false
	}
	r.told = now
	r.distrust()
	return true
}

// written keeps what a write of ours left, which began at an instant: what others
// changed since may not be in it.
func (r *reading[T]) written(value T, began, answered time.Time) {
	r.value, r.at, r.wrote = value, began, answered
	r.ours.answered(answered)
	if began.Before(r.told) {
		r.distrust()
	}
}

// distrust has it read anew, and believes of no change any more that it is ours.
func (r *reading[T]) distrust() { r.at, r.ours = time.Time{}, nil }

// Record is the organization's name and metadata as they were read last, and when
// that began; zero when they are to be read. old: something may have changed since
// that nobody told. It is a hint: who writes reads first.
func (o *Organization) Record() (record auth0.Organization, at time.Time, old bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.record.value, o.record.at, o.record.old
}

// KeepRecord keeps a reading that began at an instant, unless a write of ours was
// answered since.
func (o *Organization) KeepRecord(record auth0.Organization, began time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.record.keep(record, began)
}

// WritesRecord notes that a write of ours begins.
func (o *Organization) WritesRecord() {
	now := o.tenant.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.record.ours.begins(now)
}

// NotWritten notes that the latest write of ours that began did nothing: no feed tells
// of it.
func (o *Organization) NotWritten() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.record.ours.strike()
	o.enabled.ours.strike()
}

// WroteRecord keeps what Auth0 answered to a write of ours that began at an instant.
func (o *Organization) WroteRecord(record auth0.Organization, began time.Time) {
	now := o.tenant.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.record.written(record, began, now)
}

// Connections are the enabled connections as they were read last, and when that
// began; zero when they are to be read. old: as of the record.
func (o *Organization) Connections() (enabled []auth0.EnabledConnection, at time.Time, old bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.enabled.value, o.enabled.at, o.enabled.old
}

// KeepConnections keeps a reading that began at an instant, unless a write of ours
// was answered since.
func (o *Organization) KeepConnections(enabled []auth0.EnabledConnection, began time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.enabled.keep(enabled, began)
}

// WritesConnection notes that a write of ours begins.
func (o *Organization) WritesConnection() {
	now := o.tenant.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.enabled.ours.begins(now)
}

// WritesMembers notes that writes of ours begin which take memberships or roles: what a
// feed tells of them wants no look before the lists show it.
func (o *Organization) WritesMembers(count int) {
	now := o.tenant.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	for range count {
		o.takes.begins(now)
	}
}

// WroteConnection keeps that a write of ours enabled a connection as it is, or took
// it away, which is none.
func (o *Organization) WroteConnection(id string, is ...auth0.EnabledConnection) {
	now := o.tenant.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	others := slices.DeleteFunc(slices.Clone(o.enabled.value), func(c auth0.EnabledConnection) bool { return c.ConnectionID == id })
	o.enabled.written(append(others, is...), o.enabled.at, now)
}

// Distrust has record and connections read anew by whoever needs them next: a call
// that rested on them failed, or somebody asks for it.
func (o *Organization) Distrust() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.record.distrust()
	o.enabled.distrust()
}

// NoteMade notes that a call of ours which began at an instant made the organization:
// it had nobody and no connections.
func (o *Organization) NoteMade(made auth0.Organization, began time.Time) {
	o.WritesRecord()
	o.WroteRecord(made, began)
	o.KeepConnections(nil, began)
	o.keep((&Observation{At: began, organizationID: o.ID}).indexed())
}

// round is the version of a Customer as a round of seats left it, and who had a seat.
type round struct {
	version string
	seated  [sha256.Size]byte
}

func roundOf(version string, seated []string) round {
	uids := slices.Sorted(slices.Values(seated))
	return round{version: version, seated: sha256.Sum256([]byte(strings.Join(uids, "\n")))}
}

// NoteRound notes the version of the Customer at which a round of seats ended, and the
// UIDs of the Members with a seat. All that others were given was looked at.
func (o *Organization) NoteRound(version string, seated []string) {
	left := roundOf(version, seated)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.round = left
}

// RoundStands tells whether nobody was given a seat since the last round, nor lost
// one: the Customer is as the round left it, and the same Members have a seat.
func (o *Organization) RoundStands(version string, seated []string) bool {
	now := roundOf(version, seated)
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.latest != nil && version != "" && o.round == now
}

// ForgetRound drops what the last round left.
func (o *Organization) ForgetRound() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.round = round{}
}

// Seat has a round write a Member's seat, and notes the version of the object with it
// before anybody who sees the seat asks: of that Member nobody is told anything until
// the write is answered, which may take long.
func (o *Organization) Seat(uid string, write func() (version string, err error)) error {
	answered := make(chan struct{})
	o.mu.Lock()
	o.seating[uid] = answered
	o.mu.Unlock()
	version, err := write()
	o.mu.Lock()
	defer o.mu.Unlock()
	if err == nil {
		o.seated[uid] = version
	}
	if o.seating[uid] == answered {
		delete(o.seating, uid)
	}
	close(answered)
	return err
}

// NoteSeated notes the version of a Member's object with the seat that a round gave
// it: what the round looked at is all that Auth0 has of that Member as it stands.
func (o *Organization) NoteSeated(uid, version string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.seated[uid] = version
}

// Seated tells whether a Member's object is still at that version, and the last look
// shows whatever was sent to the person. An object that comes from a cache may be
// older, and comes again.
func (o *Organization) Seated(uid, version, person string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for answered := o.seating[uid]; answered != nil; answered = o.seating[uid] {
		o.mu.Unlock()
		<-answered
		o.mu.Lock()
	}
	noted, ok := o.seated[uid]
	_, sending := o.sending[person]
	return ok && noted == version && !sending
}

// Sending notes until when a call that invites a person, by PersonRef, may land: a
// look that began before does not show it.
func (o *Organization) Sending(person string, until time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sending[person] = until
}

// NotSending notes that the call was answered: nothing lands after it. sent: it did.
func (o *Organization) NotSending(person string, sent bool) {
	now := o.tenant.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.sending, person)
	if sent {
		o.sending[person] = now
	}
}

// ForgetSeated drops what was noted of a Member of whom more is known by now.
func (o *Organization) ForgetSeated(uid string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.seated, uid)
}

// NoteMarked notes that our marker was written over what stood there.
func (o *Organization) NoteMarked() {
	now := o.tenant.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.marked = now
}

// MarkedAt is when that was, zero for not by this process.
func (o *Organization) MarkedAt() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.marked
}
