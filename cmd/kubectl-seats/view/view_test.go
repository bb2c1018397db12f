package view

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// member is one whose conditions have these reasons; Ready is False where it has a message.
func member(active, ready, readyMessage string) *v1alpha1.Member {
	m := &v1alpha1.Member{}
	m.Name = "jane"
	m.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionActive, Reason: active, Message: "says Active"}}
	condition := metav1.Condition{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: ready, Message: readyMessage}
	if readyMessage != "" {
		condition.Status = metav1.ConditionFalse
	}
	m.Status.Conditions = append(m.Status.Conditions, condition)
	return m
}

func TestWhatAPersonWaitsFor(t *testing.T) {
	for name, test := range map[string]struct {
		member *v1alpha1.Member
		want   string
	}{
		"nobody has looked":         {&v1alpha1.Member{}, "a first look by the operator"},
		"joined":                    {member("Joined", "Reconciled", ""), ""},
		"invited":                   {member("Invited", "Reconciled", ""), "the person's click"},
		"no seat":                   {member("SeatLimitReached", "SeatLimitReached", "all seats are in use"), "a free seat"},
		"expired":                   {member("Expired", "Reconciled", ""), "the link expired: kubectl seats resend jane"},
		"joined, and a role is not": {member("Joined", "RoleNotFound", "Auth0 has no role Reader"), "Auth0 has no role Reader"},
		"anything else":             {member("OnHold", "OnHold", "x"), "says Active"},
	} {
		NewWithT(t).Expect(waitsFor(test.member, noon)).To(Equal(test.want), name)
	}
	leaving := member("Withdrawing", "Deleting", "x")
	leaving.DeletionTimestamp = &metav1.Time{Time: noon}
	NewWithT(t).Expect(waitsFor(leaving, noon)).To(Equal("its removal: says Active"))
	refused := member("Joined", "Reconciled", "")
	refused.Status.Conditions = append(refused.Status.Conditions, metav1.Condition{Type: v1alpha1.ConditionRequestRefused, Message: "is too old"})
	NewWithT(t).Expect(waitsFor(refused, noon)).To(Equal("a request is refused: is too old"))
}

func TestWhatIsShownSteersNoTerminal(t *testing.T) {
	g := NewWithT(t)
	table := &Table{Headers: []string{"A", "B"}}
	table.Add("\x1b[2Jevil\nline\u202e", "ü")
	table.Add("x", "")
	g.Expect(table.String("  ", false)).To(Equal("  A              B\n  [2Jevil line   ü\n  x\n"))
	table.Rows[0][0].Tone = Bad
	g.Expect(table.String("", true)).To(HavePrefix("A              B\n\x1b[31m[2Jevil line\x1b[0m   ü\n"))
}

func TestRemovalsThatAreHeld(t *testing.T) {
	g := NewWithT(t)
	customer := &v1alpha1.Customer{}
	g.Expect(HeldOf(customer)).To(BeNil())
	customer.Status.HeldRemovals = &v1alpha1.HeldRemovals{Hash: "h", People: 1}
	held := HeldOf(customer)
	g.Expect(held).To(Equal(&Held{Hash: "h", People: 1, Of: v1alpha1.HeldPeople}))
	for of, says := range map[v1alpha1.HeldKind]string{
		v1alpha1.HeldPeople: "the removal of 1 person waits", v1alpha1.HeldOrganization: "deleting the organization waits", v1alpha1.HeldUsers: "deleting the users of 1 person waits",
	} {
		held.Of = of
		g.Expect(held.Text()).To(HavePrefix(says))
	}
}

func TestRemovalsSayWhereAPersonStands(t *testing.T) {
	of := func(state v1alpha1.RemovalState, heldFor string, outcome v1alpha1.RemovalOutcome) *Removal {
		removal := v1alpha1.Removal{Spec: v1alpha1.RemovalSpec{Email: "Jane@acme.com"}, Status: v1alpha1.RemovalStatus{State: state, Outcome: outcome}}
		if heldFor != "" {
			removal.Status.Decision = &v1alpha1.RemovalDecision{Outcome: v1alpha1.DecisionHeld, Reason: heldFor}
		}
		return RemovalOf(Removals([]v1alpha1.Removal{removal}), "jane@acme.com")
	}
	for name, test := range map[string]struct {
		removal                *Removal
		underWay, awaits, done bool
		meaning                string
	}{
		"no state yet":           {of("", "", ""), true, false, false, "nothing is taken yet"},
		"being taken":            {of(v1alpha1.RemovalRemoving, "", ""), true, false, false, "access is being taken"},
		"above the brake":        {of(v1alpha1.RemovalHeld, v1alpha1.ReasonAwaitingApproval, ""), false, true, false, "can sign in until somebody approves"},
		"decision lost":          {of(v1alpha1.RemovalHeld, v1alpha1.ReasonDecisionLost, ""), false, true, false, "can sign in until somebody approves"},
		"an admin":               {of(v1alpha1.RemovalHeld, v1alpha1.ReasonNamedAsAdmin, ""), false, false, false, "can sign in: the contract names an admin"},
		"out":                    {of(v1alpha1.RemovalRemoved, "", ""), false, false, true, "is out; a Member of the address brings the person back"},
		"the user is on its way": {of(v1alpha1.RemovalDeleting, "", ""), false, false, true, "is out; the user is being deleted"},
		"the user is deleted":    {of(v1alpha1.RemovalDone, "", v1alpha1.OutcomeUserDeleted), false, false, true, "is out; the user is deleted"},
		"the grace is over":      {of(v1alpha1.RemovalDone, "", v1alpha1.OutcomeRemoved), false, false, true, "is out"},
		"taken over":             {of(v1alpha1.RemovalDone, "", v1alpha1.OutcomeTakenOver), false, false, false, "a Member of the address has this person"},
		"left":                   {of(v1alpha1.RemovalDone, "", v1alpha1.OutcomeLeftAsIs), false, false, false, "nothing more is taken: the organization is not the Customer's any more"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			g.Expect(test.removal.IsUnderWay()).To(Equal(test.underWay))
			g.Expect(test.removal.AwaitsApproval()).To(Equal(test.awaits))
			g.Expect(test.removal.IsDone()).To(Equal(test.done))
			g.Expect(test.removal.Meaning()).To(Equal(test.meaning))
		})
	}
	NewWithT(t).Expect(RemovalOf(nil, "kim@acme.com")).To(BeNil())
}

func TestDurationsInOneUnit(t *testing.T) {
	for want, d := range map[string]time.Duration{"3d": 80 * time.Hour, "47h": 47*time.Hour + time.Minute, "90m": 90 * time.Minute, "59s": 59 * time.Second} {
		NewWithT(t).Expect(Ahead(d)).To(Equal(want))
	}
	NewWithT(t).Expect(Ago(noon.Add(time.Second), noon)).To(Equal("now"))
}
