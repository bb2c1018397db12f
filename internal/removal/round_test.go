package removal

import (
	"fmt"
	"slices"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// TestRemovalRound: what a round decides about somebody, while the brake lets so many through.
func TestRemovalRound(t *testing.T) {
	admitted, approved, counted := Verdict{Name: "jane", Admitted: true}, Verdict{Name: "jane", Admitted: true, Approved: true}, Verdict{Name: "jane", Admitted: true, Counted: true}
	held := func(reason HoldReason) *Verdict { return &Verdict{Name: "jane", Reason: reason} }
	for name, tc := range map[string]struct {
		waiting Waiting
		left    int
		want    *Verdict
	}{
		"within the brake":                      {Waiting{}, 1, &admitted},
		"beyond the brake":                      {Waiting{}, 0, held(HoldAboveBrake)},
		"far beyond it":                         {Waiting{}, -3, held(HoldAboveBrake)},
		"counted already":                       {Waiting{Counted: true}, 0, &counted},
		"declared":                              {Waiting{Declared: true}, 1, nil},
		"declared, and held":                    {Waiting{Declared: true, HeldFor: HoldAboveBrake}, 1, nil},
		"declared, and approved":                {Waiting{Declared: true, HeldFor: HoldAboveBrake, Approved: true}, 1, nil},
		"declared, and counted":                 {Waiting{Declared: true, Counted: true}, 1, nil},
		"declared, and an admin":                {Waiting{Declared: true, Admin: true}, 1, nil},
		"declared, and nobody carries it":       {Waiting{Declared: true, Orphaned: true}, 1, nil},
		"an admin":                              {Waiting{Admin: true}, 1, held(HoldAdmin)},
		"an admin, held as one":                 {Waiting{Admin: true, HeldFor: HoldAdmin}, 1, nil},
		"an admin, approved with others":        {Waiting{Admin: true, HeldFor: HoldAdmin, Approved: true}, 1, nil},
		"an admin since, approved":              {Waiting{Admin: true, HeldFor: HoldAboveBrake, Approved: true}, 1, held(HoldAdmin)},
		"an admin, counted":                     {Waiting{Admin: true, Counted: true}, 1, held(HoldAdmin)},
		"no admin any more":                     {Waiting{HeldFor: HoldAdmin}, 1, held(HoldAboveBrake)},
		"no admin any more, and approved":       {Waiting{HeldFor: HoldAdmin, Approved: true}, 1, &approved},
		"held":                                  {Waiting{HeldFor: HoldAboveBrake}, 1, nil},
		"held, and approved":                    {Waiting{HeldFor: HoldAboveBrake, Approved: true}, 0, &approved},
		"the decision was lost":                 {Waiting{Orphaned: true}, 1, held(HoldOrphaned)},
		"the decision was lost, and counted":    {Waiting{Orphaned: true, Counted: true}, 1, held(HoldOrphaned)},
		"the decision was lost, held":           {Waiting{Orphaned: true, HeldFor: HoldOrphaned}, 1, nil},
		"the decision was lost, and approved":   {Waiting{Orphaned: true, HeldFor: HoldOrphaned, Approved: true}, 0, &approved},
		"held by the brake, its Member is gone": {Waiting{Orphaned: true, HeldFor: HoldAboveBrake}, 1, nil},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			tc.waiting.Name = "jane"
			verdicts, more := DecideRound([]Waiting{tc.waiting}, tc.left)
			g.Expect(more).To(BeFalse())
			if tc.want == nil {
				g.Expect(verdicts).To(BeEmpty())
			} else {
				g.Expect(verdicts).To(Equal([]Verdict{*tc.want}))
			}
		})
	}
}

// TestRemovalRoundOrder: who was asked for first is decided first, whatever the order of the list.
func TestRemovalRoundOrder(t *testing.T) {
	waiting := []Waiting{
		{Name: "second", RequestedAt: t0}, {Name: "first", RequestedAt: t0.Add(-time.Second)}, {Name: "third", RequestedAt: t0.Add(time.Second)},
		{Name: "also second", RequestedAt: t0},
	}
	want := []Verdict{
		{Name: "first", Admitted: true}, {Name: "also second", Admitted: true}, {Name: "second", Reason: HoldAboveBrake}, {Name: "third", Reason: HoldAboveBrake},
	}
	for range len(waiting) {
		waiting = append(waiting[1:], waiting[0])
		listed := slices.Clone(waiting)
		verdicts, _ := DecideRound(waiting, 2)
		NewWithT(t).Expect(verdicts).To(Equal(want))
		NewWithT(t).Expect(waiting).To(Equal(listed), "the list stays as it is")
	}
}

// TestRemovalRoundCounts: the brake counts who it lets through: not who is approved, who is held, who
// is counted already, or of whom nothing is decided.
func TestRemovalRoundCounts(t *testing.T) {
	verdicts, _ := DecideRound([]Waiting{
		{Name: "a", RequestedAt: t0, Declared: true}, {Name: "b", RequestedAt: t0, Admin: true}, {Name: "c", RequestedAt: t0, HeldFor: HoldAboveBrake, Approved: true},
		{Name: "d", RequestedAt: t0, Counted: true}, {Name: "e", RequestedAt: t0, Orphaned: true}, {Name: "f", RequestedAt: t0}, {Name: "g", RequestedAt: t0},
	}, 1)
	admitted := map[string]bool{}
	for _, verdict := range verdicts {
		admitted[verdict.Name] = verdict.Admitted
	}
	NewWithT(t).Expect(admitted).To(Equal(map[string]bool{"b": false, "c": true, "d": true, "e": false, "f": true, "g": false}))
}

// TestRemovalRoundSize: a round admits a hundred, and another follows; who is held is written in whatever number.
func TestRemovalRoundSize(t *testing.T) {
	crowd := func(n int, change func(*Waiting)) (out []Waiting) {
		for i := range n {
			w := Waiting{Name: fmt.Sprintf("%04d", i), RequestedAt: t0.Add(time.Duration(i) * time.Second)}
			change(&w)
			out = append(out, w)
		}
		return out
	}
	none := func(*Waiting) {}
	for name, tc := range map[string]struct {
		waiting []Waiting
		left    int
		want    int
		more    bool
	}{
		"a hundred":                 {crowd(RoundSize, none), 1000, RoundSize, false},
		"one more":                  {crowd(RoundSize+1, none), 1000, RoundSize, true},
		"approved ones":             {crowd(RoundSize+1, func(w *Waiting) { w.HeldFor, w.Approved = HoldAboveBrake, true }), 0, RoundSize, true},
		"held ones":                 {crowd(3*RoundSize, none), 0, 3 * RoundSize, false},
		"a hundred, and then held":  {crowd(2*RoundSize, none), RoundSize, 2 * RoundSize, false},
		"some, and then held":       {crowd(2*RoundSize, none), 5, 2 * RoundSize, false},
		"of whom most are declared": {crowd(3*RoundSize, func(w *Waiting) { w.Declared = w.Name > "0004" }), 1000, 5, false},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			verdicts, more := DecideRound(tc.waiting, tc.left)
			g.Expect(verdicts).To(HaveLen(tc.want))
			g.Expect(more).To(Equal(tc.more))
		})
	}
}

// TestRemovalCountsForItsPeriod: a minute counts until its last second is out of the brake's period.
func TestRemovalCountsForItsPeriod(t *testing.T) {
	at := time.Date(2026, 11, 1, 9, 0, 30, 0, time.UTC)
	for after, want := range map[time.Duration]bool{
		0: true, time.Minute: true, BrakeWindow: true, BrakeWindow + 28*time.Second: true, BrakeWindow + 29*time.Second: false, time.Hour: false,
	} {
		NewWithT(t).Expect(Counts(MinuteOf(at), at.Add(after))).To(Equal(want), after.String())
	}
}

// TestRemovalGoes: what becomes of a Removal when its Customer goes, rests, or is another.
func TestRemovalGoes(t *testing.T) {
	for name, tc := range map[string]struct {
		facts GoingFacts
		want  Route
	}{
		"Customer present":                          {GoingFacts{Customer: CustomerPresent, Undone: true}, RouteWithdraw},
		"Customer present, the person is out":       {GoingFacts{Customer: CustomerPresent}, RouteWithdraw},
		"Customer present, the Removal was deleted": {GoingFacts{Customer: CustomerPresent, Undone: true, Deleted: true}, RouteWithdraw},
		"the Customer of the name is another":       {GoingFacts{Customer: CustomerAnother, Undone: true}, RouteNothing},
		"… and rests":                               {GoingFacts{Customer: CustomerAnother, Rests: true, Undone: true}, RouteNothing},
		"observed or paused":                        {GoingFacts{Customer: CustomerPresent, Rests: true, Undone: true}, RouteRest},
		"… and the Removal was deleted":             {GoingFacts{Customer: CustomerPresent, Rests: true, Undone: true, Deleted: true}, RouteNothing},
		"… and the Customer is being deleted":       {GoingFacts{Customer: CustomerDeletingDelete, Rests: true, Undone: true}, RouteRest},
		"… and the Customer is gone":                {GoingFacts{Customer: CustomerGone, Rests: true, Undone: true}, RouteNothing},
		"Customer deleted with Retain":              {GoingFacts{Customer: CustomerDeletingRetain, Undone: true}, RouteNothing},
		"Customer deleted with Delete":              {GoingFacts{Customer: CustomerDeletingDelete, Undone: true}, RouteWaitForOrganization},
		"… and the person is out":                   {GoingFacts{Customer: CustomerDeletingDelete}, RouteWaitForOrganization},
		"Customer gone, not asked yet":              {GoingFacts{Customer: CustomerGone, Undone: true, Marker: MarkerUnread}, RouteReadMarker},
		"Customer gone, released":                   {GoingFacts{Customer: CustomerGone, Undone: true, Marker: MarkerAbsent}, RouteNothing},
		"Customer gone, its finalizer forced":       {GoingFacts{Customer: CustomerGone, Undone: true, Marker: MarkerOurs}, RouteStillOwned},
		"Customer gone, and the person is out":      {GoingFacts{Customer: CustomerGone, Marker: MarkerUnread}, RouteNothing},
		"… and the organization is marked as ours":  {GoingFacts{Customer: CustomerGone, Marker: MarkerOurs}, RouteNothing},
	} {
		t.Run(name, func(t *testing.T) { NewWithT(t).Expect(Going(tc.facts)).To(Equal(tc.want)) })
	}
}
