package management

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/traffic"
	"github.com/seatwarden/seatwarden/internal/standin/wire"
)

const (
	maxInvitationTTL  = 2592000 // seconds
	maxRolesPerMember = 50
)

var createInvitationSchema = schema{kind: typeObject, properties: map[string]schema{
	"inviter": {kind: typeObject, required: true, properties: map[string]schema{
		"name": {kind: typeString, required: true, min: 1, max: 300, description: "The inviter's name."},
	}},
	"invitee": {kind: typeObject, required: true, properties: map[string]schema{
		"email": {kind: typeString, required: true, email: true, description: "The invitee's email."},
	}},
	"client_id":             {kind: typeString, required: true, description: "Auth0 client ID. Used to resolve the application's login initiation endpoint."},
	"connection_id":         {kind: typeString, description: "The id of the connection to force invitee to authenticate with."},
	"ttl_sec":               {kind: typeInteger, max: maxInvitationTTL, description: "Number of seconds for which the invitation is valid before expiration. If unspecified or set to 0, this value defaults to 604800 seconds (7 days). Max value: 2592000 seconds (30 days)."},
	"roles":                 {kind: typeArray, min: 1, max: maxRolesPerMember, items: &schema{kind: typeString, min: 1}, description: "List of roles IDs to associated with the user."},
	"app_metadata":          {kind: typeObject, any: true},
	"user_metadata":         {kind: typeObject, any: true},
	"send_invitation_email": {kind: typeBoolean},
}}

type invitationBody struct {
	Inviter             struct{ Name string }  `json:"inviter"`
	Invitee             struct{ Email string } `json:"invitee"`
	ClientID            string                 `json:"client_id"`
	ConnectionID        string                 `json:"connection_id"`
	TTL                 int                    `json:"ttl_sec"`
	Roles               []string               `json:"roles"`
	AppMetadata         map[string]any         `json:"app_metadata"`
	UserMetadata        map[string]any         `json:"user_metadata"`
	SendInvitationEmail *bool                  `json:"send_invitation_email"`
}

func invitationRoutes(rt *router) {
	const collection, one = "/organizations/{id}/invitations", "/organizations/{id}/invitations/{invitation_id}"
	rt.add("GET", collection, 200, traffic.LimitInvitationsRead, listInvitations, "read:organization_invitations")
	rt.add("POST", collection, 201, traffic.LimitInvitationsWrite, createInvitation, "create:organization_invitations")
	rt.add("GET", one, 200, traffic.LimitInvitationsRead, getInvitation, "read:organization_invitations")
	rt.add("DELETE", one, 204, traffic.LimitInvitationsWrite, deleteInvitation, "delete:organization_invitations")
}

func invitationItem(o *state.Organization, i *state.Invitation) map[string]any {
	item := map[string]any{
		"id": i.ID, "client_id": i.ClientID, "organization_id": o.ID, "ticket_id": i.TicketID, "invitation_url": i.URL,
		"inviter":    map[string]any{"name": i.InviterName},
		"invitee":    map[string]any{"email": i.InviteeEmail},
		"created_at": state.Timestamp(i.CreatedAt), "expires_at": state.Timestamp(i.ExpiresAt),
	}
	state.Put(item, "connection_id", i.ConnectionID)
	state.Put(item, "roles", i.Roles)
	state.Put(item, "app_metadata", i.AppMetadata)
	state.Put(item, "user_metadata", i.UserMetadata)
	return item
}

// listInvitations has no total, no checkpoint style and no filter, as Auth0's.
func listInvitations(c *call) (any, error) {
	o, err := c.organization()
	if err != nil {
		return nil, err
	}
	if err := c.query.allow(); err != nil {
		return nil, err
	}
	field, descending, err := c.sortOrder("created_at")
	if err != nil {
		return nil, err
	}
	if strings.Contains(c.query.get("fields"), "ticket_id") {
		return nil, wire.InvalidQuery("fields", "", "No enum match for: ticket_id")
	}
	c.world.PurgeInvitations(o, c.now)
	rows := o.Invitations.All()
	if field == "" || descending {
		slices.Reverse(rows)
	}
	item := func(i *state.Invitation) map[string]any { return invitationItem(o, i) }
	return list(c, listing[*state.Invitation]{key: "invitations", item: item, noTotal: true, limitIsCount: true}, rows)
}

func createInvitation(c *call) (any, error) {
	o, err := c.organization()
	if err != nil {
		return nil, err
	}
	var body invitationBody
	if err := c.decode(createInvitationSchema, &body); err != nil {
		return nil, err
	}
	client, err := c.invitationClient(o, body)
	if err != nil {
		return nil, err
	}
	ttl := body.TTL
	if ttl == 0 {
		ttl = state.DefaultInvitationTTL
	}
	i := &state.Invitation{
		ID: state.NewID("uinv_"), ClientID: client.ClientID, ConnectionID: body.ConnectionID,
		InviterName: body.Inviter.Name, InviteeEmail: body.Invitee.Email, TicketID: state.RandomString(32),
		Roles: body.Roles, AppMetadata: body.AppMetadata, UserMetadata: body.UserMetadata,
		SendInvitationEmail: body.SendInvitationEmail == nil || *body.SendInvitationEmail,
		CreatedAt:           c.now, ExpiresAt: c.now.Add(time.Duration(ttl) * time.Second),
	}
	if i.URL, err = c.invitationURL(client, o, i); err != nil {
		return nil, err
	}
	o.Invitations.Put(i.ID, i)
	c.world.Secrets.Add(state.SecretTicket, i.TicketID)
	c.world.Secrets.Add(state.SecretInvitationLink, i.URL)
	if i.SendInvitationEmail {
		c.world.Outbox.Send(invitationMail(o, i, c.now))
	}
	return invitationItem(o, i), nil
}

// invitationClient checks what an invitation refers to and returns its application.
func (c *call) invitationClient(o *state.Organization, body invitationBody) (*state.Client, error) {
	client := c.t.Clients.Get(body.ClientID)
	switch {
	case client == nil:
		return nil, wire.InvalidBody("The specified client_id does not exist.")
	case client.OrganizationUsage != "allow" && client.OrganizationUsage != "require":
		return nil, wire.InvalidBody("The specified client_id does not allow organizations.")
	}
	if body.ConnectionID != "" {
		connection := c.t.Connections.Get(body.ConnectionID)
		switch {
		case connection == nil:
			return nil, wire.InvalidBody("The specified connection does not exist.")
		case connection.Strategy == "email" || connection.Strategy == "sms":
			return nil, wire.InvalidBody("Passwordless connections are not supported.")
		case o.EnabledConnection(connection.ID) == nil:
			return nil, wire.InvalidBody("The specified connection (%s) is not enabled for the organization", connection.ID)
		}
	}
	if err := c.checkRoles(body.Roles, o.ID); err != nil {
		return nil, err
	}
	return client, nil
}

// checkRoles names the ids that are no roles of the tenant, nor of the
// organization in which they are to be given; without one it is empty.
func (c *call) checkRoles(ids []string, organizationID string) error {
	unknown := slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		r := c.t.Roles.Get(id)
		return r != nil && (r.OwnerID == "" || r.OwnerID == organizationID)
	})
	if len(unknown) > 0 {
		return wire.InvalidBody("One or more of the specified roles do not exist: %s", strings.Join(unknown, ", "))
	}
	return nil
}

// invitationURL appends the invitation to the application's login route.
func (c *call) invitationURL(client *state.Client, o *state.Organization, i *state.Invitation) (string, error) {
	login := client.InitiateLoginURI
	if login == "" {
		login = c.t.DefaultRedirectionURI
	}
	parsed, err := url.Parse(login)
	if login == "" || err != nil {
		return "", wire.InvalidBody("A default login route is required to generate the invitation url. Consider checking your tenant's default login route or the login route of the specified client.")
	}
	added := "invitation=" + i.TicketID + "&organization=" + o.ID + "&organization_name=" + url.QueryEscape(o.Name)
	if parsed.RawQuery != "" {
		added = parsed.RawQuery + "&" + added
	}
	parsed.RawQuery = added
	return parsed.String(), nil
}

func invitationMail(o *state.Organization, i *state.Invitation, now time.Time) state.Mail {
	name := o.DisplayName
	if name == "" {
		name = o.Name
	}
	return state.Mail{
		To: i.InviteeEmail, Subject: "You have been invited to join " + name, Inviter: i.InviterName,
		OrganizationID: o.ID, OrganizationName: o.Name, InvitationID: i.ID, ClientID: i.ClientID,
		Link: i.URL, SentAt: now, AppMetadata: i.AppMetadata,
	}
}

func (c *call) invitation() (*state.Organization, *state.Invitation, error) {
	o, err := c.organization()
	if err != nil {
		return nil, nil, err
	}
	c.world.PurgeInvitations(o, c.now)
	i := o.Invitations.Get(c.param("invitation_id"))
	if i == nil {
		return o, nil, wire.NotFound("inexistent_invitation", "The invitation does not exist.")
	}
	return o, i, nil
}

func getInvitation(c *call) (any, error) {
	o, i, err := c.invitation()
	if err != nil {
		return nil, err
	}
	return selectFields(c.query, invitationItem(o, i)), nil
}

func deleteInvitation(c *call) (any, error) {
	o, i, err := c.invitation()
	if err != nil {
		return nil, err
	}
	o.Invitations.Remove(i.ID)
	return nil, nil
}
