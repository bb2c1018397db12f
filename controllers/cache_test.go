package controllers

import (
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

func cached() *v1alpha1.Member {
	return &v1alpha1.Member{
		ObjectMeta: metav1.ObjectMeta{
			Name: "jane", Namespace: "a", UID: "1", ResourceVersion: "7", Finalizers: append(make([]string, 0, 4), v1alpha1.Finalizer),
			Annotations:   map[string]string{lastApplied: "{}", v1alpha1.AnnotationReconcileRequestedAt: "now"},
			ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "kubectl"}},
		},
		Spec: v1alpha1.MemberSpec{CustomerRef: v1alpha1.CustomerRef{Name: "acme"}, Email: "jane@acme.com"},
		Status: v1alpha1.MemberStatus{
			ObservedGeneration: 1, Summary: "can sign in", OrganizationID: "org_1",
			Conditions: []metav1.Condition{{Type: "Ready", Status: metav1.ConditionTrue, Reason: "Joined", Message: "in"}},
			Seat:       &v1alpha1.MemberSeat{State: v1alpha1.SeatAssigned, OrganizationID: "org_1", Reason: "SeatAssigned"},
			Invitation: &v1alpha1.MemberInvitation{ID: "uinv_1", State: v1alpha1.InvitationAccepted},
			Users:      []v1alpha1.MemberUser{{UserID: "okta|jane", Connection: "okta", Email: "jane@acme.com"}},
		},
	}
}

// What the cache leaves out must not come back as a change: a patch is made of what it holds.
func TestWhatTheCacheLeavesOutIsNoChange(t *testing.T) {
	g := NewWithT(t)
	whole, member := cached(), cached()
	_, err := trim(member)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(member.Spec).To(Equal(whole.Spec))
	g.Expect(member.Status).To(Equal(whole.Status))
	g.Expect(member.Finalizers).To(Equal(whole.Finalizers))
	g.Expect(member.ManagedFields).To(BeEmpty())
	g.Expect(member.Annotations).To(Equal(map[string]string{v1alpha1.AnnotationReconcileRequestedAt: "now"}))

	changed := member.DeepCopy()
	changed.Status.Summary = "invited"
	changed.Finalizers = nil
	patch, err := client.MergeFrom(member).Data(changed)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(patch).To(MatchJSON(`{"metadata":{"finalizers":null},"status":{"summary":"invited"}}`))
}

func TestTheCacheTakesAnyObject(t *testing.T) {
	g := NewWithT(t)
	for _, object := range []any{&v1alpha1.Member{}, &v1alpha1.Customer{}, "a tombstone"} {
		left, err := trim(object)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(left).To(Equal(object))
	}
}
