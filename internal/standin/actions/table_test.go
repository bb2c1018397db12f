package actions_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/seatwarden/seatwarden/internal/standin/actions"
	"github.com/seatwarden/seatwarden/internal/standin/actions/innode"
)

var tableTime = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// outcome is what a list of Actions did, in the words of testdata/harness.js.
type outcome struct {
	Denial       string   `json:"denial"`
	Failed       bool     `json:"failed"`
	Redirect     string   `json:"redirect"`
	Logs         []string `json:"logs"`
	App          object   `json:"app"`
	User         object   `json:"user"`
	ID           object   `json:"id"`
	Access       object   `json:"access"`
	Transaction  object   `json:"transaction"`
	RefreshToken object   `json:"refreshToken"`
	Session      object   `json:"session"`
}

// row is a list of handlers' bodies and what they must do, in goja as in Node.
type row struct {
	name   string
	event  object
	bodies []string
	want   outcome
}

var refreshing = object{"transaction": object{"protocol": "oauth2-refresh-token"}}

var table = []row{
	{name: "nothing", bodies: []string{``}},
	{name: "deny", bodies: []string{`api.access.deny("no")`, `console.log("ran")`}, want: outcome{Denial: "no"}},
	{name: "the first denial counts", bodies: []string{`api.access.deny("no"); api.access.deny("later")`}, want: outcome{Denial: "no"}},
	{name: "a denial takes no change back", bodies: []string{`api.user.setAppMetadata("a", 1); api.access.deny("no")`},
		want: outcome{Denial: "no", App: object{"a": 1.0}}},
	{name: "thrown", bodies: []string{`throw new Error("x")`, `console.log("ran")`}, want: outcome{Failed: true}},
	{name: "rejected later", bodies: []string{`await Promise.resolve(); null.x`}, want: outcome{Failed: true}},
	{name: "unknown member", bodies: []string{`api.user.delete()`}, want: outcome{Failed: true}},
	{name: "unknown group", bodies: []string{`api.access2.deny("x")`}, want: outcome{Failed: true}},
	{name: "a dependency", bodies: []string{`require("axios")`}, want: outcome{Failed: true}},
	{name: "a reason that is no text", bodies: []string{`api.access.deny({})`}, want: outcome{Failed: true}},
	{name: "chained", bodies: []string{`api.user.setAppMetadata("a", { b: [1, "x"] }).user.setUserMetadata("u", null)`},
		want: outcome{App: object{"a": object{"b": []any{1.0, "x"}}}, User: object{"u": nil}}},
	{name: "claims", bodies: []string{`api.idToken.setCustomClaim("i", "t"); api.accessToken.setCustomClaim("x", { y: null })`},
		want: outcome{ID: object{"i": "t"}, Access: object{"x": object{"y": nil}}}},
	{name: "later Actions see changes", event: object{"user": object{"app_metadata": object{"old": 1, "gone": 1}}},
		bodies: []string{`api.user.setAppMetadata("new", 2); api.user.setAppMetadata("gone", null)`,
			`console.log(Object.keys(event.user.app_metadata).sort().join())`},
		want: outcome{App: object{"new": 2.0, "gone": nil}, Logs: []string{"new,old"}}},
	{name: "transaction metadata", event: object{"transaction": object{}},
		bodies: []string{`api.transaction.setMetadata("k", "v")`, `console.log(event.transaction.metadata.k)`},
		want:   outcome{Transaction: object{"k": "v"}, Logs: []string{"v"}}},
	{name: "the event is frozen", event: object{"user": object{"email": "a"}},
		bodies: []string{`event.user.email = "b"; delete event.user; console.log(event.user.email)`}, want: outcome{Logs: []string{"a"}}},
	{name: "strict code on the frozen event", event: object{"user": object{"email": "a"}},
		bodies: []string{`"use strict"; event.user.email = "b"`}, want: outcome{Failed: true}},
	{name: "log", bodies: []string{`console.log("ä".repeat(300)); console.log("a", 1, true)`},
		want: outcome{Logs: []string{strings.Repeat("ä", 256), "a 1 true"}}},
	{name: "the time", bodies: []string{`console.log(String(Date.now()))`}, want: outcome{Logs: []string{"1795348800000"}}},
	{name: "own properties only", event: object{"user": object{"app_metadata": object{"__proto__x": 1}}},
		bodies: []string{`console.log(Object.hasOwn(event.user.app_metadata, "constructor"), event.user.app_metadata?.b?.c)`},
		want:   outcome{Logs: []string{"false undefined"}}},
	{name: "refresh token metadata", event: object{"refresh_token": object{"metadata": object{"a": "1", "b": "2"}}},
		bodies: []string{`api.refreshToken.setMetadata("c", "3"); api.refreshToken.deleteMetadata("a")`,
			`console.log(JSON.stringify(event.refresh_token.metadata))`},
		want: outcome{RefreshToken: object{"a": nil, "c": "3"}, Logs: []string{`{"b":"2","c":"3"}`}}},
	{name: "session metadata evicted", event: object{"session": object{"metadata": object{"a": "1"}}},
		bodies: []string{`api.session.setMetadata("b", "2"); api.session.evictMetadata(); api.session.setMetadata("c", "3")`,
			`console.log(JSON.stringify(event.session.metadata))`},
		want: outcome{Session: object{"a": nil, "b": nil, "c": "3"}, Logs: []string{`{"c":"3"}`}}},
	{name: "null deletes metadata", event: object{"session": object{"metadata": object{"a": "1"}}},
		bodies: []string{`api.session.setMetadata("a", null)`}, want: outcome{Session: object{"a": nil}}},
	{name: "a metadata key", bodies: []string{`api.refreshToken.setMetadata("a b", "x")`}, want: outcome{Failed: true}},
	{name: "revoke the session", bodies: []string{`api.session.revoke("out", { preserveRefreshTokens: true })`}, want: outcome{Denial: "out"}},
	{name: "revoke the refresh token", event: refreshing, bodies: []string{`api.refreshToken.revoke("out")`}, want: outcome{Denial: "out"}},
	{name: "revoke a refresh token at sign-in", bodies: []string{`api.refreshToken.revoke("out")`}, want: outcome{Failed: true}},
	{name: "redirect", event: object{"transaction": object{"protocol": "oidc-basic-profile"}},
		bodies: []string{`if (api.redirect.canRedirect()) api.redirect.sendUserTo("https://a.example/?x=1", { query: { y: "2" } })`,
			`console.log("ran")`}, want: outcome{Redirect: "https://a.example/?x=1&y=2"}},
	{name: "no redirect on refresh", event: refreshing, bodies: []string{`console.log(api.redirect.canRedirect())`},
		want: outcome{Logs: []string{"false"}}},
	{name: "no redirect where nobody is asked", event: object{"transaction": object{"prompt": []any{"none"}}},
		bodies: []string{`console.log(api.redirect.canRedirect())`}, want: outcome{Logs: []string{"false"}}},
	{name: "no redirect into a script", bodies: []string{`api.redirect.sendUserTo("javascript://a/%0aalert(1)")`}, want: outcome{Failed: true}},
	{name: "no redirect to a path", bodies: []string{`api.redirect.sendUserTo("/here")`}, want: outcome{Failed: true}},
	{name: "a denial wins over a redirect", bodies: []string{`api.redirect.sendUserTo("https://a.example/"); api.access.deny("no")`},
		want: outcome{Denial: "no"}},
}

func (r row) code() []string {
	var code []string
	for _, body := range r.bodies {
		code = append(code, "exports.onExecutePostLogin = async (event, api) => {"+body+"\n};")
	}
	return code
}

func TestTable(t *testing.T) {
	for _, r := range table {
		t.Run(r.name, func(t *testing.T) {
			var bound []actions.Action
			for _, code := range r.code() {
				bound = append(bound, actions.Action{Name: "a", Code: code})
			}
			e := actions.Run(t.Context(), actions.PostLogin, bound, r.event,
				actions.Options{Now: func() time.Time { return tableTime }, Enterprise: true})
			got := outcome{
				Failed: e.Err != nil, App: e.AppMetadata, User: e.UserMetadata, ID: e.IDTokenClaims, Access: e.AccessTokenClaims,
				Transaction: e.TransactionMetadata, RefreshToken: e.RefreshTokenMetadata, Session: e.SessionMetadata,
			}
			if e.Denial != nil {
				got.Denial = e.Denial.Reason
			}
			if e.Suspension != nil {
				got.Redirect = e.Suspension.URL
			}
			for _, line := range e.Logs {
				got.Logs = append(got.Logs, line.Text)
			}
			if diff := cmp.Diff(r.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Node is a second judge of the same table, so that the engine is not the only one.
func TestTableInNode(t *testing.T) {
	type run struct {
		Code  []string `json:"code"`
		Now   int64    `json:"now"`
		Event object   `json:"event"`
	}
	runs := make([]run, 0, len(table))
	for _, r := range table {
		runs = append(runs, run{Code: r.code(), Now: tableTime.UnixMilli(), Event: r.event})
	}
	got := innode.Play[outcome](t, runs)
	for i, r := range table {
		if diff := cmp.Diff(r.want, got[i], cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", r.name, diff)
		}
	}
}
