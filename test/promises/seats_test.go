package promises

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/internal/standin/person"
	"github.com/seatwarden/seatwarden/test/world"
)

// isInvitationPost tells whether a request sends an invitation.
func isInvitationPost(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/invitations")
}

func TestSeats200MembersAtOnceFor20SeatsOperatorKilled(t *testing.T) {
	crowd(t, 200, 20, func(w *world.World) {
		var operator atomic.Pointer[world.Operator]
		var sent atomic.Int32
		started, killed := make(chan struct{}), make(chan struct{})
		operator.Store(w.StartOperator(func(o *world.OperatorOptions) {
			o.AfterAnswer = func(r *http.Request, _ *http.Response) {
				if isInvitationPost(r) && sent.Add(1) == 8 {
					<-started // it works before StartOperator returns
					operator.Load().Kill()
					close(killed)
				}
			}
		}))
		close(started)
		w.Eventually(killed, world.Patience).Should(BeClosed(), "the operator is killed in the middle")
		operator.Load().Stop()
		w.StartOperator()
	})
}

func TestSeatsTwoOperatorsAtOnce(t *testing.T) {
	crowd(t, 60, 10, func(w *world.World) {
		w.StartOperator()
		w.StartOperator()
	})
}

func TestSeatsComeAndGoWithTwoOperators(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	w.StartOperator()
	w.CreateCustomer("acme", 6, func(c *v1alpha1.Customer) {
		// How many of the leavers hold something when they go depends on the machine.
		c.Spec.Removal.Brake = v1alpha1.Brake{People: ptr.To(int32(100)), Percent: ptr.To(int32(100))}
	})
	endWatch := w.WatchSeats("acme", 6)
	var people []*v1alpha1.Member
	for i := range 18 {
		people = append(people, w.CreateMember("acme", fmt.Sprintf("person-%02d@acme.com", i)))
	}
	var gone []*v1alpha1.Member
	// Some of the leavers have joined, some hold a link, some wait.
	for i, member := range people {
		if i%3 == 2 {
			continue
		}
		if mails := w.Mails(string(member.Spec.Email)); i%3 == 0 && len(mails) == 1 {
			_, err := w.Accept(mails[0])
			w.Expect(err).NotTo(HaveOccurred())
		}
		w.Expect(w.Client.Delete(t.Context(), member)).To(Succeed())
		gone = append(gone, member)
	}
	w.UntilForwarding("the leavers are gone and those who stay have their seats", func(g Gomega) {
		g.Expect(w.Members()).To(HaveLen(7))
		g.Expect(w.Seated("acme")).To(HaveLen(6))
		g.Expect(w.Holders("acme")).To(HaveLen(6))
	})
	endWatch()
	for _, member := range gone {
		w.AssertOut("acme", string(member.Spec.Email))
	}
	for _, mail := range w.Auth0.Outbox().Mails() {
		w.Expect(w.Mails(mail.To)).To(HaveLen(1), "nobody is mailed twice")
	}
}

// crowd has many Members created at once for few seats while operators run as told.
func crowd(t *testing.T, members, seats int, operate func(w *world.World)) {
	w := world.New(t)
	w.CreateCustomer("acme", int32(seats))
	endWatch := w.WatchSeats("acme", seats)
	var creating sync.WaitGroup
	errs := make(chan error, members)
	for i := range members - 1 { // the admin is one more
		member := w.MemberObject("acme", fmt.Sprintf("person-%03d@acme.com", i))
		creating.Go(func() { errs <- w.Client.Create(t.Context(), member) })
	}
	operate(w)
	creating.Wait()
	close(errs)
	for err := range errs {
		w.Expect(err).NotTo(HaveOccurred())
	}

	w.UntilForwarding("every seat is given, every holder has a mail, and everybody else is told", func(g Gomega) {
		all := w.Members()
		g.Expect(all).To(HaveLen(members))
		assigned, waiting := 0, 0
		for i := range all {
			if all[i].Status.Seat == nil {
				continue
			}
			switch all[i].Status.Seat.State {
			case v1alpha1.SeatAssigned:
				g.Expect(w.Reason(g, &all[i], v1alpha1.ConditionActive)).To(Equal("False/Invited"))
				assigned++
			case v1alpha1.SeatWaiting:
				g.Expect(all[i].Status.Seat.Reason).To(Equal(v1alpha1.ReasonSeatLimitReached))
				waiting++
			}
		}
		g.Expect(assigned).To(Equal(seats))
		g.Expect(waiting).To(Equal(members - seats))
	})
	endWatch()
	w.Expect(w.Auth0.Outbox().Mails()).To(HaveLen(seats))
	for _, mail := range w.Auth0.Outbox().Mails() {
		w.Expect(w.Mails(mail.To)).To(HaveLen(1), "nobody is mailed twice")
	}
	w.Expect(w.Mails("boss@acme.com")).To(HaveLen(1), "the admin is first in the queue")
	w.Expect(w.Holders("acme")).To(HaveLen(seats))
}

func TestSeatsSameAddressInDifferentCaseIsOnePerson(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	customer := w.CreateCustomer("acme", 5)
	jane := w.CreateMember("acme", "jane@acme.com")
	session := w.Join(jane)
	again := func(name string) *v1alpha1.Member {
		return w.CreateMember("acme", "jane@acme.com", func(m *v1alpha1.Member) { m.Name, m.Spec.Email = name, "Jane@Acme.com" })
	}
	second := again("jane-2")
	w.UntilReason(second, v1alpha1.ConditionSeatAssigned, "False/DuplicateEmail")
	w.UntilReason(second, v1alpha1.ConditionStalled, "True/DuplicateEmail")
	w.Until("one person takes one seat", func(g Gomega) {
		g.Expect(w.Get(customer)).To(Succeed())
		g.Expect(customer.Status.Seats.Used).To(BeEquivalentTo(2), "the admin and Jane")
	})

	w.Remove(second)
	w.UntilReason(jane, v1alpha1.ConditionActive, "True/Joined")
	_, err := w.SignIn(w.OrganizationID("acme"), "jane@acme.com")
	w.Expect(err).NotTo(HaveOccurred(), "deleting the refused one takes nothing from the holder")

	third := again("jane-3")
	w.UntilReason(third, v1alpha1.ConditionSeatAssigned, "False/DuplicateEmail")
	endWatch := w.WatchSessions(map[string]*person.Session{"jane@acme.com": session})
	w.Remove(jane)
	w.UntilReason(third, v1alpha1.ConditionSeatAssigned, "True/SeatAssigned")
	w.UntilReason(third, v1alpha1.ConditionActive, "True/Joined")
	_, err = w.SignIn(w.OrganizationID("acme"), "jane@acme.com")
	w.Expect(err).NotTo(HaveOccurred(), "deleting the holder hands the seat over")
	w.Expect(w.Mails("jane@acme.com")).To(HaveLen(1), "and nothing is sent")
	endWatch()
	w.Remove(third)
	w.AssertOut("acme", "jane@acme.com")
}

func TestSeatsZeroMeansNone(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	customer := w.CreateCustomer("acme", 0)
	w.CreateMember("acme", "jane@acme.com")
	w.Until("both wait", func(g Gomega) {
		members := w.Members()
		g.Expect(members).To(HaveLen(2))
		for i := range members {
			g.Expect(w.Reason(g, &members[i], v1alpha1.ConditionSeatAssigned)).To(Equal("False/SeatLimitReached"))
		}
		g.Expect(w.Reason(g, customer, v1alpha1.ConditionSeatsExceeded)).To(Equal("True/MembersWaiting"))
	})
	w.Throughout("nobody is given anything", func(g Gomega) {
		g.Expect(w.Auth0.Outbox().Mails()).To(BeEmpty())
		g.Expect(w.Holders("acme")).To(BeEmpty())
	})
}

func TestSeatsLoweringRemovesNobodyAndSaysSo(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	customer := w.CreateCustomer("acme", 3)
	people := []string{"jane@acme.com", "bob@acme.com"}
	for _, email := range people {
		w.Join(w.CreateMember("acme", email))
	}
	_, err := w.Accept(w.UntilMail("boss@acme.com", 1))
	w.Expect(err).NotTo(HaveOccurred())

	w.Update(customer, func() { customer.Spec.Seats = 1 })
	w.UntilReason(customer, v1alpha1.ConditionSeatsExceeded, "True/SeatLimitExceeded")
	late := w.CreateMember("acme", "late@acme.com")
	w.UntilReason(late, v1alpha1.ConditionSeatAssigned, "False/SeatLimitReached")
	for _, email := range append(people, "boss@acme.com") {
		_, err := w.SignIn(w.OrganizationID("acme"), email)
		w.Expect(err).NotTo(HaveOccurred(), "nobody is removed")
	}
	w.Update(customer, func() { customer.Spec.Seats = 4 })
	w.UntilMail("late@acme.com", 1)
	w.UntilReason(customer, v1alpha1.ConditionSeatsExceeded, "absent")
}

func TestSeatsExpiredInvitationGivesWayToWhoWaits(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	w.CreateCustomer("acme", 2)
	_, err := w.Accept(w.UntilMail("boss@acme.com", 1))
	w.Expect(err).NotTo(HaveOccurred())
	jane := w.CreateMember("acme", "jane@acme.com")
	old := w.UntilMail("jane@acme.com", 1)
	w.UntilReason(jane, v1alpha1.ConditionActive, "False/Invited")
	w.Auth0.Forward(24 * time.Hour)
	w.UntilReason(jane, v1alpha1.ConditionActive, "False/Expired")
	w.Throughout("the seat is kept while nobody waits", func(g Gomega) {
		g.Expect(w.Reason(g, jane, v1alpha1.ConditionSeatAssigned)).To(Equal("True/SeatAssigned"))
	})

	endWatch := w.WatchSeats("acme", 2)
	bob := w.CreateMember("acme", "bob@acme.com")
	w.UntilReason(jane, v1alpha1.ConditionSeatAssigned, "False/SeatWithdrawing")
	w.Throughout("nobody has the seat before its withdrawal is confirmed", func(g Gomega) {
		g.Expect(w.Mails("bob@acme.com")).To(BeEmpty())
	})
	w.UntilForwarding("it goes to who waited", func(g Gomega) {
		g.Expect(w.Mails("bob@acme.com")).To(HaveLen(1))
		g.Expect(w.Reason(g, bob, v1alpha1.ConditionActive)).To(Equal("False/Invited"))
		g.Expect(w.Reason(g, jane, v1alpha1.ConditionSeatAssigned)).To(Equal("False/SeatLapsed"))
	})
	_, err = w.Accept(old)
	w.Expect(err).To(HaveOccurred(), "the old link is dead")

	w.Remove(bob)
	w.Throughout("a seat that lapsed is not given again by itself", func(g Gomega) {
		g.Expect(w.Mails("jane@acme.com")).To(HaveLen(1))
	})
	w.RequestInvitation(jane)
	_, err = w.Accept(w.UntilMail("jane@acme.com", 2))
	w.Expect(err).NotTo(HaveOccurred())
	w.UntilReason(jane, v1alpha1.ConditionActive, "True/Joined")
	endWatch()
}

// TestSeatsOfAUsedUpLinkGivesWay: another account used the link up. The seat is kept for
// as long as the link would have lived, and goes then to who waits, by the clock alone.
func TestSeatsOfAUsedUpLinkGivesWay(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	customer := w.CreateCustomer("acme", 2)
	w.Join(w.AdminMember(customer))
	jane := w.CreateMember("acme", "jane@acme.com")
	w.UntilMail("jane@acme.com", 1)
	w.UntilReason(jane, v1alpha1.ConditionActive, "False/Invited")
	expiry := jane.Status.Invitation.ExpiresAt.Time
	w.InDashboard(http.MethodDelete, "/organizations/"+w.OrganizationID("acme")+"/invitations/"+jane.Status.Invitation.ID, "")
	w.UntilForwarding("it shows", func(g Gomega) {
		g.Expect(w.Reason(g, jane, v1alpha1.ConditionActive)).To(Equal("False/AcceptedByWrongAccount"))
	})
	bob := w.CreateMember("acme", "bob@acme.com")
	w.UntilReason(bob, v1alpha1.ConditionSeatAssigned, "False/SeatLimitReached")
	w.Auth0.Forward(expiry.Sub(w.Auth0.Clock().Now()) - 10*time.Second)
	w.Until("the link's time is over", func(g Gomega) {
		if shown := w.Reason(g, jane, v1alpha1.ConditionSeatAssigned); w.Auth0.Clock().Now().Before(expiry.Add(-2 * time.Second)) {
			w.Expect(shown).To(Equal("True/SeatAssigned"))
		}
		g.Expect(w.Auth0.Clock().Now()).To(BeTemporally(">", expiry))
	})
	w.UntilReason(jane, v1alpha1.ConditionSeatAssigned, "False/SeatWithdrawing")
	w.UntilForwarding("the seat goes to who waited", func(g Gomega) {
		g.Expect(w.Mails("bob@acme.com")).To(HaveLen(1))
		g.Expect(w.Reason(g, jane, v1alpha1.ConditionSeatAssigned)).To(Equal("False/SeatLapsed"))
	})
}

// TestSeatsExpiredInvitationOfWhoHasAProfileGivesWay: their grant was written before
// the invitation, stays when the link dies, and lets nobody in.
func TestSeatsExpiredInvitationOfWhoHasAProfileGivesWay(t *testing.T) {
	for name, its := range map[string]struct {
		after   time.Duration
		restart bool
	}{
		"at once":                    {24 * time.Hour, false},
		"after a restart":            {24 * time.Hour, true},
		"seen when the lag was over": {25 * time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := world.New(t)
			first := w.StartOperator()
			w.CreateCustomer("acme", 2)
			_, err := w.Accept(w.UntilMail("boss@acme.com", 1))
			w.Expect(err).NotTo(HaveOccurred())
			profile(w, "jane@acme.com")
			jane := w.CreateMember("acme", "jane@acme.com")
			w.UntilReason(jane, v1alpha1.ConditionActive, "False/Invited")
			w.Expect(w.Holders("acme")).To(HaveLen(2))
			w.Auth0.Forward(its.after)
			w.UntilReason(jane, v1alpha1.ConditionActive, "False/Expired")
			if its.restart {
				first.Stop()
				w.StartOperator()
			}
			endWatch := w.WatchSeats("acme", 2)
			bob := w.CreateMember("acme", "bob@acme.com")
			w.UntilForwarding("the seat goes to who waited", func(g Gomega) {
				g.Expect(w.Mails("bob@acme.com")).To(HaveLen(1))
				g.Expect(w.Reason(g, bob, v1alpha1.ConditionActive)).To(Equal("False/Invited"))
				g.Expect(w.Reason(g, jane, v1alpha1.ConditionSeatAssigned)).To(Equal("False/SeatLapsed"))
			})
			endWatch()
			w.Expect(w.Mails("jane@acme.com")).To(HaveLen(1))
		})
	}
}

// TestSeatsExpiredLinkThatLeavesTheListGivesWay: Auth0 lists it no more from the moment
// at which it dies, which looks like an acceptance at first; with a feed and without.
func TestSeatsExpiredLinkThatLeavesTheListGivesWay(t *testing.T) {
	for name, its := range map[string]struct {
		scopes  []string
		profile bool
	}{
		"without a feed":               {nil, false},
		"with a feed":                  {[]string{"read:events"}, false},
		"who has a profile":            {nil, true},
		"who has a profile, by a feed": {[]string{"read:events"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := world.New(t)
			w.GrantFeeds(its.scopes...)
			w.Expect(w.Auth0.Configure(func(s *standin.Settings) { s.ExpiredInvitationsLinger = 0 })).To(Succeed())
			w.StartOperator(func(o *world.OperatorOptions) { o.ResyncInterval = time.Hour })
			customer := w.CreateCustomer("acme", 2)
			w.Join(w.AdminMember(customer))
			if its.profile {
				profile(w, "jane@acme.com")
			}
			jane := w.CreateMember("acme", "jane@acme.com")
			w.UntilReason(jane, v1alpha1.ConditionActive, "False/Invited")
			bob := w.CreateMember("acme", "bob@acme.com")
			w.UntilReason(bob, v1alpha1.ConditionSeatAssigned, "False/SeatLimitReached")
			w.Auth0.Forward(jane.Status.Invitation.ExpiresAt.Sub(w.Auth0.Clock().Now()) - 5*time.Second)
			w.UntilReason(jane, v1alpha1.ConditionActive, "False/Expired")
			w.UntilForwarding("the seat goes to who waited", func(g Gomega) {
				g.Expect(w.Mails("bob@acme.com")).To(HaveLen(1))
				g.Expect(w.Reason(g, jane, v1alpha1.ConditionSeatAssigned)).To(Equal("False/SeatLapsed"))
			})
			w.Expect(w.Mails("jane@acme.com")).To(HaveLen(1))
		})
	}
}

// TestSeatsGrantThatLetsNobodyInTakesNone: a grant that nobody declares, of somebody
// who is no member and was not invited.
func TestSeatsGrantThatLetsNobodyInTakesNone(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	customer := w.CreateCustomer("acme", 2)
	w.Join(w.AdminMember(customer))
	organization, _ := w.Organization("acme")
	left := profile(w, "left@acme.com")
	grant := ownership.Grant{Key: organization.Metadata[ownership.MetadataKey], Person: ownership.PersonRef("left@acme.com"), Attempt: "a"}
	w.Expect(w.Engineer().SetAppMetadata(t.Context(), left, ownership.GrantKey(organization.ID), grant.String())).To(Succeed())
	bob := w.CreateMember("acme", "bob@acme.com")
	w.UntilForwarding("the free seat is given", func(g Gomega) {
		g.Expect(w.Reason(g, bob, v1alpha1.ConditionActive)).To(Equal("False/Invited"))
	})
	w.Expect(w.Client.Get(t.Context(), client.ObjectKeyFromObject(customer), customer)).To(Succeed())

	// As a member, the person can sign in: the seat is in use.
	w.Expect(w.Auth0.AddMember(organization.ID, left)).To(Succeed())
	late := w.CreateMember("acme", "late@acme.com")
	w.UntilReason(late, v1alpha1.ConditionSeatAssigned, "False/SeatLimitReached")
	w.Until("it is counted", func(g Gomega) {
		g.Expect(w.Get(customer)).To(Succeed())
		g.Expect(customer.Status.Seats.Used).To(BeEquivalentTo(3))
	})
}

// profile is a user who lives in the company's connection already.
func profile(w *world.World, email string) (userID string) {
	w.Helper()
	w.Employ(email)
	user, err := w.Auth0.AddUser(standin.UserSeed{Connection: world.ConnectionName, Email: email, EmailVerified: true})
	w.Expect(err).NotTo(HaveOccurred())
	return user.UserID
}

func TestSeatsStatusWipedWhileOperatorRuns(t *testing.T) {
	w := world.New(t)
	// One clock for all: a request's time and its mail's are compared.
	w.StartOperator(func(o *world.OperatorOptions) { o.Now = w.Auth0.Clock().Now })
	customer := w.CreateCustomer("acme", 3)
	endWatch := w.WatchSeats("acme", 3)
	_, err := w.Accept(w.UntilMail("boss@acme.com", 1))
	w.Expect(err).NotTo(HaveOccurred())
	jane := w.CreateMember("acme", "jane@acme.com")
	w.Join(jane)
	bob := w.CreateMember("acme", "bob@acme.com")
	w.UntilReason(bob, v1alpha1.ConditionActive, "False/Invited")
	w.RequestInvitation(bob)
	w.UntilMail("bob@acme.com", 2)
	w.UntilReason(bob, v1alpha1.ConditionActive, "False/Invited")
	late := w.CreateMember("acme", "late@acme.com")
	w.UntilReason(late, v1alpha1.ConditionSeatAssigned, "False/SeatLimitReached")

	for range 3 {
		for _, obj := range []client.Object{jane, bob, late, customer} {
			wipeStatus(w, obj)
		}
		settled(w, jane, bob, late)
	}
	var everything []client.Object
	for _, member := range w.Members() {
		everything = append(everything, &member)
	}
	for _, obj := range append(everything, customer) {
		wipeStatus(w, obj)
	}
	settled(w, jane, bob, late)
	endWatch()
	_, err = w.Accept(w.Mails("bob@acme.com")[1])
	w.Expect(err).NotTo(HaveOccurred(), "the link that was sent still works")
	w.UntilReason(bob, v1alpha1.ConditionActive, "True/Joined")
}

// settled waits until everybody stands where they stood before the statuses
// went, and asserts that nobody was mailed again.
func settled(w *world.World, joined, invited, waiting *v1alpha1.Member) {
	w.UntilForwarding("everybody is recognised", func(g Gomega) {
		g.Expect(w.Reason(g, joined, v1alpha1.ConditionActive)).To(Equal("True/Joined"))
		g.Expect(w.Reason(g, invited, v1alpha1.ConditionActive)).To(Equal("False/Invited"))
		g.Expect(w.Reason(g, waiting, v1alpha1.ConditionSeatAssigned)).To(Equal("False/SeatLimitReached"))
	})
	w.Expect(w.Auth0.Outbox().Mails()).To(HaveLen(4), "the one who asked for it was mailed twice, everybody else once")
}

func wipeStatus(w *world.World, obj client.Object) {
	patch := client.RawPatch(types.MergePatchType, []byte(`{"status":null}`))
	w.Expect(w.Client.Status().Patch(w.Context(), obj, patch)).To(Succeed())
}

func TestSeatsStatusWipedRightAfterTheInvitation(t *testing.T) {
	w := world.New(t)
	w.StartOperator(func(o *world.OperatorOptions) { o.LiveInterval, o.SettledInterval = 5*time.Second, 5*time.Second })
	w.CreateCustomer("acme", 2)
	endWatch := w.WatchSeats("acme", 2)
	_, err := w.Accept(w.UntilMail("boss@acme.com", 1))
	w.Expect(err).NotTo(HaveOccurred())
	jane := w.CreateMember("acme", "zoe@acme.com")
	w.UntilReason(jane, v1alpha1.ConditionSeatAssigned, "True/SeatAssigned")
	late := w.CreateMember("acme", "late@acme.com")
	w.UntilMail("zoe@acme.com", 1)
	w.UntilReason(jane, v1alpha1.ConditionActive, "False/Invited")
	w.UntilReason(late, v1alpha1.ConditionSeatAssigned, "False/SeatLimitReached")
	wipeStatus(w, jane)
	w.UntilReason(jane, v1alpha1.ConditionActive, "False/Invited")
	w.Throughout("the seat stays with the link", func(g Gomega) {
		g.Expect(w.Mails("late@acme.com")).To(BeEmpty())
		g.Expect(w.Mails("zoe@acme.com")).To(HaveLen(1))
	})
	endWatch()
}

func TestSeatsForeignMemberTakesNoSeat(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	customer := w.CreateCustomer("acme", 2)
	w.Join(w.CreateMember("acme", "jane@acme.com"))
	w.UntilReason(customer, v1alpha1.ConditionGuardInEffect, "True/GuardInEffect")
	w.Employ("guest@acme.com")
	guest, err := w.Auth0.AddUser(standin.UserSeed{Connection: world.ConnectionName, Email: "guest@acme.com", EmailVerified: true})
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(w.Auth0.AddMember(w.OrganizationID("acme"), guest.UserID)).To(Succeed())
	w.Until("the guest is counted beside the seats", func(g Gomega) {
		g.Expect(w.Get(customer)).To(Succeed())
		g.Expect(*customer.Status.Seats).To(Equal(v1alpha1.SeatCounts{Used: 2, Active: 1, Invited: 1, Unmanaged: 1}))
	})
	_, err = w.SignIn(w.OrganizationID("acme"), "guest@acme.com")
	w.Expect(err).To(HaveOccurred(), "the guard refuses the guest")
	organization, _ := w.Organization("acme")
	w.Expect(organization.Members).To(ContainElement(guest.UserID), "and nobody takes the membership away")
}
