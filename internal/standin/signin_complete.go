package standin

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/actions"
)

// authenticated is a person whom a connection or a session vouched for.
type authenticated struct {
	userID     string
	connection string
	// isNew: the profile was made in this sign-in.
	isNew bool
	// method is federated or pwd; empty when a session stood in.
	method  string
	session *Session
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
func (si *signIn) signedIn(tx *transaction, who *authenticated) answer {
	if user := tx.tenant.users.get(who.userID); user.Blocked {
		return si.complete(tx, who)
	}
	now := si.world.clock.Now()
	who.session = &Session{
		ID: newID("sess_"), Cookie: randomString(43), UserID: who.userID, Connection: who.connection,
		CreatedAt: now, UpdatedAt: now, AuthenticatedAt: now,
		IdleExpiresAt: now.Add(sessionIdleLifetime), ExpiresAt: now.Add(sessionLifetime),
	}
	si.world.secrets.Add(SecretSession, who.session.Cookie)
	tx.tenant.sessions.put(who.session.ID, who.session)
	next := si.complete(tx, who)
	return func(w http.ResponseWriter, r *http.Request) {
		si.setSessionCookie(w, who.session.Cookie, 0)
		next(w, r)
	}
}

// complete goes through the steps after authentication in Auth0's order:
// blocked, invitation or membership, Actions, code.
func (si *signIn) complete(tx *transaction, who *authenticated) answer {
	t := tx.tenant
	user, client := t.users.get(who.userID), t.clients.get(tx.clientID)
	if user == nil || client == nil {
		return si.sendBack(tx, refuse("access_denied", "the user or the application no longer exists"))
	}
	if user.Blocked {
		return si.fail(tx, user, logFailure, refuse("unauthorized", "user is blocked"))
	}
	if tx.organizationID == "" && client.OrganizationUsage == usageRequire {
		tx.who = who
		own := si.organizationsOf(tx)
		switch len(own) {
		case 0:
			return si.fail(tx, user, logFailure, refuse("invalid_request",
				"client requires organization membership, but user does not belong to any organization"))
		case 1:
			tx.organizationID = own[0].ID
		default:
			return organizationPage(tx, own, "")
		}
	}
	delete(si.transactions, tx.id)
	before := cloneJSON(*user)
	if kind, wrong := si.enter(tx, user, who); wrong != nil {
		return si.fail(tx, user, kind, wrong)
	}
	now := si.world.clock.Now()
	user.LastLogin, user.LoginsCount = now, user.LoginsCount+1
	t.saveUser(user, now)
	shown := cloneJSON(*user)
	if tx.ticket != "" && si.world.inForce.InvitationMetadata.Visible == VisibleNextSignIn {
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
func (si *signIn) enter(tx *transaction, user *User, who *authenticated) (string, *refusal) {
	if tx.organizationID == "" {
		return "", nil
	}
	o, c := tx.tenant.organizations.get(tx.organizationID), tx.tenant.connectionByName(who.connection)
	if o == nil || c == nil {
		return logFailure, refuse("invalid_request", "the specified organization does not exist")
	}
	invitation, wrong := si.invitation(tx)
	if wrong != nil {
		return logInvitationFailed, wrong
	}
	now := si.world.clock.Now()
	if invitation != nil {
		if user.Email != "" || si.world.inForce.EmailMissingAtAcceptance == Removed {
			o.invitations.remove(invitation.ID)
			si.used[tx.ticket] = now.Add(transactionLifetime)
		}
		if !si.invited(invitation, user) {
			refused := refuse("access_denied", "the specified account is not allowed to accept the current invitation")
			refused.details = detailsOfInvitation(o, invitation)
			return logInvitationFailed, refused
		}
		if o.addMember(user.UserID, now) {
			si.logMember(tx, user, addedByInvitation, now)
		}
		o.addMemberRoles(user.UserID, invitation.Roles, now)
		user.EmailVerified = true
		si.applyInvitation(invitation, user, who.isNew)
		tx.tenant.saveUser(user, now)
		entry := si.logEntry(tx, user, logInvitationAccepted, "Invitation accepted")
		entry.Details = detailsOfInvitation(o, invitation)
		tx.tenant.log(entry, now)
		return "", nil
	}
	if o.isMember(user.UserID) {
		return "", nil
	}
	if enabled := o.enabledConnection(c.ID); enabled != nil && enabled.AssignMembershipOnLogin {
		if o.addMember(user.UserID, now) {
			si.logMember(tx, user, addedByLogin, now)
		}
		return "", nil
	}
	return logFailure, refuse("access_denied", notPartOf(user, o))
}

func notPartOf(user *User, o *Organization) string {
	return fmt.Sprintf("user %s is not part of the %s organization", user.UserID, o.ID)
}

// invited compares the account's e-mail with the invited one.
func (si *signIn) invited(invitation *Invitation, user *User) bool {
	if si.world.inForce.InvitationEmailCase == CaseExact {
		return user.Email == invitation.InviteeEmail
	}
	return strings.EqualFold(user.Email, invitation.InviteeEmail)
}

// applyInvitation does to the profile what the setting InvitationMetadata says.
func (si *signIn) applyInvitation(invitation *Invitation, user *User, isNew bool) {
	how := si.world.inForce.InvitationMetadata.Existing
	if isNew {
		how = si.world.inForce.InvitationMetadata.New
	}
	switch how {
	case MetadataApplied, MetadataMerged:
		user.AppMetadata = actions.Merge(user.AppMetadata, invitation.AppMetadata)
		user.UserMetadata = actions.Merge(user.UserMetadata, invitation.UserMetadata)
	case MetadataReplaced:
		user.AppMetadata = cloneJSON(invitation.AppMetadata)
		user.UserMetadata = cloneJSON(invitation.UserMetadata)
	}
}

// authorized applies what the Actions did and hands out a code, or refuses.
func (si *signIn) authorized(tx *transaction, who *authenticated, effects *actions.Effects) answer {
	user := tx.tenant.users.get(who.userID)
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
		entry := si.logEntry(tx, user, logFailure, wrong.description)
		entry.Details = detailsOf(effects)
		tx.tenant.log(entry, si.world.clock.Now())
		return si.sendBack(tx, wrong)
	}
	now := si.world.clock.Now()
	if who.session != nil && !slices.Contains(who.session.ClientIDs, tx.clientID) {
		who.session.ClientIDs = append(who.session.ClientIDs, tx.clientID)
	}
	code := randomString(43)
	si.world.secrets.Add(SecretAuthorizationCode, code)
	si.authorizations[code] = &authorization{tx: tx, who: who, effects: effects, expires: now.Add(codeLifetime)}
	entry := si.logEntry(tx, user, logSuccess, "Success Login")
	entry.Details = detailsOf(effects)
	tx.tenant.log(entry, now)
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
func (si *signIn) applyEffects(t *Tenant, user *User, effects *actions.Effects) {
	if len(effects.AppMetadata)+len(effects.UserMetadata) > 0 {
		user.AppMetadata = actions.Merge(user.AppMetadata, effects.AppMetadata)
		user.UserMetadata = actions.Merge(user.UserMetadata, effects.UserMetadata)
		t.saveUser(user, si.world.clock.Now())
	}
}

// applyToSession does to a session what Actions asked for. A revoked one takes
// its refresh tokens along, unless they are to be preserved.
func (si *signIn) applyToSession(t *Tenant, session *Session, effects *actions.Effects) {
	session.Metadata = annotated(session.Metadata, effects.SessionMetadata)
	session.ExpiresAt = earlier(session.ExpiresAt, effects.Session.ExpiresAt)
	session.IdleExpiresAt = earlier(session.IdleExpiresAt, effects.Session.IdleExpiresAt)
	for _, method := range effects.Methods {
		session.Methods = append(session.Methods, SessionMethod{URL: method, At: si.world.clock.Now()})
	}
	if !effects.RevokeSession {
		return
	}
	t.sessions.remove(session.ID)
	for _, token := range t.refreshTokens.all() {
		if token.SessionID == session.ID && !effects.PreserveRefreshTokens {
			t.refreshTokens.remove(token.ID)
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
func (si *signIn) fail(tx *transaction, user *User, kind string, wrong *refusal) answer {
	entry := si.logEntry(tx, user, kind, wrong.description)
	entry.Details = wrong.details
	tx.tenant.log(entry, si.world.clock.Now())
	return si.sendBack(tx, wrong)
}

func (si *signIn) logEntry(tx *transaction, user *User, kind, description string) LogEntry {
	entry := LogEntry{
		Type: kind, Description: description, ClientID: tx.clientID, UserID: user.UserID, UserName: user.Email,
		OrganizationID: tx.organizationID,
	}
	if len(user.Identities) > 0 {
		entry.Connection = user.Identities[0].Connection
	}
	if o := tx.tenant.organizations.get(tx.organizationID); o != nil {
		entry.OrganizationName = o.Name
	}
	return entry
}
