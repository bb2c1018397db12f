package pass

import (
	"context"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

// WriteStatus writes what differs between before and after, at the version of
// before: a merge patch, so that fields of a newer release survive, and an
// optimistic lock, so that a decision on old facts fails. Nothing is written
// when nothing differs. after takes the new version.
func WriteStatus(ctx context.Context, c client.Client, before, after client.Object) error {
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if same, err := sameStatus(before, after); same || err != nil {
		return err
	}
	if err := c.Status().Patch(ctx, after, patch); err != nil {
		return fmt.Errorf("write status: %w", err)
	}
	return nil
}

// sameStatus compares two statuses as they are stored, where times are rounded:
// what differs in memory only is no change, and its write would be idle.
func sameStatus(before, after client.Object) (bool, error) {
	switch b := before.(type) {
	case *v1alpha1.Auth0Tenant:
		return sameStored(b.Status, after.(*v1alpha1.Auth0Tenant).Status)
	case *v1alpha1.Customer:
		return sameStored(b.Status, after.(*v1alpha1.Customer).Status)
	case *v1alpha1.Member:
		return sameStored(b.Status, after.(*v1alpha1.Member).Status)
	case *v1alpha1.Removal:
		return sameStored(b.Status, after.(*v1alpha1.Removal).Status)
	}
	return false, fmt.Errorf("no status known of %T", before)
}

func sameStored[T any](before, after T) (bool, error) {
	if equality.Semantic.DeepEqual(before, after) {
		return true, nil
	}
	was, err := stored(before)
	if err != nil {
		return false, err
	}
	is, err := stored(after)
	return equality.Semantic.DeepEqual(was, is), err
}

// stored is a status as it is read back.
func stored[T any](status T) (out T, err error) {
	text, err := json.Marshal(status)
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		return out, fmt.Errorf("encode a status: %w", err)
	}
	return out, nil
}

// AddFinalizer puts our finalizer on an object that has none, before anything
// outside is touched. The object takes the new version.
func AddFinalizer(ctx context.Context, c client.Client, obj client.Object) error {
	if controllerutil.ContainsFinalizer(obj, v1alpha1.Finalizer) {
		return nil
	}
	before := obj.DeepCopyObject().(client.Object)
	controllerutil.AddFinalizer(obj, v1alpha1.Finalizer)
	if err := c.Patch(ctx, obj, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})); err != nil {
		return fmt.Errorf("add finalizer: %w", err)
	}
	return nil
}

// RemoveFinalizer takes our finalizer off; an object that is gone is no error.
func RemoveFinalizer(ctx context.Context, c client.Client, obj client.Object) error {
	if !controllerutil.ContainsFinalizer(obj, v1alpha1.Finalizer) {
		return nil
	}
	before := obj.DeepCopyObject().(client.Object)
	controllerutil.RemoveFinalizer(obj, v1alpha1.Finalizer)
	err := c.Patch(ctx, obj, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("remove finalizer: %w", err)
	}
	return nil
}

// Announce records an Event for each named condition whose reason changed, and
// for a stall, which is the one Warning: a person must act. Conditions that
// change to one reason together are one transition and one Event.
func Announce(recorder events.EventRecorder, obj client.Object, before, after []metav1.Condition, kinds ...string) {
	told := map[string]bool{}
	if stalled := meta.FindStatusCondition(after, v1alpha1.ConditionStalled); stalled != nil {
		told[stalled.Reason] = true
		if turned(before, *stalled) {
			recorder.Eventf(obj, nil, corev1.EventTypeWarning, stalled.Reason, "Reconcile", "%s", note(stalled.Message))
		}
	}
	for _, kind := range kinds {
		is := meta.FindStatusCondition(after, kind)
		if is == nil || told[is.Reason] || !turned(before, *is) {
			continue
		}
		told[is.Reason] = true
		recorder.Eventf(obj, nil, corev1.EventTypeNormal, is.Reason, "Reconcile", "%s", note(is.Message))
	}
}

// turned tells whether a condition's status or reason is not what it was.
func turned(before []metav1.Condition, is metav1.Condition) bool {
	was := meta.FindStatusCondition(before, is.Type)
	return was == nil || was.Reason != is.Reason || was.Status != is.Status
}

// note fits an Event's limit of 1 kB.
func note(message string) string {
	if len(message) > 1000 {
		return message[:1000]
	}
	return message
}
