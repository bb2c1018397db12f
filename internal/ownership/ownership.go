// Package ownership decides, without effects, what the marks that Seatwarden
// leaves in Auth0 say: whose an organization is, who holds a grant, and whether
// the guard looks after it.
package ownership

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"strings"
	"time"
)

// Keys in an organization's metadata. Foreign keys beside them are kept.
const (
	// MetadataOwner is "<instance>/<namespace>/<name>", or "released:" and that.
	MetadataOwner = "seatwarden_owner"
	// MetadataKey is what the first part of a grant must equal.
	MetadataKey = "seatwarden_key"
	// MetadataAccess is "<state>,<start>,<end>"; any state but released puts
	// the organization under the guard.
	MetadataAccess = "seatwarden_access"
	// MetadataSeats is the contract's seats, for people who look.
	MetadataSeats = "seatwarden_seats"
	// MetadataAdopted is when the organization was adopted, in RFC 3339. One that
	// has it was not made by us and is never deleted.
	MetadataAdopted = "seatwarden_adopted"
)

// MaxMetadata is how many keys an organization's metadata may have, by Auth0's
// description of its API.
const MaxMetadata = 25

const releasedPrefix = "released:"

// Owner is who an organization belongs to.
type Owner struct {
	Instance  string
	Namespace string
	Name      string
}

// String is the owner as it stands in the metadata; at most 165 characters.
func (o Owner) String() string { return o.Instance + "/" + o.Namespace + "/" + o.Name }

// Claim is what the marker says to one would-be owner.
type Claim string

const (
	// Unmarked: nobody has marked the organization. It is foreign.
	Unmarked Claim = "Unmarked"
	// Ours: the marker names this owner.
	Ours Claim = "Ours"
	// ReleasedByUs: this owner let go of it and may take it up again.
	ReleasedByUs Claim = "ReleasedByUs"
	// ReleasedByAnother: another owner has let go of it. It is nobody's now.
	ReleasedByAnother Claim = "ReleasedByAnother"
	// Foreign: the marker names another owner, who has not let go, or nobody can
	// read it.
	Foreign Claim = "Foreign"
)

// Judge tells what an organization's metadata says to owner.
func Judge(metadata map[string]string, owner Owner) Claim {
	marker := metadata[MetadataOwner]
	switch marker {
	case "":
		return Unmarked
	case owner.String():
		return Ours
	case releasedPrefix + owner.String():
		return ReleasedByUs
	}
	if strings.HasPrefix(marker, releasedPrefix) {
		return ReleasedByAnother
	}
	return Foreign
}

// Another tells whether the marker is somebody else's, in force or released.
func (c Claim) Another() bool { return c == Foreign || c == ReleasedByAnother }

// TakeUpFacts are what taking up an organization that is not ours depends on.
type TakeUpFacts struct {
	Claim Claim
	// Marker that stands in the metadata.
	Marker string
	// TakeOver is the marker that the owner-to-be quotes, empty for none.
	TakeOver string
	// Adoption: the owner-to-be wants to adopt what is nobody's.
	Adoption bool
	// Listed: the tenant's admins let it.
	Listed bool
}

// TakeUp is what to do about an organization that exists.
type TakeUp string

const (
	// TakeUpNothing: it is ours; nothing has to be taken up.
	TakeUpNothing TakeUp = "Nothing"
	// TakeUpAdopt: mark it as ours and as adopted.
	TakeUpAdopt TakeUp = "Adopt"
	// TakeUpTakeOver: write our marker over the other one.
	TakeUpTakeOver TakeUp = "TakeOver"
	// TakeUpNotListed: the tenant's admins have not said that it may be adopted.
	TakeUpNotListed TakeUp = "NotListed"
	// TakeUpConflict: leave it alone.
	TakeUpConflict TakeUp = "Conflict"
)

// Decide says whether an organization is ours, or may become it. Another's is
// taken over only by who quotes its marker exactly; what is nobody's is adopted
// only if both sides say so.
func (f TakeUpFacts) Decide() TakeUp {
	switch {
	case f.Claim == Ours || f.Claim == ReleasedByUs:
		return TakeUpNothing
	case f.Claim.Another() && f.TakeOver == f.Marker:
		return TakeUpTakeOver
	case f.Claim == Foreign || !f.Adoption:
		return TakeUpConflict
	case !f.Listed:
		return TakeUpNotListed
	}
	return TakeUpAdopt
}

// Adopted tells whether the organization was adopted.
func Adopted(metadata map[string]string) bool { return metadata[MetadataAdopted] != "" }

// Marker is the raw marker, for messages.
func Marker(metadata map[string]string) string { return metadata[MetadataOwner] }

// Released is the metadata after the owner has let go: the guard is told left,
// the key stays with the grants, foreign keys stay.
func Released(metadata map[string]string, owner Owner, left Window) map[string]string {
	out := clone(metadata)
	out[MetadataOwner] = releasedPrefix + owner.String()
	if _, told := out[MetadataAccess]; told || left.State != AccessReleased {
		out[MetadataAccess] = left.String()
	}
	return out
}

// MarkAdopted is the metadata of an adopted organization. An instant that stands
// stays.
func MarkAdopted(metadata map[string]string, at time.Time) map[string]string {
	out := clone(metadata)
	if out[MetadataAdopted] == "" {
		out[MetadataAdopted] = instant(at)
	}
	return out
}

// Desired is what the owner wants of an organization's metadata.
type Desired struct {
	Owner Owner
	// Key is used only where the metadata has none: a key that stands wins.
	Key string
	// Seats is the contract's seats, as text.
	Seats string
	// Access is what the guard is told; nil where there is no guard.
	Access *Window
	// AdoptedAt is when the organization is adopted, zero when it is not.
	AdoptedAt time.Time
}

// LostFacts are what tells which marks must stand in an organization's metadata.
type LostFacts struct {
	// Synced: all marks stood there once.
	Synced bool
	// Guarded: the organization was put under the guard, and is to stay there.
	Guarded bool
}

// Lost are the marks that must stand in the metadata and do not: somebody took them away.
func Lost(metadata map[string]string, f LostFacts) (keys []string) {
	for _, key := range []string{MetadataOwner, MetadataKey, MetadataSeats} {
		if f.Synced && metadata[key] == "" {
			keys = append(keys, key)
		}
	}
	if f.Guarded && !Guarded(metadata) {
		keys = append(keys, MetadataAccess)
	}
	return keys
}

// Changed are the marks that stand in the metadata with another value than what is
// wanted, and stood so: somebody changed them.
func Changed(metadata map[string]string, want Desired, f LostFacts) (keys []string) {
	if seats := metadata[MetadataSeats]; f.Synced && seats != "" && seats != want.Seats {
		keys = append(keys, MetadataSeats)
	}
	if f.Guarded && f.Synced && want.Access != nil && Guarded(metadata) && metadata[MetadataAccess] != want.Access.String() {
		keys = append(keys, MetadataAccess)
	}
	return keys
}

// Guarded tells whether the metadata puts the organization under the guard.
func Guarded(metadata map[string]string) bool {
	access, ok := metadata[MetadataAccess]
	return ok && !strings.HasPrefix(access, string(AccessReleased)+",")
}

// Apply is the metadata as it should be, and whether that differs from what is.
func Apply(metadata map[string]string, want Desired) (map[string]string, bool) {
	out := clone(metadata)
	out[MetadataOwner] = want.Owner.String()
	if out[MetadataKey] == "" {
		out[MetadataKey] = want.Key
	}
	out[MetadataSeats] = want.Seats
	if want.Access != nil {
		out[MetadataAccess] = want.Access.String()
	} else {
		delete(out, MetadataAccess)
	}
	if !want.AdoptedAt.IsZero() {
		out = MarkAdopted(out, want.AdoptedAt)
	}
	return out, !maps.Equal(metadata, out)
}

// clone never returns nil, as maps.Clone may: what it returns is written to.
func clone(in map[string]string) map[string]string {
	out := make(map[string]string, len(in)+4)
	maps.Copy(out, in)
	return out
}

// AccessState is the first field of MetadataAccess.
type AccessState string

const (
	// AccessOpen lets seat holders in.
	AccessOpen AccessState = "open"
	// AccessSuspended lets nobody in.
	AccessSuspended AccessState = "suspended"
	// AccessReleased lets everybody in: the organization is no longer looked
	// after, or not yet, and a guard that refuses organizations it does not know
	// must not refuse this one.
	AccessReleased AccessState = "released"
)

// Window is the contract's state and time, half open.
type Window struct {
	State AccessState
	// Start and End are zero where the window is unbounded.
	Start, End time.Time
}

// String is the window as the guard reads it.
func (w Window) String() string {
	return string(w.State) + "," + instant(w.Start) + "," + instant(w.End)
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// WindowIn is what an organization's metadata tell the guard: nothing, which lets
// people in, or a window. What the guard cannot read lets nobody in.
func WindowIn(metadata map[string]string) Window {
	access, told := metadata[MetadataAccess]
	if !told {
		return Window{}
	}
	parts := strings.Split(access, ",")
	if len(parts) != 3 {
		return Window{State: AccessSuspended}
	}
	start, startErr := readInstant(parts[1])
	end, endErr := readInstant(parts[2])
	state := AccessState(parts[0])
	if startErr != nil || endErr != nil || state != AccessOpen && state != AccessReleased {
		return Window{State: AccessSuspended}
	}
	return Window{State: state, Start: start, End: end}
}

func readInstant(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.RFC3339, text)
}

// Phase is where an instant lies in a window.
type Phase string

const (
	// PhaseActive: people may sign in.
	PhaseActive Phase = "Active"
	// PhaseNotStarted: the start lies ahead.
	PhaseNotStarted Phase = "NotStarted"
	// PhaseEnded: the end has passed.
	PhaseEnded Phase = "Ended"
	// PhaseSuspended: access is suspended.
	PhaseSuspended Phase = "Suspended"
)

// At tells where now lies, and when that changes next; zero for never. The guard
// judges so.
func (w Window) At(now time.Time) (Phase, time.Time) {
	switch {
	case w.State == AccessReleased:
		return PhaseActive, time.Time{}
	case w.State == AccessSuspended:
		return PhaseSuspended, time.Time{}
	case !w.Start.IsZero() && now.Before(w.Start):
		return PhaseNotStarted, w.Start
	case !w.End.IsZero() && !now.Before(w.End):
		return PhaseEnded, time.Time{}
	}
	return PhaseActive, w.End
}

// openLate is how long after its start a window is open for certain, by a clock
// that is right to about a second and a half.
const openLate = 2 * time.Second

// AtAbout is At by a clock that is not Auth0's own: a window opens a little late,
// since the guard refuses whoever comes too early.
func (w Window) AtAbout(now time.Time) (Phase, time.Time) {
	if !w.Start.IsZero() {
		w.Start = w.Start.Add(openLate)
	}
	return w.At(now)
}

// Left is what the guard is told of an organization under a contract whose owner
// lets go: to let everybody pass, or, where a guarded contract keeps people out
// now, to let nobody in from then on.
func (w Window) Left(guarded bool, now time.Time) Window {
	phase, _ := w.At(now)
	switch {
	case !guarded || phase == PhaseActive:
		return Window{State: AccessReleased}
	case phase == PhaseNotStarted:
		// It would open by itself.
		return Window{State: AccessSuspended}
	}
	return w
}

// OrganizationKey derives an organization's key from the instance's random key and
// what names the organization: its id, or tenant and name before it has one. Two
// operators of one instance write the same one.
func OrganizationKey(instanceKey []byte, organization string) string {
	mac := hmac.New(sha256.New, instanceKey)
	mac.Write([]byte("seatwarden organization key\x00" + organization))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// KeyOf is the key of an organization whose metadata has none any more: the one that
// most grants have, or the derived one where that is as good.
func KeyOf(grants []Grant, derived string) string {
	count, key := map[string]int{}, derived
	for _, grant := range grants {
		count[grant.Key]++
	}
	for _, grant := range grants {
		if count[grant.Key] > count[key] {
			key = grant.Key
		}
	}
	return key
}

// GrantKey is the first-level key of a grant in app_metadata: one an
// organization, because Auth0 merges app_metadata at the first level only.
func GrantKey(organizationID string) string { return "seatwarden_" + organizationID }

// Grant is what the guard asks for.
type Grant struct {
	// Key equals the organization's key.
	Key string
	// Person is PersonRef of the e-mail that the seat was given to.
	Person string
	// Attempt is the id of the attempt that gave it.
	Attempt string
}

// String is the grant as it stands in app_metadata.
func (g Grant) String() string { return g.Key + "." + g.Person + "." + g.Attempt }

// ParseGrant reads a grant; ok is false for anything else.
func ParseGrant(value string) (Grant, bool) {
	parts := strings.Split(value, ".")
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" {
		return Grant{}, false
	}
	return Grant{Key: parts[0], Person: parts[1], Attempt: parts[2]}, true
}

// GrantIn reads the grant for an organization from app_metadata.
func GrantIn(appMetadata map[string]string, organizationID string) (Grant, bool) {
	return ParseGrant(appMetadata[GrantKey(organizationID)])
}

// PersonRef stands for an e-mail address in a grant: 16 hex digits of its hash,
// equal for spellings that differ only in case.
func PersonRef(email string) string {
	sum := sha256.Sum256([]byte(FoldEmail(email)))
	return hex.EncodeToString(sum[:8])
}

// FoldEmail lower-cases ASCII letters only, as CEL's lowerAscii does.
func FoldEmail(email string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, email)
}

// InDomains tells whether an address lies inside one of the patterns: acme.com
// exactly, or *.acme.com for all below it.
func InDomains(email string, patterns []string) bool {
	at := strings.LastIndexByte(email, '@')
	if at < 0 {
		return false
	}
	domain := FoldEmail(email[at+1:])
	for _, pattern := range patterns {
		pattern = FoldEmail(pattern)
		if below, ok := strings.CutPrefix(pattern, "*"); ok {
			if strings.HasSuffix(domain, below) {
				return true
			}
		} else if domain == pattern {
			return true
		}
	}
	return false
}
