// Command guard prints the Auth0 Action that refuses whoever holds no seat, to be
// deployed by hand or by whatever deploys your Actions:
//
//	go run ./hack/guard --application CLIENT_ID >guard.js
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/seatwarden/seatwarden/internal/guard"
)

func main() {
	var options guard.Options
	flag.Func("application", "`client id` that is guarded; once for each", func(id string) error {
		options.Applications = append(options.Applications, id)
		return nil
	})
	flag.StringVar((*string)(&options.Mode), "mode", string(guard.Enforce), "Report or Enforce")
	flag.StringVar((*string)(&options.UnmanagedOrganizations), "unmanaged-organizations", string(guard.Allow),
		"Allow or Deny: people of organizations without a Customer in guarded applications")
	flag.StringVar((*string)(&options.OrganizationlessRefresh), "organizationless-refresh", string(guard.Pass),
		"Pass or Refuse: a refresh for a guarded application that does not tell its organization")
	flag.Parse()
	if len(options.Applications) == 0 {
		fmt.Fprintln(os.Stderr, "guard: name the client id of each application that people sign in to: --application CLIENT_ID. Without one, a sign-in there without an organization passes")
		os.Exit(2)
	}
	code, err := guard.Render(options)
	if err != nil {
		fmt.Fprintln(os.Stderr, "guard:", err)
		os.Exit(1)
	}
	fmt.Print(code)
}
