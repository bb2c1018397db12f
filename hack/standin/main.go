// The standin command runs Auth0's stand-in as a process of its own.
package main

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/seatwarden/seatwarden/internal/standin"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "standin:", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return newCommand().ExecuteContext(ctx)
}

func newCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "standin",
		Short:         "Auth0 on your own machine, for tests and for trying out",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(newServeCommand())
	return root
}

type serveFlags struct {
	listen, control, caOut, clientID, clientSecret, profile, latency, state string
	tls                                                                     bool
}

const (
	defaultListen  = "127.0.0.1:4400"
	defaultControl = "127.0.0.1:4401"
)

const serveHelp = `Serve plays one Auth0 tenant in memory: the Management API, the token endpoint,
and sign-in with organizations and invitations. Nothing is kept when it ends,
unless it was exported before.

Two addresses listen:

  --listen   plays Auth0. Give its HOST:PORT to clients as the Auth0 domain.
  --control  is for you: the clock, faults, limits, the mails that were "sent",
             every call that came in, and everything that the tenant holds.

Where a default is taken, as by another stand-in, a free port stands in for it.
Both addresses are printed.

Open the control address in a browser to read the mails as people would get them,
and to go on from there: link, login page, identity provider, application.

Try, while it runs:

  curl http://127.0.0.1:4401/control/outbox
  curl http://127.0.0.1:4401/control/clock -d '{"forward": "24h"}'
  curl http://127.0.0.1:4401/control/faults -d '{"kind": "status", "status": 503, "count": 3}'
  curl -X PATCH http://127.0.0.1:4401/control/settings -d '{"profile": "free", "members_lag": "10s"}'
  curl http://127.0.0.1:4401/control/audit
  curl http://127.0.0.1:4401/control/state
  curl http://127.0.0.1:4401/control/export -o point.json
  curl http://127.0.0.1:4401/control/restore --data-binary @point.json

Whoever reaches --control reads every secret in it, and whoever reaches --listen
can sign in as anybody in the seeded directories: keep both on your own machine.`

func newServeCommand() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve until interrupted",
		Long:  serveHelp,
		Example: `  go run ./hack/standin serve --client-id operator --client-secret secret
  go run ./hack/standin serve --state hack/standin/example-state.yaml --tls --ca-out ca.pem`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return serve(cmd, f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.listen, "listen", defaultListen, "HOST:PORT that plays Auth0; a free port if the default is taken")
	flags.StringVar(&f.control, "control", defaultControl, "HOST:PORT of the control API; a free port if the default is taken")
	flags.BoolVar(&f.tls, "tls", false, "serve https, with a certificate of an authority made at the start")
	flags.StringVar(&f.caOut, "ca-out", "", "file to write the authority's certificate to (needs --tls)")
	flags.StringVar(&f.clientID, "client-id", "", "id of a client that may call the whole Management API")
	flags.StringVar(&f.clientSecret, "client-secret", "", "its secret (needs --client-id)")
	flags.StringVar(&f.profile, "profile", "", "limits of a subscription: "+strings.Join(standin.Profiles(), ", ")+" (default unlimited, or what --state says)")
	flags.StringVar(&f.latency, "latency", "", "how long the Management API takes: Off, or Recorded as of Auth0 (default Off, or what --state says)")
	flags.StringVar(&f.state, "state", "", "YAML file with what the tenant holds at the start; see hack/standin/example-state.yaml")
	return cmd
}

func (f serveFlags) options() (standin.Options, error) {
	o := standin.Options{Listen: f.listen, Control: f.control, TLS: f.tls}
	switch {
	case f.caOut != "" && !f.tls:
		return o, fmt.Errorf("--ca-out needs --tls")
	case (f.clientID == "") != (f.clientSecret == ""):
		return o, fmt.Errorf("--client-id and --client-secret go together")
	}
	o.Seed = &standin.Seed{}
	if f.state != "" {
		seed, err := standin.ReadSeed(f.state)
		if err != nil {
			return o, err
		}
		o.Seed = seed
	}
	if f.clientID != "" {
		o.Seed.Clients = append(o.Seed.Clients, standin.Client{
			ClientID: f.clientID, Name: "management", Secret: f.clientSecret, Scopes: []string{"*"},
		})
	}
	return o, nil
}

// freeUnlessAsked returns an address with a free port if the default is taken,
// as by another stand-in. An address that somebody asked for is theirs to mend.
func freeUnlessAsked(cmd *cobra.Command, flag, address string) string {
	if cmd.Flags().Changed(flag) {
		return address
	}
	probe, err := (&net.ListenConfig{}).Listen(cmd.Context(), "tcp", address)
	if err != nil {
		return "127.0.0.1:0"
	}
	_ = probe.Close()
	return address
}

func serve(cmd *cobra.Command, f serveFlags) error {
	f.listen = freeUnlessAsked(cmd, "listen", f.listen)
	f.control = freeUnlessAsked(cmd, "control", f.control)
	o, err := f.options()
	if err != nil {
		return err
	}
	s, err := standin.Start(o)
	if err != nil {
		return err
	}
	if err := s.Configure(func(settings *standin.Settings) {
		settings.Profile = cmp.Or(f.profile, settings.Profile)
		settings.Latency = cmp.Or(f.latency, settings.Latency)
	}); err != nil {
		_ = s.Close()
		return err
	}
	if f.caOut != "" {
		if err := os.WriteFile(f.caOut, s.CAPEM(), 0o644); err != nil { //nolint:gosec // a public certificate
			_ = s.Close()
			return fmt.Errorf("write the authority's certificate: %w", err)
		}
	}
	fmt.Fprintf(cmd.OutOrStdout(), "auth0    %s\ncontrol  %s\n", s.URL(), s.ControlURL())
	return s.Wait(cmd.Context())
}
