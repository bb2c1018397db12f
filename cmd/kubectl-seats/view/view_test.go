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
	_, held := Removals(customer)
	g.Expect(held).To(BeNil())
	customer.Status.HeldRemovals = &v1alpha1.HeldRemovals{Hash: "h", People: 1}
	customer.Status.Withdrawn = []v1alpha1.WithdrawnPerson{{Email: "Jane@acme.com", State: v1alpha1.WithdrawalHeld}, {Email: "joe@acme.com", State: v1alpha1.WithdrawalRemoved}}
	removals, held := Removals(customer)
	g.Expect(held).To(Equal(&Held{Hash: "h", People: 1, Of: v1alpha1.HeldPeople}))
	g.Expect(RemovalOf(removals, "jane@acme.com").IsHeld()).To(BeTrue())
	g.Expect(RemovalOf(removals, "joe@acme.com").IsDone()).To(BeTrue())
	g.Expect(RemovalOf(removals, "kim@acme.com")).To(BeNil())
	for of, says := range map[v1alpha1.HeldKind]string{
		v1alpha1.HeldPeople: "the removal of 1 person waits", v1alpha1.HeldOrganization: "deleting the organization waits", v1alpha1.HeldUsers: "deleting the users of 1 person waits",
	} {
		held.Of = of
		g.Expect(held.Text()).To(HavePrefix(says))
	}
}

func TestDurationsInOneUnit(t *testing.T) {
	for want, d := range map[string]time.Duration{"3d": 80 * time.Hour, "47h": 47*time.Hour + time.Minute, "90m": 90 * time.Minute, "59s": 59 * time.Second} {
		NewWithT(t).Expect(Ahead(d)).To(Equal(want))
	}
	NewWithT(t).Expect(Ago(noon.Add(time.Second), noon)).To(Equal("now"))
}
