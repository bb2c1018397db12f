package member

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/removal"
)

// maxWithdrawn people a Customer's status remembers.
const maxWithdrawn = 500

// lineOf is the person's line in the Customer's status, nil when there is none.
func lineOf(customer *v1alpha1.Customer, person string) *v1alpha1.WithdrawnPerson {
	for i := range customer.Status.Withdrawn {
		if entry := &customer.Status.Withdrawn[i]; entry.Person == person {
			return entry
		}
	}
	return nil
}

// waitForLeaver goes on only when nobody takes from the person at this moment:
// who is being removed under another Member comes back when that is done. A
// Member of whom nothing is known asks the Customer as it stands now: lists of
// Auth0 may still show what was taken.
func (p *memberPass) waitForLeaver(ctx context.Context) error {
	if !p.nothingKnown() {
		return p.leaverStop()
	}
	customer, err := p.sameCustomer(ctx)
	if err != nil {
		return err
	}
	p.customer = customer
	if err := p.leaverStop(); err != nil {
		return err
	}
	line := lineOf(p.customer, p.ref())
	if line != nil && line.Withdrawal != nil && line.Withdrawal.ConfirmedAt != nil && p.look.At.Before(line.Withdrawal.ConfirmedAt.Time) {
		return p.lookAgain(ctx)
	}
	return nil
}

// checkLeaver reads the Customer live: whoever takes writes a line there first,
// and then looks for Members like this one. What the pass has judged must stand.
func (p *memberPass) checkLeaver(ctx context.Context) error {
	customer, err := p.standing(ctx)
	if err != nil {
		return err
	}
	p.customer = customer
	return p.leaverStop()
}

func (p *memberPass) leaverStop() error {
	entry := lineOf(p.customer, p.ref())
	if entry == nil {
		return nil
	}
	switch entry.State {
	case v1alpha1.WithdrawalWithdrawing, v1alpha1.WithdrawalApproved:
		return pass.Wait(v1alpha1.ReasonLeaving, "this person is being removed under another Member, and comes back when that is done; nothing is needed", time.Second)
	case v1alpha1.WithdrawalDestroying:
		return pass.Wait(v1alpha1.ReasonLeaving, "the Auth0 user of this person is being deleted; a new invitation follows, nothing is needed", time.Second)
	case v1alpha1.WithdrawalHeld:
		// A call of the Member that is gone may still be on its way.
		if clear := attemptOf(entry.Attempt).Clear(); p.tenant.Now().Before(clear) {
			return pass.Wait(v1alpha1.ReasonLeaving, "waiting for a call that is on its way; nothing is needed", clear.Sub(p.tenant.Now()))
		}
	}
	return nil
}

// neverGiven: the Member waited for a seat, or was refused one, and nothing was
// ever sent or given.
func neverGiven(member *v1alpha1.Member) bool {
	s := member.Status
	seatless := s.Seat != nil && (s.Seat.State == v1alpha1.SeatWaiting || s.Seat.State == v1alpha1.SeatRefused)
	return seatless && s.OrganizationID == "" && s.Attempt == nil && s.Invitation == nil && len(s.Users) == 0
}

// admit has the brake decide about all people of the Customer who are to be
// removed, in one write at the version that was read; held says that this one's
// removal waits for approval. The Customer of the pass is then as it stands.
func (p *memberPass) admit(ctx context.Context) (held bool, err error) {
	err = p.changeList(ctx, func() error {
		entry := lineOf(p.customer, p.ref())
		switch {
		case entry == nil || entry.State == v1alpha1.WithdrawalWithdrawn || entry.State == v1alpha1.WithdrawalRemoved:
			return p.admitPending(ctx)
		case entry.State == v1alpha1.WithdrawalHeld, entry.State == v1alpha1.WithdrawalApproved:
			p.keepKnown(entry)
		case entry.State == v1alpha1.WithdrawalDestroying:
			return pass.Wait(v1alpha1.ReasonLeaving, "waiting until the person's user is deleted", time.Second)
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	p.noteRemovals(p.customer)
	entry := lineOf(p.customer, p.ref())
	return entry != nil && entry.State == v1alpha1.WithdrawalHeld, nil
}

// changeList changes the Customer's list at the version that is read, which is the
// pass's from then on, as often as somebody else writes in between. What the pass
// has judged must stand. Passes of this process take turns: many who leave together
// would refuse each other's writes.
func (p *memberPass) changeList(ctx context.Context, change func() error) error {
	turn, _ := p.turns.LoadOrStore(client.ObjectKeyFromObject(p.customer), &sync.Mutex{})
	list := turn.(*sync.Mutex)
	if !list.TryLock() {
		resume := auth0.Pause(ctx) // the worker is for others meanwhile
		list.Lock()
		resume()
	}
	defer list.Unlock()
	return retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		customer, err := p.stillTaking(ctx)
		if err != nil {
			return err
		}
		p.customer = customer
		before := customer.DeepCopy()
		if err := change(); err != nil {
			return err
		}
		return pass.WriteStatus(ctx, p.Client, before, p.customer)
	})
}

// keepKnown adds to a line what this Member knows of the person. A removal that
// is approved already is carried on by this Member.
func (p *memberPass) keepKnown(entry *v1alpha1.WithdrawnPerson) {
	known := p.entryOf(p.member, entry.State, entry.RequestedAt.Time)
	if entry.State == v1alpha1.WithdrawalApproved {
		known.State = v1alpha1.WithdrawalWithdrawing
	}
	known.ApprovedAt, known.Withdrawal = entry.ApprovedAt, entry.Withdrawal
	inherit(&known, *entry)
	*entry = known
}

// inherit adds to a line what the person's earlier one knows: a Member that was
// applied again and deleted at once knows nothing itself.
func inherit(line *v1alpha1.WithdrawnPerson, earlier v1alpha1.WithdrawnPerson) {
	addUsers(&line.Users, earlier.Users)
	line.Joined = line.Joined || earlier.Joined
	line.Invitation, line.Attempt = cmp.Or(line.Invitation, earlier.Invitation), cmp.Or(line.Attempt, earlier.Attempt)
}

// admitPending puts this person and everybody else who waits to be removed on
// the list: as many as the brake lets through, the rest as held.
func (p *memberPass) admitPending(ctx context.Context) error {
	members, err := p.listLive(ctx)
	if err != nil {
		return err
	}
	facts, err := p.brakeFacts(ctx, members)
	if err != nil {
		return err
	}
	pending, left := p.pending(members), removal.Left(facts)
	for i, member := range pending {
		state := v1alpha1.WithdrawalWithdrawing
		if i >= left {
			state = v1alpha1.WithdrawalHeld
		}
		if !p.enter(p.entryOf(&member, state, p.Now())) {
			if personOf(&member) != p.ref() {
				continue
			}
			return p.listFull()
		}
	}
	return nil
}

func (p *memberPass) listFull() error {
	return pass.Wait(v1alpha1.ReasonTooManyWithdrawn, fmt.Sprintf(
		"Customer %s remembers %d removed people, and no more fit: nothing is taken from this person until the grace of some is over, or held ones are approved", p.customer.Name, maxWithdrawn), time.Minute)
}

// pending are the Members whose removal is not decided: being deleted, declared
// by nobody else, holding something; this one holds something. The first that was
// deleted comes first.
func (p *memberPass) pending(members []v1alpha1.Member) []v1alpha1.Member {
	declared := map[string]bool{}
	for i := range members {
		if takesOver(&members[i]) {
			declared[personOf(&members[i])] = true
		}
	}
	var out []v1alpha1.Member
	seen := map[string]bool{}
	for _, member := range members {
		ref := personOf(&member)
		entry := lineOf(p.customer, ref)
		decided := entry != nil && entry.State != v1alpha1.WithdrawalWithdrawn && entry.State != v1alpha1.WithdrawalRemoved
		if !leaves(&member) || declared[ref] || pass.IsAdmin(p.customer, ref) || decided || seen[ref] || neverGiven(&member) && member.UID != p.member.UID {
			continue
		}
		seen[ref] = true
		out = append(out, member)
	}
	slices.SortFunc(out, func(a, b v1alpha1.Member) int {
		return cmp.Or(a.DeletionTimestamp.Compare(b.DeletionTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// entryOf is a line for a Member's person.
func (p *memberPass) entryOf(member *v1alpha1.Member, state v1alpha1.WithdrawalState, requestedAt time.Time) v1alpha1.WithdrawnPerson {
	s := member.Status
	organizationID := cmp.Or(s.OrganizationID, p.customer.Status.OrganizationID)
	if organizationID == "" {
		organizationID = p.org.ID // found by its name
	}
	return v1alpha1.WithdrawnPerson{
		Person: personOf(member), Email: string(member.Spec.Email), Member: member.Name,
		State: state, RequestedAt: metav1.NewMicroTime(requestedAt), OrganizationID: organizationID,
		Joined: joined(s), Attempt: s.Attempt, Invitation: s.Invitation, Users: slices.Clone(s.Users),
	}
}

// joined: the person was a member, by our invitation or before there was one.
func joined(s v1alpha1.MemberStatus) bool {
	return len(s.Users) > 0 && (s.Invitation == nil || s.Invitation.State == v1alpha1.InvitationAccepted)
}

// enter adds a line, or replaces the person's; false when none fits. Those that
// are done, and not counted by the brake, make room.
func (p *memberPass) enter(entry v1alpha1.WithdrawnPerson) bool {
	list := &p.customer.Status.Withdrawn
	if old := lineOf(p.customer, entry.Person); old != nil {
		if old.State == v1alpha1.WithdrawalRemoved {
			old.Joined, old.Invitation, old.Attempt = false, nil, nil // a stranger since
		}
		inherit(&entry, *old)
		*old = entry
		return true
	}
	if len(*list) >= maxWithdrawn {
		*list = slices.DeleteFunc(*list, func(e v1alpha1.WithdrawnPerson) bool {
			return e.State == v1alpha1.WithdrawalRemoved && !pass.BrakeCounts(e)
		})
	}
	if len(*list) >= maxWithdrawn {
		return false
	}
	*list = append(*list, entry)
	return true
}

// brakeFacts counts whom the brake counts.
func (p *memberPass) brakeFacts(ctx context.Context, members []v1alpha1.Member) (removal.BrakeFacts, error) {
	facts := pass.BrakeLimits(p.customer, p.tenant.Spec())
	since := p.Now().Add(-removal.BrakeWindow)
	people := map[string]bool{}
	for i := range members {
		if !neverGiven(&members[i]) {
			people[personOf(&members[i])] = true
		}
	}
	for _, entry := range p.customer.Status.Withdrawn {
		if entry.RequestedAt.Time.Before(since) {
			continue
		}
		people[entry.Person] = true
		if pass.BrakeCounts(entry) {
			facts.Removed++
		}
	}
	facts.People = len(people)
	if err := p.noteTenantRemovals(ctx); err != nil {
		return facts, err
	}
	p.noteRemovals(p.customer)
	facts.TenantRemoved = p.tenant.Removals(since, "")
	return facts, nil
}

// noteTenantRemovals counts what the statuses of the tenant's other Customers
// show: so the brake survives a restart.
func (p *memberPass) noteTenantRemovals(ctx context.Context) error {
	customers := &v1alpha1.CustomerList{}
	if err := p.Client.List(ctx, customers); err != nil {
		return fmt.Errorf("list Customers: %w", err)
	}
	for i := range customers.Items {
		if pass.MayNeed(&customers.Items[i], p.tenant.Name) {
			p.noteRemovals(&customers.Items[i])
		}
	}
	return nil
}

func (p *memberPass) noteRemovals(customer *v1alpha1.Customer) {
	for _, entry := range customer.Status.Withdrawn {
		if pass.BrakeCounts(entry) {
			p.tenant.NoteRemoval(pass.RemovalName(customer, entry.Person), entry.RequestedAt.Time)
		}
	}
}

// changeLine changes the person's line, if there is one; change returns false to
// strike it. A Customer that is gone has none.
func (p *memberPass) changeLine(ctx context.Context, change func(*v1alpha1.WithdrawnPerson) (keep bool)) error {
	err := p.changeList(ctx, func() error {
		if line := lineOf(p.customer, p.ref()); line != nil && !change(line) {
			strike(p.customer, p.ref())
		}
		return nil
	})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

func strike(customer *v1alpha1.Customer, person string) {
	customer.Status.Withdrawn = slices.DeleteFunc(customer.Status.Withdrawn, func(e v1alpha1.WithdrawnPerson) bool { return e.Person == person })
}

// listLive lists the Customer's Members past the cache, for a pass that takes.
func (p *memberPass) listLive(ctx context.Context) ([]v1alpha1.Member, error) {
	list := &v1alpha1.MemberList{}
	err := p.Live.List(ctx, list, client.InNamespace(p.member.Namespace), client.MatchingFields{v1alpha1.FieldCustomerRef: p.customer.Name})
	if err != nil {
		return nil, fmt.Errorf("list Members live: %w", err)
	}
	return list.Items, pass.NoneHidden(ctx, p.Client, p.member.Namespace, list.Items)
}

// addUsers adds the users that are not known yet, up to ten.
func addUsers(to *[]v1alpha1.MemberUser, users []v1alpha1.MemberUser) {
	for _, user := range users {
		known := slices.ContainsFunc(*to, func(u v1alpha1.MemberUser) bool { return u.UserID == user.UserID })
		if !known && len(*to) < 10 {
			*to = append(*to, user)
		}
	}
}
