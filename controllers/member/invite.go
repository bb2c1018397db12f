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
	"github.com/seatwarden/seatwarden/controllers/internal/people"
	"github.com/seatwarden/seatwarden/internal/auth0"
	"github.com/seatwarden/seatwarden/internal/directory"
	"github.com/seatwarden/seatwarden/internal/invitation"
	"github.com/seatwarden/seatwarden/internal/ownership"
)

// maxLiveInvitations an organization has at once: Auth0's list of them ends at
// 1,000 from either end, and what it does not show cannot be told apart or taken back.
const maxLiveInvitations = 900

// invite carries out what is decided about a person who has not joined.
func (p *memberPass) invite(ctx context.Context) error {
	if attempt := p.member.Status.Attempt; attempt != nil && !attempt.Invites {
		p.closeAttempt()
	}
	decision := invitation.Decide(p.invitationFacts())
	if decision.Step == invitation.Look {
		if err := p.lookAgain(ctx); err != nil {
			return err
		}
		if err := p.join(ctx); err != nil || p.ended {
			return err
		}
		decision = invitation.Decide(p.invitationFacts())
	}
	switch decision.Step {
	case invitation.Missing:
		p.facts.Missing, p.facts.Gone, p.facts.Withdrawn = true, p.gone == len(p.member.Status.Users), p.withdrawnHere()
	case invitation.Wait:
		p.wait(decision.At.Sub(p.tenant.Now()))
	case invitation.Adopt:
		p.adopt(decision.Seen)
	case invitation.Expire:
		p.member.Status.Invitation.State = v1alpha1.InvitationExpired
	case invitation.Consume:
		return p.consume(ctx)
	case invitation.Unknown:
		return pass.Person(v1alpha1.ReasonTooManyInvitations, "whether this person was invited is not known, and nobody is mailed twice: "+pass.TooManyInvitations(p.customer))
	case invitation.Held:
		if attempt := p.member.Status.Attempt; attempt != nil && attempt.Invites {
			attempt.NotAfter = nil // nothing of it can land any more, and it is still meant
		}
	case invitation.Send:
		if err := p.send(ctx, decision.Supersede); err != nil || p.ended {
			return err
		}
	}
	return p.checkRoles()
}

// withdrawnHere: we took the person out, and know it still.
func (p *memberPass) withdrawnHere() bool {
	return p.removal != nil && p.removal.Status.State == v1alpha1.RemovalRemoved && p.removal.Spec.OrganizationID == p.org.ID
}

// consume records that the invitation was used up, once a read by its id says
// that it is gone: the list may be cut.
func (p *memberPass) consume(ctx context.Context) error {
	last := p.member.Status.Invitation
	_, err := p.api().Invitation(ctx, p.org.ID, last.ID)
	switch {
	case auth0.IsNotFound(err):
		last.State, last.UsedUpBy = v1alpha1.InvitationConsumed, p.usedUpBy(ctx, last.ID)
	case err != nil:
		return pass.Auth0("read the invitation", err, p.Now())
	default:
		p.wait(last.ExpiresAt.Sub(p.tenant.Now()))
	}
	return nil
}

// usedUpBy is the user that used up an invitation, empty where Auth0's log may not be
// read, cannot be, or does not tell: it is asked once, and nothing is decided by it.
func (p *memberPass) usedUpBy(ctx context.Context, invitationID string) string {
	scopes, err := p.api().Scopes(ctx)
	if err != nil || !slices.Contains(scopes, "read:logs") {
		return ""
	}
	userID, err := p.api().UsedUpBy(ctx, invitationID)
	if err != nil {
		return ""
	}
	return userID
}

func (p *memberPass) invitationFacts() invitation.Facts {
	status := p.member.Status
	facts := invitation.Facts{
		Now: p.tenant.Now(), ListedAt: p.look.At, Truncated: p.look.Truncated, Lag: directory.Lag, Seen: p.seen(), Foreign: p.foreign(),
		Joined:    len(status.Users) > 0,
		Requested: pass.InviteRequest(p.member, p.Now()) != "",
		Hold:      p.facts.Window != v1alpha1.ReasonContractActive || p.facts.Activating,
	}
	if status.Attempt != nil {
		attempt := people.Attempt(status.Attempt)
		facts.Attempt = &attempt
	}
	if last := status.Invitation; last != nil {
		facts.Last = &invitation.Last{ID: last.ID, State: invitation.State(last.State), ExpiresAt: last.ExpiresAt.Time}
		// SentAt is kept to the second.
		if last.State == v1alpha1.InvitationSent && p.look.At.After(last.SentAt.Add(time.Second)) {
			facts.GoneSince = p.org.GoneSince(last.ID)
		}
	}
	return facts
}

// seen are the invitations of ours to the person.
func (p *memberPass) seen() []invitation.Seen {
	var out []invitation.Seen
	for _, listed := range p.look.InvitationsFor(p.ref()) {
		if grant, ok := p.org.Ours(listed); ok {
			out = append(out, invitation.Seen{ID: listed.ID, Attempt: grant.Attempt, CreatedAt: listed.CreatedAt, ExpiresAt: listed.ExpiresAt})
		}
	}
	return out
}

// foreign are the invitations that others sent to the person, in an organization
// that was adopted with them: nobody gets a second mail because of that.
func (p *memberPass) foreign() []invitation.Seen {
	if !p.org.Adopted() {
		return nil
	}
	var out []invitation.Seen
	for _, listed := range p.look.InvitationsTo(p.email()) {
		if _, ours := p.org.Ours(listed); !ours {
			out = append(out, invitation.Seen{ID: listed.ID, CreatedAt: listed.CreatedAt, ExpiresAt: listed.ExpiresAt})
		}
	}
	return out
}

func (p *memberPass) liveInvitations() (count int) {
	now := p.tenant.Now()
	for _, listed := range p.look.Invitations {
		if now.Before(listed.ExpiresAt) {
			count++
		}
	}
	return count
}

// adopt records an invitation that Auth0 has and the status does not: one of
// ours, or one that is waited for.
func (p *memberPass) adopt(seen invitation.Seen) {
	// An attempt was written with the request that it answers.
	if attempt := p.member.Status.Attempt; attempt == nil || attempt.ID != seen.Attempt {
		p.answerRequest(seen)
	}
	p.recordInvitation(seen)
	if attempt := p.member.Status.Attempt; attempt != nil && attempt.Invites {
		p.member.Status.Attempt = nil
	}
	p.member.Status.Tenant, p.member.Status.OrganizationID = p.tenant.Name, p.org.ID
	// A later request: its own pass waited for what was just found. Under Observe
	// nothing is recorded, and the next pass would find the same.
	if !p.observing() && pass.InviteRequest(p.member, p.Now()) != "" {
		p.wait(0)
	}
}

// answerRequest takes a request that was made before an invitation went out as
// answered by it.
func (p *memberPass) answerRequest(seen invitation.Seen) {
	// Auth0's time is known to about a second and a half.
	sentAt := seen.CreatedAt.Add(p.Now().Sub(p.tenant.Now())).Add(2 * time.Second)
	if request := pass.InviteRequest(p.member, sentAt); request != "" && pass.RequestedBefore(request, sentAt) {
		p.member.Status.LastHandledInviteRequest = request
	}
}

func (p *memberPass) recordInvitation(seen invitation.Seen) {
	state := v1alpha1.InvitationSent
	left := seen.ExpiresAt.Sub(p.tenant.Now())
	if left <= 0 {
		state = v1alpha1.InvitationExpired
	} else {
		p.wait(left)
	}
	p.member.Status.Invitation = &v1alpha1.MemberInvitation{
		ID: seen.ID, Attempt: seen.Attempt, State: state,
		SentAt: metav1.NewTime(seen.CreatedAt), ExpiresAt: metav1.NewTime(seen.ExpiresAt),
	}
}

// send invites the person: who has a profile here already gets the grant first,
// who is a member already gets no mail, earlier links die before the new one is
// made.
func (p *memberPass) send(ctx context.Context, supersede []string) error {
	if err := p.mayInvite(ctx); err != nil {
		return err
	}
	if p.liveInvitations() >= maxLiveInvitations {
		return pass.Wait(v1alpha1.ReasonOnHold, fmt.Sprintf("%d invitations of Customer %s are alive, and Auth0 lists no more than 1,000: the next goes out when one is accepted or expires; nothing is needed", maxLiveInvitations, p.customer.Name), time.Minute)
	}
	// Paid for first: the calls that lead to it would be made again after a wait.
	ctx, release, err := auth0.Reserve(auth0.WithLane(ctx, auth0.LaneInvitation), p.api(), "POST /api/v2/organizations/{id}/invitations")
	if err != nil {
		return pass.Auth0("send the invitation", err, p.Now())
	}
	defer release()
	roleIDs, err := p.wantedRoles(ctx)
	if err != nil {
		return err
	}
	profiles, members, err := p.existingProfiles(ctx)
	if err != nil {
		return err
	}
	if len(members) > 0 {
		p.record(members)
		return p.join(ctx)
	}
	var sent auth0.Invitation
	var attempted string
	err = p.give(ctx, "send the invitation", true, func(ctx context.Context, attempt string) error {
		attempted = attempt
		// Not before the attempt is written: who works on an old version would
		// delete what another pass has just sent.
		for _, id := range supersede {
			if err := p.api().DeleteInvitation(ctx, p.org.ID, id); err != nil {
				return err
			}
		}
		for _, user := range profiles {
			if err := p.api().SetAppMetadata(ctx, user.ID, ownership.GrantKey(p.org.ID), p.grantOf(attempt)); err != nil {
				return err
			}
		}
		var err error
		sent, err = p.api().CreateInvitation(ctx, p.org.ID, p.newInvitation(attempt, roleIDs))
		return err
	})
	if err != nil {
		if attempt := p.member.Status.Attempt; attempt != nil && attempt.NotAfter != nil {
			p.wait(attempt.NotAfter.Add(invitation.Margin).Sub(p.tenant.Now()))
		}
		return err
	}
	if !p.observing() {
		p.org.Sent(sent)
	}
	p.recordInvitation(invitation.Seen{ID: sent.ID, Attempt: attempted, CreatedAt: sent.CreatedAt, ExpiresAt: sent.ExpiresAt})
	return nil
}

// mayInvite judges the Customer that the pass knows: a mail cannot be taken back, and
// none leaves unless the Customer that is read live then is that one.
func (p *memberPass) mayInvite(ctx context.Context) error {
	customer := p.customer
	if !ownership.InDomains(p.email(), pass.Domains(p.customer)) {
		return pass.Person(v1alpha1.ReasonDomainNotAllowed, fmt.Sprintf("the address lies outside the domains of Customer %s (%s): nobody there is invited",
			p.customer.Name, strings.Join(pass.Domains(p.customer), ", ")))
	}
	// Under Observe they are planned, and are not in the status.
	if !p.observing() && len(customer.Spec.Connections) > 0 && len(customer.Status.Connections) < len(customer.Spec.Connections) {
		return pass.Missing(v1alpha1.ReasonCustomerNotReady, fmt.Sprintf("the connections of Customer %s are not all enabled yet: see its condition ConnectionsSynced", p.customer.Name))
	}
	return p.waitForPredecessor(ctx)
}

// waitForPredecessor: a Member of the same address that is being deleted hands
// over what it has, first.
func (p *memberPass) waitForPredecessor(ctx context.Context) error {
	siblings, err := p.siblings(ctx, p.ref())
	if err != nil {
		return err
	}
	for _, sibling := range siblings {
		if people.Leaves(&sibling) && sibling.Status.OrganizationID != "" {
			return pass.Wait(v1alpha1.ReasonInviting, fmt.Sprintf("Member %s of the same address is being deleted and hands over first; nothing is needed", sibling.Name), time.Second)
		}
	}
	return nil
}

func (p *memberPass) newInvitation(attempt string, roleIDs []string) auth0.InvitationCreate {
	spec := p.tenant.Spec()
	create := auth0.InvitationCreate{
		Email: p.email(), InviterName: spec.InviterName, ClientID: spec.Application.ClientID,
		TTL: p.customer.Spec.Invitations.TTL.Duration, RoleIDs: roleIDs,
		AppMetadata: map[string]string{ownership.GrantKey(p.org.ID): p.grantOf(attempt)},
	}
	if connections := p.customer.Status.Connections; len(connections) == 1 {
		create.ConnectionID = connections[0].ID
	}
	return create
}

// waitForConnection: the connection that invitations name was deleted and made anew
// under its name, and the Customer has yet to enable it.
func (p *memberPass) waitForConnection(ctx context.Context) error {
	connections := p.customer.Status.Connections
	if len(connections) != 1 {
		return nil
	}
	known := connections[0]
	connection, err := p.api().ConnectionByName(ctx, known.Name)
	switch {
	case auth0.IsNotFound(err):
		return nil // the Customer says so
	case err != nil:
		return pass.Auth0("read connection "+known.Name, err, p.Now())
	case connection.ID != known.ID:
		return pass.Wait(v1alpha1.ReasonInviting, fmt.Sprintf("connection %s was made anew in Auth0: Customer %s enables it first; nothing is needed", known.Name, p.customer.Name), time.Minute) // which wakes this Member
	}
	return nil
}

// existingProfiles are the person's users in the Customer's own connections,
// and those of the person's users that belong to the organization already.
func (p *memberPass) existingProfiles(ctx context.Context) (profiles, members []auth0.User, err error) {
	for _, spelling := range p.person().Spellings() {
		users, err := p.api().UsersByEmail(ctx, spelling)
		if err != nil {
			return nil, nil, pass.Auth0("look the person up", err, p.Now())
		}
		for _, user := range users {
			if !pass.OwnConnection(p.customer, user) && !user.EmailVerified {
				continue
			}
			member, err := p.isMember(ctx, user.ID)
			if err != nil {
				return nil, nil, err
			}
			if member {
				members = append(members, user)
			} else if pass.OwnConnection(p.customer, user) {
				profiles = append(profiles, user)
			}
		}
	}
	return profiles, members, nil
}
