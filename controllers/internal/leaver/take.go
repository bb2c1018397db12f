package leaver

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
	"github.com/seatwarden/seatwarden/controllers/internal/people"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/removal"
)

// Leaver is somebody from whom everything is taken, as a record in Kubernetes knows
// them.
type Leaver struct {
	people.Person

	// Invitation that was sent last, and Attempt that may be on its way.
	Invitation *v1alpha1.MemberInvitation
	Attempt    *v1alpha1.Attempt
	// Withdrawal is how far it is, nil before it begins.
	Withdrawal *v1alpha1.Withdrawal
}

// StartedAt is a withdrawal that begins. Who writes it down has made its first fence.
func StartedAt(at time.Time) *v1alpha1.Withdrawal {
	return &v1alpha1.Withdrawal{StartedAt: metav1.NewMicroTime(at), ChangedAt: metav1.NewMicroTime(at)}
}

// Taker makes passes that take from one Leaver.
type Taker struct {
	// Cached reads from the cache, Live past it.
	Cached, Live client.Reader
	// API is how Auth0 is reached.
	API    auth0.API
	Tenant *directory.Tenant
	Org    *directory.Organization
	// Customer that the person leaves, and Mode that was judged: when they stand no
	// more, nothing is taken.
	Customer *v1alpha1.Customer
	Mode     v1alpha1.Mode
	Leaver   *Leaver
	// Save writes the Leaver into its record, at the version that was read, and leaves
	// it as it was written.
	Save func(context.Context) error
	// Fenced: what is written down of the Leaver is a fence that this pass may use.
	Fenced bool
	Now    func() time.Time

	look *directory.Observation
	// cleared are the recorded users as they stand after the pass has cleared their grants.
	cleared map[string]auth0.User
	// others are the Customer's Members, once they were asked for.
	others []v1alpha1.Member
	listed bool
}

// Outcome is what came of a pass.
type Outcome struct {
	// Confirmed: nothing is left to take, and nothing can come any more.
	Confirmed bool
	// Again is when another pass has something to do, zero for never.
	Again time.Duration
}

// Pass takes everything that could let the person in, or proves, as soon as Auth0
// must show what is left, that nothing is. What is taken is not taken again before that.
func (t *Taker) Pass(ctx context.Context) (Outcome, error) {
	if left := t.takenFor(); left > 0 {
		return Outcome{Again: left}, nil
	}
	began := t.Tenant.Now()
	if t.Leaver.Withdrawal == nil {
		t.Leaver.Withdrawal = StartedAt(began)
	}
	if err := people.NoneHidden(ctx, t.Cached, t.Customer.Namespace, t.Customer.Name); err != nil {
		return Outcome{}, err
	}
	if err := t.stillTaking(ctx); err != nil {
		return Outcome{}, err
	}
	if !t.progress().Taken() {
		if err := t.clearRecordedGrants(ctx); err != nil {
			return Outcome{}, err
		}
	}
	facts, err := t.facts(ctx, began)
	if err != nil {
		return Outcome{}, err
	}
	return t.carryOut(ctx, facts, removal.Decide(facts))
}

// FindsNothing looks whether anything of the person is left to take, and takes nothing.
func (t *Taker) FindsNothing(ctx context.Context) (bool, error) {
	began := t.Tenant.Now()
	t.Leaver.Withdrawal = StartedAt(began)
	facts, err := t.facts(ctx, began)
	t.Leaver.Withdrawal = nil
	if err != nil {
		return false, err
	}
	plan := removal.Decide(facts)
	return !plan.Takes() && len(plan.Revoke) == 0, nil
}

func (t *Taker) carryOut(ctx context.Context, facts removal.Facts, plan removal.Plan) (Outcome, error) {
	// Whatever this pass sees, what somebody accepted until now the lists may not show.
	takes := plan.Takes() || !facts.Taken()
	if err := t.take(ctx, plan, takes); err != nil {
		return Outcome{}, err
	}
	at := metav1.NewMicroTime(t.Tenant.Now())
	switch {
	case takes:
		t.Leaver.Withdrawal.TakenAt = &at
		return Outcome{Again: t.takenFor()}, nil
	case plan.Confirmed:
		t.Leaver.Withdrawal.ConfirmedAt = &at
		t.Org.Forget(t.Leaver.Ref(), facts.InvitationIDs)
		return Outcome{Confirmed: true}, nil
	case plan.Unseen:
		return Outcome{}, pass.Person(v1alpha1.ReasonTooManyInvitations,
			"everything known was taken, and whether an invitation of this person is still alive is not known: "+pass.TooManyInvitations(t.Customer))
	}
	return Outcome{Again: max(plan.Again.Sub(t.Tenant.Now()), time.Millisecond)}, nil
}

// Rests tells whether a pass has nothing to do yet.
func (t *Taker) Rests() bool { return t.takenFor() > 0 }

// takenFor is how long everything that was seen is taken and Auth0 need not show yet what is
// left; zero when a pass has something to do. The next pass comes at the first full second
// when it must, so that those who leave together share a look.
func (t *Taker) takenFor() time.Duration {
	if t.Leaver.Withdrawal == nil {
		return 0
	}
	due := t.progress().Due()
	left := due.Sub(t.Tenant.Now())
	if left <= 0 {
		return 0
	}
	return left + due.Add(time.Second-1).Truncate(time.Second).Sub(due)
}

// progress is how far the removal came, as the decisions know it.
func (t *Taker) progress() removal.Progress {
	state := t.Leaver.Withdrawal
	out := removal.Progress{StartedAt: state.StartedAt.Time, ChangedAt: state.ChangedAt.Time, Window: directory.Lag}
	if state.TakenAt != nil {
		out.TakenAt = state.TakenAt.Time
	}
	if state.RevokedAt != nil {
		out.RevokedAt = state.RevokedAt.Time
	}
	out.Clear = people.Attempt(t.Leaver.Attempt).Clear()
	return out
}

// stillTaking ends the pass when the Customer, as it stands now, is not what was judged.
func (t *Taker) stillTaking(ctx context.Context) error {
	_, err := pass.Standing(ctx, t.Live, t.Customer, t.Mode)
	return err
}

// noteTargets notes whose sessions are to be ended, for the write that comes before
// anything is taken by which they could be recognised.
func (t *Taker) noteTargets(plan removal.Plan) {
	for _, id := range plan.Revoke {
		if !t.Leaver.Recorded(id) && len(t.Leaver.Users) < 10 {
			t.Leaver.Users = append(t.Leaver.Users, v1alpha1.MemberUser{UserID: id, Since: metav1.NewTime(t.Tenant.Now())})
			t.Fenced = false
		}
	}
}

// clearRecordedGrants refuses the known users at once, before anything is listed.
func (t *Taker) clearRecordedGrants(ctx context.Context) error {
	t.cleared = map[string]auth0.User{}
	for _, user := range t.Leaver.Users {
		read, err := t.API.User(ctx, user.UserID)
		if auth0.IsNotFound(err) {
			continue
		}
		if err != nil {
			return pass.Auth0("read a user", err, t.Now())
		}
		t.cleared[read.ID] = read
		anothers, err := t.anothers(ctx, read)
		if err != nil {
			return err
		}
		if grant, ok := ownership.GrantIn(read.AppMetadata, t.Org.ID); !ok || grant.Person != t.Leaver.Ref() || anothers {
			continue
		}
		fenced, err := t.fence(ctx)
		if err != nil {
			return err
		}
		if err := t.API.ClearAppMetadata(fenced, user.UserID, ownership.GrantKey(t.Org.ID)); err != nil {
			return pass.Auth0("clear the grant", err, t.Now())
		}
		delete(read.AppMetadata, ownership.GrantKey(t.Org.ID))
	}
	return nil
}

// fence writes down that something is taken from now on, at the version that was
// read, and puts a fence around the calls that take: none leaves when another process
// could have confirmed the removal, and the person be back. A fence that was just made
// holds on. What the pass has judged must stand.
func (t *Taker) fence(ctx context.Context) (context.Context, error) {
	now := t.Tenant.Now()
	if !t.Fenced || now.Sub(t.Leaver.Withdrawal.ChangedAt.Time) > fenceHolds {
		t.Leaver.Withdrawal.ChangedAt = metav1.NewMicroTime(now)
		if err := t.Save(ctx); err != nil {
			return nil, err
		}
		t.Fenced = true
	}
	if err := t.stillTaking(ctx); err != nil {
		return nil, err
	}
	notAfter := t.Leaver.Withdrawal.ChangedAt.Add(directory.Lag)
	return auth0.WithFence(ctx, auth0.NewFence(notAfter, notAfter.Sub(t.Tenant.Now()))), nil
}

// fenceHolds is how old a fence may be for more calls to be made within it.
const fenceHolds = directory.Lag / 3

// take carries a plan out in its order. What is gone already is done. Sessions end
// last, when no new one can begin: who dies before that finds in the record whose
// are to be ended. To end sessions alone shuts nobody out who is back by then, and
// needs no fence.
func (t *Taker) take(ctx context.Context, plan removal.Plan, takes bool) error {
	if takes {
		t.noteTargets(plan)
		fenced, err := t.fence(ctx)
		if err != nil {
			return err
		}
		ctx = fenced
	} else if err := t.stillTaking(ctx); err != nil {
		return err
	}
	if err := t.takeFrom(ctx, plan); err != nil {
		return err
	}
	return t.revoke(ctx, plan.Revoke)
}

func (t *Taker) takeFrom(ctx context.Context, plan removal.Plan) error {
	for _, id := range plan.ClearGrants {
		if err := t.API.ClearAppMetadata(ctx, id, ownership.GrantKey(t.Org.ID)); err != nil {
			return pass.Auth0("clear the grant", err, t.Now())
		}
	}
	for _, id := range plan.DeleteInvitations {
		if err := t.API.DeleteInvitation(ctx, t.Org.ID, id); err != nil {
			return pass.Auth0("delete the invitation", err, t.Now())
		}
	}
	for id, roles := range plan.RemoveRoles {
		t.Org.WritesMembers(len(roles))
		if err := t.API.RemoveMemberRoles(ctx, t.Org.ID, id, roles...); err != nil && !auth0.IsNotFound(err) {
			return pass.Auth0("take roles", err, t.Now())
		}
	}
	if len(plan.RemoveMembers) > 0 {
		t.Org.WritesMembers(len(plan.RemoveMembers))
		if err := t.API.RemoveMembers(ctx, t.Org.ID, plan.RemoveMembers...); err != nil {
			return pass.Auth0("end the membership", err, t.Now())
		}
	}
	return nil
}

// revoke ends sessions. What a user has begun since is ended once more by the look
// that proves that nothing is left.
func (t *Taker) revoke(ctx context.Context, userIDs []string) error {
	if len(userIDs) == 0 {
		return nil
	}
	at := metav1.NewMicroTime(t.Tenant.Now())
	for _, id := range userIDs {
		if _, err := t.API.RevokeAccess(ctx, id); err != nil {
			return pass.Auth0("end sessions", err, t.Now())
		}
	}
	t.Leaver.Withdrawal.RevokedAt = &at
	return nil
}

func (t *Taker) facts(ctx context.Context, began time.Time) (removal.Facts, error) {
	facts := removal.Facts{Person: t.Leaver.Ref(), Progress: t.progress(), GuardInEffect: GuardInEffect(t.Customer)}
	notBefore := began
	if facts.Taken() {
		notBefore = facts.Due() // many who leave together share a look that proves
	}
	look, err := t.Org.Observe(ctx, notBefore)
	if err != nil {
		return facts, pass.Auth0("look at the organization", err, t.Now())
	}
	t.look, facts.ObservedAt = look, look.At
	for _, listed := range look.InvitationsTo(t.Leaver.Email) {
		facts.InvitationIDs = append(facts.InvitationIDs, listed.ID)
	}
	if err := t.addRecordedInvitation(ctx, &facts); err != nil {
		return facts, err
	}
	facts.Truncated = look.Truncated && !t.invitationKnown()
	if facts.Profiles, err = t.profiles(ctx); err != nil {
		return facts, err
	}
	for i := range t.others {
		if t.others[i].DeletionTimestamp.IsZero() {
			facts.Others = append(facts.Others, people.Ref(&t.others[i]))
		}
	}
	return facts, nil
}

// GuardInEffect tells whether the Customer says that the guard refuses who holds no grant.
func GuardInEffect(customer *v1alpha1.Customer) bool {
	return customer != nil && meta.IsStatusConditionTrue(customer.Status.Conditions, v1alpha1.ConditionGuardInEffect)
}

// invitationKnown: the record has the last invitation, which took the place of all before it.
func (t *Taker) invitationKnown() bool {
	return t.Leaver.Invitation != nil && (t.Leaver.Attempt == nil || !t.Leaver.Attempt.Invites)
}

// addRecordedInvitation adds the recorded invitation where the list, which may be
// cut, did not reach it.
func (t *Taker) addRecordedInvitation(ctx context.Context, facts *removal.Facts) error {
	last := t.Leaver.Invitation
	if last == nil || !t.look.Truncated || slices.Contains(facts.InvitationIDs, last.ID) {
		return nil
	}
	_, err := t.API.Invitation(ctx, t.Org.ID, last.ID)
	switch {
	case auth0.IsNotFound(err):
		return nil
	case err != nil:
		return pass.Auth0("read the invitation", err, t.Now())
	}
	facts.InvitationIDs = append(facts.InvitationIDs, last.ID)
	return nil
}

// profiles reads every user that may be the person by its id.
func (t *Taker) profiles(ctx context.Context) ([]removal.Profile, error) {
	ids := t.Leaver.Candidates(t.look)
	for _, spelling := range t.Leaver.SeenSpellings() {
		users, err := t.API.UsersByEmail(ctx, spelling)
		if err != nil {
			return nil, pass.Auth0("look the person up", err, t.Now())
		}
		for _, user := range users {
			if !slices.Contains(ids, user.ID) {
				ids = append(ids, user.ID)
			}
		}
	}
	var profiles []removal.Profile
	for _, id := range ids {
		profile, err := t.profile(ctx, id)
		if auth0.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, pass.Auth0("read a user", err, t.Now())
		}
		profiles = append(profiles, profile)
	}
	return profiles, nil
}

func (t *Taker) profile(ctx context.Context, id string) (removal.Profile, error) {
	user, read := t.cleared[id]
	if !read {
		var err error
		if user, err = t.API.User(ctx, id); err != nil {
			return removal.Profile{}, err
		}
	}
	organizations, err := t.API.UserOrganizations(ctx, id)
	if err != nil {
		return removal.Profile{}, err
	}
	anothers, err := t.anothers(ctx, user)
	if err != nil {
		return removal.Profile{}, err
	}
	grant, held := ownership.GrantIn(user.AppMetadata, t.Org.ID)
	profile := removal.Profile{
		UserID: id, Recorded: t.Leaver.Recorded(id), Grant: held, GrantNames: grant.Person,
		SameEmail: ownership.FoldEmail(user.Email) == ownership.FoldEmail(t.Leaver.Email),
		Member:    slices.Contains(organizations, t.Org.ID) || t.look.Listed(id),
		Anothers:  anothers,
		Elsewhere: slices.ContainsFunc(organizations, func(org string) bool { return org != t.Org.ID }),
		LastLogin: user.LastLogin,
	}
	profile.RoleIDs, err = t.heldRoles(ctx, id)
	return profile, err
}

// heldRoles are the person's roles in the organization: they may outlive the
// membership, so that somebody invited back would come back with them.
func (t *Taker) heldRoles(ctx context.Context, userID string) ([]string, error) {
	roles, err := t.API.MemberRoles(ctx, t.Org.ID, userID)
	if err != nil && !auth0.IsNotFound(err) {
		return nil, err
	}
	var ids []string
	for _, role := range roles {
		ids = append(ids, role.ID)
	}
	return ids, nil
}

// anothers tells whether a user is the person of another live Member, whose address
// it has now. Others are asked for only where a user has another address, or its
// grant names another person; then past the cache, since somebody may have been
// declared just now.
func (t *Taker) anothers(ctx context.Context, user auth0.User) (bool, error) {
	granted := ""
	if grant, ok := t.Org.Grant(user); ok {
		granted = grant.Person
	}
	named, held := ownership.GrantIn(user.AppMetadata, t.Org.ID)
	if ownership.PersonRef(user.Email) == t.Leaver.Ref() && (!held || named.Person == t.Leaver.Ref()) {
		return false, nil
	}
	if !t.listed {
		members, err := people.List(ctx, t.Live, t.Customer.Namespace, t.Customer.Name)
		if err != nil {
			return false, fmt.Errorf("find whose a user is: %w", err)
		}
		if err := pass.NoneHidden(ctx, t.Cached, t.Customer.Namespace, members); err != nil {
			return false, err
		}
		t.others = slices.DeleteFunc(members, func(m v1alpha1.Member) bool { return people.Ref(&m) == t.Leaver.Ref() })
		t.listed = true
	}
	declared := pass.Declared(t.Customer, t.others)
	_, is := declared[pass.PersonOf(t.Customer, user, granted, declared)]
	return is, nil
}
