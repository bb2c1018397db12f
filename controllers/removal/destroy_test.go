package removal

import (
	"context"
	"testing"

	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/auth0"
)

// strangers is an Auth0 whose users did not come by our invitation.
type strangers struct{ clock }

func (strangers) Organization(context.Context, string) (auth0.Organization, error) {
	return auth0.Organization{ID: "org_1"}, nil
}

func (strangers) User(_ context.Context, id string) (auth0.User, error) {
	return auth0.User{ID: id, Connections: []string{"acme-okta"}}, nil
}

func (strangers) UserOrganizations(context.Context, string) ([]string, error) { return nil, nil }

// TestRemovalUserKeptIsToldOnce: that a user is kept is decided anew when the status
// could not be written, and told once.
func TestRemovalUserKeptIsToldOnce(t *testing.T) {
	g := NewWithT(t)
	customer, jane := acme(), leaving("jane", v1alpha1.RemovalDeleting)
	customer.Spec.Removal.User = v1alpha1.RemovalUserDelete
	r, cluster := reconciler(t, strangers{}, clock{}.Now, customer, jane)
	recorder := events.NewFakeRecorder(10)
	r.Recorder = recorder
	conflict := true
	r.Client = interceptor.NewClient(cluster, interceptor.Funcs{
		SubResourcePatch: func(ctx context.Context, inner client.Client, sub string, obj client.Object, patch client.Patch, opts ...client.SubResourcePatchOption) error {
			if conflict {
				return apierrors.NewConflict(v1alpha1.GroupVersion.WithResource("removals").GroupResource(), obj.GetName(), nil)
			}
			return inner.SubResource(sub).Patch(ctx, obj, patch, opts...)
		},
	})
	for range 2 {
		_, err := r.Reconcile(t.Context(), requestFor(jane))
		g.Expect(err).NotTo(HaveOccurred())
	}
	g.Expect(recorder.Events).To(BeEmpty())
	conflict = false
	_, err := r.Reconcile(t.Context(), requestFor(jane))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(read(t, cluster, jane).Status.Outcome).To(Equal(v1alpha1.OutcomeUserKept))
	told := []string{}
	for range len(recorder.Events) {
		told = append(told, <-recorder.Events)
	}
	g.Expect(told).To(ContainElement("Normal UserKept the user of removed Member jane stays in Auth0: the user did not come by our invitation"))
	g.Expect(told).To(HaveLen(2), "beside AccessRemoved")
}
