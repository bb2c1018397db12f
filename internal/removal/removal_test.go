package removal

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

var t0 = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const window = 15 * time.Second

func TestRemovalDecide(t *testing.T) {
	// A removal that began a minute ago and has nothing left to wait for.
	settled := func(change func(*Facts)) Facts {
		f := Facts{Person: "jane", ObservedAt: t0, Progress: Progress{
			StartedAt: t0.Add(-time.Minute), ChangedAt: t0.Add(-55 * time.Second), RevokedAt: t0.Add(-52 * time.Second), TakenAt: t0.Add(-50 * time.Second), Window: window,
		}}
		change(&f)
		return f
	}
	for name, tc := range map[string]struct {
		facts Facts
		want  Plan
	}{
		"nothing is left":                       {settled(func(f *Facts) {}), Plan{Confirmed: true}},
		"nothing is left in a list that is cut": {settled(func(f *Facts) { f.Truncated = true }), Plan{Unseen: true}},
		"everything of a recorded profile": {
			settled(func(f *Facts) {
				f.Profiles = []Profile{{UserID: "u1", Recorded: true, Grant: true, GrantNames: "jane", Member: true, RoleIDs: []string{"r1"}}}
				f.InvitationIDs = []string{"i1"}
			}),
			Plan{ClearGrants: []string{"u1"}, DeleteInvitations: []string{"i1"}, RemoveRoles: map[string][]string{"u1": {"r1"}}, Revoke: []string{"u1"}, RemoveMembers: []string{"u1"}}},
		"an address that was renamed at the identity provider": {
			settled(func(f *Facts) {
				f.Profiles = []Profile{{UserID: "u1", Recorded: true, Member: true}}
			}),
			Plan{Revoke: []string{"u1"}, RemoveMembers: []string{"u1"}}},
		"a second profile with the address": {
			settled(func(f *Facts) {
				f.Profiles = []Profile{{UserID: "u2", SameEmail: true, Member: true}}
			}),
			Plan{RemoveMembers: []string{"u2"}}},
		"a grant that names the person on a profile nobody recorded": {
			settled(func(f *Facts) {
				f.Profiles = []Profile{{UserID: "u3", Grant: true, GrantNames: "jane"}}
			}),
			Plan{ClearGrants: []string{"u3"}, Revoke: []string{"u3"}}},
		"a stranger's profile is left alone": {
			settled(func(f *Facts) {
				f.Profiles = []Profile{{UserID: "u4", Grant: true, GrantNames: "bob", Member: true}}
			}),
			Plan{Confirmed: true}},
		"a recorded profile that is another live Member's by now": {
			settled(func(f *Facts) {
				f.Others = []string{"janet"}
				f.Profiles = []Profile{{UserID: "u1", Recorded: true, Grant: true, GrantNames: "janet", Member: true}}
			}),
			Plan{Confirmed: true}},
		"a person of other organizations keeps the sessions where the guard refuses": {
			settled(func(f *Facts) {
				f.GuardInEffect = true
				f.Profiles = []Profile{{UserID: "u1", Recorded: true, Member: true, Elsewhere: true}}
			}),
			Plan{RemoveMembers: []string{"u1"}}},
		"a person of other organizations is signed out where no guard refuses": {
			settled(func(f *Facts) {
				f.Profiles = []Profile{{UserID: "u1", Recorded: true, Member: true, Elsewhere: true}}
			}),
			Plan{Revoke: []string{"u1"}, RemoveMembers: []string{"u1"}}},
		"a POST that may land after a confirmed removal is waited for": {
			settled(func(f *Facts) { f.Clear = t0.Add(time.Second) }),
			Plan{Again: t0.Add(time.Second)}},
		"the last instant of the fence has passed": {
			settled(func(f *Facts) { f.Clear = t0 }), Plan{Confirmed: true}},
		"Auth0's window after the beginning is not over": {
			settled(func(f *Facts) { f.StartedAt = t0.Add(-window + time.Second) }),
			Plan{Again: t0.Add(time.Second)}},
		"Auth0's window after the last change is not over": {
			settled(func(f *Facts) { f.TakenAt = t0.Add(-time.Second) }),
			Plan{Again: t0.Add(window - time.Second)}},
		"nobody has taken anything yet": {
			settled(func(f *Facts) { f.ChangedAt, f.TakenAt = f.StartedAt, time.Time{} }), Plan{}},
		"the process died while it took": {
			settled(func(f *Facts) { f.ChangedAt = f.TakenAt.Add(time.Second) }), Plan{}},
		"a sign-in after the sessions were ended": {
			settled(func(f *Facts) {
				f.Profiles = []Profile{{UserID: "u1", Recorded: true, LastLogin: f.RevokedAt.Add(time.Second)}}
			}),
			Plan{Revoke: []string{"u1"}, Again: t0.Add(ClockError)}},
		"a sign-in when nothing could let the person in any more": {
			settled(func(f *Facts) {
				f.Profiles = []Profile{{UserID: "u1", Recorded: true, LastLogin: f.Due().Add(ClockError)}}
			}),
			Plan{Confirmed: true}},
		"a sign-in that was certainly before": {
			settled(func(f *Facts) {
				f.Profiles = []Profile{{UserID: "u1", Recorded: true, LastLogin: f.RevokedAt.Add(-ClockError)}}
			}),
			Plan{Confirmed: true}},
		"a sign-in at the edge of what the clocks tell": {
			settled(func(f *Facts) {
				f.Profiles = []Profile{{UserID: "u1", Recorded: true, LastLogin: f.RevokedAt.Add(-ClockError + time.Millisecond)}}
			}),
			Plan{Revoke: []string{"u1"}, Again: t0.Add(ClockError)}},
		"the process died between taking and ending the sessions": {
			settled(func(f *Facts) {
				f.ChangedAt, f.RevokedAt, f.TakenAt = t0.Add(-30*time.Second), time.Time{}, time.Time{}
				f.Profiles = []Profile{{UserID: "u1", Recorded: true}}
			}),
			Plan{Revoke: []string{"u1"}}},
		"an acceptance in the middle is taken by the next pass": {
			settled(func(f *Facts) {
				f.ChangedAt, f.TakenAt = t0.Add(-time.Second), t0.Add(-time.Second)
				f.Profiles = []Profile{{UserID: "new", SameEmail: true, Grant: true, GrantNames: "jane", Member: true}}
			}),
			Plan{ClearGrants: []string{"new"}, Revoke: []string{"new"}, RemoveMembers: []string{"new"}}},
	} {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect(Decide(tc.facts)).To(Equal(tc.want))
		})
	}
}

func TestRemovalDeletionTable(t *testing.T) {
	for name, tc := range map[string]struct {
		facts MemberFacts
		want  Route
	}{
		"Customer present":                      {MemberFacts{Customer: CustomerPresent, Given: true}, RouteWithdraw},
		"Customer present, nothing known given": {MemberFacts{Customer: CustomerPresent}, RouteWithdraw},
		"Customer deleted with Retain":          {MemberFacts{Customer: CustomerDeletingRetain, Given: true}, RouteNothing},
		"Customer deleted with Delete, first":   {MemberFacts{Customer: CustomerDeletingDelete, Given: true, Marker: MarkerUnread}, RouteReadMarker},
		"… the organization is there":           {MemberFacts{Customer: CustomerDeletingDelete, Given: true, Marker: MarkerOurs}, RouteWaitForOrganization},
		"… the organization is gone":            {MemberFacts{Customer: CustomerDeletingDelete, Given: true, Marker: MarkerAbsent}, RouteNothing},
		"… and people's users go with it":       {MemberFacts{Customer: CustomerDeletingDelete, UsersGo: true, Given: true, Marker: MarkerAbsent}, RouteWaitForOrganization},
		"… nothing was given":                   {MemberFacts{Customer: CustomerDeletingDelete, Marker: MarkerUnread}, RouteNothing},
		"Customer gone, not asked yet":          {MemberFacts{Customer: CustomerGone, Given: true, Marker: MarkerUnread}, RouteReadMarker},
		"Customer gone, released":               {MemberFacts{Customer: CustomerGone, Given: true, Marker: MarkerAbsent}, RouteNothing},
		"Customer gone, its finalizer forced":   {MemberFacts{Customer: CustomerGone, Given: true, Marker: MarkerOurs}, RouteStillOwned},
		"Customer gone, nothing was given":      {MemberFacts{Customer: CustomerGone, Marker: MarkerUnread}, RouteNothing},
		"observed or paused":                    {MemberFacts{Customer: CustomerPresent, NothingTaken: true, Given: true}, RouteNothing},
		"… with the Customer, policy Delete":    {MemberFacts{Customer: CustomerDeletingDelete, NothingTaken: true, Given: true, Marker: MarkerUnread}, RouteNothing},
		"… with the namespace":                  {MemberFacts{Customer: CustomerPresent, NothingTaken: true, NamespaceDeleting: true, Given: true}, RouteNothing},
		"… and the Customer is gone":            {MemberFacts{Customer: CustomerGone, NothingTaken: true, Given: true, Marker: MarkerUnread}, RouteNothing},
		"namespace deleted, Retain":             {MemberFacts{Customer: CustomerPresent, NamespaceDeleting: true, RetainInNamespace: true, Given: true}, RouteNothing},
		"namespace deleted, Delete": {MemberFacts{Customer: CustomerPresent, NamespaceDeleting: true, Given: true, Marker: MarkerOurs},
			RouteWaitForOrganization},
	} {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect(MemberDeleted(tc.facts)).To(Equal(tc.want))
		})
	}
}

// TestAccessOfWhoHasAnothersAddress: from a user that has the address of another
// live Member nothing is taken, whatever was recorded or granted.
func TestAccessOfWhoHasAnothersAddress(t *testing.T) {
	f := Facts{Person: "jane", ObservedAt: t0, Progress: Progress{StartedAt: t0.Add(-time.Minute), TakenAt: t0.Add(-time.Minute), Window: window}}
	f.Profiles = []Profile{{UserID: "u1", Anothers: true, Recorded: true, Grant: true, GrantNames: "jane", Member: true, RoleIDs: []string{"r1"}}}
	NewWithT(t).Expect(Decide(f)).To(Equal(Plan{Confirmed: true}))
}

// TestRemovalDue: what was taken is not taken again; the one look that is left comes
// when Auth0 must show what is there, and no call is on its way.
func TestRemovalDue(t *testing.T) {
	taken := Progress{StartedAt: t0, ChangedAt: t0.Add(time.Second), TakenAt: t0.Add(3 * time.Second), Window: window}
	with := func(change func(*Progress)) Progress { p := taken; change(&p); return p }
	for name, tc := range map[string]struct {
		progress Progress
		want     time.Time
	}{
		"everything is taken":          {taken, t0.Add(3*time.Second + window)},
		"a call is on its way":         {with(func(p *Progress) { p.Clear = t0.Add(time.Minute) }), t0.Add(time.Minute)},
		"nothing is taken yet":         {Progress{StartedAt: t0, ChangedAt: t0, Window: window}, time.Time{}},
		"who took died in the middle":  {with(func(p *Progress) { p.ChangedAt = t0.Add(4 * time.Second) }), time.Time{}},
		"begun anew since it was done": {with(func(p *Progress) { p.StartedAt, p.ChangedAt = t0.Add(time.Minute), t0.Add(time.Minute) }), time.Time{}},
	} {
		t.Run(name, func(t *testing.T) { NewWithT(t).Expect(tc.progress.Due()).To(Equal(tc.want)) })
	}
}
