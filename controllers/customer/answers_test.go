package customer

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/invitation"
)

// TestOneMailLooksForCallsThatWereNotAnswered: a call that invites is given time to be
// answered before the organization is looked at for what became of it, and is looked
// for until it must show. While people are onboarded such calls are always on their way.
func TestOneMailLooksForCallsThatWereNotAnswered(t *testing.T) {
	for name, test := range map[string]struct {
		age   time.Duration
		looks bool
		comes time.Duration
	}{
		"it has just begun":         {age: 0, comes: answeredWithin},
		"it should be answered":     {age: answeredWithin, looks: true, comes: 10 * time.Second},
		"it may still land":         {age: invitation.Validity + invitation.Margin, looks: true, comes: 10 * time.Second},
		"a look must have shown it": {age: invitation.Validity + invitation.Margin + directory.Lag, comes: 0},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			p, jane := contract(t)
			p.tenant.SetFeed(directory.FeedState{Name: "TenantLog"})
			p.LiveInterval, p.ResyncInterval, p.again = 10*time.Second, time.Hour, 0
			p.noteSweep()
			notAfter := metav1.NewMicroTime(p.tenant.Now().Add(invitation.Validity - test.age))
			jane.Status.Attempt = &v1alpha1.Attempt{ID: "a", NotAfter: &notAfter, Invites: true}
			p.members = []v1alpha1.Member{*jane}
			g.Expect(p.linkEnds()).To(Equal(test.looks))
			p.planLooks()
			if test.comes == 0 {
				test.comes = time.Hour
			}
			g.Expect(p.again).To(BeNumerically("~", test.comes, time.Second))
		})
	}
}
