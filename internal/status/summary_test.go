package status

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// urgency is what can be the matter with a Customer, the most urgent first, and
// the words for it.
var urgency = []struct {
	words  string
	change func(*CustomerFacts)
}{
	{"3 people held: approve or apply again", func(f *CustomerFacts) { f.Held = &v1alpha1.HeldRemovals{Hash: "abc", People: 3} }},
	{"Auth0 has no such connection", func(f *CustomerFacts) {
		f.Problem = &Problem{Class: Person, Reason: v1alpha1.ReasonConnectionNotFound, Message: "m"}
	}},
	{"Observe: 2 calls planned", func(f *CustomerFacts) {
		f.Mode, f.Plan = v1alpha1.ModeObserve, Plan{Calls: make([]v1alpha1.PlannedCall, 2)}
	}},
	{"the contract has ended", func(f *CustomerFacts) { f.Window = v1alpha1.ReasonContractEnded }},
	{"the guard waits: members hold no seat", func(f *CustomerFacts) { f.Guarded, f.Strangers = false, 2 }},
	{"7 of 5 seats used", func(f *CustomerFacts) { f.Seats.Used = 7 }},
	{"2 grants that nobody declares", func(f *CustomerFacts) { f.Unmanaged = &v1alpha1.Unmanaged{Grants: 2, Members: 4} }},
	{"2 people wait for a seat", func(f *CustomerFacts) { f.Seats.Waiting = 2 }},
	{"at work", func(f *CustomerFacts) { f.SeatsPending = true }},
}

func settledFacts() CustomerFacts {
	return CustomerFacts{Now: now, OrganizationSynced: true, ConnectionsSynced: true, Window: v1alpha1.ReasonContractActive,
		Guard: v1alpha1.GuardEnforce, Guarded: true, Seats: &v1alpha1.SeatCounts{Used: 5}}
}

// TestSeatsTableSaysTheMostUrgent: of all that is the matter STATUS says the most
// urgent, and the next if there is room.
func TestSeatsTableSaysTheMostUrgent(t *testing.T) {
	for i, first := range urgency {
		t.Run(first.words, func(t *testing.T) {
			g := NewWithT(t)
			alone := settledFacts()
			first.change(&alone)
			g.Expect(Customer(customer(5), alone).Summary).To(Equal(first.words))

			for _, second := range urgency[i+1:] {
				both := settledFacts()
				second.change(&both)
				first.change(&both)
				g.Expect(Customer(customer(5), both).Summary).To(HavePrefix(first.words), "with "+second.words)
			}
			all := settledFacts()
			for j := len(urgency) - 1; j >= i; j-- {
				urgency[j].change(&all)
			}
			said := Customer(customer(5), all).Summary
			g.Expect(said).To(HavePrefix(first.words))
			g.Expect(len(said)).To(BeNumerically("<=", maxSummary))
		})
	}
}

func TestSeatsTable(t *testing.T) {
	for want, change := range map[string]func(*CustomerFacts){
		"5 of 5 seats used":         func(*CustomerFacts) {},
		"1 of 5 seats used":         func(f *CustomerFacts) { f.Seats.Used = 1 },
		"1 person waits for a seat": func(f *CustomerFacts) { f.Seats.Waiting = 1 },
		"6 of 5 seats used, 1 person waits for a seat": func(f *CustomerFacts) {
			f.Seats.Used, f.Seats.Waiting = 6, 1
		},
		"1 grant that nobody declares":          func(f *CustomerFacts) { f.Unmanaged = &v1alpha1.Unmanaged{Grants: 1} },
		"1 person held: approve or apply again": func(f *CustomerFacts) { f.Held = &v1alpha1.HeldRemovals{People: 1} },
		"suspended":                             func(f *CustomerFacts) { f.Window = v1alpha1.ReasonSuspended },
		"suspended, 2 people wait for a seat":   func(f *CustomerFacts) { f.Window, f.Seats.Waiting = v1alpha1.ReasonSuspended, 2 },
		"the contract has not started":          func(f *CustomerFacts) { f.Window = v1alpha1.ReasonContractNotStarted },
		"the guard is being put in effect":      func(f *CustomerFacts) { f.Guarded = false },
		"Observe: nothing is planned":           func(f *CustomerFacts) { f.Mode = v1alpha1.ModeObserve },
		"seats are not counted yet":             func(f *CustomerFacts) { f.Seats = nil },
		"being deleted, the contract has ended": func(f *CustomerFacts) { f.Deleting, f.Window = "m", v1alpha1.ReasonContractEnded },
		"12 people held: approve or set Retain, being deleted": func(f *CustomerFacts) {
			f.Deleting, f.Held = "m", &v1alpha1.HeldRemovals{People: 12, Of: v1alpha1.HeldOrganization}
		},
		"9 people held: approve or set user: Keep": func(f *CustomerFacts) { f.Held = &v1alpha1.HeldRemovals{People: 9, Of: v1alpha1.HeldUsers} },
		"Observe: 1 call planned, marks are missing in Auth0": func(f *CustomerFacts) {
			f.Mode, f.Plan, f.LostMarks = v1alpha1.ModeObserve, Plan{Calls: make([]v1alpha1.PlannedCall, 1)}, LostMarks{Keys: []string{ownership.MetadataAccess}, Access: true}
		},
		"Auth0 does not answer": func(f *CustomerFacts) {
			f.Problem = &Problem{Class: Retry, Reason: v1alpha1.ReasonAuth0Unavailable, Message: "m"}
		},
	} {
		t.Run(want, func(t *testing.T) {
			facts := settledFacts()
			change(&facts)
			NewWithT(t).Expect(Customer(customer(5), facts).Summary).To(Equal(want))
		})
	}
	t.Run("paused", func(t *testing.T) {
		g := NewWithT(t)
		c := customer(5)
		c.Status = Customer(c, settledFacts())
		g.Expect(Customer(c, CustomerFacts{Now: now, Mode: v1alpha1.ModePaused}).Summary).To(Equal("Paused: nothing is done"))
	})
}

func TestMemberSummary(t *testing.T) {
	assigned := func(m *v1alpha1.Member) {
		m.Status.Seat = seat(v1alpha1.SeatAssigned, v1alpha1.ReasonSeatAssigned, time.Hour)
	}
	invited := func(state v1alpha1.InvitationState) func(*v1alpha1.Member) {
		return func(m *v1alpha1.Member) {
			assigned(m)
			m.Status.Invitation = &v1alpha1.MemberInvitation{ID: "u1", State: state, ExpiresAt: metav1.NewTime(now.Add(time.Hour))}
		}
	}
	in := MemberFacts{Joined: true, Confirmed: true, Window: v1alpha1.ReasonContractActive}
	with := func(change func(*MemberFacts)) MemberFacts {
		facts := in
		change(&facts)
		return facts
	}
	for want, tc := range map[string]struct {
		member func(*v1alpha1.Member)
		facts  MemberFacts
	}{
		"can sign in":                             {assigned, in},
		"suspended":                               {assigned, with(func(f *MemberFacts) { f.Window = v1alpha1.ReasonSuspended })},
		"has joined: access is being given":       {assigned, with(func(f *MemberFacts) { f.Confirmed = false })},
		"blocked in Auth0":                        {assigned, with(func(f *MemberFacts) { f.Blocked = true })},
		"is being removed":                        {assigned, with(func(f *MemberFacts) { f.Removing = "m" })},
		"is no member any more":                   {assigned, MemberFacts{Missing: true}},
		"invited":                                 {invited(v1alpha1.InvitationSent), MemberFacts{}},
		"the link's time is over":                 {invited(v1alpha1.InvitationExpired), MemberFacts{}},
		"the link was used up by another account": {invited(v1alpha1.InvitationConsumed), MemberFacts{}},
		"Auth0 has no such role": {assigned, with(func(f *MemberFacts) {
			f.Problem = &Problem{Class: Person, Reason: v1alpha1.ReasonRoleNotFound, Message: "m"}
		})},
		"waits for a seat": {func(m *v1alpha1.Member) {
			m.Status.Seat = seat(v1alpha1.SeatWaiting, v1alpha1.ReasonSeatLimitReached, time.Hour)
		}, MemberFacts{}},
		"Observe: 1 call planned": {assigned, with(func(f *MemberFacts) {
			f.Mode, f.Plan = v1alpha1.ModeObserve, Plan{Calls: make([]v1alpha1.PlannedCall, 1)}
		})},
		"Paused: nothing is done": {assigned, MemberFacts{Mode: v1alpha1.ModePaused}},
	} {
		t.Run(want, func(t *testing.T) {
			tc.facts.Now = now
			NewWithT(t).Expect(Member(member(tc.member), tc.facts).Summary).To(Equal(want))
		})
	}
}

func TestAuth0TenantSummary(t *testing.T) {
	for want, tc := range map[string]struct {
		facts TenantFacts
		mode  v1alpha1.Mode
	}{
		"Auth0 answers":         {TenantFacts{CredentialsChecked: true}, ""},
		"1 scope is not needed": {TenantFacts{CredentialsChecked: true, SurplusScopes: []string{"a"}}, ""},
		"a rate limit of Auth0 is short": {TenantFacts{CredentialsChecked: true, Limits: &TenantLimits{
			Refused: map[string]time.Time{"users read": now},
		}}, ""},
		"spec.plan is not what Auth0's answers are of": {TenantFacts{CredentialsChecked: true, Limits: &TenantLimits{
			Declared: "Enterprise", Answered: "Free",
		}}, ""},
		"the credentials lack scopes":         {TenantFacts{CredentialsChecked: true, MissingScopes: []string{"a"}}, ""},
		"Paused: nothing is written to Auth0": {TenantFacts{CredentialsChecked: true}, v1alpha1.ModePaused},
		"being deleted, and still in use":     {TenantFacts{CredentialsChecked: true, Deleting: true, Customers: 2}, ""},
		"there is no such Secret":             {TenantFacts{Problem: &Problem{Class: Missing, Reason: v1alpha1.ReasonSecretNotFound, Message: "m"}}, ""},
	} {
		t.Run(want, func(t *testing.T) {
			tenant := &v1alpha1.Auth0Tenant{}
			tenant.Spec.Mode, tc.facts.Now = tc.mode, now
			NewWithT(t).Expect(Auth0Tenant(tenant, tc.facts).Summary).To(Equal(want))
		})
	}
}

// TestSummaryOfARefusedRequest: STATUS says that a request is refused, beside what it
// says otherwise, for as long as the annotation stands.
func TestSummaryOfARefusedRequest(t *testing.T) {
	g := NewWithT(t)
	refused := []v1alpha1.RefusedRequest{{Annotation: "a", Value: "v", Reason: v1alpha1.ReasonApprovalOutdated}}
	m := member(func(m *v1alpha1.Member) {
		m.Status.Seat = seat(v1alpha1.SeatAssigned, v1alpha1.ReasonSeatAssigned, time.Hour)
	})
	m.Annotations = map[string]string{"a": "v"}
	m.Status = Member(m, MemberFacts{Now: now, Joined: true, Confirmed: true, Window: v1alpha1.ReasonContractActive})
	m.Status.Conditions = Requests(m.Status.Conditions, m, refused, now)
	g.Expect(MemberSummary(m)).To(Equal("a request is refused, can sign in"))
	c := customer(5)
	c.Annotations = map[string]string{"a": "v"}
	c.Status = Customer(c, settledFacts())
	c.Status.Conditions = Requests(c.Status.Conditions, c, refused, now)
	g.Expect(CustomerSummary(c)).To(Equal("a request is refused, 5 of 5 seats used"))
	c.Annotations = nil
	c.Status.Conditions = Requests(c.Status.Conditions, c, refused, now)
	g.Expect(CustomerSummary(c)).To(Equal("5 of 5 seats used"))
}

// TestEveryReasonHasWords: whatever reason an object is not ready for fits into
// STATUS, and is no reason in one word.
func TestEveryReasonHasWords(t *testing.T) {
	g := NewWithT(t)
	file, err := parser.ParseFile(token.NewFileSet(), "../../api/v1alpha1/conditions.go", nil, 0)
	g.Expect(err).NotTo(HaveOccurred())
	count := 0
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Reason") {
			return true
		}
		reason, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		g.Expect(err).NotTo(HaveOccurred())
		said := inWords(reason)
		g.Expect(len(said)).To(And(BeNumerically(">", 0), BeNumerically("<=", maxSummary)), reason)
		g.Expect(said == reason).To(BeFalse(), reason)
		count++
		return true
	})
	g.Expect(count).To(BeNumerically(">", 60))
	g.Expect(inWords("SecretKeyFound")).To(Equal("secret key found"))
	g.Expect(inWords("BlockedInAuth0")).To(Equal("blocked in Auth0"))
	g.Expect(inWords("")).To(BeEmpty())
}
