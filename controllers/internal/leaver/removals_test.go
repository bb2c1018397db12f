package leaver

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/people"
)

var monday = metav1.NewMicroTime(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))

func of(email string, state v1alpha1.RemovalState, change ...func(*v1alpha1.Removal)) v1alpha1.Removal {
	r := v1alpha1.Removal{}
	r.Spec.Email, r.Spec.RequestedAt, r.Status.State = v1alpha1.Email(email), monday, state
	for _, c := range change {
		c(&r)
	}
	return r
}

// TestRemovalHeldRemovals: the hash that approves is of who is held, on which
// occasion, and of nobody else.
func TestRemovalHeldRemovals(t *testing.T) {
	tuesday := func(r *v1alpha1.Removal) { r.Spec.RequestedAt = metav1.NewMicroTime(monday.Add(24 * time.Hour)) }
	customer := &v1alpha1.Customer{Spec: v1alpha1.CustomerSpec{Admins: []v1alpha1.Admin{{Email: "boss@acme.com"}}}}
	jane, bob := of("jane@acme.com", v1alpha1.RemovalHeld), of("bob@acme.com", v1alpha1.RemovalHeld)
	reference, _ := HeldHash(customer, []v1alpha1.Removal{jane, bob})
	for name, tc := range map[string]struct {
		removals []v1alpha1.Removal
		people   int
		same     bool
	}{
		"in another order":       {[]v1alpha1.Removal{bob, jane}, 2, true},
		"one of them":            {[]v1alpha1.Removal{jane}, 1, false},
		"another person":         {[]v1alpha1.Removal{jane, of("eve@acme.com", v1alpha1.RemovalHeld)}, 2, false},
		"one more":               {[]v1alpha1.Removal{jane, bob, of("eve@acme.com", v1alpha1.RemovalHeld)}, 3, false},
		"held again another day": {[]v1alpha1.Removal{of("jane@acme.com", v1alpha1.RemovalHeld, tuesday), bob}, 2, false},
		"who is not decided":     {[]v1alpha1.Removal{jane, bob, of("eve@acme.com", "")}, 2, true},
		"who is being removed":   {[]v1alpha1.Removal{jane, bob, of("eve@acme.com", v1alpha1.RemovalRemoving)}, 2, true},
		"who was removed":        {[]v1alpha1.Removal{jane, bob, of("eve@acme.com", v1alpha1.RemovalRemoved)}, 2, true},
		"an admin":               {[]v1alpha1.Removal{jane, bob, of("Boss@acme.com", v1alpha1.RemovalHeld)}, 2, true},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			hash, held := HeldHash(customer, tc.removals)
			g.Expect(held).To(Equal(tc.people))
			g.Expect(hash == reference).To(Equal(tc.same))
		})
	}
	hash, held := HeldHash(customer, nil)
	NewWithT(t).Expect([]any{hash, held}).To(Equal([]any{"", 0}), "nothing is held")
}

func user(id string) v1alpha1.MemberUser { return v1alpha1.MemberUser{UserID: id} }

// TestRemovalKnown: what was learned since joins what was known when the removal was
// asked for, and no user is forgotten.
func TestRemovalKnown(t *testing.T) {
	g := NewWithT(t)
	r := of("jane@acme.com", "")
	r.Spec.Known = v1alpha1.Known{Joined: true, Attempt: &v1alpha1.Attempt{ID: "a"}, Users: []v1alpha1.MemberUser{user("u1")}}
	g.Expect(Known(&r)).To(Equal(r.Spec.Known), "nothing was learned")
	r.Status.Known = &v1alpha1.Known{Joined: true, Attempt: &v1alpha1.Attempt{ID: "b"}, Users: []v1alpha1.MemberUser{user("u2")}}
	g.Expect(Known(&r).Users).To(ConsistOf(user("u1"), user("u2")))
	g.Expect(Known(&r).Attempt.ID).To(Equal("b"))
	Known(&r).Users[0].UserID = "another"
	g.Expect(r.Status.Known.Users[0].UserID).To(Equal("u2"), "it is a copy")
	for n := range 12 {
		r.Spec.Known.Users = append(r.Spec.Known.Users, user(string(rune('a'+n))))
	}
	g.Expect(Known(&r).Users).To(HaveLen(10))
}

// TestRemovalKnownOfAMember: a Member that was applied again and deleted at once knows
// nothing itself; what was known earlier counts.
func TestRemovalKnownOfAMember(t *testing.T) {
	g := NewWithT(t)
	invited := &v1alpha1.MemberInvitation{ID: "uinv_1", State: v1alpha1.InvitationSent}
	status := v1alpha1.MemberStatus{Invitation: invited, Users: []v1alpha1.MemberUser{user("u1")}, Attempt: &v1alpha1.Attempt{ID: "a"}}
	g.Expect(KnownOf(status)).To(Equal(v1alpha1.Known{Invitation: invited, Users: status.Users, Attempt: status.Attempt}), "who did not accept has not joined")
	accepted := &v1alpha1.MemberInvitation{ID: "uinv_1", State: v1alpha1.InvitationAccepted}
	status.Invitation = accepted
	g.Expect(KnownOf(status).Joined).To(BeTrue())

	known := KnownOf(v1alpha1.MemberStatus{Users: []v1alpha1.MemberUser{user("u2")}, Invitation: invited})
	Inherit(&known, v1alpha1.Known{Joined: true, Invitation: accepted, Attempt: status.Attempt, Users: status.Users})
	g.Expect(known.Users).To(ConsistOf(user("u1"), user("u2")))
	g.Expect(known.Joined).To(BeTrue())
	g.Expect(known.Invitation).To(Equal(invited), "what it knows itself is newer")
	g.Expect(known.Attempt).To(Equal(status.Attempt))
}

// TestSeatsRemovalThatStillHolds: the seat of somebody who leaves is in use until what was
// given is certainly taken.
func TestSeatsRemovalThatStillHolds(t *testing.T) {
	for state, undone := range map[v1alpha1.RemovalState]bool{
		"": true, v1alpha1.RemovalPending: true, v1alpha1.RemovalHeld: true, v1alpha1.RemovalRemoving: true,
		v1alpha1.RemovalRemoved: false, v1alpha1.RemovalDeleting: false, v1alpha1.RemovalDone: false,
	} {
		g := NewWithT(t)
		r := of("jane@acme.com", state)
		g.Expect(Undone(&r)).To(Equal(undone), string(state))
		g.Expect(StillHolds(&r)).To(BeFalse(), "who was given nothing")
		for _, given := range []v1alpha1.Known{
			{Attempt: &v1alpha1.Attempt{ID: "a"}}, {Invitation: &v1alpha1.MemberInvitation{ID: "uinv_1"}}, {Users: []v1alpha1.MemberUser{user("u1")}},
		} {
			r.Spec.Known = given
			g.Expect(StillHolds(&r)).To(Equal(undone), string(state))
		}
	}
}

// TestRemovalHeir: whoever takes over stays, is of the person, and may hold a seat; one
// that has it goes first.
func TestRemovalHeir(t *testing.T) {
	now := metav1.Now()
	jane := func(name string, change func(*v1alpha1.Member)) v1alpha1.Member {
		m := v1alpha1.Member{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name)}, Spec: v1alpha1.MemberSpec{Email: "Jane@acme.com"}}
		change(&m)
		return m
	}
	seat := func(state v1alpha1.SeatState, reason string) func(*v1alpha1.Member) {
		return func(m *v1alpha1.Member) { m.Status.Seat = &v1alpha1.MemberSeat{State: state, Reason: reason} }
	}
	waiting := jane("waiting", seat(v1alpha1.SeatWaiting, v1alpha1.ReasonSeatLimitReached))
	seated := jane("seated", seat(v1alpha1.SeatAssigned, ""))
	for name, tc := range map[string]struct {
		members []v1alpha1.Member
		want    string
	}{
		"nobody":                     {nil, ""},
		"one that waits":             {[]v1alpha1.Member{waiting}, "waiting"},
		"one that was just applied":  {[]v1alpha1.Member{jane("new", func(*v1alpha1.Member) {})}, "new"},
		"one with a seat goes first": {[]v1alpha1.Member{waiting, seated}, "seated"},
		"… in whatever order":        {[]v1alpha1.Member{seated, waiting}, "seated"},
		"being deleted":              {[]v1alpha1.Member{jane("gone", func(m *v1alpha1.Member) { m.DeletionTimestamp = &now })}, ""},
		"one that was deleted, as the cache does not show yet": {[]v1alpha1.Member{jane("carried", seat(v1alpha1.SeatAssigned, ""))}, ""},
		"of another person":           {[]v1alpha1.Member{jane("bob", func(m *v1alpha1.Member) { m.Spec.Email = "bob@acme.com" })}, ""},
		"outside the domains":         {[]v1alpha1.Member{jane("out", seat(v1alpha1.SeatRefused, v1alpha1.ReasonDomainNotAllowed))}, ""},
		"whose person is another's":   {[]v1alpha1.Member{jane("moved", seat(v1alpha1.SeatRefused, v1alpha1.ReasonPersonMovedOn))}, ""},
		"one that may, beside others": {[]v1alpha1.Member{jane("out", seat(v1alpha1.SeatRefused, v1alpha1.ReasonDomainNotAllowed)), waiting}, "waiting"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			r := of("jane@acme.com", "")
			r.Status.Carries = []v1alpha1.CarriedMember{{UID: "carried"}}
			heir := Heir(&r, tc.members)
			g.Expect(heir == nil).To(Equal(tc.want == ""))
			if heir != nil {
				g.Expect(heir.Name).To(Equal(tc.want))
			}
		})
	}
}

// TestRemovalCarried: a removal is that of the Member that began it and of each that joined;
// it is carried while one of them is being deleted and has our finalizer.
func TestRemovalCarried(t *testing.T) {
	now := metav1.Now()
	r := of("jane@acme.com", "")
	r.Spec.Member.UID = "first"
	r.Status.Carries = []v1alpha1.CarriedMember{{Name: "second", UID: "second"}}
	for name, tc := range map[string]struct {
		uid     string
		change  func(*v1alpha1.Member)
		carried bool
	}{
		"the one that began it":    {"first", func(*v1alpha1.Member) {}, true},
		"one that joined":          {"second", func(*v1alpha1.Member) {}, true},
		"another":                  {"third", func(*v1alpha1.Member) {}, false},
		"its finalizer is gone":    {"first", func(m *v1alpha1.Member) { m.Finalizers = nil }, false},
		"somebody's finalizer":     {"first", func(m *v1alpha1.Member) { m.Finalizers = []string{"example.com/keep"} }, false},
		"restored, as from backup": {"first", func(m *v1alpha1.Member) { m.DeletionTimestamp = nil }, false},
	} {
		t.Run(name, func(t *testing.T) {
			member := v1alpha1.Member{ObjectMeta: metav1.ObjectMeta{UID: types.UID(tc.uid), DeletionTimestamp: &now, Finalizers: []string{v1alpha1.Finalizer}}}
			tc.change(&member)
			NewWithT(t).Expect(Carried(&r, []v1alpha1.Member{member})).To(Equal(tc.carried))
		})
	}
	NewWithT(t).Expect(people.Leaves(&v1alpha1.Member{})).To(BeFalse())
}

// TestRemovalAdmittedLately: what the brake let through more than its period ago is not counted.
func TestRemovalAdmittedLately(t *testing.T) {
	g := NewWithT(t)
	customer, now := &v1alpha1.Customer{}, monday.Time
	g.Expect(AdmittedLately(customer, now)).To(BeZero())
	minute := now.Unix() / 60
	customer.Status.Removals = &v1alpha1.RemovalLedger{Admitted: []v1alpha1.AdmittedRemovals{{Minute: minute - 11, Count: 7}, {Minute: minute - 9, Count: 2}, {Minute: minute, Count: 1}}}
	g.Expect(AdmittedLately(customer, now)).To(Equal(3))
}
