package directory

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/auth0"
)

// TestFeedNewsWantLooks: news of people want a look at once and another when the
// lists must show them; told again, late or out of order they want no more.
func TestFeedNewsWantLooks(t *testing.T) {
	g := NewWithT(t)
	api := &lists{now: t0, members: []auth0.OrganizationMember{{UserID: "u1"}}}
	org := organization(api)
	observe := func(at time.Time) {
		api.now = at
		_, err := org.Observe(t.Context(), at)
		g.Expect(err).NotTo(HaveOccurred())
	}
	due := func() bool {
		due, _ := org.LookDue(api.now)
		return due
	}
	g.Expect(due()).To(BeTrue(), "before the first look")
	observe(t0)
	g.Expect(due()).To(BeFalse())

	api.now = t0.Add(time.Minute)
	joined := auth0.News{Changes: []auth0.Change{{Kind: auth0.ChangeMembers, Organization: "org_1", At: api.now}}}
	g.Expect(org.tenant.Changed(joined)).To(ConsistOf("org_1"))
	g.Expect(due()).To(BeTrue())
	observe(api.now)
	is, next := org.LookDue(api.now)
	g.Expect(is).To(BeFalse())
	g.Expect(next).To(Equal(t0.Add(time.Minute+clockError+Lag)), "the lists may not have shown it yet")
	observe(next)
	g.Expect(due()).To(BeFalse())
	g.Expect(org.tenant.Changed(joined)).To(BeEmpty(), "told again, it is shown already")
	_, next = org.LookDue(api.now)
	g.Expect(next).To(BeZero())

	elsewhere := auth0.News{Changes: []auth0.Change{{Kind: auth0.ChangeMembers, Organization: "org_2", At: api.now}}}
	g.Expect(org.tenant.Changed(elsewhere)).To(BeEmpty())
}

// TestFeedNewsOfUsers: a user's change is news where the user is, once the lists
// show it, however many changes there are.
func TestFeedNewsOfUsers(t *testing.T) {
	g := NewWithT(t)
	api := &lists{now: t0, members: []auth0.OrganizationMember{{UserID: "u1"}}, holders: []auth0.User{holder("u2", "jane")}}
	org := organization(api)
	_, err := org.Observe(t.Context(), t0)
	g.Expect(err).NotTo(HaveOccurred())
	change := func(user string) []string {
		return org.tenant.Changed(auth0.News{Changes: []auth0.Change{{Kind: auth0.ChangeUser, User: user, At: api.now}}})
	}
	api.now = t0.Add(time.Minute)
	g.Expect(change("u3")).To(BeEmpty(), "a stranger's")
	g.Expect(change("u2")).To(ConsistOf("org_1"))
	_, first := org.LookDue(api.now)
	g.Expect(first).To(Equal(api.now.Add(clockError + Lag)))

	api.now = api.now.Add(10 * time.Second)
	g.Expect(change("u1")).To(ConsistOf("org_1"))
	_, again := org.LookDue(api.now)
	g.Expect(again).To(Equal(first), "who changes every few seconds puts no look off")
	api.now = first
	_, err = org.Observe(t.Context(), first)
	g.Expect(err).NotTo(HaveOccurred())
	_, last := org.LookDue(api.now)
	g.Expect(last).To(Equal(first.Add(10*time.Second)), "and the last change is looked at too")
}

// TestFeedNewsOfRecords: the record is read anew after a change, and a reading that
// was under way when it was told does not hide it.
func TestFeedNewsOfRecords(t *testing.T) {
	g := NewWithT(t)
	api := &lists{now: t0}
	org := organization(api)
	org.KeepRecord(auth0.Organization{Name: "acme"}, t0)
	org.KeepConnections(nil, t0)
	api.now = t0.Add(time.Minute)
	news := auth0.News{Changes: []auth0.Change{{Kind: auth0.ChangeOrganization, Organization: "org_1", At: api.now}}}
	g.Expect(org.tenant.Changed(news)).To(ConsistOf("org_1"))
	org.KeepRecord(auth0.Organization{Name: "old"}, api.now.Add(-time.Second))
	_, at, _ := org.Record()
	g.Expect(at).To(BeZero())
	_, at, old := org.Connections()
	g.Expect(at).To(Equal(t0), "nothing was told of them")
	g.Expect(old).To(BeFalse())

	org.KeepRecord(auth0.Organization{Name: "new"}, api.now.Add(clockError))
	g.Expect(org.tenant.Changed(news)).To(BeEmpty(), "told again, it was read since")
}

// TestFeedGap: after a gap everything is read anew, and what was known is good
// enough until then.
func TestFeedGap(t *testing.T) {
	g := NewWithT(t)
	api := &lists{now: t0}
	org := organization(api)
	_, err := org.Observe(t.Context(), t0)
	g.Expect(err).NotTo(HaveOccurred())
	org.KeepRecord(auth0.Organization{Name: "acme"}, t0)
	api.now = t0.Add(time.Minute)
	g.Expect(org.tenant.Changed(auth0.News{Gap: true})).To(ConsistOf("org_1"))
	due, _ := org.LookDue(api.now)
	g.Expect(due).To(BeTrue())
	record, at, old := org.Record()
	g.Expect(record.Name).To(Equal("acme"))
	g.Expect(at).To(Equal(t0))
	g.Expect(old).To(BeTrue())
	org.KeepRecord(record, api.now)
	_, _, old = org.Record()
	g.Expect(old).To(BeFalse())
}

// TestResyncOfManyOrganizations: however many there are, as many calls an hour are
// made for those of which nothing is told.
func TestResyncOfManyOrganizations(t *testing.T) {
	g := NewWithT(t)
	org := organization(&lists{now: t0})
	_, ok := org.tenant.Resync(time.Hour)
	g.Expect(ok).To(BeFalse(), "without a feed")
	org.tenant.SetFeed(FeedState{Name: auth0.FeedTenantLog})
	for range 2 {
		every, ok := org.tenant.Resync(time.Hour)
		g.Expect(ok).To(BeTrue())
		g.Expect(every).To(Equal(time.Hour))
	}
	for i := range 10 * resyncOrganizations {
		org.tenant.Organization(string(rune('a' + i)))
	}
	every, _ := org.tenant.Resync(time.Hour)
	g.Expect(every).To(BeNumerically("~", 10*time.Hour, time.Hour))
}

// TestFeedTellsOfOurOwnWrites: a change that a feed may tell of because of one of our
// writes is no news, once a write; somebody else's beside it is.
func TestFeedTellsOfOurOwnWrites(t *testing.T) {
	g := NewWithT(t)
	api := &lists{now: t0}
	org := organization(api)
	org.tenant.organizations[org.ID] = org
	known := func() bool {
		_, at, _ := org.Record()
		return !at.IsZero()
	}
	tell := func(at time.Time, mayBeOurs bool) []string {
		return org.tenant.Changed(auth0.News{Changes: []auth0.Change{{Kind: auth0.ChangeOrganization, Organization: org.ID, At: at, MayBeOurs: mayBeOurs}}})
	}
	write := func() {
		org.WritesRecord()
		api.now = api.now.Add(time.Second)
		org.WroteRecord(auth0.Organization{Name: "written"}, api.now.Add(-time.Second))
	}
	write()
	g.Expect(tell(api.now, true)).To(BeEmpty())
	g.Expect(known()).To(BeTrue())
	g.Expect(tell(api.now, true)).NotTo(BeEmpty(), "that is somebody else's, or told twice")
	g.Expect(known()).To(BeFalse())

	write()
	g.Expect(tell(api.now, false)).NotTo(BeEmpty(), "the log leaves ours out")

	write()
	api.now = api.now.Add(time.Minute)
	g.Expect(tell(api.now, true)).NotTo(BeEmpty(), "that was much later")

	org.WritesRecord()
	g.Expect(tell(api.now, true)).To(BeEmpty(), "it may be told before the answer is here")
	org.WritesRecord()
	org.Distrust()
	g.Expect(tell(api.now, true)).NotTo(BeEmpty(), "a write that failed is read anew, and hides nothing")

	write()
	tell(api.now, true)
	org.WritesRecord()
	org.NotWritten()
	g.Expect(tell(api.now, true)).NotTo(BeEmpty(), "a write that did nothing is not told of")
}

// TestFeedTellsOfWhomWeTookOut: what a feed tells of somebody whom we took out wants a
// look when the lists must show it, and none before; somebody who comes in wants one now.
func TestFeedTellsOfWhomWeTookOut(t *testing.T) {
	g := NewWithT(t)
	api := &lists{now: t0}
	org := organization(api)
	org.tenant.organizations[org.ID] = org
	_, err := org.Observe(t.Context(), t0)
	g.Expect(err).NotTo(HaveOccurred())
	tell := func(mayBeOurs bool) (due bool) {
		api.now = api.now.Add(time.Second)
		org.tenant.Changed(auth0.News{Changes: []auth0.Change{{Kind: auth0.ChangeMembers, Organization: org.ID, At: api.now, MayBeOurs: mayBeOurs}}})
		due, next := org.LookDue(api.now)
		g.Expect(next.IsZero()).To(Equal(due), "it is looked at now, or later")
		return due
	}
	org.WritesMembers(2)
	g.Expect(tell(true)).To(BeFalse())
	g.Expect(tell(true)).To(BeFalse())
	g.Expect(tell(true)).To(BeTrue(), "that is somebody else's")

	_, err = org.Observe(t.Context(), api.now)
	g.Expect(err).NotTo(HaveOccurred())
	org.WritesMembers(1)
	g.Expect(tell(false)).To(BeTrue(), "the log leaves ours out")
}
