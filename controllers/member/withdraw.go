package member

import (
	"context"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/removal"
)

// withdrawSeat takes back the seat of an expired invitation for somebody who
// waits: a withdrawal like any other, of a Member that stays.
func (p *memberPass) withdrawSeat(ctx context.Context) error {
	if p.member.Status.Withdrawal != nil && p.member.Status.Withdrawal.ConfirmedAt != nil {
		return nil
	}
	return p.withdraw(auth0.WithLane(ctx, auth0.LaneRemoval))
}

// withdraw makes one pass: it takes everything that could let the person in, or
// proves, as soon as Auth0 must show what is left, that nothing is. What is taken
// is not taken again before that.
func (p *memberPass) withdraw(ctx context.Context) error {
	if p.takenForNow() {
		return nil
	}
	began := p.lookFrom
	if began.IsZero() {
		began = p.tenant.Now()
	}
	if p.member.Status.Withdrawal == nil {
		p.member.Status.Withdrawal = startedAt(began)
	}
	if err := p.findOthers(ctx); err != nil {
		return err
	}
	if _, err := p.stillTaking(ctx); err != nil {
		return err
	}
	if !p.progress().Taken() {
		if err := p.clearRecordedGrants(ctx); err != nil {
			return err
		}
	}
	facts, err := p.withdrawalFacts(ctx, began)
	if err != nil {
		return err
	}
	plan := removal.Decide(facts)
	// Whatever this pass sees, what somebody accepted until now the lists may not show.
	takes := plan.Takes() || !facts.Taken()
	if err := p.take(ctx, plan, takes); err != nil {
		return err
	}
	state, at := p.member.Status.Withdrawal, metav1.NewMicroTime(p.tenant.Now())
	switch {
	case takes:
		state.TakenAt = &at
		p.takenForNow()
	case plan.Confirmed:
		state.ConfirmedAt = &at
		p.org.Forget(p.ref(), facts.InvitationIDs)
	case plan.Unseen:
		return pass.Person(v1alpha1.ReasonTooManyInvitations, "everything known was taken, and whether an invitation of this person is still alive is not known: "+pass.TooManyInvitations(p.customer))
	default:
		p.wait(plan.Again.Sub(p.tenant.Now()))
	}
	return nil
}

// startedAt is a withdrawal that begins.
func startedAt(at time.Time) *v1alpha1.Withdrawal {
	return &v1alpha1.Withdrawal{StartedAt: metav1.NewMicroTime(at), ChangedAt: metav1.NewMicroTime(at)}
}

// takenForNow: everything that was seen is taken, and Auth0 need not show yet what
// is left. The next pass comes at the first full second when it must, so that those
// who leave together share a look.
func (p *memberPass) takenForNow() bool {
	if p.member.Status.Withdrawal == nil {
		return false
	}
	due := p.progress().Due()
	left := due.Sub(p.tenant.Now())
	if left > 0 {
		p.wait(left + due.Add(time.Second-1).Truncate(time.Second).Sub(due))
	}
	return left > 0
}

// progress is how far the removal came, as the decisions know it.
func (p *memberPass) progress() removal.Progress {
	state := p.member.Status.Withdrawal
	out := removal.Progress{StartedAt: state.StartedAt.Time, ChangedAt: state.ChangedAt.Time, Window: directory.Lag}
	if state.TakenAt != nil {
		out.TakenAt = state.TakenAt.Time
	}
	if state.RevokedAt != nil {
		out.RevokedAt = state.RevokedAt.Time
	}
	out.Clear = attemptOf(p.member.Status.Attempt).Clear()
	return out
}

// noteTargets notes whose sessions are to be ended, for the write that comes before
// anything is taken by which they could be recognised.
func (p *memberPass) noteTargets(plan removal.Plan) {
	for _, id := range plan.Revoke {
		if !p.recorded(id) && len(p.member.Status.Users) < 10 {
			p.member.Status.Users = append(p.member.Status.Users, v1alpha1.MemberUser{UserID: id, Since: metav1.NewTime(p.tenant.Now())})
			p.fenced = false
		}
	}
}

// clearRecordedGrants refuses the known users at once, before anything is listed.
func (p *memberPass) clearRecordedGrants(ctx context.Context) error {
	p.cleared = map[string]auth0.User{}
	for _, user := range p.member.Status.Users {
		read, err := p.api().User(ctx, user.UserID)
		if auth0.IsNotFound(err) {
			continue
		}
		if err != nil {
			return pass.Auth0("read a user", err, p.Now())
		}
		p.cleared[read.ID] = read
		if grant, ok := ownership.GrantIn(read.AppMetadata, p.org.ID); !ok || grant.Person != p.ref() || p.anothers(read) {
			continue
		}
		fenced, err := p.fence(ctx)
		if err != nil {
			return err
		}
		if err := p.api().ClearAppMetadata(fenced, user.UserID, ownership.GrantKey(p.org.ID)); err != nil {
			return pass.Auth0("clear the grant", err, p.Now())
		}
		delete(read.AppMetadata, ownership.GrantKey(p.org.ID))
	}
	return nil
}

// fence writes down that something is taken from now on, at the version that was
// read, and puts a fence around the calls that take: none leaves when another process
// could have confirmed the removal, and the person be back. A fence that this pass
// has just made holds on. What the pass has judged must stand.
func (p *memberPass) fence(ctx context.Context) (context.Context, error) {
	now := p.tenant.Now()
	if !p.fenced || now.Sub(p.member.Status.Withdrawal.ChangedAt.Time) > fenceHolds {
		p.member.Status.Withdrawal.ChangedAt = metav1.NewMicroTime(now)
		if err := p.save(ctx); err != nil {
			return nil, err
		}
		p.fenced = true
	}
	if _, err := p.stillTaking(ctx); err != nil {
		return nil, err
	}
	notAfter := p.member.Status.Withdrawal.ChangedAt.Add(directory.Lag)
	return auth0.WithFence(ctx, auth0.NewFence(notAfter, notAfter.Sub(p.tenant.Now()))), nil
}

// fenceHolds is how old a fence may be for more calls to be made within it.
const fenceHolds = directory.Lag / 3

func (p *memberPass) withdrawalFacts(ctx context.Context, began time.Time) (removal.Facts, error) {
	facts := removal.Facts{Person: p.ref(), Progress: p.progress(), GuardInEffect: guardInEffect(p.customer)}
	notBefore := began
	if facts.Taken() {
		notBefore = facts.Due() // many who leave together share a look that proves
	}
	look, err := p.org.Observe(ctx, notBefore)
	if err != nil {
		return facts, pass.Auth0("look at the organization", err, p.Now())
	}
	p.look, facts.ObservedAt = look, look.At
	for _, listed := range look.InvitationsTo(p.email()) {
		facts.InvitationIDs = append(facts.InvitationIDs, listed.ID)
	}
	if err := p.addRecordedInvitation(ctx, &facts); err != nil {
		return facts, err
	}
	facts.Truncated = look.Truncated && !p.invitationKnown()
	if err := p.findOthers(ctx); err != nil {
		return facts, err
	}
	facts.Others = p.otherPeople()
	facts.Profiles, err = p.withdrawalProfiles(ctx)
	return facts, err
}

// invitationKnown: the status records the last invitation, which took the place of
// all before it.
func (p *memberPass) invitationKnown() bool {
	status := p.member.Status
	return status.Invitation != nil && (status.Attempt == nil || !status.Attempt.Invites)
}

// addRecordedInvitation adds the recorded invitation where the list, which may be
// cut, did not reach it.
func (p *memberPass) addRecordedInvitation(ctx context.Context, facts *removal.Facts) error {
	last := p.member.Status.Invitation
	if last == nil || !p.look.Truncated || slices.Contains(facts.InvitationIDs, last.ID) {
		return nil
	}
	_, err := p.api().Invitation(ctx, p.org.ID, last.ID)
	switch {
	case auth0.IsNotFound(err):
		return nil
	case err != nil:
		return pass.Auth0("read the invitation", err, p.Now())
	}
	facts.InvitationIDs = append(facts.InvitationIDs, last.ID)
	return nil
}

// findOthers lists the Customer's Members past the cache: from somebody who was
// declared just now nothing is taken.
func (p *memberPass) findOthers(ctx context.Context) error {
	members, err := p.listLive(ctx)
	p.others = slices.DeleteFunc(members, func(m v1alpha1.Member) bool { return personOf(&m) == p.ref() })
	return err
}

// otherPeople stand for the addresses of the Customer's other live Members.
func (p *memberPass) otherPeople() (refs []string) {
	for i := range p.others {
		if p.others[i].DeletionTimestamp.IsZero() {
			refs = append(refs, personOf(&p.others[i]))
		}
	}
	return refs
}

// anothers tells whether a user is the person of another live Member, whose address
// it has now.
func (p *memberPass) anothers(user auth0.User) bool {
	declared := pass.Declared(p.customer, p.others)
	_, is := declared[pass.PersonOf(p.customer, user, p.granted(user), declared)]
	return is
}

// siblings are the Customer's other Members that declare one of the people.
func (p *memberPass) siblings(ctx context.Context, people ...string) ([]v1alpha1.Member, error) {
	var out []v1alpha1.Member
	slices.Sort(people)
	for _, person := range slices.Compact(people) {
		list := &v1alpha1.MemberList{}
		err := p.Client.List(ctx, list, client.InNamespace(p.member.Namespace), client.MatchingFields{indexPerson: personIn(p.member.Spec.CustomerRef.Name, person)})
		if err != nil {
			return nil, fmt.Errorf("list Members: %w", err)
		}
		out = append(out, list.Items...)
	}
	return slices.DeleteFunc(out, func(m v1alpha1.Member) bool { return m.UID == p.member.UID }), nil
}

// declaredOf are the people that other Members declare, as far as a user may be them.
func (p *memberPass) declaredOf(ctx context.Context, user auth0.User) (map[string]string, error) {
	others, err := p.siblings(ctx, ownership.PersonRef(user.Email), p.granted(user))
	return pass.Declared(p.customer, others), err
}

// withdrawalProfiles reads every user that may be the person by its id.
func (p *memberPass) withdrawalProfiles(ctx context.Context) ([]removal.Profile, error) {
	ids := p.candidates()
	for _, spelling := range p.seenSpellings() {
		users, err := p.api().UsersByEmail(ctx, spelling)
		if err != nil {
			return nil, pass.Auth0("look the person up", err, p.Now())
		}
		for _, user := range users {
			if !slices.Contains(ids, user.ID) {
				ids = append(ids, user.ID)
			}
		}
	}
	var profiles []removal.Profile
	for _, id := range ids {
		profile, err := p.withdrawalProfile(ctx, id)
		if auth0.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, pass.Auth0("read a user", err, p.Now())
		}
		profiles = append(profiles, profile)
	}
	return profiles, nil
}

func (p *memberPass) withdrawalProfile(ctx context.Context, id string) (removal.Profile, error) {
	user, read := p.cleared[id]
	if !read {
		var err error
		if user, err = p.api().User(ctx, id); err != nil {
			return removal.Profile{}, err
		}
	}
	organizations, err := p.api().UserOrganizations(ctx, id)
	if err != nil {
		return removal.Profile{}, err
	}
	grant, held := ownership.GrantIn(user.AppMetadata, p.org.ID)
	profile := removal.Profile{
		UserID: id, Recorded: p.recorded(id), Grant: held, GrantNames: grant.Person,
		SameEmail: ownership.FoldEmail(user.Email) == ownership.FoldEmail(p.email()),
		Member:    slices.Contains(organizations, p.org.ID) || p.listed(id),
		Anothers:  p.anothers(user),
		Elsewhere: slices.ContainsFunc(organizations, func(org string) bool { return org != p.org.ID }),
		LastLogin: user.LastLogin,
	}
	profile.RoleIDs, err = p.heldRoles(ctx, id)
	return profile, err
}

// heldRoles are the person's roles in the organization: they may outlive the
// membership, so that somebody invited back would come back with them.
func (p *memberPass) heldRoles(ctx context.Context, userID string) ([]string, error) {
	roles, err := p.api().MemberRoles(ctx, p.org.ID, userID)
	if err != nil && !auth0.IsNotFound(err) {
		return nil, err
	}
	var ids []string
	for _, role := range roles {
		ids = append(ids, role.ID)
	}
	return ids, nil
}

// seenSpellings are all spellings of the address that were ever seen.
func (p *memberPass) seenSpellings() []string {
	out := spellings(p.email())
	for _, user := range p.member.Status.Users {
		if user.Email != "" && !slices.Contains(out, user.Email) {
			out = append(out, user.Email)
		}
	}
	return out
}

// guardInEffect: the Customer says that the guard refuses who holds no grant.
func guardInEffect(customer *v1alpha1.Customer) bool {
	return customer != nil && meta.IsStatusConditionTrue(customer.Status.Conditions, v1alpha1.ConditionGuardInEffect)
}

// take carries a plan out in its order. What is gone already is done. Sessions end
// last, when no new one can begin: who dies before that finds in the status whose
// are to be ended. To end sessions alone shuts nobody out who is back by then, and
// needs no fence.
func (p *memberPass) take(ctx context.Context, plan removal.Plan, takes bool) error {
	if takes {
		p.noteTargets(plan)
		fenced, err := p.fence(ctx)
		if err != nil {
			return err
		}
		ctx = fenced
	} else if _, err := p.stillTaking(ctx); err != nil {
		return err
	}
	if err := p.takeFrom(ctx, plan); err != nil {
		return err
	}
	return p.revoke(ctx, plan.Revoke)
}

func (p *memberPass) takeFrom(ctx context.Context, plan removal.Plan) error {
	api := p.api()
	for _, id := range plan.ClearGrants {
		if err := api.ClearAppMetadata(ctx, id, ownership.GrantKey(p.org.ID)); err != nil {
			return pass.Auth0("clear the grant", err, p.Now())
		}
	}
	for _, id := range plan.DeleteInvitations {
		if err := api.DeleteInvitation(ctx, p.org.ID, id); err != nil {
			return pass.Auth0("delete the invitation", err, p.Now())
		}
	}
	for id, roles := range plan.RemoveRoles {
		p.org.WritesMembers(len(roles))
		if err := api.RemoveMemberRoles(ctx, p.org.ID, id, roles...); err != nil && !auth0.IsNotFound(err) {
			return pass.Auth0("take roles", err, p.Now())
		}
	}
	if len(plan.RemoveMembers) > 0 {
		p.org.WritesMembers(len(plan.RemoveMembers))
		if err := api.RemoveMembers(ctx, p.org.ID, plan.RemoveMembers...); err != nil {
			return pass.Auth0("end the membership", err, p.Now())
		}
	}
	return nil
}

// revoke ends sessions. What a user has begun since is ended once more by the look
// that proves that nothing is left.
func (p *memberPass) revoke(ctx context.Context, userIDs []string) error {
	if len(userIDs) == 0 {
		return nil
	}
	at := metav1.NewMicroTime(p.tenant.Now())
	for _, id := range userIDs {
		if _, err := p.api().RevokeAccess(ctx, id); err != nil {
			return pass.Auth0("end sessions", err, p.Now())
		}
	}
	p.member.Status.Withdrawal.RevokedAt = &at
	return nil
}
