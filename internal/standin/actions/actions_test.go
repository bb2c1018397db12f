package actions_test

import (
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/standin/actions"
)

type object = map[string]any

func postLogin(t *testing.T, event object, bodies ...string) *actions.Effects {
	t.Helper()
	var bound []actions.Action
	for _, body := range bodies {
		bound = append(bound, actions.Action{
			Name:    "a",
			Code:    "exports.onExecutePostLogin = async (event, api) => {" + body + "};",
			Secrets: map[string]string{"S": "s3cret"},
		})
	}
	return actions.Run(t.Context(), actions.PostLogin, bound, event,
		actions.Options{TimeLimit: 300 * time.Millisecond, Enterprise: true})
}

func TestEffects(t *testing.T) {
	g := NewWithT(t)
	e := postLogin(t, object{"user": object{"app_metadata": object{"old": true}}},
		`await Promise.resolve();
		 api.user.setAppMetadata("a", { b: [1, "x"] }).user.setUserMetadata("u", null);
		 api.user.setAppMetadata("old", null);
		 api.idToken.setCustomClaim("i", "text"); api.accessToken.setCustomClaim("x", 3);
		 api.refreshToken.setMetadata("r", "1"); api.refreshToken.deleteMetadata("q");`,
		`console.log(JSON.stringify(event.user.app_metadata), event.secrets.S);`)
	g.Expect(e.Err).NotTo(HaveOccurred())
	g.Expect(e.Denial).To(BeNil())
	g.Expect(e.AppMetadata).To(Equal(object{"a": object{"b": []any{1.0, "x"}}, "old": nil}))
	g.Expect(e.UserMetadata).To(Equal(object{"u": nil}))
	g.Expect(e.IDTokenClaims).To(Equal(object{"i": "text"}))
	g.Expect(e.AccessTokenClaims).To(Equal(object{"x": 3.0}))
	g.Expect(e.RefreshTokenMetadata).To(Equal(object{"r": "1", "q": nil}))
	g.Expect(e.Logs).To(Equal([]actions.Log{{Action: "a", Text: `{"a":{"b":[1,"x"]}} s3cret`}}))
}

func TestDenialStopsLaterActionsAndKeepsEffects(t *testing.T) {
	g := NewWithT(t)
	e := postLogin(t, object{}, `api.user.setAppMetadata("a", 1); api.access.deny("no"); api.access.deny("later");`, `console.log("ran")`)
	g.Expect(e.Err).NotTo(HaveOccurred())
	g.Expect(e.Denial).To(Equal(&actions.Denial{Code: "access_denied", Reason: "no"}))
	g.Expect(e.AppMetadata).To(HaveKey("a"))
	g.Expect(e.Logs).To(BeEmpty())
}

func TestWhatFails(t *testing.T) {
	for name, row := range map[string]struct{ body, want string }{
		"thrown":             {`throw new Error("broken");`, "rejected: Error: broken"},
		"unknown member":     {`api.samlResponse.setAttribute("a", "b");`, "rejected: TypeError"},
		"never settles":      {`await new Promise(() => {});`, "waits for something that never comes"},
		"endless":            {`for (;;) {}`, "deadline exceeded"},
		"endless recursion":  {`const f = () => f(); f();`, "action a:"},
		"dependency":         {`require("axios");`, `cannot find module "axios"`},
		"syntax":             {`if (`, "compile:"},
		"reason not text":    {`api.access.deny({});`, "argument 1 must be a string"},
		"metadata too long":  {`api.refreshToken.setMetadata("k", "x".repeat(256));`, "metadata:"},
		"metadata key":       {`api.refreshToken.setMetadata("a b", "x");`, "metadata:"},
		"too many metadata":  {`for (let i = 0; i < 26; i++) api.refreshToken.setMetadata("k" + i, "x");`, "more than 25"},
		"value not storable": {`const a = {}; a.a = a; api.user.setAppMetadata("k", a);`, "cannot be stored"},
	} {
		t.Run(name, func(t *testing.T) {
			e := postLogin(t, object{}, row.body, `console.log("ran")`)
			NewWithT(t).Expect(e.Err).To(MatchError(ContainSubstring(row.want)))
			NewWithT(t).Expect(e.Logs).To(BeEmpty(), "later actions do not run")
		})
	}
	e := actions.Run(t.Context(), actions.PostLogin, []actions.Action{{Name: "a", Code: "exports.other = () => {};"}}, nil, actions.Options{})
	NewWithT(t).Expect(e.Err).To(MatchError(ContainSubstring("exports no function onExecutePostLogin")))
}

func TestEventIsFrozen(t *testing.T) {
	event := object{"user": object{"app_metadata": object{"a": []any{object{"b": "kept"}}}}}
	e := postLogin(t, event, `
		event.user.app_metadata.a[0].b = "changed"; event.user.extra = 1;
		try { (function () { "use strict"; event.user.app_metadata.a.push(1); })(); } catch (e) { console.log("threw"); }
		console.log(event.user.app_metadata.a[0].b, event.user.extra);`)
	NewWithT(t).Expect(e.Err).NotTo(HaveOccurred())
	NewWithT(t).Expect(e.Logs).To(Equal([]actions.Log{{Action: "a", Text: "threw"}, {Action: "a", Text: "kept undefined"}}))
}

func TestLogIsCut(t *testing.T) {
	e := postLogin(t, object{}, `console.log("ä".repeat(300));`)
	NewWithT(t).Expect(e.Logs[0].Text).To(Equal(strings.Repeat("ä", 256)))
}

func TestMachineTrigger(t *testing.T) {
	e := actions.Run(t.Context(), actions.CredentialsExchange, []actions.Action{{
		Name: "m", Code: `module.exports = { onExecuteCredentialsExchange: (event, api) => api.access.deny("invalid_request", "no") };`,
	}}, object{}, actions.Options{})
	NewWithT(t).Expect(e.Err).NotTo(HaveOccurred())
	NewWithT(t).Expect(e.Denial).To(Equal(&actions.Denial{Code: "invalid_request", Reason: "no"}))
}
