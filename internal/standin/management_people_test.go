package standin_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/standin"
)

// company is a stand-in with one organization and n people of its Okta.
func company(t *testing.T, n int, change ...func(*standin.Options)) (*api, string, []string) {
	t.Helper()
	g := NewWithT(t)
	s := standin.New(t, change...)
	_, err := s.AddConnection(standin.Connection{Name: "acme-okta", Strategy: "okta"})
	g.Expect(err).NotTo(HaveOccurred())
	var ids []string
	for i := range n {
		u, err := s.AddUser(standin.UserSeed{Connection: "acme-okta", Sub: fmt.Sprintf("00u%03d", i), Email: fmt.Sprintf("P%d@acme.com", i)})
		g.Expect(err).NotTo(HaveOccurred())
		ids = append(ids, u.UserID)
	}
	a := newAPI(t, s)
	return a, "/organizations/" + a.must(201, "POST", "/organizations", `{"name":"acme"}`).id(), ids
}

func membersBody(ids ...string) string { return `{"members":["` + strings.Join(ids, `","`) + `"]}` }

func TestMembersListLagsAndPointReadsDoNot(t *testing.T) {
	g := NewWithT(t)
	a, org, ids := company(t, 2, standin.WithSettings(func(o *standin.Settings) { o.MembersLag = standin.Duration(10 * time.Second) }))
	listed := func() []any { return a.must(200, "GET", org+"/members", "").list }
	memberOf := func(id string) []any {
		return a.must(200, "GET", "/users/"+url.PathEscape(id)+"/organizations", "").list
	}

	a.must(204, "POST", org+"/members", membersBody(ids...))
	g.Expect(listed()).To(BeEmpty())
	g.Expect(memberOf(ids[0])).To(HaveLen(1))
	a.s.Forward(11 * time.Second)
	g.Expect(listed()).To(HaveLen(2))

	a.must(204, "DELETE", org+"/members", membersBody(ids[0]))
	a.must(204, "DELETE", org+"/members", membersBody(ids[0]))
	g.Expect(listed()).To(HaveLen(2))
	g.Expect(memberOf(ids[0])).To(BeEmpty())
	a.s.Forward(11 * time.Second)
	g.Expect(listed()).To(ConsistOf(HaveKeyWithValue("user_id", ids[1])))

	a.must(204, "DELETE", "/users/"+url.PathEscape(ids[1]), "")
	g.Expect(listed()).To(ConsistOf(HaveKeyWithValue("user_id", ids[1])), "the ghost of a deleted user")
	a.s.Forward(11 * time.Second)
	g.Expect(listed()).To(BeEmpty())
}

func TestMembersAreChangedTenAtATime(t *testing.T) {
	g := NewWithT(t)
	a, org, ids := company(t, 11)
	g.Expect(a.must(400, "POST", org+"/members", membersBody(ids...)).message()).To(ContainSubstring("Array is too long (11), maximum 10"))
	a.must(204, "POST", org+"/members", membersBody(ids[:10]...))
	a.must(204, "POST", org+"/members", membersBody(ids[:1]...))
	a.must(400, "POST", org+"/members", membersBody("okta|acme-okta|nobody"))
	a.must(400, "DELETE", org+"/members", `{"members":[]}`)
	g.Expect(a.must(200, "GET", org+"/members", "").list).To(HaveLen(10))
}

func TestRolesLiveApartFromMembership(t *testing.T) {
	g := NewWithT(t)
	a, org, ids := company(t, 1)
	role := a.must(200, "POST", "/roles", `{"name":"billing"}`).id()
	path := org + "/members/" + url.PathEscape(ids[0]) + "/roles"
	a.must(204, "POST", path, `{"roles":["`+role+`"]}`)
	a.must(204, "POST", org+"/members", membersBody(ids[0]))
	g.Expect(a.must(200, "GET", org+"/members?fields=user_id%2Croles&include_fields=true", "").list).To(ConsistOf(
		map[string]any{"user_id": ids[0], "roles": []any{map[string]any{"id": role, "name": "billing"}}}))
	a.must(204, "DELETE", org+"/members", membersBody(ids[0]))
	g.Expect(a.must(200, "GET", path, "").list).To(HaveLen(1), "roles outlive a membership")
	a.must(204, "DELETE", path, `{"roles":["`+role+`"]}`)
	g.Expect(a.must(200, "GET", path, "").list).To(BeEmpty())
	a.must(400, "POST", path, `{"roles":["rol_1"]}`)
	g.Expect(a.must(404, "GET", org+"/members/auth0%7C1/roles", "").errorCode()).To(Equal("inexistent_user"))
}

func TestUserMetadataIsMergedAtTheFirstLevel(t *testing.T) {
	for _, c := range []struct{ name, patch, want string }{
		{"a key is added", `{"app_metadata":{"c":3}}`, `map[a:map[x:1] b:2 c:3]`},
		{"a key is replaced as a whole", `{"app_metadata":{"a":{"y":2}}}`, `map[a:map[y:2] b:2]`},
		{"null deletes a key", `{"app_metadata":{"a":null}}`, `map[b:2]`},
		{"an empty object erases everything", `{"app_metadata":{}}`, `<nil>`},
		{"other properties leave it", `{"blocked":true}`, `map[a:map[x:1] b:2]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, _, ids := company(t, 1)
			path := "/users/" + url.PathEscape(ids[0])
			a.must(200, "PATCH", path, `{"app_metadata":{"a":{"x":1},"b":2}}`)
			a.must(200, "PATCH", path, c.patch)
			NewWithT(t).Expect(fmt.Sprint(a.must(200, "GET", path, "").object["app_metadata"])).To(Equal(c.want))
		})
	}
}

func TestUserRequests(t *testing.T) {
	g := NewWithT(t)
	a, _, ids := company(t, 1)
	_, err := a.s.AddConnection(standin.Connection{Name: "db", Strategy: "auth0"})
	g.Expect(err).NotTo(HaveOccurred())
	okta := "/users/" + url.PathEscape(ids[0])

	created := a.must(201, "POST", "/users", `{"connection":"db","email":"Max@Acme.com","password":"long enough"}`)
	g.Expect(created.object).To(HaveKeyWithValue("email", "max@acme.com"), "databases keep addresses in lower case")
	g.Expect(created.object["user_id"]).To(MatchRegexp(`^auth0\|[0-9a-f]{24}$`))
	g.Expect(created.object).NotTo(HaveKey("password"))
	g.Expect(a.must(409, "POST", "/users", `{"connection":"db","email":"max@acme.com","password":"long enough"}`).errorCode()).To(Equal("auth0_idp_error"))
	a.must(400, "POST", "/users", `{"connection":"acme-okta","email":"x@acme.com","password":"p"}`)
	g.Expect(a.must(400, "PATCH", okta, `{"email":"new@acme.com"}`).message()).To(ContainSubstring("cannot be updated: email"))
	g.Expect(a.must(200, "GET", okta+"?fields=user_id&include_fields=true", "").object).To(Equal(map[string]any{"user_id": ids[0]}))

	for email, want := range map[string]int{"P0@acme.com": 1, "p0@acme.com": 0} {
		g.Expect(a.must(200, "GET", "/users-by-email?email="+url.QueryEscape(email), "").list).To(HaveLen(want), email)
	}
	a.must(400, "GET", "/users-by-email", "")
	a.must(204, "DELETE", okta, "")
	a.must(204, "DELETE", okta, "")
	g.Expect(a.must(404, "GET", okta, "").errorCode()).To(Equal("inexistent_user"))

	limited := newAPI(t, a.s, "update:users_app_metadata")
	maxPath := "/users/" + url.PathEscape(created.object["user_id"].(string))
	limited.must(200, "PATCH", maxPath, `{"app_metadata":{"a":1}}`)
	g.Expect(limited.must(403, "PATCH", maxPath, `{"blocked":true}`).errorCode()).To(Equal("insufficient_scope"))
}

func TestUserSearch(t *testing.T) {
	a, org, ids := company(t, 3)
	id := strings.TrimPrefix(org, "/organizations/")
	a.must(204, "POST", org+"/members", membersBody(ids[0], ids[1]))
	a.must(200, "PATCH", "/users/"+url.PathEscape(ids[0]), `{"app_metadata":{"seatwarden_`+id+`":"key.m1.a1","n":{"deep":[1,2]}}}`)
	a.must(200, "PATCH", "/users/"+url.PathEscape(ids[2]), `{"app_metadata":{"seatwarden_`+id+`":"key.m2.a1"},"blocked":true}`)
	for _, c := range []struct {
		q    string
		want []int
	}{
		{``, []int{0, 1, 2}},
		{`organization_id:"` + id + `"`, []int{0, 1}},
		{`email:"p1@ACME.com"`, []int{1}},
		{`email.domain:"acme.com"`, []int{0, 1, 2}},
		{`identities.connection:"acme-okta"`, []int{0, 1, 2}},
		{`_exists_:app_metadata.seatwarden_` + id, []int{0, 2}},
		{`_exists_:app_metadata.seatwarden_` + id + ` AND created_at:[2000-01-01T00:00:00.000Z TO *]`, []int{0, 2}},
		{`_exists_:app_metadata.seatwarden_` + id + ` OR email:"p1@acme.com"`, []int{0, 1, 2}},
		{`_exists_:app_metadata.seatwarden_` + id + ` AND created_at:[* TO *] OR email:"p1@acme.com"`, []int{0, 1, 2}},
		{`_exists_:app_metadata.seatwarden_` + id + ` AND created_at:[* TO 2000-01-01T00:00:00.000Z]`, nil},
		{`app_metadata.seatwarden_` + id + `:"key.m1.a1"`, []int{0}},
		{`app_metadata.seatwarden_` + id + `:key.*`, []int{0, 2}},
		{`app_metadata.seatwarden_` + id + `:key.*.a1 AND organization_id:` + id, []int{0}},
		{`app_metadata.n.deep:2`, []int{0}},
		{`blocked:true`, []int{2}},
		{`NOT blocked:true`, []int{0, 1}},
		{`(email:"p0@acme.com" OR email:"p1@acme.com") AND NOT _exists_:app_metadata.n`, []int{1}},
		{`user_id:"` + ids[2] + `"`, []int{2}},
	} {
		t.Run(c.q, func(t *testing.T) {
			var want []any
			for _, i := range c.want {
				want = append(want, HaveKeyWithValue("user_id", ids[i]))
			}
			NewWithT(t).Expect(a.must(200, "GET", "/users?search_engine=v3&q="+url.QueryEscape(c.q), "").list).To(ConsistOf(want...))
		})
	}
	for _, q := range []string{`email`, `email:`, `email:"x`, `(email:x`, `email:x)`, `email:*x`, `AND`, `NOT`} {
		t.Run("refused "+q, func(*testing.T) { a.must(400, "GET", "/users?q="+url.QueryEscape(q), "") })
	}
}

func TestUserSearchLags(t *testing.T) {
	g := NewWithT(t)
	a, _, ids := company(t, 1, standin.WithSettings(func(o *standin.Settings) { o.SearchLag = standin.Duration(5 * time.Second) }))
	found := func() []any {
		return a.must(200, "GET", "/users?q="+url.QueryEscape("_exists_:app_metadata.k"), "").list
	}
	path := "/users/" + url.PathEscape(ids[0])
	a.must(200, "PATCH", path, `{"app_metadata":{"k":1}}`)
	g.Expect(found()).To(BeEmpty())
	a.s.Forward(6 * time.Second)
	g.Expect(found()).To(HaveLen(1))
	a.must(204, "DELETE", path, "")
	g.Expect(found()).To(HaveLen(1))
	a.s.Forward(6 * time.Second)
	g.Expect(found()).To(BeEmpty())
}

func TestSessionEndpointsNeedTheEnterprisePlan(t *testing.T) {
	for profile, entitled := range map[string]bool{
		standin.ProfileFree: false, standin.ProfileProfessional: false,
		standin.ProfileEnterprise: true, standin.ProfileUnlimited: true,
	} {
		t.Run(profile, func(t *testing.T) {
			a, _, ids := company(t, 1)
			NewWithT(t).Expect(a.s.Configure(func(o *standin.Settings) { o.Profile = profile })).To(Succeed())
			user := "/users/" + url.PathEscape(ids[0])
			for _, c := range []struct {
				method, path string
				status       int
			}{
				{"GET", user + "/sessions", 200},
				{"DELETE", user + "/sessions", 202},
				{"GET", user + "/refresh-tokens", 200},
				{"DELETE", user + "/refresh-tokens", 202},
				{"POST", user + "/revoke-access", 202},
			} {
				a.s.Forward(time.Minute)
				got := a.do(c.method, c.path, "")
				if entitled {
					NewWithT(t).Expect(got.status).To(Equal(c.status), "%s %s", c.method, c.path)
					continue
				}
				NewWithT(t).Expect(got.status).To(Equal(403), "%s %s", c.method, c.path)
				NewWithT(t).Expect(got.errorCode()).To(Equal("insufficient_entitlement"))
			}
			a.s.Forward(time.Minute)
			a.must(200, "GET", "/device-credentials?type=refresh_token&user_id="+url.QueryEscape(ids[0]), "")
		})
	}
}
