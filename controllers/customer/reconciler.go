// Package customer keeps contracts: the organization, its connections, its
// admins' Members, and the ledger of seats.
package customer

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/leaver"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/status"
)

// Reconciler reconciles Customers.
type Reconciler struct {
	Client client.Client
	// Live reads from the API server, past the cache.
	Live      client.Reader
	Directory *directory.Directory
	Recorder  events.EventRecorder
	// Instance names this installation in ownership markers.
	Instance string
	// InstanceKey derives the organizations' keys.
	InstanceKey []byte
	// LiveInterval is how often a Customer with live invitations is looked at,
	// SettledInterval how often any other.
	LiveInterval, SettledInterval time.Duration
	// ResyncInterval is how often each is looked at although a feed tells of nothing
	// new, in a small tenant.
	ResyncInterval time.Duration
	// Customers are woken by the tenant, Members when Auth0 has news of them.
	Customers, Members *pass.Waker
	Now                func() time.Time

	// turns are where it is called when a Customer's turn at Auth0 has come.
	turns pass.Turns

	mu sync.Mutex
	// swept is when the organization of a Customer was last looked at, by UID.
	swept map[types.UID]time.Time
	// resting is until when Customers rest from a pass, whatever their Members do.
	resting map[types.NamespacedName]time.Time
}

// +kubebuilder:rbac:groups=seatwarden.dev,resources=auth0tenants,verbs=get;list;watch
// +kubebuilder:rbac:groups=seatwarden.dev,resources=customers,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=seatwarden.dev,resources=customers/status,verbs=patch
// +kubebuilder:rbac:groups=seatwarden.dev,resources=members,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=seatwarden.dev,resources=members/status,verbs=patch
// +kubebuilder:rbac:groups=seatwarden.dev,resources=removals,verbs=get;list;watch
// +kubebuilder:rbac:groups=seatwarden.dev,resources=removals/status,verbs=patch

// Reconcile is one pass over a Customer.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	customer := &v1alpha1.Customer{}
	// Live: a round of seats begins with this read.
	if err := r.Live.Get(ctx, req.NamespacedName, customer); err != nil {
		return pass.Unread(ctx, r.Client, r.Recorder, customer, metav1.NewTime(r.Now()), err)
	}
	ctx = pass.Caller(ctx, "customer", customer, customer.Name, &r.turns)
	if !customer.DeletionTimestamp.IsZero() {
		return newPass(r, customer).delete(ctx)
	}
	if err := pass.AddFinalizer(ctx, r.Client, customer); err != nil {
		return pass.Rewrite(err)
	}
	p := newPass(r, customer)
	err := p.run(ctx)
	defer func() { r.rest(req.NamespacedName, len(p.members)) }()
	return p.finish(ctx, err)
}

// customerPass is what one pass knows.
type customerPass struct {
	*Reconciler
	customer *v1alpha1.Customer
	// before is the Customer as it stands in Kubernetes, original as it stood
	// when the pass began.
	before, original *v1alpha1.Customer
	tenant           *directory.Tenant
	// recorder of a pass under Observe, made when Auth0 is first reached.
	recorder *auth0.Recorder
	org      *directory.Organization
	// organization as Auth0 holds it.
	organization auth0.Organization
	// recordShared: it was read by an earlier pass. connectionsShared is the same of
	// its connections.
	recordShared, connectionsShared bool
	// outdated: somebody who was chosen for a seat changed since the list.
	outdated bool
	// lookHeld: Auth0's limits hold back a look for which nobody waits.
	lookHeld bool
	// made: this pass made the organization, in which there was nothing.
	made bool
	// read is the version of the Customer that the pass began with.
	read string
	// seatsKnown: whoever may hold a seat is in the latest look, or in seated: nobody else
	// was given one since.
	seatsKnown bool
	// seated are the UIDs of the Members that have a seat, or had one given by the pass.
	seated []string
	// key of the organization, as it stands or is to be written.
	key string
	// adoptedAt is when it is adopted, zero when it is not.
	adoptedAt time.Time
	look      *directory.Observation
	members   []v1alpha1.Member
	// removals are the people on their way out.
	removals []v1alpha1.Removal
	facts    status.CustomerFacts
	again    time.Duration
	// fencedAt is when this pass wrote that it changes the organization, zero for never.
	fencedAt time.Time
	// heldDeletion is the organization's deletion while it waits for approval.
	heldDeletion *v1alpha1.HeldRemovals
	// kept counts the users that stay when the organization has gone, by the reason.
	kept map[string]int
	// takeOver is why a take-over that is asked for is refused, if takeOverJudged.
	takeOver       *pass.Refusal
	takeOverJudged bool
	// connectionsErr is what stopped the connections, rolesErr what is wrong with the
	// admins' roles; the pass goes on.
	connectionsErr, rolesErr error
}

func newPass(r *Reconciler, customer *v1alpha1.Customer) *customerPass {
	return &customerPass{
		Reconciler: r, customer: customer, read: customer.ResourceVersion, before: customer.DeepCopy(), original: customer.DeepCopy(),
		facts: status.CustomerFacts{Now: r.Now()}, again: jitter(r.SettledInterval),
	}
}

// run goes through the phases; the first that fails ends the pass, but for the
// connections and the admins' roles: who has a seat does not depend on them.
func (p *customerPass) run(ctx context.Context) (err error) {
	if p.removals, err = leaver.List(ctx, p.Client, p.customer.Namespace, p.customer.Name); err != nil {
		return err
	}
	if paused, err := p.findMode(ctx); paused || err != nil {
		return err
	}
	if err := p.findTenant(ctx); err != nil {
		return err
	}
	found := p.facts
	err = p.phases(ctx)
	if !auth0.IsNotFound(err) || !p.recordShared && !p.connectionsShared {
		return err
	}
	// What an earlier pass read is gone: once more, with nothing remembered.
	p.tenant.Organization(p.organization.ID).Distrust()
	p.facts = found
	return p.phases(ctx)
}

func (p *customerPass) phases(ctx context.Context) error {
	for _, phase := range []func(context.Context) error{
		p.findOrganization,
		p.syncOrganization,
		p.tryConnections,
		p.checkAdminRoles,
		p.declareAdmins,
		p.observe,
		p.activate,
		p.assignSeats,
	} {
		if err := phase(ctx); err != nil {
			return err
		}
	}
	return p.beside()
}

// beside is what is wrong and does not end the pass: who has a seat does not depend
// on it.
func (p *customerPass) beside() error {
	if p.connectionsErr != nil {
		return p.connectionsErr
	}
	return p.rolesErr
}

// finish writes the status once and says when to come back.
func (p *customerPass) finish(ctx context.Context, err error) (ctrl.Result, error) {
	p.doubt(err)
	p.doubt(p.connectionsErr)
	if err != nil {
		p.wait(jitter(p.SettledInterval)) // no feed tells when it may go on
	}
	if errors.Is(err, pass.ErrPlanEnds) {
		err = nil
	}
	p.facts.Problem = pass.ProblemOf(err)
	if p.facts.Problem != nil && p.facts.Problem.Class == status.Retry {
		undecided, listErr := p.undecided(ctx)
		if listErr != nil {
			return pass.Result(listErr, p.again)
		}
		p.facts.Undecided = undecided
	}
	if writeErr := p.report(ctx); writeErr != nil {
		return pass.Rewrite(writeErr)
	}
	p.noteRound(err)
	return pass.Result(pass.Slower(err, p.customer.Status.Conditions), p.again)
}

// undecided: a Member waits for its first decision about a seat.
func (p *customerPass) undecided(ctx context.Context) (bool, error) {
	list := &v1alpha1.MemberList{}
	if err := p.Client.List(ctx, list, client.InNamespace(p.customer.Namespace), client.MatchingFields{v1alpha1.FieldCustomerRef: p.customer.Name}, client.UnsafeDisableDeepCopy); err != nil {
		return false, fmt.Errorf("list Members: %w", err)
	}
	return slices.ContainsFunc(list.Items, func(m v1alpha1.Member) bool {
		return m.DeletionTimestamp.IsZero() && m.Status.Seat == nil
	}), nil
}

// write keeps what the pass has found out, before more is done.
func (p *customerPass) write(ctx context.Context) error {
	if p.observing() {
		return p.writeLedger(ctx)
	}
	p.facts.Problem = pass.ProblemOf(p.beside())
	return p.report(ctx)
}

// report derives the status and writes it when it differs.
func (p *customerPass) report(ctx context.Context) error {
	p.facts.Now = p.Now()
	if p.observing() {
		p.keepWhatIs()
		var err error
		if p.facts.Plan, err = p.wouldDo(ctx); err != nil {
			return err
		}
	}
	p.facts.Held = p.held()
	if p.tenant != nil && !p.observing() {
		p.customer.Status.ChangingUntil = p.openChange()
	}
	p.customer.Status = status.Customer(p.customer, p.facts)
	p.answerRequests()
	if p.facts.Problem == nil {
		p.customer.Status.LastHandledReconcileAt = pass.ReconcileRequest(p.customer)
	}
	if err := pass.WriteStatus(ctx, p.Client, p.before, p.customer); err != nil {
		return err
	}
	p.before = p.customer.DeepCopy()
	if p.customer.Status.ChangingUntil == nil {
		p.fencedAt = time.Time{} // what the next change rests on does not stand any more
	}
	told := []string{v1alpha1.ConditionReady, v1alpha1.ConditionContractActive, v1alpha1.ConditionGuardInEffect, v1alpha1.ConditionSeatsExceeded}
	if p.facts.Held != nil {
		told = append(told, v1alpha1.ConditionRemovalsHeld)
	}
	pass.Announce(p.Recorder, p.customer, p.original.Status.Conditions, p.customer.Status.Conditions, told...)
	was, is := p.original.Status, p.customer.Status
	pass.AnnounceAnswers(p.Recorder, p.customer, was.RefusedRequests, is.RefusedRequests,
		pass.Handled{Annotation: v1alpha1.AnnotationApproveRemovals, Before: was.LastHandledApproval, After: is.LastHandledApproval},
		pass.Handled{Annotation: v1alpha1.AnnotationReconcileRequestedAt, Before: was.LastHandledReconcileAt, After: is.LastHandledReconcileAt})
	p.announcePlan()
	p.original = p.customer.DeepCopy()
	return nil
}

// answerRequests says which requests by annotation are refused.
func (p *customerPass) answerRequests() {
	s, asked := &p.customer.Status, p.customer.Annotations
	if p.facts.Held != nil || p.facts.Deleting == "" {
		s.RefusedRequests = pass.Refuse(s.RefusedRequests, v1alpha1.AnnotationApproveRemovals, asked[v1alpha1.AnnotationApproveRemovals], p.refuseApproval())
	}
	if p.takeOverJudged {
		s.RefusedRequests = pass.Refuse(s.RefusedRequests, v1alpha1.AnnotationTakeOver, asked[v1alpha1.AnnotationTakeOver], p.takeOver)
	}
	s.Conditions = status.Requests(s.Conditions, p.customer, s.RefusedRequests, p.Now())
	s.Summary = status.CustomerSummary(p.customer)
}

// requested: somebody asks for a fresh look.
func (p *customerPass) requested() bool {
	return pass.ReconcileRequest(p.customer) != p.customer.Status.LastHandledReconcileAt
}

func (p *customerPass) owner() ownership.Owner {
	return ownership.Owner{Instance: p.Instance, Namespace: p.customer.Namespace, Name: p.customer.Name}
}

func (p *customerPass) wait(after time.Duration) {
	p.again = pass.Sooner(p.again, max(after, 50*time.Millisecond))
}

// dueIn is how long until the organization is to be looked at anew.
func (p *customerPass) dueIn(interval time.Duration) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	last, ok := p.swept[p.customer.UID]
	if !ok {
		return 0
	}
	return last.Add(interval).Sub(p.Now())
}

func (p *customerPass) noteSweep() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.swept == nil {
		p.swept = map[types.UID]time.Time{}
	}
	p.swept[p.customer.UID] = p.Now()
}

func (p *customerPass) forgetSweep() {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.swept, p.customer.UID)
}

// jitter spreads periodic looks over a tenth of their interval.
func jitter(interval time.Duration) time.Duration {
	return interval + time.Duration(rand.Int64N(int64(interval/10)+1)) //nolint:gosec // no secret depends on it
}
