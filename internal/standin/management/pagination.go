package management

import (
	"cmp"
	"encoding/base64"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/wire"
)

const (
	defaultPageSize = 50
	maxPageSize     = 100
	// maxWindow is how many records the page style reaches.
	maxWindow = 1000

	cursorFormat = "2006-01-02 15:04:05.000000"
)

// pagingParameters are the query parameters of every list.
var pagingParameters = []string{"page", "per_page", "include_totals", "from", "take", "fields", "include_fields", "sort"}

// queryValues are the query parameters of a call.
type queryValues url.Values

func (q queryValues) get(name string) string { return url.Values(q).Get(name) }

func (q queryValues) has(name string) bool { return url.Values(q).Has(name) }

// allow refuses parameters other than those of every list and the named ones.
func (q queryValues) allow(names ...string) error {
	for _, name := range slices.Sorted(maps.Keys(q)) {
		if !slices.Contains(pagingParameters, name) && !slices.Contains(names, name) {
			return wire.NewError(400, "invalid_query_string", "Query validation error: 'Additional properties not allowed: %s'.", name)
		}
	}
	return nil
}

// integer returns a parameter within its bounds.
func (q queryValues) integer(name, description string, fallback, least, most int) (int, error) {
	if !q.has(name) {
		return fallback, nil
	}
	n, err := strconv.Atoi(q.get(name))
	switch {
	case err != nil:
		return 0, wire.InvalidQuery(name, description, "Expected type integer but found type string")
	case n < least:
		return 0, wire.InvalidQuery(name, description, "Value %d is less than minimum %d", n, least)
	case n > most:
		return 0, wire.InvalidQuery(name, description, "Value %d is greater than maximum %d", n, most)
	}
	return n, nil
}

// listing describes how one resource is listed.
type listing[T any] struct {
	// key names the items in an envelope.
	key string
	// item is what the API shows of a row.
	item func(T) map[string]any
	// cursor returns the time and the id that the checkpoint style resumes at;
	// nil if the resource has no such style.
	cursor func(T) (time.Time, string)
	// checkpointOnly: there is no page style.
	checkpointOnly bool
	// noTotal: the page envelope has no total.
	noTotal bool
	// limitIsCount: limit in the page envelope is the number of items.
	limitIsCount bool
	// nextOnFullEnd: a page with items always names a next one, even if that is
	// empty. Recorded for an organization's members.
	nextOnFullEnd bool
	// length: the page envelope also has the number of its items as length.
	length bool
	// always names properties that the parameter fields cannot leave out.
	always []string
	// maxTake is the largest page of the checkpoint style; 0 means maxPageSize.
	maxTake int
}

// list answers a list in the style that the query asks for.
func list[T any](c *call, l listing[T], rows []T) (any, error) {
	if l.checkpointOnly || l.cursor != nil && c.query.has("take") {
		return l.checkpoint(c, rows)
	}
	return l.page(c, rows)
}

func (l listing[T]) items(c *call, rows []T) []map[string]any {
	out := make([]map[string]any, 0, len(rows))
	for _, row := range rows {
		out = append(out, selectFields(c.query, l.item(row), l.always...))
	}
	return out
}

func (l listing[T]) page(c *call, rows []T) (any, error) {
	page, err := c.query.integer("page", "Page index of the results to return. First page is 0.", 0, 0, 1<<30)
	if err != nil {
		return nil, err
	}
	size, err := c.query.integer("per_page", "Number of results per page. Defaults to 50.", defaultPageSize, 0, maxPageSize)
	if err != nil {
		return nil, err
	}
	if (page+1)*size > maxWindow {
		return nil, wire.NewError(400, "invalid_query_string",
			"Requesting page %d exceeds the allowed maximum of %d records. To fetch results beyond %d, use the checkpoint pagination method.",
			page, maxWindow, maxWindow)
	}
	start := min(page*size, len(rows))
	shown := rows[start:min(start+size, len(rows))]
	items := l.items(c, shown)
	if c.query.get("include_totals") != "true" {
		return items, nil
	}
	limit := size
	if l.limitIsCount {
		limit = len(items)
	}
	envelope := map[string]any{l.key: items, "start": page * size, "limit": limit}
	if !l.noTotal {
		envelope["total"] = len(rows)
	}
	if l.length {
		envelope["length"] = len(items)
	}
	return envelope, nil
}

func (l listing[T]) checkpoint(c *call, rows []T) (any, error) {
	take, err := c.query.integer("take", "Number of results per page. Defaults to 50.", defaultPageSize, 1, cmp.Or(l.maxTake, maxPageSize))
	if err != nil {
		return nil, err
	}
	total := len(rows)
	if from := c.query.get("from"); from != "" {
		if rows, err = l.after(from, rows); err != nil {
			return nil, err
		}
	}
	shown := rows[:min(take, len(rows))]
	envelope := map[string]any{l.key: l.items(c, shown)}
	if l.checkpointOnly && c.query.get("include_totals") == "true" {
		envelope["total"] = total
	}
	if len(rows) > len(shown) || l.nextOnFullEnd && len(shown) > 0 {
		at, id := l.cursor(shown[len(shown)-1])
		envelope["next"] = base64.RawStdEncoding.EncodeToString([]byte(at.Format(cursorFormat) + "UTC," + id))
	}
	return envelope, nil
}

// after returns the rows behind a cursor: those that follow the named row or,
// if it is gone, those that are younger than it was.
func (l listing[T]) after(from string, rows []T) ([]T, error) {
	raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(from, "="))
	stamp, id, found := strings.Cut(string(raw), "UTC,")
	at, timeErr := time.Parse(cursorFormat, stamp)
	if err != nil || timeErr != nil || !found {
		return nil, wire.NewError(400, "invalid_query_string", "The 'from' parameter is invalid.")
	}
	for i, row := range rows {
		if _, rowID := l.cursor(row); rowID == id {
			return rows[i+1:], nil
		}
	}
	return slices.DeleteFunc(slices.Clone(rows), func(row T) bool {
		rowAt, _ := l.cursor(row)
		return !rowAt.After(at)
	}), nil
}

// selectFields applies the parameters fields and include_fields; always names
// properties that stay.
func selectFields(q queryValues, item map[string]any, always ...string) map[string]any {
	if q.get("fields") == "" {
		return item
	}
	named := strings.Split(q.get("fields"), ",")
	include := q.get("include_fields") != "false"
	out := map[string]any{}
	for k, v := range item {
		if slices.Contains(named, k) == include || slices.Contains(always, k) {
			out[k] = v
		}
	}
	return out
}
