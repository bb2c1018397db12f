package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/seatwarden/seatwarden/cmd/kubectl-seats/people"
	"github.com/seatwarden/seatwarden/cmd/kubectl-seats/view"
)

func (e *env) importCSV() *cobra.Command {
	var dry dryRun
	var format output
	var file string
	cmd := &cobra.Command{
		Use:   "import CUSTOMER -f FILE",
		Short: "Declare the people of a CSV file, with a result for each row",
		Long: "Declare the people of a CSV file. The first line names the columns: email (or e-mail, mail, UPN, …), and if there are any\n" +
			"roles (separated by , ; or |) and member (the name of the new Member); others are left out. Commas, semicolons or tabs\n" +
			"separate the fields. Each row has its own result; who is declared already is left as they are, so that the same file can\n" +
			"be imported again. A file that cannot be read as a whole is refused before anybody is declared.",
		Example: "  # See what would be done, checked by the API server\n  kubectl seats import acme -f people.csv -n sales --dry-run\n\n" +
			"  # Do it\n  kubectl seats import acme -f people.csv -n sales\n\n" +
			"  # From another program\n  hr-export | kubectl seats import acme -f - -n sales -o json",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeCustomers,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := dry.check(); err != nil {
				return err
			}
			return e.runImport(cmd.Context(), args[0], file, dry, format)
		},
	}
	dry.add(cmd)
	format.add(cmd)
	cmd.Flags().StringVarP(&file, "filename", "f", "", "The CSV file, or - for what is piped in")
	_ = cmd.MarkFlagRequired("filename")
	return cmd
}

func (e *env) runImport(ctx context.Context, customerName, file string, dry dryRun, format output) error {
	text, err := e.readFile(file)
	if err != nil {
		return err
	}
	persons, err := people.ReadCSV(text)
	if err != nil {
		return fmt.Errorf("%w; nobody is declared", err)
	}
	decisions, err := e.decide(ctx, customerName, persons)
	if err != nil {
		return err
	}
	results := make([]declared, 0, len(decisions))
	counts := map[string]int{}
	progress := isTerminal(e.ErrOut)
	for i, decision := range decisions {
		if ctx.Err() != nil {
			break
		}
		if progress {
			fmt.Fprintf(e.ErrOut, "\r%d of %d", i+1, len(decisions))
		}
		result := e.declare(ctx, decision, dry, false)
		counts[result.Result]++
		results = append(results, result)
	}
	if progress {
		fmt.Fprint(e.ErrOut, "\r\x1b[K")
	}
	if err := e.printImport(results, dry, format); err != nil {
		return err
	}
	e.say("%d created%s, %d declared already, %d refused", counts[resultCreated], dry.suffix(), counts[resultExists], counts[resultRefused])
	if len(results) < len(decisions) {
		return fmt.Errorf("interrupted after %d of %d rows: import the file again to go on", len(results), len(decisions))
	}
	if counts[resultRefused] > 0 {
		return errSilent
	}
	return nil
}

func (e *env) printImport(results []declared, dry dryRun, format output) error {
	if !format.isTable() {
		return e.print(format, map[string]any{"dryRun": dry != "none", "rows": results})
	}
	table := &view.Table{Headers: []string{"ROW", "EMAIL", "RESULT", "MEMBER", ""}}
	tones := map[string]view.Tone{resultCreated: view.Good, resultRefused: view.Bad}
	for _, r := range results {
		table.Rows = append(table.Rows, []view.Cell{{Text: fmt.Sprint(r.Row)}, {Text: r.Email}, {Text: r.Result, Tone: tones[r.Result]}, {Text: r.Member}, {Text: r.Error}})
	}
	_, err := fmt.Fprint(e.Out, table.String("", e.coloured(e.Out)))
	return err
}

// readFile reads a file, and of one that is too large no more than tells that it is.
func (e *env) readFile(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(io.LimitReader(e.In, people.LargestFile+1))
	}
	file, err := os.Open(name)
	if err != nil {
		var path *os.PathError
		if errors.As(err, &path) {
			return nil, fmt.Errorf("the file %q cannot be read: %w", name, path.Err)
		}
		return nil, err
	}
	defer func() { _ = file.Close() }()
	return io.ReadAll(io.LimitReader(file, people.LargestFile+1))
}
