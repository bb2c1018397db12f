package directory

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/auth0"
)

// TestHandsOffReadingBeforeOurWrite: a reading that began before one of our writes
// was answered does not undo that write, whenever it ends.
func TestHandsOffReadingBeforeOurWrite(t *testing.T) {
	g := NewWithT(t)
	api := &lists{now: t0}
	org := organization(api)
	_, at, _ := org.Record()
	g.Expect(at).To(BeZero(), "nothing is known before the first reading")
	org.KeepRecord(auth0.Organization{Name: "read"}, t0)

	began := t0.Add(time.Second)
	api.now = t0.Add(3 * time.Second)
	org.WroteRecord(auth0.Organization{Name: "written"}, began)
	org.KeepRecord(auth0.Organization{Name: "lagging"}, t0.Add(2*time.Second))
	record, at, _ := org.Record()
	g.Expect(record.Name).To(Equal("written"))
	g.Expect(at).To(Equal(began), "what others changed since the write began may not be in its answer")

	org.KeepRecord(auth0.Organization{Name: "later"}, t0.Add(4*time.Second))
	record, _, _ = org.Record()
	g.Expect(record.Name).To(Equal("later"))

	org.Distrust()
	_, at, _ = org.Record()
	g.Expect(at).To(BeZero(), "it is to be read anew")
}

// TestHandsOffConnectionsOfOurWrites: the writes of a pass change what is known of
// the connections, and nothing that a reading which began earlier shows.
func TestHandsOffConnectionsOfOurWrites(t *testing.T) {
	g := NewWithT(t)
	api := &lists{now: t0}
	org := organization(api)
	first := []auth0.EnabledConnection{{ConnectionID: "con_1"}, {ConnectionID: "con_2"}}
	org.KeepConnections(first, t0)
	api.now = t0.Add(2 * time.Second)
	org.WroteConnection("con_3", auth0.EnabledConnection{ConnectionID: "con_3", ShowAsButton: true})
	org.WroteConnection("con_1")
	org.KeepConnections(first, t0.Add(time.Second))
	enabled, at, _ := org.Connections()
	g.Expect(enabled).To(ConsistOf(auth0.EnabledConnection{ConnectionID: "con_2"}, auth0.EnabledConnection{ConnectionID: "con_3", ShowAsButton: true}))
	g.Expect(at).To(Equal(t0), "the others are as they were read")
	g.Expect(first).To(HaveLen(2), "nobody's reading changes in their hands")
}

// TestOneMailLookOlderThanAnInvitation: what a round looked at says nothing of an
// invitation that is sent later, or may be on its way.
func TestOneMailLookOlderThanAnInvitation(t *testing.T) {
	g := NewWithT(t)
	now := t0
	org := organization(&lists{now: now})
	org.NoteSeated("m", "3")
	g.Expect(org.Seated("m", "3", "jane")).To(BeTrue())
	g.Expect(org.Seated("m", "4", "jane")).To(BeFalse(), "another version")
	org.Sending("jane", now.Add(time.Minute))
	g.Expect(org.Seated("m", "3", "jane")).To(BeFalse(), "it may be on its way")
	g.Expect(org.Seated("m", "3", "bob")).To(BeTrue())
	org.NotSending("jane", false)
	g.Expect(org.Seated("m", "3", "jane")).To(BeTrue(), "nothing was sent")
	org.NotSending("jane", true)
	org.keep(&Observation{At: now.Add(-time.Second)})
	g.Expect(org.Seated("m", "3", "jane")).To(BeFalse(), "the look began before")
	org.keep(&Observation{At: now})
	g.Expect(org.Seated("m", "3", "jane")).To(BeTrue())
}

// TestFeedGapDuringAReading: a reading that was under way when a gap was told does
// not show what changed in the gap.
func TestFeedGapDuringAReading(t *testing.T) {
	g := NewWithT(t)
	now := t0
	org := organization(&lists{now: now})
	org.tenant.Changed(auth0.News{Gap: true})
	org.KeepRecord(auth0.Organization{Name: "acme"}, now.Add(-time.Second))
	_, _, old := org.Record()
	g.Expect(old).To(BeTrue())
	org.KeepRecord(auth0.Organization{Name: "acme"}, now)
	_, _, old = org.Record()
	g.Expect(old).To(BeFalse())
}

// TestSeatsHangingWriteHoldsNobodyElse: the API server does not answer the write of one
// Member's seat. The other Members of the organization go on; that one learns of its seat
// when the write is answered.
func TestSeatsHangingWriteHoldsNobodyElse(t *testing.T) {
	g := NewWithT(t)
	org := organization(&lists{now: t0})
	org.NoteSeated("other", "1")
	begun, answer, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- org.Seat("m", func() (string, error) {
			close(begun)
			<-answer
			return "3", nil
		})
	}()
	<-begun
	seated := func(uid, version string) chan bool {
		said := make(chan bool, 1)
		go func() { said <- org.Seated(uid, version, uid) }()
		return said
	}
	mine := seated("m", "3")
	g.Eventually(seated("other", "1"), time.Minute).Should(Receive(BeTrue()))
	g.Expect(mine).NotTo(Receive(), "the write is not answered")
	close(answer)
	g.Expect(<-mine).To(BeTrue())
	g.Expect(<-ended).To(Succeed())
}
