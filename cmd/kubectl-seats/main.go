// Command kubectl-seats is the kubectl plugin: kubectl seats.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"k8s.io/cli-runtime/pkg/genericiooptions"
	_ "k8s.io/client-go/plugin/pkg/client/auth" // the ways to sign in to a cluster that kubectl has

	"github.com/seatwarden/seatwarden/cmd/kubectl-seats/commands"
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	streams := genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr}
	if err := commands.New(commands.Options{IOStreams: streams}).ExecuteContext(ctx); err != nil {
		if text := commands.Message(err); text != "" {
			fmt.Fprintln(os.Stderr, text)
		}
		cancel()
		os.Exit(1) //nolint:gocritic // cancelled above
	}
}
