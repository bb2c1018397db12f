package customer

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/leaver"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/removal"
)

// asked is the Removal of somebody at acme.com that was asked for, changed by change.
func asked(name string, change func(*v1alpha1.Removal)) *v1alpha1.Removal {
	email := name + "@acme.com"
	r := &v1alpha1.Removal{ObjectMeta: metav1.ObjectMeta{
		Namespace: "n", Name: leaver.Name("acme", ownership.PersonRef(email)), UID: types.UID("r-" + name), ResourceVersion: "1", Generation: 1,
		Finalizers: []string{v1alpha1.Finalizer},
	}}
	r.Spec = v1alpha1.RemovalSpec{
		CustomerRef: v1alpha1.RemovalCustomer{Name: "acme", UID: "acme"}, Email: v1alpha1.Email(email),
		Member:    v1alpha1.RemovalMember{Name: name, UID: types.UID("m-" + name)},
		TenantRef: v1alpha1.TenantRef{Name: "default"}, OrganizationID: "org_1", RequestedAt: metav1.NewMicroTime(nobody{}.Now()),
	}
	if change != nil {
		change(r)
	}
	return r
}

func state(of v1alpha1.RemovalState) func(*v1alpha1.Removal) {
	return func(r *v1alpha1.Removal) { r.Status.State = of }
}

// held since a round, for a reason.
func held(round int64, reason string) func(*v1alpha1.Removal) {
	return func(r *v1alpha1.Removal) {
		r.Status.State = v1alpha1.RemovalHeld
		r.Status.Decision = &v1alpha1.RemovalDecision{Outcome: v1alpha1.DecisionHeld, Reason: reason, Round: round, At: r.Spec.RequestedAt}
	}
}

// leaves is the deleted Member that began a Removal, and waits for it.
func leaves(r *v1alpha1.Removal) v1alpha1.Member {
	now := metav1.NewTime(nobody{}.Now())
	return v1alpha1.Member{
		ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: r.Spec.Member.Name, UID: r.Spec.Member.UID, DeletionTimestamp: &now, Finalizers: []string{v1alpha1.Finalizer}},
		Spec:       v1alpha1.MemberSpec{CustomerRef: v1alpha1.CustomerRef{Name: "acme"}, Email: r.Spec.Email},
	}
}

// declares is a Member that declares the person of a Removal.
func declares(r *v1alpha1.Removal) v1alpha1.Member {
	member := leaves(r)
	member.Name, member.UID, member.DeletionTimestamp = r.Spec.Member.Name+"-again", types.UID(r.Spec.Member.Name+"-again"), nil
	return member
}

// roundOf is a round of acme over Removals, and the Members that began them.
func roundOf(customer *v1alpha1.Customer, removals ...*v1alpha1.Removal) *removalRound {
	var list []v1alpha1.Removal
	var members []v1alpha1.Member
	for _, r := range removals {
		list, members = append(list, *r), append(members, leaves(r))
	}
	return newRound(customer, list, members, nobody{}.Now())
}

func acme() *v1alpha1.Customer {
	customer := &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "acme", UID: "acme", ResourceVersion: "1", Generation: 1}}
	customer.Spec.TenantRef.Name, customer.Status.OrganizationID = "default", "org_1"
	return customer
}

// TestRemovalRoundSettles: whom an earlier round counted and did not come to write is
// decided anew and not counted twice; whoever was written meanwhile, or is another, is.
func TestRemovalRoundSettles(t *testing.T) {
	jane := asked("jane", nil)
	entry := v1alpha1.DecidingRemoval{Name: jane.Name, UID: jane.UID, ResourceVersion: jane.ResourceVersion}
	for name, tc := range map[string]struct {
		change  func(*v1alpha1.DecidingRemoval)
		counted bool
	}{
		"at the version that was listed": {func(*v1alpha1.DecidingRemoval) {}, true},
		"written meanwhile":              {func(e *v1alpha1.DecidingRemoval) { e.ResourceVersion = "0" }, false},
		"another of the name":            {func(e *v1alpha1.DecidingRemoval) { e.UID = "another" }, false},
		"gone":                           {func(e *v1alpha1.DecidingRemoval) { e.Name = "gone" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			customer, entry := acme(), entry
			tc.change(&entry)
			customer.Status.Removals = &v1alpha1.RemovalLedger{Round: 3, Deciding: []v1alpha1.DecidingRemoval{entry}}
			round := roundOf(customer, jane)
			g.Expect(round.settle()).To(BeTrue(), "the ledger is written")
			g.Expect(round.ledger.Deciding).To(BeEmpty())
			g.Expect(round.waiting()).To(ConsistOf(HaveField("Counted", tc.counted)))
			g.Expect(customer.Status.Removals.Deciding).To(HaveLen(1), "what was read stays")
		})
	}
	NewWithT(t).Expect(roundOf(acme(), jane).settle()).To(BeFalse(), "nothing was left")
}

// approval is what a round of acme over Removals takes up.
func approval(customer *v1alpha1.Customer, removals ...*v1alpha1.Removal) (round *removalRound, hash string, later bool) {
	round = roundOf(customer, removals...)
	hash, later = round.approve(round.waiting())
	return round, hash, later
}

// TestRemovalApprovedByItsHash: an approval is taken up when it names exactly what is held.
// It covers what was held until then, and nothing that is held later.
func TestRemovalApprovedByItsHash(t *testing.T) {
	g := NewWithT(t)
	jane, bob := asked("jane", held(2, v1alpha1.ReasonAwaitingApproval)), asked("bob", held(3, v1alpha1.ReasonAwaitingApproval))
	customer := acme()
	customer.Status.Removals = &v1alpha1.RemovalLedger{Round: 3}
	hash, _ := leaver.HeldHash(customer, []v1alpha1.Removal{*jane, *bob})
	for _, quoted := range []string{"", "another", "true"} {
		customer.Annotations = map[string]string{v1alpha1.AnnotationApproveRemovals: quoted}
		round, taken, later := approval(customer, jane, bob)
		g.Expect(taken).To(BeEmpty(), quoted)
		g.Expect(later).To(BeFalse())
		g.Expect(round.waiting()).To(HaveEach(HaveField("Approved", false)))
	}
	customer.Annotations = map[string]string{v1alpha1.AnnotationApproveRemovals: hash}
	_, taken, _ := approval(customer, jane)
	g.Expect(taken).To(BeEmpty(), "of more people than are held")
	_, taken, _ = approval(customer)
	g.Expect(taken).To(BeEmpty(), "nobody is held")

	round, taken, _ := approval(customer, jane, bob)
	g.Expect(taken).To(Equal(hash))
	g.Expect(round.waiting()).To(HaveEach(HaveField("Approved", true)))
	g.Expect(round.ledger.ApprovedRound).To(Equal(int64(3)))

	// Whoever leads next finishes, though the hash is of others by then.
	customer.Status.Removals = &round.ledger
	customer.Annotations = nil
	later := asked("eve", held(4, v1alpha1.ReasonAwaitingApproval))
	next, taken, _ := approval(customer, bob, later)
	g.Expect(taken).To(BeEmpty())
	g.Expect(next.waiting()).To(ConsistOf(
		SatisfyAll(HaveField("Name", bob.Name), HaveField("Approved", true)),
		SatisfyAll(HaveField("Name", later.Name), HaveField("Approved", false)),
	))
}

// TestRemovalOfAFormerAdminIsApprovedByItself: whom the contract named as an admin was in no approval: when it names them
// no more, one that came earlier does not remove them.
func TestRemovalOfAFormerAdminIsApprovedByItself(t *testing.T) {
	g := NewWithT(t)
	boss := asked("boss", held(2, v1alpha1.ReasonNamedAsAdmin))
	customer := acme()
	customer.Status.Removals = &v1alpha1.RemovalLedger{Round: 3, ApprovedRound: 3}
	round, _, _ := approval(customer, boss)
	g.Expect(round.waiting()).To(ConsistOf(HaveField("Approved", false)))

	hash, _ := leaver.HeldHash(customer, []v1alpha1.Removal{*boss})
	customer.Annotations = map[string]string{v1alpha1.AnnotationApproveRemovals: hash}
	round, taken, _ := approval(customer, boss)
	g.Expect(taken).To(Equal(hash))
	g.Expect(round.waiting()).To(ConsistOf(HaveField("Approved", true)))
}

// TestRemovalApprovalWaitsForTheUndecided: an operator that froze in an earlier round may still write
// that somebody is held: whoever approved has not seen them.
func TestRemovalApprovalWaitsForTheUndecided(t *testing.T) {
	g := NewWithT(t)
	jane, eve := asked("jane", held(3, v1alpha1.ReasonAwaitingApproval)), asked("eve", nil)
	customer := acme()
	customer.Status.Removals = &v1alpha1.RemovalLedger{Round: 3}
	hash, _ := leaver.HeldHash(customer, []v1alpha1.Removal{*jane})
	customer.Annotations = map[string]string{v1alpha1.AnnotationApproveRemovals: hash}
	round, taken, later := approval(customer, jane, eve)
	g.Expect(taken).To(BeEmpty())
	g.Expect(later).To(BeTrue(), "another round takes it up")
	g.Expect(round.ledger.ApprovedRound).To(BeZero())

	round = roundOf(customer, jane, eve)
	round.members = append(round.members, declares(eve))
	taken, _ = round.approve(round.waiting())
	g.Expect(taken).To(Equal(hash), "who is declared is not held")
}

// TestRemovalOfWhomARoundHears: who waits for a decision, and what is known of them.
func TestRemovalOfWhomARoundHears(t *testing.T) {
	jane := asked("jane", nil)
	for name, tc := range map[string]struct {
		change  func(*v1alpha1.Removal)
		members func(*v1alpha1.Removal) []v1alpha1.Member
		admin   string
		want    *removal.Waiting
	}{
		"asked for":            {want: &removal.Waiting{}},
		"said to be Pending":   {change: state(v1alpha1.RemovalPending), want: &removal.Waiting{}},
		"held":                 {change: held(1, v1alpha1.ReasonAwaitingApproval), want: &removal.Waiting{HeldFor: removal.HoldAboveBrake}},
		"being removed":        {change: state(v1alpha1.RemovalRemoving)},
		"removed":              {change: state(v1alpha1.RemovalRemoved)},
		"the user is deleted":  {change: state(v1alpha1.RemovalDeleting)},
		"done":                 {change: state(v1alpha1.RemovalDone)},
		"its Member is gone":   {members: func(*v1alpha1.Removal) []v1alpha1.Member { return nil }, want: &removal.Waiting{Orphaned: true}},
		"an admin":             {admin: "Jane@acme.com", want: &removal.Waiting{Admin: true}},
		"another is the admin": {admin: "boss@acme.com", want: &removal.Waiting{}},
		"declared again": {
			members: func(r *v1alpha1.Removal) []v1alpha1.Member { return []v1alpha1.Member{leaves(r), declares(r)} },
			want:    &removal.Waiting{Declared: true},
		},
		"declared outside the domains": {
			members: func(r *v1alpha1.Removal) []v1alpha1.Member {
				refused := declares(r)
				refused.Status.Seat = &v1alpha1.MemberSeat{State: v1alpha1.SeatRefused, Reason: v1alpha1.ReasonDomainNotAllowed}
				return []v1alpha1.Member{leaves(r), refused}
			},
			want: &removal.Waiting{},
		},
		"carried by one that joined": {
			change: func(r *v1alpha1.Removal) {
				r.Status.Carries = []v1alpha1.CarriedMember{{Name: "jane-2", UID: "jane-2"}}
			},
			members: func(r *v1alpha1.Removal) []v1alpha1.Member {
				second := leaves(r)
				second.Name, second.UID = "jane-2", "jane-2"
				return []v1alpha1.Member{second}
			},
			want: &removal.Waiting{},
		},
		"read in part only":      {change: func(r *v1alpha1.Removal) { r.Unreadable = "status.decision" }},
		"held as an admin":       {change: held(1, v1alpha1.ReasonNamedAsAdmin), want: &removal.Waiting{HeldFor: removal.HoldAdmin}},
		"… and still one":        {change: held(1, v1alpha1.ReasonNamedAsAdmin), admin: "jane@acme.com", want: &removal.Waiting{Admin: true, HeldFor: removal.HoldAdmin}},
		"held, nobody knows why": {change: state(v1alpha1.RemovalHeld), want: &removal.Waiting{HeldFor: removal.HoldOrphaned}},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			r, customer := jane.DeepCopy(), acme()
			if tc.change != nil {
				tc.change(r)
			}
			if tc.admin != "" {
				customer.Spec.Admins = []v1alpha1.Admin{{Email: v1alpha1.Email(tc.admin)}}
			}
			round := roundOf(customer, r)
			if tc.members != nil {
				round = newRound(customer, round.removals, tc.members(r), round.now)
			}
			if tc.want == nil {
				g.Expect(round.waiting()).To(BeEmpty())
				return
			}
			tc.want.Name, tc.want.RequestedAt = r.Name, r.Spec.RequestedAt.Time
			g.Expect(round.waiting()).To(ConsistOf(*tc.want))
		})
	}
}

// TestRemovalBrakeCountsPeople: the brake's share is of who holds something, and of who did when its
// period began.
func TestRemovalBrakeCountsPeople(t *testing.T) {
	jane := asked("jane", nil)
	lately, before := metav1.NewMicroTime(nobody{}.Now().Add(-time.Minute)), metav1.NewMicroTime(nobody{}.Now().Add(-time.Hour))
	admitted := func(at metav1.MicroTime, approved *metav1.MicroTime) func(*v1alpha1.Removal) {
		return func(r *v1alpha1.Removal) {
			r.Status.State = v1alpha1.RemovalRemoved
			r.Status.Decision = &v1alpha1.RemovalDecision{Outcome: v1alpha1.DecisionAdmitted, At: at, ApprovedAt: approved}
		}
	}
	member := func(change func(*v1alpha1.Member)) []v1alpha1.Member {
		m := declares(jane)
		m.Status.Seat = &v1alpha1.MemberSeat{State: v1alpha1.SeatAssigned}
		change(&m)
		return []v1alpha1.Member{m}
	}
	for name, tc := range map[string]struct {
		removals []*v1alpha1.Removal
		members  []v1alpha1.Member
		removed  int
		want     int
	}{
		"nobody":                          {},
		"a Member":                        {members: member(func(*v1alpha1.Member) {}), want: 1},
		"who waits for a seat":            {members: member(func(m *v1alpha1.Member) { m.Status.Seat.State = v1alpha1.SeatWaiting })},
		"a person by two names":           {members: append(member(func(*v1alpha1.Member) {}), member(func(m *v1alpha1.Member) { m.Spec.Email = "JANE@acme.com" })...), want: 1},
		"a person who leaves, and comes":  {removals: []*v1alpha1.Removal{jane}, members: member(func(*v1alpha1.Member) {}), want: 1},
		"whose Member is gone":            {removals: []*v1alpha1.Removal{jane}, want: 1},
		"who is held":                     {removals: []*v1alpha1.Removal{asked("jane", held(1, ""))}, want: 1},
		"removed lately, and counted":     {removals: []*v1alpha1.Removal{asked("jane", admitted(lately, nil))}, removed: 1, want: 1},
		"removed lately, and approved":    {removals: []*v1alpha1.Removal{asked("jane", admitted(lately, &lately))}},
		"removed before the period began": {removals: []*v1alpha1.Removal{asked("jane", admitted(before, nil))}},
		"removed lately, the object gone": {removed: 3, want: 3},
		"some gone, and one is there":     {removals: []*v1alpha1.Removal{asked("jane", admitted(lately, nil))}, removed: 3, want: 3},
	} {
		t.Run(name, func(t *testing.T) {
			round := roundOf(acme(), tc.removals...)
			round.members = tc.members
			NewWithT(t).Expect(round.people(tc.removed)).To(Equal(tc.want))
		})
	}
}

// TestRemovalIsEnteredInTheLedger: who is admitted past no approval is counted in the minute, and
// named at the version that was listed; who is held, approved or counted already is not.
func TestRemovalIsEnteredInTheLedger(t *testing.T) {
	g := NewWithT(t)
	jane, bob, eve, kim := asked("jane", nil), asked("bob", nil), asked("eve", nil), asked("kim", nil)
	customer := acme()
	minute := removal.MinuteOf(nobody{}.Now())
	customer.Status.Removals = &v1alpha1.RemovalLedger{Round: 7, Admitted: []v1alpha1.AdmittedRemovals{{Minute: minute - 20, Count: 9}, {Minute: minute - 1, Count: 2}}}
	round := roundOf(customer, jane, bob, eve, kim)
	g.Expect(round.admittedLately()).To(Equal(2))
	round.enter(nil)
	g.Expect(round.ledger.Round).To(Equal(int64(7)), "nothing was decided")
	round.enter([]removal.Verdict{
		{Name: jane.Name, Admitted: true}, {Name: bob.Name, Reason: removal.HoldAboveBrake},
		{Name: eve.Name, Admitted: true, Approved: true}, {Name: kim.Name, Admitted: true, Counted: true},
	})
	entry := func(r *v1alpha1.Removal) v1alpha1.DecidingRemoval {
		return v1alpha1.DecidingRemoval{Name: r.Name, UID: r.UID, ResourceVersion: r.ResourceVersion}
	}
	g.Expect(round.ledger).To(Equal(v1alpha1.RemovalLedger{
		Round: 8, Deciding: []v1alpha1.DecidingRemoval{entry(jane), entry(kim)},
		Admitted: []v1alpha1.AdmittedRemovals{{Minute: minute - 1, Count: 2}, {Minute: minute, Count: 1}},
	}))
	round.enter([]removal.Verdict{{Name: bob.Name, Admitted: true}})
	g.Expect(round.ledger.Admitted).To(HaveLen(2))
	g.Expect(round.admittedLately()).To(Equal(4))
}

// TestRemovalDecisionIsWritten: what a verdict makes of a Removal. The taking begins with it.
func TestRemovalDecisionIsWritten(t *testing.T) {
	at := metav1.NewMicroTime(nobody{}.Now())
	began := at.Add(time.Minute)
	for name, tc := range map[string]struct {
		verdict  removal.Verdict
		state    v1alpha1.RemovalState
		decision v1alpha1.RemovalDecision
	}{
		"admitted": {removal.Verdict{Admitted: true}, v1alpha1.RemovalRemoving, v1alpha1.RemovalDecision{Outcome: v1alpha1.DecisionAdmitted, At: at, Round: 5}},
		"approved": {removal.Verdict{Admitted: true, Approved: true}, v1alpha1.RemovalRemoving, v1alpha1.RemovalDecision{Outcome: v1alpha1.DecisionAdmitted, At: at, Round: 5, ApprovedAt: &at}},
		"held":     {removal.Verdict{Reason: removal.HoldAdmin}, v1alpha1.RemovalHeld, v1alpha1.RemovalDecision{Outcome: v1alpha1.DecisionHeld, Reason: v1alpha1.ReasonNamedAsAdmin, At: at, Round: 5}},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			r := asked("jane", nil)
			round := roundOf(acme(), r)
			round.ledger.Round = 5
			decide(r, tc.verdict, round, began)
			g.Expect(r.Status.State).To(Equal(tc.state))
			g.Expect(*r.Status.Decision).To(Equal(tc.decision))
			if tc.verdict.Admitted {
				g.Expect(r.Status.Withdrawal).To(Equal(leaver.StartedAt(began)))
			} else {
				g.Expect(r.Status.Withdrawal).To(BeNil())
			}
		})
	}
}
