package member

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/removal"
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
		g.Expect(p.recordTargets(t.Context(), removal.Plan{RemoveMembers: []string{"u1"}})).To(Succeed())
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
