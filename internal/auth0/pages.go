package auth0

import (
	"context"
	"errors"

	"github.com/auth0/go-auth0/v3/management/core"
)

const (
	// pageSize is the largest page that Auth0 gives, in both styles.
	pageSize = 100
	// offsetPagesMax is how many such pages offset paging reaches: 1,000 records.
	offsetPagesMax = 10
)

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

// offsetPages reads pages until a short one, or to the end of what offset paging
// reaches; truncated then says that there may be more.
func offsetPages[T, R any](fetch func(page *int) (*core.Page[*int, T, R], error)) (all []T, truncated bool, err error) {
	for number := range offsetPagesMax {
		page, err := fetch(&number)
		if err != nil {
			return nil, false, err
		}
		if page.Results == nil {
			return nil, false, errNoList
		}
		all = append(all, page.Results...)
		if len(page.Results) < pageSize {
			return all, false, nil
		}
	}
	return all, true, nil
}

// errTooMany is a list that is longer than offset paging reaches.
var errTooMany = errors.New("the list is longer than 1,000")

// wholeList is offsetPages for lists that are of no use when cut off.
func wholeList[T, R any](fetch func(page *int) (*core.Page[*int, T, R], error)) ([]T, error) {
	all, truncated, err := offsetPages(fetch)
	if err == nil && truncated {
		return nil, errTooMany
	}
	return all, err
}

func pointer[T any](value T) *T { return &value }
