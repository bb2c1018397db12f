package member

import (
	"context"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/removal"
)

// WithdrawnReconciler works a Customer's list of withdrawn people off, for whom
// there is no Member any more: it strikes who is declared again, removes those
// whose removal was held and is approved, and ends the grace.
type WithdrawnReconciler struct{ *Reconciler }

// Reconcile is one pass over a Customer's list.
func (r *WithdrawnReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	customer := &v1alpha1.Customer{}
	if err := r.Client.Get(ctx, req.NamespacedName, customer); err != nil || len(customer.Status.Withdrawn) == 0 {
		return pass.Result(client.IgnoreNotFound(err), 0)
	}
	if err := r.Live.Get(ctx, req.NamespacedName, customer); err != nil {
		return pass.Result(client.IgnoreNotFound(err), 0)
	}
	if mode, err := pass.Mode(ctx, r.Live, customer); err != nil || mode != v1alpha1.ModeManage {
		return pass.Result(err, 0) // a mode that changes wakes it
	}
	tenant, usable := r.Directory.Tenant(customer.Spec.TenantRef.Name)
	if !customer.DeletionTimestamp.IsZero() || !usable {
		return ctrl.Result{}, nil // its deletion covers everybody; a tenant that becomes usable wakes it
	}
	p := &withdrawnPass{Reconciler: r.Reconciler, customer: customer, before: customer.DeepCopy(), tenant: tenant}
	err := p.run(auth0.WithLane(pass.Caller(ctx, "customer-withdrawn", customer, customer.Name, &r.waiting.withdrawn), auth0.LaneRemoval))
	if writeErr := p.write(ctx); writeErr != nil {
		return pass.Rewrite(writeErr)
	}
	return pass.Result(err, p.again)
}

// withdrawnPass is what one pass over a list knows.
type withdrawnPass struct {
	*Reconciler
	customer, before *v1alpha1.Customer
	tenant           *directory.Tenant
	members          []v1alpha1.Member
	// destroying are the people whose line said Destroying before the Members
	// were listed.
	destroying map[string]bool
	// lookFrom is from when on a look is fresh enough to take by.
	lookFrom time.Time
	// kept tells of users that are kept, once that is written.
	kept  []string
	again time.Duration
}

// run goes through the phases; the first that fails ends the pass, but for the
// removals: one person's trouble keeps nobody in the grace.
func (p *withdrawnPass) run(ctx context.Context) error {
	for _, phase := range []func(context.Context) error{
		p.listMembers,
		p.strikeReturned,
		p.approve,
	} {
		if err := phase(ctx); err != nil {
			return err
		}
	}
	withdrawErr := p.withdraw(ctx)
	if apierrors.IsConflict(withdrawErr) {
		return withdrawErr
	}
	if err := p.endGrace(ctx); withdrawErr == nil {
		return err
	}
	return withdrawErr
}

// write writes the list, at the version that was read.
func (p *withdrawnPass) write(ctx context.Context) error {
	if err := pass.WriteStatus(ctx, p.Client, p.before, p.customer); err != nil {
		return err
	}
	p.before = p.customer.DeepCopy()
	p.tellKept()
	return nil
}

func (p *withdrawnPass) wait(after time.Duration) {
	p.again = pass.Sooner(p.again, max(after, 50*time.Millisecond))
}

// listMembers comes after the list was read: a Member that is not seen here will
// see the list as it is now, or later.
func (p *withdrawnPass) listMembers(ctx context.Context) error {
	p.destroying = map[string]bool{}
	for _, line := range p.customer.Status.Withdrawn {
		p.destroying[line.Person] = line.State == v1alpha1.WithdrawalDestroying
	}
	list := &v1alpha1.MemberList{}
	err := p.Live.List(ctx, list, client.InNamespace(p.customer.Namespace), client.MatchingFields{v1alpha1.FieldCustomerRef: p.customer.Name})
	if err != nil {
		return fmt.Errorf("list Members live: %w", err)
	}
	p.members = list.Items
	return pass.NoneHidden(ctx, p.Client, p.customer.Namespace, list.Items)
}

// declarer is a Member that declares a person and is not being deleted, nil when
// there is none.
func (p *withdrawnPass) declarer(person string) *v1alpha1.Member {
	at := slices.IndexFunc(p.members, func(m v1alpha1.Member) bool {
		return m.DeletionTimestamp.IsZero() && personOf(&m) == person
	})
	if at < 0 {
		return nil
	}
	return &p.members[at]
}

// strikeReturned strikes who is declared again: a removal that is held, as soon
// as the Member cannot go unseen; any other once the Member has what the line
// remembers.
func (p *withdrawnPass) strikeReturned(context.Context) error {
	p.customer.Status.Withdrawn = slices.DeleteFunc(p.customer.Status.Withdrawn, func(entry v1alpha1.WithdrawnPerson) bool {
		member := p.declarer(entry.Person)
		if member == nil {
			return false
		}
		took := len(member.Status.Users) > 0 || member.Status.Invitation != nil
		switch entry.State {
		case v1alpha1.WithdrawalHeld:
			clear := attemptOf(entry.Attempt).Clear()
			if p.tenant.Now().Before(clear) {
				p.wait(clear.Sub(p.tenant.Now()))
				return false
			}
			return controllerutil.ContainsFinalizer(member, v1alpha1.Finalizer)
		case v1alpha1.WithdrawalWithdrawn, v1alpha1.WithdrawalRemoved:
			return took
		}
		return false
	})
	return nil
}

// approve lets through what was held, if the annotation names exactly that. Who
// is declared again was struck before, so that nobody is removed who is declared.
func (p *withdrawnPass) approve(ctx context.Context) error {
	quoted := p.customer.Annotations[v1alpha1.AnnotationApproveRemovals]
	hash, held := pass.HeldRemovals(p.customer)
	if held == 0 || quoted != hash {
		return nil
	}
	now := metav1.NewMicroTime(p.Now())
	for i := range p.customer.Status.Withdrawn {
		entry := &p.customer.Status.Withdrawn[i]
		if entry.State == v1alpha1.WithdrawalHeld && !p.declared(entry.Person) {
			entry.State, entry.ApprovedAt = v1alpha1.WithdrawalApproved, &now
		}
	}
	taken := pass.Handled{Annotation: v1alpha1.AnnotationApproveRemovals, Before: p.customer.Status.LastHandledApproval, After: hash}
	p.customer.Status.LastHandledApproval = hash
	if err := p.write(ctx); err != nil {
		return err
	}
	pass.AnnounceAnswers(p.Recorder, p.customer, nil, nil, taken)
	// Who is declared after this sees that the removal goes on.
	return p.listMembers(ctx)
}

// each goes through the list once. Lines are looked up anew each time: a write
// replaces them by what the API server holds. One person's trouble keeps nobody
// else waiting, but on a list that is known to be old nothing more is done.
func (p *withdrawnPass) each(do func(line *v1alpha1.WithdrawnPerson) error) error {
	var persons []string
	for _, line := range p.customer.Status.Withdrawn {
		persons = append(persons, line.Person)
	}
	var first error
	for _, person := range persons {
		line := lineOf(p.customer, person)
		if line == nil {
			continue
		}
		err := do(line)
		if apierrors.IsConflict(err) {
			return err
		}
		if first == nil {
			first = err
		}
	}
	return first
}

// withdraw makes one pass of taking for each person whom no Member stands for.
func (p *withdrawnPass) withdraw(ctx context.Context) error {
	p.lookFrom = p.tenant.Now() // one look for all
	return p.each(func(line *v1alpha1.WithdrawnPerson) error {
		orphaned := line.State == v1alpha1.WithdrawalWithdrawing && !p.beingDeleted(line.Person)
		switch {
		case line.State == v1alpha1.WithdrawalApproved && line.Withdrawal == nil && p.declared(line.Person):
			// Declared while it was approved: nothing is taken.
			line.State, line.ApprovedAt = v1alpha1.WithdrawalHeld, nil
			p.wait(0)
		case line.State == v1alpha1.WithdrawalApproved, orphaned:
			return p.withdrawOne(ctx, line.Person)
		}
		return nil
	})
}

// beingDeleted: a Member of the person is there and carries the removal on.
func (p *withdrawnPass) beingDeleted(person string) bool {
	return slices.ContainsFunc(p.members, func(m v1alpha1.Member) bool {
		return leaves(&m) && personOf(&m) == person
	})
}

// withdrawOne is the removal's pass, over what the list knows of the person.
func (p *withdrawnPass) withdrawOne(ctx context.Context, name string) error {
	line := lineOf(p.customer, name)
	person := newPass(p.Reconciler, &v1alpha1.Member{
		ObjectMeta: metav1.ObjectMeta{Namespace: p.customer.Namespace, Name: line.Member},
		Spec:       v1alpha1.MemberSpec{CustomerRef: v1alpha1.CustomerRef{Name: p.customer.Name}, Email: v1alpha1.Email(line.Email)},
		Status: v1alpha1.MemberStatus{
			OrganizationID: line.OrganizationID, Attempt: line.Attempt, Invitation: line.Invitation, Users: line.Users, Withdrawal: line.Withdrawal,
		},
	})
	person.customer, person.tenant, person.org = p.customer, p.tenant, p.tenant.Organization(line.OrganizationID)
	person.facts.Mode = v1alpha1.ModeManage // or there were no pass
	person.lookFrom = p.lookFrom
	if person.takenForNow() {
		p.wait(person.again)
		return nil
	}
	if another, err := p.belongsToAnother(ctx, p.tenant, line.OrganizationID, person.owner()); another || err != nil {
		if another {
			line.State = v1alpha1.WithdrawalRemoved
		}
		return err
	}
	keep := func() *v1alpha1.WithdrawnPerson {
		line := lineOf(p.customer, name)
		line.Users, line.Withdrawal = person.member.Status.Users, person.member.Status.Withdrawal
		return line
	}
	person.save = func(ctx context.Context) error {
		keep()
		if err := p.write(ctx); err != nil {
			return err
		}
		// As it was written, with its times cut: the same is not written again.
		written := lineOf(p.customer, name)
		person.member.Status.Users, person.member.Status.Withdrawal = written.Users, written.Withdrawal
		return nil
	}
	if line.Withdrawal == nil {
		person.member.Status.Withdrawal = startedAt(p.tenant.Now())
		if err := person.save(ctx); err != nil {
			return err
		}
		person.fenced = true
	}
	err := person.withdraw(ctx)
	line = keep()
	switch {
	case auth0.IsNotFound(err):
		gone, err := person.organizationGone(ctx, err)
		if gone {
			line.State = v1alpha1.WithdrawalRemoved
		}
		return err
	case err != nil:
		return err
	case line.Withdrawal.ConfirmedAt != nil:
		line.State = afterWithdrawal(p.customer)
	default:
		p.wait(person.again)
	}
	return nil
}

// afterWithdrawal is what becomes of a line when nothing is left to take. Without
// a grace nobody is brought back.
func afterWithdrawal(customer *v1alpha1.Customer) v1alpha1.WithdrawalState {
	switch {
	case pass.Grace(customer) > 0:
		return v1alpha1.WithdrawalWithdrawn
	case customer.Spec.Removal.User == v1alpha1.RemovalUserDelete:
		return v1alpha1.WithdrawalDestroying
	}
	return v1alpha1.WithdrawalRemoved
}

// endGrace ends it for whom nobody declares: the user is deleted if that is
// asked for, and the line is kept for as long as the brake counts it.
func (p *withdrawnPass) endGrace(ctx context.Context) error {
	err := p.each(func(line *v1alpha1.WithdrawnPerson) error {
		if p.destroying[line.Person] && line.State == v1alpha1.WithdrawalDestroying {
			return p.destroy(ctx, line)
		}
		if line.State == v1alpha1.WithdrawalDestroying {
			p.wait(0)
		}
		if line.State != v1alpha1.WithdrawalWithdrawn || p.declared(line.Person) {
			return nil
		}
		if left := p.graceLeft(line); left > 0 {
			p.wait(left)
			return nil
		}
		if p.customer.Spec.Removal.User != v1alpha1.RemovalUserDelete {
			line.State = v1alpha1.WithdrawalRemoved
			return nil
		}
		line.State = v1alpha1.WithdrawalDestroying
		p.wait(0)
		return nil
	})
	p.strikeCounted()
	return err
}

func (p *withdrawnPass) graceLeft(entry *v1alpha1.WithdrawnPerson) time.Duration {
	if entry.Withdrawal == nil || entry.Withdrawal.ConfirmedAt == nil {
		return 0
	}
	return entry.Withdrawal.ConfirmedAt.Add(pass.Grace(p.customer)).Sub(p.tenant.Now())
}

// declared: a Member or the contract's admins name the person.
func (p *withdrawnPass) declared(person string) bool {
	return p.declarer(person) != nil || pass.IsAdmin(p.customer, person)
}

// strikeCounted strikes the lines that even the brake counts no more.
func (p *withdrawnPass) strikeCounted() {
	p.customer.Status.Withdrawn = slices.DeleteFunc(p.customer.Status.Withdrawn, func(entry v1alpha1.WithdrawnPerson) bool {
		if entry.State != v1alpha1.WithdrawalRemoved {
			return false
		}
		left := entry.RequestedAt.Add(removal.BrakeWindow).Sub(p.Now())
		if left > 0 {
			p.wait(left)
		}
		return left <= 0
	})
}
