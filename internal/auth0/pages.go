package auth0

import (
	"context"
	"errors"
	"slices"

	"github.com/auth0/go-auth0/v3/management/core"
)

// pageSize is the largest page that Auth0 gives, in both styles.
const pageSize = 100

// offsetPage is a page by its number and its size.
type offsetPage struct{ number, size int }

// offsetPages are what offset paging reaches. Each begins
// with rows that the one before has shown: page k of 100-k rows with k of them.
var offsetPages = func() (pages []offsetPage) {
	for k := range 10 {
		pages = append(pages, offsetPage{number: k, size: pageSize - k})
	}
	return append(pages, offsetPage{number: 9, size: pageSize})
}()

// offsetAttempts is how often a list is read that changes meanwhile.
const offsetAttempts = 3

// errNoList is an answer without the list that was asked for. It must not pass
// for an empty list, in which everybody is gone.
var errNoList = errors.New("the answer holds no list")

// allPages follows `next` to its end and returns everything, or nothing and an
// error. The SDK's iterator stops at an empty page, behind which there may be
// more.
func allPages[T, R any](ctx context.Context, page *core.Page[*string, T, R], err error) ([]T, error) {
	var all []T
	seen := map[string]bool{}
	for ; !errors.Is(err, core.ErrNoPages); page, err = page.GetNextPage(ctx) {
		if err != nil {
			return nil, err
		}
		if page.Results == nil {
			return nil, errNoList
		}
		all = append(all, page.Results...)
		next := page.RawResponse.Next
		if next == nil || *next == "" {
			break
		}
		if seen[*next] {
			return nil, errors.New("the list goes round in a circle")
		}
		seen[*next] = true
	}
	return all, nil
}

// errShifted is a list of which rows moved while it was read.
var errShifted = errors.New("rows were deleted while the list was read")

// offsetList reads pages until a short one, or to the end of what offset paging
// reaches; truncated then says that there may be more. A row that goes meanwhile
// moves the later ones up, and one could slip from a page that is to be read to
// one that was: then the list is read again.
func offsetList[T, R any](id func(T) string, fetch func(page offsetPage) (*core.Page[*int, T, R], error)) (all []T, truncated bool, err error) {
	for range offsetAttempts {
		all, truncated, err = readOffsetPages(id, fetch)
		if !errors.Is(err, errShifted) {
			break
		}
	}
	return all, truncated, err
}

func readOffsetPages[T, R any](id func(T) string, fetch func(page offsetPage) (*core.Page[*int, T, R], error)) (all []T, truncated bool, err error) {
	seen := map[string]bool{}
	for _, at := range offsetPages {
		page, err := fetch(at)
		if err != nil {
			return nil, false, err
		}
		if page.Results == nil {
			return nil, false, errNoList
		}
		if len(all) > 0 && !hasRow(page.Results, id, id(all[len(all)-1])) {
			return nil, false, errShifted
		}
		for _, row := range page.Results {
			if !seen[id(row)] {
				seen[id(row)] = true
				all = append(all, row)
			}
		}
		if len(page.Results) < at.size {
			return all, false, nil
		}
	}
	return all, true, nil
}

func hasRow[T any](rows []T, id func(T) string, wanted string) bool {
	return slices.ContainsFunc(rows, func(row T) bool { return id(row) == wanted })
}

// ends are the orders in which a list is read from one end and from the other.
type ends [2]string

// fromBothEnds reads a list that may be longer than offset paging reaches from one
// end and, where that ends at 1,000, from the other. It is complete where both meet;
// otherwise gap is how many rows are from the one end, behind which some are missing.
func fromBothEnds[T any](of ends, id func(T) string, read func(order string) (rows []T, more bool, err error)) (all []T, gap int, err error) {
	all, more, err := read(of[0])
	if err != nil || !more {
		return all, 0, err
	}
	rest, _, err := read(of[1])
	if err != nil {
		return nil, 0, err
	}
	known := map[string]bool{}
	for _, row := range all {
		known[id(row)] = true
	}
	meet := slices.IndexFunc(rest, func(row T) bool { return known[id(row)] })
	if meet < 0 {
		meet, gap = len(rest), len(all)
	}
	rest = rest[:meet]
	slices.Reverse(rest)
	return append(all, rest...), gap, nil
}

// fillGap reads what is missing in a list of which both ends are known: behind the
// first gap rows, by slices that begin at the last of these. gap is as before where
// that leads no further; what is found beyond is in the list all the same.
func fillGap[T any](rows []T, gap int, id func(T) string, from func(last T) (slice []T, more bool, err error)) (all []T, left int, err error) {
	known, end := map[string]bool{}, map[string]bool{}
	for i, row := range rows {
		known[id(row)], end[id(row)] = true, i >= gap
	}
	for gap > 0 {
		slice, more, err := from(rows[gap-1])
		if err != nil {
			return nil, 0, err
		}
		meets := slices.ContainsFunc(slice, func(row T) bool { return end[id(row)] })
		fresh := slices.DeleteFunc(slice, func(row T) bool { return known[id(row)] })
		for _, row := range fresh {
			known[id(row)] = true
		}
		rows = slices.Insert(rows, gap, fresh...)
		switch {
		case meets || !more:
			return rows, 0, nil
		case len(fresh) == 0:
			return rows, gap, nil
		}
		gap += len(fresh)
	}
	return rows, 0, nil
}

// errTooMany is a list that is longer than offset paging reaches.
var errTooMany = errors.New("the list is longer than 1,000")

// wholeList is offsetList for lists that are of no use when cut off.
func wholeList[T, R any](id func(T) string, fetch func(page offsetPage) (*core.Page[*int, T, R], error)) ([]T, error) {
	all, truncated, err := offsetList(id, fetch)
	if err == nil && truncated {
		return nil, errTooMany
	}
	return all, err
}
