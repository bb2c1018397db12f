package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"text/tabwriter"
)

// figure is one measured number.
type figure struct {
	// Row and Size name it; the same of another commit is compared with it.
	Row  string `json:"row"`
	Size string `json:"size"`
	// Name says in a few words what was counted.
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	// Goal in words; empty where there is none.
	Goal string `json:"goal,omitempty"`
	// Missed tells that the goal is not reached.
	Missed bool `json:"missed,omitempty"`
	// How it was taken, where that is not plain.
	How string `json:"how,omitempty"`
}

func (f figure) key() string { return f.Row + "\x00" + f.Size + "\x00" + f.Name }

// atMost and atLeast set the goal.
func (f figure) atMost(limit float64) figure {
	f.Goal, f.Missed = "at most "+number(limit), f.Value > limit
	return f
}

func (f figure) atLeast(limit float64) figure {
	f.Goal, f.Missed = "at least "+number(limit), f.Value < limit
	return f
}

// because says how the figure was taken.
func (f figure) because(format string, args ...any) figure {
	f.How = fmt.Sprintf(format, args...)
	return f
}

// results are one run's.
type results struct {
	Commit  string   `json:"commit,omitempty"`
	Machine string   `json:"machine"`
	Figures []figure `json:"figures"`
}

func machine() string {
	return fmt.Sprintf("%d cores, %s/%s, %s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
}

func readResults(file string) (r results, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return r, fmt.Errorf("read the figures to compare with: %w", err)
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return r, fmt.Errorf("read the figures to compare with: %s: %w", file, err)
	}
	return r, nil
}

func (r results) write(file string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		err = os.WriteFile(file, append(text, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("write the figures: %w", err)
	}
	return nil
}

// print writes the table. before may be empty.
func (r results) print(out io.Writer, before results) error {
	earlier := map[string]figure{}
	for _, f := range before.Figures {
		earlier[f.key()] = f
	}
	fmt.Fprintf(out, "%s; the stand-in for Auth0, the API server and the operator share it\n", r.Machine)
	if before.Machine != "" {
		fmt.Fprintf(out, "before: commit %s, %s\n", before.Commit, before.Machine)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "row\tsize\tmeasured\tvalue\tbefore\tunit\tgoal\thow")
	for _, f := range r.Figures {
		was := "-"
		if old, known := earlier[f.key()]; known {
			was = number(old.Value)
		}
		goal := f.Goal
		if f.Missed {
			goal += " (missed)"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", f.Row, f.Size, f.Name, number(f.Value), was, f.Unit, goal, f.How)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print the table: %w", err)
	}
	return nil
}

// number prints three significant digits at least, and no needless ones.
func number(v float64) string {
	switch {
	case v >= 100 || v == float64(int64(v)):
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}
