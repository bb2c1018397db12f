// Command mutants shows that the tests of the promises can fail: it breaks the
// code in one place at a time, as mutants.yaml says, and runs the test that
// should notice. The files on disk are not touched: the broken one is an overlay.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
)

// listFile is where the mutations are kept, below the project's root.
const listFile = "hack/mutants/mutants.yaml"

// errTold ends the command with exit code 1 when the reason was printed already.
var errTold = errors.New("the reason was printed")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := newCommand().ExecuteContext(ctx)
	stop()
	if err == nil {
		return
	}
	if !errors.Is(err, errTold) {
		fmt.Fprintln(os.Stderr, "mutants:", err)
	}
	os.Exit(1)
}

const help = `Mutants shows that the tests of the promises can fail. For each mutation in
` + listFile + ` the named test is run as the code is, and must pass; then with
the mutation, and must fail. A mutation whose text is not found exactly once, one that
does not build, and one that its test does not notice all count as failures.

One test runs at a time, without the race detector. Those of test/ need the control
plane that "make tools" builds.`

func newCommand() *cobra.Command {
	var only []string
	var list, check bool
	root := &cobra.Command{
		Use:           "mutants",
		Short:         "Break the code on purpose and see the tests fail",
		Long:          help,
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			mutations, err := load(listFile)
			if err != nil {
				return err
			}
			if mutations, err = choose(mutations, only); err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			switch {
			case list:
				return printList(out, mutations)
			case check:
				return printApplied(out, mutations)
			}
			return runAll(cmd.Context(), out, mutations)
		},
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.Flags().StringSliceVar(&only, "only", nil, "run only the mutations with these names, or of these promises")
	root.Flags().BoolVar(&list, "list", false, "print the mutations and run nothing")
	root.Flags().BoolVar(&check, "check", false, "see whether each mutation still applies, and run nothing")
	root.MarkFlagsMutuallyExclusive("list", "check")
	return root
}

// choose keeps the mutations with the names or promises given; all for none.
func choose(mutations []Mutation, only []string) ([]Mutation, error) {
	if len(only) == 0 {
		return mutations, nil
	}
	known := map[string]bool{}
	var chosen []Mutation
	for _, m := range mutations {
		known[m.Name], known[m.Promise] = true, true
		if slices.Contains(only, m.Name) || slices.Contains(only, m.Promise) {
			chosen = append(chosen, m)
		}
	}
	for _, name := range only {
		if !known[name] {
			return nil, fmt.Errorf("there is no mutation or promise %q: see --list", name)
		}
	}
	return chosen, nil
}

func printList(out io.Writer, mutations []Mutation) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, m := range mutations {
		fmt.Fprintf(table, "%s\t%s\t%s %s\t%s\n", m.Promise, m.Name, m.Package, m.Test, m.Why)
	}
	return table.Flush()
}

func printApplied(out io.Writer, mutations []Mutation) error {
	stale := 0
	for _, m := range mutations {
		if _, err := m.apply(); err != nil {
			stale++
			fmt.Fprintf(out, "%s: %v\n", m.Name, err)
		}
	}
	fmt.Fprintf(out, "mutants: %d of %d apply\n", len(mutations)-stale, len(mutations))
	if stale > 0 {
		return errTold
	}
	return nil
}

// outcome is what became of one mutation.
type outcome struct {
	verdict verdict
	detail  string
	took    time.Duration
}

func runAll(ctx context.Context, out io.Writer, mutations []Mutation) error {
	sound := map[string]result{}
	outcomes := make([]outcome, 0, len(mutations))
	killed := 0
	for i, m := range mutations {
		fmt.Fprintf(out, "[%d/%d] %s: %s %s\n", i+1, len(mutations), m.Name, m.Package, m.Test)
		one, err := run(ctx, m, sound)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "        %s in %s\n%s\n", one.verdict, seconds(one.took), one.detail)
		if one.verdict == verdictKilled {
			killed++
		}
		outcomes = append(outcomes, one)
	}
	if err := printTable(out, mutations, outcomes); err != nil {
		return err
	}
	fmt.Fprintf(out, "mutants: %d of %d killed\n", killed, len(mutations))
	if killed < len(mutations) {
		return errTold
	}
	return nil
}

// run judges one mutation. sound remembers how the tests did without any.
func run(ctx context.Context, m Mutation, sound map[string]result) (outcome, error) {
	mutated, err := m.apply()
	if err != nil {
		return outcome{verdict: verdictStale, detail: "        " + err.Error()}, nil //nolint:nilerr // a verdict on the mutation, which ends nothing
	}
	key := m.Package + " " + m.Test
	baseline, known := sound[key]
	if !known {
		if baseline, err = test(ctx, m.Package, m.Test, nil); err != nil {
			return outcome{}, err
		}
		sound[key] = baseline
	}
	if !baseline.passed {
		return outcome{verdict: verdictUnsound, detail: baseline.tail(), took: baseline.took}, nil
	}
	with, err := test(ctx, m.Package, m.Test, &overlay{file: m.File, content: mutated})
	if err != nil {
		return outcome{}, err
	}
	if with.failed {
		return outcome{verdict: verdictKilled, detail: with.firstFailure(), took: with.took}, nil
	}
	return outcome{verdict: with.verdict(), detail: with.tail(), took: with.took}, nil
}

func printTable(out io.Writer, mutations []Mutation, outcomes []outcome) error {
	fmt.Fprintln(out)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "PROMISE\tMUTATION\tTEST\tOUTCOME\tTIME")
	for i, m := range mutations {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", m.Promise, m.Name, m.Test, outcomes[i].verdict, seconds(outcomes[i].took))
	}
	return table.Flush()
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1fs", d.Seconds()) }
