package signin

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/actions"
	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/wire"
)

// machineTokenLifetime is that of a machine's token where its API names none.
const machineTokenLifetime = 24 * time.Hour

// exchange is a machine's request for a token that may be granted.
type exchange struct {
	client       *state.Client
	audience     string
	scopes       []string
	lifetime     time.Duration
	organization *state.Organization
}

// tokenForClient answers the grant client_credentials: the client's scopes of
// the Management API, or what a client grant gives it of another API, within an
// organization where one is named. The Actions of credentials-exchange decide
// last.
func (si *SignIn) tokenForClient(w http.ResponseWriter, r *http.Request, form url.Values) {
	t := si.world.TenantOf(r)
	si.under(func() answer {
		client, wrong := si.authenticateClient(t, r, form)
		if wrong != nil {
			return oauthAnswer(wrong)
		}
		e, wrong := si.machineExchange(t, client, form)
		if wrong != nil {
			return oauthAnswer(wrong)
		}
		run := si.prepare(t, actions.CredentialsExchange, si.machineEvent(t, e, r, form))
		return func(w http.ResponseWriter, r *http.Request) {
			effects := run(r, nil)
			si.under(func() answer { return si.machineToken(t, e, effects) })(w, r)
		}
	})(w, r)
}

// machineExchange finds what a client may have of an API.
func (si *SignIn) machineExchange(t *state.Tenant, client *state.Client, form url.Values) (*exchange, *oauthError) {
	e := &exchange{client: client, audience: form.Get("audience"), lifetime: machineTokenLifetime}
	management := e.audience == si.world.Issuer(t)+"api/v2/"
	api := t.ResourceServerByIdentifier(e.audience)
	grant := t.ClientGrants.Find(func(g *state.ClientGrant) bool {
		return g.ClientID == client.ClientID && g.Audience == e.audience && g.SubjectType != "user"
	})
	held := client.Scopes
	if !management && grant != nil {
		held = grant.Scope
	}
	switch {
	case client.Secret == "" && len(client.PublicKeys) == 0,
		len(client.GrantTypes) > 0 && !slices.Contains(client.GrantTypes, state.GrantClientCredentials):
		return nil, oauthErr(http.StatusForbidden, "unauthorized_client", "Grant type 'client_credentials' not allowed for the client.")
	case !management && api == nil:
		return nil, oauthErr(http.StatusForbidden, "access_denied", "Service not enabled within domain: "+e.audience)
	case management && len(held) == 0, !management && grant == nil:
		return nil, oauthErr(http.StatusForbidden, "access_denied", "Client is not authorized to access \""+e.audience+
			"\". You need to create a \"client-grant\" associated to this API.")
	}
	e.scopes = slices.Clone(held)
	if asked := form.Get("scope"); asked != "" {
		e.scopes = slices.DeleteFunc(words(asked), func(scope string) bool { return !slices.Contains(held, scope) })
	}
	if api != nil {
		if seconds, ok := api.Properties["token_lifetime"].(float64); ok {
			e.lifetime = time.Duration(seconds) * time.Second
		}
	}
	var wrong *oauthError
	e.organization, wrong = organizationOf(t, grant, form.Get("organization"))
	return e, wrong
}

// organizationOf returns the organization, by id or name, for which a client
// grant gives access; nil where none is asked for and none is needed. Auth0
// documents the rule, and not the words of a refusal.
func organizationOf(t *state.Tenant, grant *state.ClientGrant, asked string) (*state.Organization, *oauthError) {
	usage := ""
	if grant != nil {
		usage = grant.OrganizationUsage
	}
	if asked == "" {
		if usage == usageRequire {
			return nil, oauthErr(http.StatusForbidden, "invalid_request", "parameter organization is required for this client")
		}
		return nil, nil
	}
	if usage != "allow" && usage != usageRequire {
		return nil, oauthErr(http.StatusForbidden, "invalid_request", "parameter organization is not allowed for this client")
	}
	organization := t.Organizations.Get(asked)
	if organization == nil {
		organization = t.OrganizationByName(asked)
	}
	anyOne := grant.AllowAnyOrganization != nil && *grant.AllowAnyOrganization
	if organization == nil || !anyOne && !slices.Contains(grant.Organizations, organization.ID) {
		return nil, oauthErr(http.StatusForbidden, "access_denied", "Client is not authorized to access the organization")
	}
	return organization, nil
}

// machineEvent is what Actions of credentials-exchange see.
func (si *SignIn) machineEvent(t *state.Tenant, e *exchange, r *http.Request, form url.Values) map[string]any {
	request := requestForEvent(r)
	delete(request, "query")
	request["body"] = parameters(form)
	event := map[string]any{
		"accessToken": map[string]any{"customClaims": map[string]any{}, "scope": e.scopes},
		"client": map[string]any{
			"client_id": e.client.ClientID, "name": e.client.Name, "metadata": anyValues(e.client.Metadata),
		},
		"request":         request,
		"resource_server": map[string]any{"identifier": e.audience},
		"tenant":          map[string]any{"id": t.Domain},
		"transaction":     map[string]any{"requested_scopes": words(form.Get("scope"))},
	}
	if e.organization != nil {
		event["organization"] = si.organizationForEvent(e.organization)
	}
	return event
}

// machineToken signs the token, unless an Action denied it. The status of a
// denial is not documented; it is taken for OAuth's.
func (si *SignIn) machineToken(t *state.Tenant, e *exchange, effects *actions.Effects) answer {
	switch {
	case effects.Err != nil:
		return oauthAnswer(oauthErr(http.StatusInternalServerError, "server_error", "An Action of this tenant failed."))
	case effects.Denial != nil && effects.Denial.Code == "server_error":
		return oauthAnswer(oauthErr(http.StatusInternalServerError, effects.Denial.Code, effects.Denial.Reason))
	case effects.Denial != nil:
		return oauthAnswer(oauthErr(http.StatusBadRequest, effects.Denial.Code, effects.Denial.Reason))
	}
	scope, now := strings.Join(e.scopes, " "), si.world.Clock.Now()
	claims := map[string]any{}
	maps.Copy(claims, effects.AccessTokenClaims)
	maps.Copy(claims, map[string]any{
		"iss": si.world.Issuer(t), "sub": e.client.ClientID + "@clients", "aud": e.audience, "azp": e.client.ClientID,
		"iat": now.Unix(), "exp": now.Add(e.lifetime).Unix(), "scope": scope, "gty": "client-credentials",
	})
	delete(claims, "org_id")
	if e.organization != nil {
		claims["org_id"] = e.organization.ID
	}
	token, err := si.world.Keys.Sign(claims)
	if err != nil {
		return oauthAnswer(oauthErr(http.StatusInternalServerError, "server_error", "sign the token"))
	}
	si.world.Secrets.Add(state.SecretAccessToken, token)
	body := map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": int(e.lifetime.Seconds())}
	if scope != "" {
		body["scope"] = scope
	}
	return func(w http.ResponseWriter, _ *http.Request) { wire.WriteJSON(w, http.StatusOK, body) }
}
