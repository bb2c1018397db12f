package customer

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/invitation"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// marked is an Auth0 of one organization of ours, which counts what changes it.
type marked struct {
	auth0.API

	now     *time.Time
	answer  error
	updates *int
}

func (m marked) Now() time.Time { return *m.now }

func (m marked) organization() auth0.Organization {
	owner := ownership.Owner{Instance: "i", Namespace: "n", Name: "acme"}
	return auth0.Organization{ID: "org_1", Name: "acme", Metadata: map[string]string{ownership.MetadataOwner: owner.String()}}
}

func (m marked) Organization(context.Context, string) (auth0.Organization, error) {
	return m.organization(), nil
}

func (m marked) UpdateOrganization(context.Context, string, auth0.OrganizationUpdate) (auth0.Organization, error) {
	*m.updates++
	return m.organization(), m.answer
}

// markedAPI is an Auth0 of that organization.
type markedAPI interface {
	auth0.API
	organization() auth0.Organization
}

// markedPass is a pass over the Customer of that organization.
func markedPass(t *testing.T, api markedAPI, customer *v1alpha1.Customer) (*customerPass, client.Client) {
	t.Helper()
	g := NewWithT(t)
	scheme := runtime.NewScheme()
	g.Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	cluster := fake.NewClientBuilder().WithScheme(scheme).WithObjects(customer).WithStatusSubresource(&v1alpha1.Customer{}).Build()
	g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(customer), customer)).To(Succeed())
	shared := directory.New()
	shared.Put("default", v1alpha1.Auth0TenantSpec{}, api)
	p := newPass(&Reconciler{Client: cluster, Live: cluster, Directory: shared, Recorder: events.NewFakeRecorder(10), Instance: "i", Now: api.Now}, customer)
	p.facts.Mode = v1alpha1.ModeManage
	p.tenant, _ = shared.Tenant("default")
	p.organization = api.organization()
	p.org = p.tenant.Organization("org_1")
	return p, cluster
}

func markedCustomer() *v1alpha1.Customer {
	customer := &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "acme", UID: "u", Finalizers: []string{v1alpha1.Finalizer}}}
	customer.Spec.TenantRef.Name, customer.Spec.Seats, customer.Status.OrganizationID = "default", 3, "org_1"
	return customer
}

// TestHandsOffMarksOfAnOrganizationThatWasLetGo: a process froze before it marked an
// organization. Whoever lets it go changes the Customer first: no mark is written, and
// what may be on its way stands in the status.
func TestHandsOffMarksOfAnOrganizationThatWasLetGo(t *testing.T) {
	now := nobody{}.Now()
	unknown := &auth0.Error{Kind: auth0.KindUnknown, Route: "PATCH /api/v2/organizations/{id}"}
	for name, tc := range map[string]struct {
		deleted bool
		answer  error
		updates int
		open    bool
	}{
		"nothing changed":    {updates: 1},
		"the answer is lost": {answer: unknown, updates: 1, open: true},
		"deleted meanwhile":  {deleted: true},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			updates := 0
			p, cluster := markedPass(t, marked{now: &now, answer: tc.answer, updates: &updates}, markedCustomer())
			if tc.deleted {
				g.Expect(cluster.Delete(t.Context(), p.customer.DeepCopy())).To(Succeed())
			}
			err := p.writeOrganization(t.Context(), false)
			g.Expect(err != nil).To(Equal(tc.deleted || tc.answer != nil))
			g.Expect(updates).To(Equal(tc.updates))
			g.Expect(p.customer.Status.ChangingUntil != nil).To(Equal(tc.open))
			stands := &v1alpha1.Customer{}
			g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(p.customer), stands)).To(Succeed())
			g.Expect(stands.Status.ChangingUntil != nil).To(Equal(tc.updates > 0), "it stood there before anything was sent")
		})
	}
}

// TestHandsOffOrganizationIsNotLetGoWhileItChanges: an organization is let go when no
// call that marks it can be on its way any more.
func TestHandsOffOrganizationIsNotLetGoWhileItChanges(t *testing.T) {
	g := NewWithT(t)
	now := nobody{}.Now()
	customer, deleted, updates := markedCustomer(), metav1.NewTime(nobody{}.Now()), 0
	customer.DeletionTimestamp = &deleted
	customer.Status.ChangingUntil = &metav1.MicroTime{Time: now.Add(invitation.Validity)}
	p, _ := markedPass(t, marked{now: &now, updates: &updates}, customer)
	p.again = 0
	done, err := p.letGo(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(done).To(BeFalse())
	g.Expect(updates).To(BeZero())
	g.Expect(p.again).To(Equal(invitation.Validity+invitation.Margin), "one wake-up, at the exact time")

	now = now.Add(invitation.Validity + invitation.Margin)
	done, err = p.letGo(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(done).To(BeTrue())
	g.Expect(updates).To(Equal(1))
}

// connected is a marked Auth0 whose organization has the connections listed.
type connected struct {
	marked

	enabled []auth0.EnabledConnection
	// writes are the calls that enable or correct one; fenced tells of the last whether its
	// fence stood in the status before it.
	writes int
	stood  func() bool
	fenced bool
}

func (c *connected) EnabledConnections(context.Context, string) ([]auth0.EnabledConnection, error) {
	return c.enabled, nil
}

func (c *connected) ConnectionByName(_ context.Context, name string) (auth0.Connection, error) {
	return auth0.Connection{ID: "con_1", Name: name, Strategy: "samlp"}, nil
}

func (c *connected) EnableConnection(context.Context, string, auth0.EnabledConnection) error {
	c.writes++
	c.fenced = c.stood()
	return c.answer
}

func (c *connected) UpdateEnabledConnection(ctx context.Context, id string, want auth0.EnabledConnection) error {
	return c.EnableConnection(ctx, id, want)
}

// TestHandsOffConnectionOfAnOrganizationThatWasLetGo: a process froze before it enabled
// or corrected a connection. Whoever lets the organization go changes the Customer first:
// nothing is enabled, and what may be on its way stands in the status.
func TestHandsOffConnectionOfAnOrganizationThatWasLetGo(t *testing.T) {
	now := nobody{}.Now()
	unknown := &auth0.Error{Kind: auth0.KindUnknown, Route: "POST /api/v2/organizations/{id}/enabled_connections"}
	signup := []auth0.EnabledConnection{{ConnectionID: "con_1", SignupEnabled: true}}
	for name, tc := range map[string]struct {
		enabled []auth0.EnabledConnection
		deleted bool
		answer  error
		writes  int
		open    bool
	}{
		"enabled":            {writes: 1},
		"corrected":          {enabled: signup, writes: 1},
		"the answer is lost": {answer: unknown, writes: 1, open: true},
		"deleted meanwhile":  {deleted: true},
		"corrected, deleted": {enabled: signup, deleted: true},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			customer := markedCustomer()
			customer.Spec.Connections = []v1alpha1.Connection{{Name: "acme-idp", Type: v1alpha1.ConnectionExisting}}
			updates := 0
			api := &connected{marked: marked{now: &now, answer: tc.answer, updates: &updates}, enabled: tc.enabled}
			p, cluster := markedPass(t, api, customer)
			stands := func() bool {
				stood := &v1alpha1.Customer{}
				g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(p.customer), stood)).To(Succeed())
				return stood.Status.ChangingUntil != nil
			}
			api.stood = stands
			if tc.deleted {
				g.Expect(cluster.Delete(t.Context(), p.customer.DeepCopy())).To(Succeed())
			}
			err := p.syncConnections(t.Context())
			g.Expect(err != nil).To(Equal(tc.deleted || tc.answer != nil))
			g.Expect(api.writes).To(Equal(tc.writes))
			g.Expect(api.fenced).To(Equal(tc.writes > 0), "it stood there before anything was sent")
			g.Expect(p.customer.Status.ChangingUntil != nil).To(Equal(tc.open))
		})
	}
}
