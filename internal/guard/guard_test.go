package guard_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	. "github.com/onsi/gomega"

	"github.com/seatwarden/seatwarden/internal/guard"
	"github.com/seatwarden/seatwarden/internal/standin/actions"
	"github.com/seatwarden/seatwarden/internal/standin/actions/innode"
)

// code renders the row's guard, with what runs before it.
func (s signIn) code(t *testing.T) string {
	t.Helper()
	options := s.options
	if options.Applications == nil && options.Mode == "" {
		options = guarded
	}
	code, err := guard.Render(options)
	if err != nil {
		t.Fatal(err)
	}
	return s.before + code
}

func (s signIn) on() actions.Trigger {
	if s.trigger == "" {
		return actions.PostLogin
	}
	return s.trigger
}

func TestSeatsGuardInGoja(t *testing.T) {
	for _, row := range table {
		t.Run(row.name, func(t *testing.T) {
			effects := actions.Run(t.Context(), row.on(), []actions.Action{{Name: "seatwarden", Code: row.code(t)}}, row.event,
				actions.Options{Now: func() time.Time { return now }, Enterprise: true})
			var got outcome
			if effects.Err != nil {
				got.Error = effects.Err.Error()
			}
			if effects.Denial != nil {
				got.Code, got.Reason = effects.Denial.Code, effects.Denial.Reason
			}
			for name, value := range effects.RefreshTokenMetadata {
				got.Note += name + "=" + value.(string)
			}
			for _, line := range effects.Logs {
				got.Logs = append(got.Logs, line.Text)
			}
			if diff := cmp.Diff(row.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
			NewWithT(t).Expect(effects.AppMetadata).To(BeEmpty(), "the guard never writes app_metadata")
		})
	}
}

func TestSeatsGuardInNode(t *testing.T) {
	type run struct {
		Code    string `json:"code"`
		Trigger string `json:"trigger"`
		Now     int64  `json:"now"`
		Event   object `json:"event"`
	}
	handlers := map[actions.Trigger]string{
		actions.PostLogin:           "onExecutePostLogin",
		actions.CredentialsExchange: "onExecuteCredentialsExchange",
	}
	runs := make([]run, 0, len(table))
	for _, row := range table {
		runs = append(runs, run{Code: row.code(t), Trigger: handlers[row.on()], Now: now.UnixMilli(), Event: row.event})
	}
	got := innode.Play[outcome](t, runs)
	for i, row := range table {
		if diff := cmp.Diff(row.want, got[i], cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", row.name, diff)
		}
	}
}

// Where Auth0 offers no metadata of refresh tokens, a seat holder signs in all the same.
func TestAccessWithoutTokenMetadata(t *testing.T) {
	effects := actions.Run(t.Context(), actions.PostLogin, []actions.Action{{Name: "seatwarden", Code: signIn{}.code(t)}},
		event(), actions.Options{Now: func() time.Time { return now }})
	g := NewWithT(t)
	g.Expect(effects.Err).NotTo(HaveOccurred())
	g.Expect(effects.Denial).To(BeNil())
	g.Expect(effects.Logs).To(BeEmpty())
}

func TestRender(t *testing.T) {
	g := NewWithT(t)
	code, err := guard.Render(guard.Options{Applications: []string{"b", "a", "b", `"</script>`}})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(code).To(HavePrefix("// seatwarden-guard version 1. "))
	g.Expect(code).To(ContainSubstring(`"applications":["\"\u003c/script\u003e","a","b"],` +
		`"unmanagedOrganizations":"Allow","mode":"Enforce","organizationlessRefresh":"Pass"`))
	g.Expect(len(code)).To(BeNumerically("<", 100_000), "the limit of Auth0 for an action's code")
	g.Expect(strings.Count(code, "event.request")).To(Equal(1), "only the comment that says it is not read")

	again, err := guard.Render(guard.Options{Applications: []string{`"</script>`, "a", "b"}, Mode: guard.Enforce})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(again).To(Equal(code))
}

func TestRenderRefusesUnknownWords(t *testing.T) {
	for name, options := range map[string]guard.Options{
		`unmanaged organizations: "deny" is neither Allow nor Deny`:    {UnmanagedOrganizations: "deny"},
		`mode: "Off" is neither Report nor Enforce`:                    {Mode: "Off"},
		`organization-less refresh: "Deny" is neither Pass nor Refuse`: {OrganizationlessRefresh: "Deny"},
		`applications: a client id is empty`:                           {Applications: []string{""}},
	} {
		_, err := guard.Render(options)
		NewWithT(t).Expect(err).To(MatchError(name))
	}
}
