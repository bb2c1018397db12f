package guard_test

import (
	"maps"
	"time"

	"github.com/seatwarden/seatwarden/internal/guard"
	"github.com/seatwarden/seatwarden/internal/standin/actions"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const (
	textNoSeat   = "Your seat is being set up, or you hold none: sign in again in a moment, or ask your administrator."
	textError    = "Your sign-in could not be checked: try again in a moment, or ask your administrator."
	textRequired = "Sign in through your organization."
	note         = "seatwarden=org_1 k1"
)

type object = map[string]any

// signIn is one row: what Auth0 tells the Action, and what it must do.
type signIn struct {
	name    string
	trigger actions.Trigger
	options guard.Options
	// before runs ahead of the guard in the same engine.
	before string
	event  object
	want   outcome
}

// outcome is what a run of the Action did.
type outcome struct {
	Code   string   `json:"code"`
	Reason string   `json:"reason"`
	Note   string   `json:"note"`
	Logs   []string `json:"logs"`
	Error  string   `json:"error"`
}

var (
	passes     = outcome{}
	passesNote = outcome{Note: note}
	guarded    = guard.Options{Applications: []string{"portal"}}
)

func refused(reason string) outcome { return outcome{Code: "access_denied", Reason: reason} }

// event is a seat holder's sign-in to the guarded application, with changes by path of two names.
func event(changes ...object) object {
	e := object{
		"client":       object{"client_id": "portal"},
		"organization": object{"id": "org_1", "metadata": object{"seatwarden_access": "open,,", "seatwarden_key": "k1"}},
		"user":         object{"app_metadata": object{"seatwarden_org_1": "k1.m1.a1"}},
		"transaction":  object{"protocol": "oidc-basic-profile"},
		"request":      object{"query": object{}, "body": object{}},
	}
	for _, change := range changes {
		maps.Copy(e, change)
	}
	return e
}

func access(value any) object {
	return object{"organization": object{"id": "org_1", "metadata": object{"seatwarden_access": value, "seatwarden_key": "k1"}}}
}

func key(value any) object {
	return object{"organization": object{"id": "org_1", "metadata": object{"seatwarden_access": "open,,", "seatwarden_key": value}}}
}

func grant(value any) object {
	return object{"user": object{"app_metadata": object{"seatwarden_org_1": value}}}
}

var (
	unmanaged = object{"organization": object{"id": "org_1", "metadata": object{"plan": "gold"}}}
	noOrg     = object{"organization": nil}
	noGrant   = object{"user": object{"app_metadata": object{}}}
	refresh   = object{"transaction": object{"protocol": "oauth2-refresh-token"}}
	other     = object{"client": object{"client_id": "shop"}}
)

func noted(value any) object {
	return object{"refresh_token": object{"id": "rt_1", "metadata": object{"seatwarden": value}}}
}

// table has the rows of the guard's decision, in the order of the design's table, then what is thrown, then tampering.
var table = []signIn{
	{name: "released: passes without a grant", event: event(access("released,,"), noGrant), want: passesNote},
	{name: "released: passes outside the window", event: event(access("released,,2020-01-01T00:00:00Z"), noGrant), want: passesNote},

	{name: "suspended", event: event(access("suspended,,")), want: refused("Access of your organization is suspended.")},
	{name: "suspended within a window", event: event(access("suspended,2026-01-01T00:00:00Z,")),
		want: refused("Access of your organization is suspended.")},
	{name: "before the start", event: event(access("open,2026-11-22T12:00:01Z,")),
		want: refused("Your organization's contract has not started yet.")},
	{name: "the start is inside", event: event(access("open,2026-11-22T12:00:00Z,")), want: passesNote},
	{name: "just before the end", event: event(access("open,,2026-11-22T12:00:00.001Z")), want: passesNote},
	{name: "the end is outside", event: event(access("open,,2026-11-22T12:00:00Z")),
		want: refused("Your organization's contract has ended.")},
	{name: "an offset is understood", event: event(access("open,,2026-11-22T14:00:00+02:00")),
		want: refused("Your organization's contract has ended.")},
	{name: "suspended on refresh", event: event(access("suspended,,"), refresh),
		want: refused("Access of your organization is suspended.")},
	{name: "suspended for an application that is not guarded", event: event(access("suspended,,"), other),
		want: refused("Access of your organization is suspended.")},

	{name: "grant", event: event(), want: passesNote},
	{name: "grant on refresh leaves no note", event: event(refresh), want: passes},
	{name: "grant for an application that is not guarded", event: event(other), want: passesNote},

	{name: "no grant", event: event(noGrant), want: refused(textNoSeat)},
	{name: "no grant on refresh", event: event(noGrant, refresh), want: refused(textNoSeat)},
	{name: "no grant for an application that is not guarded", event: event(noGrant, other), want: refused(textNoSeat)},
	{name: "no app_metadata", event: event(object{"user": object{}}), want: refused(textNoSeat)},
	{name: "grant of an earlier key", event: event(grant("k0.m1.a1")), want: refused(textNoSeat)},
	{name: "grant that only begins with the key", event: event(grant("k1x.m1.a1")), want: refused(textNoSeat)},
	{name: "grant without a dot", event: event(grant("k1")), want: refused(textNoSeat)},
	{name: "grant with another case", event: event(grant("K1.m1.a1")), want: refused(textNoSeat)},
	{name: "grant of another organization", event: event(object{"user": object{"app_metadata": object{"seatwarden_org_2": "k1.m1.a1"}}}),
		want: refused(textNoSeat)},
	{name: "organization without a key", event: event(key(nil), grant(".m1.a1")), want: refused(textNoSeat)},
	{name: "organization with an empty key", event: event(key(""), grant(".m1.a1")), want: refused(textNoSeat)},

	{name: "unmanaged organization", event: event(unmanaged), want: passes},
	{name: "unmanaged organization without metadata", event: event(object{"organization": object{"id": "org_1"}}), want: passes},
	{name: "unmanaged organization, Deny", event: event(unmanaged),
		options: guard.Options{Applications: []string{"portal"}, UnmanagedOrganizations: guard.Deny},
		want:    refused("Your organization has no access to this application: ask your administrator.")},
	{name: "unmanaged organization, Deny, application that is not guarded", event: event(unmanaged, other),
		options: guard.Options{Applications: []string{"portal"}, UnmanagedOrganizations: guard.Deny}, want: passes},

	{name: "refresh without organization: the note's grant", event: event(noOrg, refresh, noted("org_1 k1")), want: passes},
	{name: "refresh without organization: grant taken", event: event(noOrg, refresh, noted("org_1 k1"), noGrant),
		want: refused(textNoSeat)},
	{name: "refresh without organization: grant taken, not guarded", event: event(noOrg, refresh, noted("org_1 k1"), noGrant, other),
		want: refused(textNoSeat)},
	{name: "refresh without organization: grant of a later key", event: event(noOrg, refresh, noted("org_1 k1"), grant("k2.m1.a1")),
		want: refused(textNoSeat)},
	{name: "refresh without organization: note with an empty key", event: event(noOrg, refresh, noted("org_1 "), grant(".m1.a1")),
		want: refused(textNoSeat)},
	{name: "refresh without organization and note", event: event(noOrg, refresh),
		want: outcome{Logs: []string{"seatwarden: passed a refresh without organization and note"}}},
	{name: "refresh without organization and note, Refuse", event: event(noOrg, refresh),
		options: guard.Options{Applications: []string{"portal"}, OrganizationlessRefresh: guard.Refuse}, want: refused(textRequired)},
	{name: "refresh without organization and note, Refuse, not guarded", event: event(noOrg, refresh, other),
		options: guard.Options{Applications: []string{"portal"}, OrganizationlessRefresh: guard.Refuse}, want: passes},

	{name: "no organization", event: event(noOrg), want: refused(textRequired)},
	{name: "no organization, not guarded", event: event(noOrg, other), want: passes},
	{name: "no organization, nothing guarded", event: event(noOrg), options: guard.Options{Mode: guard.Enforce}, want: passes},

	{name: "unreadable access", event: event(access("closed,,")), want: couldNotJudge(textError)},
	{name: "unreadable access, not guarded", event: event(access("closed,,"), other),
		want: outcome{Note: note, Logs: []string{"seatwarden: could not judge"}}},
	{name: "access with too few parts", event: event(access("open")), want: couldNotJudge(textError)},
	{name: "access with too many parts", event: event(access("open,,,")), want: couldNotJudge(textError)},
	{name: "empty access", event: event(access("")), want: couldNotJudge(textError)},
	{name: "access null", event: event(access(nil)), want: couldNotJudge(textError)},
	{name: "access as a list", event: event(access([]any{"open,,"})), want: couldNotJudge(textError)},
	{name: "a date is no instant", event: event(access("open,2026-01-01,")), want: couldNotJudge(textError)},
	{name: "an instant that does not exist", event: event(access("open,2026-13-01T00:00:00Z,")), want: couldNotJudge(textError)},
	{name: "unreadable note", event: event(noOrg, refresh, noted([]any{"org_1 k1"})), want: couldNotJudge(textError)},

	{name: "request parameters are not looked at", want: refused(textNoSeat), event: event(noGrant, object{"request": object{
		"method": "GET",
		"query":  object{"invitation": "0123456789abcdef0123456789abcdef", "organization": "org_1", "seatwarden_org_1": "k1.m1.a1"},
		"body":   object{"invitation": "0123456789abcdef0123456789abcdef", "app_metadata": object{"seatwarden_org_1": "k1.m1.a1"}}}})},
	{name: "grant on the profile's root", want: refused(textNoSeat),
		event: event(object{"user": object{"seatwarden_org_1": "k1.m1.a1", "app_metadata": object{}}})},
	{name: "grant in user_metadata", want: refused(textNoSeat),
		event: event(object{"user": object{"user_metadata": object{"seatwarden_org_1": "k1.m1.a1"}, "app_metadata": object{}}})},
	{name: "grant on the prototype", before: `Object.prototype["seatwarden_org_1"] = "k1.m1.a1";`,
		event: event(noGrant), want: refused(textNoSeat)},
	{name: "key on the prototype", before: `Object.prototype["seatwarden_key"] = "k1";`, want: refused(textNoSeat),
		event: event(object{"organization": object{"id": "org_1", "metadata": object{"seatwarden_access": "open,,"}}})},
	{name: "grant under __proto__", want: refused(textNoSeat),
		event: event(object{"user": object{"app_metadata": object{"__proto__": object{"seatwarden_org_1": "k1.m1.a1"}}}})},
	{name: "grant as a list", event: event(grant([]any{"k1.m1.a1"})), want: refused(textNoSeat)},
	{name: "grant as an object", event: event(grant(object{"k1": true})), want: refused(textNoSeat)},
	{name: "app_metadata as a list", event: event(object{"user": object{"app_metadata": []any{"k1.m1.a1"}}}), want: refused(textNoSeat)},
	{name: "key as a list", event: event(key([]any{"k1"})), want: refused(textNoSeat)},
	{name: "client id as a list", event: event(noOrg, object{"client": object{"client_id": []any{"portal"}}}), want: passes},

	{name: "report: no grant", event: event(noGrant), options: reporting(),
		want: outcome{Note: note, Logs: []string{"seatwarden: would refuse: no_seat"}}},
	{name: "report: suspended", event: event(access("suspended,,")), options: reporting(),
		want: outcome{Note: note, Logs: []string{"seatwarden: would refuse: suspended"}}},
	{name: "report: thrown", event: event(access("x")), options: reporting(),
		want: outcome{Note: note, Logs: []string{"seatwarden: could not judge", "seatwarden: would refuse: error"}}},
	{name: "report: grant", event: event(), options: reporting(), want: passesNote},

	{name: "machine: open", trigger: actions.CredentialsExchange, event: event(object{"user": nil}), want: passes},
	{name: "machine: no organization", trigger: actions.CredentialsExchange, event: event(noOrg), want: passes},
	{name: "machine: released", trigger: actions.CredentialsExchange, event: event(access("released,,2020-01-01T00:00:00Z")), want: passes},
	{name: "machine: unmanaged", trigger: actions.CredentialsExchange, event: event(unmanaged), want: passes},
	{name: "machine: suspended", trigger: actions.CredentialsExchange, event: event(access("suspended,,")),
		want: outcome{Code: "invalid_request", Reason: "Access of your organization is suspended."}},
	{name: "machine: ended", trigger: actions.CredentialsExchange, event: event(access("open,,2026-11-22T12:00:00Z")),
		want: outcome{Code: "invalid_request", Reason: "Your organization's contract has ended."}},
	{name: "machine: unreadable", trigger: actions.CredentialsExchange, event: event(access("x")),
		want: outcome{Code: "invalid_request", Reason: textError, Logs: []string{"seatwarden: could not judge"}}},
	{name: "machine: unreadable, not guarded", trigger: actions.CredentialsExchange, event: event(access("x"), other),
		want: outcome{Logs: []string{"seatwarden: could not judge"}}},
	{name: "machine: report", trigger: actions.CredentialsExchange, event: event(access("suspended,,")), options: reporting(),
		want: outcome{Logs: []string{"seatwarden: would refuse: suspended"}}},
}

func couldNotJudge(reason string) outcome {
	o := refused(reason)
	o.Logs = []string{"seatwarden: could not judge"}
	return o
}

func reporting() guard.Options {
	return guard.Options{Applications: []string{"portal"}, Mode: guard.Report}
}
