// Package member gives people what their Members declare, and has a Removal take it when
// they are deleted. Two controllers share it, with workers of their own, so
// that nobody who leaves queues behind an invitation.
package member

import (
	"context"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/status"
)

// Reconciler gives: it invites, grants and assigns roles to the people of
// Members that are not being deleted.
type Reconciler struct {
	Client client.Client
	// Live reads from the API server, past the cache.
	Live      client.Reader
	Directory *directory.Directory
	Recorder  events.EventRecorder
	// Instance names this installation in ownership markers.
	Instance string
	// Members are woken when Auth0 has news of them, Customers when Auth0 refuses what
	// they remember.
	Members, Customers *pass.Waker
	// SettledInterval is how often a pass is repeated that a person must help.
	SettledInterval time.Duration
	Now             func() time.Time
	// NewID makes attempt ids.
	NewID func() string

	written writtenVersions
	// waiting is where each controller is called when a turn at Auth0 has come.
	waiting struct{ members, leaving pass.Turns }
}

// +kubebuilder:rbac:groups=seatwarden.dev,resources=members,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=seatwarden.dev,resources=members/status,verbs=patch
// +kubebuilder:rbac:groups=seatwarden.dev,resources=customers,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=seatwarden.dev,resources=removals,verbs=get;list;watch;create
// +kubebuilder:rbac:groups=seatwarden.dev,resources=removals/status,verbs=patch
// +kubebuilder:rbac:groups="",resources=namespaces,verbs=get

// Reconcile is one pass over a Member that is not being deleted.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	member := &v1alpha1.Member{}
	if err := r.Client.Get(ctx, req.NamespacedName, member); err != nil {
		return pass.Unread(ctx, r.Client, r.Recorder, member, metav1.NewTime(r.Now()), err)
	}
	if !member.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil
	}
	if r.written.ahead(member, r.Now()) {
		return pass.Again(), nil
	}
	read := member.ResourceVersion
	if err := pass.AddFinalizer(ctx, r.Client, member); err != nil {
		return pass.Rewrite(err)
	}
	p := newPass(r, member)
	defer func() {
		if p.before.ResourceVersion != read {
			r.written.note(p.before, r.Now())
		}
	}()
	return p.finish(ctx, p.run(pass.Caller(ctx, "member", member, member.Spec.CustomerRef.Name, &r.waiting.members)))
}

// memberPass is what one pass knows.
type memberPass struct {
	*Reconciler
	member *v1alpha1.Member
	// before is the Member as it stands in Kubernetes, original as it stood
	// when the pass began.
	before, original *v1alpha1.Member
	customer         *v1alpha1.Customer
	tenant           *directory.Tenant
	// recorder of a pass under Observe, made when Auth0 is first reached.
	recorder *auth0.Recorder
	org      *directory.Organization
	look     *directory.Observation
	facts    status.MemberFacts
	// removal is the person's, nil for none.
	removal *v1alpha1.Removal
	// quiet: the Member says nothing, because its Removal does.
	quiet bool
	// movedTo names the Member whose person a user is that was once this one's.
	movedTo string
	// gone counts the recorded users that Auth0 knows no more.
	gone int
	// again is when to have another look, zero for never.
	again time.Duration
	// ended: the pass needs no further phase.
	ended bool
}

func newPass(r *Reconciler, member *v1alpha1.Member) *memberPass {
	return &memberPass{
		Reconciler: r, member: member, before: member.DeepCopy(), original: member.DeepCopy(),
		facts: status.MemberFacts{Now: r.Now()},
	}
}

// run goes through the phases until one ends the pass.
func (p *memberPass) run(ctx context.Context) error {
	err := p.phases(ctx,
		p.findCustomer,
		p.findMode,
		p.findOrganization,
		p.checkSeat,
		p.waitForLeaver,
		p.observe,
	)
	if err != nil || p.ended {
		return err
	}
	found := p.facts
	err = p.phases(ctx, p.join, p.invite)
	if !refused(err) || p.observing() {
		return err
	}
	// What was remembered may be gone, or made anew under its name: once more, with
	// nothing remembered. The Customer does the same with what it remembers.
	p.tenant.ForgetRoles()
	p.org.Distrust()
	p.Customers.Wake(p.customer)
	if err := p.waitForConnection(ctx); err != nil {
		return err
	}
	p.facts, p.ended = found, false
	return p.phases(ctx, p.lookAgain, p.join, p.invite)
}

func (p *memberPass) phases(ctx context.Context, phases ...func(context.Context) error) error {
	for _, phase := range phases {
		if err := phase(ctx); err != nil || p.ended {
			return err
		}
	}
	return nil
}

// refused: Auth0 refuses a call as it is, as when it names what is not there.
func refused(err error) bool {
	kind := auth0.KindOf(err)
	return err != nil && (kind == auth0.KindNotFound || kind == auth0.KindInvalid)
}

// finish writes the status once and says when to come back.
func (p *memberPass) finish(ctx context.Context, err error) (ctrl.Result, error) {
	p.facts.Problem = pass.ProblemOf(err)
	if p.quiet && err == nil {
		return ctrl.Result{RequeueAfter: p.again}, nil
	}
	if writeErr := p.report(ctx); writeErr != nil {
		return pass.Rewrite(writeErr)
	}
	if err != nil {
		p.wait(p.SettledInterval)
	}
	return pass.Result(pass.Slower(err, p.member.Status.Conditions), p.again)
}

// write keeps what the pass has found out, before more is done. A Member that is
// stalled stays so until that went well: each try would show as progress otherwise.
func (p *memberPass) write(ctx context.Context) error {
	if p.observing() {
		return nil // nothing more is done
	}
	stalled := meta.FindStatusCondition(p.original.Status.Conditions, v1alpha1.ConditionStalled)
	if stalled == nil || stalled.ObservedGeneration != p.member.Generation {
		return p.report(ctx)
	}
	p.noteHandled()
	if err := pass.WriteStatus(ctx, p.Client, p.before, p.member); err != nil {
		return err
	}
	p.before = p.member.DeepCopy()
	return nil
}

// noteHandled remembers when a request for an invitation was taken up.
func (p *memberPass) noteHandled() {
	if p.member.Status.LastHandledInviteRequest != p.before.Status.LastHandledInviteRequest {
		now := metav1.NewMicroTime(p.Now())
		p.member.Status.LastInviteRequestHandledAt = &now
	}
}

// report derives the status and writes it when it differs.
func (p *memberPass) report(ctx context.Context) error {
	p.facts.Now = p.Now()
	if p.observing() {
		p.keepWhatIs()
	}
	if left := p.undecidedFor(); left > 0 {
		p.wait(left)
		return nil
	}
	p.noteHandled()
	p.member.Status = status.Member(p.member, p.facts)
	pass.RefuseInvite(p.member, p.Now())
	p.member.Status.Conditions = status.Requests(p.member.Status.Conditions, p.member, p.member.Status.RefusedRequests, p.Now())
	p.member.Status.Summary = status.MemberSummary(p.member)
	if p.facts.Problem == nil {
		p.member.Status.LastHandledReconcileAt = pass.ReconcileRequest(p.member)
	}
	seated := p.org != nil && p.nothingKnown() && p.member.Status.Attempt == nil && p.seatedJustNow()
	if err := pass.WriteStatus(ctx, p.Client, p.before, p.member); err != nil {
		return err
	}
	if seated {
		// Our own write, and nobody else's in between, says that it waits for its turn.
		p.org.NoteSeated(string(p.member.UID), p.member.ResourceVersion)
	}
	p.before = p.member.DeepCopy()
	pass.Announce(p.Recorder, p.member, p.original.Status.Conditions, worthAnEvent(p.member.Status.Conditions),
		v1alpha1.ConditionActive)
	was, is := p.original.Status, p.member.Status
	pass.AnnounceAnswers(p.Recorder, p.member, was.RefusedRequests, is.RefusedRequests,
		pass.Handled{Annotation: v1alpha1.AnnotationInviteRequestedAt, Before: was.LastHandledInviteRequest, After: is.LastHandledInviteRequest},
		pass.Handled{Annotation: v1alpha1.AnnotationReconcileRequestedAt, Before: was.LastHandledReconcileAt, After: is.LastHandledReconcileAt})
	p.original = p.member.DeepCopy()
	return nil
}

// worthAnEvent leaves out the steps that each onboarding goes through by itself: an
// Event tells what came of them.
func worthAnEvent(list []metav1.Condition) []metav1.Condition {
	return slices.DeleteFunc(slices.Clone(list), func(c metav1.Condition) bool {
		switch c.Reason {
		case v1alpha1.ReasonCustomerNotReady, v1alpha1.ReasonSeatPending, v1alpha1.ReasonInviting, v1alpha1.ReasonGranting:
			return c.Type == v1alpha1.ConditionActive
		}
		return false
	})
}

// wait asks for another pass after a time, if no other is due sooner.
func (p *memberPass) wait(after time.Duration) {
	p.again = pass.Sooner(p.again, max(after, 50*time.Millisecond))
}

// decisionPatience is how long a new Member says nothing of what is decided within
// seconds as a rule, and longer while a round is under way. Until then its
// observedGeneration shows that it is in progress.
const decisionPatience = 10 * time.Second

// undecidedFor is how long a new Member that waits for its Customer's first decision
// still says nothing: its status would be out of date at once, and the seat could not
// be written at the version that the round has listed. Zero for any other.
func (p *memberPass) undecidedFor() time.Duration {
	m := p.member
	asked := pass.ReconcileRequest(m) != "" || pass.InviteRequest(m, p.Now()) != ""
	known := m.Status.Seat != nil || m.Status.Attempt != nil || !p.nothingKnown() || m.Status.ObservedGeneration > 0
	if !stays(m) || asked || known || p.facts.Mode != v1alpha1.ModeManage || !decidedSoon(p.facts.Problem) {
		return 0
	}
	age := p.Now().Sub(m.CreationTimestamp.Time)
	switch {
	case age < 0:
		return 0 // the clocks differ
	case age < decisionPatience:
		return decisionPatience - age
	case len(p.customer.Status.Assigning) > 0 && age < status.SeatPatience:
		return decisionPatience // a round is giving seats to many
	}
	return 0
}

// decidedSoon: nobody needs to be told of what a Member without a seat waits for.
func decidedSoon(problem *status.Problem) bool {
	return problem == nil || problem.Starting || problem.Reason == v1alpha1.ReasonCustomerNotReady
}
