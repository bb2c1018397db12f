package auth0

import (
	"maps"
	"strconv"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// sent counts the calls of forty callers that Auth0 takes within so many seconds.
func (w *budgetWorld) sent(seconds int, route string) (n int) {
	for range seconds * 10 {
		w.now = w.now.Add(100 * time.Millisecond)
		for i := range 40 {
			if w.try("k"+strconv.Itoa(i), strconv.Itoa(i), LaneDefault, route) {
				n++
			}
		}
	}
	return n
}

// TestPlanHoldsBeforeTheFirstAnswer: where a plan is declared, nobody storms.
func TestPlanHoldsBeforeTheFirstAnswer(t *testing.T) {
	for name, most := range map[string]int{PlanFree: 1, PlanEssentials: 8, PlanProfessional: 8, PlanEnterprise: 16} {
		g := NewWithT(t)
		b := NewBudget()
		b.Declare(Limits{Plan: name})
		went := 0
		for i := range 100 {
			c := claim{group: groupOf(inviteRoute), place: place{key: strconv.Itoa(i), flow: "f", lane: LaneDefault}}
			if _, free := b.ask(c, someTime); free {
				went++
			}
		}
		g.Expect(went).To(And(BeNumerically(">=", 1), BeNumerically("<=", most)), name)
	}
}

// TestPlanGivesWayToAnswers: a plan that Auth0's answers are not of does no harm,
// is told, and holds again when it is true.
func TestPlanGivesWayToAnswers(t *testing.T) {
	g := NewWithT(t)
	w := newBudgetWorld(planFree)
	w.budget.Declare(Limits{Plan: PlanEnterprise})
	g.Expect(w.sent(600, inviteRoute)).To(BeNumerically(">", 600))
	g.Expect(w.auth0.denied).To(BeNumerically("<=", 2))
	g.Expect(w.budget.Shortage(w.now).Answered).To(Equal(PlanFree))
	w.auth0 = newAuth0Limiter(planEnterprise)
	w.sent(60, inviteRoute)
	g.Expect(w.budget.Shortage(w.now).Answered).To(BeEmpty())
	w.budget.Declare(Limits{})
	w.auth0 = newAuth0Limiter(planFree)
	w.sent(60, inviteRoute)
	g.Expect(w.budget.Shortage(w.now).Answered).To(BeEmpty(), "where none is declared none is contradicted")
}

func TestPlanCustom(t *testing.T) {
	g := NewWithT(t)
	own := maps.Clone(planEnterprise)
	own["invitations write"] = limit{60, 600}
	w := newBudgetWorld(own)
	w.budget.Declare(Limits{Plan: PlanCustom, Share: 100, Buckets: map[string]Rate{"invitations write": {60, 600}}})
	g.Expect(w.sent(600, inviteRoute)).To(BeNumerically(">", 5700), "95 % of what is declared")
	g.Expect(w.auth0.denied).To(BeNumerically("<=", 2))
	g.Expect(w.budget.Shortage(w.now).Odd).To(BeEmpty())

	w.auth0 = newAuth0Limiter(planEnterprise)
	w.sent(600, inviteRoute)
	denied := w.auth0.denied
	g.Expect(w.sent(600, inviteRoute)).To(BeNumerically(">", 900), "it goes on by the answers")
	g.Expect(w.auth0.denied - denied).To(BeNumerically("<=", 2))
	g.Expect(w.budget.Shortage(w.now).Odd).To(Equal([]string{"invitations write"}))
}

func TestPlanShare(t *testing.T) {
	g := NewWithT(t)
	w := newBudgetWorld(planEnterprise)
	w.budget.Declare(Limits{Plan: PlanEnterprise, Share: 25})
	w.sent(1, "GET /api/v2/clients/{id}") // whose answer speaks of the global limit
	w.sent(60, inviteRoute)
	g.Expect(w.sent(600, inviteRoute)).To(BeNumerically("~", 500, 25), "a quarter of 200 a minute")
	w.budget.Declare(Limits{Plan: PlanEnterprise, Share: 50})
	w.sent(60, inviteRoute)
	g.Expect(w.sent(600, inviteRoute)).To(BeNumerically("~", 1000, 50), "a change counts at once")
}

// TestShortageOfAGroup: a group that is refused again and again is told, with the
// time of the next try, until it is over.
func TestShortageOfAGroup(t *testing.T) {
	g := NewWithT(t)
	b, now := NewBudget(), someTime
	group := groupOf(inviteRoute)
	refuse := func() {
		now = b.refused(group, "Limit of write invitations has been reached", time.Time{}, now).at.Add(time.Second)
	}
	refuse()
	refuse()
	g.Expect(b.Shortage(now).Refused).To(BeEmpty(), "single refusals happen")
	for range 10 {
		refuse()
	}
	g.Expect(b.Shortage(now).Refused).To(HaveKeyWithValue("invitations write", BeTemporally("~", now, 2*time.Minute)))
	g.Expect(b.Left(now.Add(-2 * time.Second))).To(HaveKeyWithValue("invitations write", 0.0))
	b.answered(group, 201, quota{}, now)
	g.Expect(b.Shortage(now).Refused).To(BeEmpty())
	for range lastingRefusals {
		refuse()
	}
	g.Expect(b.Shortage(now.Add(time.Hour)).Refused).To(BeEmpty(), "nobody has tried for long")
}
