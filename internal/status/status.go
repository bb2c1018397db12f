// Package status derives the whole status of an object from the facts of one
// pass: one function a kind, pure. No phase of a reconciler sets a condition.
package status

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

// Patience is how long a missing reference counts as work in progress: GitOps
// tools apply in any order.
const Patience = 5 * time.Minute

// SeatPatience is how long a Member may wait for a seat before it stalls.
const SeatPatience = time.Minute

// Class is what a problem asks for.
type Class int

const (
	// Retry: the operator tries again by itself.
	Retry Class = iota
	// Missing: something is not there yet; after Patience a person must act.
	Missing
	// Person: a person must change something.
	Person
)

// Problem is what stopped a pass.
type Problem struct {
	Class  Class
	Reason string
	// Message for people: what is wrong and what to do, or that nothing is needed.
	Message string
	// Starting: this process has not looked yet, and knows nothing better than
	// what the status says.
	Starting bool
}

// Stalls tells whether the problem needs a person, given since when the object
// has not been ready.
func (p *Problem) stalls(notReadySince, now time.Time) bool {
	return p.Class == Person || p.Class == Missing && now.Sub(notReadySince) >= Patience
}

// gone tells whether the problem is that what gives the person access is not there.
func (p *Problem) gone() bool {
	return p.Class == Missing || p.Reason == v1alpha1.ReasonOrganizationMissing
}

// anothers tells whether the problem is that the organization is not ours.
func (p *Problem) anothers() bool {
	return p != nil && (p.Reason == v1alpha1.ReasonOrganizationConflict || p.Reason == v1alpha1.ReasonAdoptionNotListed)
}

// conditions builds a list of conditions at one generation.
type conditions struct {
	list       []metav1.Condition
	generation int64
	now        time.Time
}

func build(current []metav1.Condition, generation int64, now time.Time) *conditions {
	return &conditions{list: slices.Clone(current), generation: generation, now: now}
}

func (c *conditions) set(kind string, is metav1.ConditionStatus, reason, message string) {
	meta.SetStatusCondition(&c.list, metav1.Condition{
		Type: kind, Status: is, Reason: reason, Message: message,
		ObservedGeneration: c.generation, LastTransitionTime: metav1.NewTime(c.now),
	})
}

// carry keeps a condition as it is and says that it holds for this generation.
func (c *conditions) carry(kind string) {
	if was := meta.FindStatusCondition(c.list, kind); was != nil {
		c.set(kind, was.Status, was.Reason, was.Message)
	}
}

// present sets a condition that stands only while it is true.
func (c *conditions) present(kind string, is bool, reason, message string) {
	if !is {
		meta.RemoveStatusCondition(&c.list, kind)
		return
	}
	c.set(kind, metav1.ConditionTrue, reason, message)
}

// summarize sets Ready, Reconciling and Stalled, which exclude one another.
func (c *conditions) summarize(reconciling, stalled bool, reason, message string) {
	ready := metav1.ConditionTrue
	if reconciling || stalled {
		ready = metav1.ConditionFalse
	}
	c.set(v1alpha1.ConditionReady, ready, reason, message)
	c.present(v1alpha1.ConditionReconciling, reconciling && !stalled, reason, message)
	c.present(v1alpha1.ConditionStalled, stalled, reason, message)
}

// notReadySince is since when Ready is false, now when it is not.
func notReadySince(list []metav1.Condition, created, now time.Time) time.Time {
	ready := meta.FindStatusCondition(list, v1alpha1.ConditionReady)
	switch {
	case ready == nil:
		return created
	case ready.Status == metav1.ConditionTrue:
		return now
	}
	return ready.LastTransitionTime.Time
}

// nothingNew tells whether a problem leaves a status as it is: the process is
// starting, or Auth0 is out of reach for an object that is settled.
func (p *Problem) nothingNew(list []metav1.Condition, observed, generation int64, pending bool) bool {
	if p == nil || observed != generation {
		return false
	}
	return p.Starting || p.Class == Retry && settled(list, pending)
}

// settled tells whether an object's present generation was dealt with: it is
// ready and nothing is pending, or it waits for a person.
func settled(list []metav1.Condition, pending bool) bool {
	ready := meta.IsStatusConditionTrue(list, v1alpha1.ConditionReady) && !pending
	return ready || meta.IsStatusConditionTrue(list, v1alpha1.ConditionStalled)
}

func truth(is bool) metav1.ConditionStatus {
	if is {
		return metav1.ConditionTrue
	}
	return metav1.ConditionFalse
}
