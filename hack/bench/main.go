// Command bench measures Seatwarden: the operator as a process of its own, on a
// real API server and the stand-in for Auth0. It counts calls, writes and
// reconciles, which no slow machine changes, and times what people wait for.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	ctrl "sigs.k8s.io/controller-runtime"
)

const help = `Bench measures Seatwarden and prints one table: each figure with its goal and,
with --compare, the figure of an earlier run beside it.

The small form takes some minutes on a laptop, the large one hours. Each row has
a stand-in, an Auth0Tenant and an operator of its own. The first run gets or builds the
control plane (CONTRIBUTING.md has how long that took).`

// flags of the command.
type flags struct {
	small, large           bool
	wantDetails            bool
	sizes                  []int
	only                   []string
	compare, json          string
	cpuProfile, memProfile string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := newCommand().ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func newCommand() *cobra.Command {
	var f flags
	var names []string
	for _, row := range rows {
		names = append(names, row.name)
	}
	cmd := &cobra.Command{
		Use: "bench", Short: "Measure Seatwarden", Long: help, Args: cobra.NoArgs,
		SilenceUsage: true, SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctrl.SetLogger(logr.Discard())
			return f.run(cmd.Context())
		},
	}
	set := cmd.Flags()
	set.BoolVar(&f.small, "small", true, "measure with few people")
	set.BoolVar(&f.large, "large", false, "measure with as many as the goals name")
	set.IntSliceVar(&f.sizes, "sizes", nil, "measure with these `numbers` of people or Customers instead, where a row has one size; best with --only")
	set.StringSliceVar(&f.only, "only", nil, "measure these rows only, `names` of: "+strings.Join(names, ", "))
	set.StringVar(&f.compare, "compare", "", "print the figures of this JSON `file` beside the new ones")
	set.StringVar(&f.json, "json", "", "write the figures to this `file` as JSON")
	set.StringVar(&f.cpuProfile, "cpuprofile", "", "write CPU profiles of the operators to `file`.ROW.N")
	set.StringVar(&f.memProfile, "memprofile", "", "write memory profiles of the operators, when their heap is measured, to `file`.ROW.N")
	set.BoolVar(&f.wantDetails, "details", false, "tell on stderr which calls, writes and reconciles were counted")
	cmd.MarkFlagsMutuallyExclusive("small", "large")
	cmd.CompletionOptions.DisableDefaultCmd = true
	cmd.AddCommand(operatorCommand())
	return cmd
}

func (f flags) run(ctx context.Context) (err error) {
	var before results
	if f.compare != "" {
		if before, err = readResults(f.compare); err != nil {
			return err
		}
	}
	for _, name := range f.only {
		if !slices.ContainsFunc(rows, func(r row) bool { return r.name == name }) {
			return fmt.Errorf("there is no row %q", name)
		}
	}
	b, err := newBench(ctx, f)
	if err != nil {
		return err
	}
	defer func() {
		if failed := b.stop(); err == nil {
			err = failed
		}
	}()
	measured := results{Commit: commit(ctx), Machine: machine()}
	for _, row := range rows {
		if len(f.only) > 0 && !slices.Contains(f.only, row.name) {
			continue
		}
		figures, failed := b.measure(ctx, row)
		measured.Figures = append(measured.Figures, figures...)
		if failed != nil {
			b.say("failed: %v", failed)
			err = errors.Join(err, fmt.Errorf("row %s: %w", row.name, failed))
		}
		if ctx.Err() != nil {
			break
		}
	}
	if f.json != "" {
		if failed := measured.write(f.json); err == nil {
			err = failed
		}
	}
	if failed := measured.print(os.Stdout, before); err == nil {
		err = failed
	}
	return err
}

// commit that is measured, empty where git does not tell.
func commit(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
