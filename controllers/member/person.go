package member

import (
	"context"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/controllers/internal/people"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// observe looks at Auth0 at least once for each new object and each request. Whose
// record says nothing may have lost it. But a round of seats has just looked for
// somebody whose object is still as the round left it.
func (p *memberPass) observe(ctx context.Context) error {
	requested := pass.ReconcileRequest(p.member) != p.member.Status.LastHandledReconcileAt
	if !p.nothingKnown() {
		p.org.ForgetSeated(string(p.member.UID))
	}
	unknown := p.member.Status.ObservedGeneration != p.member.Generation || p.nothingKnown()
	if requested || p.answerDue() || unknown && !p.seatedJustNow() {
		return p.lookAgain(ctx)
	}
	return nil
}

func (p *memberPass) seatedJustNow() bool {
	return p.org.Seated(string(p.before.UID), p.before.ResourceVersion, p.ref())
}

// answerDue: somebody who has joined waits for a look that tells whether they were
// in when their request was made.
func (p *memberPass) answerDue() bool {
	request, settled := p.pendingRequest()
	return request != "" && len(p.member.Status.Users) > 0 && p.look.At.Before(settled) && !p.tenant.Now().Before(settled)
}

// nothingKnown: status records neither an invitation nor a user, as when it was lost.
func (p *memberPass) nothingKnown() bool {
	return p.member.Status.Invitation == nil && len(p.member.Status.Users) == 0
}

// lookAgain takes an observation that begins now.
func (p *memberPass) lookAgain(ctx context.Context) error {
	look, err := p.org.Observe(ctx, p.tenant.Now())
	if err != nil {
		return pass.Auth0("look at the organization", err, p.Now())
	}
	p.look = look
	return nil
}

// members returns the users in the organization that are the person, each read by its id.
func (p *memberPass) members(ctx context.Context) ([]auth0.User, error) {
	var out []auth0.User
	p.gone = 0
	for _, id := range p.candidates() {
		if user, ok, err := p.settledHolder(ctx, id); ok || err != nil {
			if err != nil {
				return nil, err
			}
			out = append(out, user)
			continue
		}
		user, err := p.api().User(ctx, id)
		if auth0.IsNotFound(err) {
			if p.recorded(id) {
				p.gone++
			}
			continue
		}
		if err != nil {
			return nil, pass.Auth0("read a user", err, p.Now())
		}
		if is, err := p.isPerson(ctx, user); !is || err != nil {
			if err != nil {
				return nil, err
			}
			continue
		}
		member, err := p.isMember(ctx, id)
		if err != nil {
			return nil, err
		}
		if member || p.backLately(user) {
			out = append(out, user)
		}
	}
	return out, nil
}

// backLately: the user came, or was brought back, so lately that the lists may not
// show it, and holds the person's grant. What they show then is looked at again.
func (p *memberPass) backLately(user auth0.User) bool {
	if grant, ok := p.org.Grant(user); !ok || grant.Person != p.ref() {
		return false
	}
	for _, known := range p.member.Status.Users {
		if left := known.Since.Add(directory.Lag).Sub(p.tenant.Now()); known.UserID == user.ID && left > 0 {
			p.wait(left)
			return true
		}
	}
	return false
}

// settledHolder is a recorded user whom both lists show as a member with the
// person's grant: nothing more needs to be read. A block may have been lifted since.
func (p *memberPass) settledHolder(ctx context.Context, id string) (auth0.User, bool, error) {
	if !p.recorded(id) || !p.listed(id) {
		return auth0.User{}, false, nil
	}
	holder, ok := p.look.Holder(id)
	if grant, granted := p.org.Granted(holder); !ok || holder.Blocked || !granted || grant.Person != p.ref() {
		return auth0.User{}, false, nil
	}
	user := holder.Whole(p.org.ID)
	is, err := p.isPerson(ctx, user)
	return user, is, err
}

func (p *memberPass) recorded(userID string) bool { return p.person().Recorded(userID) }

func (p *memberPass) listed(userID string) bool {
	return p.look.Listed(userID)
}

func (p *memberPass) candidates() []string { return p.person().Candidates(p.look) }

// siblings are the Customer's other Members that declare one of the people.
func (p *memberPass) siblings(ctx context.Context, persons ...string) ([]v1alpha1.Member, error) {
	var out []v1alpha1.Member
	slices.Sort(persons)
	for _, person := range slices.Compact(persons) {
		found, err := people.Of(ctx, p.Client, p.member.Namespace, p.member.Spec.CustomerRef.Name, person)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return slices.DeleteFunc(out, func(m v1alpha1.Member) bool { return m.UID == p.member.UID }), nil
}

// declaredOf are the people that other Members declare, as far as a user may be them.
func (p *memberPass) declaredOf(ctx context.Context, user auth0.User) (map[string]string, error) {
	others, err := p.siblings(ctx, ownership.PersonRef(user.Email), p.granted(user))
	return pass.Declared(p.customer, others), err
}

// isPerson tells whether a user may be taken for the person. One that is another
// Member's person is not, whatever was recorded.
func (p *memberPass) isPerson(ctx context.Context, user auth0.User) (bool, error) {
	declared, err := p.declaredOf(ctx, user)
	if err != nil {
		return false, err
	}
	declared[p.ref()] = p.member.Name
	person := pass.PersonOf(p.customer, user, p.granted(user), declared)
	if name, is := declared[person]; is && person != p.ref() {
		p.movedTo = name
	}
	return person == p.ref() || person == "" && p.recorded(user.ID), nil
}

// granted is the person whom a user's grant names, empty for none.
func (p *memberPass) granted(user auth0.User) string {
	if grant, ok := p.org.Grant(user); ok {
		return grant.Person
	}
	return ""
}

// movedOn ends the pass of somebody of whom nothing is left but users that have the
// address of another Member. A request is for whoever has this address now.
func (p *memberPass) movedOn() error {
	status := &p.member.Status
	invited := status.Invitation != nil && status.Invitation.State == v1alpha1.InvitationSent
	if p.movedTo == "" || invited || status.Attempt != nil && status.Attempt.Invites || pass.InviteRequest(p.member, p.Now()) != "" {
		return nil
	}
	return pass.Person(v1alpha1.ReasonPersonMovedOn, pass.MovedOn(p.movedTo))
}

// isMember believes either list: both may lag.
func (p *memberPass) isMember(ctx context.Context, userID string) (bool, error) {
	if p.listed(userID) {
		return true, nil
	}
	organizations, err := p.api().UserOrganizations(ctx, userID)
	if auth0.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, pass.Auth0("read a user's organizations", err, p.Now())
	}
	return slices.Contains(organizations, p.org.ID), nil
}

// blocked: Auth0 refuses every account that the person has in the organization.
func blocked(users []auth0.User) bool {
	return !slices.ContainsFunc(users, func(user auth0.User) bool { return !user.Blocked })
}

// record keeps the users in the status, at most ten, so that a removal finds
// them under any name. One that another Member's person had until now is remembered
// as such, so that this is known when that Member's status is lost.
func (p *memberPass) record(users []auth0.User) {
	for _, user := range users {
		from := p.granted(user)
		if from == p.ref() {
			from = ""
		}
		for i := range p.member.Status.Users {
			if known := &p.member.Status.Users[i]; from != "" && known.UserID == user.ID {
				known.MovedFrom = from
			}
		}
		if p.recorded(user.ID) || len(p.member.Status.Users) >= 10 {
			continue
		}
		entry := v1alpha1.MemberUser{UserID: user.ID, Email: user.Email, MovedFrom: from, Since: metav1.NewTime(p.tenant.Now())}
		if len(user.Connections) > 0 {
			entry.Connection = user.Connections[0]
		}
		p.member.Status.Users = append(p.member.Status.Users, entry)
	}
}
