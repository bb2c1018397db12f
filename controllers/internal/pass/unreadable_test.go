package pass

import (
	"context"
	"errors"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
)

func cluster(t *testing.T, objects ...client.Object) client.WithWatch {
	scheme := runtime.NewScheme()
	NewWithT(t).Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	return fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).WithStatusSubresource(objects...).Build()
}

func TestReadThatFailsIsToldAsOne(t *testing.T) {
	g := NewWithT(t)
	down := errors.New("etcdserver: request timed out")
	failing := interceptor.NewClient(cluster(t), interceptor.Funcs{
		Get: func(context.Context, client.WithWatch, client.ObjectKey, client.Object, ...client.GetOption) error {
			return down
		},
		List: func(context.Context, client.WithWatch, client.ObjectList, ...client.ListOption) error { return down },
	})
	customer := &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Namespace: "portal", Name: "acme"}}
	_, err := Mode(t.Context(), WholeClient{failing}, customer)
	g.Expect(ProblemOf(err).Message).To(HavePrefix("a read from the API server failed"))
	for _, reader := range []client.Reader{WholeReader{failing}, WholeClient{failing}} {
		err := reader.List(t.Context(), &v1alpha1.MemberList{})
		g.Expect(err).To(MatchError(down))
		g.Expect(ProblemOf(err).Message).To(HavePrefix("a read from the API server failed"))
	}
	g.Expect(ProblemOf(down).Message).To(HavePrefix("a write to the API server failed"))
}

// TestStatusThatIsStoredSoIsNotWritten: what differs in memory alone changes
// nothing in Kubernetes.
func TestStatusThatIsStoredSoIsNotWritten(t *testing.T) {
	at := time.Date(2026, 11, 29, 8, 0, 0, 0, time.UTC)
	later := at.Add(300 * time.Nanosecond)
	conditions := func(at time.Time) []metav1.Condition {
		return []metav1.Condition{{Type: "Ready", Status: "True", Reason: "Reconciled", LastTransitionTime: metav1.NewTime(at)}}
	}
	meta := metav1.ObjectMeta{Namespace: "portal", Name: "acme"}
	for name, objects := range map[string][2]client.Object{
		"Customer": {
			&v1alpha1.Customer{ObjectMeta: meta, Status: v1alpha1.CustomerStatus{Conditions: conditions(at)}},
			&v1alpha1.Customer{ObjectMeta: meta, Status: v1alpha1.CustomerStatus{Conditions: conditions(later)}}},
		"Member": {
			&v1alpha1.Member{ObjectMeta: meta, Status: v1alpha1.MemberStatus{Conditions: conditions(at), Withdrawal: &v1alpha1.Withdrawal{StartedAt: metav1.NewMicroTime(at)}}},
			&v1alpha1.Member{ObjectMeta: meta, Status: v1alpha1.MemberStatus{Conditions: conditions(later), Withdrawal: &v1alpha1.Withdrawal{StartedAt: metav1.NewMicroTime(later), ConfirmedAt: &metav1.MicroTime{}}}}},
		"Auth0Tenant": {
			&v1alpha1.Auth0Tenant{ObjectMeta: metav1.ObjectMeta{Name: "default"}, Status: v1alpha1.Auth0TenantStatus{Conditions: conditions(at)}},
			&v1alpha1.Auth0Tenant{ObjectMeta: metav1.ObjectMeta{Name: "default"}, Status: v1alpha1.Auth0TenantStatus{Conditions: conditions(later)}}},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			writes := 0
			counting := interceptor.NewClient(cluster(t, objects[0]), interceptor.Funcs{
				SubResourcePatch: func(context.Context, client.Client, string, client.Object, client.Patch, ...client.SubResourcePatchOption) error {
					writes++
					return nil
				},
			})
			g.Expect(WriteStatus(t.Context(), counting, objects[0], objects[1])).To(Succeed())
			g.Expect(writes).To(BeZero())
		})
	}
}

// TestHandsOffHalfAnObject: nothing is decided by an object that was read in part,
// and it is told, by an Event where its status cannot be written.
func TestHandsOffHalfAnObject(t *testing.T) {
	g := NewWithT(t)
	customer := &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Namespace: "portal", Name: "acme"}}
	kube := cluster(t, customer)
	half := interceptor.NewClient(kube, interceptor.Funcs{
		Get: func(ctx context.Context, inner client.WithWatch, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
			err := inner.Get(ctx, key, obj, opts...)
			obj.(*v1alpha1.Customer).Unreadable = "spec.contract.endTime (no time)"
			return err
		},
	})
	for _, reader := range []client.Reader{WholeReader{half}, WholeClient{half}} {
		g.Expect(ProblemOf(reader.Get(t.Context(), client.ObjectKeyFromObject(customer), customer))).To(
			HaveValue(And(HaveField("Reason", v1alpha1.ReasonUnreadable), HaveField("Message", ContainSubstring("spec.contract.endTime")))))
	}
	err := WholeReader{half}.Get(t.Context(), client.ObjectKeyFromObject(customer), customer)
	recorder := events.NewFakeRecorder(10)
	refusing := interceptor.NewClient(kube, interceptor.Funcs{
		SubResourcePatch: func(context.Context, client.Client, string, client.Object, client.Patch, ...client.SubResourcePatchOption) error {
			return errors.New("refused")
		},
	})
	_, failed := Unread(t.Context(), refusing, recorder, customer.DeepCopy(), metav1.Now(), err)
	g.Expect(failed).NotTo(Succeed())
	g.Expect(recorder.Events).To(Receive(HavePrefix("Warning Unreadable")))

	_, failed = Unread(t.Context(), kube, recorder, customer, metav1.Now(), err)
	g.Expect(failed).NotTo(HaveOccurred())
	g.Expect(kube.Get(t.Context(), client.ObjectKeyFromObject(customer), customer)).To(Succeed())
	g.Expect(customer.Status.Conditions).To(ConsistOf(
		And(HaveField("Type", "Ready"), HaveField("Status", metav1.ConditionFalse), HaveField("Reason", "Unreadable")),
		And(HaveField("Type", "Stalled"), HaveField("Status", metav1.ConditionTrue), HaveField("Reason", "Unreadable"))))
}
