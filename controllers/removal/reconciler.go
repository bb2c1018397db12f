// Package removal takes: it removes the people whom Removals stand for, and ends what a
// removal leaves behind, be it that the person comes back or that the user is deleted.
// It has workers of its own, so that no removal queues behind an invitation.
package removal

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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

// Reconciler carries out Removals. What the Customer's round decides it does not
// decide: it takes from nobody who was not admitted.
type Reconciler struct {
	Client client.Client
	// Live reads from the API server, past the cache.
	Live      client.Reader
	Directory *directory.Directory
	Recorder  events.EventRecorder
	// Instance names this installation in ownership markers.
	Instance string
	// Customers are woken when a tenant becomes usable.
	Customers *pass.Waker
	Now       func() time.Time

	taken   takenLately
	waiting pass.Turns
}

// +kubebuilder:rbac:groups=seatwarden.dev,resources=removals,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=seatwarden.dev,resources=removals/status,verbs=patch

// Reconcile is one pass over a Removal.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	// Live: what a pass before has begun must not look undone.
	object := &v1alpha1.Removal{}
	if err := r.Live.Get(ctx, req.NamespacedName, object); err != nil {
		return pass.Unread(ctx, r.Client, r.Recorder, object, metav1.NewTime(r.Now()), err)
	}
	p := &removalPass{Reconciler: r, removal: object, before: object.DeepCopy(), original: object.DeepCopy()}
	p.restoreTaken()
	ctx = auth0.WithLane(pass.Caller(ctx, "removal", object, object.Spec.CustomerRef.Name, &r.waiting), auth0.LaneRemoval)
	return p.finish(ctx, p.run(ctx))
}

// removalPass is what one pass knows.
type removalPass struct {
	*Reconciler
	removal *v1alpha1.Removal
	// before is the Removal as it stands in Kubernetes, original as it stood when the
	// pass began.
	before, original *v1alpha1.Removal
	customer         *v1alpha1.Customer
	tenant           *directory.Tenant
	// tell are the Events of what the status says once it is written.
	tell []func()
	// gone: the object is.
	gone bool
	// resting: nothing is done, or said, while the mode says so.
	resting bool
	again   time.Duration
}

// run goes through the deletion table first, then on from the state in which the Removal is.
func (p *removalPass) run(ctx context.Context) error {
	if ends, err := p.endsOtherwise(ctx); ends || err != nil {
		return err
	}
	switch leaver.StateOf(p.removal) {
	case v1alpha1.RemovalPending, v1alpha1.RemovalHeld:
		return p.undecided(ctx)
	case v1alpha1.RemovalRemoving:
		return p.remove(ctx)
	case v1alpha1.RemovalRemoved:
		return p.awaitGrace(ctx)
	case v1alpha1.RemovalDeleting:
		return p.deleteUser(ctx)
	case v1alpha1.RemovalDone:
		return p.end(ctx)
	}
	return nil
}

// finish writes the status once and says when to come back.
func (p *removalPass) finish(ctx context.Context, err error) (ctrl.Result, error) {
	if p.gone || p.resting && err == nil {
		return ctrl.Result{RequeueAfter: p.again}, nil
	}
	if writeErr := p.report(ctx, err); writeErr != nil {
		return pass.Rewrite(writeErr)
	}
	return pass.Result(err, p.again)
}

// undecidedPatience is how long a Removal that is about to be decided says nothing: its
// observedGeneration shows that it is in progress.
const undecidedPatience = 10 * time.Second

// report derives the status and writes it when it differs. What is only remembered of a taking
// is not written by itself: who does not know it takes once more.
func (p *removalPass) report(ctx context.Context, problem error) error {
	age := p.Now().Sub(p.askedAt())
	if leaver.StateOf(p.removal) == v1alpha1.RemovalPending && p.removal.Status.Decision == nil && problem == nil && age < undecidedPatience {
		p.wait(undecidedPatience - max(age, 0))
		return nil
	}
	p.removal.Status = status.Removal(p.removal, status.RemovalFacts{Now: p.Now(), Problem: pass.ProblemOf(problem)})
	if p.onlyTaken() {
		p.taken.note(p.removal, p.Now())
		return nil
	}
	if err := pass.WriteStatus(ctx, p.Client, p.before, p.removal); err != nil {
		return err
	}
	p.before = p.removal.DeepCopy()
	pass.Announce(p.Recorder, p.removal, p.original.Status.Conditions, p.removal.Status.Conditions, v1alpha1.ConditionAccessRemoved)
	for _, tell := range p.tell {
		tell()
	}
	p.tell, p.original = nil, p.removal.DeepCopy()
	return nil
}

// askedAt is when the removal was asked for last.
func (p *removalPass) askedAt() time.Time {
	at := p.removal.CreationTimestamp.Time
	for _, carried := range p.removal.Status.Carries {
		if carried.Since.After(at) {
			at = carried.Since.Time
		}
	}
	return at
}

func (p *removalPass) wait(after time.Duration) {
	p.again = pass.Sooner(p.again, max(after, 50*time.Millisecond))
}

// become has the Removal go on to a state.
func (p *removalPass) become(state v1alpha1.RemovalState, outcome v1alpha1.RemovalOutcome) {
	p.removal.Status.State, p.removal.Status.Outcome = state, outcome
	p.wait(0)
}

func (p *removalPass) done(outcome v1alpha1.RemovalOutcome) { p.become(v1alpha1.RemovalDone, outcome) }

func (p *removalPass) ref() string { return leaver.Ref(p.removal) }

func (p *removalPass) owner() ownership.Owner {
	return ownership.Owner{Instance: p.Instance, Namespace: p.removal.Namespace, Name: p.removal.Spec.CustomerRef.Name}
}

// findTenant finds where the person was given something.
func (p *removalPass) findTenant(ctx context.Context) error {
	name := p.removal.Spec.TenantRef.Name
	if p.customer != nil {
		name = p.customer.Spec.TenantRef.Name
	}
	tenant, err := pass.UsableTenant(ctx, p.Client, p.Directory, name)
	p.tenant = tenant
	return err
}

// anothers reads the organization by its id and tells whether its marker is
// another's: then its people are too, and nothing is taken from them. One that is gone is
// nobody's.
func (p *removalPass) anothers(ctx context.Context) (bool, error) {
	organization, err := p.tenant.API().Organization(ctx, p.removal.Spec.OrganizationID)
	if auth0.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, pass.Auth0("read the organization", err, p.Now())
	}
	return ownership.Judge(organization.Metadata, p.owner()).Another(), nil
}

// end lets the object go in two steps, once no Member waits for it any more.
func (p *removalPass) end(ctx context.Context) error {
	members, err := p.declarers(ctx)
	if err != nil {
		return err
	}
	if leaver.Carried(p.removal, members) {
		return nil // who goes wakes it
	}
	if err := pass.RemoveFinalizer(ctx, p.Client, p.removal); err != nil {
		return err
	}
	p.taken.forget(p.removal)
	preconditions := client.Preconditions{UID: &p.removal.UID, ResourceVersion: &p.removal.ResourceVersion}
	if err := p.Client.Delete(ctx, p.removal, preconditions); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("delete the Removal: %w", err)
	}
	p.gone = true
	return nil
}
