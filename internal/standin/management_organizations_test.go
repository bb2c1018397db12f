package standin_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/standin"
)

func TestOrganizationRequestsAreValidated(t *testing.T) {
	a := newAPI(t, standin.New(t))
	a.must(201, "POST", "/organizations", `{"name":"taken"}`)
	manyKeys := strings.TrimSuffix(strings.Repeat(`"k%d":"v",`, 26), ",")
	numbers := make([]any, 26)
	for i := range numbers {
		numbers[i] = i
	}
	for _, c := range []struct {
		name, body string
		status     int
		message    string
	}{
		{"no body", ``, 400, "Payload validation error: 'Expected type object but found type null'."},
		{"broken JSON", `{"name":`, 400, "Invalid request payload JSON format"},
		{"no name", `{}`, 400, "Payload validation error: 'Missing required property: name'."},
		{"name is no text", `{"name":1}`, 400, "Expected type string but found type integer' on property name (The name of this organization.)"},
		{"capital letters", `{"name":"Acme"}`, 400, "String does not match pattern"},
		{"dots", `{"name":"acme.com"}`, 400, "String does not match pattern"},
		{"an id's prefix", `{"name":"org_acme"}`, 400, "String does not match pattern"},
		{"51 characters", `{"name":"` + strings.Repeat("a", 51) + `"}`, 400, "String is too long (51 chars), maximum 50"},
		{"50 characters", `{"name":"` + strings.Repeat("a", 50) + `"}`, 201, ""},
		{"unknown property", `{"name":"a","seats":3}`, 400, "Payload validation error: 'Additional properties not allowed: seats'."},
		{"26 keys", `{"name":"a","metadata":{` + fmt.Sprintf(manyKeys, numbers...) + `}}`, 400, "Too many properties defined (26), maximum 25"},
		{"long value", `{"name":"a","metadata":{"k":"` + strings.Repeat("v", 256) + `"}}`, 400, "maximum 255' on property metadata.k"},
		{"value is no text", `{"name":"a","metadata":{"k":true}}`, 400, "Expected type string but found type boolean"},
		{"name is taken", `{"name":"taken"}`, 409, "An organization with the same name already exists."},
		{"unknown connection", `{"name":"a","enabled_connections":[{"connection_id":"con_1"}]}`, 404, "No connection found by that id"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := NewWithT(t)
			got := a.do("POST", "/organizations", c.body)
			g.Expect(got.status).To(Equal(c.status), "%v", got.object)
			g.Expect(got.message()).To(ContainSubstring(c.message))
			if c.status >= 400 {
				g.Expect(got.object).To(HaveKeyWithValue("statusCode", BeEquivalentTo(c.status)))
				g.Expect(got.object).To(HaveKeyWithValue("error", http.StatusText(c.status)))
			}
		})
	}
}

func TestOrganizationLife(t *testing.T) {
	g := NewWithT(t)
	a := newAPI(t, standin.New(t))
	created := a.must(201, "POST", "/organizations", `{"name":"acme","metadata":{"a":"1","b":"2","c":null}}`)
	path := "/organizations/" + created.id()
	g.Expect(created.object).To(HaveKeyWithValue("metadata", map[string]any{"a": "1", "b": "2"}))
	g.Expect(created.object).NotTo(HaveKey("display_name"), "what is unset is left out")

	g.Expect(a.must(200, "PATCH", path, `{"metadata":{"a":"3"}}`).object["metadata"]).To(Equal(map[string]any{"a": "3"}), "metadata is replaced")
	g.Expect(a.must(200, "PATCH", path, `{"display_name":"Acme"}`).object["metadata"]).To(Equal(map[string]any{"a": "3"}))
	g.Expect(a.must(200, "PATCH", path, `{"metadata":{}}`).object).NotTo(HaveKey("metadata"))
	g.Expect(a.must(200, "GET", "/organizations/name/acme", "").id()).To(Equal(created.id()))

	a.must(204, "DELETE", path, "")
	again := a.must(404, "DELETE", path, "")
	g.Expect(again.message()).To(Equal("No organization found by that id or name"))
	g.Expect(again.errorCode()).To(BeEmpty())
}

func TestEnabledConnections(t *testing.T) {
	g := NewWithT(t)
	s := standin.New(t)
	a := newAPI(t, s)
	path := "/organizations/" + a.must(201, "POST", "/organizations", `{"name":"acme"}`).id() + "/enabled_connections"
	okta, err := s.AddConnection(standin.Connection{Name: "acme-okta", Strategy: "okta"})
	g.Expect(err).NotTo(HaveOccurred())

	added := a.must(201, "POST", path, `{"connection_id":"`+okta.ID+`"}`)
	g.Expect(added.object).To(Equal(map[string]any{
		"connection_id": okta.ID, "assign_membership_on_login": false, "show_as_button": true,
		"connection": map[string]any{"name": "acme-okta", "strategy": "okta"},
	}))
	a.must(409, "POST", path, `{"connection_id":"`+okta.ID+`"}`)
	g.Expect(a.must(200, "GET", path+"?include_totals=true", "").object).To(HaveKeyWithValue("limit", BeEquivalentTo(1)), "limit is the number of rows")
	refused := a.must(400, "PATCH", path+"/"+okta.ID, `{"is_signup_enabled":true,"assign_membership_on_login":true}`)
	g.Expect(refused.message()).To(HavePrefix("Only database connections"))
	g.Expect(a.must(200, "PATCH", path+"/"+okta.ID, `{"assign_membership_on_login":true}`).object).To(HaveKeyWithValue("assign_membership_on_login", true))
	a.must(204, "DELETE", path+"/"+okta.ID, "")
	a.must(404, "GET", path+"/"+okta.ID, "")

	for i := range 11 {
		c, err := s.AddConnection(standin.Connection{Name: fmt.Sprintf("c%d", i), Strategy: "oidc"})
		g.Expect(err).NotTo(HaveOccurred())
		want := 201
		if i == 10 {
			want = 403
		}
		a.must(want, "POST", path, `{"connection_id":"`+c.ID+`"}`)
	}
}

func TestInvitationRequestsAreValidated(t *testing.T) {
	s := standin.New(t)
	a := newAPI(t, s)
	path := "/organizations/" + a.must(201, "POST", "/organizations", `{"name":"acme"}`).id() + "/invitations"
	add := func(c standin.Client) string {
		added, err := s.AddClient(c)
		NewWithT(t).Expect(err).NotTo(HaveOccurred())
		return added.ClientID
	}
	app := add(standin.Client{OrganizationUsage: "allow"})
	denied := add(standin.Client{})
	homeless := a.must(201, "POST", "/clients", `{"name":"x","organization_usage":"require"}`).object["client_id"].(string)
	disabled, err := s.AddConnection(standin.Connection{Name: "disabled", Strategy: "okta"})
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	body := func(client, more string) string {
		return `{"inviter":{"name":"I"},"invitee":{"email":"a@b.example"},"client_id":"` + client + `"` + more + `}`
	}
	for _, c := range []struct {
		name, body string
		status     int
		message    string
	}{
		{"least", body(app, ""), 201, ""},
		{"longest", body(app, `,"ttl_sec":2592000`), 201, ""},
		{"too long", body(app, `,"ttl_sec":2592001`), 400, "Value 2592001 is greater than maximum 2592000"},
		{"negative", body(app, `,"ttl_sec":-1`), 400, "Value -1 is less than minimum 0"},
		{"no roles", body(app, `,"roles":[]`), 400, "Array is too short (0), minimum 1"},
		{"unknown role", body(app, `,"roles":["rol_1"]`), 400, "One or more of the specified roles do not exist: rol_1"},
		{"unknown client", body("x", ""), 400, "The specified client_id does not exist."},
		{"client denies organizations", body(denied, ""), 400, "The specified client_id does not allow organizations."},
		{"no login route", body(homeless, ""), 400, "A default login route is required to generate the invitation url."},
		{"unknown connection", body(app, `,"connection_id":"con_1"`), 400, "The specified connection does not exist."},
		{"connection not enabled", body(app, `,"connection_id":"`+disabled.ID+`"`), 400, "is not enabled for the organization"},
		{"no address", `{"inviter":{"name":"I"},"invitee":{"email":"nobody"},"client_id":"` + app + `"}`, 400, "invitee.email"},
		{"unknown property", body(app, `,"note":"x"`), 400, "Additional properties not allowed: note"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := NewWithT(t)
			got := a.do("POST", path, c.body)
			g.Expect(got.status).To(Equal(c.status), "%v", got.object)
			g.Expect(got.message()).To(ContainSubstring(c.message))
			if c.status == 400 {
				g.Expect(got.errorCode()).To(Equal("invalid_body"))
			}
		})
	}
	NewWithT(t).Expect(a.do("POST", "/organizations/org_1/invitations", body(app, "")).status).To(Equal(404))
}

func TestInvitationsExpireAndLinger(t *testing.T) {
	g := NewWithT(t)
	s := standin.New(t, standin.WithSettings(func(o *standin.Settings) { o.ExpiredInvitationsLinger = standin.Duration(time.Hour) }))
	a := newAPI(t, s)
	path := "/organizations/" + a.must(201, "POST", "/organizations", `{"name":"acme"}`).id() + "/invitations"
	app, err := s.AddClient(standin.Client{OrganizationUsage: "require"})
	g.Expect(err).NotTo(HaveOccurred())
	invite := func(ttl int, more string) reply {
		return a.must(201, "POST", path, fmt.Sprintf(`{"inviter":{"name":"I"},"invitee":{"email":"a@b.example"},"client_id":"%s","ttl_sec":%d%s}`, app.ClientID, ttl, more))
	}
	short, usual, deleted := invite(300, ""), invite(0, `,"send_invitation_email":false`), invite(60, "")
	g.Expect(s.Outbox().Mails()).To(HaveLen(2), "no mail where it was not wanted")
	list := a.must(200, "GET", path, "").list
	g.Expect(list).To(HaveLen(3))
	g.Expect(list[0]).To(HaveKeyWithValue("id", deleted.id()), "newest first")
	g.Expect(a.must(200, "GET", path+"?sort=created_at:1", "").list[0]).To(HaveKeyWithValue("id", short.id()))
	g.Expect(a.must(200, "GET", path+"?include_totals=true", "").object).NotTo(HaveKey("total"))
	a.must(400, "GET", path+"?take=10&fields=ticket_id", "")

	a.must(204, "DELETE", path+"/"+deleted.id(), "")
	g.Expect(a.must(404, "GET", path+"/"+deleted.id(), "").errorCode()).To(Equal("inexistent_invitation"))
	s.Forward(30 * time.Minute)
	g.Expect(a.must(200, "GET", path, "").list).To(HaveLen(2), "expired and still listed")
	s.Forward(time.Hour)
	g.Expect(a.must(200, "GET", path, "").list).To(ConsistOf(HaveKeyWithValue("id", usual.id())))
}
