// Package commands is kubectl seats: its commands, what they read and what they
// write. What is shown and decided is in the packages view and people.
package commands

import (
	"context"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/seatwarden/seatwarden/internal/auth0"
)

// Options are what the commands run on.
type Options struct {
	genericiooptions.IOStreams
	// Now is this machine's clock; nil means time.Now.
	Now func() time.Time
	// Pause passes the time between two looks for an outcome; nil means a second.
	Pause func(context.Context)
	// Auth0 connects to a tenant; nil means auth0.New.
	Auth0 func(auth0.Options) (auth0.API, error)
}

// The groups of commands in the help.
const (
	groupSee    = "see"
	groupPeople = "people"
	groupTenant = "tenant"
)

// New is the root command.
func New(options Options) *cobra.Command {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Pause == nil {
		options.Pause = pause
	}
	if options.Auth0 == nil {
		options.Auth0 = func(o auth0.Options) (auth0.API, error) { return auth0.New(o) }
	}
	e := &env{Options: options, flags: genericclioptions.NewConfigFlags(true), colour: "auto"}
	root := &cobra.Command{
		Use:   "kubectl-seats",
		Short: "Seats of B2B contracts in Auth0: see them, and work with them",
		Long: "Seats of B2B contracts in Auth0, as Seatwarden keeps them: see who holds a seat and who waits for what,\n" +
			"invite and remove people, and approve what is held.",
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl seats"},
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(options.In)
	root.SetOut(options.Out)
	root.SetErr(options.ErrOut)
	e.flags.AddFlags(root.PersistentFlags())
	root.PersistentFlags().StringVar(&e.colour, "color", e.colour, "When to use colour: auto (on a terminal), always or never")
	_ = root.RegisterFlagCompletionFunc("color", cobra.FixedCompletions([]string{"auto", "always", "never"}, cobra.ShellCompDirectiveNoFileComp))
	_ = root.RegisterFlagCompletionFunc("namespace", e.completeNamespaces)
	root.AddGroup(&cobra.Group{ID: groupSee, Title: "See:"}, &cobra.Group{ID: groupPeople, Title: "People:"}, &cobra.Group{ID: groupTenant, Title: "Tenants and support:"})
	for group, commands := range map[string][]*cobra.Command{
		groupSee:    {e.list(), e.status(), e.plan()},
		groupPeople: {e.invite(), e.importCSV(), e.remove(), e.resend(), e.approve()},
		groupTenant: {e.check(), e.export(), e.report(), e.version()},
	} {
		for _, command := range commands {
			command.GroupID = group
			command.Args = usage(command.Args)
			root.AddCommand(command)
		}
	}
	return root
}

// usage says with the arguments that are wrong how a command is called.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{command: cmd, cause: err}
		}
		return nil
	}
}

// isTerminal tells whether a stream is a terminal.
func isTerminal(stream any) bool {
	file, ok := stream.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(int(file.Fd()))
}
