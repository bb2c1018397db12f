package member

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// TestStatusStaysStalledWhileTakingIsRefused: a removal that Auth0 refuses is told
// of once, however often it is tried. What it is about to take stands in the
// status each time, and a spec that changed shows as work.
func TestStatusStaysStalledWhileTakingIsRefused(t *testing.T) {
	g := NewWithT(t)
	jane := &v1alpha1.Member{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "jane", Generation: 1}}
	cluster, recorder := clusterOf(t, jane), events.NewFakeRecorder(10)
	tenant := directory.New().Put("default", v1alpha1.Auth0TenantSpec{}, clock{})
	refused := pass.Person(v1alpha1.ReasonScopeMissing, "end the membership: Auth0 refuses")
	r := &Reconciler{Client: cluster, Live: cluster, Recorder: recorder, Now: clock{}.Now, SettledInterval: time.Minute}
	for try := range 3 {
		g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(jane), jane)).To(Succeed())
		p := newPass(r, jane.DeepCopy())
		p.tenant, p.facts.Removing = tenant, "taking"
		at := metav1.NewMicroTime(clock{}.Now().Add(time.Duration(try) * time.Minute))
		p.member.Status.Withdrawal = &v1alpha1.Withdrawal{StartedAt: at, ChangedAt: at}
		g.Expect(p.save(t.Context())).To(Succeed())
		g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(jane), jane)).To(Succeed())
		g.Expect(jane.Status.Withdrawal.ChangedAt.Time).To(BeTemporally("==", at.Time))
		_, err := p.finish(t.Context(), refused)
		g.Expect(err).NotTo(HaveOccurred())
	}
	var warnings int
	for range len(recorder.Events) {
		if event := <-recorder.Events; event[:len("Warning")] == "Warning" {
			warnings++
		}
	}
	g.Expect(warnings).To(Equal(1))

	jane.Generation++
	g.Expect(cluster.Update(t.Context(), jane)).To(Succeed())
	g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(jane), jane)).To(Succeed())
	p := newPass(r, jane.DeepCopy())
	p.facts.Removing = "taking"
	g.Expect(p.write(t.Context())).To(Succeed())
	g.Expect(p.member.Status.ObservedGeneration).To(Equal(jane.Generation))
}

// TestAccessOfWhoWasDeclaredJustNow: whose profile it is, is read past the cache.
func TestAccessOfWhoWasDeclaredJustNow(t *testing.T) {
	g := NewWithT(t)
	member := func(name, email string) *v1alpha1.Member {
		m := &v1alpha1.Member{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: name, UID: types.UID(name)}}
		m.Spec = v1alpha1.MemberSpec{CustomerRef: v1alpha1.CustomerRef{Name: "acme"}, Email: v1alpha1.Email(email)}
		return m
	}
	jane := member("jane", "jane@acme.com")
	gone, now := member("bob", "bob@acme.com"), metav1.NewTime(clock{}.Now())
	gone.DeletionTimestamp, gone.Finalizers = &now, []string{v1alpha1.Finalizer}
	cached := clusterOf(t, jane)
	live := clusterOf(t, jane, gone, member("jane-2", "Jane@acme.com"), member("janet", "janet@acme.com"))
	p := newPass(&Reconciler{Client: cached, Live: live, Now: clock{}.Now}, jane)
	p.customer = &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "acme"}}
	g.Expect(p.findOthers(t.Context())).To(Succeed())
	g.Expect(p.otherPeople()).To(ConsistOf(ownership.PersonRef("janet@acme.com")))
}
