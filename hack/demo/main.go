// Command demo plays the whole story of one contract on this machine: a real
// API server, a stand-in for Auth0, and the operator as a process of its own.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	ctrl "sigs.k8s.io/controller-runtime"
)

// errTold ends the command with exit code 1 when the reason was printed already.
var errTold = errors.New("the reason was printed")

func main() {
	// The client libraries log into the story otherwise, with a stack trace where
	// nobody says to whom.
	ctrl.SetLogger(logr.Discard())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := newCommand().ExecuteContext(ctx)
	stop()
	if err == nil {
		return
	}
	if !errors.Is(err, errTold) {
		fmt.Fprintln(os.Stderr, "demo:", err)
	}
	os.Exit(1)
}

const help = `Demo plays the story of one contract, from "kubectl apply" to "this person can no
longer sign in", and prints each step when it holds. It ends with exit code 0
when all of them held, and with 1, the reason, and the end of the operator's log
at the first that did not.

It needs Go and nothing else. The first run takes etcd, kube-apiserver and kubectl from
this machine or from the archive that setup-envtest would take, or else builds them from
their Go modules (CONTRIBUTING.md has how long that took). Nothing leaves this machine
but these downloads; the control plane, the stand-in for Auth0 and the operator listen
on 127.0.0.1 only and end with the command.

Environment:
  KUBEBUILDER_ASSETS     a folder with etcd, kube-apiserver and kubectl to use
                         instead, as setup-envtest makes it
  SEATWARDEN_KUBECONFIG  a kubeconfig of a cluster to use instead; take one that
                         you can throw away: CRDs, roles, policies and, after a
                         failure, the samples stay in it
  SEATWARDEN_CACHE       where the builds are kept`

const helpUp = `Up starts what the story is played on, applies config/samples, and leaves it running
for you: it prints the addresses, the kubeconfig, what to try, and every mail that the
stand-in for Auth0 "sends". Ctrl-C ends it and cleans up. Its folder is .up in the
project.`

func newCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "demo",
		Short:         "Play the story of one contract on this machine",
		Long:          help,
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return demo(cmd.Context(), cmd.OutOrStdout()) },
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(
		&cobra.Command{
			Use: "up", Short: "Start the same and leave it running until Ctrl-C", Long: helpUp, Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error { return up(cmd.Context(), cmd.OutOrStdout()) },
		},
		&cobra.Command{
			Use: "down", Short: "End an up that was left behind", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error { return down(cmd.Context(), cmd.OutOrStdout()) },
		},
	)
	return root
}
