package pass

import (
	"context"
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

func sameStatus(before, after client.Object) (bool, error) {
	switch b := before.(type) {
	case *v1alpha1.Auth0Tenant:
		return equality.Semantic.DeepEqual(b.Status, after.(*v1alpha1.Auth0Tenant).Status), nil
	case *v1alpha1.Customer:
		return equality.Semantic.DeepEqual(b.Status, after.(*v1alpha1.Customer).Status), nil
	case *v1alpha1.Member:
		return equality.Semantic.DeepEqual(b.Status, after.(*v1alpha1.Member).Status), nil
	}
	return false, fmt.Errorf("no status known of %T", before)
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

// Announce records an Event for each named condition whose reason changed. What
// a person must look at is a Warning.
func Announce(recorder events.EventRecorder, obj client.Object, before, after []metav1.Condition, kinds ...string) {
	for _, kind := range kinds {
		was, is := meta.FindStatusCondition(before, kind), meta.FindStatusCondition(after, kind)
		if is == nil || (was != nil && was.Reason == is.Reason && was.Status == is.Status) {
			continue
		}
		eventType := corev1.EventTypeNormal
		if is.Type == v1alpha1.ConditionStalled || (is.Type == v1alpha1.ConditionReady && meta.IsStatusConditionTrue(after, v1alpha1.ConditionStalled)) {
			eventType = corev1.EventTypeWarning
		}
		recorder.Eventf(obj, nil, eventType, is.Reason, "Reconcile", "%s", note(is.Message))
	}
}

// note fits an Event's limit of 1 kB.
func note(message string) string {
	if len(message) > 1000 {
		return message[:1000]
	}
	return message
}
