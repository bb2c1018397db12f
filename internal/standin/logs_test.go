package standin_test

import (
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/standin"
)

// logTypes are the types of listed entries.
func logTypes(list []any) []string {
	out := []string{}
	for _, item := range list {
		kind, _ := item.(map[string]any)["type"].(string)
		out = append(out, kind)
	}
	return out
}

// withPromptLogs starts a stand-in whose log is not behind.
var withPromptLogs = standin.WithSettings(func(o *standin.Settings) { o.LogsLag = 0 })

func lastLogID(list []any) string {
	id, _ := list[len(list)-1].(map[string]any)["log_id"].(string)
	return id
}

func TestLogTellsOfCallsThatChangedSomething(t *testing.T) {
	g := NewWithT(t)
	s := standin.New(t, withPromptLogs)
	a := newAPI(t, s)
	a.must(201, "POST", "/connections", `{"name":"staff","strategy":"auth0"}`)
	org := a.must(201, "POST", "/organizations", `{"name":"acme"}`).id()
	user, _ := a.must(201, "POST", "/users", `{"connection":"staff","email":"jane@acme.com","password":"s3cret"}`).object["user_id"].(string)
	a.must(204, "POST", "/organizations/"+org+"/members", `{"members":["`+user+`"]}`)
	a.must(400, "POST", "/organizations/"+org+"/members", `{}`)
	a.must(200, "GET", "/organizations/"+org+"/members", "")
	a.must(204, "DELETE", "/organizations/"+org+"/members", `{"members":["`+user+`"]}`)
	a.must(204, "DELETE", "/users/auth0%7C"+user[len("auth0|"):], "")
	a.must(204, "DELETE", "/organizations/"+org, "")

	list := a.must(200, "GET", "/logs?sort=date:1", "").list
	var told []string
	for _, item := range list {
		entry := item.(map[string]any)
		g.Expect(entry).To(And(HaveKey("date"), HaveKeyWithValue("organization_id", BeNil())))
		if entry["type"] != "sapi" {
			told = append(told, entry["type"].(string)+" "+entry["user_id"].(string))
			continue
		}
		request := entry["details"].(map[string]any)["request"].(map[string]any)
		told = append(told, request["method"].(string)+" "+request["path"].(string))
	}
	g.Expect(told).To(Equal([]string{
		"post /api/v2/connections", "post /api/v2/organizations", "ss " + user, "post /api/v2/users",
		"post /api/v2/organizations/" + org + "/members", "delete /api/v2/organizations/" + org + "/members",
		"sdu " + user, "delete /api/v2/users/auth0%7C" + user[len("auth0|"):], "delete /api/v2/organizations/" + org,
	}), "reads and refused calls are not told")
	added := list[4].(map[string]any)["details"].(map[string]any)["request"].(map[string]any)["body"]
	g.Expect(added).To(Equal(map[string]any{"members": []any{user}}), "who was added is in the body alone")
	created := list[3].(map[string]any)["details"].(map[string]any)
	g.Expect(created["request"]).To(HaveKeyWithValue("body", HaveKeyWithValue("password", "*****")))
	g.Expect(a.must(200, "GET", `/logs?q=type:%22sdu%22`, "").list).To(HaveLen(1))
}

func TestLogIsReadOnFromAnID(t *testing.T) {
	g := NewWithT(t)
	s := standin.New(t, withPromptLogs)
	a := newAPI(t, s)
	for _, name := range []string{"one", "two", "three", "four"} {
		a.must(200, "POST", "/roles", `{"name":"`+name+`"}`)
	}
	first := lastLogID(a.must(200, "GET", "/logs", "").list)
	page := a.must(200, "GET", "/logs?take=2&from="+first, "")
	g.Expect(page.list).To(HaveLen(2))
	next := s.URL() + "/api/v2/logs?from=" + lastLogID(page.list) + "&take=2"
	g.Expect(page.header.Get("Link")).To(Equal("<" + next + `>; rel="next"`))
	page = a.must(200, "GET", strings.TrimPrefix(next, s.URL()+"/api/v2"), "")
	g.Expect(page.list).To(HaveLen(1))
	last := lastLogID(page.list)
	empty := a.must(200, "GET", "/logs?take=2&from="+last, "")
	g.Expect(empty.list).To(BeEmpty())
	g.Expect(empty.header.Get("Link")).To(ContainSubstring("from="+last+"&take=2"), "the same again")
}

func TestLogForgetsAndLags(t *testing.T) {
	g := NewWithT(t)
	s := standin.New(t, withPromptLogs)
	a := newAPI(t, s)
	set := func(change func(*standin.Settings)) { g.Expect(s.Configure(change)).To(Succeed()) }
	a.must(200, "POST", "/roles", `{"name":"old"}`)
	old := lastLogID(a.must(200, "GET", "/logs", "").list)
	a.must(200, "GET", "/logs/"+old, "")
	s.Forward(29 * 24 * time.Hour)
	a = newAPI(t, s)
	g.Expect(a.must(200, "GET", "/logs", "").list).To(HaveLen(1), "30 days without a plan")
	for profile, days := range map[string]time.Duration{
		standin.ProfileFree: 1, standin.ProfileEssentials: 5, standin.ProfileProfessional: 10, standin.ProfileEnterprise: 30,
	} {
		fresh := standin.New(t, withPromptLogs)
		b := newAPI(t, fresh)
		b.must(200, "POST", "/roles", `{"name":"old"}`)
		g.Expect(fresh.Configure(func(o *standin.Settings) { o.Profile = profile })).To(Succeed())
		fresh.Forward(days*24*time.Hour - time.Minute)
		g.Expect(newAPI(t, fresh).must(200, "GET", "/logs", "").list).NotTo(BeEmpty(), profile)
		fresh.Forward(2 * time.Minute)
		g.Expect(newAPI(t, fresh).must(200, "GET", "/logs?q=type:sapi", "").list).To(BeEmpty(), profile)
	}

	set(func(o *standin.Settings) { o.LogsRetention = standin.Duration(time.Hour) })
	a.must(404, "GET", "/logs/"+old, "")
	a.must(200, "POST", "/roles", `{"name":"new"}`)
	g.Expect(a.must(200, "GET", "/logs?from="+old, "").list).To(HaveLen(1), "it goes on with what there is and does not say what is lost")
	set(func(o *standin.Settings) { o.UnknownLogID = standin.LogEmpty })
	g.Expect(a.must(200, "GET", "/logs?from="+old, "").list).To(BeEmpty())
	set(func(o *standin.Settings) { o.UnknownLogID = standin.LogRefused })
	a.must(400, "GET", "/logs?from="+old, "")

	set(func(o *standin.Settings) { o.LogsLag = standin.Duration(10 * time.Second) })
	g.Expect(a.must(200, "GET", "/logs", "").list).To(BeEmpty())
	s.Forward(11 * time.Second)
	g.Expect(a.must(200, "GET", "/logs", "").list).To(HaveLen(1))
}

func TestLogTellsOfLimits(t *testing.T) {
	g := NewWithT(t)
	s := standin.New(t, withPromptLogs)
	a := newAPI(t, s)
	g.Expect(s.Configure(func(o *standin.Settings) { o.Profile = standin.ProfileEssentials })).To(Succeed())
	for range 5 {
		a.must(200, "GET", "/organizations", "")
	}
	a.must(429, "GET", "/organizations", "")
	a.must(429, "GET", "/organizations", "")
	list := a.must(200, "GET", "/logs?sort=date:1", "").list
	g.Expect(logTypes(list)).To(Equal([]string{"api_limit_warning", "api_limit"}), "each is told once")
	g.Expect(list[1].(map[string]any)["details"]).To(HaveKeyWithValue("limit",
		Equal(map[string]any{"bucket": "list-organizations", "global": false, "size": 5.0})))
}
