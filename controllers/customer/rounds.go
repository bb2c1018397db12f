package customer

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/leaver"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/controllers/internal/people"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/removal"
	"github.com/seatwarden/seatwarden/internal/status"
)

// RemovalRounds decides which Removals of a Customer are carried out: as many as the
// brake lets through, those that a person approves, and nobody who is declared. It is the one writer
// of decisions, calls Auth0 for nothing, and keeps a ledger in the Customer's status, so
// that two operators together let no more through than one.
type RemovalRounds struct {
	Client client.Client
	// Live reads from the API server, past the cache.
	Live      client.Reader
	Directory *directory.Directory
	Recorder  events.EventRecorder
	// Customers are woken when a tenant becomes usable, or its mode changes.
	Customers *pass.Waker
	Now       func() time.Time

	mu   sync.Mutex
	last map[types.NamespacedName]time.Time
}

// betweenRounds of one Customer is this time, so that thousands who leave together are some rounds.
const betweenRounds = time.Second

// Reconcile is one round of a Customer.
func (r *RemovalRounds) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	if needed, err := r.needed(ctx, req.NamespacedName); !needed || err != nil {
		return ctrl.Result{}, err
	}
	if left := r.rest(req.NamespacedName); left > 0 {
		return ctrl.Result{RequeueAfter: left}, nil
	}
	customer := &v1alpha1.Customer{}
	if err := r.Live.Get(ctx, req.NamespacedName, customer); err != nil || !customer.DeletionTimestamp.IsZero() {
		return pass.Result(client.IgnoreNotFound(err), 0) // its deletion ends them
	}
	mode, err := pass.Mode(ctx, r.Live, customer)
	if err != nil || mode != v1alpha1.ModeManage {
		return pass.Result(err, 0) // a mode that changes wakes it
	}
	more, err := r.play(ctx, customer)
	if more && err == nil {
		return ctrl.Result{RequeueAfter: betweenRounds}, nil // what changed in between, and who is left
	}
	return pass.Result(err, 0)
}

// needed: as the cache shows it, somebody waits for a decision.
func (r *RemovalRounds) needed(ctx context.Context, name types.NamespacedName) (bool, error) {
	removals, err := leaver.List(ctx, r.Client, name.Namespace, name.Name)
	return slices.ContainsFunc(removals, func(removal v1alpha1.Removal) bool {
		state := leaver.StateOf(&removal)
		return state == v1alpha1.RemovalPending || state == v1alpha1.RemovalHeld
	}), err
}

// rest is how long the Customer still rests from its last round; zero has it play.
func (r *RemovalRounds) rest(name types.NamespacedName) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.Now()
	if left := r.last[name].Add(betweenRounds).Sub(now); left > 0 && left <= betweenRounds {
		return left
	}
	if r.last == nil || len(r.last) > 1000 {
		r.last = map[types.NamespacedName]time.Time{}
	}
	r.last[name] = now
	return 0
}

// play lists the Removals, then the Members, both live: a Member that is not seen here sees the
// Removals as they are now, or later. What is decided stands in the ledger, at the version of the
// Customer that was read, before it is written.
func (r *RemovalRounds) play(ctx context.Context, customer *v1alpha1.Customer) (more bool, err error) {
	removals, err := leaver.List(ctx, r.Live, customer.Namespace, customer.Name)
	if err != nil {
		return false, err
	}
	members, err := people.List(ctx, r.Live, customer.Namespace, customer.Name)
	if err != nil {
		return false, err
	}
	if err := pass.NoneHidden(ctx, r.Client, customer.Namespace, members); err != nil {
		return false, err
	}
	round := newRound(customer, removals, members, r.Now())
	settled := round.settle()
	approved, later := round.approve(round.waiting())
	left, err := r.left(ctx, round)
	if err != nil {
		return false, err
	}
	verdicts, more := removal.DecideRound(round.waiting(), left)
	more = more || later
	if len(verdicts) == 0 && !settled && approved == "" {
		return more, nil
	}
	round.enter(verdicts)
	if err := r.writeLedger(ctx, round); err != nil {
		return false, err
	}
	if approved != "" {
		pass.AnnounceAnswers(r.Recorder, customer, nil, nil, pass.Handled{Annotation: v1alpha1.AnnotationApproveRemovals, Before: customer.Status.LastHandledApproval, After: approved})
	}
	outdated, err := r.writeDecisions(ctx, round, verdicts)
	if err != nil {
		return false, err
	}
	more = more || outdated
	if len(round.ledger.Deciding) == 0 {
		return more, nil
	}
	round.ledger.Deciding = nil
	return more, r.writeLedger(ctx, round)
}

// left is how many removals the brake lets through now.
func (r *RemovalRounds) left(ctx context.Context, round *removalRound) (int, error) {
	object, others := &v1alpha1.Auth0Tenant{}, 0
	if err := r.Live.Get(ctx, client.ObjectKey{Name: round.customer.Spec.TenantRef.Name}, object); client.IgnoreNotFound(err) != nil {
		return 0, fmt.Errorf("read the Auth0Tenant: %w", err)
	}
	if tenant, usable := r.Directory.Tenant(round.customer.Spec.TenantRef.Name); usable {
		others = tenant.Removals(round.now.Add(-removal.BrakeWindow), "")
	}
	customers := &v1alpha1.CustomerList{}
	if err := r.Client.List(ctx, customers, client.UnsafeDisableDeepCopy); err != nil {
		return 0, fmt.Errorf("list Customers: %w", err)
	}
	for i := range customers.Items {
		other := &customers.Items[i]
		if other.UID != round.customer.UID && pass.MayNeed(other, round.customer.Spec.TenantRef.Name) {
			others += leaver.AdmittedLately(other, round.now)
		}
	}
	facts := pass.BrakeLimits(round.customer, object.Spec)
	facts.Removed = round.admittedLately()
	facts.TenantRemoved = others + facts.Removed
	facts.People = round.people(facts.Removed)
	return removal.Left(facts), nil
}

// ledgerPatch is the round's part of a Customer's status, as a merge patch writes it.
func ledgerPatch(round *removalRound) ([]byte, error) {
	ledger := map[string]any{"round": round.ledger.Round, "approvedRound": round.ledger.ApprovedRound, "admitted": round.ledger.Admitted, "deciding": nil}
	if len(round.ledger.Deciding) > 0 {
		ledger["deciding"] = round.ledger.Deciding
	}
	fields := map[string]any{"removals": ledger}
	if round.handled != "" {
		fields["lastHandledApproval"] = round.handled
	}
	return json.Marshal(map[string]any{"metadata": map[string]any{"resourceVersion": round.customer.ResourceVersion}, "status": fields})
}

// writeLedger swaps the ledger at the version that was read, and takes the new one.
func (r *RemovalRounds) writeLedger(ctx context.Context, round *removalRound) error {
	body, err := ledgerPatch(round)
	if err != nil {
		return fmt.Errorf("encode the ledger of removals: %w", err)
	}
	written := &v1alpha1.Customer{ObjectMeta: metav1.ObjectMeta{Namespace: round.customer.Namespace, Name: round.customer.Name}}
	if err := r.Client.Status().Patch(ctx, written, client.RawPatch(types.MergePatchType, body)); err != nil {
		return fmt.Errorf("write the ledger of removals: %w", err)
	}
	round.customer.ResourceVersion = written.ResourceVersion
	return nil
}

// writeDecisions writes each verdict at the version that was listed: what changed in between is
// outdated, and decided in another round.
func (r *RemovalRounds) writeDecisions(ctx context.Context, round *removalRound, verdicts []removal.Verdict) (outdated bool, err error) {
	began := time.Time{}
	if tenant, usable := r.Directory.Tenant(round.customer.Spec.TenantRef.Name); usable {
		began = tenant.Now()
	}
	for _, verdict := range verdicts {
		before := round.byName[verdict.Name]
		after := before.DeepCopy()
		decide(after, verdict, round, began)
		after.Status = status.Removal(after, status.RemovalFacts{Now: round.now})
		err := pass.WriteStatus(ctx, r.Client, before, after)
		if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
			outdated = true
			continue
		}
		if err != nil {
			return outdated, err
		}
		pass.Announce(r.Recorder, after, before.Status.Conditions, after.Status.Conditions, v1alpha1.ConditionAccessRemoved)
	}
	return outdated, nil
}

// decide writes a verdict into a Removal. began is when the taking does, by Auth0's time: the write is
// its first fence.
func decide(r *v1alpha1.Removal, verdict removal.Verdict, round *removalRound, began time.Time) {
	at := metav1.NewMicroTime(round.now)
	decision := &v1alpha1.RemovalDecision{Outcome: v1alpha1.DecisionHeld, Reason: string(verdict.Reason), At: at, Round: round.ledger.Round}
	r.Status.State = v1alpha1.RemovalHeld
	if verdict.Admitted {
		decision.Outcome, r.Status.State = v1alpha1.DecisionAdmitted, v1alpha1.RemovalRemoving
		r.Status.Withdrawal = nil
		if !began.IsZero() {
			r.Status.Withdrawal = leaver.StartedAt(began)
		}
	}
	if verdict.Approved {
		decision.ApprovedAt = &at
	}
	r.Status.Decision = decision
}
