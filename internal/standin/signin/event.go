package signin

import (
	"net/http"
	"slices"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/actions"
	"github.com/seatwarden/seatwarden/internal/standin/state"
)

// cachedMetadata is an organization's metadata as Actions see it until a time.
type cachedMetadata struct {
	values map[string]any
	until  time.Time
}

// prepare takes the bound Actions of a trigger out of the tenant, so that they
// can run without the lock: from the start, or from where earlier effects were
// suspended.
func (si *SignIn) prepare(t *state.Tenant, trigger actions.Trigger, event map[string]any) func(*http.Request, *actions.Effects) *actions.Effects {
	var bound []actions.Action
	for _, binding := range t.Bindings[string(trigger)] {
		action := t.Actions.Get(binding.ActionID)
		if action == nil || action.Deployed == nil {
			continue
		}
		secrets := map[string]string{}
		for _, secret := range action.Deployed.Secrets {
			secrets[secret.Name] = secret.Value
		}
		bound = append(bound, actions.Action{Name: action.Name, Code: action.Deployed.Code, Secrets: secrets})
	}
	options := actions.Options{Now: si.world.Clock.Now, Enterprise: state.HasSessionEndpoints(si.world.InForce.Profile)}
	return func(r *http.Request, suspended *actions.Effects) *actions.Effects {
		if suspended == nil {
			return actions.Run(r.Context(), trigger, bound, event, options)
		}
		actions.Resume(r.Context(), trigger, bound, event, options, suspended)
		return suspended
	}
}

// loginEvent is what post-login Actions see of an interactive sign-in.
func (si *SignIn) loginEvent(tx *transaction, client *state.Client, user *state.User, who *authenticated) map[string]any {
	event := si.event(tx.tenant, client, user, who.connection, tx.organizationID)
	event["request"] = tx.request
	event["transaction"] = map[string]any{
		"protocol": protocolLogin, "redirect_uri": tx.redirectURI, "state": tx.state, "prompt": words(tx.prompt),
		"requested_scopes": words(tx.scope), "login_hint": tx.loginHint, "acr_values": []string{}, "ui_locales": []string{},
	}
	var methods []any
	if who.method != "" {
		methods = append(methods, map[string]any{"name": who.method, "timestamp": si.world.Clock.Now().Format(time.RFC3339Nano)})
	}
	if session := who.session; session != nil {
		for _, method := range session.Methods {
			methods = append(methods, map[string]any{
				"name": method.URL, "url": method.URL, "timestamp": method.At.Format(time.RFC3339Nano),
			})
		}
		event["session"] = map[string]any{
			"id": session.ID, "created_at": session.CreatedAt, "authenticated_at": session.AuthenticatedAt,
			"metadata": anyValues(session.Metadata),
		}
	}
	event["authentication"] = map[string]any{"methods": methods}
	return event
}

// refreshEvent is what post-login Actions see when a refresh token is exchanged.
func (si *SignIn) refreshEvent(t *state.Tenant, client *state.Client, user *state.User, token *state.RefreshToken, r *http.Request) map[string]any {
	organizationID := token.OrganizationID
	if si.world.InForce.OrganizationOnRefresh == state.Absent {
		organizationID = ""
	}
	event := si.event(t, client, user, token.Connection, organizationID)
	event["request"] = requestForEvent(r)
	event["transaction"] = map[string]any{"protocol": protocolRefresh, "requested_scopes": words(token.Scope)}
	if state.HasSessionEndpoints(si.world.InForce.Profile) {
		event["refresh_token"] = map[string]any{
			"id": token.ID, "client_id": token.ClientID, "created_at": token.CreatedAt, "metadata": anyValues(token.Metadata),
		}
	}
	return event
}

// event has what both kinds of post-login events share.
func (si *SignIn) event(t *state.Tenant, client *state.Client, user *state.User, connection, organizationID string) map[string]any {
	event := map[string]any{
		"tenant":          map[string]any{"id": t.Domain},
		"client":          map[string]any{"client_id": client.ClientID, "name": client.Name, "metadata": anyValues(client.Metadata)},
		"user":            userForEvent(user),
		"stats":           map[string]any{"logins_count": user.LoginsCount},
		"authorization":   map[string]any{"roles": []string{}},
		"resource_server": map[string]any{"identifier": si.world.Issuer(t) + "userinfo"},
	}
	if c := t.ConnectionByName(connection); c != nil {
		event["connection"] = map[string]any{"id": c.ID, "name": c.Name, "strategy": c.Strategy, "metadata": anyValues(c.Metadata)}
	}
	if o := t.Organizations.Get(organizationID); o != nil {
		event["organization"] = si.organizationForEvent(o)
		event["authorization"] = map[string]any{"roles": roleNames(t, o.MemberRoles[user.UserID])}
	}
	return event
}

func (si *SignIn) organizationForEvent(o *state.Organization) map[string]any {
	return map[string]any{"id": o.ID, "name": o.Name, "display_name": displayName(o), "metadata": si.metadataOf(o)}
}

// metadataOf is an organization's metadata as Actions see it.
func (si *SignIn) metadataOf(o *state.Organization) map[string]any {
	lifetime, now := time.Duration(si.world.InForce.OrganizationMetadataCache), si.world.Clock.Now()
	if lifetime == 0 {
		return anyValues(o.Metadata)
	}
	cached, there := si.metadata[o.ID]
	if !there || now.After(cached.until) {
		cached = cachedMetadata{values: anyValues(o.Metadata), until: now.Add(lifetime)}
		si.metadata[o.ID] = cached
	}
	return cached.values
}

func userForEvent(u *state.User) map[string]any {
	identities := []any{}
	for _, i := range u.Identities {
		identities = append(identities, map[string]any{
			"user_id": i.UserID, "connection": i.Connection, "provider": i.Provider, "isSocial": i.IsSocial,
		})
	}
	seen := map[string]any{
		"user_id": u.UserID, "email_verified": u.EmailVerified, "name": u.Name, "nickname": u.Nickname,
		"app_metadata": actions.Merge(u.AppMetadata, nil), "user_metadata": actions.Merge(u.UserMetadata, nil),
		"identities": identities, "created_at": u.CreatedAt, "updated_at": u.UpdatedAt,
	}
	if u.Email != "" {
		seen["email"] = u.Email
	}
	return seen
}

func roleNames(t *state.Tenant, ids []string) []string {
	names := []string{}
	for _, id := range ids {
		if role := t.Roles.Get(id); role != nil {
			names = append(names, role.Name)
		}
	}
	slices.Sort(names)
	return names
}

func anyValues(in map[string]string) map[string]any {
	out := map[string]any{}
	for key, value := range in {
		out[key] = value
	}
	return out
}
