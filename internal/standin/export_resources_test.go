package standin_test

import (
	"net/url"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/standin"
)

// Every kind of resource looks the same through the API after a restore, and
// is as it was to whoever changes it.
func TestRestoreBringsBackEveryResource(t *testing.T) {
	g := NewWithT(t)
	s := standin.New(t, withPromptLogs)
	a := newAPI(t, s)
	database := a.must(201, "POST", "/connections", `{"name":"staff","strategy":"auth0"}`).id()
	okta := a.must(201, "POST", "/connections", `{"name":"acme","strategy":"okta","options":{"client_id":"c","domain":"acme.okta.com"}}`).id()
	client, _ := a.must(201, "POST", "/clients", `{"name":"portal","organization_usage":"require","initiate_login_uri":"https://p.example/l",
		"callbacks":[],"jwt_configuration":{"lifetime_in_seconds":60,"alg":"RS256"},"client_metadata":{"a":"1"}}`).object["client_id"].(string)
	server := a.must(201, "POST", "/resource-servers", `{"identifier":"https://api.example","scopes":[{"value":"read:x"}]}`).id()
	grant := a.must(201, "POST", "/client-grants", `{"client_id":"`+client+`","audience":"https://api.example","scope":["read:x"]}`).id()
	role := a.must(200, "POST", "/roles", `{"name":"editor"}`).id()
	a.must(201, "POST", "/roles/"+role+"/permissions", `{"permissions":[{"resource_server_identifier":"https://api.example","permission_name":"read:x"}]}`)
	user, _ := a.must(201, "POST", "/users",
		`{"connection":"staff","email":"jane@acme.com","password":"x","app_metadata":{"n":{"deep":[1,2.5,null,true]},"e":{}}}`).object["user_id"].(string)
	person := "/users/" + url.PathEscape(user)
	a.must(204, "POST", person+"/roles", `{"roles":["`+role+`"]}`)
	org := "/organizations/" + a.must(201, "POST", "/organizations", `{"name":"acme","metadata":{"a":"1"},"branding":{"logo_url":"https://l.example"}}`).id()
	for _, connection := range []string{database, okta} {
		a.must(201, "POST", org+"/enabled_connections", `{"connection_id":"`+connection+`"}`)
	}
	a.must(204, "POST", org+"/members", `{"members":["`+user+`"]}`)
	a.must(204, "POST", org+"/members/"+url.PathEscape(user)+"/roles", `{"roles":["`+role+`"]}`)
	a.must(201, "POST", org+"/invitations", `{"inviter":{"name":"I"},"invitee":{"email":"a@acme.com"},"client_id":"`+client+`","app_metadata":{"k":[1]}}`)
	a.must(201, "POST", org+"/discovery-domains", `{"domain":"acme.com"}`)
	profile := a.must(201, "POST", "/self-service-profiles", `{"name":"sso","allowed_strategies":["okta"]}`).id()
	a.must(200, "PUT", "/self-service-profiles/"+profile+"/custom-text/en/get-started", `{"introduction":"Hello"}`)
	action := a.must(201, "POST", "/actions/actions",
		`{"name":"guard","supported_triggers":[{"id":"post-login","version":"v3"}],"code":"1","secrets":[{"name":"k","value":"v"}]}`).id()
	a.must(200, "POST", "/actions/actions/"+action+"/deploy", "")
	a.must(200, "PATCH", "/actions/triggers/post-login/bindings", `{"bindings":[{"ref":{"type":"action_id","value":"`+action+`"}}]}`)
	a.must(200, "PATCH", "/tenants/settings", `{"friendly_name":"Acme","session_lifetime":12.5,"flags":{"enable_sso":true}}`)

	paths := []string{
		"/connections", "/connections/" + okta + "/status", "/clients", "/clients/" + client, "/resource-servers/" + server, "/client-grants",
		"/roles", "/roles/" + role + "/permissions", "/users", person, person + "/roles", person + "/permissions", person + "/organizations",
		"/users?q=" + url.QueryEscape(`app_metadata.n.deep:1`), "/organizations", org, org + "/enabled_connections", org + "/members",
		org + "/members/" + url.PathEscape(user) + "/roles", org + "/invitations", org + "/discovery-domains", "/self-service-profiles",
		"/self-service-profiles/" + profile + "/custom-text/en/get-started", "/actions/actions", "/actions/actions/" + action + "/versions",
		"/actions/triggers/post-login/bindings", "/tenants/settings", "/logs",
	}
	seen := func() map[string]any {
		out := map[string]any{}
		for _, path := range paths {
			got := a.do("GET", path, "")
			out[path] = []any{got.status, got.object, got.list}
		}
		return out
	}
	before := seen()
	exported, err := s.Export()
	g.Expect(err).NotTo(HaveOccurred())

	a.must(200, "PATCH", "/actions/triggers/post-login/bindings", `{"bindings":[]}`)
	a.must(200, "PATCH", "/tenants/settings", `{"friendly_name":"Other"}`)
	for _, path := range []string{
		org, person, "/roles/" + role, "/client-grants/" + grant, "/resource-servers/" + server, "/clients/" + client,
		"/connections/" + okta, "/actions/actions/" + action, "/self-service-profiles/" + profile,
	} {
		g.Expect(a.do("DELETE", path, "").status).To(And(BeNumerically(">=", 200), BeNumerically("<", 300)), path)
	}
	g.Expect(seen()).NotTo(Equal(before))

	g.Expect(s.Restore(exported)).To(Succeed())
	g.Expect(seen()).To(Equal(before))
	again, err := s.Export()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(again).To(MatchJSON(exported))
	a.must(200, "PATCH", person, `{"app_metadata":{"more":1}}`)
	a.must(200, "PATCH", "/clients/"+client, `{"client_metadata":{"b":"2"}}`)
	a.must(409, "POST", "/organizations", `{"name":"acme"}`)
}
