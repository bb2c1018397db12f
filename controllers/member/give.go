package member

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/internal/pass"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/invitation"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// give makes calls that give something, inside a fence: the attempt stands in
// the status, at the version that was read, before anything is sent, and
// nothing leaves after its time. An old leader's write fails, and with it its call.
// doing says what the calls are for.
func (p *memberPass) give(ctx context.Context, doing string, invites bool, calls func(ctx context.Context, attempt string) error) error {
	if p.observing() {
		return pass.Auth0(doing, calls(ctx, "planned"), p.Now())
	}
	status := &p.member.Status
	earlier := p.openAttempt()
	notAfter := p.tenant.Now().Add(invitation.Validity)
	fence := auth0.NewFence(notAfter, invitation.Validity)
	at := metav1.NewMicroTime(notAfter)
	status.Attempt = &v1alpha1.Attempt{ID: p.NewID(), NotAfter: &at, Invites: invites}
	status.Tenant, status.OrganizationID = p.tenant.Name, p.org.ID
	if invites {
		if request := pass.InviteRequest(p.member, p.Now()); request != "" {
			status.LastHandledInviteRequest = request
		}
	}
	if err := p.write(ctx); err != nil {
		// Nothing was sent. If the write did land, the next one finds it there.
		p.member.Status = *p.before.Status.DeepCopy()
		return err
	}
	// Past the cache, as the attempt stands now: what changes after this changes while
	// it is on its way.
	if err := p.checkLeaver(ctx); err != nil {
		p.settle(false, invites, earlier)
		return err
	}
	if invites {
		p.org.Sending(p.ref(), notAfter.Add(invitation.Margin))
	}
	err := calls(auth0.WithFence(ctx, fence), p.member.Status.Attempt.ID)
	if err == nil || auth0.DidNothing(err) {
		if invites {
			p.org.NotSending(p.ref(), err == nil)
		}
		p.settle(err == nil, invites, earlier)
	}
	return pass.Auth0(doing, err, p.Now())
}

// settle closes an attempt whose outcome is certain; one that was open before
// stands again. An invitation that was certainly not sent is still intended.
func (p *memberPass) settle(done, invites bool, earlier *v1alpha1.Attempt) {
	if invites && !done {
		p.member.Status.Attempt.NotAfter = nil
		return
	}
	p.member.Status.Attempt = earlier
}

// openAttempt is the recorded attempt if its call may still be on its way.
func (p *memberPass) openAttempt() *v1alpha1.Attempt {
	attempt := p.member.Status.Attempt
	if attempt == nil || attempt.NotAfter == nil || !p.tenant.Now().Before(attempt.NotAfter.Add(invitation.Margin)) {
		return nil
	}
	return attempt
}

// closeAttempt forgets an attempt of which nothing is to be found out, of somebody
// who has joined or that does not invite, once nothing of it can land any more: a
// removal must not be confirmed before that.
func (p *memberPass) closeAttempt() {
	p.member.Status.Attempt = p.openAttempt()
	if open := p.member.Status.Attempt; open != nil {
		p.wait(open.NotAfter.Add(invitation.Margin).Sub(p.tenant.Now()))
	}
}

// join records and completes a person who is a member of the organization:
// users, grant and roles.
func (p *memberPass) join(ctx context.Context) error {
	profiles, err := p.bringBack(ctx)
	if err != nil {
		return err
	}
	if len(profiles) == 0 {
		if profiles, err = p.members(ctx); err != nil {
			return err
		}
	}
	p.facts.Looked = true
	if len(profiles) == 0 {
		return p.movedOn()
	}
	p.ended = true
	p.facts.Joined, p.facts.Blocked = true, blocked(profiles)
	p.record(profiles)
	if last := p.member.Status.Invitation; last != nil && last.State != v1alpha1.InvitationAccepted {
		last.State, last.ExpiresAt = v1alpha1.InvitationAccepted, metav1.Time{}
	}
	p.member.Status.Tenant, p.member.Status.OrganizationID = p.tenant.Name, p.org.ID
	for _, user := range profiles {
		if err := p.grant(ctx, user); err != nil {
			return err
		}
	}
	p.facts.Confirmed = true
	p.closeAttempt()
	if err := p.addProfiles(ctx); err != nil {
		return err
	}
	p.answerJoined()
	if err := p.rolesHinder(); err != nil {
		return err
	}
	for _, user := range profiles {
		if err := p.syncRoles(ctx, user.ID); err != nil {
			return err
		}
	}
	return p.checkRoles()
}

// answerJoined takes a request to invite somebody who is in as answered, once a
// look must have shown it if they had been taken out before the request.
func (p *memberPass) answerJoined() {
	request, settled := p.pendingRequest()
	switch {
	case request == "":
	case p.look.At.Before(settled):
		p.wait(settled.Sub(p.tenant.Now()))
	default:
		p.member.Status.LastHandledInviteRequest = request
	}
}

// pendingRequest is the request for an invitation that is not handled, empty when
// there is none, and from when on, by Auth0's time, its lists must show what
// membership was at the time of the request.
func (p *memberPass) pendingRequest() (request string, settled time.Time) {
	request = pass.InviteRequest(p.member, p.Now())
	at, ok := invitation.RequestTime(request)
	if !ok {
		return "", time.Time{}
	}
	return request, at.Add(p.tenant.Now().Sub(p.Now())).Add(directory.Lag)
}

// grant writes the person's grant where it is missing, and reads it back.
func (p *memberPass) grant(ctx context.Context, user auth0.User) error {
	if grant, ok := p.org.Grant(user); ok && grant.Person == p.ref() {
		return nil
	}
	err := p.give(ctx, "write the grant", false, func(ctx context.Context, attempt string) error {
		return p.api().SetAppMetadata(ctx, user.ID, ownership.GrantKey(p.org.ID), p.grantOf(attempt))
	})
	if err != nil {
		return err
	}
	written, err := p.api().User(ctx, user.ID)
	if err != nil {
		return pass.Auth0("read the grant back", err, p.Now())
	}
	if grant, ok := p.org.Grant(written); !ok || grant.Person != p.ref() {
		return pass.Auth0("read the grant back", &auth0.Error{Kind: auth0.KindUnknown, Route: "GET /api/v2/users/{id}", Detail: "it is not there"}, p.Now())
	}
	return nil
}

func (p *memberPass) grantOf(attempt string) string {
	return ownership.Grant{Key: p.org.Key(), Person: p.ref(), Attempt: attempt}.String()
}

// syncRoles gives the person exactly the declared ones of the roles that the
// Customer manages.
func (p *memberPass) syncRoles(ctx context.Context, userID string) error {
	allowed := p.allowedRoles()
	if len(allowed) == 0 {
		return nil
	}
	if _, err := p.wantedRoles(ctx); err != nil {
		return err
	}
	// An allowed role that Auth0 does not have is nobody's.
	ids, _, err := p.tenant.RoleIDs(ctx, allowed)
	if err != nil {
		return pass.Auth0("read the tenant's roles", err, p.Now())
	}
	p.nameRoles(ids)
	has, err := p.api().MemberRoles(ctx, p.org.ID, userID)
	if err != nil {
		return pass.Auth0("read the person's roles", err, p.Now())
	}
	var add, remove []string
	for name, id := range ids {
		wanted := slices.Contains(pass.Strings(p.member.Spec.Roles), name)
		held := slices.ContainsFunc(has, func(role auth0.Role) bool { return role.ID == id })
		switch {
		case wanted && !held:
			add = append(add, id)
		case held && !wanted:
			remove = append(remove, id)
		}
	}
	if len(add)+len(remove) == 0 {
		return nil
	}
	// What an old leader takes may be declared by now: within the same fence.
	return p.give(ctx, "change roles", false, func(ctx context.Context, _ string) error {
		if len(remove) > 0 {
			if err := p.api().RemoveMemberRoles(ctx, p.org.ID, userID, remove...); err != nil {
				return err
			}
		}
		if len(add) == 0 {
			return nil
		}
		return p.api().AssignMemberRoles(ctx, p.org.ID, userID, add...)
	})
}

// wantedRoles are the ids of the Member's roles, or says which ones Auth0 does
// not have.
func (p *memberPass) wantedRoles(ctx context.Context) ([]string, error) {
	if err := p.rolesHinder(); err != nil {
		return nil, err
	}
	names := slices.DeleteFunc(pass.Strings(p.member.Spec.Roles), func(role string) bool { return !slices.Contains(p.allowedRoles(), role) })
	ids, unknown, err := p.tenant.RoleIDs(ctx, names)
	if err != nil {
		return nil, pass.Auth0("read the tenant's roles", err, p.Now())
	}
	if len(unknown) > 0 {
		return nil, pass.Person(v1alpha1.ReasonRoleNotFound, fmt.Sprintf("Auth0 has no role %s: create it there, or take it off this Member", strings.Join(unknown, ", ")))
	}
	var out []string
	for _, name := range names {
		out = append(out, ids[name])
	}
	return out, nil
}
