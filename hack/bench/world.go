package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/internal/controlplane/process"
	"github.com/seatwarden/seatwarden/internal/guard"
	"github.com/seatwarden/seatwarden/internal/standin"
)

// operatorNamespace is where config/rbac puts the operator.
const operatorNamespace = "seatwarden-system"

// memoryLimit is as config/manager sets it.
const memoryLimit = "GOMEMLIMIT=520MiB"

// membersLag is how far Auth0's list of members is behind.
const membersLag = 5 * time.Second

// world is what one row is measured on: a stand-in, a namespace, an Auth0Tenant
// and an operator of its own, on the bench's control plane.
type world struct {
	*bench
	// name of the namespace and of the Auth0Tenant.
	name              string
	auth0             *standin.Server
	management, login standin.Client
	members           *members
	stopMembers       context.CancelFunc
	operator          *process.Process
	// address of the operator's counters.
	address string
	// caFile has the stand-in's certificate authority.
	caFile string
}

// newWorld starts everything and waits until the Auth0Tenant is Ready. The operator
// has every scope but those that it is to be without.
func (b *bench) newWorld(ctx context.Context, profile string, without ...string) (w *world, err error) {
	b.worlds++
	w = &world{bench: b, name: fmt.Sprintf("bench-%d", b.worlds)}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.end(ctx))
		}
	}()
	if err := w.startAuth0(profile, without); err != nil {
		return w, err
	}
	if err := w.createTenant(ctx); err != nil {
		return w, err
	}
	if w.members, w.stopMembers, err = watchMembers(ctx, b.plane.Config(), w.name); err != nil {
		return w, err
	}
	if err := w.startOperator(ctx); err != nil {
		return w, err
	}
	return w, w.until(ctx, time.Minute, "the Auth0Tenant is Ready", func() (int, int) {
		tenant := &v1alpha1.Auth0Tenant{ObjectMeta: metav1.ObjectMeta{Name: w.name}}
		if w.kube.Get(ctx, client.ObjectKeyFromObject(tenant), tenant) != nil || !meta.IsStatusConditionTrue(tenant.Status.Conditions, v1alpha1.ConditionReady) {
			return 0, 1
		}
		return 1, 1
	})
}

func (w *world) startAuth0(profile string, without []string) (err error) {
	settings := standin.DefaultSettings()
	settings.Profile, settings.MembersLag = profile, standin.Duration(membersLag)
	if w.auth0, err = standin.Start(standin.Options{TLS: true, Settings: &settings}); err != nil {
		return fmt.Errorf("start the stand-in: %w", err)
	}
	scopes := slices.DeleteFunc(standin.ManagementScopes(), func(scope string) bool { return slices.Contains(without, scope) })
	if w.management, err = w.auth0.AddManagementClient(scopes...); err != nil {
		return fmt.Errorf("add the operator's application: %w", err)
	}
	if w.login, err = w.auth0.AddClient(standin.Client{Name: "Portal", OrganizationUsage: "require"}); err != nil {
		return fmt.Errorf("add the portal: %w", err)
	}
	code, err := guard.Render(guard.Options{Applications: []string{w.login.ClientID}})
	if err != nil {
		return fmt.Errorf("render the guard: %w", err)
	}
	if _, err = w.auth0.AddAction(standin.ActionSeed{Name: "seatwarden guard", Code: code}); err != nil {
		return fmt.Errorf("add the guard: %w", err)
	}
	w.caFile = filepath.Join(w.dir, w.name+"-ca.pem")
	if err := os.WriteFile(w.caFile, w.auth0.CAPEM(), 0o600); err != nil {
		return fmt.Errorf("write the stand-in's certificate authority: %w", err)
	}
	return nil
}

func (w *world) createTenant(ctx context.Context) error {
	err := w.kube.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.name}})
	if err != nil {
		return fmt.Errorf("create the namespace: %w", err)
	}
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: operatorNamespace, Name: w.name},
		StringData: map[string]string{"clientSecret": w.management.Secret},
	}
	if err := w.kube.Create(ctx, secret); err != nil {
		return fmt.Errorf("create the Secret: %w", err)
	}
	tenant := &v1alpha1.Auth0Tenant{
		ObjectMeta: metav1.ObjectMeta{Name: w.name},
		Spec: v1alpha1.Auth0TenantSpec{
			Domain:      w.auth0.Domain(),
			Credentials: v1alpha1.Credentials{ClientID: w.management.ClientID, SecretRef: v1alpha1.SecretKeyRef{Name: w.name}},
			Application: v1alpha1.Application{ClientID: w.login.ClientID},
			InviterName: "Portal",
			Guard:       v1alpha1.Guard{Mode: v1alpha1.GuardEnforce},
			Namespaces:  []v1alpha1.NamespaceGrant{{Name: w.name, Trust: v1alpha1.TrustFull}},
			Brake:       v1alpha1.TenantBrake{People: ptr.To[int32](1_000_000)},
		},
	}
	if err := w.kube.Create(ctx, tenant); err != nil {
		return fmt.Errorf("create the Auth0Tenant: %w", err)
	}
	return nil
}

// takeAll gives the whole of the limits to the operator: nobody else uses the tenant.
// buckets are limits that differ from Enterprise's, empty for none.
func (w *world) takeAll(ctx context.Context, buckets string) error {
	tenant := &v1alpha1.Auth0Tenant{ObjectMeta: metav1.ObjectMeta{Name: w.name}}
	plan := ""
	if buckets != "" {
		plan = `"plan":"Custom",`
	}
	patch := client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"spec":{%s"limits":{%s"sharePercent":100}}}`, plan, buckets))
	if err := w.kube.Patch(ctx, tenant, patch); err != nil {
		return fmt.Errorf("give the operator all of the limits: %w", err)
	}
	return w.until(ctx, time.Minute, "the Auth0Tenant is looked at", func() (int, int) {
		err := w.kube.Get(ctx, client.ObjectKeyFromObject(tenant), tenant)
		if err != nil || tenant.Status.ObservedGeneration != tenant.Generation {
			return 0, 1
		}
		return 1, 1
	})
}

// startOperator starts this program again as the operator, under the operator's
// ServiceAccount, and waits until it answers.
func (w *world) startOperator(ctx context.Context, flags ...string) (err error) {
	if w.operator, w.address, err = w.newOperator(ctx, flags...); err != nil {
		return err
	}
	return w.until(ctx, time.Minute, "the operator answers", func() (int, int) {
		if _, err := w.counters(ctx, false); err != nil {
			return 0, 1
		}
		return 1, 1
	})
}

// newOperator starts an operator and returns the address of its counters.
func (w *world) newOperator(ctx context.Context, flags ...string) (operator *process.Process, address string, err error) {
	kubeconfig, err := w.plane.KubeconfigFor(ctx, operatorNamespace, "seatwarden")
	if err != nil {
		return nil, "", err
	}
	if address, err = freeAddress(ctx); err != nil {
		return nil, "", err
	}
	args := append([]string{"operator", "--counters=" + address}, flags...)
	for flag, file := range map[string]string{"cpuprofile": w.cpuProfile, "memprofile": w.memProfile} {
		if file != "" {
			w.profiles++
			args = append(args, fmt.Sprintf("--%s=%s.%s.%d", flag, file, w.row, w.profiles))
		}
	}
	self, err := os.Executable()
	if err != nil {
		return nil, "", fmt.Errorf("find this program: %w", err)
	}
	operator, err = process.Start(filepath.Join(w.dir, "logs"), "operator-"+w.name, self,
		[]string{"KUBECONFIG=" + kubeconfig, "SSL_CERT_FILE=" + w.caFile, memoryLimit}, args...)
	return operator, address, err
}

func freeAddress(ctx context.Context) (string, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	return listener.Addr().String(), listener.Close()
}

// counters asks the operator what it has done.
func (w *world) counters(ctx context.Context, heap bool) (c counters, err error) {
	address := "http://" + w.address + "/counters"
	if heap {
		address += "?heap"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return c, fmt.Errorf("ask the operator: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return c, fmt.Errorf("ask the operator: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if err := json.NewDecoder(response.Body).Decode(&c); err != nil {
		return c, fmt.Errorf("ask the operator: %w", err)
	}
	return c, nil
}

// end stops the row's processes and takes its objects away, finalizers by force:
// the stand-in is gone.
func (w *world) end(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	var errs []error
	if w.operator != nil {
		errs = append(errs, w.operator.Stop())
	}
	if w.stopMembers != nil {
		w.stopMembers()
	}
	if w.auth0 != nil {
		errs = append(errs, w.auth0.Close())
	}
	if store := (etcd{w.plane.EtcdURL()}); store.url != "" {
		// There may be too many objects to take away one by one.
		if err := errors.Join(append(errs, store.deleteAll(ctx))...); err != nil {
			return fmt.Errorf("clean up: %w", err)
		}
		return nil
	}
	members, customers, tenants := &v1alpha1.MemberList{}, &v1alpha1.CustomerList{}, &v1alpha1.Auth0TenantList{}
	for _, list := range []client.ObjectList{members, customers, tenants} {
		if err := w.kube.List(ctx, list); err != nil {
			errs = append(errs, err)
		}
	}
	var objects []client.Object
	for i := range members.Items {
		objects = append(objects, &members.Items[i])
	}
	for i := range customers.Items {
		objects = append(objects, &customers.Items[i])
	}
	for i := range tenants.Items {
		objects = append(objects, &tenants.Items[i])
	}
	for _, object := range objects {
		if len(object.GetFinalizers()) > 0 {
			patch := client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"finalizers":null}}`))
			errs = append(errs, client.IgnoreNotFound(w.kube.Patch(ctx, object, patch)))
		}
		errs = append(errs, client.IgnoreNotFound(w.kube.Delete(ctx, object)))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("clean up: %w", err)
	}
	return nil
}

// connectionOf is the identity provider of a Customer's people.
func connectionOf(customer string) string { return customer + "-idp" }

// address of a Customer's n-th person; the first is its admin.
func address(customer string, n int) string {
	if n == 0 {
		return "boss@" + customer + ".example"
	}
	return fmt.Sprintf("p%04d@%s.example", n, customer)
}

func customerName(n int) string { return fmt.Sprintf("c%04d", n) }

// furnish puts a Customer's identity provider and people into the stand-in.
func (w *world) furnish(customer string, people int) error {
	connection := standin.Connection{Name: connectionOf(customer), Strategy: "google-apps", ShowAsButton: true}
	for n := range people {
		connection.Directory = append(connection.Directory, standin.IdPPerson{Email: address(customer, n), EmailVerified: true})
	}
	if _, err := w.auth0.AddConnection(connection); err != nil {
		return fmt.Errorf("add the connection of %s: %w", customer, err)
	}
	return nil
}

// apply creates a Customer of so many people, its admin counted, changed as asked.
func (w *world) apply(ctx context.Context, customer string, people int, change ...func(*v1alpha1.Customer)) error {
	if err := w.furnish(customer, people); err != nil {
		return err
	}
	object := &v1alpha1.Customer{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.name, Name: customer},
		Spec: v1alpha1.CustomerSpec{
			TenantRef: v1alpha1.TenantRef{Name: w.name}, DisplayName: strings.ToUpper(customer), Seats: int32(people), //nolint:gosec // few enough
			Domains:        []v1alpha1.DomainPattern{v1alpha1.DomainPattern(customer + ".example")},
			Admins:         []v1alpha1.Admin{{Email: v1alpha1.Email(address(customer, 0))}},
			Connections:    []v1alpha1.Connection{{Name: connectionOf(customer), Type: v1alpha1.ConnectionExisting}},
			DeletionPolicy: v1alpha1.DeletionRetain,
			Removal:        v1alpha1.RemovalPolicy{Brake: v1alpha1.Brake{Percent: ptr.To[int32](100)}},
		},
	}
	for _, f := range change {
		f(object)
	}
	if err := w.kube.Create(ctx, object); err != nil {
		return fmt.Errorf("create the Customer: %w", err)
	}
	for n := 1; n < people; n++ {
		if err := w.kube.Create(ctx, w.member(customer, n)); err != nil {
			return fmt.Errorf("create a Member: %w", err)
		}
	}
	return nil
}

// crowd is apply for so many that the API server would take minutes to create them:
// the Members are written past it.
func (w *world) crowd(ctx context.Context, customer string, people int) error {
	if err := w.apply(ctx, customer, 1, func(c *v1alpha1.Customer) { c.Spec.Seats = int32(people) }); err != nil { //nolint:gosec // few enough
		return err
	}
	return w.join(ctx, customer, 1, people)
}

// join adds the people with these numbers to a Customer, its Members past the API server.
func (w *world) join(ctx context.Context, customer string, from, to int) error {
	var objects []client.Object
	for n := from; n < to; n++ {
		if err := w.auth0.AddPerson(connectionOf(customer), standin.IdPPerson{Email: address(customer, n), EmailVerified: true}); err != nil {
			return fmt.Errorf("add a person: %w", err)
		}
		objects = append(objects, w.member(customer, n))
	}
	store, err := w.store()
	if err != nil {
		return err
	}
	for _, object := range objects {
		// Each at a version of its own: who follows a watch may miss some of those that share one.
		if err := store.put(ctx, []client.Object{object}); err != nil {
			return err
		}
	}
	return nil
}

// member is the Member of a Customer's n-th person.
func (w *world) member(customer string, n int) *v1alpha1.Member {
	email := address(customer, n)
	local, _, _ := strings.Cut(email, "@")
	return &v1alpha1.Member{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.name, Name: customer + "-" + local},
		Spec:       v1alpha1.MemberSpec{CustomerRef: v1alpha1.CustomerRef{Name: customer}, Email: v1alpha1.Email(email)},
	}
}
