package removal

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/destroy"
	"github.com/seatwarden/seatwarden/controllers/internal/leaver"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/controllers/internal/people"
	"github.com/seatwarden/seatwarden/internal/auth0"
)

// undecided ends a removal from which nothing was taken, when a Member of the address has
// the seat: it has our finalizer, and no call of the Member that is gone can be on its way. Until
// then that Member waits, and gives nothing. A Member that is still there hands
// over by itself. Everything else is the Customer's round's.
func (p *removalPass) undecided(ctx context.Context) error {
	if err := p.findTenant(ctx); err != nil {
		return err
	}
	members, err := p.declarers(ctx)
	if err != nil {
		return err
	}
	heir := leaver.Heir(p.removal, members)
	if heir == nil || !people.Seated(heir) || !controllerutil.ContainsFinalizer(heir, v1alpha1.Finalizer) || leaver.Carried(p.removal, members) {
		return nil
	}
	if left := leaver.Clear(p.removal).Sub(p.tenant.Now()); left > 0 {
		p.wait(left)
		return nil
	}
	return p.handOver(ctx, heir)
}

// handOver gives what is known of the person to the Member that takes over, as it stands past the cache,
// before the Removal ends: from then on it is the one that knows them.
func (p *removalPass) handOver(ctx context.Context, cached *v1alpha1.Member) error {
	heir := &v1alpha1.Member{}
	if err := p.Live.Get(ctx, client.ObjectKeyFromObject(cached), heir); err != nil {
		return client.IgnoreNotFound(err)
	}
	if heir.UID != cached.UID || !people.TakesOver(heir) || !people.Seated(heir) {
		return nil // what changed wakes it
	}
	before := heir.DeepCopy()
	leaver.Bequeath(leaver.Known(p.removal), p.removal.Spec.TenantRef.Name, p.removal.Spec.OrganizationID, heir)
	if err := pass.WriteStatus(ctx, p.Client, before, heir); err != nil {
		return err
	}
	p.done(v1alpha1.OutcomeTakenOver)
	return nil
}

// remove makes one pass of taking, or proves that nothing is left to take.
func (p *removalPass) remove(ctx context.Context) error {
	if err := p.findTenant(ctx); err != nil {
		return err
	}
	taker := p.taker()
	if another, err := p.anothersNow(ctx, taker); another || err != nil {
		if another {
			p.done(v1alpha1.OutcomeLeftAsIs)
		}
		return err
	}
	outcome, err := taker.Pass(ctx)
	p.learn(taker.Leaver)
	switch {
	case auth0.IsNotFound(err):
		return p.organizationGone(ctx, err)
	case err != nil:
		return err
	case !outcome.Confirmed:
		p.wait(outcome.Again)
		return nil
	}
	p.confirm()
	return nil
}

// anothersNow reads the organization's marker before a pass that has something to do.
func (p *removalPass) anothersNow(ctx context.Context, taker *leaver.Taker) (bool, error) {
	if taker.Rests() {
		return false, nil
	}
	return p.anothers(ctx)
}

// taker is the pass's, over what is known of the person.
func (p *removalPass) taker() *leaver.Taker {
	known := leaver.Known(p.removal)
	t := &leaver.Taker{
		Cached: p.Client, Live: p.Live, API: p.tenant.API(), Tenant: p.tenant, Org: p.tenant.Organization(p.removal.Spec.OrganizationID),
		Customer: p.customer, Mode: v1alpha1.ModeManage, Now: p.Now,
		// The round wrote down when the taking begins; every pass may use such a fence in its time.
		Fenced: p.removal.Status.Withdrawal != nil,
		Leaver: &leaver.Leaver{
			Person:     people.Person{Email: string(p.removal.Spec.Email), Users: known.Users},
			Invitation: known.Invitation, Attempt: known.Attempt, Withdrawal: p.removal.Status.Withdrawal.DeepCopy(),
		},
	}
	t.Save = func(ctx context.Context) error {
		p.learn(t.Leaver)
		if err := p.report(ctx, nil); err != nil {
			return err
		}
		// As it was written, with its times cut: the same is not written again.
		t.Leaver.Users, t.Leaver.Withdrawal = leaver.Known(p.removal).Users, p.removal.Status.Withdrawal.DeepCopy()
		return nil
	}
	return t
}

// learn keeps what a pass has found of the person.
func (p *removalPass) learn(l *leaver.Leaver) {
	known := leaver.Known(p.removal)
	if len(l.Users) > len(known.Users) {
		known.Users = l.Users
		p.removal.Status.Known = &known
	}
	p.removal.Status.Withdrawal = l.Withdrawal
}

// confirm notes that nothing lets the person in. Without a grace nobody is brought back.
func (p *removalPass) confirm() {
	grace := pass.Grace(p.customer)
	confirmed := p.removal.Status.Withdrawal.ConfirmedAt
	until := metav1.NewMicroTime(confirmed.Add(grace))
	switch {
	case grace > 0:
		p.removal.Status.RestorableUntil = &until
		p.become(v1alpha1.RemovalRemoved, "")
		p.wait(grace)
	case p.deletes():
		p.become(v1alpha1.RemovalDeleting, "")
	default:
		p.done(v1alpha1.OutcomeRemoved)
	}
}

func (p *removalPass) deletes() bool {
	return p.customer.Spec.Removal.User == v1alpha1.RemovalUserDelete
}

// organizationGone ends the removal when the organization itself is gone.
func (p *removalPass) organizationGone(ctx context.Context, cause error) error {
	_, err := p.tenant.API().Organization(ctx, p.removal.Spec.OrganizationID)
	if auth0.IsNotFound(err) {
		p.done(v1alpha1.OutcomeLeftAsIs)
		return nil
	}
	return cause
}

// awaitGrace ends a removal whose person is back, or whose grace is over. Whoever is
// declared comes back, however long that takes.
func (p *removalPass) awaitGrace(ctx context.Context) error {
	if err := p.findTenant(ctx); err != nil {
		return err
	}
	members, err := p.declarers(ctx)
	if err != nil {
		return err
	}
	for i := range members {
		s := members[i].Status
		if members[i].DeletionTimestamp.IsZero() && !leaver.Carries(p.removal, members[i].UID) && (len(s.Users) > 0 || s.Invitation != nil) {
			p.done(v1alpha1.OutcomeTakenOver)
			return nil
		}
	}
	if p.declaredBy(members) {
		return nil
	}
	if until := p.removal.Status.RestorableUntil; until != nil && p.tenant.Now().Before(until.Time) {
		p.wait(until.Sub(p.tenant.Now()))
		return nil
	}
	p.endGrace()
	return nil
}

// endGrace goes on to delete the user, where that is asked for and there may be one. Who declares
// the person just now is seen before anything is deleted.
func (p *removalPass) endGrace() {
	known := leaver.Known(p.removal)
	if !p.deletes() || !known.Joined && len(known.Users) == 0 {
		p.done(v1alpha1.OutcomeRemoved)
		return
	}
	p.become(v1alpha1.RemovalDeleting, "")
}

// deleteUser deletes the users of a removed person that are nobody else's. The Removal
// said Deleting before the Members are listed: one that declares the person is
// either seen, or sees that and waits.
func (p *removalPass) deleteUser(ctx context.Context) error {
	if err := p.findTenant(ctx); err != nil {
		return err
	}
	declared, err := p.declaredNow(ctx)
	if err != nil {
		return err
	}
	if declared {
		p.become(v1alpha1.RemovalRemoved, "")
		return nil
	}
	if another, err := p.anothers(ctx); another || err != nil {
		if another {
			p.done(v1alpha1.OutcomeLeftAsIs)
		}
		return err
	}
	destroyer := &destroy.Destroyer{Live: p.Live, Tenant: p.tenant, Customer: p.customer, Now: p.Now}
	known := leaver.Known(p.removal)
	member, outcome := p.removal.Spec.Member.Name, v1alpha1.OutcomeRemoved
	err = destroyer.Destroy(ctx, destroy.Person{Users: known.Users, Invitation: known.Invitation}, func(why string) {
		reason, note := v1alpha1.ReasonUserDeleted, fmt.Sprintf("the user of removed Member %s was deleted in Auth0", member)
		if why != "" {
			reason, note = v1alpha1.ReasonUserKept, fmt.Sprintf("the user of removed Member %s stays in Auth0: %s", member, why)
			outcome = v1alpha1.OutcomeUserKept
		} else if outcome == v1alpha1.OutcomeRemoved {
			outcome = v1alpha1.OutcomeUserDeleted
		}
		tell := func() { p.Recorder.Eventf(p.customer, nil, corev1.EventTypeNormal, reason, "Reconcile", "%s", note) }
		if why == "" {
			tell() // it does not happen twice
			return
		}
		p.tell = append(p.tell, tell) // until it is written it is decided anew with each pass
	})
	if err != nil {
		p.tell = nil
		return err
	}
	p.done(outcome)
	return nil
}
