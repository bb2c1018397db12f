package customer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/leaver"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/controllers/internal/people"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/seats"
)

// assignSeats plays one round. The Customer was read live when the pass began;
// the Members are listed live now, unless the cache shows that nothing is to be
// decided: who comes later wakes the Customer. A conflict ends the round, and nothing
// is retried blindly.
func (p *customerPass) assignSeats(ctx context.Context) error {
	if plan, nothing := p.nothingToDecide(); nothing {
		p.count(plan, p.members)
		p.comeBack(plan, p.members)
		p.recallRound(p.members)
		return nil
	}
	p.facts.SeatsPending = true
	people, err := p.listRound(ctx)
	if err != nil {
		return err
	}
	if len(p.customer.Status.Assigning) > 0 {
		return p.settleLedger(ctx, people)
	}
	plan, err := p.plan(ctx, people)
	if err != nil {
		return err
	}
	p.count(plan, people)
	for len(plan.Assign) > 0 {
		if err := p.assign(ctx, plan.Assign, people); err != nil {
			return err
		}
		// The next hundred: the list and the look hold for all who are as they were listed.
		plan = seats.Decide(p.seatFacts(people))
		p.count(plan, people)
	}
	p.facts.SeatsPending = p.outdated
	return p.decide(ctx, plan.Decide)
}

// nothingToDecide: as the cache shows them, nobody is to be given a seat, or told
// anything about one. A live list goes through the Members of all Customers; whoever
// the cache does not show yet, or shows as they were, wakes the Customer when it does.
func (p *customerPass) nothingToDecide() (seats.Plan, bool) {
	if len(p.customer.Status.Assigning) > 0 {
		return seats.Plan{}, false
	}
	plan := seats.Decide(p.seatFacts(p.members))
	if len(plan.Assign)+len(plan.Decide) > 0 {
		return plan, false
	}
	return plan, plan.Waiting == 0 || !p.undeclaredHoldings(p.members)
}

// plan decides the round. Nothing is assigned on an old look: who lost their
// status since holds a seat that it does not show, unless it is known who may hold one. And
// nobody is kept waiting by what a list shows and a read by id does not.
func (p *customerPass) plan(ctx context.Context, people []v1alpha1.Member) (seats.Plan, error) {
	p.recallRound(people)
	plan := seats.Decide(p.seatFacts(people))
	if len(plan.Assign) > 0 && !p.seatsKnown || plan.Waiting > 0 && p.undeclaredHoldings(people) {
		if err := p.observeAnew(ctx); err != nil {
			return plan, err
		}
		if err := p.dropStaleHoldings(ctx, people); err != nil {
			return plan, err
		}
		p.seatsKnown = true
		plan = seats.Decide(p.seatFacts(people))
	}
	p.comeBack(plan, people)
	return plan, nil
}

// recallRound finds whether the last round of this process still tells who may hold a
// seat. What others do in Auth0 is looked for now and then all the same; in an
// organization that was adopted they may invite too.
func (p *customerPass) recallRound(people []v1alpha1.Member) {
	p.seated = p.seatedMembers(people)
	latest := p.org.Latest()
	lately := latest != nil && p.tenant.Now().Sub(latest.At) < p.SettledInterval
	p.seatsKnown = p.made || lately && !p.org.Adopted() && p.org.RoundStands(p.read, p.seated)
}

// seatedMembers are the UIDs of the Members that have a seat here.
func (p *customerPass) seatedMembers(people []v1alpha1.Member) (uids []string) {
	for i := range people {
		seat := people[i].Status.Seat
		if seat != nil && seat.OrganizationID == p.org.ID && (seat.State == v1alpha1.SeatAssigned || seat.State == v1alpha1.SeatWithdrawing) {
			uids = append(uids, string(people[i].UID))
		}
	}
	return uids
}

// noteRound notes at the pass's end what it leaves: while nobody else writes the
// Customer, which each round begins with, and the Members that it leaves with a seat
// have theirs, nobody was given anything of which this process does not know.
func (p *customerPass) noteRound(err error) {
	if p.org == nil {
		return
	}
	if err != nil || !p.seatsKnown || len(p.customer.Status.Assigning) > 0 {
		p.org.ForgetRound()
		return
	}
	p.org.NoteRound(p.customer.ResourceVersion, p.seated)
}

// undeclaredHoldings: somebody whom no Member declares holds a grant or a live
// invitation of ours.
func (p *customerPass) undeclaredHoldings(people []v1alpha1.Member) bool {
	declared := p.declaredPeople(people)
	for ref, holding := range p.org.Holdings(p.org.Latest(), p.tenant.Now()) {
		if holding == seats.HoldsGrant && !declared[ref] {
			return true
		}
	}
	return false
}

// declaredPeople are those for whom there is a Member, or was one until lately.
func (p *customerPass) declaredPeople(members []v1alpha1.Member) map[string]bool {
	declared := map[string]bool{}
	for i := range p.removals {
		declared[leaver.Ref(&p.removals[i])] = leaver.StillHolds(&p.removals[i])
	}
	for _, member := range members {
		declared[ownership.PersonRef(string(member.Spec.Email))] = true
	}
	return declared
}

// observeAnew looks at the organization after the Members were listed: an
// invitation that was sent before a Member lost its status is seen here.
func (p *customerPass) observeAnew(ctx context.Context) error {
	look, err := p.org.Observe(ctx, p.tenant.Now())
	if err != nil {
		return pass.Auth0("look at the organization", err, p.Now())
	}
	p.look = look
	p.noteSweep()
	return nil
}

func (p *customerPass) listLive(ctx context.Context) ([]v1alpha1.Member, error) {
	return people.List(ctx, p.Live, p.customer.Namespace, p.customer.Name)
}

// listRound lists what a round of seats goes by: the Removals, then the Members. Whoever leaves in
// between is still there as a Member, or was decided about in a round of removals, which has
// written the Customer.
func (p *customerPass) listRound(ctx context.Context) (members []v1alpha1.Member, err error) {
	if p.removals, err = leaver.List(ctx, p.Live, p.customer.Namespace, p.customer.Name); err != nil {
		return nil, err
	}
	return p.listLive(ctx)
}

func (p *customerPass) seatFacts(people []v1alpha1.Member) seats.Facts {
	moved := p.moved(people)
	facts := seats.Facts{
		Seats: int(p.customer.Spec.Seats), People: p.people(people), Ledger: ledger(p.customer.Status.Assigning),
		Holdings: map[string]seats.Holding{}, Truncated: p.org.Latest().Truncated,
	}
	hold := func(ref string, holding seats.Holding) {
		if to, has := moved[ref]; has {
			ref = to.ref
		}
		facts.Holdings[ref] = max(facts.Holdings[ref], holding)
	}
	for ref, holding := range p.org.Holdings(p.org.Latest(), p.tenant.Now()) {
		hold(ref, holding)
	}
	for i := range p.removals {
		if leaver.StillHolds(&p.removals[i]) {
			hold(leaver.Ref(&p.removals[i]), seats.HoldsGrant)
		}
	}
	for i := range people {
		// Nothing is decided about whom cannot be read, and a seat that was given stays.
		if seat := people[i].Status.Seat; pass.Hidden(&people[i]) && seat != nil && seat.State != v1alpha1.SeatWaiting && seat.State != v1alpha1.SeatRefused {
			hold("unreadable/"+people[i].Name, seats.HoldsGrant)
		}
	}
	for i := range facts.People {
		person := &facts.People[i]
		if to, has := moved[person.Ref]; has {
			person.Ref, person.MovedTo = to.ref, to.member
		}
	}
	return facts
}

func (p *customerPass) people(members []v1alpha1.Member) []seats.Person {
	out := make([]seats.Person, 0, len(members))
	for i := range members {
		if !pass.Hidden(&members[i]) {
			out = append(out, p.person(&members[i]))
		}
	}
	return out
}

func (p *customerPass) person(member *v1alpha1.Member) seats.Person {
	ref := ownership.PersonRef(string(member.Spec.Email))
	person := seats.Person{
		Name: member.Name, UID: string(member.UID), ResourceVersion: member.ResourceVersion, Ref: ref,
		Created:  member.CreationTimestamp.Time,
		Deleting: !member.DeletionTimestamp.IsZero(),
		Kept:     controllerutil.ContainsFinalizer(member, v1alpha1.Finalizer),
		Admin: slices.ContainsFunc(p.customer.Spec.Admins, func(a v1alpha1.Admin) bool {
			return ownership.PersonRef(string(a.Email)) == ref
		}),
		Generated: p.generated(member),
		InDomains: ownership.InDomains(string(member.Spec.Email), pass.Domains(p.customer)),
		Requested: pass.InviteRequest(member, p.Now()) != "",
	}
	status := member.Status
	if status.Seat != nil && status.Seat.OrganizationID == p.org.ID {
		person.State, person.Reason = seats.State(status.Seat.State), seats.Reason(status.Seat.Reason)
	}
	person.Expired = p.expiredForCertain(member)
	person.Withdrawn = status.Withdrawal != nil && status.Withdrawal.ConfirmedAt != nil
	return person
}

// expiredForCertain: the link is dead, nobody joined by it, and Auth0 was looked
// at when it must have shown somebody who accepted in the last moment. One that
// another account used up keeps the seat for as long as it would have worked.
func (p *customerPass) expiredForCertain(member *v1alpha1.Member) bool {
	status := member.Status
	if status.Invitation == nil || len(status.Users) > 0 || status.Attempt != nil {
		return false
	}
	switch status.Invitation.State {
	case v1alpha1.InvitationExpired:
		return !p.mayStillShow(status.Invitation)
	case v1alpha1.InvitationConsumed:
		return !p.tenant.Now().Before(status.Invitation.ExpiresAt.Time)
	}
	return false
}

func ledger(assigning []v1alpha1.SeatAssignment) []seats.Entry {
	out := make([]seats.Entry, 0, len(assigning))
	for _, line := range assigning {
		out = append(out, seats.Entry{Name: line.Name, UID: string(line.UID), ResourceVersion: line.ResourceVersion})
	}
	return out
}

// settleLedger finishes what a round before left on the ledger, then strikes it.
func (p *customerPass) settleLedger(ctx context.Context, people []v1alpha1.Member) error {
	for _, entry := range seats.Settle(ledger(p.customer.Status.Assigning), p.people(people)) {
		if _, err := p.writeSeat(ctx, seats.Decision{Entry: entry, State: seats.Assigned, Reason: seats.SeatAssigned}); err != nil && !outdated(err) {
			return err
		}
	}
	p.customer.Status.Assigning = nil
	p.wait(0)
	return nil
}

// assign puts the chosen on the ledger, gives each the seat at the version that
// was listed, and strikes the ledger. Each counts as seated from then on.
func (p *customerPass) assign(ctx context.Context, chosen []seats.Entry, people []v1alpha1.Member) error {
	for _, entry := range chosen {
		p.customer.Status.Assigning = append(p.customer.Status.Assigning, v1alpha1.SeatAssignment{
			Name: entry.Name, UID: types.UID(entry.UID), ResourceVersion: entry.ResourceVersion,
		})
	}
	if err := p.write(ctx); err != nil {
		return err
	}
	var errs []error
	for _, entry := range chosen {
		// The look of this round began after the Member was listed at its version, or nobody
		// without a seat was sent anything since.
		err := p.org.Seat(entry.UID, func() (version string, err error) {
			return p.writeSeat(ctx, seats.Decision{Entry: entry, State: seats.Assigned, Reason: seats.SeatAssigned})
		})
		switch {
		case err == nil:
			p.seated = append(p.seated, entry.UID)
		case outdated(err):
			// Whoever changed in between is looked at in another round.
			p.outdated = true
			p.wait(0)
		default:
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	p.customer.Status.Assigning = nil
	p.seat(chosen, people)
	return nil
}

// seat has the list show the seats that were just given. Who changed in between counts
// too: what became of them is not known here.
func (p *customerPass) seat(chosen []seats.Entry, people []v1alpha1.Member) {
	given := make(map[types.UID]bool, len(chosen))
	for _, entry := range chosen {
		given[types.UID(entry.UID)] = true
	}
	for i := range people {
		if given[people[i].UID] {
			people[i].Status.Seat = &v1alpha1.MemberSeat{State: v1alpha1.SeatAssigned, OrganizationID: p.org.ID}
		}
	}
}

// decide writes what gives nothing: who waits, who is refused, whose seat goes.
func (p *customerPass) decide(ctx context.Context, decisions []seats.Decision) error {
	for _, decision := range decisions {
		_, err := p.writeSeat(ctx, decision)
		if outdated(err) {
			p.wait(0)
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// outdated: the Member changed or went since it was listed; the next round
// sees it as it is.
func outdated(err error) bool { return apierrors.IsConflict(err) || apierrors.IsNotFound(err) }

// seatPatch is a seat as a merge patch writes it: a message that were left out
// would stay.
type seatPatch struct {
	v1alpha1.MemberSeat

	// Message for people; null takes away the one before.
	Message *string `json:"message"`
}

// writeSeat writes one Member's seat at the version listed, and nothing else.
// version is that of the object with it.
func (p *customerPass) writeSeat(ctx context.Context, decision seats.Decision) (version string, err error) {
	seat := seatPatch{MemberSeat: v1alpha1.MemberSeat{
		State: v1alpha1.SeatState(decision.State), OrganizationID: p.org.ID, Reason: string(decision.Reason), Since: metav1.NewTime(p.Now().Truncate(time.Second)),
	}}
	if message := p.seatMessage(decision); message != "" {
		seat.Message = &message
	}
	body, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"resourceVersion": decision.ResourceVersion},
		"status":   map[string]any{"seat": seat},
	})
	if err != nil {
		return "", fmt.Errorf("encode a seat: %w", err)
	}
	member := &v1alpha1.Member{ObjectMeta: metav1.ObjectMeta{Namespace: p.customer.Namespace, Name: decision.Name}}
	if err := p.Client.Status().Patch(ctx, member, client.RawPatch(types.MergePatchType, body)); err != nil {
		return "", fmt.Errorf("write a seat: %w", err)
	}
	return member.ResourceVersion, nil
}

func (p *customerPass) seatMessage(decision seats.Decision) string {
	switch decision.Reason {
	case seats.SeatLimitReached:
		if p.customer.Spec.Seats == 0 {
			return fmt.Sprintf("Customer %s has no seats: raise its spec.seats", p.customer.Name)
		}
		if p.customer.Spec.Seats == 1 {
			return fmt.Sprintf("the one seat of Customer %s is in use: delete its Member or raise spec.seats", p.customer.Name)
		}
		return fmt.Sprintf("all %d seats of Customer %s are in use: delete a Member or raise spec.seats", p.customer.Spec.Seats, p.customer.Name)
	case seats.TooManyInvitations:
		return "how many seats are in use is not known: " + pass.TooManyInvitations(p.customer)
	case seats.SeatLapsed:
		return "the invitation expired and the seat went to somebody who waited: ask for a new one with the annotation " + v1alpha1.AnnotationInviteRequestedAt
	case seats.SeatWithdrawing:
		return "the invitation expired and others wait: the seat is being taken back"
	case seats.DuplicateEmail:
		return fmt.Sprintf("another Member of Customer %s has this address, in whatever case: delete one of them", p.customer.Name)
	case seats.PersonMovedOn:
		return pass.MovedOn(decision.MovedTo)
	case seats.DomainNotAllowed:
		return fmt.Sprintf("the address lies outside the domains of Customer %s: correct the Member, or add the domain to the contract", p.customer.Name)
	}
	return ""
}

// dropStaleHoldings reads by id the grants and invitations that nobody declares:
// the lists that showed them may lag.
func (p *customerPass) dropStaleHoldings(ctx context.Context, members []v1alpha1.Member) error {
	declared := p.declaredPeople(members)
	look := p.org.Latest()
	for _, user := range look.Holders {
		grant, ok := p.org.Granted(user)
		if !ok || declared[grant.Person] {
			continue
		}
		read, err := p.api().User(ctx, user.ID)
		if err != nil && !auth0.IsNotFound(err) {
			return pass.Auth0("read a user", err, p.Now())
		}
		if now, still := p.org.Grant(read); err != nil || !still || now.Person != grant.Person {
			p.org.Forget(grant.Person, nil)
		}
	}
	for _, listed := range look.Invitations {
		grant, ok := p.org.Ours(listed)
		if !ok || declared[grant.Person] {
			continue
		}
		_, err := p.api().Invitation(ctx, p.org.ID, listed.ID)
		if err != nil && !auth0.IsNotFound(err) {
			return pass.Auth0("read an invitation", err, p.Now())
		}
		if err != nil {
			p.org.Forget(grant.Person, []string{listed.ID})
		}
	}
	return nil
}

// count fills in the numbers that people see.
func (p *customerPass) count(plan seats.Plan, members []v1alpha1.Member) {
	counts := &v1alpha1.SeatCounts{Used: int32(plan.InUse), Waiting: int32(plan.Waiting), Removing: p.removing(members)} //nolint:gosec // bounded by the number of objects
	for i := range members {
		member := &members[i]
		switch {
		case !member.DeletionTimestamp.IsZero():
		case active(member):
			counts.Active++
		case member.Status.Invitation != nil && member.Status.Invitation.State == v1alpha1.InvitationSent:
			counts.Invited++
		}
	}
	p.facts.Unmanaged, counts.Unmanaged = p.unmanaged(members)
	p.facts.Seats = counts
	if plan.Waiting > 0 && p.org.Latest().Truncated {
		p.facts.Unlisted = pass.TooManyInvitations(p.customer)
	}
}

// removing counts the people from whom access is being taken, each once: who is
// held is not on the way out yet.
func (p *customerPass) removing(members []v1alpha1.Member) int32 {
	people := map[string]bool{}
	for i := range members {
		if !members[i].DeletionTimestamp.IsZero() {
			people[ownership.PersonRef(string(members[i].Spec.Email))] = true
		}
	}
	for i := range p.removals {
		switch r := &p.removals[i]; leaver.StateOf(r) {
		case v1alpha1.RemovalPending, v1alpha1.RemovalRemoving:
			people[leaver.Ref(r)] = true
		case v1alpha1.RemovalHeld:
			delete(people, leaver.Ref(r))
		}
	}
	return int32(len(people)) //nolint:gosec // bounded by the number of objects
}

// active: the Member says that the person can sign in.
func active(member *v1alpha1.Member) bool {
	return meta.IsStatusConditionTrue(member.Status.Conditions, v1alpha1.ConditionActive)
}
