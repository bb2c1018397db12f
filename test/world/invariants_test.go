package world

import (
	"fmt"
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

func contract(seats int32) *v1alpha1.Customer {
	return &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Name: "acme", UID: "acme"}, Spec: v1alpha1.CustomerSpec{Seats: seats}}
}

func seat(name, email string, state v1alpha1.SeatState) *v1alpha1.Member {
	member := &v1alpha1.Member{
		ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name)},
		Spec:       v1alpha1.MemberSpec{CustomerRef: v1alpha1.CustomerRef{Name: "acme"}, Email: v1alpha1.Email(email)},
	}
	if state != "" {
		member.Status.Seat = &v1alpha1.MemberSeat{State: state}
	}
	return member
}

// TestSeatsHistoryIsHeldToTheContract: the checker sees a seat too many however
// short it was, and nothing wrong where there is none.
func TestSeatsHistoryIsHeldToTheContract(t *testing.T) {
	jane, bob := seat("jane", "jane@acme.com", v1alpha1.SeatAssigned), seat("bob", "bob@acme.com", v1alpha1.SeatAssigned)
	for name, test := range map[string]struct {
		versions []client.Object
		gone     client.Object
		more     bool
		broken   int
	}{
		"as many as the contract has": {versions: []client.Object{contract(2), jane, bob}},
		"one too many":                {versions: []client.Object{contract(1), jane, bob}, broken: 1},
		"one too many for a moment":   {versions: []client.Object{contract(1), jane, bob, seat("jane", "jane@acme.com", "")}, broken: 1},
		"while one is being taken":    {versions: []client.Object{contract(1), seat("jane", "jane@acme.com", v1alpha1.SeatWithdrawing), bob}, broken: 1},
		"the contract was lowered":    {versions: []client.Object{contract(2), jane, bob, contract(1), bob}},
		"one person twice":            {versions: []client.Object{contract(1), jane, seat("jane-2", "Jane@acme.com", v1alpha1.SeatAssigned)}},
		"one has gone before":         {versions: []client.Object{contract(1), jane}, gone: jane},
		"recognised":                  {versions: []client.Object{contract(1), jane, bob}, more: true},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			h := &history{}
			if test.more {
				h.recognises = []string{"acme"}
			}
			see := func(kind watch.EventType, obj client.Object) {
				obj = obj.DeepCopyObject().(client.Object)
				obj.SetResourceVersion(fmt.Sprint(len(h.versions) + 1))
				h.keep(watch.Event{Type: kind}, obj)
			}
			for _, obj := range test.versions {
				see(watch.Modified, obj)
			}
			if test.gone != nil {
				see(watch.Deleted, test.gone)
				see(watch.Modified, bob)
			}
			g.Expect(h.overfull()).To(HaveLen(test.broken))
		})
	}
}

func TestHistorySeesWritesWithoutAChange(t *testing.T) {
	g := NewWithT(t)
	h := &history{}
	for i, state := range []v1alpha1.SeatState{"", v1alpha1.SeatWaiting, v1alpha1.SeatWaiting, v1alpha1.SeatAssigned} {
		member := seat("jane", "jane@acme.com", state)
		member.ResourceVersion = fmt.Sprint(i + 1)
		h.keep(watch.Event{Type: watch.Modified}, member)
	}
	g.Expect(h.idleVersions()).To(ConsistOf(HavePrefix("Member jane: a write changed nothing but ")))
}

func TestHistoryCountsTransitions(t *testing.T) {
	g := NewWithT(t)
	h := &history{}
	for i, reason := range []string{"A", "A", "B", "A"} {
		member := seat("jane", "jane@acme.com", "")
		member.ResourceVersion = fmt.Sprint(i + 1)
		member.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: reason}}
		h.keep(watch.Event{Type: watch.Modified}, member)
	}
	h.countTransitions()
	g.Expect(h.transitions).To(Equal(map[transition]int{{"jane", "A"}: 2, {"jane", "B"}: 1}))
}

// TestHistoryWaitsForTheLastVersions: what a watch has not delivered yet would be
// missing from every rule.
func TestHistoryWaitsForTheLastVersions(t *testing.T) {
	at := func(name string, version int) client.Object {
		member := seat(name, name+"@acme.com", "")
		member.ResourceVersion = fmt.Sprint(version)
		return member
	}
	for name, test := range map[string]struct {
		gone     client.Object
		present  []client.Object
		cut      bool
		caughtUp bool
	}{
		"as it is there":              {present: []client.Object{at("jane", 3), at("bob", 2)}, caughtUp: true},
		"a later version is there":    {present: []client.Object{at("jane", 4), at("bob", 2)}},
		"another object is there":     {present: []client.Object{at("jane", 3), at("bob", 2), at("eve", 4)}},
		"one went and was not seen":   {present: []client.Object{at("jane", 3)}},
		"one went and was seen":       {gone: at("bob", 4), present: []client.Object{at("jane", 3)}, caughtUp: true},
		"the watch sees nothing more": {present: []client.Object{at("jane", 4)}, cut: true, caughtUp: true},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			h := &history{cut: test.cut}
			for _, obj := range []client.Object{at("jane", 1), at("bob", 2), at("jane", 3)} {
				h.keep(watch.Event{Type: watch.Modified}, obj)
			}
			if test.gone != nil {
				h.keep(watch.Event{Type: watch.Deleted}, test.gone)
			}
			g.Expect(h.caughtUp(test.present)).To(Equal(test.caughtUp))
		})
	}
}
