package losses

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/test/world"
)

// atPost calls back when so many invitations have been answered to an operator.
func atPost(n int32, then func()) func(*world.OperatorOptions) {
	var sent atomic.Int32
	return func(o *world.OperatorOptions) {
		o.AfterAnswer = func(r *http.Request, _ *http.Response) {
			if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/invitations") && sent.Add(1) == n {
				then()
			}
		}
	}
}

// enlist creates many Members at once.
func enlist(w *world.World, people int) {
	w.Helper()
	var creating sync.WaitGroup
	errs := make(chan error, people)
	for i := range people {
		member := w.MemberObject("acme", fmt.Sprintf("person-%03d@acme.com", i))
		creating.Go(func() { errs <- w.Client.Create(w.Context(), member) })
	}
	creating.Wait()
	close(errs)
	for err := range errs {
		w.Expect(err).NotTo(HaveOccurred())
	}
}

// settledCrowd waits until every seat is given and every holder invited, and
// everybody else told to wait.
func settledCrowd(w *world.World, people, seats int) {
	w.Helper()
	w.UntilForwarding("every seat is given, every holder has a mail, and everybody else is told", func(g Gomega) {
		members := w.Members()
		g.Expect(members).To(HaveLen(people))
		stand := map[string]int{}
		for i := range members {
			if seat := members[i].Status.Seat; seat != nil {
				stand[string(seat.State)]++
			}
			for _, condition := range members[i].Status.Conditions {
				if condition.Type == v1alpha1.ConditionActive {
					stand[condition.Reason]++
				}
			}
		}
		g.Expect(stand["Assigned"]).To(Equal(seats))
		g.Expect(stand["Waiting"]).To(Equal(people - seats))
		g.Expect(stand["Invited"] + stand["Joined"]).To(Equal(seats))
	})
	w.Expect(w.Auth0.Outbox().Mails()).To(HaveLen(seats))
	onceEach(w)
	w.Expect(w.Holders("acme")).To(HaveLen(seats))
}

// TestSeats200MembersFor20SeatsWithTwoOperators: both work at once, without leader
// election, and one of them is killed in the middle.
func TestSeats200MembersFor20SeatsWithTwoOperators(t *testing.T) {
	w := world.New(t)
	const people, seats = 200, 20
	w.CreateCustomer("acme", seats)
	endWatch := w.WatchSeats("acme", seats)
	var first atomic.Pointer[world.Operator]
	killed := make(chan struct{})
	first.Store(w.StartOperator(atPost(4, func() { first.Load().Kill(); close(killed) })))
	w.StartOperator()
	enlist(w, people-1) // the admin is one more
	w.Eventually(killed, world.Patience).Should(BeClosed(), "one is killed in the middle")
	first.Load().Stop()
	settledCrowd(w, people, seats)
	endWatch()
	w.Expect(w.Mails("boss@acme.com")).To(HaveLen(1), "the admin is first in the queue")
}

// TestAccessLeaderLosesItsLease: the lease goes to somebody else while the leader
// is at work. Its process ends, the one that waited takes over, and neither a
// mail nor a sign-in shows it.
func TestAccessLeaderLosesItsLease(t *testing.T) {
	w := world.New(t)
	stolen := make(chan struct{})
	elected := func(o *world.OperatorOptions) { o.LeaderElection = true }
	const people, seats = 30, 20
	var reached sync.Once
	leader := w.StartOperator(elected, func(o *world.OperatorOptions) {
		atPost(5, func() { reached.Do(func() { close(stolen) }) })(o)
	})
	w.Eventually(leader.Leads, world.Patience).Should(BeClosed())
	next := w.StartOperator(elected)
	customer := w.CreateCustomer("acme", seats)
	boss := w.AdminMember(customer)
	w.Join(boss)
	jane := w.CreateMember("acme", "jane@acme.com")
	w.Join(jane)
	access := w.SampleAccess("acme")
	endWatch := w.WatchSeats("acme", seats)

	enlist(w, people-2)
	w.Eventually(stolen, world.Patience).Should(BeClosed())
	w.StealLease()
	w.Expect(next.Leads).NotTo(BeClosed())
	w.Expect(leader.UntilEnded()).To(MatchError(ContainSubstring("leader election lost")), "its process ends, and not well")
	w.Eventually(next.Leads, world.Patience).Should(BeClosed(), "the one that waited takes over")
	settledCrowd(w, people, seats)
	late := w.Members()[0]
	w.Reread(&late)
	access.End(2)
	endWatch()
}

// TestSeatsSwapAtAFullContract: one Member goes and another comes in one apply.
func TestSeatsSwapAtAFullContract(t *testing.T) {
	w := world.New(t)
	w.StartOperator()
	customer := w.CreateCustomer("acme", 2)
	w.Join(w.AdminMember(customer))
	jane := w.CreateMember("acme", "jane@acme.com")
	session := w.Join(jane)
	endWatch := w.WatchSeats("acme", 2)
	access := w.SampleAccess("acme")
	access.UntilSampled()
	access.Except("jane@acme.com")
	w.Expect(w.Client.Delete(t.Context(), jane)).To(Succeed())
	bob := w.CreateMember("acme", "bob@acme.com")
	w.UntilReason(bob, v1alpha1.ConditionSeatAssigned, "False/SeatLimitReached")
	w.UntilRemoved(jane)
	w.AssertOut("acme", "jane@acme.com", session)
	w.Join(bob)
	access.End(3)
	endWatch()
	w.Expect(w.StalledSeen()).To(BeEmpty(), "while a seat is on its way nobody has to act")
	onceEach(w)
}
