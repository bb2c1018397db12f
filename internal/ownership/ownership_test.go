package ownership

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

var acme = Owner{Instance: "i1", Namespace: "sales", Name: "acme"}

func TestJudge(t *testing.T) {
	for name, tc := range map[string]struct {
		marker string
		want   Claim
	}{
		"nobody's":                 {"", Unmarked},
		"ours":                     {"i1/sales/acme", Ours},
		"ours, let go":             {"released:i1/sales/acme", ReleasedByUs},
		"another instance's":       {"i2/sales/acme", Foreign},
		"another namespace's":      {"i1/other/acme", Foreign},
		"another's, let go":        {"released:i2/sales/acme", ReleasedByAnother},
		"let go by nobody":         {"released:", ReleasedByAnother},
		"a prefix of ours":         {"i1/sales/acm", Foreign},
		"a marker nobody can read": {"???", Foreign},
	} {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect(Judge(map[string]string{MetadataOwner: tc.marker, "crm": "7"}, acme)).To(Equal(tc.want))
		})
	}
}

func TestHandsOffForeignMetadataIsKept(t *testing.T) {
	g := NewWithT(t)
	before := map[string]string{"crm_id": "42", MetadataKey: "standing"}
	want := Desired{Owner: acme, Key: "derived", Seats: "3", Access: &Window{State: AccessOpen}}

	after, changed := Apply(before, want)
	g.Expect(changed).To(BeTrue())
	g.Expect(after).To(Equal(map[string]string{
		"crm_id": "42", MetadataOwner: "i1/sales/acme", MetadataKey: "standing", MetadataSeats: "3", MetadataAccess: "open,,",
	}), "a key that stands wins, and what is foreign stays")
	g.Expect(before).To(HaveLen(2), "the input is not changed")

	_, changed = Apply(after, want)
	g.Expect(changed).To(BeFalse())

	g.Expect(Guarded(after)).To(BeTrue())
	g.Expect(Guarded(before)).To(BeFalse())

	released := Released(after, acme, Window{State: AccessReleased})
	g.Expect(Guarded(released)).To(BeFalse())
	g.Expect(released).To(Equal(map[string]string{
		"crm_id": "42", MetadataOwner: "released:i1/sales/acme", MetadataKey: "standing", MetadataSeats: "3", MetadataAccess: "released,,",
	}))
	g.Expect(Judge(released, acme)).To(Equal(ReleasedByUs))
	g.Expect(Released(map[string]string{MetadataOwner: "i1/sales/acme"}, acme, Window{State: AccessReleased})).NotTo(HaveKey(MetadataAccess),
		"what was not under the guard is not put under it")
}

func TestWindow(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	end := start.AddDate(1, 0, 0)
	bounded := Window{State: AccessOpen, Start: start, End: end}
	for name, tc := range map[string]struct {
		window Window
		now    time.Time
		phase  Phase
		next   time.Time
	}{
		"unbounded":            {Window{State: AccessOpen}, start, PhaseActive, time.Time{}},
		"a moment before":      {bounded, start.Add(-time.Nanosecond), PhaseNotStarted, start},
		"the first instant":    {bounded, start, PhaseActive, end},
		"the last nanosecond":  {bounded, end.Add(-time.Nanosecond), PhaseActive, end},
		"the end is outside":   {bounded, end, PhaseEnded, time.Time{}},
		"suspended in the way": {Window{State: AccessSuspended, Start: start, End: end}, start, PhaseSuspended, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			phase, next := tc.window.At(tc.now)
			g.Expect(phase).To(Equal(tc.phase))
			g.Expect(next).To(Equal(tc.next))
		})
	}
	phase, next := bounded.AtAbout(start.Add(openLate - time.Nanosecond))
	NewWithT(t).Expect(phase).To(Equal(PhaseNotStarted))
	NewWithT(t).Expect(next).To(Equal(start.Add(openLate)))
	phase, _ = bounded.AtAbout(start.Add(openLate))
	NewWithT(t).Expect(phase).To(Equal(PhaseActive))
	NewWithT(t).Expect(bounded.String()).To(Equal("open,2026-01-01T00:00:00Z,2027-01-01T00:00:00Z"))
}

// TestAccessWindowIn: what is read is what was written, and what the guard would
// not read lets nobody in.
func TestAccessWindowIn(t *testing.T) {
	g := NewWithT(t)
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, window := range []Window{
		{State: AccessOpen}, {State: AccessReleased}, {State: AccessSuspended},
		{State: AccessOpen, Start: start}, {State: AccessOpen, End: start}, {State: AccessOpen, Start: start, End: start.AddDate(1, 0, 0)},
	} {
		g.Expect(WindowIn(map[string]string{MetadataAccess: window.String()})).To(Equal(window))
	}
	for _, bad := range []string{"", "open", "open,", "open,,,", "closed,,", "open,soon,", "open,,late"} {
		phase, _ := WindowIn(map[string]string{MetadataAccess: bad}).At(start)
		g.Expect(phase).To(Equal(PhaseSuspended), bad)
	}
	phase, _ := WindowIn(nil).At(start)
	g.Expect(phase).To(Equal(PhaseActive), "where nothing stands, the guard lets people in")
}

func TestGrant(t *testing.T) {
	g := NewWithT(t)
	grant := Grant{Key: "k", Person: PersonRef("Jane@Acme.com"), Attempt: "a1"}
	read, ok := GrantIn(map[string]string{"seatwarden_org_1": grant.String()}, "org_1")
	g.Expect(ok).To(BeTrue())
	g.Expect(read).To(Equal(grant))
	g.Expect(PersonRef("jane@acme.com")).To(Equal(grant.Person), "spellings that differ in case are one person")
	for _, bad := range []string{"", "k", "k.p", ".p.a", "k..a", "k.p.a.b"} {
		_, ok := ParseGrant(bad)
		g.Expect(ok).To(BeFalse(), bad)
	}
	g.Expect(FoldEmail("\u212a")).To(Equal("\u212a"), "only ASCII is folded: the Kelvin sign is no k")
}

func TestOrganizationKey(t *testing.T) {
	g := NewWithT(t)
	one := OrganizationKey([]byte("instance"), "org_1")
	g.Expect(one).To(HaveLen(32))
	g.Expect(OrganizationKey([]byte("instance"), "org_1")).To(Equal(one), "two operators of one instance write the same key")
	g.Expect(OrganizationKey([]byte("instance"), "org_2")).NotTo(Equal(one))
	g.Expect(OrganizationKey([]byte("another"), "org_1")).NotTo(Equal(one))
}

func TestDomains(t *testing.T) {
	patterns := []string{"acme.com", "*.Beta.io"}
	for email, want := range map[string]bool{
		"jane@acme.com":          true,
		"jane@ACME.COM":          true,
		"jane@sub.acme.com":      false,
		"jane@sub.beta.io":       true,
		"jane@a.b.beta.io":       true,
		"jane@beta.io":           false,
		"jane@notbeta.io":        false,
		"jane@acme.com.evil.org": false,
		"jane@evil@acme.com":     true, // refused earlier, by the schema
		"jane":                   false,
	} {
		NewWithT(t).Expect(InDomains(email, patterns)).To(Equal(want), email)
	}
}

func TestAccessActivation(t *testing.T) {
	t0 := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	lag := 10 * time.Second
	for name, tc := range map[string]struct {
		facts ActivationFacts
		want  ActivationStep
	}{
		"no guard":                          {ActivationFacts{}, ActivationNone},
		"already under it":                  {ActivationFacts{Wanted: true, Guarded: true, Unconfirmed: 3}, ActivationNone},
		"a new organization holds nobody":   {ActivationFacts{Wanted: true, New: true}, ActivationWrite},
		"a holder is not confirmed":         {ActivationFacts{Wanted: true, Unconfirmed: 1}, ActivationConfirm},
		"confirmed: stop sending":           {ActivationFacts{Wanted: true, ObservedAt: t0, Lag: lag}, ActivationQuiet},
		"quiet, lag not over":               {ActivationFacts{Wanted: true, QuietSince: t0, ObservedAt: t0.Add(9 * time.Second), Lag: lag}, ActivationWait},
		"quiet, somebody joined meanwhile":  {ActivationFacts{Wanted: true, QuietSince: t0, ObservedAt: t0.Add(time.Minute), Lag: lag, Unconfirmed: 1}, ActivationConfirm},
		"quiet, lag over, all confirmed":    {ActivationFacts{Wanted: true, QuietSince: t0, ObservedAt: t0.Add(lag), Lag: lag}, ActivationWrite},
		"a stranger in the adopted one":     {ActivationFacts{Wanted: true, QuietSince: t0, ObservedAt: t0.Add(lag), Lag: lag, Strangers: 1}, ActivationHold},
		"a holder before a stranger":        {ActivationFacts{Wanted: true, Unconfirmed: 1, Strangers: 1}, ActivationConfirm},
		"a later stranger":                  {ActivationFacts{Wanted: true, Guarded: true, Strangers: 1}, ActivationNone},
		"quiet, but the look is an old one": {ActivationFacts{Wanted: true, QuietSince: t0, ObservedAt: t0.Add(-time.Minute), Lag: lag}, ActivationWait},
	} {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect(Activate(tc.facts)).To(Equal(tc.want))
		})
	}
}

func TestHandsOffTakeUp(t *testing.T) {
	const theirs, released = "i2/sales/acme", "released:i2/sales/acme"
	for name, tc := range map[string]struct {
		facts TakeUpFacts
		want  TakeUp
	}{
		"ours":                              {TakeUpFacts{Claim: Ours, Marker: acme.String()}, TakeUpNothing},
		"ours, let go":                      {TakeUpFacts{Claim: ReleasedByUs, Marker: "released:" + acme.String()}, TakeUpNothing},
		"nobody's, not asked for":           {TakeUpFacts{Claim: Unmarked, Listed: true}, TakeUpConflict},
		"nobody's, not listed":              {TakeUpFacts{Claim: Unmarked, Adoption: true}, TakeUpNotListed},
		"nobody's, asked for and listed":    {TakeUpFacts{Claim: Unmarked, Adoption: true, Listed: true}, TakeUpAdopt},
		"nobody's, an annotation of old":    {TakeUpFacts{Claim: Unmarked, TakeOver: theirs}, TakeUpConflict},
		"let go by another, not asked for":  {TakeUpFacts{Claim: ReleasedByAnother, Marker: released, Listed: true}, TakeUpConflict},
		"let go by another, not listed":     {TakeUpFacts{Claim: ReleasedByAnother, Marker: released, Adoption: true}, TakeUpNotListed},
		"let go by another, listed":         {TakeUpFacts{Claim: ReleasedByAnother, Marker: released, Adoption: true, Listed: true}, TakeUpAdopt},
		"let go by another, quoted":         {TakeUpFacts{Claim: ReleasedByAnother, Marker: released, TakeOver: released}, TakeUpTakeOver},
		"let go by another, quoted without": {TakeUpFacts{Claim: ReleasedByAnother, Marker: released, TakeOver: theirs}, TakeUpConflict},
		"another's, listed":                 {TakeUpFacts{Claim: Foreign, Marker: theirs, Adoption: true, Listed: true}, TakeUpConflict},
		"another's, quoted":                 {TakeUpFacts{Claim: Foreign, Marker: theirs, TakeOver: theirs}, TakeUpTakeOver},
		"another's, a third one quoted":     {TakeUpFacts{Claim: Foreign, Marker: theirs, TakeOver: "i3/sales/acme", Adoption: true, Listed: true}, TakeUpConflict},
		"another's, quoted with a blank":    {TakeUpFacts{Claim: Foreign, Marker: theirs, TakeOver: theirs + " "}, TakeUpConflict},
	} {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect(tc.facts.Decide()).To(Equal(tc.want))
		})
	}
}

func TestHandsOffAdoptedMark(t *testing.T) {
	g := NewWithT(t)
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	want := Desired{Owner: acme, Key: "derived", Seats: "3", Access: &Window{State: AccessReleased}, AdoptedAt: at}

	adopted, changed := Apply(map[string]string{"crm_id": "42"}, want)
	g.Expect(changed).To(BeTrue())
	g.Expect(adopted).To(Equal(map[string]string{
		"crm_id": "42", MetadataOwner: "i1/sales/acme", MetadataKey: "derived", MetadataSeats: "3",
		MetadataAccess: "released,,", MetadataAdopted: "2026-11-22T12:00:00Z",
	}))
	g.Expect(Adopted(adopted)).To(BeTrue())
	g.Expect(Guarded(adopted)).To(BeFalse(), "nobody is shut out by it")

	want.AdoptedAt = at.Add(time.Hour)
	again, _ := Apply(adopted, want)
	g.Expect(again).To(HaveKeyWithValue(MetadataAdopted, "2026-11-22T12:00:00Z"), "an instant that stands stays")
	want.AdoptedAt = time.Time{}
	again, changed = Apply(adopted, want)
	g.Expect(changed).To(BeFalse(), "nor is it taken away")
	g.Expect(Adopted(Released(again, acme, Window{State: AccessReleased}))).To(BeTrue(), "letting go keeps it")
}

// TestRemovalLeftClosed: a contract that keeps people out does so when its owner
// lets the organization go, for ever.
func TestRemovalLeftClosed(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	before, after := now.Add(-time.Hour), now.Add(time.Hour)
	for name, tc := range map[string]struct {
		contract Window
		guarded  bool
		closed   bool
	}{
		"active":                         {Window{State: AccessOpen, Start: before, End: after}, true, false},
		"ended":                          {Window{State: AccessOpen, End: before}, true, true},
		"ending now":                     {Window{State: AccessOpen, End: now}, true, true},
		"suspended":                      {Window{State: AccessSuspended}, true, true},
		"not started":                    {Window{State: AccessOpen, Start: after}, true, true},
		"ended, and the guard is not on": {Window{State: AccessOpen, End: before}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			left := tc.contract.Left(tc.guarded, now)
			for _, at := range []time.Time{now, after, after.Add(1000 * time.Hour)} {
				phase, _ := left.At(at)
				g.Expect(phase != PhaseActive).To(Equal(tc.closed))
			}
			marks := Released(map[string]string{MetadataAccess: tc.contract.String()}, Owner{Name: "acme"}, left)
			g.Expect(WindowIn(marks)).To(Equal(left))
			g.Expect(Guarded(marks)).To(Equal(tc.closed))
		})
	}
}

func TestAccessKeyThatPeopleHold(t *testing.T) {
	g := NewWithT(t)
	grants := func(keys ...string) (out []Grant) {
		for _, key := range keys {
			out = append(out, Grant{Key: key})
		}
		return out
	}
	g.Expect(KeyOf(nil, "derived")).To(Equal("derived"))
	g.Expect(KeyOf(grants("theirs"), "derived")).To(Equal("theirs"))
	g.Expect(KeyOf(grants("theirs", "derived"), "derived")).To(Equal("derived"))
	g.Expect(KeyOf(grants("derived", "theirs", "theirs"), "derived")).To(Equal("theirs"))
}

func TestAccessMarksLost(t *testing.T) {
	g := NewWithT(t)
	all := map[string]string{MetadataOwner: acme.String(), MetadataKey: "k", MetadataSeats: "3", MetadataAccess: "suspended,,"}
	without := func(keys ...string) map[string]string {
		left := clone(all)
		for _, key := range keys {
			delete(left, key)
		}
		return left
	}
	stood := LostFacts{Synced: true, Guarded: true}
	g.Expect(Lost(all, stood)).To(BeEmpty())
	g.Expect(Lost(without(MetadataAccess), stood)).To(Equal([]string{MetadataAccess}))
	g.Expect(Lost(without(MetadataOwner, MetadataKey, MetadataSeats), stood)).To(Equal([]string{MetadataOwner, MetadataKey, MetadataSeats}))
	g.Expect(Lost(nil, LostFacts{})).To(BeEmpty(), "they never stood there")
	all[MetadataAccess] = "released,,"
	g.Expect(Lost(all, stood)).To(Equal([]string{MetadataAccess}), "it lets everybody in")
}
