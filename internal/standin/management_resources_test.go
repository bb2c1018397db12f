package standin_test

import (
	"net/url"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/standin"
)

// inner returns a property that is an object.
func (r reply) inner(key string) map[string]any { m, _ := r.object[key].(map[string]any); return m }

func TestConnectionsAreReplacedAndDeleted(t *testing.T) {
	g := NewWithT(t)
	s := standin.New(t, standin.WithSettings(func(s *standin.Settings) {
		s.ConnectionDeletionTime = standin.Duration(time.Minute)
		s.ConnectionEnabledClients = standin.ClientsShown
	}))
	a := newAPI(t, s)
	created := a.must(201, "POST", "/connections",
		`{"name":"acme","strategy":"google-apps","display_name":"Acme","options":{"domain":"acme.com","client_secret":"idp-secret"}}`)
	path := "/connections/" + created.id()
	g.Expect(created.inner("options")).To(HaveKeyWithValue("map_user_id_to_id", false))
	g.Expect(created.object).To(HaveKeyWithValue("show_as_button", false))
	g.Expect(s.Secrets().FoundIn("idp-secret")).To(HaveLen(1))

	updated := a.must(200, "PATCH", path, `{"options":{"domain":"acme.org"}}`)
	g.Expect(updated.inner("options")).NotTo(HaveKey("client_secret"), "options are replaced as a whole")
	g.Expect(updated.object).NotTo(HaveKey("display_name"), "a PATCH without it resets it")
	g.Expect(newAPI(t, s, "update:connections").do("PATCH", path, `{"options":{}}`).errorCode()).To(Equal("insufficient_scope"))

	client, _ := a.must(201, "POST", "/clients", `{"name":"portal"}`).object["client_id"].(string)
	a.must(204, "PATCH", path+"/clients", `[{"client_id":"`+client+`","status":true}]`)
	g.Expect(a.must(200, "GET", path+"/clients", "").items("clients")).To(HaveLen(1))
	g.Expect(a.must(200, "GET", "/clients/"+client+"/connections", "").items("connections")).To(HaveLen(1))
	a.must(204, "DELETE", "/clients/"+client, "")
	g.Expect(a.must(200, "GET", path, "").items("enabled_clients")).To(BeEmpty())

	org := a.must(201, "POST", "/organizations", `{"name":"acme","enabled_connections":[{"connection_id":"`+created.id()+`"}]}`).id()
	first := a.must(202, "DELETE", path, "")
	g.Expect(a.must(202, "DELETE", path, "").object).To(Equal(first.object), "while the deletion is under way")
	a.must(404, "GET", path, "")
	a.must(409, "POST", "/connections", `{"name":"acme","strategy":"okta"}`)
	g.Expect(a.must(200, "GET", "/organizations/"+org+"/enabled_connections", "").list).To(BeEmpty())
	s.Forward(time.Minute)
	a.must(204, "DELETE", path, "")
	a.must(201, "POST", "/connections", `{"name":"acme","strategy":"okta"}`)
}

func TestTwoViewsOfAnOrganizationsConnections(t *testing.T) {
	g := NewWithT(t)
	s := standin.New(t)
	a := newAPI(t, s)
	connection := a.must(201, "POST", "/connections", `{"name":"acme","strategy":"okta"}`).id()
	org := "/organizations/" + a.must(201, "POST", "/organizations", `{"name":"acme"}`).id()

	added := a.must(201, "POST", org+"/connections", `{"connection_id":"`+connection+`","is_enabled":false,"organization_connection_name":"SSO"}`)
	g.Expect(added.object).To(And(HaveKeyWithValue("is_enabled", false), HaveKeyWithValue("organization_access_level", "none"),
		HaveKeyWithValue("is_signup_enabled", false), HaveKeyWithValue("show_as_button", true)))
	a.must(409, "POST", org+"/connections", `{"connection_id":"`+connection+`"}`)
	g.Expect(a.must(200, "GET", org+"/connections?is_enabled=true", "").list).To(BeEmpty())
	g.Expect(a.must(200, "PATCH", org+"/connections/"+connection, `{"is_enabled":true}`).object).To(HaveKeyWithValue("is_enabled", true))
	g.Expect(a.must(200, "GET", org+"/enabled_connections/"+connection, "").object).To(HaveKeyWithValue("connection_id", connection))
	a.must(400, "PATCH", org+"/enabled_connections/"+connection, `{"is_enabled":true}`)
	a.must(204, "DELETE", org+"/connections/"+connection, "")
	a.must(404, "GET", org+"/enabled_connections/"+connection, "")
}

func TestGrantsGiveScopesOfTheManagementAPI(t *testing.T) {
	g := NewWithT(t)
	s := standin.New(t)
	a := newAPI(t, s)
	created := a.must(201, "POST", "/clients", `{"name":"machine","grant_types":["client_credentials"]}`)
	id, _ := created.object["client_id"].(string)
	secret, _ := created.object["client_secret"].(string)
	grant := a.must(201, "POST", "/client-grants", `{"client_id":"`+id+`","audience":"`+s.URL()+`/api/v2/","scope":["read:users"]}`).id()
	machine := &api{t: t, s: s, token: fetchToken(t, s, id, secret)}
	machine.must(200, "GET", "/users", "")
	machine.must(403, "GET", "/organizations", "")
	a.must(409, "POST", "/client-grants", `{"client_id":"`+id+`","audience":"`+s.URL()+`/api/v2/","scope":[]}`)
	a.must(404, "POST", "/client-grants", `{"client_id":"`+id+`","audience":"https://nobody.example","scope":[]}`)

	org := a.must(201, "POST", "/organizations", `{"name":"acme"}`).id()
	a.must(201, "POST", "/organizations/"+org+"/client-grants", `{"grant_id":"`+grant+`"}`)
	g.Expect(a.must(200, "GET", "/client-grants/"+grant+"/organizations", "").list).To(HaveLen(1))
	g.Expect(a.must(200, "GET", "/clients?q=client_grant.organization_id:"+org, "").list).To(HaveLen(1))
	a.must(204, "DELETE", "/organizations/"+org, "")
	g.Expect(a.must(200, "GET", "/client-grants/"+grant+"/organizations", "").list).To(BeEmpty())
	a.must(204, "DELETE", "/client-grants/"+grant, "")
	a.must(204, "DELETE", "/client-grants/"+grant, "")
}

func TestLinkedAccountsArePartOfOneProfile(t *testing.T) {
	g := NewWithT(t)
	s := standin.New(t)
	a := newAPI(t, s)
	a.must(201, "POST", "/connections", `{"name":"staff","strategy":"auth0"}`)
	user := func(email string) string {
		id, _ := a.must(201, "POST", "/users", `{"connection":"staff","email":"`+email+`","password":"x"}`).object["user_id"].(string)
		return id
	}
	jane, other := user("jane@acme.com"), user("j.doe@acme.com")
	path := "/users/" + url.PathEscape(jane)
	g.Expect(a.must(201, "POST", path+"/identities", `{"provider":"auth0","user_id":"`+other+`"}`).list).To(HaveLen(2))
	a.must(404, "GET", "/users/"+url.PathEscape(other), "")
	a.must(400, "POST", path+"/identities", `{"provider":"auth0","user_id":"`+jane+`"}`)
	g.Expect(a.must(200, "DELETE", path+"/identities/auth0/"+other[len("auth0|"):], "").list).To(HaveLen(1))
	g.Expect(a.must(200, "GET", "/users/"+url.PathEscape(other), "").object).To(HaveKeyWithValue("email", "j.doe@acme.com"))
}

func TestBadRequestsToFurtherResources(t *testing.T) {
	s := standin.New(t)
	a := newAPI(t, s)
	org := "/organizations/" + a.must(201, "POST", "/organizations", `{"name":"acme"}`).id()
	domain := org + "/discovery-domains"
	a.must(201, "POST", domain, `{"domain":"acme.com"}`)
	role := "/roles/" + a.must(200, "POST", "/roles", `{"name":"admin"}`).id()
	for _, c := range []struct {
		status             int
		method, path, body string
	}{
		{400, "POST", "/connections", `{"name":"a b","strategy":"okta"}`},
		{400, "POST", "/connections", `{"name":"a","strategy":"auth0","options":{"attributes":{},"validation":{}}}`},
		{404, "PATCH", "/connections/con_none", `{}`},
		{400, "POST", domain, `{"domain":"not a domain"}`},
		{409, "POST", domain, `{"domain":"ACME.com"}`},
		{404, "GET", domain + "/name/none.com", ""},
		{400, "POST", "/resource-servers", `{"name":"x"}`},
		{404, "GET", "/resource-servers/none", ""},
		{400, "POST", role + "/permissions", `{"permissions":[{"resource_server_identifier":"none","permission_name":"none"}]}`},
		{400, "POST", role + "/permissions", `{"permissions":[]}`},
		{404, "POST", role + "/users", `{"users":["auth0|none"]}`},
		{409, "POST", "/roles", `{"name":"admin"}`},
		{404, "GET", "/users/auth0%7Cnone/roles", ""},
		{404, "GET", "/actions/actions/none/versions", ""},
		{400, "POST", "/self-service-profiles", `{"name":"x","allowed_strategies":["carrier-pigeon"]}`},
		{404, "POST", "/self-service-profiles/ssp_none/sso-ticket", `{}`},
		{400, "PATCH", "/tenants/settings", `{"colour":"red"}`},
		{404, "GET", "/sessions/none", ""},
		{404, "GET", "/refresh-tokens/none", ""},
		{404, "GET", "/logs/none", ""},
		{400, "GET", "/clients?q=name:x", ""},
	} {
		a.must(c.status, c.method, c.path, c.body)
	}
}
