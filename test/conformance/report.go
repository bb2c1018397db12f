package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// counts are the figures of one resource.
type counts struct {
	files                                   map[string]bool
	calls, equal, older, excused, different int
}

// report gathers results by resource.
type report struct {
	excuses    []*excuse
	inScope    map[string]*counts
	outOfScope map[string]*counts
	different  []result
	// statusOnly counts the calls whose recorded answer was blackened.
	statusOnly int
}

func newReport(excuses []*excuse) *report {
	return &report{excuses: excuses, inScope: map[string]*counts{}, outOfScope: map[string]*counts{}}
}

func (r *report) add(results []result) {
	for _, res := range results {
		table := r.inScope
		if !res.inScope {
			table = r.outOfScope
		}
		c := table[res.resource]
		if c == nil {
			c = &counts{files: map[string]bool{}}
			table[res.resource] = c
		}
		c.files[res.file] = true
		if res.inScope && blackened(res.call) {
			r.statusOnly++
		}
		c.calls++
		left, by := excused(r.excuses, res)
		switch {
		case !res.inScope:
		case len(left) > 0:
			c.different++
			res.differences = left
			r.different = append(r.different, res)
		case len(by) > 0 && allSeenLater(by):
			c.older++
		case len(by) > 0:
			c.excused++
		default:
			c.equal++
		}
	}
}

// allSeenLater tells whether all that differs are properties that Auth0 added
// after the recording.
func allSeenLater(by []*excuse) bool {
	return !slices.ContainsFunc(by, func(e *excuse) bool { return e.SeenIn == "" })
}

// print writes the report and tells whether all is well.
func (r *report) print(w io.Writer, verbose, all bool) bool {
	if verbose {
		for _, res := range r.different {
			_, _ = fmt.Fprintf(w, "%s: %s %s\n", res.file, res.call.method, res.call.path())
			for _, d := range res.differences {
				_, _ = fmt.Fprintf(w, "    %s\n", d)
			}
		}
	}
	total := r.printTables(w)
	_, _ = fmt.Fprintf(w, "\nOf %d calls the publisher blackened the answer: their status is compared alone.\n", r.statusOnly)
	idle := 0
	_, _ = fmt.Fprintf(w, "\n%d excuses (excuses.yaml):\n", len(r.excuses))
	for _, e := range r.excuses {
		_, _ = fmt.Fprintf(w, "  %-44s %3d differences  %s\n", e.Name, e.used, e.Why)
		if e.used == 0 && all {
			idle++
			_, _ = fmt.Fprintf(w, "  %s explains nothing any more: take it out\n", e.Name)
		}
	}
	_, _ = fmt.Fprintf(w, "\nconformance: %d calls in scope, %d equal, %d equal but for properties that came later, %d excused, %d different\n",
		total.calls, total.equal, total.older, total.excused, total.different)
	return total.different == 0 && idle == 0
}

func (r *report) printTables(w io.Writer) counts {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(table, "resource\tfiles\tcalls\tequal\tolder\texcused\tdifferent\t")
	total := counts{files: map[string]bool{}}
	for _, name := range slices.Sorted(maps.Keys(r.inScope)) {
		c := r.inScope[name]
		_, _ = fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t\n", name, len(c.files), c.calls, c.equal, c.older, c.excused, c.different)
		total.calls += c.calls
		total.equal += c.equal
		total.older += c.older
		total.excused += c.excused
		total.different += c.different
		for file := range c.files {
			total.files[file] = true
		}
	}
	_, _ = fmt.Fprintf(table, "in scope\t%d\t%d\t%d\t%d\t%d\t%d\t\n", len(total.files), total.calls, total.equal, total.older, total.excused, total.different)
	_ = table.Flush()
	outside := 0
	var names []string
	for _, name := range slices.Sorted(maps.Keys(r.outOfScope)) {
		names = append(names, fmt.Sprintf("%s %d", name, r.outOfScope[name].calls))
		outside += r.outOfScope[name].calls
	}
	_, _ = fmt.Fprintf(w, "\nout of scope, %d calls: %s\n", outside, strings.Join(names, ", "))
	return total
}
