package standin_test

import (
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/standin"
)

func TestConnectionOptionsNeedTheirOwnScope(t *testing.T) {
	g := NewWithT(t)
	s := standin.New(t)
	okta, err := s.AddConnection(standin.Connection{
		Name: "acme-okta", Strategy: "okta", Options: map[string]any{"client_secret": "idp-secret", "domain_aliases": []string{"acme.com"}},
	})
	g.Expect(err).NotTo(HaveOccurred())
	_, err = s.AddConnection(standin.Connection{Name: "db", Strategy: "auth0"})
	g.Expect(err).NotTo(HaveOccurred())
	narrow, wide := newAPI(t, s, "read:connections"), newAPI(t, s)
	g.Expect(narrow.must(200, "GET", "/connections/"+okta.ID, "").object).NotTo(HaveKey("options"))
	g.Expect(wide.must(200, "GET", "/connections/"+okta.ID, "").object).To(HaveKey("options"))
	for query, want := range map[string]int{"": 2, "?name=acme-okta": 1, "?strategy=auth0": 1, "?strategy=auth0&strategy=okta": 2, "?name=none": 0, "?domain_alias=acme.com": 1} {
		g.Expect(narrow.must(200, "GET", "/connections"+query, "").list).To(HaveLen(want), query)
	}
	g.Expect(narrow.must(404, "GET", "/connections/con_1", "").errorCode()).To(Equal("inexistent_connection"))
	g.Expect(s.Secrets().FoundIn("idp-secret")).To(HaveLen(1))
}

func TestClients(t *testing.T) {
	g := NewWithT(t)
	s := standin.New(t)
	a := newAPI(t, s)
	created := a.must(201, "POST", "/clients", `{"name":"portal","app_type":"regular_web","callbacks":["https://p.example/cb"],"logo_uri":"https://p.example/l.png","refresh_token":{"rotation_type":"rotating"}}`)
	id := created.object["client_id"].(string)
	g.Expect(s.Secrets().FoundIn(created.object["client_secret"].(string))).To(HaveLen(1))
	updated := a.must(200, "PATCH", "/clients/"+id, `{"organization_usage":"require","client_metadata":{"a":"1"}}`)
	g.Expect(updated.object).To(And(
		HaveKeyWithValue("organization_usage", "require"), HaveKeyWithValue("logo_uri", "https://p.example/l.png"),
		HaveKeyWithValue("callbacks", []any{"https://p.example/cb"}),
		HaveKeyWithValue("refresh_token", HaveKeyWithValue("rotation_type", "rotating")),
	))
	a.must(400, "PATCH", "/clients/"+id, `{"organization_usage":"sometimes"}`)
	a.must(400, "POST", "/clients", `{"name":"x","colour":"red"}`)
	reader := newAPI(t, s, "read:clients")
	g.Expect(reader.must(200, "GET", "/clients/"+id, "").object).NotTo(HaveKey("client_secret"))
	summary := newAPI(t, s, "read:client_summary")
	g.Expect(summary.must(200, "GET", "/clients/"+id, "").object).NotTo(HaveKey("organization_usage"))
	a.must(204, "DELETE", "/clients/"+id, "")
	g.Expect(a.must(404, "GET", "/clients/"+id, "").errorCode()).To(Equal("inexistent_client"))
}

func TestActionsAreBuiltDeployedAndBoundInOrder(t *testing.T) {
	g := NewWithT(t)
	s := standin.New(t, standin.WithSettings(func(o *standin.Settings) { o.ActionBuildTime = standin.Duration(3 * time.Second) }))
	_, err := s.AddAction(standin.ActionSeed{Name: "foreign", Code: "exports.onExecutePostLogin = async () => {}"})
	g.Expect(err).NotTo(HaveOccurred())
	a := newAPI(t, s)
	created := a.must(201, "POST", "/actions/actions", `{"name":"guard","supported_triggers":[{"id":"post-login","version":"v3"}],"code":"1","secrets":[{"name":"k","value":"action-secret"}]}`)
	path := "/actions/actions/" + created.id()
	g.Expect(created.object).To(And(HaveKeyWithValue("all_changes_deployed", false), HaveKeyWithValue("runtime", "node22")))
	g.Expect(created.object["secrets"]).To(ConsistOf(And(HaveKey("updated_at"), Not(HaveKey("value")))))
	a.must(400, "POST", path+"/deploy", "")
	s.Forward(4 * time.Second)
	g.Expect(a.must(200, "GET", path, "").object).To(HaveKeyWithValue("status", "built"))

	bind := func(status int, refs ...string) reply {
		return a.must(status, "PATCH", "/actions/triggers/post-login/bindings", `{"bindings":[`+strings.Join(refs, ",")+`]}`)
	}
	mine := `{"ref":{"type":"action_id","value":"` + created.id() + `"},"display_name":"Guard"}`
	bind(400, mine)
	g.Expect(a.must(200, "POST", path+"/deploy", "").object).To(And(HaveKeyWithValue("number", BeEquivalentTo(1)), HaveKeyWithValue("deployed", false)))
	g.Expect(a.must(200, "GET", path, "").object).To(HaveKeyWithValue("deployed_version", HaveKeyWithValue("deployed", true)))

	standing := a.must(200, "GET", "/actions/triggers/post-login/bindings", "").items("bindings")
	g.Expect(standing).To(HaveLen(1))
	foreign := standing[0].(map[string]any)["id"].(string)
	bound := bind(200, `{"ref":{"type":"binding_id","value":"`+foreign+`"}}`, mine).items("bindings")
	g.Expect(bound).To(HaveExactElements(HaveKeyWithValue("display_name", "foreign"), HaveKeyWithValue("display_name", "Guard")))
	a.must(409, "DELETE", path, "")
	a.must(204, "DELETE", path+"?force=true", "")
	g.Expect(a.must(404, "GET", path, "").message()).To(Equal("That action does not exist."))
	g.Expect(a.must(200, "GET", "/actions/triggers/post-login/bindings", "").items("bindings")).To(HaveLen(1))
	g.Expect(a.must(200, "GET", "/actions/actions?actionName=foreign", "").object).To(HaveKeyWithValue("total", BeEquivalentTo(1)))
	g.Expect(s.Secrets().FoundIn("action-secret")).To(HaveLen(1))
}

func TestRolesAndLogs(t *testing.T) {
	g := NewWithT(t)
	a := newAPI(t, standin.New(t, withPromptLogs))
	role := a.must(200, "POST", "/roles", `{"name":"Member"}`)
	a.must(409, "POST", "/roles", `{"name":"Member"}`)
	g.Expect(a.must(200, "GET", "/roles?name_filter=mem&include_totals=true", "").items("roles")).To(HaveLen(1))
	g.Expect(a.must(200, "DELETE", "/roles/"+role.id(), "").object).To(BeEmpty())
	a.must(404, "DELETE", "/roles/"+role.id(), "")
	g.Expect(logTypes(a.must(200, "GET", "/logs", "").list)).To(Equal([]string{"sapi", "sapi"}))
}
