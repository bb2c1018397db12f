package directory

import (
	"context"
	"errors"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/seats"
)

var t0 = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// lists is what Auth0 would list; every other call of the port panics.
type lists struct {
	auth0.API
	now         time.Time
	members     []auth0.OrganizationMember
	invitations []auth0.Invitation
	holders     []auth0.User
	truncated   bool
	cut         bool
	users       map[string]auth0.User
	err         error
	looks       int
}

func (l *lists) Now() time.Time { return l.now }

func (l *lists) Invitations(context.Context, string) ([]auth0.Invitation, bool, error) {
	l.looks++
	return l.invitations, l.cut, nil
}

func (l *lists) Members(context.Context, string) ([]auth0.OrganizationMember, error) {
	return l.members, l.err
}

func (l *lists) UsersWithAppMetadata(context.Context, string) ([]auth0.User, bool, error) {
	return l.holders, l.truncated, nil
}

func (l *lists) User(_ context.Context, id string) (auth0.User, error) {
	if user, ok := l.users[id]; ok {
		return user, nil
	}
	return auth0.User{}, &auth0.Error{Kind: auth0.KindNotFound}
}

func organization(api auth0.API) *Organization {
	org := New().Put("default", v1alpha1.Auth0TenantSpec{Domain: "acme.eu.auth0.com"}, api).Organization("org_1")
	org.SetKey("k")
	return org
}

func holder(id, person string) auth0.User {
	return auth0.User{ID: id, AppMetadata: map[string]string{ownership.GrantKey("org_1"): ownership.Grant{Key: "k", Person: person, Attempt: "a"}.String()}}
}

func TestObserveIsShared(t *testing.T) {
	g := NewWithT(t)
	api := &lists{now: t0}
	org := organization(api)
	first, err := org.Observe(t.Context(), t0)
	g.Expect(err).NotTo(HaveOccurred())
	second, err := org.Observe(t.Context(), t0)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(second).To(BeIdenticalTo(first), "one look serves all who ask for none newer")

	api.now = t0.Add(time.Second)
	third, err := org.Observe(t.Context(), t0.Add(time.Second))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(third.At).To(Equal(t0.Add(time.Second)))
	g.Expect(api.looks).To(Equal(2))
}

func TestHandsOffAFailedListLeavesTheLastLook(t *testing.T) {
	g := NewWithT(t)
	api := &lists{now: t0, members: []auth0.OrganizationMember{{UserID: "u1"}}}
	org := organization(api)
	_, err := org.Observe(t.Context(), t0)
	g.Expect(err).NotTo(HaveOccurred())

	api.now, api.err, api.members = t0.Add(time.Minute), errors.New("second page"), nil
	look, err := org.Observe(t.Context(), t0.Add(time.Minute))
	g.Expect(err).To(HaveOccurred())
	g.Expect(look).To(BeNil())
	g.Expect(org.Latest().Members).To(HaveLen(1))
}

func TestObserveWaitsForNobodyWhoseTimeIsUp(t *testing.T) {
	g := NewWithT(t)
	org := organization(&lists{now: t0})
	org.observing <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := org.Observe(ctx, t0)
	g.Expect(err).To(MatchError(context.Canceled))
}

func TestSeatsHoldings(t *testing.T) {
	g := NewWithT(t)
	mine := func(id, person string, expires time.Time) auth0.Invitation {
		return auth0.Invitation{ID: id, ExpiresAt: expires, AppMetadata: holder("", person).AppMetadata}
	}
	api := &lists{
		now:     t0,
		members: []auth0.OrganizationMember{{UserID: "u1", Email: "Ann@acme.com"}, {UserID: "u2", Email: "bob@acme.com"}, {UserID: "u3"}},
		holders: []auth0.User{holder("u1", ownership.PersonRef("ann@acme.com")), {ID: "u9", AppMetadata: map[string]string{"seatwarden_org_1": "other.p.a"}}},
		invitations: []auth0.Invitation{
			mine("i1", "carol", t0.Add(time.Hour)), mine("i2", "dan", t0), {ID: "i3", Email: "eve@acme.com", ExpiresAt: t0.Add(time.Hour)},
		},
	}
	org := organization(api)
	look, err := org.Observe(t.Context(), t0)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(org.Holdings(look, t0)).To(Equal(map[string]seats.Holding{
		ownership.PersonRef("ann@acme.com"): seats.HoldsGrant,
		ownership.PersonRef("bob@acme.com"): seats.HoldsMembership,
		"carol":                             seats.HoldsGrant,
	}), "a grant of another key, a dead link and a foreign invitation hold nothing")

	org.Forget(ownership.PersonRef("ann@acme.com"), []string{"i1"})
	g.Expect(org.Holdings(org.Latest(), t0)).To(HaveLen(1), "whoever was removed holds nothing until the next look")
}

// TestSeatsGrantBesideAnInvitationThatIsNotListed: a grant lets nobody in that is
// neither a member's nor beside a live invitation, and a cut list may hide that one.
func TestSeatsGrantBesideAnInvitationThatIsNotListed(t *testing.T) {
	for name, cut := range map[string]bool{"all are listed": false, "the list is cut": true} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			api := &lists{now: t0, cut: cut, holders: []auth0.User{holder("u1", "jane")}}
			org := organization(api)
			_, err := org.Observe(t.Context(), t0)
			g.Expect(err).NotTo(HaveOccurred())
			api.now = t0.Add(Lag)
			look, err := org.Observe(t.Context(), api.now)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(look.Truncated).To(Equal(cut))
			_, holds := org.Holdings(look, api.now)["jane"]
			g.Expect(holds).To(Equal(cut))
		})
	}
}

// TestSeatsAcceptedWhileTheListsLag: an invitation is gone at once when it is
// accepted, and for a while no list shows who accepted it.
func TestSeatsAcceptedWhileTheListsLag(t *testing.T) {
	live := auth0.Invitation{ID: "i1", ExpiresAt: t0.Add(time.Hour), AppMetadata: holder("", "jane").AppMetadata}
	dead := auth0.Invitation{ID: "i2", ExpiresAt: t0, AppMetadata: holder("", "dan").AppMetadata}
	foreign := auth0.Invitation{ID: "i3", Email: "eve@acme.com", ExpiresAt: t0.Add(time.Hour)}
	for name, test := range map[string]struct {
		// between comes after the look that shows the invitations.
		between func(org *Organization)
		// after is how long after the look without them the lists are read again.
		after time.Duration
		holds bool
	}{
		"at once":                            {after: 0, holds: true},
		"just before the lists must show it": {after: Lag - time.Second, holds: true},
		"when they must show it":             {after: Lag, holds: false},
		"the invitation was taken back":      {between: func(org *Organization) { org.Forget("jane", []string{"i1"}) }},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			api := &lists{now: t0, invitations: []auth0.Invitation{live, dead, foreign}}
			org := organization(api)
			observe := func(at time.Time) *Observation {
				api.now = at
				look, err := org.Observe(t.Context(), at)
				g.Expect(err).NotTo(HaveOccurred())
				return look
			}
			observe(t0)
			if test.between != nil {
				test.between(org)
			}
			api.invitations = nil
			gone := t0.Add(time.Minute)
			observe(gone)
			look := observe(gone.Add(test.after))
			want := map[string]seats.Holding{}
			if test.holds {
				want["jane"] = seats.HoldsGrant
			}
			g.Expect(org.Holdings(look, api.now)).To(Equal(want), "and nobody whose link was dead, or not ours")
			org.Forget("jane", nil)
			g.Expect(org.Holdings(org.Latest(), api.now)).To(BeEmpty(), "a removal that is confirmed ends it")
		})
	}
}

// TestSeatsAcceptedBeforeItWasListed: an invitation may be used before the first
// look that could show it.
func TestSeatsAcceptedBeforeItWasListed(t *testing.T) {
	g := NewWithT(t)
	api := &lists{now: t0}
	org := organization(api)
	sent := auth0.Invitation{ID: "i1", ExpiresAt: t0.Add(time.Hour), AppMetadata: holder("", "jane").AppMetadata}
	org.Sent(sent)
	g.Expect(org.Latest()).To(BeNil(), "it makes no look of its own")
	first, err := org.Observe(t.Context(), t0)
	g.Expect(err).NotTo(HaveOccurred())
	org.Sent(sent)
	org.Sent(sent)
	g.Expect(first.Invitations).To(BeEmpty(), "nobody's look changes in their hands")
	g.Expect(org.Latest().Invitations).To(ConsistOf(sent))

	api.now = t0.Add(time.Second)
	look, err := org.Observe(t.Context(), api.now)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(org.Holdings(look, api.now)).To(HaveKeyWithValue("jane", seats.HoldsGrant))
}

// TestSeatsGrantCountsWhileItCanLetSomebodyIn: with a membership or a live
// invitation, and for as long as the lists may not show a membership.
func TestSeatsGrantCountsWhileItCanLetSomebodyIn(t *testing.T) {
	invited := func(expires time.Time) []auth0.Invitation {
		return []auth0.Invitation{{ID: "i1", ExpiresAt: expires, AppMetadata: holder("", "jane").AppMetadata}}
	}
	member := []auth0.OrganizationMember{{UserID: "u1"}} // whose address Auth0 does not tell
	for name, test := range map[string]struct {
		first, second []auth0.Invitation
		// joined: what the second look shows of members.
		joined []auth0.OrganizationMember
		after  time.Duration
		holds  bool
	}{
		"a member":                               {joined: member, after: time.Hour, holds: true},
		"a live invitation":                      {second: invited(t0.Add(2 * time.Hour)), after: time.Hour, holds: true},
		"a dead one":                             {second: invited(t0), after: time.Hour},
		"an invitation that died meanwhile":      {first: invited(t0.Add(time.Minute)), second: invited(t0.Add(time.Minute)), after: time.Hour, holds: true},
		"accepted, and the lists may lag":        {after: Lag - time.Second, holds: true},
		"neither, and the lists must show it":    {after: Lag},
		"a link that was used up, and just gone": {first: invited(t0.Add(2 * time.Hour)), after: time.Hour, holds: true},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			api := &lists{now: t0, holders: []auth0.User{holder("u1", "jane")}, invitations: test.first}
			org := organization(api)
			look, err := org.Observe(t.Context(), t0)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(org.Holdings(look, t0)).To(HaveKeyWithValue("jane", seats.HoldsGrant), "a process that has just started may see an acceptance before the lists show it")

			api.now, api.invitations, api.members = t0.Add(test.after), test.second, test.joined
			look, err = org.Observe(t.Context(), api.now)
			g.Expect(err).NotTo(HaveOccurred())
			want := map[string]seats.Holding{}
			if test.holds {
				want["jane"] = seats.HoldsGrant
			}
			g.Expect(org.Holdings(look, api.now)).To(Equal(want))
		})
	}
}

// TestSeatsUnsettledUntilTheListsMustShowIt: whoever waits for a seat is told to
// look again while somebody holds one only because lists lag.
func TestSeatsUnsettledUntilTheListsMustShowIt(t *testing.T) {
	g := NewWithT(t)
	api := &lists{now: t0, holders: []auth0.User{holder("u1", "jane")}}
	org := organization(api)
	look, err := org.Observe(t.Context(), t0)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(org.Unsettled(look, t0)).To(BeTrue())
	api.now = t0.Add(Lag)
	look, err = org.Observe(t.Context(), api.now)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(org.Unsettled(look, api.now)).To(BeFalse())
}

func TestSeatsHoldersBeyondTheSearch(t *testing.T) {
	g := NewWithT(t)
	api := &lists{
		now: t0, truncated: true,
		members: []auth0.OrganizationMember{{UserID: "u1"}, {UserID: "u2"}, {UserID: "gone"}},
		holders: []auth0.User{holder("u1", "ann")},
		users:   map[string]auth0.User{"u2": holder("u2", "bob")},
	}
	org := organization(api)
	look, err := org.Observe(t.Context(), t0)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(org.Holdings(look, t0)).To(HaveKeyWithValue("bob", seats.HoldsGrant))
}

func TestGoneSince(t *testing.T) {
	g := NewWithT(t)
	api := &lists{now: t0, invitations: []auth0.Invitation{{ID: "i1"}}}
	org := organization(api)
	observe := func(at time.Time) {
		api.now = at
		_, err := org.Observe(t.Context(), at)
		g.Expect(err).NotTo(HaveOccurred())
	}
	observe(t0)
	g.Expect(org.GoneSince("i1")).To(BeZero())
	api.invitations = nil
	observe(t0.Add(time.Minute))
	g.Expect(org.GoneSince("i1")).To(Equal(t0.Add(time.Minute)))
	observe(t0.Add(2 * time.Minute))
	g.Expect(org.GoneSince("i1")).To(Equal(t0.Add(time.Minute)), "it remembers")
	api.invitations = []auth0.Invitation{{ID: "i1"}}
	observe(t0.Add(3 * time.Minute))
	g.Expect(org.GoneSince("i1")).To(BeZero(), "it was the list that lagged")
}
