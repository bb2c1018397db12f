// Package auth0tenant makes Auth0 tenants usable: it checks credentials and
// scopes, keeps Auth0's time, and refuses a second object for one domain.
package auth0tenant

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/leaver"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/status"
)

// pollDeletion is how often a tenant that is being deleted looks whether the
// Members on their way out are gone: nobody tells it.
const pollDeletion = 3 * time.Second

// Connect makes a client for a tenant. onJump is called when Auth0's time moves
// against this machine's by more than a little.
type Connect func(opts auth0.Options, onJump func()) (auth0.API, error)

// Reconciler reconciles Auth0Tenants.
type Reconciler struct {
	Client client.Client
	// Live reads from the API server, past the cache: Secrets, and who needs a
	// tenant that is being deleted.
	Live      client.Reader
	Directory *directory.Directory
	Recorder  events.EventRecorder
	Connect   Connect
	// Namespace is the operator's own, which holds the credentials.
	Namespace string
	// Interval is how often credentials and scopes are looked at.
	Interval time.Duration
	// ProbeInterval is how often Auth0 is asked for its time.
	ProbeInterval time.Duration
	// LiveInterval is how often the tenant log is read while something is expected of
	// people.
	LiveInterval time.Duration
	// Customers and Members are woken when a tenant becomes usable or its time jumps.
	Customers, Members *pass.Waker
	Now                func() time.Time

	connections connections
	// turns are where it is called when its turn at Auth0 has come.
	turns pass.Turns
	// feedNews wakes a tenant whose feed does otherwise than before.
	feedNews *pass.Waker
	// usable is told when a tenant can be used otherwise than before.
	usable chan struct{}
}

// +kubebuilder:rbac:groups=seatwarden.dev,resources=auth0tenants,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=seatwarden.dev,resources=auth0tenants/status,verbs=patch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch
// +kubebuilder:rbac:groups="",namespace=seatwarden-system,resources=secrets,verbs=get;list;watch;create

// Reconcile is one pass over an Auth0Tenant.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	tenant := &v1alpha1.Auth0Tenant{}
	if err := r.Client.Get(ctx, req.NamespacedName, tenant); err != nil {
		if client.IgnoreNotFound(err) == nil {
			r.connections.drop(req.Name)
			r.Directory.Forget(req.Name)
			return ctrl.Result{}, nil
		}
		return pass.Unread(ctx, r.Client, r.Recorder, tenant, metav1.NewTime(r.Now()), err)
	}
	ctx = pass.Caller(ctx, "auth0tenant", tenant, "", &r.turns)
	facts := status.TenantFacts{Now: r.Now()}
	if !tenant.DeletionTimestamp.IsZero() {
		return r.delete(ctx, tenant, facts)
	}
	users, err := r.customersOf(ctx, tenant.Name)
	if err != nil {
		return ctrl.Result{}, err
	}
	facts.Customers = int32(len(users)) //nolint:gosec // the API server holds no two billion Customers
	if err := pass.AddFinalizer(ctx, r.Client, tenant); err != nil {
		return ctrl.Result{}, err
	}
	err = r.check(ctx, tenant, &facts)
	r.noteLook(ctx, tenant.Name)
	facts.Problem = pass.ProblemOf(err)
	facts.Limits = r.limitFacts(tenant)
	was := readyReason(tenant)
	if writeErr := r.report(ctx, tenant, facts); writeErr != nil {
		return pass.Rewrite(writeErr)
	}
	logTurn(ctx, tenant, was, err)
	return pass.Result(pass.Slower(err, tenant.Status.Conditions), r.Interval)
}

// check makes the tenant usable, or says what is in the way.
func (r *Reconciler) check(ctx context.Context, tenant *v1alpha1.Auth0Tenant, facts *status.TenantFacts) error {
	if err := r.refuseDuplicate(ctx, tenant); err != nil {
		r.Directory.Remove(tenant.Name)
		return err
	}
	api, err := r.connect(ctx, tenant)
	if err != nil {
		r.Directory.Remove(tenant.Name)
		return err
	}
	if r.asksAgain(tenant) {
		api.DropToken()
	}
	granted, err := api.Scopes(ctx)
	switch {
	case auth0.KindOf(err) == auth0.KindUnauthorized && err != nil:
		r.Directory.Remove(tenant.Name)
		return because(err, v1alpha1.ReasonCredentialsRejected, fmt.Sprintf(
			"Auth0 refuses client %q: put the right value into Secret %s of namespace %s", tenant.Spec.Credentials.ClientID, tenant.Spec.Credentials.SecretRef.Name, r.Namespace))
	case auth0.IsNoManagementAPI(err):
		r.Directory.Remove(tenant.Name)
		return because(err, v1alpha1.ReasonDomainNotCanonical, fmt.Sprintf(
			"Auth0 answers on %s, and has no Management API of that name: it is a custom domain. Create another Auth0Tenant with the tenant's own domain, such as acme.eu.auth0.com", tenant.Spec.Domain))
	case err != nil:
		return pass.Auth0("get a token", err, r.Now())
	}
	facts.CredentialsChecked = true
	facts.MissingScopes, facts.SurplusScopes = compareScopes(granted)
	if err := api.Probe(ctx); err != nil {
		return pass.Auth0("ask Auth0 for its time", err, r.Now())
	}
	r.publish(ctx, tenant, api, granted, len(facts.MissingScopes))
	return r.checkApplication(ctx, tenant, api, facts)
}

// because stops a pass until a person changes something, for what Auth0 said.
func because(cause error, reason, message string) error {
	return &pass.Stop{Problem: status.Problem{Class: status.Person, Reason: reason, Message: message}, After: pass.SlowRetry, Cause: cause}
}

// logTurn logs, once, what keeps a tenant from being used, since the objects that
// are settled do not tell. An error that the controller is handed it logs itself.
func logTurn(ctx context.Context, tenant *v1alpha1.Auth0Tenant, was string, problem error) {
	var stop *pass.Stop
	if !errors.As(problem, &stop) || stop.After == 0 || readyReason(tenant) == was {
		return
	}
	cause := stop.Cause
	if cause == nil {
		cause = stop
	}
	log.FromContext(ctx).Error(cause, "The Auth0Tenant cannot be used", "reason", stop.Reason, "message", stop.Message)
}

func readyReason(tenant *v1alpha1.Auth0Tenant) string {
	if ready := meta.FindStatusCondition(tenant.Status.Conditions, v1alpha1.ConditionReady); ready != nil {
		return ready.Reason
	}
	return ""
}

// asksAgain: a token lives for a day and does not learn of scopes that are
// granted later, so a new one is fetched on request and now and then while some are
// missing.
func (r *Reconciler) asksAgain(tenant *v1alpha1.Auth0Tenant) bool {
	requested := pass.ReconcileRequest(tenant) != tenant.Status.LastHandledReconcileAt
	return r.connections.asksAgain(tenant.Name, len(tenant.Status.MissingScopes) > 0, r.Now()) || requested
}

// publish hands the tenant to the other reconcilers and wakes them on news, which
// is also that Auth0 answers again.
func (r *Reconciler) publish(ctx context.Context, tenant *v1alpha1.Auth0Tenant, api auth0.API, granted []string, missingScopes int) {
	known, was := r.Directory.Tenant(tenant.Name)
	ready := meta.FindStatusCondition(tenant.Status.Conditions, v1alpha1.ConditionReady)
	news := !was || known.API() != api || !equality.Semantic.DeepEqual(known.Spec(), tenant.Spec) ||
		missingScopes < len(tenant.Status.MissingScopes) || ready != nil && ready.Reason == v1alpha1.ReasonAuth0Unavailable
	r.Directory.Put(tenant.Name, tenant.Spec, api).SetScopes(granted)
	if news {
		// The feed first: what is looked at before it is followed is looked at again.
		select {
		case r.usable <- struct{}{}:
		default:
		}
		r.wake(ctx, tenant.Name)
	}
}

// noteLook wakes, after this process's first look, those who waited for it.
func (r *Reconciler) noteLook(ctx context.Context, name string) {
	if r.Directory.NoteLook(name) {
		r.wake(ctx, name)
	}
}

// checkApplication reads the application that invitations lead to, once an interval,
// on request, and whenever it was not in order: each Customer that comes wakes its
// tenant.
func (r *Reconciler) checkApplication(ctx context.Context, tenant *v1alpha1.Auth0Tenant, api auth0.API, facts *status.TenantFacts) error {
	if len(facts.MissingScopes) > 0 {
		return nil
	}
	id := tenant.Spec.Application.ClientID
	requested := pass.ReconcileRequest(tenant) != tenant.Status.LastHandledReconcileAt
	if !requested && r.connections.inOrder(tenant.Name, id, r.Now().Add(-r.Interval)) {
		return nil
	}
	application, err := api.Client(ctx, id)
	switch {
	case auth0.IsNotFound(err):
		return pass.Person(v1alpha1.ReasonApplicationNotFound, fmt.Sprintf("Auth0 has no application with client id %s: correct spec.application.clientID", id))
	case err != nil:
		return pass.Auth0("read the application", err, r.Now())
	case application.OrganizationUsage != "allow" && application.OrganizationUsage != "require":
		return pass.Person(v1alpha1.ReasonApplicationDeniesOrganizations, fmt.Sprintf(
			"application %s does not allow organizations: set its organization usage to allow or require in Auth0", id))
	}
	r.connections.noteInOrder(tenant.Name, id, r.Now())
	return nil
}

// delete waits for everybody who needs the tenant, and keeps it usable for them.
func (r *Reconciler) delete(ctx context.Context, tenant *v1alpha1.Auth0Tenant, facts status.TenantFacts) (ctrl.Result, error) {
	// Live when the cache shows nobody: a Customer may be gone there before the
	// deletion of its Members is seen.
	for _, reader := range []client.Reader{r.Client, r.Live} {
		if err := countDependents(ctx, reader, tenant.Name, &facts); err != nil {
			return ctrl.Result{}, err
		}
		if facts.Deleting {
			break
		}
	}
	if !facts.Deleting {
		r.Directory.Forget(tenant.Name)
		r.connections.drop(tenant.Name)
		return pass.Result(pass.RemoveFinalizer(ctx, r.Client, tenant), 0)
	}
	err := r.check(ctx, tenant, &facts)
	r.noteLook(ctx, tenant.Name)
	facts.Problem = pass.ProblemOf(err)
	facts.Limits = r.limitFacts(tenant)
	was := readyReason(tenant)
	if writeErr := r.report(ctx, tenant, facts); writeErr != nil {
		return pass.Rewrite(writeErr)
	}
	logTurn(ctx, tenant, was, err)
	return pass.Result(err, min(r.Interval, pollDeletion))
}

// countDependents counts who needs a tenant that is being deleted: the Customers
// that refer to it, and the Members that were given something here and are being
// deleted, or have no Customer here any more, or left something to a Removal. What becomes of those is read from
// the tenant when they go, but for those that are let be. An object that was read in
// part only, without its tenant, may need this one.
func countDependents(ctx context.Context, reader client.Reader, tenant string, facts *status.TenantFacts) error {
	// Members first: one whose Customer goes in between is seen as left.
	members, removals, customers := &v1alpha1.MemberList{}, &v1alpha1.RemovalList{}, &v1alpha1.CustomerList{}
	for _, list := range []client.ObjectList{members, removals, customers} {
		// A kind whose CRD is gone has no objects.
		if err := reader.List(ctx, list); err != nil && !apierrors.IsNotFound(err) && !meta.IsNoMatchError(err) {
			return fmt.Errorf("list who needs the Auth0Tenant: %w", err)
		}
	}
	facts.Customers, facts.Leaving, facts.Left = 0, 0, 0
	present := map[client.ObjectKey]bool{}
	for i := range customers.Items {
		if pass.MayNeed(&customers.Items[i], tenant) {
			present[client.ObjectKeyFromObject(&customers.Items[i])] = true
			facts.Customers++
		}
	}
	for i := range members.Items {
		member := &members.Items[i]
		given := member.Status.Tenant == tenant || member.Unreadable != "" && member.Status.Tenant == ""
		switch {
		case !given || pass.LetBe(member):
		case !member.DeletionTimestamp.IsZero():
			facts.Leaving++
		case !present[client.ObjectKey{Namespace: member.Namespace, Name: member.Spec.CustomerRef.Name}]:
			facts.Left++
		}
	}
	for i := range removals.Items {
		object := &removals.Items[i]
		if object.Spec.TenantRef.Name == tenant && leaver.Undone(object) && !present[client.ObjectKey{Namespace: object.Namespace, Name: object.Spec.CustomerRef.Name}] {
			facts.Left++
		}
	}
	facts.Deleting = int(facts.Customers)+facts.Leaving+facts.Left > 0
	return nil
}

func (r *Reconciler) report(ctx context.Context, tenant *v1alpha1.Auth0Tenant, facts status.TenantFacts) error {
	before := tenant.DeepCopy()
	if known, usable := r.Directory.Tenant(tenant.Name); usable {
		facts.Feed = feedFacts(known)
	}
	tenant.Status = status.Auth0Tenant(tenant, facts)
	tenant.Status.LastHandledReconcileAt = pass.ReconcileRequest(tenant)
	if err := pass.WriteStatus(ctx, r.Client, before, tenant); err != nil {
		return err
	}
	pass.Announce(r.Recorder, tenant, before.Status.Conditions, tenant.Status.Conditions, v1alpha1.ConditionReady)
	pass.AnnounceAnswers(r.Recorder, tenant, nil, nil, pass.Handled{
		Annotation: v1alpha1.AnnotationReconcileRequestedAt, Before: before.Status.LastHandledReconcileAt, After: tenant.Status.LastHandledReconcileAt})
	return nil
}

// refuseDuplicate stops all but the oldest of the objects for one domain: two
// would fight over organizations and rate limits.
func (r *Reconciler) refuseDuplicate(ctx context.Context, tenant *v1alpha1.Auth0Tenant) error {
	all := &v1alpha1.Auth0TenantList{}
	if err := r.Client.List(ctx, all); err != nil {
		return fmt.Errorf("list Auth0Tenants: %w", err)
	}
	for i := range all.Items {
		other := &all.Items[i]
		if other.Name != tenant.Name && other.Spec.Domain == tenant.Spec.Domain && older(other.ObjectMeta, tenant.ObjectMeta) {
			return pass.Person(v1alpha1.ReasonDuplicateDomain, fmt.Sprintf("Auth0Tenant %s drives %s already: delete one of them", other.Name, tenant.Spec.Domain))
		}
	}
	return nil
}

func older(a, b metav1.ObjectMeta) bool {
	if a.CreationTimestamp.Equal(&b.CreationTimestamp) {
		return a.Name < b.Name
	}
	return a.CreationTimestamp.Before(&b.CreationTimestamp)
}

func (r *Reconciler) customersOf(ctx context.Context, tenant string) ([]v1alpha1.Customer, error) {
	list := &v1alpha1.CustomerList{}
	if err := r.Client.List(ctx, list, client.MatchingFields{IndexCustomerTenant: tenant}); err != nil {
		return nil, fmt.Errorf("list Customers: %w", err)
	}
	return list.Items, nil
}
