package signin

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/actions"
	"github.com/seatwarden/seatwarden/internal/standin/state"
)

// authenticated is a person whom a connection or a session vouched for.
type authenticated struct {
	userID     string
	connection string
	// isNew: the profile was made in this sign-in.
	isNew bool
	// method is federated or pwd; empty when a session stood in.
	method  string
	session *state.Session
}

// authorization is a sign-in that succeeded and waits for its exchange.
type authorization struct {
	tx      *transaction
	who     *authenticated
	effects *actions.Effects
	expires time.Time
}

// signedIn begins a session, as Auth0 does whatever is decided about the
// organization afterwards, and goes on with the sign-in.
func (si *SignIn) signedIn(tx *transaction, who *authenticated) answer {
	if user := tx.tenant.Users.Get(who.userID); user.Blocked {
		return si.complete(tx, who)
	}
	now := si.world.Clock.Now()
	who.session = &state.Session{
		ID: state.NewID("sess_"), Cookie: state.RandomString(43), UserID: who.userID, Connection: who.connection,
		CreatedAt: now, UpdatedAt: now, AuthenticatedAt: now,
		IdleExpiresAt: now.Add(sessionIdleLifetime), ExpiresAt: now.Add(sessionLifetime),
	}
	si.world.Secrets.Add(state.SecretSession, who.session.Cookie)
	tx.tenant.Sessions.Put(who.session.ID, who.session)
	next := si.complete(tx, who)
	return func(w http.ResponseWriter, r *http.Request) {
		si.setSessionCookie(w, who.session.Cookie, 0)
		next(w, r)
	}
}

// complete goes through the steps after authentication in Auth0's order:
// blocked, invitation or membership, Actions, code.
func (si *SignIn) complete(tx *transaction, who *authenticated) answer {
	t := tx.tenant
	user, client := t.Users.Get(who.userID), t.Clients.Get(tx.clientID)
	if user == nil || client == nil {
		return si.sendBack(tx, refuse("access_denied", "the user or the application no longer exists"))
	}
	if user.Blocked {
		return si.fail(tx, user, state.LogFailure, refuse("unauthorized", "user is blocked"))
	}
	if tx.organizationID == "" && client.OrganizationUsage == usageRequire {
		tx.who = who
		own := si.organizationsOf(tx)
		switch len(own) {
		case 0:
			return si.fail(tx, user, state.LogFailure, refuse("invalid_request",
				"client requires organization membership, but user does not belong to any organization"))
		case 1:
			tx.organizationID = own[0].ID
		default:
			return organizationPage(tx, own, "")
		}
	}
	delete(si.transactions, tx.id)
	before := state.CloneJSON(*user)
	if kind, wrong := si.enter(tx, user, who); wrong != nil {
		return si.fail(tx, user, kind, wrong)
	}
	now := si.world.Clock.Now()
	user.LastLogin, user.LoginsCount = now, user.LoginsCount+1
	t.SaveUser(user, now)
	shown := state.CloneJSON(*user)
	if tx.ticket != "" && si.world.InForce.InvitationMetadata.Visible == state.VisibleNextSignIn {
		shown.AppMetadata, shown.UserMetadata = before.AppMetadata, before.UserMetadata
	}
	run := si.prepare(t, actions.PostLogin, si.loginEvent(tx, client, &shown, who))
	return func(w http.ResponseWriter, r *http.Request) {
		effects := run(r, nil)
		si.under(func() answer { return si.authorized(tx, who, effects) })(w, r)
	}
}

// enter lets a person into the organization of the sign-in: by accepting the
// invitation, by membership, or by becoming a member on login. With a refusal
// comes the type of its log entry.
func (si *SignIn) enter(tx *transaction, user *state.User, who *authenticated) (string, *refusal) {
	if tx.organizationID == "" {
		return "", nil
	}
	o, c := tx.tenant.Organizations.Get(tx.organizationID), tx.tenant.ConnectionByName(who.connection)
	if o == nil || c == nil {
		return state.LogFailure, refuse("invalid_request", "the specified organization does not exist")
	}
	invitation, wrong := si.invitation(tx)
	if wrong != nil {
		return state.LogInvitationFailed, wrong
	}
	now := si.world.Clock.Now()
	if invitation != nil {
		if user.Email != "" || si.world.InForce.EmailMissingAtAcceptance == state.Removed {
			o.Invitations.Remove(invitation.ID)
			si.used[tx.ticket] = now.Add(transactionLifetime)
		}
		if !si.invited(invitation, user) {
			refused := refuse("access_denied", "the specified account is not allowed to accept the current invitation")
			refused.details = detailsOfInvitation(o, invitation)
			return state.LogInvitationFailed, refused
		}
		if o.AddMember(user.UserID, now) {
			si.logMember(tx, user, state.AddedByInvitation, now)
		}
		o.AddMemberRoles(user.UserID, invitation.Roles, now)
		user.EmailVerified = true
		si.applyInvitation(invitation, user, who.isNew)
		tx.tenant.SaveUser(user, now)
		entry := si.logEntry(tx, user, state.LogInvitationAccepted, "Invitation accepted")
		entry.Details = detailsOfInvitation(o, invitation)
		tx.tenant.Log(entry, now)
		return "", nil
	}
	if o.IsMember(user.UserID) {
		return "", nil
	}
	if enabled := o.EnabledConnection(c.ID); enabled != nil && enabled.AssignMembershipOnLogin {
		if o.AddMember(user.UserID, now) {
			si.logMember(tx, user, state.AddedByLogin, now)
		}
		return "", nil
	}
	return state.LogFailure, refuse("access_denied", notPartOf(user, o))
}

func notPartOf(user *state.User, o *state.Organization) string {
	return fmt.Sprintf("user %s is not part of the %s organization", user.UserID, o.ID)
}

// invited compares the account's e-mail with the invited one.
func (si *SignIn) invited(invitation *state.Invitation, user *state.User) bool {
	if si.world.InForce.InvitationEmailCase == state.CaseExact {
		return user.Email == invitation.InviteeEmail
	}
	return strings.EqualFold(user.Email, invitation.InviteeEmail)
}

// applyInvitation does to the profile what the setting InvitationMetadata says.
func (si *SignIn) applyInvitation(invitation *state.Invitation, user *state.User, isNew bool) {
	how := si.world.InForce.InvitationMetadata.Existing
	if isNew {
		how = si.world.InForce.InvitationMetadata.New
	}
	switch how {
	case state.MetadataApplied, state.MetadataMerged:
		user.AppMetadata = actions.Merge(user.AppMetadata, invitation.AppMetadata)
		user.UserMetadata = actions.Merge(user.UserMetadata, invitation.UserMetadata)
	case state.MetadataReplaced:
		user.AppMetadata = state.CloneJSON(invitation.AppMetadata)
		user.UserMetadata = state.CloneJSON(invitation.UserMetadata)
	}
}

// authorized applies what the Actions did and hands out a code, or refuses.
func (si *SignIn) authorized(tx *transaction, who *authenticated, effects *actions.Effects) answer {
	user := tx.tenant.Users.Get(who.userID)
	if user == nil {
		return si.sendBack(tx, refuse("access_denied", "the user no longer exists"))
	}
	if effects.Suspension != nil {
		return si.pause(tx, user, who, effects)
	}
	si.applyEffects(tx.tenant, user, effects)
	if who.session != nil {
		si.applyToSession(tx.tenant, who.session, effects)
	}
	if wrong := refusalOf(effects); wrong != nil {
		entry := si.logEntry(tx, user, state.LogFailure, wrong.description)
		entry.Details = detailsOf(effects)
		tx.tenant.Log(entry, si.world.Clock.Now())
		return si.sendBack(tx, wrong)
	}
	now := si.world.Clock.Now()
	if who.session != nil && !slices.Contains(who.session.ClientIDs, tx.clientID) {
		who.session.ClientIDs = append(who.session.ClientIDs, tx.clientID)
	}
	code := state.RandomString(43)
	si.world.Secrets.Add(state.SecretAuthorizationCode, code)
	si.authorizations[code] = &authorization{tx: tx, who: who, effects: effects, expires: now.Add(codeLifetime)}
	entry := si.logEntry(tx, user, state.LogSuccess, "Success Login")
	entry.Details = detailsOf(effects)
	tx.tenant.Log(entry, now)
	return redirect(withQuery(tx.redirectURI, url.Values{"code": {code}, "state": {tx.state}}))
}

// refusalOf turns what the Actions did into the error that the application
// sees. What an Action threw stays in the tenant log.
func refusalOf(effects *actions.Effects) *refusal {
	switch {
	case effects.Err != nil:
		return refuse("access_denied", "An Action of this tenant failed.")
	case effects.Denial != nil:
		return refuse("access_denied", effects.Denial.Reason)
	}
	return nil
}

// applyEffects writes the metadata that Actions changed, also when they refused.
func (si *SignIn) applyEffects(t *state.Tenant, user *state.User, effects *actions.Effects) {
	if len(effects.AppMetadata)+len(effects.UserMetadata) > 0 {
		user.AppMetadata = actions.Merge(user.AppMetadata, effects.AppMetadata)
		user.UserMetadata = actions.Merge(user.UserMetadata, effects.UserMetadata)
		t.SaveUser(user, si.world.Clock.Now())
	}
}

// applyToSession does to a session what Actions asked for. A revoked one takes
// its refresh tokens along, unless they are to be preserved.
func (si *SignIn) applyToSession(t *state.Tenant, session *state.Session, effects *actions.Effects) {
	session.Metadata = annotated(session.Metadata, effects.SessionMetadata)
	session.ExpiresAt = state.Earlier(session.ExpiresAt, effects.Session.ExpiresAt)
	session.IdleExpiresAt = state.Earlier(session.IdleExpiresAt, effects.Session.IdleExpiresAt)
	for _, method := range effects.Methods {
		session.Methods = append(session.Methods, state.SessionMethod{URL: method, At: si.world.Clock.Now()})
	}
	if !effects.RevokeSession {
		return
	}
	t.Sessions.Remove(session.ID)
	for _, token := range t.RefreshTokens.All() {
		if token.SessionID == session.ID && !effects.PreserveRefreshTokens {
			t.RefreshTokens.Remove(token.ID)
		}
	}
}

// annotated is metadata with the changes of Actions; nil deletes a key.
func annotated(metadata map[string]string, changes map[string]any) map[string]string {
	merged := map[string]string{}
	maps.Copy(merged, metadata)
	for key, value := range changes {
		if text, isText := value.(string); isText {
			merged[key] = text
		} else {
			delete(merged, key)
		}
	}
	return merged
}

// detailsOf are the details of a log entry: what Actions wrote to the console,
// which Auth0 shows in its real-time logs, and what they threw.
func detailsOf(effects *actions.Effects) map[string]any {
	details := map[string]any{}
	var lines []string
	for _, line := range effects.Logs {
		lines = append(lines, line.Action+": "+line.Text)
	}
	if len(lines) > 0 {
		details["console"] = lines
	}
	if effects.Err != nil {
		details["error"] = effects.Err.Error()
	}
	return details
}

// fail ends a sign-in with a refusal and a line in the tenant log.
func (si *SignIn) fail(tx *transaction, user *state.User, kind string, wrong *refusal) answer {
	entry := si.logEntry(tx, user, kind, wrong.description)
	entry.Details = wrong.details
	tx.tenant.Log(entry, si.world.Clock.Now())
	return si.sendBack(tx, wrong)
}

func (si *SignIn) logEntry(tx *transaction, user *state.User, kind, description string) state.LogEntry {
	entry := state.LogEntry{
		Type: kind, Description: description, ClientID: tx.clientID, UserID: user.UserID, UserName: user.Email,
		OrganizationID: tx.organizationID,
	}
	if len(user.Identities) > 0 {
		entry.Connection = user.Identities[0].Connection
	}
	if o := tx.tenant.Organizations.Get(tx.organizationID); o != nil {
		entry.OrganizationName = o.Name
	}
	return entry
}
