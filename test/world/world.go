// Package world is what the end-to-end tests play in: a real API server, the
// stand-in for Auth0, and operators that run under the operator's own
// ServiceAccount with exactly the rights of config/rbac.
package world

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/controlplane/envtesting"
	"github.com/seatwarden/seatwarden/internal/guard"
	"github.com/seatwarden/seatwarden/internal/standin"
)

// OperatorNamespace is where config/rbac puts the operator.
const OperatorNamespace = "seatwarden-system"

// ConnectionName is acme's connection, to Google Workspace.
const ConnectionName = "acme-google"

// Patience bounds every wait: four times the 15 seconds that Auth0 may take to
// show something, for slow machines.
const Patience = 60 * time.Second

// World is one test's.
type World struct {
	testing.TB
	*GomegaWithT
	// Namespace of the test's Customers and Members.
	Namespace string
	// Tenant is the name of its Auth0Tenant.
	Tenant string
	// Client acts as cluster admin.
	Client client.Client
	// Auth0 is the stand-in.
	Auth0 *standin.Server
	// Management is the operator's machine-to-machine application, Login the one
	// that people sign in to.
	Management, Login standin.Client

	// annexes are further namespaces of the test's.
	annexes   []string
	logs      *logBuffer
	history   history
	writes    writeLog
	foreign   string
	operators []*Operator
}

// New makes a world with a stand-in, its credentials in a Secret, and an
// Auth0Tenant under the guard. No operator runs yet.
func New(t *testing.T) *World {
	w := Bare(t)
	w.CreateTenant()
	return w
}

// Bare is a world without an Auth0Tenant.
func Bare(t *testing.T) *World {
	t.Helper()
	g := NewWithT(t)
	w := &World{TB: t, GomegaWithT: g, Namespace: envtesting.Namespace(t), logs: &logBuffer{}}
	w.connectToCluster()
	w.Tenant = "tenant-" + w.Namespace
	w.Auth0 = standin.New(t, standin.WithTLS)
	w.furnish()
	w.seedForeign()
	w.watchHistory()
	t.Cleanup(w.tearDown)
	return w
}

// furnish puts into the stand-in what a tenant admin has set up: the
// applications, the company's connection, and the guard's Action.
func (w *World) furnish() {
	var err error
	// Without the scopes of feeds: what is tested holds where nothing tells of changes.
	w.Management, err = w.Auth0.AddManagementClient(scopesBut("read:events", "read:logs")...)
	w.Expect(err).NotTo(HaveOccurred())
	w.Login, err = w.Auth0.AddClient(standin.Client{Name: "Portal", OrganizationUsage: "require", GrantTypes: []string{"authorization_code", "refresh_token"}})
	w.Expect(err).NotTo(HaveOccurred())
	_, err = w.Auth0.AddConnection(standin.Connection{Name: ConnectionName, Strategy: "google-apps", ShowAsButton: true})
	w.Expect(err).NotTo(HaveOccurred())
	code, err := guard.Render(guard.Options{Applications: []string{w.Login.ClientID}})
	w.Expect(err).NotTo(HaveOccurred())
	_, err = w.Auth0.AddAction(standin.ActionSeed{Name: "seatwarden guard", Code: code})
	w.Expect(err).NotTo(HaveOccurred())
	w.CreateSecret(w.Management.Secret)
}

// scopesBut are all scopes of the Management API but some.
func scopesBut(without ...string) []string {
	return slices.DeleteFunc(standin.ManagementScopes(), func(scope string) bool { return slices.Contains(without, scope) })
}

// GrantFeeds grants the operator's application the scopes of feeds beside its own,
// before it fetches a token.
func (w *World) GrantFeeds(scopes ...string) {
	w.Helper()
	granted := append(scopesBut("read:events", "read:logs"), scopes...)
	w.Expect(w.Auth0.SetScopes(w.Management.ClientID, granted...)).To(Succeed())
}

// CreateSecret puts the client secret where the Auth0Tenant looks for it.
func (w *World) CreateSecret(value string) {
	w.Helper()
	w.Expect(w.Client.Create(w.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: OperatorNamespace, Name: w.Tenant},
		StringData: map[string]string{"clientSecret": value},
	})).To(Succeed())
}

// Annex is a further namespace for the test's Customers and Members, as of
// another team or another cluster. It is asked for before any of them is made.
func (w *World) Annex() string {
	w.Helper()
	namespace := envtesting.Namespace(w.TB)
	w.history.mu.Lock()
	defer w.history.mu.Unlock()
	w.annexes = append(w.annexes, namespace)
	return namespace
}

// TenantObject is the Auth0Tenant as CreateTenant makes it.
func (w *World) TenantObject() *v1alpha1.Auth0Tenant {
	return &v1alpha1.Auth0Tenant{
		ObjectMeta: metav1.ObjectMeta{Name: w.Tenant},
		Spec: v1alpha1.Auth0TenantSpec{
			Domain:      w.Auth0.Domain(),
			Credentials: v1alpha1.Credentials{ClientID: w.Management.ClientID, SecretRef: v1alpha1.SecretKeyRef{Name: w.Tenant}},
			Application: v1alpha1.Application{ClientID: w.Login.ClientID},
			InviterName: "Acme Portal",
			Guard:       v1alpha1.Guard{Mode: v1alpha1.GuardEnforce},
			Namespaces:  []v1alpha1.NamespaceGrant{{Name: w.Namespace, Trust: v1alpha1.TrustFull}},
		},
	}
}

// CreateTenant creates the Auth0Tenant, changed as asked.
func (w *World) CreateTenant(change ...func(*v1alpha1.Auth0Tenant)) *v1alpha1.Auth0Tenant {
	w.Helper()
	tenant := w.TenantObject()
	for _, c := range change {
		c(tenant)
	}
	w.Expect(w.Client.Create(w.Context(), tenant)).To(Succeed())
	return tenant
}

// CustomerObject is a Customer of acme.com with one admin, boss@acme.com.
func (w *World) CustomerObject(name string, seats int32) *v1alpha1.Customer {
	w.Employ("boss@acme.com")
	return &v1alpha1.Customer{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.Namespace, Name: name},
		Spec: v1alpha1.CustomerSpec{
			TenantRef: v1alpha1.TenantRef{Name: w.Tenant}, DisplayName: strings.ToUpper(name), Seats: seats,
			Domains:        []v1alpha1.DomainPattern{"acme.com"},
			Admins:         []v1alpha1.Admin{{Email: "boss@acme.com"}},
			Connections:    []v1alpha1.Connection{{Name: ConnectionName, Type: v1alpha1.ConnectionExisting}},
			DeletionPolicy: v1alpha1.DeletionRetain,
		},
	}
}

// CreateCustomer creates it, changed as asked.
func (w *World) CreateCustomer(name string, seats int32, change ...func(*v1alpha1.Customer)) *v1alpha1.Customer {
	w.Helper()
	customer := w.CustomerObject(name, seats)
	for _, c := range change {
		c(customer)
	}
	w.Expect(w.Client.Create(w.Context(), customer)).To(Succeed())
	return customer
}

// MemberObject is a Member of a Customer; its name is the address's local part.
// The company employs the person.
func (w *World) MemberObject(customer, email string) *v1alpha1.Member {
	w.Employ(email)
	name, _, _ := strings.Cut(strings.ToLower(email), "@")
	return &v1alpha1.Member{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.Namespace, Name: name},
		Spec:       v1alpha1.MemberSpec{CustomerRef: v1alpha1.CustomerRef{Name: customer}, Email: v1alpha1.Email(email)},
	}
}

// CreateMember creates it, changed as asked.
func (w *World) CreateMember(customer, email string, change ...func(*v1alpha1.Member)) *v1alpha1.Member {
	w.Helper()
	member := w.MemberObject(customer, email)
	for _, c := range change {
		c(member)
	}
	w.Expect(w.Client.Create(w.Context(), member)).To(Succeed())
	return member
}

// Employ puts a person into the company's own directory.
func (w *World) Employ(email string) {
	w.Helper()
	w.Expect(w.Auth0.AddPerson(ConnectionName, standin.IdPPerson{Email: email, EmailVerified: true})).To(Succeed())
}

// tearDown stops the operators, searches everything that was written for
// secrets, and takes the objects away.
func (w *World) tearDown() {
	for _, operator := range w.operators {
		operator.Stop()
	}
	w.AssertNoSecretLeaked()
	w.assertHistory()
	w.assertNoIdleWrite()
	w.assertNoDrift()
	w.assertEvents()
	w.assertOneMail()
	w.assertHandsOff()
	if w.Failed() {
		w.Logf("the operator's log:\n%s", w.logs.tail(60))
		w.Logf("the objects:\n%s", w.describe())
	}
	w.removeObjects()
}

// removeObjects takes finalizers off by force: the stand-in is about to go.
func (w *World) removeObjects() {
	ctx := context.Background()
	var objects []client.Object
	members, removals, customers, tenants := &v1alpha1.MemberList{}, &v1alpha1.RemovalList{}, &v1alpha1.CustomerList{}, &v1alpha1.Auth0TenantList{}
	for _, list := range []client.ObjectList{members, removals, customers, tenants} {
		w.Expect(w.Client.List(ctx, list)).To(Succeed())
	}
	for i := range members.Items {
		objects = append(objects, &members.Items[i])
	}
	for i := range removals.Items {
		objects = append(objects, &removals.Items[i])
	}
	for i := range customers.Items {
		objects = append(objects, &customers.Items[i])
	}
	for i := range tenants.Items {
		objects = append(objects, &tenants.Items[i])
	}
	for _, obj := range objects {
		if len(obj.GetFinalizers()) > 0 {
			patch := client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"finalizers":null}}`))
			w.Expect(client.IgnoreNotFound(w.Client.Patch(ctx, obj, patch))).To(Succeed())
		}
		w.Expect(client.IgnoreNotFound(w.Client.Delete(ctx, obj))).To(Succeed())
	}
}

// Get reads an object anew.
func (w *World) Get(obj client.Object) error {
	return w.Client.Get(w.Context(), client.ObjectKeyFromObject(obj), obj)
}

// Update changes an object, again when somebody else did in between.
func (w *World) Update(obj client.Object, change func()) {
	w.Helper()
	w.EventuallyWithOffset(1, func() error {
		if err := w.Get(obj); err != nil {
			return err
		}
		change()
		return w.Client.Update(w.Context(), obj)
	}, Patience, 20*time.Millisecond).Should(Succeed())
}

// Until waits for the state of the world.
func (w *World) Until(what string, check func(g Gomega)) {
	w.Helper()
	w.EventuallyWithOffset(1, check, Patience, 50*time.Millisecond).Should(Succeed(), what)
}

// Throughout checks that something holds for a while.
func (w *World) Throughout(what string, check func(g Gomega)) {
	w.Helper()
	w.ConsistentlyWithOffset(1, check, 2*time.Second, 50*time.Millisecond).Should(Succeed(), what)
}

func (w *World) String() string { return fmt.Sprintf("world of namespace %s", w.Namespace) }

// InvitationsRoute is where invitations are sent and listed.
const InvitationsRoute = "/api/v2/organizations/{id}/invitations"

// More is how many of something a test plays with: few, or, in the long run that
// SEATWARDEN_LONG asks for, many.
func More(few, many int) int {
	if os.Getenv("SEATWARDEN_LONG") != "" {
		return many
	}
	return few
}
