package world

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers"
	"github.com/seatwarden/seatwarden/internal/controlplane/envtesting"
)

// history holds every version of the test's objects to the rules for a status.
type history struct {
	mu      sync.Mutex
	broken  []string
	stalled []string
	// active are the addresses that were ever shown Active, by Customer.
	active  map[string]map[string]bool
	watches []watch.Interface
	// cut: a watch ended by itself, as when the CRD is deleted, and sees no more.
	cut, ending bool
	// versions of the present age of etcd's data, and what those before added up to.
	versions    []version
	transitions map[transition]int
	// recognises are the Customers that recognise grants beyond their seats.
	recognises []string
	done       sync.WaitGroup
}

// watchHistory begins to look at every version of the test's objects.
func (w *World) watchHistory() {
	c, err := client.NewWithWatch(envtesting.Config(), client.Options{Scheme: controllers.Scheme()})
	w.Expect(err).NotTo(HaveOccurred())
	w.history.cut, w.history.ending = false, false
	for _, list := range kinds() {
		opened, err := c.Watch(context.Background(), list)
		w.Expect(err).NotTo(HaveOccurred())
		w.history.watches = append(w.history.watches, opened)
		w.history.done.Add(1)
		go func() {
			defer w.history.done.Done()
			for change := range opened.ResultChan() {
				if obj, ok := change.Object.(client.Object); ok && w.ownsNow(obj) {
					w.history.see(change, obj)
				}
			}
			w.history.noteEnd()
		}()
	}
}

func (w *World) ownsNow(obj client.Object) bool {
	w.history.mu.Lock()
	defer w.history.mu.Unlock()
	return w.owns(obj)
}

// owns tells this test's objects from those of others.
func (w *World) owns(obj client.Object) bool {
	return obj.GetNamespace() == w.Namespace || slices.Contains(w.annexes, obj.GetNamespace()) || obj.GetNamespace() == "" && (obj.GetName() == w.Tenant || obj.GetName() == w.Tenant+"-2")
}

func (h *history) see(change watch.Event, obj client.Object) {
	h.add(obj)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.keep(change, obj)
}

func (h *history) add(obj client.Object) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.broken = append(h.broken, BrokenRules(obj)...)
	if member, ok := obj.(*v1alpha1.Member); ok {
		h.noteActive(member)
	}
	if meta.IsStatusConditionTrue(Conditions(obj), v1alpha1.ConditionStalled) {
		h.stalled = append(h.stalled, fmt.Sprintf("%s %s: %s", kindOf(obj), obj.GetName(), meta.FindStatusCondition(Conditions(obj), v1alpha1.ConditionStalled).Reason))
	}
}

// StalledSeen names the objects that any version so far showed as stalled.
func (w *World) StalledSeen() []string {
	w.history.mu.Lock()
	defer w.history.mu.Unlock()
	return slices.Compact(slices.Sorted(slices.Values(w.history.stalled)))
}

func (h *history) noteEnd() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cut = h.cut || !h.ending
}

// caughtUp: of each object the last version that was seen is the one that is
// there, and those that are not there were seen to go.
func (h *history) caughtUp(present []client.Object) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	last := map[types.UID]version{}
	for _, v := range h.versions {
		if uid := v.obj.GetUID(); v.at >= last[uid].at {
			last[uid] = v
		}
	}
	maps.DeleteFunc(last, func(_ types.UID, v version) bool { return v.gone })
	unseen := slices.ContainsFunc(present, func(obj client.Object) bool {
		seen, ok := last[obj.GetUID()]
		return !ok || seen.obj.GetResourceVersion() != obj.GetResourceVersion()
	})
	return h.cut || !unseen && len(last) == len(present)
}

// endWatches ends the look at versions when the last ones have come: a watch that
// is stopped drops what it has not delivered. What was seen is kept.
func (w *World) endWatches() {
	err := wait.PollUntilContextTimeout(context.Background(), 20*time.Millisecond, Patience, true, func(context.Context) (bool, error) {
		return w.history.caughtUp(w.objects()), nil
	})
	if err != nil {
		w.Errorf("the last versions of objects were not seen in %s", Patience)
	}
	w.history.mu.Lock()
	w.history.ending = true
	w.history.mu.Unlock()
	for _, opened := range w.history.watches {
		opened.Stop()
	}
	w.history.done.Wait()
	w.history.watches = nil
	w.history.closeAge()
}

// assertHistory fails the test for each version that broke a rule.
func (w *World) assertHistory() {
	w.endWatches()
	for _, obj := range w.objects() {
		w.history.add(obj)
	}
	for _, broken := range slices.Compact(slices.Sorted(slices.Values(w.history.broken))) {
		w.Errorf("a status broke a rule: %s", broken)
	}
}

// BrokenRules says which rules for a status one version of an object breaks:
// those of kstatus, and that no generation is claimed before it was seen.
func BrokenRules(obj client.Object) []string {
	var broken []string
	add := func(format string, args ...any) {
		broken = append(broken, fmt.Sprintf("%s %s: ", kindOf(obj), obj.GetName())+fmt.Sprintf(format, args...))
	}
	observed, conditions := observedGeneration(obj), Conditions(obj)
	ready := meta.FindStatusCondition(conditions, v1alpha1.ConditionReady)
	reconciling := meta.FindStatusCondition(conditions, v1alpha1.ConditionReconciling)
	stalled := meta.FindStatusCondition(conditions, v1alpha1.ConditionStalled)
	if observed > obj.GetGeneration() {
		add("observedGeneration %d lies ahead of generation %d", observed, obj.GetGeneration())
	}
	for _, c := range conditions {
		if c.ObservedGeneration > observed {
			add("%s speaks of generation %d, the status of %d", c.Type, c.ObservedGeneration, observed)
		}
		if c.Reason == "" || c.Message == "" {
			add("%s has no reason or no message", c.Type)
		}
	}
	switch {
	case observed <= 0 && ready == nil:
		// Not seen yet.
	case ready == nil:
		add("was seen and has no Ready")
	default:
		if ready.ObservedGeneration != observed {
			add("Ready speaks of generation %d, the status of %d", ready.ObservedGeneration, observed)
		}
		if (ready.Status == metav1.ConditionTrue) == (reconciling != nil || stalled != nil) {
			add("Ready is %s with Reconciling %t and Stalled %t", ready.Status, reconciling != nil, stalled != nil)
		}
	}
	if reconciling != nil && stalled != nil {
		add("is both Reconciling and Stalled")
	}
	for _, c := range []*metav1.Condition{reconciling, stalled} {
		if c != nil && c.Status != metav1.ConditionTrue {
			add("%s is there and not True", c.Type)
		}
	}
	if result, err := KStatus(obj); err != nil {
		add("kstatus: %v", err)
	} else if want := wantedKStatus(obj, observed, ready, stalled); result != want {
		add("kstatus says %s, and it is %s", result, want)
	}
	return broken
}

func wantedKStatus(obj client.Object, observed int64, ready, stalled *metav1.Condition) status.Status {
	switch {
	case obj.GetDeletionTimestamp() != nil:
		return status.TerminatingStatus
	case observed != obj.GetGeneration():
		return status.InProgressStatus
	case stalled != nil:
		return status.FailedStatus
	case ready != nil && ready.Status == metav1.ConditionTrue:
		return status.CurrentStatus
	}
	return status.InProgressStatus
}

// KStatus is what tools that wait for an object take it for.
func KStatus(obj client.Object) (status.Status, error) {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
	if err != nil {
		return "", fmt.Errorf("convert: %w", err)
	}
	result, err := status.Compute(&unstructured.Unstructured{Object: content})
	if err != nil {
		return "", fmt.Errorf("compute: %w", err)
	}
	return result.Status, nil
}

func observedGeneration(obj client.Object) int64 {
	switch o := obj.(type) {
	case *v1alpha1.Auth0Tenant:
		return o.Status.ObservedGeneration
	case *v1alpha1.Customer:
		return o.Status.ObservedGeneration
	case *v1alpha1.Member:
		return o.Status.ObservedGeneration
	case *v1alpha1.Removal:
		return o.Status.ObservedGeneration
	}
	return 0
}

func kinds() []client.ObjectList {
	return []client.ObjectList{&v1alpha1.Auth0TenantList{}, &v1alpha1.CustomerList{}, &v1alpha1.MemberList{}, &v1alpha1.RemovalList{}}
}

func kindOf(obj client.Object) string {
	switch obj.(type) {
	case *v1alpha1.Auth0Tenant:
		return "Auth0Tenant"
	case *v1alpha1.Customer:
		return "Customer"
	case *v1alpha1.Member:
		return "Member"
	case *v1alpha1.Removal:
		return "Removal"
	}
	return fmt.Sprintf("%T", obj)
}

// objects are all objects of the test.
func (w *World) objects() []client.Object {
	var out []client.Object
	for _, list := range kinds() {
		w.Expect(w.Client.List(context.Background(), list)).To(Succeed())
		w.Expect(meta.EachListItem(list, func(item runtime.Object) error {
			if obj, ok := item.(client.Object); ok && w.owns(obj) {
				out = append(out, obj)
			}
			return nil
		})).To(Succeed())
	}
	return out
}

// Versions are the resourceVersions of all objects of the test.
func (w *World) Versions() map[string]string {
	out := map[string]string{}
	for _, obj := range w.objects() {
		out[kindOf(obj)+" "+obj.GetName()] = obj.GetResourceVersion()
	}
	return out
}

// Events of a type and reason about an object. One that was repeated counts as
// often as it was.
func (w *World) Events(obj client.Object, eventType, reason string) []string {
	list := &eventsv1.EventList{}
	w.Expect(w.Client.List(w.Context(), list)).To(Succeed())
	var notes []string
	for _, event := range list.Items {
		if event.Regarding.UID != obj.GetUID() || event.Type != eventType || event.Reason != reason {
			continue
		}
		times := 1
		if event.Series != nil {
			times = int(event.Series.Count)
		}
		for range times {
			notes = append(notes, event.Note)
		}
	}
	return notes
}

// UntilWarned waits for the one Warning of a reason about an object. Its text
// names what a person must do.
func (w *World) UntilWarned(obj client.Object, reason, text string) {
	w.Helper()
	w.untilEvent(obj, corev1.EventTypeWarning, reason, text)
}

// UntilTold waits for the one Event of a reason that asks nothing of anybody.
func (w *World) UntilTold(obj client.Object, reason, text string) {
	w.Helper()
	w.untilEvent(obj, corev1.EventTypeNormal, reason, text)
}

func (w *World) untilEvent(obj client.Object, eventType, reason, text string) {
	w.Helper()
	w.EventuallyWithOffset(2, func() []string { return w.Events(obj, eventType, reason) }, Patience, "50ms").
		Should(ConsistOf(ContainSubstring(text)), "%s event %s about %s", eventType, reason, obj.GetName())
	other := corev1.EventTypeWarning
	if eventType == other {
		other = corev1.EventTypeNormal
	}
	w.ExpectWithOffset(2, w.Events(obj, other, reason)).To(BeEmpty(), "no %s event of the same transition", other)
}
