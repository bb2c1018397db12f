package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
)

// topDetails is how many lines of a detail are told.
const topDetails = 15

// details tells, where --details asks for it, counts by what was counted, the most frequent first.
func (w *world) details(what string, counts map[string]int) {
	if !w.wantDetails {
		return
	}
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	for _, name := range names[:min(topDetails, len(names))] {
		fmt.Fprintf(os.Stderr, "    %s %s: %6d %s\n", w.row, what, counts[name], name)
	}
}

// ended ends the world; a row that failed tells the end of the operator's log.
func (w *world) ended(ctx context.Context, err error) error {
	if err != nil && w.operator != nil {
		err = fmt.Errorf("%w\nthe end of the operator's log:\n%s", err, w.operator.Tail(20))
	}
	return errors.Join(err, w.end(ctx))
}
