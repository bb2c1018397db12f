package pass

import (
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/status"
)

// WholeReader reads objects and refuses those that were read in part only: nothing
// may be decided by half a Customer. Lists hold them all the same, so that their
// people and seats count. A read that fails is told as one.
type WholeReader struct{ client.Reader }

// Get refuses an object of which something cannot be read.
func (r WholeReader) Get(ctx context.Context, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
	if err := r.Reader.Get(ctx, key, obj, opts...); err != nil {
		return readError(err)
	}
	return refuseUnreadable(obj)
}

// List lists all objects.
func (r WholeReader) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	return readError(r.Reader.List(ctx, list, opts...))
}

// errRead tells a read that failed from a write.
var errRead = errors.New("read from the API server")

func readError(err error) error {
	if err == nil || apierrors.IsNotFound(err) || meta.IsNoMatchError(err) {
		return err
	}
	return fmt.Errorf("%w: %w", errRead, err)
}

// WholeClient is a client that reads as WholeReader does.
type WholeClient struct{ client.Client }

// Get refuses an object of which something cannot be read.
func (c WholeClient) Get(ctx context.Context, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
	return WholeReader{c.Client}.Get(ctx, key, obj, opts...)
}

// List lists all objects.
func (c WholeClient) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	return WholeReader{c.Client}.List(ctx, list, opts...)
}

func refuseUnreadable(obj client.Object) error {
	kind, what := "", ""
	switch o := obj.(type) {
	case *v1alpha1.Auth0Tenant:
		kind, what = "Auth0Tenant", o.Unreadable
	case *v1alpha1.Customer:
		kind, what = "Customer", o.Unreadable
	case *v1alpha1.Member:
		kind, what = "Member", o.Unreadable
	case *v1alpha1.Removal:
		kind, what = "Removal", o.Unreadable
	}
	if what == "" {
		return nil
	}
	return Person(v1alpha1.ReasonUnreadable, fmt.Sprintf(
		"%s %s has a field that this version of the operator cannot read: correct it, or run the version that wrote it; until then nothing is given and nothing taken. %s",
		kind, obj.GetName(), what[:min(len(what), 400)]))
}

// NoneHidden ends a pass that takes while a Member may declare anybody: one of the
// Customer's Members, as they were listed, that was read without its address, or one
// of the namespace that was read without its Customer.
func NoneHidden(ctx context.Context, reader client.Reader, namespace string, members []v1alpha1.Member) error {
	nowhere := &v1alpha1.MemberList{}
	if err := reader.List(ctx, nowhere, client.InNamespace(namespace), client.MatchingFields{v1alpha1.FieldCustomerRef: ""}); err != nil {
		return fmt.Errorf("list Members without a Customer: %w", err)
	}
	for _, member := range slices.Concat(members, nowhere.Items) {
		if Hidden(&member) || member.Unreadable != "" && member.Spec.CustomerRef.Name == "" {
			return Person(v1alpha1.ReasonUnreadable, fmt.Sprintf(
				"Member %s of this namespace cannot be read, and may declare this person: nothing is taken until it is corrected", member.Name))
		}
	}
	return nil
}

// Hidden tells whether a Member was read without its address.
func Hidden(member *v1alpha1.Member) bool {
	return member.Unreadable != "" && member.Spec.Email == ""
}

// MayNeed tells whether a Customer refers to an Auth0Tenant, or may: it was read
// without its reference.
func MayNeed(customer *v1alpha1.Customer, tenant string) bool {
	name := customer.Spec.TenantRef.Name
	return name == tenant || customer.Unreadable != "" && name == ""
}

// Unread ends the pass over an object that could not be read: nothing follows for
// one that is gone, and one that was read in part is told so.
func Unread(ctx context.Context, c client.Client, recorder events.EventRecorder, obj client.Object, now metav1.Time, err error) (ctrl.Result, error) {
	var stop *Stop
	if !errors.As(err, &stop) || stop.Reason != v1alpha1.ReasonUnreadable {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	before := obj.DeepCopyObject().(client.Object)
	conditions, observed := statusOf(obj)
	was := append([]metav1.Condition(nil), *conditions...)
	*observed = obj.GetGeneration()
	is := metav1.Condition{Reason: stop.Reason, Message: stop.Message, ObservedGeneration: obj.GetGeneration(), LastTransitionTime: now}
	is.Type, is.Status = v1alpha1.ConditionReady, metav1.ConditionFalse
	meta.SetStatusCondition(conditions, is)
	is.Type, is.Status = v1alpha1.ConditionStalled, metav1.ConditionTrue
	meta.SetStatusCondition(conditions, is)
	meta.RemoveStatusCondition(conditions, v1alpha1.ConditionReconciling)
	summarize(obj)
	told := append([]metav1.Condition(nil), *conditions...)
	if writeErr := WriteStatus(ctx, c, before, obj); writeErr != nil {
		// Where the status cannot be written either, the Event is all that tells.
		recorder.Eventf(before, nil, corev1.EventTypeWarning, stop.Reason, "Reconcile", "%s", note(stop.Message))
		return Rewrite(writeErr)
	}
	Announce(recorder, obj, was, told)
	return ctrl.Result{RequeueAfter: SlowRetry}, nil
}

// summarize says in the status what is most urgent.
func summarize(obj client.Object) {
	switch o := obj.(type) {
	case *v1alpha1.Auth0Tenant:
		o.Status.Summary = status.Auth0TenantSummary(o)
	case *v1alpha1.Customer:
		o.Status.Summary = status.CustomerSummary(o)
	case *v1alpha1.Member:
		o.Status.Summary = status.MemberSummary(o)
	case *v1alpha1.Removal:
		o.Status.Summary = status.RemovalSummary(o)
	}
}

func statusOf(obj client.Object) (conditions *[]metav1.Condition, observed *int64) {
	switch o := obj.(type) {
	case *v1alpha1.Auth0Tenant:
		return &o.Status.Conditions, &o.Status.ObservedGeneration
	case *v1alpha1.Member:
		return &o.Status.Conditions, &o.Status.ObservedGeneration
	case *v1alpha1.Removal:
		return &o.Status.Conditions, &o.Status.ObservedGeneration
	}
	customer := obj.(*v1alpha1.Customer)
	return &customer.Status.Conditions, &customer.Status.ObservedGeneration
}
